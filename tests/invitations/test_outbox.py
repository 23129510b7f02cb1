"""Invitations and reminders: who gets one, when, and what it says. How mails are sent is tested in `outbox`."""

import datetime
import re
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from assessments.invitations.mail import queue_due, reached
from assessments.models import Assessment, Invitation, Mail
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_is_set_up(settings):
    settings.MAIL_ENABLED = True
    settings.SITE_URL = "https://maturity.example.org"


@pytest.fixture
def team():
    return make_team(time_zone="Europe/Berlin")


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead", user=make_user(name="Ada")).user


@pytest.fixture
def assessment(team, lead):
    return toy.start(team=team, by=lead)


@pytest.fixture
def clock(monkeypatch):
    """Sets the time of day for whatever asks for it."""

    def set_to(moment: str) -> None:
        monkeypatch.setattr(timezone, "now", lambda: datetime.datetime.fromisoformat(moment))

    return set_to


def token_in(message) -> str:
    return re.search(r"https://maturity\.example\.org/i/([\w-]+)/", message.body).group(1)


class TestInvitations:
    def test_a_mail_carries_a_link_that_works(self, client, assessment, lead):
        assessment.invite(by=lead, members=[lead], addresses=["guest@example.org"])
        assert send_waiting().sent == 2
        assert {m.to[0] for m in mail.outbox} == {lead.email, "guest@example.org"}
        for message in mail.outbox:
            assert client.get(f"/i/{token_in(message)}/").status_code == 200
        assert "Hello Ada," in mail.outbox[0].body

    @pytest.mark.parametrize("kind", [*Mail.REMINDERS, Mail.Kind.INVITATION])
    def test_after_the_greeting_a_sentence_begins(self, team, lead, kind, clock):
        clock("2026-06-10T08:00+00:00")
        due = datetime.date(2026, 6, 8) if kind == Mail.Kind.OVERDUE else datetime.date(2026, 6, 12)
        assessment = toy.start(team=team, by=lead, date=datetime.date(2026, 6, 1), due=due)
        Assessment.objects.update(opened_at=at("2026-06-01T09:00", "UTC"))
        Mail.objects.queue(assessment.participations.all(), kind)
        assert send_waiting().sent == 1
        greeting, first = mail.outbox[0].body.split("\n\n")[:2]
        assert greeting == "Hello Ada,"
        assert first[0].isupper()

    def test_what_is_stored_is_neither_text_nor_token_nor_address(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        send_waiting()
        row = str(Mail.objects.values()[0])
        assert token_in(mail.outbox[0]) not in row
        assert "guest" not in row

    def test_nothing_is_sent_twice(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        assert [send_waiting().sent for _ in range(3)] == [1, 0, 0]

    def test_mails_about_a_draft_wait_until_it_is_opened(self, team, lead):
        draft = toy.start(team=team, by=lead, as_draft=True)
        draft.invite(by=lead, addresses=["guest@example.org"])
        assert send_waiting().sent == 0
        draft.open(by=lead)
        assert send_waiting().sent == 1

    def test_inviting_again_sends_a_new_link_beside_the_old_one(self, client, assessment, lead):
        for _ in range(2):
            assessment.invite(by=lead, addresses=["guest@example.org"])
            send_waiting()
        old, new = map(token_in, mail.outbox)
        assert old != new
        assert client.get(f"/i/{old}/").status_code == 200
        assert client.get(f"/i/{new}/").status_code == 200

    def test_an_answer_begun_by_the_old_link_is_found_by_the_new_one(self, assessment, lead):
        guest = toy.guest(assessment, email="guest@example.org")
        toy.rate(assessment, guest, "F F - - - - - -")
        send_waiting()
        assessment.remind(by=lead)
        send_waiting()
        invitation = Invitation.objects.genuine(token_in([m for m in mail.outbox if m.to == ["guest@example.org"]][-1]))
        assert invitation.respondent.ratings.count() == 2

    def test_the_page_only_puts_them_into_the_outbox(self, client, assessment, lead):
        client.force_login(lead)
        page = client.post(f"/assessments/{assessment.pk}/invite/", {"addresses": "guest@example.org"}, follow=True)
        assert "Invited 1 person. The message is on its way." in page.content.decode()
        assert not mail.outbox
        assert Mail.objects.get().is_waiting

    def test_without_mail_the_page_says_so_and_nothing_is_claimed_to_be_sent(self, client, assessment, lead, settings):
        settings.MAIL_ENABLED = False
        client.force_login(lead)
        page = client.post(f"/assessments/{assessment.pk}/invite/", {"addresses": "guest@example.org"}, follow=True)
        assert "nothing was sent" in page.content.decode()
        call_command("send_due", verbosity=0)
        assert not mail.outbox
        assert Mail.objects.get().is_waiting

    @pytest.mark.parametrize("way", ["withdrawn", "submitted", "ended", "discarded", "left the team"])
    def test_a_mail_that_nobody_needs_any_more_is_not_sent(self, assessment, lead, way):
        guest = toy.guest(assessment, email="guest@example.org")
        toy.rate(assessment, guest, "F F F F F F F F")
        member = make_membership(team=assessment.team, role="member")
        assessment.ask(member.user)
        assessment.invite(by=lead, members=[member.user])
        assessment.remind(by=lead)
        if way == "withdrawn":
            assessment.revoke(guest.invitation, by=lead)
        elif way == "submitted":
            assessment.submit(by=guest)
        elif way == "ended":
            assessment.end_answering(by=lead)
        elif way == "discarded":
            assessment.discard(by=lead)
        else:
            member.delete()
        send_waiting()
        reached = {message.to[0] for message in mail.outbox}
        gone = {member.user.email} if way == "left the team" else {"guest@example.org"}
        assert not reached & gone
        assert bool(reached) == (way in {"withdrawn", "submitted", "left the team"})


class TestAnonymous:
    def test_a_reminder_carries_no_token_and_an_invitation_does_until_the_person_has_begun(self, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        anonymous.invite(by=lead, members=[lead], addresses=["guest@example.org"])
        send_waiting()
        assert all("/i/" in m.body for m in mail.outbox)
        mail.outbox.clear()
        anonymous.remind(by=lead)
        send_waiting()
        assert len(mail.outbox) == 2
        assert not any("/i/" in m.body for m in mail.outbox)

    def test_who_has_begun_gets_no_second_link(self, client, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        send_waiting()
        token = token_in(mail.outbox[0])
        client.post(f"/i/{token}/accept/")
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        assert send_waiting().sent == 1
        assert "/i/" not in mail.outbox[-1].body
        assert client.get(f"/i/{token}/answer/").status_code == 200

    def test_who_begins_while_a_mail_is_on_its_way_keeps_the_link_they_have(self, client, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        send_waiting()
        token = token_in(mail.outbox[0])
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        client.post(f"/i/{token}/accept/")
        send_waiting()
        assert not any("/i/" in m.body for m in mail.outbox[1:])
        assert client.get(f"/i/{token}/answer/").status_code == 200

    def test_no_instant_is_kept_of_a_mail_that_was_sent(self, team, lead, clock):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        clock("2026-06-10T22:30:15+00:00")
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        send_waiting()
        values = Mail.objects.values().get()
        instants = [value for value in values.values() if isinstance(value, datetime.datetime)]
        assert instants == [at("2026-06-11T00:00", "Europe/Berlin")]
        assert values["done_on"] == datetime.date(2026, 6, 11)


def at(text: str, zone: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def due(zone: str, day: str, *, opened="2026-01-01T09:00", team=None) -> Assessment:
    team = team or make_team(time_zone=zone)
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead, date=datetime.date(2026, 1, 1), due=datetime.date.fromisoformat(day))
    Assessment.objects.filter(pk=assessment.pk).update(opened_at=at(opened, "UTC"))
    assessment.refresh_from_db()
    return assessment


class TestReminders:
    @pytest.mark.parametrize(
        "zone,day,moment,kind",
        [
            # Two days before, at nine in the morning of the team and not of the server.
            ("Europe/Berlin", "2026-06-12", "2026-06-10T06:59+00:00", None),
            ("Europe/Berlin", "2026-06-12", "2026-06-10T07:00+00:00", "due-soon"),
            ("Pacific/Auckland", "2026-06-12", "2026-06-09T21:00+00:00", "due-soon"),
            ("Pacific/Auckland", "2026-06-12", "2026-06-09T20:59+00:00", None),
            ("America/Los_Angeles", "2026-06-12", "2026-06-10T16:00+00:00", "due-soon"),
            ("America/Los_Angeles", "2026-06-12", "2026-06-10T15:59+00:00", None),
            ("Asia/Kathmandu", "2026-06-12", "2026-06-10T03:15+00:00", "due-soon"),
            # The whole last day belongs to the person; late is the morning after.
            ("Europe/Berlin", "2026-06-12", "2026-06-12T21:59+00:00", "due-soon"),
            ("Europe/Berlin", "2026-06-12", "2026-06-12T22:00+00:00", None),
            ("Europe/Berlin", "2026-06-12", "2026-06-13T06:59+00:00", None),
            ("Europe/Berlin", "2026-06-12", "2026-06-13T07:00+00:00", "overdue"),
            # Clocks go forward on 29 March 2026 and back on 25 October in Berlin.
            ("Europe/Berlin", "2026-03-31", "2026-03-29T06:59+00:00", None),
            ("Europe/Berlin", "2026-03-31", "2026-03-29T07:00+00:00", "due-soon"),
            ("Europe/Berlin", "2026-03-30", "2026-03-28T08:00+00:00", "due-soon"),
            ("Europe/Berlin", "2026-03-30", "2026-03-28T07:59+00:00", None),
            ("Europe/Berlin", "2026-10-27", "2026-10-25T08:00+00:00", "due-soon"),
            ("Europe/Berlin", "2026-10-27", "2026-10-25T07:59+00:00", None),
            ("Europe/Berlin", "2026-10-24", "2026-10-25T07:59+00:00", None),
            ("Europe/Berlin", "2026-10-24", "2026-10-25T08:00+00:00", "overdue"),
        ],
    )
    def test_time_is_the_teams(self, zone, day, moment, kind):
        assert reached(due(zone, day), datetime.datetime.fromisoformat(moment)) == kind

    def test_who_was_only_just_asked_is_not_told_that_time_is_short(self):
        assessment = due("Europe/Berlin", "2026-06-12", opened="2026-06-11T09:00")
        assert reached(assessment, at("2026-06-11T12:00", "UTC")) is None

    def test_a_day_that_no_clock_reaches_holds_up_nobody(self, clock):
        absurd, usual = due("UTC", "9999-12-31"), due("UTC", "2026-06-12")
        clock("2026-06-13T10:00+00:00")
        queue_due()
        assert set(Mail.objects.values_list("assessment", flat=True)) == {usual.pk}
        assert absurd.pk != usual.pk

    def test_each_is_sent_once_and_only_to_who_has_not_submitted(self, clock):
        assessment = due("Europe/Berlin", "2026-06-12")
        lead = assessment.created_by
        done = make_membership(team=assessment.team, role="member").user
        assessment.ask(done)
        toy.rate(assessment, done, "F F F F F F F F")
        assessment.submit(by=done)
        for moment in ("2026-06-10T08:00", "2026-06-11T08:00", "2026-06-13T08:00", "2026-06-14T08:00"):
            clock(f"{moment}+00:00")
            queue_due()
            send_waiting()
        assert [m.to for m in mail.outbox] == [[lead.email]] * 2
        assert "12 June 2026" in mail.outbox[0].subject
        assert "you can still answer" in mail.outbox[1].subject

    def test_a_due_date_that_is_moved_reminds_anew(self, clock):
        assessment = due("Europe/Berlin", "2026-06-12")
        clock("2026-06-10T08:00+00:00")
        queue_due()
        assert send_waiting().sent == 1
        assessment.set_due(datetime.date(2026, 7, 12), by=assessment.created_by, seen=None)
        clock("2026-06-11T08:00+00:00")
        queue_due()
        assert send_waiting().sent == 0
        clock("2026-07-10T08:00+00:00")
        queue_due()
        assert send_waiting().sent == 1

    def test_a_reminder_that_waited_too_long_is_not_sent(self, clock):
        """The mail server was away until the due date was over, or was moved."""
        assessment = due("Europe/Berlin", "2026-06-12")
        clock("2026-06-10T08:00+00:00")
        queue_due()
        clock("2026-06-12T23:00+00:00")
        assert send_waiting().sent == 0
        assert Mail.objects.get().state == Mail.State.SKIPPED
        assert assessment.mails.count() == 1

    def test_nobody_is_reminded_of_what_takes_no_answers_any_more(self, assessment, lead):
        toy.rate(assessment, lead, "F F F F F F F F")
        assessment.remind(by=lead)
        assessment.end_answering(by=lead)
        queue_due()
        assert send_waiting().sent == 0

    def test_what_waits_about_a_closed_assessment_ends(self, assessment, lead):
        toy.rate(assessment, lead, "F F F F F F F F")
        assessment.remind(by=lead)
        assessment.close(by=lead)
        Mail.objects.drop_pointless()
        assert Mail.objects.get().state == Mail.State.SKIPPED

    def test_who_still_waits_for_the_invitation_is_not_reminded_as_well(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        assert assessment.remind(by=lead) == 1
        send_waiting()
        assert sorted(m.to[0] for m in mail.outbox) == sorted(["guest@example.org", lead.email])

    def test_the_command_says_what_it_did(self, assessment, lead, capsys):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        call_command("send_due")
        assert "1 mail sent." in capsys.readouterr().out


class TestOneReminderADay:
    def test_however_often_the_lead_asks(self, client, assessment, lead, clock):
        clock("2026-06-10T08:00+00:00")
        client.force_login(lead)
        for _ in range(5):
            page = client.post(f"/assessments/{assessment.pk}/remind/", follow=True)
            send_waiting()
        assert len(mail.outbox) == 1
        assert "Nobody was reminded" in page.content.decode()
        # The team's next day, which is not yet the server's.
        clock("2026-06-10T22:01+00:00")
        assert assessment.remind(by=lead) == 1
        assert send_waiting().sent == 1

    def test_also_before_the_first_one_is_sent(self, assessment, lead):
        assert [assessment.remind(by=lead) for _ in range(3)] == [1, 0, 0]

    def test_the_due_date_and_the_lead_together(self, clock):
        assessment = due("Europe/Berlin", "2026-06-12")
        clock("2026-06-10T08:00+00:00")
        queue_due()
        send_waiting()
        assert assessment.remind(by=assessment.created_by) == 0
        # Moved away and back, it does not remind again on the same day.
        for day in (datetime.date(2026, 8, 1), datetime.date(2026, 6, 11), datetime.date(2026, 6, 12)):
            assessment.set_due(day, by=assessment.created_by, seen=None)
            queue_due()
        assert send_waiting().sent == 0
        assert len(mail.outbox) == 1

    def test_a_person_in_two_teams(self, clock):
        """By account in the one, by email in the other, in whatever case."""
        first, second = due("Europe/Berlin", "2026-06-12"), due("Europe/Berlin", "2026-06-12")
        second.invite(by=second.created_by, addresses=[first.created_by.email.title()])
        send_waiting()
        mail.outbox.clear()
        clock("2026-06-10T08:00+00:00")
        queue_due()
        queue_due()
        send_waiting()
        reached = sorted(message.to[0].lower() for message in mail.outbox)
        assert reached == sorted([first.created_by.email, second.created_by.email])
        # The other one comes the day after: the due date is not over.
        clock("2026-06-11T08:00+00:00")
        queue_due()
        send_waiting()
        assert len(mail.outbox) == 3
