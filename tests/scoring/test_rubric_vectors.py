"""The worked cases of rubrics, and of sums where something does not apply: every row against the engine itself."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from assessments import scoring
from assessments.scoring import NA, NO_RULE, Rubric, ScoredCriterion, ScoredDimension, ScoredScale

CASES = YAML(typ="safe", pure=True).load(Path(__file__).parent.parent / "data" / "rubric-vectors.yaml")
KEYS = ("a1", "a2", "a3", "b1", "b2", "c1")
SECTIONS = ("m1", "m2", "m3", "n1", "n2", "n3", "o1", "o2", "o3")


def answers(keys, row) -> dict[str, str | None]:
    return {key: None if code == "-" else code for key, code in zip(keys, row.split(), strict=True)}


def rubric(name: str) -> scoring.Instrument:
    """The frameworks that the file describes in its `about`."""
    is_bent = name == "edges"
    values = range(1, 6 if is_bent else 5)
    levels = [(1, None), (2, "2.6"), (3, "4")] if is_bent else [(number, None) for number in values]
    scale = ScoredScale(key="tier", values={str(value): value for value in values}, from_lowest=True)
    return scoring.Instrument(
        method=scoring.RUBRIC,
        criteria=tuple(
            ScoredCriterion(
                key=key,
                dimension=key[0].upper(),
                level=None,
                scale=scale,
                weight=Fraction(2 if key == "a3" else 1),
            )
            for key in KEYS
        ),
        dimensions=tuple(
            ScoredDimension(key=key, weight=Fraction(3 if is_bent and key == "A" else 1)) for key in "ABC"
        ),
        levels=tuple(number for number, _ in levels),
        rubric=Rubric.parsed(levels, list(values), "lowest" if name.endswith("lowest") else "mean"),
    )


def figures(part) -> dict:
    outcome = part.outcomes[NO_RULE]
    return {
        "level": outcome.level,
        "level_best": outcome.best,
        "index": scoring.rounded(part.index, 2),
        "index_best": scoring.rounded(part.index_best, 2),
    }


RUBRIC_ROWS = [
    pytest.param(named["set"], row, id=f"{named['set']}: {row['name']}")
    for named in CASES["rubric"]
    for row in named["cases"]
]


def test_all_parts_of_the_file_are_tried():
    assert CASES.keys() == {"schema", "rubric", "sums"}
    assert [named["set"] for named in CASES["rubric"]] == ["tiers", "tiers, result lowest", "edges"]


@pytest.mark.parametrize(("name", "row"), RUBRIC_ROWS)
def test_a_rubric(name, row):
    result = scoring.score(rubric(name), [answers(KEYS, row["ratings"])])
    found = {
        **figures(result.whole),
        "blockers": list(result.whole.outcomes[NO_RULE].blockers),
        "dimensions": {key: figures(part) for key, part in result.dimensions.items()},
    }
    assert found == row["expect"]


def by_sums() -> scoring.Instrument:
    scale = ScoredScale(key="half", values={"0": 0, "h": 1, "1": 2})
    bands = [{"upto": str(end), "name": f"band {end}"} for end in range(4)]
    return scoring.Instrument(
        method=scoring.SUMS,
        criteria=tuple(ScoredCriterion(key=key, dimension=key[0].upper(), level=None, scale=scale) for key in SECTIONS),
        dimensions=tuple(ScoredDimension(key=key) for key in "MNO"),
        bands=tuple(map(scoring.Band.parsed, bands)),
    )


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in CASES["sums"]])
def test_sums_where_something_does_not_apply(row):
    result = scoring.score(by_sums(), [answers(SECTIONS, row["ratings"])])
    outcome = result.whole.outcomes[NO_RULE]
    found = {
        "sections": {key: scoring.rounded(part.index, 2) for key, part in result.dimensions.items()},
        "result": scoring.rounded(result.whole.index, 2),
        "result_best": scoring.rounded(result.whole.index_best, 2),
        "band": outcome.level,
        "band_best": outcome.best,
        "blockers": list(outcome.blockers),
    }
    assert found == row["expect"]


# ---------------------------------------------------------------------- beyond the rows


def test_a_group_of_everything_comes_out_like_the_whole():
    instrument = rubric("edges")
    dimensions = tuple(replace(dimension, group="all") for dimension in instrument.dimensions)
    grouped = replace(instrument, dimensions=dimensions, groups=("all",))
    result = scoring.score(grouped, [answers(KEYS, "5 4 3 2 5 1")])
    assert result.groups["all"] == result.whole


def test_how_far_each_level_is_reached_lies_between_its_edges():
    result = scoring.score(rubric("edges"), [answers(KEYS, "4 4 4 4 4 3")])
    # 3.8 lies 1.2 of 1.4 on the way from 2.6 to 4.
    assert dict(result.whole.cells) == {2: 1, 3: Fraction(6, 7)}
    assert dict(result.dimensions["C"].cells) == {2: 1, 3: Fraction(2, 7)}


def test_a_result_from_before_keeps_counting_what_does_not_apply_as_zero():
    instrument = by_sums()
    old = replace(instrument, semantics=scoring.FIRST_SEMANTICS)
    row = answers(SECTIONS, "1 1 NA 1 1 1 1 1 1")
    assert scoring.score(instrument, [row]).whole.index == 3
    assert scoring.score(old, [row]).whole.index == 2


def test_agreement_does_not_depend_on_the_method():
    people = [answers(KEYS, "1 2 3 4 NA 1"), answers(KEYS, "3 2 3 4 2 1")]
    result = scoring.score(rubric("tiers"), people)
    assert (result.criteria["a1"].rating, result.criteria["a1"].discuss) == ("1", True)
    assert result.criteria["b2"].rating == "2"
    assert result.criteria["b2"].votes == {NA: 1, "2": 1}
