"""Switching off a kind of mail: by the link in it, and on the page of the account."""

import datetime

import pytest
from django.test import Client

from assessments.accounts.erasure import erase
from assessments.models import Event, Mail, MailStop
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_user
from ..smtp_sink import text_of
from .reading import stop_path

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 11, 2)
Topic = MailStop.Topic


@pytest.fixture
def assessment(team, lead):
    return toy.start(team=team, by=lead)


@pytest.fixture
def visitor():
    """One that asks for tokens against forgery, and is signed in nowhere."""
    return Client(enforce_csrf_checks=True)


def get_notice(sink, assessment, person):
    Mail.objects.queue_notice([person], Mail.Kind.ROUND, about=assessment, day=DAY, team=assessment.team)
    send_waiting()
    return sink.to(person.email)[-1]


def test_one_click_stops_them_without_signing_in(sink, assessment, lead, visitor):
    message = get_notice(sink, assessment, lead)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"https://maturity.example.org{stop_path(message)}" in text_of(message)
    answer = visitor.post(stop_path(message), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert MailStop.objects.get().topic == Topic.ROUND
    Mail.objects.queue_notice([lead], Mail.Kind.ROUND, about=assessment, day=datetime.date(2026, 11, 3))
    assert Mail.objects.count() == 1


def test_opening_the_page_changes_nothing_and_its_button_does(sink, assessment, lead, visitor):
    path = stop_path(get_notice(sink, assessment, lead))
    assert "Switch off these mails" in visitor.get(path).content.decode()
    visitor.head(path)
    assert not MailStop.objects.exists()
    assert "Switch them on again" in visitor.post(path).content.decode()
    assert MailStop.objects.exists()
    assert "Switch off these mails" in visitor.post(path, {"again": "1"}).content.decode()
    assert not MailStop.objects.exists()


def test_a_link_that_is_not_ours_is_not_found(visitor, sink, assessment, lead):
    path = stop_path(get_notice(sink, assessment, lead))
    broken = path[:-2] + ("a" if path[-2] != "a" else "b") + "/"
    for wrong in (broken, "/mails/stop/nothing/"):
        assert visitor.post(wrong).status_code == 404
    lead.delete()
    assert visitor.post(path).status_code == 404
    assert not MailStop.objects.exists()


def test_the_link_names_kind_and_person_and_nothing_of_the_team(lead, assessment):
    link = MailStop.link(Topic.ROUND, person=lead, email=lead.email)
    assert MailStop.link(Topic.ROUND, person=lead, email="") == link
    for secret in (lead.email, lead.name, assessment.team.name):
        assert secret not in link


def test_a_mail_that_waits_is_not_sent_either(sink, assessment, lead):
    Mail.objects.queue_notice([lead], Mail.Kind.ROUND, about=assessment, day=DAY)
    MailStop(user=lead, topic=Topic.ROUND).begin()
    assert send_waiting().skipped == 1
    assert Mail.objects.get().problem == Mail.Problem.STOPPED


def test_a_guest_stops_reminders_and_still_gets_invitations(sink, assessment, lead, visitor):
    assessment.invite(by=lead, addresses=["guest@example.org"])
    send_waiting()
    assessment.remind(by=lead)
    send_waiting()
    _invitation, reminder = sink.to("guest@example.org")
    assert visitor.post(stop_path(reminder)).status_code == 200
    assert "guest" not in str(MailStop.objects.values().get())
    Mail.objects.filter(kind=Mail.Kind.REMINDER).delete()
    # Ada, who leads the team, is left.
    assert assessment.remind(by=lead) == 1
    assessment.invite(by=lead, addresses=["Guest@example.org"])
    send_waiting()
    assert len(sink.to("guest@example.org")) == 3


def test_reminders_by_date_stop_with_the_others(assessment, lead, member, sink):
    for person in (lead, member):
        MailStop(user=person, topic=Topic.REMINDER).begin()
    assert not Mail.objects.people_to_remind(assessment)
    Mail.objects.queue(assessment.participations.all(), Mail.Kind.DUE_SOON)
    send_waiting()
    assert not sink.taken


def test_links_to_set_a_password_cannot_be_stopped(sink):
    Mail.objects.queue_for(make_user(), Mail.Kind.NEW_ACCOUNT)
    send_waiting()
    assert sink.taken[0]["List-Unsubscribe"] is None


def test_people_choose_on_the_page_of_their_account(client, lead, settings):
    settings.MAIL_ENABLED = True
    client.force_login(lead)
    page = client.get("/account/").content.decode()
    assert page.count('name="mails"') == page.count(" checked") - 1 == len(Topic)
    chosen = [topic for topic in Topic.values if topic != Topic.DIGEST]
    client.post("/account/", {"name": "Ada", "keyboard_shortcuts": "on", "mails": chosen})
    assert [stop.topic for stop in lead.mail_stops.all()] == [Topic.DIGEST]
    assert Event.objects.filter(kind="mails.chosen").get().data == {"off": ["digest"]}
    client.post("/account/", {"name": "Ada", "keyboard_shortcuts": "on", "mails": Topic.values})
    assert not lead.mail_stops.exists()


def test_without_mail_there_is_nothing_to_choose_and_nothing_is_lost(client, lead, settings):
    settings.MAIL_ENABLED = False
    MailStop(user=lead, topic=Topic.DIGEST).begin()
    client.force_login(lead)
    assert 'name="mails"' not in client.get("/account/").content.decode()
    client.post("/account/", {"name": "Ada", "keyboard_shortcuts": "on"})
    assert [stop.topic for stop in lead.mail_stops.all()] == [Topic.DIGEST]


def test_a_lead_sees_that_an_invitation_was_not_sent(sink, client, assessment, lead, member):
    MailStop(user=member, topic=Topic.INVITATION).begin()
    assessment.invite(by=lead, members=[member])
    send_waiting()
    client.force_login(lead)
    page = client.get(f"/assessments/{assessment.pk}/invite/").content.decode()
    assert "Not sent: this person has switched off such mails" in page


def test_erasing_forgets_what_somebody_switched_off(lead, assessment):
    person = make_user(email="gone@example.org")
    MailStop(user=person, topic=Topic.DIGEST).begin()
    MailStop.by_token(MailStop.link(Topic.REMINDER, person=None, email="GONE@example.org").split("/")[-2]).begin()
    lead.is_administrator = True
    lead.save()
    erase(person, by=lead)
    assert not MailStop.objects.exists()


def test_forgetting_a_guest_forgets_it_with_their_last_invitation(lead, assessment):
    assessment.invite(by=lead, addresses=["guest@example.org"])
    MailStop.by_token(MailStop.link(Topic.REMINDER, person=None, email="guest@example.org").split("/")[-2]).begin()
    assessment.forget(assessment.invitations.get(email="guest@example.org"), by=lead)
    assert not MailStop.objects.exists()
