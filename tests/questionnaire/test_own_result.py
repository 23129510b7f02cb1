"""Whoever answered by a link sees there what their assessment came to, and nothing else of the team."""

import re

import pytest

from assessments.models import Guest
from assessments.models.participation import new_token

from .. import toy
from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode().split("<main", 1)[1]).split())


@pytest.fixture
def lead():
    lead = Lead(name="Search")
    lead.closes(AT[0], on="2025-01-01")
    return lead


def assessment_with_guest(lead, codes="F F L N F F L N"):
    assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition)
    guest = toy.guest(assessment, email="guest@example.org")
    toy.rate(assessment, guest, codes)
    assessment.submit(by=guest)
    return assessment, guest


def test_a_guest_is_told_where_the_result_will_be_and_finds_it_there(client, lead):
    assessment, guest = assessment_with_guest(lead)
    page = text(client.get(f"/i/{guest.token}/answer/done/"))
    assert "Then your link shows the result." in page
    assert "Level 2" not in page
    assessment.close(by=lead.user)
    for address in (f"/i/{guest.token}/", f"/i/{guest.token}/answer/", f"/i/{guest.token}/answer/done/"):
        page = text(client.get(address, follow=True))
        assert "Level 2 of 3, Step 2." in page, address


def test_a_guest_sees_nothing_of_the_history_or_of_single_criteria(client, lead):
    assessment, guest = assessment_with_guest(lead)
    assessment.close(by=lead.user)
    response = client.get(f"/i/{guest.token}/answer/done/")
    page = text(response)
    assert "up from" not in page
    assert "Since" not in page
    html = response.content.decode()
    assert lead.team.get_absolute_url() not in html
    assert "/results/" not in html
    assert lead.edition.contents.criteria[0].statement not in page


def test_a_link_that_was_taken_back_shows_no_result(client, lead):
    assessment, guest = assessment_with_guest(lead)
    assessment.close(by=lead.user)
    guest.invitation.refresh_from_db()
    type(guest.invitation).objects.filter(pk=guest.invitation.pk).update(revoked_on="2026-01-01")
    response = client.get(f"/i/{guest.token}/answer/done/")
    assert response.status_code == 404
    assert "Level 2" not in response.content.decode()


def test_while_it_is_open_again_there_is_no_result_to_see(client, lead):
    assessment, guest = assessment_with_guest(lead)
    assessment.close(by=lead.user)
    assessment.reopen(by=lead.user, reason="New facts.", to="review")
    assert "Level 2" not in text(client.get(f"/i/{guest.token}/answer/done/"))


def test_an_anonymous_one_tells_no_more_than_the_level(client, lead):
    people = [make_membership(team=lead.team, role="member", user=make_user(is_confirmed=True)).user for _n in range(4)]
    assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition, anonymous=True)
    guests = [toy.member_by_link(assessment, person) for person in people]
    for guest in guests:
        toy.rate(assessment, guest, AT[2])
        assessment.submit(by=guest)
    assessment.close(by=lead.user)
    guest = Guest(assessment.invitations.get(user=people[0]), guests[0].token)
    page = text(client.get(f"/i/{guest.token}/answer/done/"))
    assert "Level 2 of 3, Step 2." in page
    assert "Answers are no longer linked to people" in page
    assert "4 of 5 responded" in page


def by_shared_link(assessment, lead) -> Guest:
    """Somebody who took the shared link and began."""
    token = new_token()
    shared = assessment.invitations.genuine(assessment.share(by=lead.user))
    return Guest(assessment.enter(shared, token=token), token)


@pytest.mark.parametrize("anonymous", [False, True])
def test_whoever_came_by_the_shared_link_sees_it_for_having_answered(client, lead, anonymous):
    people = [make_membership(team=lead.team, role="member", user=make_user(is_confirmed=True)).user for _n in range(4)]
    assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition, anonymous=anonymous)
    for person in people:
        toy.rate(assessment, toy.member_by_link(assessment, person) if anonymous else person, AT[2])
    answered, looked = by_shared_link(assessment, lead), by_shared_link(assessment, lead)
    toy.rate(assessment, answered, AT[2])
    assessment.close(by=lead.user)
    assert "Level 2 of 3, Step 2." in text(client.get(f"/i/{answered.token}/answer/done/"))
    for address in (f"/i/{looked.token}/", f"/i/{looked.token}/answer/", f"/i/{looked.token}/answer/done/"):
        page = text(client.get(address, follow=True))
        assert "This assessment is closed." in page, address
        assert "Level 2" not in page, address
        assert "shows its result" not in page, address


def test_the_page_says_of_which_team_and_framework(client, lead):
    assessment, guest = assessment_with_guest(lead)
    assessment.close(by=lead.user)
    response = client.get(f"/i/{guest.token}/answer/done/")
    assert f"{lead.edition.name} · " in text(response)
    assert "<h1>Result</h1>" in response.content.decode()
    # A crumb without any element is not shown.
    assert f"<span>{lead.team}</span>" in response.content.decode().split('class="crumbs"')[1].split("</nav>")[0]


def test_somebody_with_an_account_is_led_to_the_page_of_the_team(client, lead):
    assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition)
    toy.rate(assessment, lead.user, AT[2])
    assessment.close(by=lead.user)
    client.force_login(lead.user)
    page = client.get(f"/assessments/{assessment.pk}/answer/done/").content.decode()
    assert lead.team.get_absolute_url() in page
    assert "Level 2 of 3" not in page
