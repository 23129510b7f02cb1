"""Whoever left the team, or was shut out, neither answers by a link that they still have nor is reminded."""

import datetime
import re

import pytest
from django.core import mail

from assessments.models import Guest, Invitation, Mail, Membership, Refused, answering_sql
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_is_set_up(settings):
    settings.MAIL_ENABLED = True


@pytest.fixture
def member(team):
    return make_membership(team=team, role="member", user=make_user(email="mia@toy.example"))


@pytest.fixture
def assessment(team, lead, member):
    """Open; both have answered, and the member has a link."""
    assessment = toy.start(team=team, by=lead)
    assessment.invite(by=lead, members=[member.user])
    send_waiting()
    for who in (lead, member.user):
        toy.rate(assessment, who, "F - - - - - - -")
    return assessment


def token() -> str:
    found = re.search(r"/i/([\w-]+)/", mail.outbox[-1].body)
    assert found
    return found[1]


def place(assessment, token):
    guest = Guest(Invitation.objects.genuine(token), token)
    return answering_sql.place(assessment, guest, assessment.criteria_asked()[1])


def leave(team, lead, member):
    team.remove_member(member, by=lead)


def become_viewer(team, lead, member):
    team.change_role(member, role="viewer", by=lead, seen=0)


def go_by_the_back_office(team, lead, member):
    Membership.objects.filter(pk=member.pk).delete()


def be_deactivated(team, lead, member):
    admin = make_user(is_administrator=True)
    member.user.change_account(by=admin, seen=None, is_active=False, is_administrator=False)


WAYS = [leave, become_viewer, go_by_the_back_office, be_deactivated]


@pytest.mark.parametrize("way", WAYS)
def test_the_link_ends(client, assessment, team, lead, member, way):
    link = token()
    assert place(assessment, link) is not None
    assert client.get(f"/i/{link}/answer/", follow=True).status_code == 200
    way(team, lead, member)
    assert place(assessment, link) is None
    assert client.get(f"/i/{link}/answer/").status_code == 404


@pytest.mark.parametrize("way", WAYS)
def test_no_reminder_is_sent(assessment, team, lead, member, way):
    way(team, lead, member)
    mail.outbox.clear()
    assessment.remind(by=lead)
    send_waiting()
    assert "mia@toy.example" not in [address for each in mail.outbox for address in each.to]


def test_a_link_that_was_taken_away_is_not_renewed_by_a_reminder(assessment, lead):
    guest = toy.guest(assessment, email="guest@toy.example")
    toy.rate(assessment, guest, "F - - - - - - -")
    Mail.objects.update(state=Mail.State.SENT)
    assessment.revoke(guest.invitation, by=lead)
    mail.outbox.clear()
    assessment.remind(by=lead)
    send_waiting()
    assert ["guest@toy.example"] not in [each.to for each in mail.outbox]
    person = assessment.participations.get(invitation=guest.invitation)
    assert assessment.make_link(person) == ""
    assert assessment.invitations.get(pk=guest.invitation.pk).is_revoked


def test_answering_again_asks_the_team_as_it_is_now(assessment, team, lead, member):
    link = token()
    assessment.end_answering(by=lead)
    team.remove_member(member, by=lead)
    newcomer = make_membership(team=team, role="member").user
    assessment.answer_again(by=lead)
    assert assessment.participation_of(newcomer) is not None
    assert assessment.invitations.get(user=member.user).is_revoked
    assessment.refresh_from_db()
    assert place(assessment, link) is None


@pytest.mark.parametrize("verb", ["close", "end_answering", "remind", "share"])
def test_what_was_discarded_meanwhile_is_told(assessment, lead, verb):
    stale = type(assessment).objects.get(pk=assessment.pk)
    assessment.discard(by=lead)
    with pytest.raises(Refused, match="discarded"):
        getattr(stale, verb)(by=lead)


def test_the_day_of_what_was_discarded_cannot_be_moved(assessment, lead):
    stale = type(assessment).objects.get(pk=assessment.pk)
    assessment.discard(by=lead)
    with pytest.raises(Refused, match="discarded"):
        stale.set_due(datetime.date(2026, 12, 1), by=lead, seen=None)
