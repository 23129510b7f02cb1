"""Every row of the shared vectors against the engine itself: exact fractions, nothing stored, no command in between."""

from fractions import Fraction

import pytest

from assessments import scoring
from assessments.frameworks.format.files import read

from ..instruments import BUILT_IN, ISO33020, NPLF, VECTORS, answers, built_in, make_instrument, toy

RULES = ["largely", "iso33020", "fully"]


def rows(section: str, name=lambda row: row["name"]):
    return [pytest.param(row, id=str(name(row))) for row in VECTORS[section]]


def test_every_section_of_the_vectors_has_its_tests():
    tested = {"levels", "mlops", "cells", "raters", "alpha", "ml_test_score", "devops_metrics"}
    assert VECTORS.keys() - {"schema", "toy_model"} == tested


def test_points_are_the_value_over_the_highest_value():
    assert [NPLF.points(code) for code in "NPLF"] == [0, Fraction(1, 3), Fraction(2, 3), 1]


# ---------------------------------------------------------------------- levels


@pytest.mark.parametrize("row", rows("levels"))
def test_index_and_its_best_case(row):
    result, expect = scoring.score(toy(), [answers(row["ratings"])]), row["expect"]
    assert scoring.rounded(result.whole.index, 2) == expect["index"]
    assert scoring.rounded(result.whole.index_best, 2) == expect.get("index_if_F", expect["index"])
    indexes = {key: scoring.rounded(part.index, 2) for key, part in result.dimensions.items()}
    assert indexes == expect["dimension_index"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("row", rows("levels"))
def test_level_profile_and_blockers(row, rule):
    result, expect = scoring.score(toy(), [answers(row["ratings"])]), row["expect"]
    outcome = result.whole.outcomes[rule]
    assert outcome.level == expect[rule]["level"]
    assert outcome.best == expect[rule].get("level_if_F", expect[rule]["level"])
    assert {key: part.outcomes[rule].level for key, part in result.dimensions.items()} == expect[rule]["profile"]
    assert list(outcome.vacuous) == expect.get("vacuous", [])
    # Most rows list the blockers by criterion; one lists them as people see them.
    order = list if expect.get("in_order") else sorted
    assert order(outcome.blockers) == order(expect[rule]["blockers"])


@pytest.mark.parametrize("row", rows("levels"))
def test_a_group_of_everything_comes_out_like_the_whole(row):
    result = scoring.score(toy(groups={"X": "all", "Y": "all"}), [answers(row["ratings"])])
    assert result.groups["all"] == result.whole


def test_a_group_is_judged_by_its_own_dimensions_only():
    result = scoring.score(toy(groups={"X": "left", "Y": "right"}), [answers("F F N F F F F F")])
    assert {key: part.outcomes["largely"].level for key, part in result.groups.items()} == {"left": 1, "right": 3}


def test_figures_are_exact_fractions():
    whole = scoring.score(toy(), [answers("F F L N F F - N")]).whole
    assert (whole.index, whole.index_best) == (Fraction(19, 12), Fraction(11, 6))
    assert whole.coverage == Fraction(7, 8)
    assert dict(whole.cells) == {1: 1, 2: Fraction(7, 12), 3: 0}


@pytest.mark.parametrize("row", rows("mlops", lambda row: f"{row['ratings_by_level']}{row.get('except', '')}"))
def test_mlops_with_every_level_rated_alike(row):
    instrument = built_in("mlops")
    ratings = {c.key: row["ratings_by_level"][c.level] for c in instrument.criteria} | row.get("except", {})
    result = scoring.score(instrument, [ratings])
    assert scoring.rounded(result.whole.index, 2) == row["index"]
    assert {rule: result.whole.outcomes[rule].level for rule in RULES} == {rule: row[rule] for rule in RULES}
    if "blockers_largely" in row:
        assert len(result.whole.outcomes["largely"].blockers) == row["blockers_largely"]
    if "profile_largely" in row:
        named = dict(row["profile_largely"])
        others = named.pop("others")
        profile = {key: part.outcomes["largely"].level for key, part in result.dimensions.items()}
        assert profile == dict.fromkeys(profile, others) | named


@pytest.mark.parametrize("row", rows("cells", lambda row: row["ratings"]))
def test_the_mean_of_a_cell_and_its_band(row):
    codes = {f"c{place}": code for place, code in enumerate(row["ratings"].split())}
    result = scoring.score(make_instrument([f"{key} X 1" for key in codes], top=1), [codes])
    points = result.whole.cells[1]
    assert scoring.rounded(points * 100, 1) == row["percent"]
    limits = [scoring.Threshold.parsed({"more_than": limit}) for limit in ("0.15", "0.50", "0.85")]
    assert "NPLF"[sum(limit.met_by(points) for limit in limits)] == row["band"]
    # The rule of ISO/IEC 33020 asks for more than the middle band.
    assert result.whole.outcomes["iso33020"].level == (1 if row["band"] in "LF" else 0)


def test_iso33020_asks_more_of_a_level_from_above():
    def reached(codes):
        row = dict(zip(("a", "b", "c", "d"), codes.split(), strict=True))
        rule = (scoring.Rule.parsed(ISO33020),)
        return scoring.score(make_instrument(["a X 1", "b X 1", "c X 1", "d X 2"], rules=rule), [row])

    # A mean of exactly 50 % does not reach the level; 83 % reaches it and does not carry the next one.
    assert reached("F F F F").whole.outcomes["iso33020"].level == 2
    assert reached("F F L F").whole.outcomes["iso33020"].level == 2
    assert reached("F L L F").whole.outcomes["iso33020"].level == 1
    assert reached("F P P F").whole.outcomes["iso33020"].level == 1
    assert reached("L P L N").whole.outcomes["iso33020"].level == 1
    assert reached("F P N N").whole.outcomes["iso33020"].level == 0


# ---------------------------------------------------------------------- several people


@pytest.mark.parametrize("row", rows("raters", lambda row: row["votes"]))
def test_several_people_come_to_one_rating(row):
    settled = scoring.settle(row["votes"].split(), NPLF)
    assert settled.rating == row["result"]
    for figure in ("share", "rwg"):
        if figure in row:
            assert scoring.rounded(getattr(settled, figure), 2) == row[figure]
    for figure in ("spread", "split", "discuss"):
        if figure in row:
            assert getattr(settled, figure) == row[figure]


def test_agreement_is_an_exact_fraction():
    assert scoring.settle(["L", "L", "L", "L", "N"], NPLF).rwg == Fraction(9, 25)
    assert scoring.settle(["P", "L"], NPLF).rwg == Fraction(3, 5)


def test_agreement_of_one_vote_is_undefined():
    settled = scoring.settle(["L", "DK", None], NPLF)
    assert (settled.rwg, settled.share, settled.spread, settled.split) == (None, 1, 0, False)


def test_an_agreed_rating_wins_and_keeps_the_votes_beside_it():
    settled = scoring.settle(["N", "F"], NPLF, agreed="L")
    assert (settled.rating, settled.agreed, settled.points) == ("L", True, Fraction(2, 3))
    assert (dict(settled.votes), settled.spread) == ({"N": 1, "F": 1}, 3)
    assert scoring.settle(["F", "F"], NPLF, agreed="NA").points is None


def test_agreement_of_a_part_is_the_lower_median_of_its_criteria():
    people = [answers("L P L - L L L L"), answers("L L F - F L L -")]
    result = scoring.score(toy(), people)
    x, y = result.dimensions["X"], result.dimensions["Y"]
    assert [result.criteria[key].rwg for key in ("x1", "x2", "x3", "x4")] == [1, Fraction(3, 5), Fraction(3, 5), None]
    assert (x.agreement, x.discuss) == (Fraction(3, 5), 2)
    # y4 has one vote and counts in no agreement.
    assert (y.agreement, y.discuss) == (1, 1)
    assert scoring.score(toy(), people[:1]).whole.agreement is None


ALPHA_ROWS = [
    pytest.param(row, metric, id=f"{row['name']}, {metric}") for row in VECTORS["alpha"] for metric in row["expect"]
]


@pytest.mark.parametrize("row,metric", ALPHA_ROWS)
def test_alpha(row, metric):
    alpha = scoring.krippendorff_alpha(row["rows"], metric)
    assert scoring.rounded(alpha, 3) == row["expect"][metric]


@pytest.mark.parametrize(
    "row", [row for row in rows("alpha") if max(max(filter(None, r)) for r in row.values[0]["rows"]) < 4]
)
def test_alpha_of_an_assessment_is_ordinal_over_the_votes(row):
    """The same rows as answers of people: values are positions on the scale, what is missing is NA, DK or no answer."""
    missing = iter(["NA", "DK", None] * 9)
    columns = range(len(row["rows"][0]))
    people = [
        {f"c{c}": next(missing) if row_of[c] is None else "NPLF"[row_of[c]] for c in columns} for row_of in row["rows"]
    ]
    instrument = make_instrument([f"c{c} X 1" for c in columns], top=1)
    # Agreed ratings do not enter.
    result = scoring.score(instrument, people, agreed={"c0": "F"})
    assert scoring.rounded(result.alpha, 3) == row["expect"]["ordinal"]


# ---------------------------------------------------------------------- sums and metrics


@pytest.mark.parametrize("row", rows("ml_test_score", lambda row: f"{row['band']} {row['sections']}"))
def test_sums_and_their_band(row):
    instrument, left = built_in("ml-test-score"), {}
    for section in ("data", "model", "infra", "monitor"):
        automatic, manual = (int(part[:-1]) for part in row[section].split())
        left[section] = ["auto"] * automatic + ["manual"] * manual + ["none"] * (7 - automatic - manual)
    result = scoring.score(instrument, [{c.key: left[c.dimension].pop(0) for c in instrument.criteria}])
    outcome = result.whole.outcomes[scoring.NO_RULE]
    assert [scoring.rounded(part.index, 1) for part in result.dimensions.values()] == row["sections"]
    assert scoring.rounded(result.whole.index, 1) == row["result"]
    assert instrument.bands[outcome.level].name == row["band"]
    assert (result.whole.index_best, outcome.best) == (result.whole.index, outcome.level)


@pytest.mark.parametrize("row", rows("devops_metrics", lambda row: f"average {row['average']}"))
def test_delivery_metrics_from_nought_to_ten(row):
    metrics = [
        scoring.Metric(key=metric.key, kind=metric.kind, answers=tuple(metric.values or ()))
        for metric in read(BUILT_IN / "devops.yaml").metrics
    ]
    scores = [metric.score(row[metric.key]) for metric in metrics if metric.key in row]
    assert [scoring.rounded(score, 1) for score in scores] == row["scores"]
    assert scoring.rounded(scoring.average(scores), 1) == row["average"]


# ---------------------------------------------------------------------- beyond the rows


def test_blockers_stand_by_level_then_by_shortfall_then_in_the_order_of_the_framework():
    outcomes = scoring.score(toy(), [answers("P L L N N L P N")]).whole.outcomes
    assert outcomes["largely"].blockers == ("x1", "y1")
    outcomes = scoring.score(toy(), [answers("F F N F F P P F")]).whole.outcomes
    assert outcomes["largely"].blockers == ("y2", "y3", "x3")
    # The level is claimed although it does not carry the next one: what it lacks from above comes first.
    outcomes = scoring.score(toy(), [answers("F F L N F F P N")]).whole.outcomes
    assert outcomes["iso33020"].blockers == ("x3", "y3", "x4", "y4")


def test_blockers_of_a_band_are_in_the_sections_that_hold_the_result_lowest_first():
    instrument = built_in("ml-test-score")
    sections = {key: [c.key for c in instrument.criteria if c.dimension == key] for key in ("data", "model")}
    ratings = {c.key: "auto" for c in instrument.criteria}
    # The data section comes to 2, the model section to 1.5; the band ends at 2.
    ratings |= dict.fromkeys(sections["data"][2:], "none") | dict.fromkeys(sections["model"][3:], "none")
    ratings |= dict.fromkeys(sections["model"][:3], "manual")
    outcome = scoring.score(instrument, [ratings]).whole.outcomes[scoring.NO_RULE]
    assert list(outcome.blockers) == sections["model"] + sections["data"][2:]
    # A section beyond the end of the band does not hold the result back.
    higher = scoring.score(instrument, [ratings | {sections["data"][2]: "manual"}]).whole.outcomes[scoring.NO_RULE]
    assert list(higher.blockers) == sections["model"]


def test_an_untouched_assessment_has_no_figure_at_all():
    for people in ([], [answers("- - - - - - - -")], [answers("DK DK DK DK DK DK DK DK")]):
        result = scoring.score(toy(groups={"X": "all", "Y": "all"}), people)
        for part in (result.whole, *result.groups.values(), *result.dimensions.values()):
            assert (part.index, part.index_best, part.coverage) == (None, None, 0)
            assert all((o.level, o.best, o.blockers) == (None, None, ()) for o in part.outcomes.values())


def test_a_dimension_nobody_has_touched_counts_as_zero_once_another_is_answered():
    """Only an assessment without any answer has no figures. A dash would say that nothing applies there."""
    result = scoring.score(toy(groups={"X": "left", "Y": "right"}), [answers("F F F F - - - -")])
    for part in (result.dimensions["Y"], result.groups["right"]):
        assert (part.index, part.index_best, part.coverage) == (0, 3, 0)
        assert (part.outcomes["largely"].level, part.outcomes["largely"].best) == (0, 3)
    assert (result.whole.outcomes["largely"].level, result.whole.outcomes["largely"].best) == (0, 3)


def test_a_section_nobody_has_touched_counts_as_zero_once_another_is_answered():
    result = scoring.score(built_in("ml-test-score"), [{"data.schema": "auto"}])
    assert [part.index for part in result.dimensions.values()] == [1, 0, 0, 0]
    assert [part.index_best for part in result.dimensions.values()] == [7, 7, 7, 7]
    assert (result.whole.index, result.whole.index_best) == (0, 7)


def test_a_short_questionnaire_leaves_out_what_it_does_not_ask():
    short = toy().restricted_to({"x1", "x3"})
    result = scoring.score(short, [answers("F N P N N N N N")])
    assert list(result.dimensions) == ["X"]
    assert (result.whole.asked, result.whole.outcomes["largely"].level) == (2, 1)
    # Level 3 is not asked, so it cannot be claimed.
    assert scoring.score(short, [answers("F - F - - - - -")]).whole.outcomes["largely"].level == 2


def test_a_level_is_warned_of_when_less_than_seven_tenths_apply():
    rows_of = [f"c{n} X 1" for n in range(10)]
    instrument = make_instrument(rows_of, top=1)

    def warned(not_applicable):
        codes = {f"c{n}": "NA" if n < not_applicable else "F" for n in range(10)}
        return scoring.score(instrument, [codes]).applicability_warnings

    assert (warned(3), warned(4)) == ((), (1,))


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [("5/1000", 2, "0.01"), ("1.665", 2, "1.67"), ("1.6649999", 2, "1.66"), ("0.5", 0, "1"), ("-0.005", 2, "-0.01")],
)
def test_figures_are_rounded_half_up(value, places, shown):
    assert scoring.rounded(scoring.exact(value), places) == shown
