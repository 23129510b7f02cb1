"""The personal link that a page proposes belongs to whoever used it first; anybody else reads a sentence."""

import pytest

from assessments.models import Invitation, Participation
from assessments.models.participation import InvitationLink, Pledge

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db
USED = "This page was used before"


@pytest.fixture
def lead():
    return make_user()


@pytest.fixture
def team(lead):
    team = make_team()
    make_membership(user=lead, team=team, role="lead")
    return team


@pytest.fixture
def anonymous(team, lead):
    return toy.start(team=team, by=lead, anonymous=True)


def stored() -> tuple[int, int, int]:
    return Invitation.objects.count(), InvitationLink.objects.count(), Participation.objects.count()


def refused(response) -> bool:
    return response.status_code == 409 and USED in response.content.decode()


def test_a_pledge_that_was_used_in_another_assessment_is_refused(client, team, lead, anonymous):
    pledge = Pledge.make()
    first, second = anonymous.share(by=lead), toy.start(team=make_team(), by=lead).share(by=lead)
    assert client.post(f"/i/{first}/accept/", {"pledge": pledge}).status_code == 302
    before = stored()
    assert refused(client.post(f"/i/{second}/accept/", {"pledge": pledge}))
    assert stored() == before


def test_a_pledge_that_another_member_used_is_refused(client, team, lead, anonymous):
    member = make_user()
    make_membership(user=member, team=team, role="member")
    anonymous.ask(member)
    pledge = Pledge.make()
    take = f"/assessments/{anonymous.pk}/answer/link/"
    client.force_login(lead)
    assert client.post(take, {"pledge": pledge}).status_code == 302
    before = stored()
    client.force_login(member)
    assert refused(client.post(take, {"pledge": pledge}))
    assert stored() == before
    assert anonymous.participations.get(user=member).state == "asked"
    assert client.post(take, {"pledge": Pledge.make()}).status_code == 302


def test_a_pledge_that_was_used_before_signing_in_is_refused(client, lead, anonymous):
    pledge = Pledge.make()
    shared = anonymous.share(by=lead)
    assert client.post(f"/i/{shared}/accept/", {"pledge": pledge}).status_code == 302
    before = stored()
    client.force_login(lead)
    for address in (f"/i/{shared}/accept/", f"/assessments/{anonymous.pk}/answer/link/"):
        assert refused(client.post(address, {"pledge": pledge}))
    assert stored() == before
