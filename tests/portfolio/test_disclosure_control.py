"""The threshold holds against subtracting what is shown of a unit from what is shown of its parts."""

from hypothesis import given
from hypothesis import strategies as st

from assessments.portfolio.disclosure_control import THRESHOLD, may_be_split, shown_units


@st.composite
def organisations(draw):
    number = draw(st.integers(1, 8))
    parents = {unit: draw(st.sampled_from([None, *range(unit)])) for unit in range(number)}
    return parents, {unit: draw(st.integers(0, 6)) for unit in range(number)}


def subtree(parents, root):
    """Units below a unit and itself; all of them for None."""

    def is_below(unit):
        while unit is not None and unit != root:
            unit = parents[unit]
        return unit == root

    return {unit for unit in parents if is_below(unit)}


@given(organisations())
def test_nothing_smaller_than_the_threshold_can_be_worked_out(organisation):
    parents, teams = organisation
    shown = shown_units(parents, teams)
    sets = [frozenset(subtree(parents, unit)) for unit in shown]
    # What adding and subtracting can single out are the smallest pieces: units that lie in the same shown sets.
    pieces = {}
    for unit in parents:
        signature = frozenset(each for each in sets if unit in each)
        pieces.setdefault(signature, []).append(unit)
    for signature, units in pieces.items():
        size = sum(teams[unit] for unit in units)
        assert not signature or size == 0 or size >= THRESHOLD


@given(organisations(), st.data())
def test_a_second_property_singles_nobody_out_either(organisation, data):
    """As above, over all that can be shown: each shown unit, and each shown unit's teams of one value."""
    parents, numbers = organisation
    teams = {(unit, value): data.draw(st.integers(0, number)) for unit, number in numbers.items() for value in "ab"}
    if not may_be_split(parents, teams):
        return
    shown = shown_units(parents, {unit: teams[unit, "a"] + teams[unit, "b"] for unit in parents})
    pieces = {}
    for unit, value in teams:
        inside = frozenset(each for each in shown if unit in subtree(parents, each))
        pieces.setdefault((inside, value), []).append(teams[unit, value])
    for (inside, _), found in pieces.items():
        assert not inside or sum(found) == 0 or sum(found) >= THRESHOLD


def test_one_unit_may_be_split_where_each_part_of_it_is_a_crowd():
    assert may_be_split({1: None, 2: None}, {(1, "a"): 4, (1, "b"): 5, (2, "a"): 4})
    # All on the one edition minus the first unit is a single team.
    assert not may_be_split({1: None, 2: None}, {(1, "a"): 4, (2, "a"): 1, (2, "b"): 4})
    # Not shown by itself, the small unit is counted with what is above it.
    assert may_be_split({1: None, 2: 1}, {(1, "a"): 3, (2, "a"): 1, (2, "b"): 0})


def test_subtracting_one_unit_from_the_whole_leaves_enough():
    """Ten teams, of which eight in one unit: showing both would tell what the two others have."""
    assert shown_units({1: None, 2: None}, {1: 8, 2: 2}) == {None}
    assert shown_units({1: None, 2: None}, {1: 6, 2: 4}) == {None, 1, 2}


def test_the_smallest_unit_is_given_up_first():
    assert shown_units({1: None, 2: None, 3: None}, {1: 9, 2: 5, 3: 1}) == {None, 1}


def test_a_unit_with_fewer_than_four_teams_is_not_broken_down():
    assert shown_units({1: None}, {1: 3}) == set()
    assert shown_units({1: None, 2: 1}, {1: 4, 2: 3}) == {None, 1}


def test_a_unit_without_unknown_teams_is_no_secret():
    assert shown_units({1: None, 2: None}, {1: 0, 2: 3}) == {1}
