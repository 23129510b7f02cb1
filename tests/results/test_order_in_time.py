"""Two results of one day: the assessment that was first closed later is the newer one, wherever a newest is picked."""

import datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from assessments.frameworks.impact import last_results
from assessments.models import Result, Target
from assessments.models.results import latest_by_team
from assessments.planning.context import Aspiration
from assessments.planning.target_progress import graded
from assessments.portfolio.portfolio import Portfolio
from assessments.portfolio.rows import Query
from assessments.questionnaire.previous_answers import MovingOn
from assessments.results.export import team_table
from assessments.results.history import TeamHistory, current_beside, latest_before
from tests.factories import make_user
from tests.progress import AT, Lead

pytestmark = pytest.mark.django_db
DAY = "2026-03-03"


@pytest.fixture
def lead():
    return Lead()


@pytest.fixture
def pair(lead):
    """Two results of one day, level 1 and then level 2; the older one is opened again and closed unchanged."""
    older = lead.closes(AT[1], on=DAY)
    newer = lead.closes(AT[2], on=DAY)
    older.assessment.reopen(by=lead.user, reason="To look at it again.")
    return older.assessment.close(by=lead.user), newer


class TestTwoResultsOfOneDay:
    def test_stay_in_the_order_of_their_first_closings(self, lead, pair):
        older, newer = pair
        assert list(lead.team.results.current_only().chronological()) == [older, newer]
        assert list(lead.team.results.current_only().newest_first()) == [newer, older]
        assert list(lead.team.results.current_only()) == [newer, older]

    def test_keep_their_order_if_the_clock_was_set_back(self, lead):
        older = lead.closes(AT[1], on=DAY)
        newer = lead.closes(AT[2], on=DAY)
        Result.objects.filter(pk=newer.pk).update(created_at=older.created_at - datetime.timedelta(hours=3))
        assert list(lead.team.results.chronological()) == [older, newer]
        assert Result.objects.get(pk=newer.pk).previous() == older

    def test_the_older_one_comes_before_on_every_page(self, lead, pair):
        older, newer = pair
        assert (newer.previous(), older.previous()) == (older, None)
        assert latest_before(newer, current_beside(newer)) == older
        past = TeamHistory.of(lead.team)
        assert (past.latest, past.previous) == (newer, older)

    def test_the_newer_one_is_the_newest_wherever_one_is_picked(self, lead, pair):
        newer = pair[1]
        assert latest_by_team([lead.team]) == {lead.team.pk: newer}
        assert Aspiration.of(lead.team).latest == newer
        assert last_results(lead.edition).get() == newer
        assert MovingOn.of(lead.team, lead.edition).previous == newer
        query = Query(edition=lead.edition, editions=[lead.edition], rule="largely")
        (row,) = Portfolio.of(make_user(is_administrator=True), query, []).rows
        assert row.newest
        assert row.previous
        assert (row.newest.pk, row.previous.pk) == (newer.pk, pair[0].pk)
        assert [row[6] for row in team_table(lead.team).rows if row[5] == "Overall"] == [1, 2]

    def test_the_newer_one_decides_on_targets(self, lead, pair):
        set_at = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
        due = datetime.date(2026, 3, 4)
        Target.objects.create(
            team=lead.team,
            framework=lead.edition.framework,
            rule="largely",
            level=2,
            due=due,
            set_at=set_at,
            set_by=lead.user,
        )
        (target,) = graded(Target.objects.for_grading())
        assert target.is_met

    def test_results_of_other_days_do_not_mind_when_they_were_closed(self, lead):
        later = lead.closes(AT[2], on="2026-05-01")
        earlier = lead.closes(AT[1], on="2026-04-01")
        assert later.previous() == earlier
        assert TeamHistory.of(lead.team).latest == later


def test_results_of_an_older_database_are_numbered_by_their_first_closing(lead, pair):
    older, newer = pair
    other = Lead(edition=lead.edition).closes(AT[0], on=DAY)
    Result.objects.update(closing=1)
    migration = import_module("assessments.migrations.0007_results_in_time")
    migration.number_closings(apps, connection.schema_editor())
    numbers = set(Result.objects.values_list("assessment", "generation", "closing"))
    assert numbers == {
        (older.assessment_id, 1, 1),
        (older.assessment_id, 2, 1),
        (newer.assessment_id, 1, 2),
        (other.assessment_id, 1, 1),
    }
