"""What changed in a person's teams since they were here."""

import datetime

import pytest
from django.utils import timezone

from assessments.home.changes import changes_for
from assessments.models import Action, Review, Target, User
from assessments.models.installation import begin_request

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
MET, NOT_MET = "F F F F F F F F", "N N N N N N N N"


@pytest.fixture
def team():
    return make_team(name="Search", unit=make_unit())


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def member(team):
    return make_membership(team=team, role="member").user


def now():
    return timezone.now()


def close_one(team, lead, *, codes="F F L N F F P N", review=False, **terms):
    assessment = toy.start(team=team, by=lead, **terms)
    toy.rate(assessment, lead, codes)
    if review:
        assessment.end_answering(by=lead)
        Review.objects.at(assessment)
    return assessment.close(by=lead)


def titles(user, since):
    return [change.title for change in changes_for(user, since)]


class TestVisits:
    def test_a_visit_lasts_an_hour_and_the_one_before_it_is_what_counts(self, member):
        assert member.see_home() is None
        first = User.objects.get(pk=member.pk).home_seen_at
        assert member.see_home() is None
        User.objects.filter(pk=member.pk).update(home_seen_at=first - HOUR)
        person = User.objects.get(pk=member.pk)
        assert person.see_home() == first - HOUR
        assert User.objects.get(pk=member.pk).see_home() == first - HOUR

    def test_of_two_pages_at_once_one_counts(self, member):
        member.see_home()
        then = now() - 2 * HOUR
        User.objects.filter(pk=member.pk).update(home_seen_at=then)
        one, other = User.objects.get(pk=member.pk), User.objects.get(pk=member.pk)
        one.see_home()
        other.see_home()
        assert User.objects.get(pk=member.pk).home_seen_before == then

    def test_the_page_says_what_is_new_and_says_it_again_on_loading_again(self, client, team, lead, member):
        client.force_login(member)
        assert "Since you were here" not in client.get("/").content.decode()
        User.objects.filter(pk=member.pk).update(home_seen_at=now() - 2 * HOUR)
        result = close_one(team, lead)
        for _time in range(2):
            page = client.get("/").content.decode()
            assert "Since you were here" in page
            assert f'href="{result.get_absolute_url()}"' in page.split("Since you were here")[1]
        User.objects.filter(pk=member.pk).update(home_seen_at=now())
        assert client.head("/").status_code == 200


class TestResults:
    def test_new_results_and_closed_reviews_of_own_teams_by_others(self, team, lead, member):
        before = now()
        close_one(team, lead, review=True)
        [change] = changes_for(member, before)
        assert change.title == "New result of Search: Level 1, Step 1 (only 1 of 2 responded)"
        assert "The review was closed on" in change.detail
        assert changes_for(lead, before) == []
        assert changes_for(member, now()) == []
        assert changes_for(member, None) == []

    def test_managers_hear_of_teams_below_their_unit_and_outsiders_of_nothing(self, team, lead):
        before = now()
        close_one(team, lead)
        manager = make_membership(unit=team.unit, role="manager").user
        assert len(titles(manager, before)) == 1
        assert titles(make_membership(team=make_team(), role="lead").user, before) == []
        assert titles(make_user(is_administrator=True), before) == []

    def test_no_longer_a_member_no_longer_told(self, team, lead, member):
        before = now()
        close_one(team, lead)
        member.memberships.all().delete()
        assert titles(member, before) == []

    def test_at_most_ten_the_newest_first_in_few_queries(self, lead, member, team, django_assert_max_num_queries):
        before = now()
        edition = toy.make_edition()
        for number in range(12):
            other = make_team(name=f"Team {number:02}")
            make_membership(team=other, user=member, role="viewer")
            boss = make_membership(team=other, role="lead").user
            close_one(other, boss, edition=edition)
        # memberships, closings, results, reviews, texts of the edition, targets, actions
        begin_request()
        with django_assert_max_num_queries(14):
            found = changes_for(member, before)
        assert len(found) == 10
        assert "Team 11" in found[0].title


class TestTargets:
    def target(self, team, lead, edition, *, due, level=1):
        return Target.objects.set(
            team=team, framework=edition.framework, level=level, due=due, why="", by=lead, rule="largely"
        )

    def test_reached_by_a_new_result_is_said_once(self, team, lead, member):
        edition = toy.make_edition()
        self.target(team, lead, edition, due=team.today() + datetime.timedelta(days=30))
        before = now()
        close_one(team, lead, edition=edition, codes=MET, date=team.today())
        assert any(title.startswith("Target reached by Search: Overall, level 1") for title in titles(member, before))
        between = now()
        close_one(team, lead, edition=edition, codes=MET, date=team.today())
        assert not any("Target reached" in title for title in titles(member, between))

    def test_missed_once_its_day_is_over(self, team, lead, member):
        edition = toy.make_edition()
        target = self.target(team, lead, edition, due=team.today() + datetime.timedelta(days=1))
        days = datetime.timedelta(days=2)
        start = now() - datetime.timedelta(days=5)
        assert not any("Target" in title for title in titles(member, start))
        Target.objects.filter(pk=target.pk).update(due=team.today() - days, set_at=now() - 4 * days)
        assert any(title.startswith("Target of Search is past its due date") for title in titles(member, start))
        close_one(team, lead, edition=edition, codes=NOT_MET, date=team.today() - 2 * days)
        assert any(title.startswith("Target missed by Search: Overall, level 1") for title in titles(member, start))
        assert not any("Target" in title for title in titles(member, now()))


class TestActions:
    def test_given_by_somebody_else_is_news_and_taken_oneself_is_not(self, team, lead, member):
        before = now()
        framework = toy.make_edition().framework
        plan = {"team": team, "framework": framework, "criterion": "x1"}
        given = Action.objects.plan(by=lead, owner=member, text="Write the runbook.", **plan)
        Action.objects.plan(by=member, owner=member, text="My own.", **plan)
        assert titles(member, before) == ["An action is yours now: Write the runbook."]
        assert titles(lead, before) == []
        between = now()
        given.change(by=lead, seen=None, text="Write it.")
        assert titles(member, between) == []
        given.change(by=member, seen=None, owner=lead)
        assert titles(lead, between) == ["An action is yours now: Write it."]
        assert titles(member, before) == []
