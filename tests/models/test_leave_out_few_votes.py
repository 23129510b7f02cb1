"""Results of anonymous assessments that were frozen when hidden votes still counted in the figures above them."""

import importlib

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from assessments import scoring
from assessments.models import Event, Result
from assessments.models.frozen_scores import Recalled

from .. import toy
from ..factories import make_membership

pytestmark = pytest.mark.django_db

NAME = "0008_leave_out_few_votes"
HIDDEN = ["y2", "y3"]


@pytest.fixture
def people(team, lead):
    return [lead, *(make_membership(team=team).user for _ in range(4))]


def old_result(team, people, third: str) -> Result:
    """As it was frozen then: three people had voted on y3, and y2 was hidden beside it, and both counted."""
    assessment = toy.start(team=team, by=people[0], anonymous=True)
    for number, user in enumerate(people):
        y3 = third if number < 3 else "-"
        toy.rate(assessment, toy.member_by_link(assessment, user), f"F F F F F F {y3} L")
    everything = scoring.score(assessment.instrument(), list(assessment.votes().values()))
    assessment.end_answering(by=people[0])
    result = Result.freeze(assessment, everything, by=people[0])
    Result.objects.filter(pk=result.pk).update(left_out=0)
    nothing = {"rating": "", "votes": {}, "share_exact": "", "spread": None, "rwg_exact": "", "rwg": None}
    result.criteria.filter(key__in=HIDDEN).update(**nothing, points_exact="", points=None, blocker=None)
    return Result.objects.get(pk=result.pk)


def migrate():
    """Runs the migration's function over a table that still says what is hidden."""
    # PostgreSQL alters no table while it still has constraints to check.
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE assessments_criterionresult ADD COLUMN withheld boolean DEFAULT false NOT NULL")
        cursor.execute("UPDATE assessments_criterionresult SET withheld = (rating = '' AND points_exact = '')")
    loader = MigrationLoader(connection)
    migration = loader.get_migration("assessments", NAME)
    state = loader.project_state(migration.dependencies)
    for operation in migration.operations[:2]:
        operation.state_forwards("assessments", state)
    importlib.import_module(f"assessments.migrations.{NAME}").work_out_again(state.apps, None)


def figures(result: Result) -> dict:
    aside = ("id", "assessment_id", "team_id", "created_at", "closed_by_id", "edition_id", "framework_id")
    return {key: value for key, value in Result.objects.filter(pk=result.pk).values()[0].items() if key not in aside}


def test_a_result_with_hidden_votes_is_marked_and_worked_out_without_them(team, people):
    result = old_result(team, people, "F")
    assert (result.level, result.best) == (3, 3)
    migrate()
    result = Result.objects.get(pk=result.pk)
    assert result.worked_out_again
    assert (result.left_out, result.level, result.best) == (2, 1, 3)
    assert (result.answered, result.asked) == (6, 8)
    rows = result.criteria.filter(key__in=HIDDEN)
    assert [(row.rating, row.points_exact, row.blocker) for row in rows] == [("", "0", 0), ("", "0", 1)]
    assert result.outcomes["largely"]["blockers"] == HIDDEN
    y = result.parts.get(kind="dimension", key="Y")
    assert (y.level, y.best, y.cells["2"], y.answered) == (1, 3, "0", 2)
    event = Event.objects.get(kind="result.worked-out-again")
    assert (event.assessment_id, event.data) == (result.assessment_id, {"result": str(result.pk)})


def test_the_figures_follow_from_the_criteria_that_are_kept(team, people):
    result = old_result(team, people, "P")
    migrate()
    result = Result.objects.get(pk=result.pk)
    whole = scoring.score(Recalled.of(result).instrument, [Recalled.of(result).ratings]).whole
    assert result.index_exact == str(whole.index)
    assert result.index_best_exact == str(whole.index_best)


def test_votes_that_were_hidden_no_longer_make_a_difference(team, people):
    results = []
    for third in "NF":
        result = old_result(team, people, third)
        result.assessment.close(by=people[0])
        results.append(result)
    assert figures(results[0]) != figures(results[1])
    migrate()
    known = {"is_current", "generation", "closing"}
    one, other = ({k: v for k, v in figures(result).items() if k not in known} for result in results)
    assert one == other


def test_a_result_without_hidden_votes_stays_as_it_was(team, lead):
    named = toy.start(team=team, by=lead)
    toy.rate(named, lead, "F F L N - F P N")
    result = named.close(by=lead)
    before = figures(result)
    migrate()
    assert figures(result) == before
    assert (before["left_out"], before["worked_out_again"]) == (0, False)
