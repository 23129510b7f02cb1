"""The pace of a team and what it forecasts: worked cases, and against counting day by day."""

import datetime
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.scoring.pace import (
    MONTH,
    SHORTEST,
    Chance,
    Forecast,
    Milestone,
    Pace,
    far_enough_apart,
    forecast,
    pace_of,
)

from ..examples import examples

DAY = datetime.date(2026, 1, 1)
KEYS = "abcdefgh"


def at(days, met="", unmet=""):
    """What was rated that many days after the first day: letters of criteria that met their threshold or did not."""
    states = dict.fromkeys(met, True) | dict.fromkeys(unmet, False)
    return Milestone(day=DAY + datetime.timedelta(days=days), met=states)


milestones = st.lists(
    st.builds(
        lambda day, met: Milestone(day=DAY + datetime.timedelta(days=day), met=met),
        st.integers(0, 900),
        st.dictionaries(st.sampled_from(KEYS), st.booleans()),
    ),
    max_size=8,
).map(lambda each: sorted(each, key=lambda milestone: milestone.day))
paces = st.lists(st.fractions(min_value=-5, max_value=30, max_denominator=60), min_size=2, max_size=6)


def pace(slowest, usual, fastest):
    return Pace(usual=Fraction(usual), slowest=Fraction(slowest), fastest=Fraction(fastest), stretches=3)


class TestPace:
    @pytest.mark.parametrize("results", [[], [at(0, "a")], [at(0, "a", "b"), at(100, "ab")]])
    def test_two_results_are_not_enough(self, results):
        assert pace_of(results) is None

    def test_criteria_gained_a_month(self):
        # A month is 30.4375 days, so four of them are 121.75; 487 days are 16.
        found = pace_of([at(0, "", "abcdefgh"), at(487, "abcd", "efgh"), at(974, "abcdefg", "h")])
        assert found == Pace(usual=Fraction(3, 16), slowest=Fraction(3, 16), fastest=Fraction(4, 16), stretches=2)

    def test_what_was_lost_counts_against_it(self):
        found = pace_of([at(0, "abc"), at(100, "a", "bc"), at(200, "abc")])
        assert found.slowest == Fraction(-2) / (100 / MONTH) == -found.fastest

    def test_of_three_stretches_the_middle_one_is_usual(self):
        found = pace_of([at(0, "", "abcdefg"), at(100, "a", "bcdefg"), at(200, "abcd", "efg"), at(300, "abcdef", "g")])
        assert found.usual == Fraction(2) / (100 / MONTH)
        assert (found.slowest, found.fastest) == (found.usual / 2, found.usual * 3 / 2)

    def test_what_only_one_result_rated_says_nothing(self):
        """Answering more is not doing more, and what is withheld is not told by a pace."""
        found = pace_of([at(0, "", "ab"), at(100, "acde", "b"), at(200, "abfgh")])
        assert (found.slowest, found.fastest) == (1 / (100 / MONTH),) * 2

    def test_results_close_together_are_one(self):
        assert pace_of([at(0, "", "ab"), at(100, "a", "b"), at(101, "ab")]) is None
        found = pace_of([at(0, "", "ab"), at(100, "a", "b"), at(101, "ab"), at(201, "ab")])
        # From the first to the one after a hundred and one days, and from there on.
        assert (found.slowest, found.fastest) == (0, 2 / (101 / MONTH))

    @examples(200)
    @given(milestones)
    def test_as_counted_by_hand(self, results):
        kept = far_enough_apart(results)
        assert all((later.day - earlier.day).days >= SHORTEST for earlier, later in pairwise(kept))
        assert kept[-1:] == results[-1:]
        found = pace_of(results)
        if len(kept) < 3:
            assert found is None
            return
        counted = []
        for earlier, later in pairwise(kept):
            steps = [later.met[key] - earlier.met[key] for key in KEYS if key in earlier.met and key in later.met]
            counted.append(sum(steps) * MONTH / (later.day - earlier.day).days)
        assert (found.slowest, found.fastest, found.stretches) == (min(counted), max(counted), len(counted))
        # At least half of the stretches were as slow or slower, and at least half as fast or faster.
        assert found.usual in counted
        assert 2 * sum(each <= found.usual for each in counted) >= len(counted)
        assert 2 * sum(each >= found.usual for each in counted) >= len(counted)


class TestForecast:
    def test_days_at_each_pace(self):
        found = forecast(12, pace(1, 2, 4), today=DAY)
        # 3, 6 and 12 months of 30.4375 days, on the day on which they are over.
        assert [(day - DAY).days for day in (found.earliest, found.usual, found.latest)] == [92, 183, 366]

    def test_without_progress_there_is_no_day(self):
        assert forecast(3, pace(-1, 0, 1), today=DAY) == Forecast(
            earliest=DAY + datetime.timedelta(days=92), usual=None, latest=None
        )
        assert forecast(60, pace(0, Fraction(1, 100), 1), today=DAY).usual is None

    def test_nothing_left_is_done_today(self):
        assert forecast(0, pace(-1, -1, -1), today=DAY) == Forecast(earliest=DAY, usual=DAY, latest=DAY)

    @pytest.mark.parametrize(
        ("days", "chance"),
        [
            (91, Chance.BEYOND),
            (92, Chance.HARD),
            (182, Chance.HARD),
            (183, Chance.LIKELY),
            (365, Chance.LIKELY),
            (366, Chance.SAFE),
        ],
    )
    def test_where_a_day_lies(self, days, chance):
        assert forecast(12, pace(1, 2, 4), today=DAY).chance(DAY + datetime.timedelta(days=days)) == chance

    def test_a_day_can_be_likely_but_never_safe_if_the_team_once_stood_still(self):
        assert forecast(1, pace(0, 1, 2), today=DAY).chance(DAY + datetime.timedelta(days=3000)) == Chance.LIKELY
        assert forecast(1, pace(-1, 0, 0), today=DAY).chance(DAY + datetime.timedelta(days=3000)) == Chance.BEYOND

    @examples(150)
    @given(remaining=st.integers(1, 30), each=paces)
    def test_as_counted_day_by_day(self, remaining, each):
        each.sort()
        found = forecast(remaining, pace(each[0], each[len(each) // 2], each[-1]), today=DAY)
        for day, speed in ((found.latest, each[0]), (found.earliest, each[-1])):
            if day is None:
                assert speed <= 0 or remaining / speed * MONTH > 20 * 365 - 1
                continue
            passed = (day - DAY).days
            assert speed * passed / MONTH >= remaining > speed * (passed - 1) / MONTH
        if found.latest:
            assert found.earliest <= found.usual <= found.latest
