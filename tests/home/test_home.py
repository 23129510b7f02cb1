"""The start page: what waits for whom, and the first steps of an installation."""

import datetime

import pytest

from assessments.home.own_teams import OwnTeams
from assessments.models import Action, Membership, Participation, SetbackReason

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team(name="Search")


@pytest.fixture
def lead(team, client):
    person = make_membership(team=team, role="lead").user
    client.force_login(person)
    return person


@pytest.fixture
def member(team):
    return make_membership(team=team, role="member").user


def start_page(client, person) -> str:
    client.force_login(person)
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def test_one_click_resumes_an_answer_where_it_was_left(client, team, lead, member):
    assessment = toy.start(team=team, by=lead)
    assert f'href="/assessments/{assessment.pk}/answer/"' in start_page(client, member)
    toy.rate(assessment, member, "F F - - - - - -")
    page = start_page(client, member)
    assert f'href="/assessments/{assessment.pk}/answer/next/"' in page
    assert "2 of 8 answered" in page


def test_nobody_learns_how_far_they_are_in_an_anonymous_assessment(client, team, lead, member):
    assessment = toy.start(team=team, by=lead, anonymous=True)
    Participation.objects.filter(assessment=assessment, user=member).update(state=Participation.State.STARTED)
    page = start_page(client, member)
    assert f'href="/assessments/{assessment.pk}/answer/"' in page
    assert "answered" not in page


def test_lead_is_told_when_everyone_has_submitted_but_not_of_an_anonymous_assessment(client, team, lead, member):
    named = toy.start(team=team, by=lead)
    toy.rate(named, lead, "F F L N F F P N")
    anonymous = toy.start(team=team, by=lead, anonymous=True)
    asked = Participation.objects.filter(assessment__in=[named, anonymous])
    submitted = {"state": Participation.State.SUBMITTED, "submitted_on": team.today()}
    asked.filter(user=lead).update(**submitted)
    assert "Everyone has submitted" not in start_page(client, lead)
    asked.update(**submitted)
    page = start_page(client, lead)
    assert page.count("Everyone has submitted") == 1
    assert f'href="/assessments/{anonymous.pk}/"' not in page.split('id="own-teams"')[0]
    assert "Everyone has submitted" not in start_page(client, member)


@pytest.mark.parametrize("anonymous", [False, True])
def test_nobody_is_asked_to_end_what_cannot_be_ended(client, team, lead, member, anonymous):
    due = team.today() - datetime.timedelta(days=1)
    people = [lead, member] + [make_membership(team=team, role="member").user for _person in range(2)]
    assessment = toy.start(team=team, by=lead, anonymous=anonymous, date=due, due=due)
    for person in people:
        assert assessment.too_few()
        page = start_page(client, lead)
        assert "Answers are missing for Search" in page
        assert "End answering for Search" not in page
        who = toy.member_by_link(assessment, person) if anonymous else person
        toy.rate(assessment, who, "F F L N F F P N")
        if not anonymous:
            break
    assert not assessment.too_few()
    page = start_page(client, lead)
    assert "End answering for Search" in page
    assert "Answers are missing" not in page


def test_review_waits_for_lead_and_facilitator_only(client, team, lead, member):
    facilitator = make_user()
    assessment = toy.start(team=team, by=lead, facilitator=facilitator)
    toy.rate(assessment, member, "F F - - - - - -")
    assert "You facilitate the review of Search" in start_page(client, facilitator)
    assessment.end_answering(by=lead)
    review = f'href="/assessments/{assessment.pk}/review/"'
    assert review in start_page(client, lead)
    assert review in start_page(client, facilitator)
    assert review not in start_page(client, member)


def test_a_fall_waits_for_a_note_of_lead_and_member_but_not_of_viewer(client, team, lead, member):
    edition = toy.make_edition()
    viewer = make_membership(team=team, role="viewer").user
    toy.add_result(team=team, edition=edition, date=datetime.date(2025, 1, 1), codes="F F F F F F F F")
    result = toy.add_result(team=team, edition=edition, date=datetime.date(2025, 6, 1), codes="N N N N N N N N")
    for person in (lead, member):
        assert f"/results/{result.pk}/#setback" in start_page(client, person)
    assert "#setback" not in start_page(client, viewer)
    SetbackReason.objects.tell(result=result, text="The team was split.", by=lead)
    assert "#setback" not in start_page(client, lead)


def test_own_actions_wait_while_the_person_is_in_the_team(client, team, lead, member):
    framework = toy.make_edition().framework
    values = {"team": team, "framework": framework, "criterion": "x1", "by": lead, "owner": member}
    today = team.today()
    Action.objects.plan(text="Write tests", due=today, **values)
    Action.objects.plan(text="Much later", due=today + datetime.timedelta(days=40), **values)
    page = start_page(client, member)
    assert "Your action: Write tests" in page
    assert "Much later" not in page
    assert "Write tests" not in start_page(client, lead)
    Membership.objects.filter(user=member).delete()
    assert "Write tests" not in start_page(client, member)


def test_own_teams_show_level_change_and_what_is_under_way(client, team, lead):
    edition = toy.make_edition()
    toy.add_result(team=team, edition=edition, date=datetime.date(2025, 1, 1), codes="N N N N N N N N")
    toy.add_result(team=team, edition=edition, date=datetime.date(2025, 6, 1), codes="F F F F F F F F")
    toy.start(team=team, by=lead, edition=edition)
    other = make_team(name="Fraud")
    page = start_page(client, lead)
    assert 'class="phase now"' in page
    assert f'aria-label="Open: assessment of {team}"' in page
    assert 'class="delta up"' in page
    assert "Fraud" not in page
    manager = make_membership(unit=other.unit, role="manager").user
    page = start_page(client, manager)
    assert "Fraud" in page
    assert ">Search</a>" not in page


def test_checklist_of_administrators_ticks_itself_until_the_first_result(client):
    admin = make_user(is_administrator=True, password="a good long one")
    page = start_page(client, admin)
    assert "0 of 6 done" in page
    edition = toy.make_edition()
    unit = make_unit()
    team = make_team(unit=unit, name="Search")
    page = start_page(client, admin)
    assert "2 of 6 done" in page
    assert "Search has no lead" in page
    lead = make_membership(team=team, role="lead").user
    page = start_page(client, admin)
    assert "3 of 6 done" in page
    assert "Search has no lead" not in page
    assert "Getting started" not in start_page(client, lead)
    toy.start(team=team, by=lead, edition=edition)
    assert "4 of 6 done" in start_page(client, admin)
    toy.add_result(team=team, edition=edition, date=datetime.date(2025, 1, 1))
    assert "Getting started" not in start_page(client, admin)


def test_a_team_that_somebody_both_leads_and_manages_counts_once(team):
    manager = make_membership(unit=team.unit, role="manager").user
    make_membership(team=team, role="lead", user=manager)
    make_team(unit=team.unit)
    teams = OwnTeams.of(manager)
    assert (teams.total, len(teams.shown), teams.has_more) == (2, 2, False)
