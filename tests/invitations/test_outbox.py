"""Mails: what waits, what is sent once, and what happens when the mail server is away."""

import datetime
import re
import smtplib
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from assessments.invitations import mail as mailing
from assessments.models import Assessment, Invitation, Mail

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


def token_in(message) -> str:
    return re.search(r"https://maturity\.example\.org/i/([\w-]+)/", message.body).group(1)


def broken(error):
    return patch("django.core.mail.backends.locmem.EmailBackend.send_messages", side_effect=error)


class TestInvitations:
    def test_a_mail_carries_a_link_that_works_in_plain_text_and_html(self, client, assessment, lead):
        assessment.invite(by=lead, members=[lead], addresses=["guest@example.org"])
        assert mailing.send_waiting().sent == 2
        assert {m.to[0] for m in mail.outbox} == {lead.email, "guest@example.org"}
        for message in mail.outbox:
            token = token_in(message)
            html = message.alternatives[0].content
            assert f"/i/{token}/" in html
            assert client.get(f"/i/{token}/").status_code == 200
        assert "Hello Ada," in mail.outbox[0].body

    def test_what_is_stored_is_neither_text_nor_token_nor_address(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        mailing.send_waiting()
        row = str(Mail.objects.values()[0])
        assert token_in(mail.outbox[0]) not in row
        assert "guest" not in row

    def test_nothing_is_sent_twice(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        assert [mailing.send_waiting().sent for _ in range(3)] == [1, 0, 0]

    def test_mails_about_a_draft_wait_until_it_is_opened(self, team, lead):
        draft = toy.start(team=team, by=lead, as_draft=True)
        draft.invite(by=lead, addresses=["guest@example.org"])
        assert mailing.send_waiting().sent == 0
        draft.open(by=lead)
        assert mailing.send_waiting().sent == 1

    def test_inviting_again_sends_a_new_link_beside_the_old_one(self, client, assessment, lead):
        for _ in range(2):
            assessment.invite(by=lead, addresses=["guest@example.org"])
            mailing.send_waiting()
        old, new = map(token_in, mail.outbox)
        assert old != new
        assert client.get(f"/i/{old}/").status_code == 200
        assert client.get(f"/i/{new}/").status_code == 200

    def test_an_answer_begun_by_the_old_link_is_found_by_the_new_one(self, assessment, lead):
        guest = toy.guest(assessment, email="guest@example.org")
        toy.rate(assessment, guest, "F F - - - - - -")
        mailing.send_waiting()
        assessment.remind(by=lead)
        mailing.send_waiting()
        invitation = Invitation.objects.genuine(token_in([m for m in mail.outbox if m.to == ["guest@example.org"]][-1]))
        assert invitation.respondent.ratings.count() == 2

    def test_the_page_sends_the_first_mails_at_once(self, client, assessment, lead, django_capture_on_commit_callbacks):
        client.force_login(lead)
        with django_capture_on_commit_callbacks(execute=True):
            client.post(f"/assessments/{assessment.pk}/invite/", {"addresses": "guest@example.org"})
        assert [m.to for m in mail.outbox] == [["guest@example.org"]]

    def test_without_mail_the_page_says_so_and_nothing_is_claimed_to_be_sent(self, client, assessment, lead, settings):
        settings.MAIL_ENABLED = False
        client.force_login(lead)
        page = client.post(f"/assessments/{assessment.pk}/invite/", {"addresses": "guest@example.org"}, follow=True)
        assert "nothing was sent" in page.content.decode()
        call_command("send_due", verbosity=0)
        assert not mail.outbox
        assert Mail.objects.get().sent_at is None


class TestMailServerAway:
    def test_no_mail_is_lost_and_the_old_link_goes_on_working(self, client, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        mailing.send_waiting()
        old = token_in(mail.outbox[0])
        assessment.invite(by=lead, addresses=["guest@example.org"])
        with broken(ConnectionRefusedError()):
            assert mailing.send_waiting().failed == 1
        assert client.get(f"/i/{old}/").status_code == 200
        Mail.objects.update(not_before=timezone.now())
        assert mailing.send_waiting().sent == 1
        assert client.get(f"/i/{old}/").status_code == 200

    def test_it_is_tried_again_at_growing_intervals(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        waits = []
        for _ in range(3):
            with broken(TimeoutError()):
                mailing.send_waiting()
            waits.append((Mail.objects.get().not_before - timezone.now()).total_seconds())
            assert mailing.send_waiting().sent == 0
            Mail.objects.update(not_before=timezone.now())
        assert waits == sorted(waits)
        assert waits[0] > 60

    def test_a_server_that_is_away_is_asked_once_a_round(self, assessment, lead):
        assessment.invite(by=lead, addresses=[f"guest{n}@example.org" for n in range(5)])
        with broken(ConnectionRefusedError()) as send:
            mailing.send_waiting()
        assert send.call_count == 1

    def test_an_address_that_is_refused_holds_up_nobody(self, assessment, lead):
        assessment.invite(by=lead, addresses=[f"guest{n}@example.org" for n in range(3)])
        with broken(smtplib.SMTPRecipientsRefused({})) as send:
            assert mailing.send_waiting().failed == 3
        assert send.call_count == 3

    def test_a_process_that_died_while_sending_leaves_the_mail_to_the_next(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        assert Mail.objects.claim(Mail.objects.get().pk)
        assert mailing.send_waiting().sent == 0
        Mail.objects.update(claimed_at=timezone.now() - datetime.timedelta(minutes=11))
        assert mailing.send_waiting().sent == 1

    def test_the_log_says_which_mail_and_not_to_whom(self, assessment, lead, caplog):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        with broken(ConnectionRefusedError()), caplog.at_level("WARNING", logger="maturity"):
            mailing.send_waiting()
        assert "guest" not in caplog.text


class TestAnonymous:
    def test_a_reminder_carries_no_token_and_an_invitation_does_until_the_person_has_begun(self, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        anonymous.invite(by=lead, members=[lead], addresses=["guest@example.org"])
        mailing.send_waiting()
        assert all("/i/" in m.body for m in mail.outbox)
        mail.outbox.clear()
        anonymous.remind(by=lead)
        mailing.send_waiting()
        assert len(mail.outbox) == 2
        assert not any("/i/" in m.body or "/i/" in m.alternatives[0].content for m in mail.outbox)

    def test_who_has_begun_gets_no_second_link(self, client, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        mailing.send_waiting()
        token = token_in(mail.outbox[0])
        client.post(f"/i/{token}/accept/")
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        assert mailing.send_waiting().sent == 1
        assert "/i/" not in mail.outbox[-1].body
        assert client.get(f"/i/{token}/answer/").status_code == 200

    def test_who_begins_while_a_mail_is_on_its_way_keeps_the_link_they_have(self, client, team, lead):
        anonymous = toy.start(team=team, by=lead, anonymous=True)
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        mailing.send_waiting()
        token = token_in(mail.outbox[0])
        anonymous.invite(by=lead, addresses=["guest@example.org"])
        person = anonymous.participations.get(invitation__email="guest@example.org")
        client.post(f"/i/{token}/accept/")
        assert not anonymous.make_link(person)
        assert client.get(f"/i/{token}/answer/").status_code == 200


def at(text: str, zone: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def due(zone: str, day: str, *, opened="2026-01-01T09:00") -> Assessment:
    team = make_team(time_zone=zone)
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
        assert mailing.reached(due(zone, day), datetime.datetime.fromisoformat(moment)) == kind

    def test_who_was_only_just_asked_is_not_told_that_time_is_short(self):
        assessment = due("Europe/Berlin", "2026-06-12", opened="2026-06-11T09:00")
        assert mailing.reached(assessment, at("2026-06-11T12:00", "UTC")) is None

    def test_a_day_that_no_clock_reaches_holds_up_nobody(self):
        absurd, usual = due("UTC", "9999-12-31"), due("UTC", "2026-06-12")
        mailing.queue_due(at("2026-06-13T10:00", "UTC"))
        assert set(Mail.objects.values_list("assessment", flat=True)) == {usual.pk}
        assert absurd.pk != usual.pk

    def test_each_is_sent_once_and_only_to_who_has_not_submitted(self):
        assessment = due("Europe/Berlin", "2026-06-12")
        lead = assessment.created_by
        done = make_membership(team=assessment.team, role="member").user
        assessment.ask(done)
        toy.rate(assessment, done, "F F F F F F F F")
        assessment.submit(by=done)
        for moment in ("2026-06-10T08:00", "2026-06-11T08:00", "2026-06-13T08:00", "2026-06-14T08:00"):
            mailing.queue_due(at(moment, "UTC"))
            mailing.send_waiting()
        assert [m.to for m in mail.outbox] == [[lead.email]] * 2
        assert "12 June 2026" in mail.outbox[0].subject
        assert "still wanted" in mail.outbox[1].subject

    def test_a_day_that_is_moved_reminds_anew(self):
        assessment = due("Europe/Berlin", "2026-06-12")
        mailing.queue_due(at("2026-06-10T08:00", "UTC"))
        mailing.send_waiting()
        assessment.set_due(datetime.date(2026, 7, 12), by=assessment.created_by)
        mailing.queue_due(at("2026-06-11T08:00", "UTC"))
        assert mailing.send_waiting().sent == 0
        mailing.queue_due(at("2026-07-10T08:00", "UTC"))
        assert mailing.send_waiting().sent == 1

    def test_nobody_is_reminded_of_what_takes_no_answers_any_more(self, assessment, lead):
        toy.rate(assessment, lead, "F F F F F F F F")
        assessment.remind(by=lead)
        assessment.end_answering(by=lead)
        mailing.queue_due()
        assert mailing.send_waiting().sent == 0

    def test_who_still_waits_for_the_invitation_is_not_reminded_as_well(self, assessment, lead):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        assert assessment.remind(by=lead) == 1
        mailing.send_waiting()
        assert sorted(m.to[0] for m in mail.outbox) == sorted(["guest@example.org", lead.email])

    def test_a_reminder_that_was_asked_for_twice_is_sent_twice(self, assessment, lead):
        for _ in range(2):
            assert assessment.remind(by=lead) == 1
            mailing.send_waiting()
        assert len(mail.outbox) == 2

    def test_the_command_says_what_it_did(self, assessment, lead, capsys):
        assessment.invite(by=lead, addresses=["guest@example.org"])
        call_command("send_due")
        assert "1 mail sent." in capsys.readouterr().out
