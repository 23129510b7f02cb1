"""The monthly digest: to leads and managers, about their teams, and nothing about people."""

import datetime
import re

import pytest

from assessments.models import Action, Mail, Target
from assessments.notices.digest import MOST_LINES
from assessments.notices.queueing import queue_what_is_due
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from ..smtp_sink import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def manager(team):
    unit = make_unit(name="Above")
    type(team.unit).objects.filter(pk=team.unit_id).update(parent=unit)
    return make_membership(unit=unit, role="manager", user=make_user(name="Max", is_confirmed=True)).user


def send(times: int = 1) -> None:
    for _ in range(times):
        queue_what_is_due()
        send_waiting()


def a_month(team, lead, edition) -> None:
    """A result that went up, an action that is late, a target that is near, and an assessment that runs."""
    for date, codes in (
        (datetime.date(2026, 2, 1), "P P P P P P P P"),
        (datetime.date(2026, 5, 12), "F F F F F F F F"),
    ):
        result = toy.add_result(team=team, edition=edition, date=date, codes=codes)
        at = datetime.datetime.combine(date, datetime.time(12), tzinfo=datetime.UTC)
        type(result).objects.filter(pk=result.pk).update(created_at=at)
    known = {"team": team, "framework": edition.framework, "by": lead}
    Action.objects.plan(**known, criterion="x1", text="Do it.", owner=lead, due=datetime.date(2026, 5, 20))
    due = datetime.date(2026, 6, 20)
    Target.objects.set(**known, rule="largely", level=3, due=due, why="To try.", dimension="X")
    toy.start(team=team, by=lead, edition=toy.make_edition(), due=datetime.date(2026, 6, 15), date=due.replace(day=1))


def test_a_lead_and_a_manager_get_it_on_the_first_of_the_month_and_once(
    sink, clock, team, lead, member, manager, edition
):
    clock("2026-05-15T10:00+00:00")
    a_month(team, lead, edition)
    clock("2026-05-31T10:00+00:00")
    send()
    assert not sink.taken
    for moment in ("2026-06-01T08:59+00:00", "2026-06-01T09:00+00:00", "2026-06-03T09:00+00:00"):
        clock(moment)
        send(2)
    digests = [message for message in sink.taken if message["Subject"] == "Your teams in May 2026"]
    assert sorted(message["To"] for message in digests) == sorted([lead.email, manager.email])
    text = text_of(digests[0])
    assert "(1 team)" in text
    assert "- Payments: Toy, level 3 Step 3 (before: level 0 Step 0)\n" in text
    assert "- Payments: Area X, level 3 Step 3, due 20 June 2026, " in text
    assert "- Payments: 1 action is overdue\n" in text
    assert "- Payments: Toy, answers are due on 15 June 2026\n" in text


def test_it_says_nothing_about_how_many_people_there_were_or_who_answered(sink, clock, team, lead, member, edition):
    clock("2026-05-15T10:00+00:00")
    assessment = toy.start(team=team, by=lead, edition=edition, date=datetime.date(2026, 5, 14))
    toy.rate(assessment, member, "F F F F F F F F")
    clock("2026-06-01T10:00+00:00")
    send()
    rest = re.sub(r"https://\S+|May 2026|\(1 team\)", "", text_of(sink.to(lead.email)[0]))
    assert not re.search(r"\d", rest)
    assert member.name not in rest


def test_without_anything_to_say_there_is_none(sink, clock, lead):
    clock("2026-06-01T10:00+00:00")
    send()
    assert not sink.taken
    assert Mail.objects.get().state == Mail.State.SKIPPED


def test_only_what_somebody_leads_or_manages_is_in_it(sink, clock, team, lead, edition):
    clock("2026-05-15T10:00+00:00")
    other = make_team(name="Secret")
    a_month(other, make_membership(team=other, role="lead").user, edition)
    make_membership(team=other, role="viewer", user=lead)
    toy.start(team=team, by=lead, edition=edition, date=datetime.date(2026, 5, 14))
    clock("2026-06-01T10:00+00:00")
    send()
    assert "Secret" not in text_of(sink.to(lead.email)[0])


def test_who_leads_no_longer_gets_none(sink, clock, team, lead, edition):
    clock("2026-05-15T10:00+00:00")
    a_month(team, lead, edition)
    clock("2026-06-01T10:00+00:00")
    queue_what_is_due()
    team.memberships.update(role="viewer")
    send_waiting()
    assert not [message for message in sink.taken if "Your teams" in message["Subject"]]


def test_many_lines_are_counted(sink, clock, manager, team, edition):
    clock("2026-05-15T10:00+00:00")
    lead = make_user()
    for number in range(MOST_LINES + 3):
        each = make_team(unit=team.unit, name=f"Crew {number:02}")
        toy.start(team=each, by=lead, edition=edition, date=datetime.date(2026, 5, 14))
    clock("2026-06-01T10:00+00:00")
    send()
    text = text_of(sink.to(manager.email)[0])
    assert "Crew 11" in text
    assert "Crew 12" not in text
    assert "- and 3 more" in text
