"""Comparing two results: what the change is made of, and that nothing is dropped."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import scoring
from assessments.scoring.comparison import Kind, Side, compare

from ..examples import examples
from .strategies import by_levels, instruments, ratings
from .test_smallest_changes import toy

pytestmark = pytest.mark.slow


def side(instrument, given_ratings, meanings=None):
    settled = {
        c.key: scoring.settle([given_ratings[c.key]], c.scale) for c in instrument.criteria if c.key in given_ratings
    }
    return Side(
        instrument=instrument.restricted_to(settled),
        settled=settled,
        meanings={key: (meanings or {}).get(key, 1) for key in settled},
    )


@st.composite
def sides(draw, method=instruments):
    """Two results on two editions that share some criteria, some of them in another meaning."""
    old = draw(method())
    new = draw(by_levels() if old.method == "levels" else method().filter(lambda each: each.method == old.method))
    return [
        side(each, draw(ratings(each)), {key: draw(st.sampled_from([1, 1, 2])) for key in "abcdefgh"})
        for each in (old, new)
    ]


def splits(comparison):
    for part in (comparison.whole, *comparison.dimensions):
        yield from (part.index, part.level)


def negated(value):
    return None if value is None else -value


@examples(200)
@given(data=st.data())
def test_swapping_the_two_results_negates_the_total(data):
    old, new = data.draw(sides())
    rule = old.instrument.rule_keys[0]
    there, back = compare(old, new, rule=rule), compare(new, old, rule=rule)
    assert there.whole.index.total == negated(back.whole.index.total)
    assert there.whole.level.total == negated(back.whole.level.total)
    backwards = {part.key: part for part in back.dimensions}
    for part in there.dimensions:
        assert part.index.total == negated(backwards[part.key].index.total)


@examples(200)
@given(data=st.data())
def test_the_parts_add_up_to_the_total(data):
    old, new = data.draw(sides())
    for split in splits(compare(old, new, rule=old.instrument.rule_keys[0])):
        if split.total is not None:
            assert split.team + split.edition + split.scope == split.total


@examples(200)
@given(data=st.data())
def test_identical_editions_leave_nothing_to_edition_and_scope(data):
    instrument = data.draw(instruments())
    old, new = (side(instrument, data.draw(ratings(instrument))) for _ in range(2))
    for split in splits(compare(old, new, rule=instrument.rule_keys[0])):
        if split.total is not None:
            assert (split.edition, split.scope, split.team) == (0, 0, split.total)


@examples(100)
@given(data=st.data())
def test_every_criterion_of_either_side_is_there_once(data):
    old, new = data.draw(sides())
    keys = [change.key for change in compare(old, new, rule=old.instrument.rule_keys[0]).criteria]
    assert sorted(keys) == sorted(set(old.settled) | set(new.settled))


def toy_side(codes, meanings=None, **changed):
    instrument = replace(toy(), **changed)
    keys = [c.key for c in instrument.criteria]
    given_ratings = {k: None if c == "-" else c for k, c in zip(keys, codes.split(), strict=True) if c != "x"}
    return side(instrument, given_ratings, meanings)


def test_what_became_of_each_criterion():
    old = toy_side("N F L NA F L x F")
    new = toy_side("P P L F NA L L -", meanings={"y2": 2})
    kinds = {change.key: change.kind for change in compare(old, new, rule="largely").criteria}
    assert kinds == {
        "x1": Kind.BETTER,
        "x2": Kind.WORSE,
        "x3": Kind.SAME,
        "x4": Kind.NEWLY_APPLICABLE,
        "y1": Kind.NO_LONGER_APPLICABLE,
        "y2": Kind.REWORDED,
        "y3": Kind.ONLY_NEW,
        "y4": Kind.WORSE,
    }


def test_a_criterion_that_the_new_edition_drops_counts_as_scope():
    """Dropping a criterion that was not achieved lifts the level though the team did nothing."""
    old = toy_side("F F L N F F N N")
    new = toy_side("F F L N F F x N")
    whole = compare(old, new, rule="largely").whole
    assert (whole.level.team, whole.level.edition, whole.level.scope, whole.level.total) == (0, 0, 1, 1)
    assert whole.index.team == 0
    assert whole.index.total == whole.index.scope > 0


def test_a_criterion_asked_with_another_meaning_is_nothing_that_the_team_did():
    old, new = toy_side("F F L N F F N N"), toy_side("F F L N F F F N", meanings={"y3": 2})
    whole = compare(old, new, rule="largely").whole
    assert (whole.index.team, whole.index.edition) == (0, 0)
    assert whole.index.scope == whole.index.total > 0


def test_a_criterion_that_moves_to_another_level_counts_as_edition():
    moved = tuple(replace(c, level=3) if c.key == "y3" else c for c in toy().criteria)
    whole = compare(toy_side("F F L N F F N N"), toy_side("F F L N F F N N", criteria=moved), rule="largely").whole
    assert (whole.level.team, whole.level.edition, whole.level.scope) == (0, 1, 0)


def test_what_the_team_did_is_told_apart_from_a_changed_edition():
    moved = tuple(replace(c, level=3) if c.key == "y3" else c for c in toy().criteria)
    old, new = toy_side("F F P N F F N N"), toy_side("F F L N F F N N", criteria=moved)
    whole = compare(old, new, rule="largely").whole
    assert whole.index.team == Fraction(1, 6)
    assert (whole.level.team, whole.level.edition) == (0, 1)


def test_levels_of_another_ladder_are_not_compared():
    comparison = compare(toy_side("F F L N F F N N"), toy_side("F F L N F F L N"), rule="largely", same_ladder=False)
    assert comparison.whole.level.total is None
    assert comparison.whole.index.total is not None
