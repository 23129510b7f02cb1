"""Notices by the day: reviews, targets and actions, by the clock of the team and once."""

import datetime

import pytest

from assessments.models import Action, Assessment, Mail, MailStop, Target
from assessments.notices import queueing
from assessments.notices.queueing import queue_what_is_due
from assessments.outbox.sending import send_waiting
from assessments.web.dates import notice_day

from .. import toy
from ..factories import make_membership, make_user
from ..smtp_sink import text_of

pytestmark = pytest.mark.django_db
DUE = datetime.date(2026, 6, 10)


@pytest.fixture(autouse=True)
def long_before(clock, lead):
    clock("2026-05-01T08:00+00:00")
    MailStop(user=lead, topic=MailStop.Topic.DIGEST).begin()


@pytest.fixture
def edition():
    return toy.make_edition()


def send(times: int = 1) -> None:
    for _ in range(times):
        queue_what_is_due()
        send_waiting()


def days_with_mail(sink, clock, *days: str) -> list[str]:
    """Looks before and after nine in Berlin, several times; when something came, as `06-09 07`."""
    came = []
    for day in days:
        for hour in ("06", "07", "20"):
            before = len(sink.taken)
            clock(f"2026-{day}T{hour}:00+00:00")
            send()
            came += [f"{day} {hour}"] * (len(sink.taken) - before)
    return came


class TestClock:
    @pytest.mark.parametrize(
        ("moment", "zone", "day"),
        [
            ("2026-06-10T06:59+00:00", "Europe/Berlin", "2026-06-09"),
            ("2026-06-10T07:00+00:00", "Europe/Berlin", "2026-06-10"),
            ("2026-06-09T23:30+00:00", "Pacific/Auckland", "2026-06-10"),
            ("2026-06-10T18:59+00:00", "Pacific/Honolulu", "2026-06-09"),
            # The clocks are set forward, and back: nine is nine.
            ("2026-03-29T06:59+00:00", "Europe/Berlin", "2026-03-28"),
            ("2026-03-29T07:00+00:00", "Europe/Berlin", "2026-03-29"),
            ("2026-10-25T07:59+00:00", "Europe/Berlin", "2026-10-24"),
            ("2026-10-25T08:00+00:00", "Europe/Berlin", "2026-10-25"),
        ],
    )
    def test_a_day_begins_at_nine_where_the_team_is(self, clock, moment, zone, day):
        clock(moment)
        assert notice_day(zone) == datetime.date.fromisoformat(day)


class TestReviews:
    def test_who_lead_it_hear_of_it_on_the_day_before(self, sink, clock, team, lead, member):
        facilitator = make_user(name="Eve")
        toy.start(team=team, by=lead, due=DUE, date=DUE, facilitator=facilitator)
        assert days_with_mail(sink, clock, "06-08", "06-09", "06-10", "06-11") == ["06-09 07"] * 2
        assert {message["To"] for message in sink.taken} == {lead.email, facilitator.email}
        assert "asked to lead the review of Payments" in text_of(sink.to(facilitator.email)[0])
        assert "because you lead Payments" in text_of(sink.to(lead.email)[0])

    def test_another_due_date_is_told_again_and_an_old_one_not_sent(self, sink, clock, team, lead):
        assessment = toy.start(team=team, by=lead, due=DUE, date=DUE)
        clock("2026-06-09T10:00+00:00")
        queue_what_is_due()
        assessment.set_due(DUE + datetime.timedelta(days=5), by=lead, seen=None)
        assert send_waiting().skipped == 1
        assert days_with_mail(sink, clock, "06-13", "06-14", "06-15") == ["06-14 07"]

    def test_who_only_just_opened_it_knows(self, sink, clock, team, lead):
        clock("2026-06-09T10:00+00:00")
        toy.start(team=team, by=lead, due=DUE, date=DUE)
        send()
        assert not sink.taken

    def test_at_the_ends_of_the_calendar_nothing_breaks(self, sink, clock, team, lead):
        toy.start(team=team, by=lead, due=datetime.date.max, date=DUE)
        clock("2026-06-09T10:00+00:00")
        send()
        assert not Assessment.objects.filter(due=None).exists()


class TestTargets:
    def set(self, team, lead, edition, level=2):
        known = {"team": team, "framework": edition.framework, "rule": "largely"}
        return Target.objects.set(**known, level=level, due=DUE, why="To try.", by=lead)

    def test_leads_hear_two_weeks_before_and_when_it_is_missed(self, sink, clock, team, lead, member, edition):
        self.set(team, lead, edition)
        days = ["05-26", "05-27", "06-02", "06-10", "06-11", "06-12"]
        assert days_with_mail(sink, clock, *days) == ["05-27 07", "06-11 07"]
        soon, missed = sink.taken
        assert soon["To"] == missed["To"] == lead.email
        assert soon["Subject"] == "Payments: a target is due soon"
        assert "Overall, level 2 Step 2" in text_of(soon)
        assert missed["Subject"] == "Payments: a target is missed"

    def test_a_target_that_is_met_is_no_news(self, sink, clock, team, lead, edition):
        self.set(team, lead, edition)
        clock("2026-05-27T10:00+00:00")
        queue_what_is_due()
        toy.add_result(team=team, edition=edition, date=datetime.date(2026, 5, 20), codes="F F F F F F F F")
        assert send_waiting().skipped == 1
        clock("2026-06-11T10:00+00:00")
        send()
        assert not sink.taken

    def test_what_a_process_that_did_not_run_has_missed_is_told_within_the_week(self, sink, clock, team, lead, edition):
        self.set(team, lead, edition)
        clock("2026-06-16T10:00+00:00")
        send(2)
        assert [message["Subject"] for message in sink.taken] == ["Payments: a target is missed"]
        sink.taken.clear()
        Mail.objects.all().delete()
        clock("2026-06-18T10:00+00:00")
        send()
        assert not sink.taken


class TestActions:
    def plan(self, team, lead, edition, owner, text="Write it & test it.", due=DUE):
        known = {"team": team, "framework": edition.framework, "criterion": "x1", "by": lead}
        return Action.objects.plan(**known, text=text, owner=owner, due=due)

    def test_the_owner_gets_one_mail_for_all_that_are_due_on_a_day(self, sink, clock, team, lead, member, edition):
        self.plan(team, lead, edition, member)
        self.plan(team, lead, edition, member, text="Then that.")
        self.plan(team, lead, edition, lead, due=None)
        days = ["06-06", "06-07", "06-08", "06-10", "06-11", "06-12"]
        assert days_with_mail(sink, clock, *days) == ["06-07 07", "06-11 07"]
        soon, late = (text_of(message) for message in sink.to(member.email))
        assert "Due on 10 June 2026:\n\n- Write it & test it.\n- Then that.\n" in soon
        assert "Overdue, was due on 10 June 2026:" in late

    def test_one_that_is_done_meanwhile_is_left_out(self, sink, clock, team, lead, member, edition):
        action = self.plan(team, lead, edition, member)
        other = self.plan(team, lead, edition, member, text="Then that.")
        clock("2026-06-07T10:00+00:00")
        queue_what_is_due()
        action.change(by=member, seen=None, status=Action.Status.DONE)
        send_waiting()
        assert "Write it" not in text_of(sink.taken[0])
        other.change(by=member, seen=None, status=Action.Status.DONE)
        clock("2026-06-11T10:00+00:00")
        send()
        assert len(sink.taken) == 1

    def test_one_that_is_late_already_is_not_told_to_be_due_soon(self, sink, clock, team, lead, member, edition):
        self.plan(team, lead, edition, member)
        clock("2026-06-12T10:00+00:00")
        send()
        (message,) = sink.taken
        assert "Overdue" in text_of(message)

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_an_owner_who_left_gets_nothing(self, sink, clock, team, lead, member, edition, when):
        self.plan(team, lead, edition, member)
        clock("2026-06-07T10:00+00:00")
        if when == "after":
            queue_what_is_due()
        team.memberships.filter(user=member).delete()
        send()
        assert not sink.taken

    def test_an_administrator_who_left_gets_nothing_and_a_manager_above_does(self, sink, clock, team, lead, edition):
        administrator = make_user(is_administrator=True)
        manager = make_membership(unit=team.unit, role="manager").user
        for person in (administrator, manager):
            self.plan(team, lead, edition, person)
        clock("2026-06-07T10:00+00:00")
        send()
        assert [message["To"] for message in sink.taken] == [manager.email]


def test_a_step_that_fails_keeps_no_other_from_running(sink, clock, team, lead, edition, monkeypatch, caplog):
    Target.objects.set(team=team, framework=edition.framework, rule="largely", level=2, due=DUE, why="x", by=lead)
    monkeypatch.setattr(queueing, "graded", lambda *_, **__: 1 / 0)
    toy.start(team=team, by=lead, due=DUE, date=DUE)
    clock("2026-06-09T10:00+00:00")
    Target.objects.update(due=datetime.date(2026, 6, 22))
    send()
    assert [message["Subject"] for message in sink.taken] == ["Payments: the review is near"]
    assert "cannot be queued" in caplog.text
