"""One page starts an assessment and invites everybody to it; without email the next one shows their links."""

import re

import pytest

from assessments.models import Assessment, Event, Mail

from .. import toy
from ..factories import make_membership, make_user

pytestmark = pytest.mark.django_db

LINK = re.compile(r"/i/([\w-]+)")


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def member(team):
    return make_membership(team=team, user=make_user(name="Max")).user


@pytest.fixture
def page(client, team, lead, member):
    client.force_login(lead)
    return f"/teams/{team.pk}/assessments/new/"


def form(edition, *members, **data):
    people = [str(member.pk) for member in members]
    return {
        "edition": edition.pk,
        "date": "2026-03-02",
        "questionnaire": "full",
        "rule": "largely",
        "anonymous": "no",
        "picked": "True",
        "members": people,
        **data,
    }


def test_starting_invites_who_is_ticked_and_who_is_pasted(client, page, edition, lead, member, settings):
    settings.MAIL_ENABLED = True
    shown = client.get(page).content.decode()
    assert shown.count("checked") >= 4, "both members, the questionnaire and named answers"
    sent = form(edition, member, addresses="ada@example.org", message="It is time.")
    assessment_page = client.post(page, sent, follow=True)
    assessment = Assessment.objects.get()
    assert "2 people get an email with their own link." in assessment_page.content.decode()
    assert assessment_page.redirect_chain[-1][0] == assessment.get_absolute_url()
    asked = {person.address for person in assessment.participations.named()}
    assert asked == {member.email, "ada@example.org"}
    mails = Mail.objects.filter(kind=Mail.Kind.INVITATION)
    assert {mail.email for mail in mails} == asked
    assert assessment.message == "It is time."


def test_a_draft_sends_nothing_until_it_is_opened(client, page, edition, member, settings):
    settings.MAIL_ENABLED = True
    answer = client.post(page, form(edition, member, as_draft="yes"), follow=True)
    assert "email with their own link" not in answer.content.decode()
    assessment = Assessment.objects.get()
    assert assessment.is_draft
    assert Mail.objects.count() == 1
    assert not Mail.objects.due().exists()


def test_without_email_the_next_page_shows_a_link_for_each_person(client, page, edition, lead, member):
    shown = client.post(page, form(edition, member, lead, addresses="ada@example.org")).content.decode()
    tokens = dict.fromkeys(LINK.findall(shown))
    assert len(tokens) == 3
    client.logout()
    for token in tokens:
        assert client.get(f"/i/{token}/").status_code == 200


def test_links_are_shown_again_until_somebody_starts(client, page, edition, lead, member):
    client.post(page, form(edition, member, addresses="ada@example.org"))
    assessment = Assessment.objects.get()
    shown = client.post(f"/assessments/{assessment.pk}/links/").content.decode()
    token = re.search(r"ada@example\.org\t\S*/i/([\w-]+)", shown.replace("&#x9;", "\t")) or re.search(
        r"ada@example\.org \S*/i/([\w-]+)", shown
    )
    client.logout()
    client.post(f"/i/{token[1]}/accept/", {})
    client.force_login(lead)
    shown = client.post(f"/assessments/{assessment.pk}/links/").content.decode()
    assert len(set(LINK.findall(shown))) == 1, "only the member has not started"
    assert Event.objects.filter(kind="invitation.shown").count() == 3


def test_no_link_of_an_anonymous_assessment_is_shown(client, page, team, edition, lead, member):
    for _person in range(3):
        make_membership(team=team)
    response = client.post(page, form(edition, *team.people_who_answer(), anonymous="yes"))
    assessment = Assessment.objects.get()
    assert response.url == assessment.get_absolute_url()
    assert client.post(f"/assessments/{assessment.pk}/links/").status_code == 409
    assert not assessment.invitations.filter(links__isnull=False).exists()


def test_a_shared_link_is_shown_with_its_code_right_after_the_start(client, page, edition, member, settings):
    settings.MAIL_ENABLED = True
    shown = client.post(page, form(edition, member, share="on")).content.decode()
    assert len(set(LINK.findall(shown))) == 1
    assert "QR code of the shared link" in shown


def test_another_framework_keeps_what_was_entered(client, page, edition, lead, member):
    other = toy.make_edition(quick=())
    sent = form(edition, member, addresses="ada@example.org, nobody", message="It is time.", due="2026-04-01")
    shown = client.post(page, {**sent, "choose": other.pk}).content.decode()
    assert f'name="edition" value="{other.pk}"' in shown
    for kept in ("ada@example.org, nobody", "It is time.", "2026-04-01"):
        assert kept in shown
    assert re.search(rf'value="{member.pk}"[^>]*checked', shown)
    assert not re.search(rf'value="{lead.pk}"[^>]*checked', shown)
    assert not Assessment.objects.exists()


def test_a_wrong_email_loses_nothing(client, page, edition, member):
    response = client.post(page, form(edition, member, addresses="ada@, max", message="It is time."))
    shown = response.content.decode()
    assert "Not valid emails" in shown
    assert "It is time." in shown
    assert not Assessment.objects.exists()


class TestTheSharedLink:
    @pytest.fixture
    def assessment(self, team, lead, edition):
        return toy.start(team=team, by=lead, edition=edition)

    def comes_by(self, client, shared):
        pledge = re.search(r'name="pledge" value="([^"]+)"', client.get(f"/i/{shared}/").content.decode())[1]
        return client.post(f"/i/{shared}/accept/", {"pledge": pledge, "confirm": "on"})

    def test_finds_who_was_invited_by_email(self, client, assessment, lead):
        assessment.invite(by=lead, addresses=["Ada@example.org"])
        shared = assessment.share(by=lead)
        client.force_login(make_user(email="ada@example.org", is_confirmed=True))
        for _time in range(2):
            assert self.comes_by(client, shared).status_code == 302
        (person,) = assessment.participations.filter(user=None)
        assert person.address == "Ada@example.org"
        assert person.state == "started"

    def test_finds_nobody_by_an_email_that_is_not_proven(self, client, assessment, lead):
        assessment.invite(by=lead, addresses=["ada@example.org"])
        shared = assessment.share(by=lead)
        client.force_login(make_user(email="ada@example.org", is_confirmed=False))
        self.comes_by(client, shared)
        assert assessment.participations.filter(user=None).count() == 2

    def test_does_not_replace_the_link_of_somebody_who_answers_anonymously(self, client, team, lead):
        assessment = toy.start(team=team, by=lead, anonymous=True)
        assessment.invite(by=lead, addresses=["ada@example.org"])
        shared = assessment.share(by=lead)
        client.force_login(make_user(email="ada@example.org", is_confirmed=True))
        assert self.comes_by(client, shared).status_code == 302
        assert self.comes_by(client, shared).status_code == 409
        assert assessment.participations.filter(user=None).count() == 1


def test_every_page_of_an_assessment_says_where_it_is_and_what_is_next(client, team, lead, edition):
    client.force_login(lead)
    assessment = toy.start(team=team, by=lead, edition=edition, as_draft=True)
    pages = [f"/teams/{team.pk}/assessments/new/", assessment.get_absolute_url()]
    pages += [f"{assessment.get_absolute_url()}invite/"]

    def step(page):
        return re.search(r'aria-current="step"><b>(.*?)</b>', client.get(page).content.decode())[1].strip()

    assert [step(page) for page in pages] == ["Prepare"] * 3
    assessment.open(by=lead)
    for tail in ("", "invite/", "end/", "answer/"):
        assert step(assessment.get_absolute_url() + tail) == "Answer", tail
    toy.rate(assessment, lead, "F F L N F F P N")
    assessment.end_answering(by=lead)
    for tail in ("", "close/", "review/"):
        assert step(assessment.get_absolute_url() + tail) == "Review", tail
    result = assessment.close(by=lead)
    for page in (assessment.get_absolute_url(), result.get_absolute_url()):
        assert step(page) == "Result"
