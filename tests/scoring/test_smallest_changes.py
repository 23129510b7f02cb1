"""The smallest set of changes: against brute force on small frameworks, and worked cases."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assessments import scoring
from assessments.scoring import NA
from assessments.scoring.smallest_changes import smallest_changes

from ..examples import examples
from .strategies import by_levels, instruments, ratings

pytestmark = [pytest.mark.any_database, pytest.mark.slow]


def level_of(instrument, given, rule, dimension=None):
    score = scoring.score(instrument, [given])
    part = score.dimensions.get(dimension) if dimension else score.whole
    return part.outcomes[rule].level if part else None


def brute_force(instrument, given, rule, wanted, dimension=None):
    """Cost (criteria, steps) of the cheapest of all ways to rate higher, None where none of them reaches the level."""

    def options(criterion):
        code = given[criterion.key]
        if code == NA or dimension not in (None, criterion.dimension):
            return [(code, 0, 0)]
        present = criterion.scale.points_of(code)
        higher = [each for each in criterion.scale.codes if criterion.scale.points(each) > present]
        return [(code, 0, 0), *((each, 1, steps) for steps, each in enumerate(higher, 1))]

    best = None
    for choice in product(*map(options, instrument.criteria)):
        cost = (sum(number for _, number, _ in choice), sum(steps for *_, steps in choice))
        if best is not None and cost >= best:
            continue
        tried = {c.key: code for c, (code, *_) in zip(instrument.criteria, choice, strict=True)}
        level = level_of(instrument, tried, rule, dimension)
        if level is not None and level >= wanted:
            best = cost
    return best


@examples(250)
@given(data=st.data())
def test_as_small_as_brute_force_finds_it(data):
    instrument = data.draw(instruments())
    given_ratings = data.draw(ratings(instrument))
    rule = data.draw(st.sampled_from(instrument.rule_keys))
    wanted = data.draw(st.integers(1, 3 if instrument.method == "levels" else 2))
    found = smallest_changes(instrument, given_ratings, rule=rule, goal=wanted)
    expected = brute_force(instrument, given_ratings, rule, wanted)
    assert (None if found is None else (len(found), sum(each.steps for each in found))) == expected
    if found is not None:
        changed = {**given_ratings, **{each.key: each.after for each in found}}
        assert level_of(instrument, changed, rule) >= wanted


@examples(100)
@given(data=st.data())
def test_in_one_dimension_too(data):
    instrument = data.draw(by_levels())
    given_ratings = data.draw(ratings(instrument))
    dimension, rule, wanted = instrument.criteria[0].dimension, data.draw(st.sampled_from(instrument.rule_keys)), 2
    assume(any(given_ratings[c.key] for c in instrument.criteria if c.dimension == dimension))
    found = smallest_changes(instrument, given_ratings, rule=rule, goal=wanted, dimension=dimension)
    expected = brute_force(instrument, given_ratings, rule, wanted, dimension)
    assert (None if found is None else (len(found), sum(each.steps for each in found))) == expected


@examples(150)
@given(data=st.data())
def test_of_equal_cost_it_is_the_first_in_the_framework(data):
    """In one cell under a rule of means, where criteria can stand in for each other."""
    drawn = data.draw(by_levels(levels=(1,)))
    instrument = replace(drawn, criteria=tuple(replace(c, dimension="X") for c in drawn.criteria))
    given_ratings = data.draw(ratings(instrument))
    assume(any(given_ratings[c.key] != NA for c in instrument.criteria))
    found = smallest_changes(instrument, given_ratings, rule="cells", goal=1)
    ways = []
    for choice in product(*([None, *c.scale.codes] for c in instrument.criteria)):
        raised = {c.key: code for c, code in zip(instrument.criteria, choice, strict=True) if code is not None}
        steps = [steps_up(c, given_ratings[c.key], raised[c.key]) for c in instrument.criteria if c.key in raised]
        tried = {**given_ratings, **raised}
        if all(steps) and level_of(instrument, tried, "cells") == 1:
            places = [place for place, code in enumerate(choice) if code is not None]
            ways.append((len(steps), sum(steps), list(zip(places, steps, strict=True)), raised))
    expected = min(ways, key=lambda way: way[:3], default=None)
    assert (found and {each.key: each.after for each in found}) == (expected and (expected[3] or ()))


def steps_up(criterion, before, after) -> int:
    """How many choices higher that is; none where it is not higher, or the criterion does not apply."""
    if before == NA:
        return 0
    present = criterion.scale.points_of(before)
    return sum(
        present < criterion.scale.points(code) <= criterion.scale.points(after) for code in criterion.scale.codes
    )


def test_many_different_scales_in_one_cell_are_no_trouble():
    """Every sum of points is another one here; what is worth keeping of them stays little."""
    scales = [scoring.ScoredScale(key=f"s{n}", values={"0": 0, "1": 1, "2": 2, "3": 100 + n}) for n in range(40)]
    rule = {"key": "mean", "unit": "cell", "at": {"more_than": "0.5"}, "below": {"more_than": "0.5"}}
    instrument = scoring.Instrument(
        method="levels",
        criteria=tuple(
            scoring.ScoredCriterion(key=f"c{n}", dimension="X", level=1, scale=scale) for n, scale in enumerate(scales)
        ),
        dimensions=(scoring.ScoredDimension(key="X"),),
        levels=(0, 1),
        rules=(scoring.Rule.parsed(rule),),
    )
    found = smallest_changes(instrument, {f"c{n}": "0" for n in range(40)}, rule="mean", goal=1)
    # Twenty of them all the way are half of the points, and one by a step is more.
    assert (len(found), sum(each.steps for each in found)) == (21, 61)


def toy():
    scale = scoring.ScoredScale(key="nplf", values={"N": 0, "P": 1, "L": 2, "F": 3})
    rows = [row.split() for row in ("x1 X 1", "x2 X 1", "x3 X 2", "x4 X 3", "y1 Y 1", "y2 Y 2", "y3 Y 2", "y4 Y 3")]
    rules = [
        {"key": "largely", "unit": "criterion", "at": {"at_least": "2/3"}, "below": {"at_least": "2/3"}},
        {"key": "iso33020", "unit": "cell", "at": {"more_than": "0.50"}, "below": {"more_than": "0.85"}},
    ]
    return scoring.Instrument(
        method="levels",
        criteria=tuple(scoring.ScoredCriterion(key=k, dimension=d, level=int(n), scale=scale) for k, d, n in rows),
        dimensions=(scoring.ScoredDimension(key="X"), scoring.ScoredDimension(key="Y")),
        levels=(0, 1, 2, 3),
        rules=tuple(map(scoring.Rule.parsed, rules)),
    )


def changes(codes, rule, wanted):
    given_ratings = dict(zip(("x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4"), codes.split(), strict=True))
    found = smallest_changes(toy(), given_ratings, rule=rule, goal=wanted)
    return None if found is None else [f"{each.key} {each.before}>{each.after}" for each in found]


@pytest.mark.parametrize(
    "rule,wanted,expected",
    [
        ("largely", 1, []),
        ("largely", 2, ["y3 P>L"]),
        ("largely", 3, ["x4 N>L", "y3 P>L", "y4 N>L"]),
        ("iso33020", 2, []),
        # One criterion of two is enough for the mean of the cell, but it has to go all the way.
        ("iso33020", 3, ["x3 L>F", "x4 N>L", "y3 P>F", "y4 N>L"]),
    ],
)
def test_worked_cases(rule, wanted, expected):
    assert changes("F F L N F F P N", rule, wanted) == expected


def test_a_level_at_which_nothing_applies_is_reached_by_the_next_one():
    assert changes("F F NA P F NA NA F", "largely", 2) == ["x4 P>L"]


def test_beyond_the_top_there_is_no_way():
    assert changes("F F L N F F P NA", "largely", 4) is None
    instrument = toy()
    nothing = dict.fromkeys((c.key for c in instrument.criteria), NA)
    assert smallest_changes(instrument, nothing, rule="largely", goal=1) is None


def test_sixty_criteria_in_one_cell_are_no_trouble():
    scale = scoring.ScoredScale(key="ten", values={str(n): n for n in range(11)})
    rule = {"key": "mean", "unit": "cell", "at": {"more_than": "0.5"}, "below": {"more_than": "0.5"}}
    instrument = scoring.Instrument(
        method="levels",
        criteria=tuple(scoring.ScoredCriterion(key=f"c{n}", dimension="X", level=1, scale=scale) for n in range(60)),
        dimensions=(scoring.ScoredDimension(key="X"),),
        levels=(0, 1),
        rules=(scoring.Rule.parsed(rule),),
    )
    found = smallest_changes(instrument, {f"c{n}": "0" for n in range(60)}, rule="mean", goal=1)
    assert (len(found), sum(each.steps for each in found)) == (31, 301)


def test_fewer_criteria_count_more_than_fewer_steps():
    """One criterion up by four steps of twenty, rather than two up by one step each."""
    fine = scoring.ScoredScale(key="fine", values={str(n): n for n in range(21)})
    coarse = scoring.ScoredScale(key="coarse", values={"none": 0, "most": 9, "all": 10})
    rule = {"key": "mean", "unit": "cell", "at": {"at_least": "5/6"}, "below": {"at_least": "5/6"}}
    scales = {"t": fine, "j": coarse, "k": coarse}
    instrument = scoring.Instrument(
        method="levels",
        criteria=tuple(scoring.ScoredCriterion(key=k, dimension="X", level=1, scale=s) for k, s in scales.items()),
        dimensions=(scoring.ScoredDimension(key="X"),),
        levels=(0, 1),
        rules=(scoring.Rule.parsed(rule),),
    )
    (only,) = smallest_changes(instrument, {"t": "10", "j": "most", "k": "most"}, rule="mean", goal=1)
    assert (only.key, only.after, only.steps) == ("t", "14", 4)
