"""How people outside see it: who counts, what is compared, and what is never shown."""

from fractions import Fraction

from assessments.scoring import (
    Instrument,
    ScoredCriterion,
    ScoredDimension,
    ScoredScale,
    beside_the_team,
    score,
    seen_from_outside,
)

SCALE = ScoredScale(key="nplf", values={"N": 0, "P": 1, "L": 2, "F": 3})
INSTRUMENT = Instrument(
    method="levels",
    criteria=tuple(
        ScoredCriterion(key=key, dimension=key[0].upper(), level=1, scale=SCALE) for key in ("x1", "x2", "y1")
    ),
    dimensions=(ScoredDimension(key="X"), ScoredDimension(key="Y")),
    groups=(),
    levels=(0, 1),
    rules=(),
    default_rule=None,
    bands=(),
    rubric=None,
)


def rows(team, outside):
    settled = score(INSTRUMENT, team).criteria
    return {row.dimension: row for row in beside_the_team(INSTRUMENT, settled, seen_from_outside(INSTRUMENT, outside))}


def test_two_people_are_too_few():
    assert seen_from_outside(INSTRUMENT, [{"x1": "F"}, {"x1": "F"}]) == {}


def test_people_count_for_the_dimensions_that_they_rated():
    seen = seen_from_outside(INSTRUMENT, [{"x1": "F", "y1": "N"}, {"x2": "F", "y1": "N"}, {"x1": "L"}])
    assert {key: part.people for key, part in seen.items()} == {"X": 3}


def test_who_does_not_know_is_not_one_of_the_people():
    assert seen_from_outside(INSTRUMENT, [{"x1": "F"}, {"x1": "F"}, {"x1": "DK"}, {"x2": "NA"}]) == {}


def test_both_are_compared_by_what_people_outside_rated():
    row = rows([{"x1": "F", "x2": "N", "y1": "N"}], [{"x1": "N"}, {"x1": "P"}, {"x1": "P"}])["X"]
    assert (row.people, row.questions, row.outside, row.team) == (3, 1, Fraction(1, 3), Fraction(1))
    assert row.difference == Fraction(-2, 3)


def test_what_the_team_left_out_counts_as_in_its_score_and_what_does_not_apply_is_left_out():
    outside = [{"x1": "F", "x2": "F", "y1": "F"}] * 3
    row = rows([{"x1": "F"}], outside)["X"]
    assert (row.outside, row.team) == (Fraction(1), Fraction(1, 2))
    row = rows([{"x1": "F", "x2": "NA"}], outside)["X"]
    assert (row.outside, row.team) == (Fraction(1), Fraction(1))
    row = rows([{"x1": "F", "y1": "NA"}], outside)["Y"]
    assert (row.team, row.difference) == (None, None)


def test_the_figure_from_outside_does_not_depend_on_the_team():
    """Otherwise a team that leaves all but one question out would read the only rating of that one."""
    outside = [{"x1": "F", "x2": "N"}, {"x1": "F"}, {"x1": "F"}]
    figures = {rows([team], outside)["X"].outside for team in ({"x1": "N", "x2": "NA"}, {"x2": "F", "x1": "NA"}, {})}
    assert figures == {Fraction(1, 2)}
