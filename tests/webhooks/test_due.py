"""What webhooks hear of because a day has come, in the time zone of the team, once."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from assessments.models import Action, Delivery, Webhook
from assessments.webhooks.due import queue_due_deliveries
from assessments.webhooks.messages import message_of

from .. import toy
from ..factories import make_membership, make_team
from .making import make_webhook

pytestmark = pytest.mark.django_db
DUE = datetime.date(2026, 10, 23)


@pytest.fixture
def world(lead):
    """A team in Auckland, thirteen hours ahead, with answers and actions that are due."""
    team = make_team(time_zone="Pacific/Auckland")
    make_membership(team=team, user=lead, role="lead")
    edition = toy.make_edition()
    assessment = toy.start(team=team, by=lead, edition=edition, due=DUE)
    known = {"team": team, "framework": edition.framework, "by": lead, "due": DUE}
    actions = [Action.objects.plan(**known, criterion=key, text="Secret words.") for key in ("x1", "y1")]
    return team, assessment, actions


def listening(world, lead, *, since="2026-10-01", of_team=True) -> Webhook:
    webhook = make_webhook(team=world[0] if of_team else None, by=lead)
    Webhook.objects.filter(pk=webhook.pk).update(made_on=since)
    return webhook


def at(monkeypatch, day: datetime.date, hour: int, minute: int = 0) -> None:
    now = datetime.datetime.combine(day, datetime.time(hour, minute), ZoneInfo("Pacific/Auckland"))
    monkeypatch.setattr(timezone, "now", lambda: now.astimezone(datetime.UTC))


def queued(happening: str) -> int:
    queue_due_deliveries()
    return Delivery.objects.filter(happening=happening).count()


@pytest.mark.parametrize("of_team", [True, False], ids=["team", "organisation"])
def test_answers_are_due_in_two_days(world, lead, monkeypatch, of_team):
    listening(world, lead, of_team=of_team)
    two_days_before = DUE - datetime.timedelta(days=2)
    at(monkeypatch, two_days_before, 8, 59)
    assert queued("assessment.due-soon") == 0
    at(monkeypatch, two_days_before, 9)
    assert queued("assessment.due-soon") == 1
    at(monkeypatch, DUE, 23)
    assert queued("assessment.due-soon") == 1
    message = message_of(Delivery.objects.get())
    assert message.text == f"{world[0]}: answers for the assessment with Toy are due on 23 October 2026."


def test_a_date_that_was_moved_is_reported_anew_and_the_old_one_no_more(world, lead, monkeypatch):
    listening(world, lead)
    at(monkeypatch, DUE - datetime.timedelta(days=1), 10)
    assert queued("assessment.due-soon") == 1
    world[1].set_due(DUE + datetime.timedelta(days=1), by=lead, seen=None)
    assert message_of(Delivery.objects.get()) is None
    assert queued("assessment.due-soon") == 2


def test_after_the_due_date_nothing_is_due_soon(world, lead, monkeypatch):
    listening(world, lead)
    at(monkeypatch, DUE + datetime.timedelta(days=1), 10)
    assert queued("assessment.due-soon") == 0


def test_actions_are_overdue_by_number(world, lead, monkeypatch):
    listening(world, lead)
    at(monkeypatch, DUE, 23)
    assert queued("actions.overdue") == 0
    at(monkeypatch, DUE + datetime.timedelta(days=1), 9)
    assert queued("actions.overdue") == 1
    at(monkeypatch, DUE + datetime.timedelta(days=3), 9)
    assert queued("actions.overdue") == 1
    message = message_of(Delivery.objects.get(happening="actions.overdue"))
    assert message.text == f"{world[0]}: 2 actions are overdue, since 23 October 2026."
    assert "Secret" not in str(message)


def test_what_is_done_is_not_overdue(world, lead, monkeypatch):
    listening(world, lead)
    for action in world[2]:
        action.change(by=lead, seen=None, status="done")
    at(monkeypatch, DUE + datetime.timedelta(days=1), 10)
    assert queued("actions.overdue") == 0


def test_what_was_overdue_before_the_webhook_was_there_is_no_news(world, lead, monkeypatch):
    listening(world, lead, since="2026-10-25")
    at(monkeypatch, DUE + datetime.timedelta(days=3), 10)
    assert queued("actions.overdue") == 0


def test_without_webhooks_it_costs_one_query(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        queue_due_deliveries()
