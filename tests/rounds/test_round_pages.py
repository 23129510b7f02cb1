"""The pages of rounds: two to start one, and one on which it is followed."""

import datetime
import uuid

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils.http import urlencode

from assessments.models import Assessment, Mail, Round
from assessments.web.dates import day

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from .test_rounds import make_staffed_team

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class World:
    def __init__(self, *, teams=3):
        self.unit = make_unit(name="Shop")
        self.admin = make_user(is_administrator=True)
        self.manager = make_membership(unit=self.unit, role="manager").user
        self.edition = toy.make_edition()
        self.teams = [make_staffed_team(unit=self.unit, name=f"Team {n}") for n in "ABC"[:teams]]
        self.today = datetime.date.today()

    def terms(self, **changes):
        return {
            "unit": self.unit.pk,
            "edition": self.edition.pk,
            "questionnaire": "full",
            "name": "Q4 2026",
            "opens": self.today.isoformat(),
            "due": (self.today + datetime.timedelta(days=14)).isoformat(),
            "repeats": "quarterly",
            "anonymous": "no",
            "leeway": 7,
            "message": "",
            **changes,
        }

    def running(self, **changes) -> Round:
        due = self.today + datetime.timedelta(days=14)
        usual = {"unit": self.unit, "edition": self.edition, "name": "Q4 2026", "opens": self.today, "due": due}
        round_ = Round.objects.draft(by=self.admin, **usual | changes)
        round_.start(by=self.admin, teams=round_.teams_to_choose())
        round_ = Round.objects.get(pk=round_.pk)
        round_.resume()
        return round_


@pytest.fixture
def world():
    return World()


def page_of(client, user, address):
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_twelve_teams_start_on_three_pages(client):
    """The page of the terms, that of the teams, and the round itself."""
    world = World()
    for number in range(9):
        make_staffed_team(unit=world.unit, name=f"Team {number}")
    client.force_login(world.manager)
    assert client.get("/rounds/new/").status_code == 200
    response = client.post("/rounds/new/", world.terms())
    round_ = Round.objects.get()
    assert response.headers["Location"] == f"/rounds/{round_.pk}/teams/"
    page = client.get(response.headers["Location"]).content.decode()
    assert page.count("checked") == 12
    teams = [team.pk for team in round_.teams_to_choose()]
    response = client.post(response.headers["Location"], {"teams": teams}, follow=True)
    assert response.redirect_chain == [(f"/rounds/{round_.pk}/", 302)]
    assert "12 teams are started." in response.content.decode()
    assert "0 of 12 teams closed" in response.content.decode()
    assert Assessment.objects.open().count() == 12


def test_the_preview_says_who_has_no_lead_no_member_or_an_open_assessment(client, world):
    toy.start(team=world.teams[0], by=world.teams[0].leads()[0], edition=world.edition)
    headless = make_team(unit=world.unit, name="Headless")
    make_membership(team=headless, role="member")
    alone = make_team(unit=world.unit, name="Alone")
    make_membership(team=alone, role="lead")
    make_team(unit=world.unit, name="Empty")
    client.force_login(world.admin)
    client.post("/rounds/new/", world.terms())
    page = page_of(client, world.admin, f"/rounds/{Round.objects.get().pk}/teams/")
    assert "In 1 team an assessment with this framework is under way" in page
    assert "2 teams have no lead" in page
    assert "2 teams have no member" in page
    assert "No member: only its lead answers." in page
    assert "Nobody answers for it yet." in page
    # Not the one under way, and not the empty one.
    assert page.count("checked") == 4


def test_the_next_draft_ticks_the_teams_of_the_round_before(client, world):
    round_ = Round.objects.draft(
        by=world.admin,
        unit=world.unit,
        edition=world.edition,
        name="Q4 2026",
        opens=world.today + datetime.timedelta(days=1),
        due=world.today + datetime.timedelta(days=9),
        repeats="quarterly",
    )
    round_.start(by=world.admin, teams=world.teams[:2])
    (draft,) = Round.objects.draft_next(round_.next_opens)
    client.force_login(world.admin)
    page = client.get(f"/rounds/{draft.pk}/", follow=True).content.decode()
    ticked = [team.name for team in world.teams if f'value="{team.pk}" checked' in page]
    assert ticked == ["Team A", "Team B"]


def test_a_manager_cannot_start_a_round_elsewhere(client, world):
    other = make_unit()
    client.force_login(world.manager)
    for unit in ("", other.pk):
        assert client.post("/rounds/new/", world.terms(unit=unit)).status_code == 422
    assert not Round.objects.exists()
    draft = Round.objects.draft(
        by=world.admin, unit=world.unit, edition=world.edition, name="R", opens=world.today, due=world.today
    )
    foreign = make_staffed_team(unit=other)
    assert client.post(f"/rounds/{draft.pk}/teams/", {"teams": [foreign.pk]}).status_code == 422
    assert not Assessment.objects.exists()


def test_a_manager_of_a_part_sees_their_teams_only_and_runs_nothing(client, world):
    make_staffed_team(unit=make_unit(), name="Elsewhere")
    round_ = world.running(unit=None)
    page = page_of(client, world.manager, f"/rounds/{round_.pk}/")
    assert "0 of 3 teams closed" in page
    assert "Elsewhere" not in page
    assert "<form" not in page.partition("<main")[2]
    for action in ("resume", "remind", "extend", "close", "discard"):
        assert client.post(f"/rounds/{round_.pk}/{action}/").status_code == 403


def test_the_page_says_where_each_team_is(client, world):
    round_ = world.running()
    _answering, review, closed = (team.assessments.get() for team in world.teams)
    for begun in (review, closed):
        lead = begun.team.leads()[0]
        toy.rate(begun, lead, "F F L N F F P N")
        begun.submit(by=lead)
        begun.end_answering(by=lead)
    closed.close(by=world.teams[2].leads()[0])
    page = page_of(client, world.manager, f"/rounds/{round_.pk}/")
    assert "1 of 3 teams closed" in page
    assert "14 days left</b> for answers" in page
    assert "0 of 3 have submitted" in page
    assert page.count("1 of 3 have submitted") == 4
    assert 'aria-label="Closed: 1, In review: 1, Answering: 1"' in page
    only = page_of(client, world.manager, f"/rounds/{round_.pk}/?show=closed").partition('id="teams"')[2]
    assert "Team C" in only
    assert "Team A" not in only


def test_of_an_anonymous_assessment_it_says_no_more_than_its_own_page(client, world):
    for team in world.teams:
        make_membership(team=team, role="member")
    round_ = world.running(anonymous=True)
    page = page_of(client, world.manager, f"/rounds/{round_.pk}/")
    own = page_of(client, world.manager, f"/assessments/{world.teams[0].assessments.get().pk}/")
    assert page.count("Nobody’s submission is shown yet") == 6
    assert "Nobody’s submission is shown yet" in own
    assert "of 4 have submitted" not in page


@override_settings(MAIL_ENABLED=True)
def test_reminds_extends_and_closes_all_at_once(client, world):
    round_ = world.running()
    Mail.objects.update(state=Mail.State.SENT)
    client.force_login(world.manager)
    page = client.post(f"/rounds/{round_.pk}/remind/", follow=True).content.decode()
    assert "In 3 teams everyone who has not submitted gets a reminder" in page
    later = world.today + datetime.timedelta(days=20)
    page = client.post(f"/rounds/{round_.pk}/extend/", {"due": later.isoformat()}, follow=True).content.decode()
    assert "in 3 teams that had an earlier one" in page
    assert set(Assessment.objects.values_list("due", flat=True)) == {later}
    response = client.post(f"/rounds/{round_.pk}/extend/", {"due": world.today.isoformat()})
    assert response.status_code == 422
    assert "A round can only be extended." in response.content.decode()
    page = client.post(f"/rounds/{round_.pk}/close/", follow=True).content.decode()
    assert "Assessments that are still open stay open." in page
    assert client.post(f"/rounds/{round_.pk}/extend/", {"due": later.isoformat()}).status_code == 422


def test_what_one_request_does_not_start_the_page_goes_on_with(client, world, monkeypatch):
    monkeypatch.setattr("assessments.rounds.views.PATIENCE", -1)
    client.force_login(world.admin)
    client.post("/rounds/new/", world.terms())
    round_ = Round.objects.get()
    teams = [team.pk for team in world.teams]
    page = client.post(f"/rounds/{round_.pk}/teams/", {"teams": teams}, follow=True).content.decode()
    assert "3 teams are not started yet" in page
    assert 'hx-trigger="load, submit"' in page
    monkeypatch.setattr("assessments.rounds.views.PATIENCE", 9)
    response = client.post(f"/rounds/{round_.pk}/resume/", headers={"HX-Request": "true"})
    assert response.headers["HX-Refresh"] == "true"
    page = client.get(f"/rounds/{round_.pk}/").content.decode()
    assert "not started yet" not in page
    assert "htmx" not in page.partition("</head>")[0].replace("htmx-config", "")


def test_a_draft_that_somebody_changed_meanwhile_is_not_overwritten(client, world):
    draft = Round.objects.draft(
        by=world.admin, unit=world.unit, edition=world.edition, name="R", opens=world.today, due=world.today
    )
    draft.change(by=world.admin, seen=0, name="Mine")
    client.force_login(world.manager)
    response = client.post(f"/rounds/{draft.pk}/edit/", world.terms(name="Theirs", revision=0))
    assert response.status_code == 409
    assert "Mine" in response.content.decode()


def test_ten_thousand_teams_are_not_too_many_to_send(client, world):
    draft = Round.objects.draft(by=world.admin, unit=None, edition=world.edition, opens=world.today, due=world.today)
    client.force_login(world.admin)
    teams = [uuid.uuid4() for _ in range(9_999)] + [team.pk for team in world.teams]
    form = urlencode({"teams": teams}, doseq=True)
    address = reverse("round-teams", args=[draft.pk])
    answer = client.post(address, form, content_type="application/x-www-form-urlencoded")
    # Nobody knows most of them; what matters is that the form was read.
    assert answer.status_code == 422


def test_a_started_round_is_not_edited(client, world):
    round_ = world.running()
    client.force_login(world.admin)
    assert client.get(f"/rounds/{round_.pk}/edit/").status_code == 302
    assert client.post(f"/rounds/{round_.pk}/edit/", world.terms(name="Other")).status_code == 409
    assert Round.objects.get().name == "Q4 2026"


def test_a_round_that_opens_later_says_so_and_is_not_under_way(client, world):
    opens = world.today + datetime.timedelta(days=6)
    client.force_login(world.manager)
    client.post("/rounds/new/", world.terms(opens=opens.isoformat(), due=opens.isoformat()))
    round_ = Round.objects.get()
    teams = [team.pk for team in world.teams]
    page = client.post(f"/rounds/{round_.pk}/teams/", {"teams": teams}, follow=True).content.decode()
    assert f"The round is started. It opens on {day(opens)}." in page
    listed = page_of(client, world.manager, "/rounds/")
    assert "Not open yet" in listed
    assert "Under way" not in listed
    assert f"Opens {day(opens)}" in page_of(client, world.manager, "/")


def test_the_page_leads_to_the_round_that_repeats_it(client, world):
    round_ = world.running(repeats="quarterly")
    address = f"/rounds/{round_.pk}/"
    assert "Q1 2027 is drafted on" in page_of(client, world.manager, address)
    (draft,) = Round.objects.draft_next(round_.next_opens)
    page = page_of(client, world.manager, address)
    assert "is drafted on" not in page
    assert f'href="/rounds/{draft.pk}/"' in page
    Round.objects.update(unit=None)
    # Managers of a part cannot open a draft for the whole.
    page = page_of(client, world.manager, address)
    assert "is drafted on" not in page
    assert str(draft.pk) not in page


def test_a_round_without_a_team_under_way_waits_to_be_closed(client, world):
    round_ = world.running()
    discarded, *closed = (team.assessments.get() for team in world.teams)
    for begun in closed:
        assert "Close the round" not in page_of(client, world.manager, "/")
        lead = begun.team.leads()[0]
        toy.rate(begun, lead, "F F L N F F P N")
        begun.close(by=lead)
    discarded.discard(by=discarded.team.leads()[0])
    assert f"Close the round {round_}" in page_of(client, world.manager, "/")
    assert page_of(client, world.manager, f"/rounds/{round_.pk}/").count(f"/rounds/{round_.pk}/close/") == 1
    Round.objects.update(unit=None)
    assert "Close the round" not in page_of(client, world.manager, "/"), "they cannot close it"
    assert "Close the round" in page_of(client, world.admin, "/")
    client.post(f"/rounds/{round_.pk}/close/")
    assert "Close the round" not in page_of(client, world.admin, "/")


@override_settings(MAIL_ENABLED=True)
def test_whoever_runs_the_round_can_do_something_about_a_silent_lead(client, world):
    round_ = world.running()
    assert "for its lead" not in page_of(client, world.admin, round_.get_absolute_url())
    past = world.today - datetime.timedelta(days=1)
    late = Assessment.objects.get(team=world.teams[0])
    Assessment.objects.filter(pk=late.pk).update(date=past, due=past)
    members = f"/teams/{late.team_id}/members/"
    page = page_of(client, world.admin, round_.get_absolute_url())
    assert "1 team waits for its lead" in page
    assert f'href="{members}"' in page
    assert f'action="/rounds/{round_.pk}/remind-leads/"' in page
    page = page_of(client, world.manager, round_.get_absolute_url())
    assert members not in page
    assert "An administrator can make somebody else a lead." in page
    answer = client.post(f"/rounds/{round_.pk}/remind-leads/", follow=True).content.decode()
    assert "The leads of 1 team get a mail" in answer
    assert Mail.objects.get(kind=Mail.Kind.ROUND_WAITS).user == late.team.leads()[0]


@override_settings(MAIL_ENABLED=False)
def test_the_start_page_says_that_teams_wait_for_silent_leads(client, world):
    round_ = world.running()
    assert "wait" not in page_of(client, world.admin, "/").split("Round Q4 2026")[1].split("</li>")[0]
    past = world.today - datetime.timedelta(days=1)
    late = Assessment.objects.filter(team__in=world.teams[:2])
    late.update(date=past, due=past)
    for person in (world.admin, world.manager):
        task = page_of(client, person, "/").split("Round Q4 2026")[1].split("</li>")[0]
        assert "2 teams wait for their leads" in task
        assert "Overdue" in task
        assert f'href="{round_.get_absolute_url()}#needs-you"' in task


def test_without_mail_a_silent_lead_is_named_and_can_be_replaced(client, world):
    round_ = world.running()
    past = world.today - datetime.timedelta(days=1)
    Assessment.objects.filter(team=world.teams[0]).update(date=past, due=past)
    page = page_of(client, world.admin, round_.get_absolute_url())
    assert "remind-leads" not in page
    assert f"Lead: {world.teams[0].leads()[0]}" in page


def test_the_short_version_is_offered_only_if_a_framework_has_one(client, world):
    def choices():
        return page_of(client, world.admin, "/rounds/new/").split('name="questionnaire"')[1:]

    assert len(choices()) == 2
    assert "only with" not in "".join(choices())
    without = toy.make_edition(quick=())
    _full, short = choices()
    assert f"only with {world.edition.name}" in short
    client.force_login(world.admin)
    page = client.post("/rounds/new/", world.terms(edition=without.pk, questionnaire="short")).content.decode()
    assert "This version has no short questionnaire." in page
    world.edition.retire()
    assert len(choices()) == 1
    client.post("/rounds/new/", world.terms(edition=without.pk, questionnaire="short"))
    assert not Round.objects.exists()


@pytest.mark.parametrize("mail", [True, False])
def test_nobody_is_promised_an_email_that_cannot_be_sent(client, world, mail):
    with override_settings(MAIL_ENABLED=mail):
        page = page_of(client, world.admin, "/rounds/new/")
    assert ("You get an email" in page) is mail
    assert ("It waits on your start page" in page) is not mail
