"""Targets: how far, and met, missed, on the way or not assessed."""

import datetime
from fractions import Fraction

import pytest

from assessments.scoring.target_grading import Count, Grade, Grading, Sighting, count, grade

from .test_smallest_changes import toy

DUE = datetime.date(2026, 12, 31)
BEFORE, AFTER = DUE - datetime.timedelta(days=30), DUE + datetime.timedelta(days=30)


def seen(date, level, meeting=0, of=10):
    return Sighting(date=date, level=level, count=Count(meeting=meeting, all=of))


def graded(*sightings, today, level=2, baseline=Count(meeting=4, all=10)):  # noqa: B008 - frozen
    return grade(level=level, due=DUE, today=today, baseline=baseline, sightings=sightings)


@pytest.mark.parametrize(
    "sightings,today,expected",
    [
        ([], BEFORE, (Grade.NOT_ASSESSED, None)),
        ([], AFTER, (Grade.NOT_ASSESSED, None)),
        ([seen(BEFORE, 1, 7)], BEFORE, (Grade.ON_THE_WAY, Fraction(1, 2))),
        ([seen(BEFORE, 2, 10)], BEFORE, (Grade.MET, Fraction(1))),
        ([seen(BEFORE, 1, 7)], AFTER, (Grade.MISSED, Fraction(1, 2))),
        ([seen(BEFORE, 2, 10)], AFTER, (Grade.MET, Fraction(1))),
        # What comes after the due date decides nothing any more.
        ([seen(BEFORE, 1, 7), seen(AFTER, 2, 10)], AFTER, (Grade.MISSED, Fraction(1, 2))),
        ([seen(AFTER, 2, 10)], AFTER, (Grade.NOT_ASSESSED, None)),
        # The last one counts, not the best one.
        ([seen(BEFORE, 2, 10), seen(DUE, 1, 6)], AFTER, (Grade.MISSED, Fraction(1, 3))),
        # On the due date itself there is still time.
        ([seen(BEFORE, 1, 7)], DUE, (Grade.ON_THE_WAY, Fraction(1, 2))),
        # Behind the start is no progress, not a negative one.
        ([seen(BEFORE, 0, 2)], BEFORE, (Grade.ON_THE_WAY, Fraction(0))),
        ([seen(BEFORE, None)], BEFORE, (Grade.ON_THE_WAY, Fraction(0))),
    ],
)
def test_grades(sightings, today, expected):
    found = graded(*sightings, today=today)
    assert (found.grade, found.share) == expected


def test_a_target_that_its_baseline_met_already():
    found = graded(seen(BEFORE, 2, 10), today=BEFORE, baseline=Count(meeting=10, all=10))
    assert found == Grading(grade=Grade.MET, share=Fraction(1), by=seen(BEFORE, 2, 10))


def test_without_a_baseline_everything_counts_from_nothing():
    assert graded(seen(BEFORE, 1, 5), today=BEFORE, baseline=None).share == Fraction(1, 2)


def counted(codes, rule, level, dimension=None):
    ratings = dict(zip(("x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4"), codes.split(), strict=True))
    ratings = {key: None if code == "-" else code for key, code in ratings.items()}
    found = count(toy(), ratings, rule=rule, level=level, dimension=dimension)
    return found.meeting, found.all


def test_criteria_up_to_the_level_that_meet_their_threshold():
    assert counted("F F L N F F P N", "largely", 2) == (5, 6)
    assert counted("F F L N F F P N", "largely", 3) == (5, 8)
    assert counted("F F L N F F P N", "largely", 2, "Y") == (2, 3)


def test_what_does_not_apply_is_left_out_and_what_is_unanswered_does_not_meet():
    assert counted("F F NA N F F - N", "largely", 2) == (4, 5)


def test_by_cells_a_passing_cell_meets_as_a_whole():
    """Under ISO 33020 the mean of y2 and y3 is 2/3: enough at the level itself, not under it."""
    assert counted("F F L N F F P N", "iso33020", 2) == (6, 6)
    assert counted("F F L N F F P N", "iso33020", 3) == (4, 8)
