"""A team's path to a level: the set, the forecast in words, and one button that plans it."""

import datetime
import re
from fractions import Fraction

import pytest

from assessments import scoring
from assessments.models import Action, Event, Refused, Target
from assessments.scoring.pace import MONTH
from assessments.web.dates import day

from .. import toy
from ..factories import make_membership
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()


def days(number):
    return TODAY + datetime.timedelta(days=number)


@pytest.fixture
def lead(client):
    lead = Lead()
    client.force_login(lead.user)
    return lead


def address_of(lead, **query):
    known = {"framework": lead.edition.framework.key, **query}
    return f"/teams/{lead.team.pk}/path/?" + "&".join(f"{name}={value}" for name, value in known.items())


def text_of(client, lead, **query):
    response = client.get(address_of(lead, **query))
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def sent(lead, result, **changes):
    return {"level": 2, "due": str(days(200)), "result": str(result.pk), "why": "", **changes}


def test_the_smallest_set_is_listed_with_what_is_planned(client, lead):
    lead.closes(AT[1], on=str(days(-30)))
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    Action.objects.plan(**terms, criterion="x4", text="Do it.")
    page = text_of(client, lead, level=3)
    assert "The path to level 3" in page
    assert "3 criteria" in page
    assert page.count(" planned ") >= 1
    for key in ("x4", "y3", "y4"):
        assert f"Practice {key} is done." in page
    assert "from “Partly” to “Largely”" in page
    assert "Practice y1 is done." not in page


@pytest.mark.parametrize(("number", "enough"), [(1, False), (2, False), (3, True)])
def test_it_takes_three_results(client, lead, number, enough):
    for n in range(number):
        lead.closes(AT[n], on=str(days(-400 + 100 * n)))
    page = text_of(client, lead, level=3)
    assert ("Not enough history for a forecast: it takes three results." in page) is not enough
    assert ("At the usual pace the team gets there by" in page) is enough


def test_results_too_close_together_are_told(client, lead):
    for n in range(3):
        lead.closes(AT[n], on=str(days(-10 + n)))
    assert "three results that are at least four weeks apart" in text_of(client, lead, level=3)


def test_a_short_result_is_no_history(client, lead):
    lead.closes(AT[0], on=str(days(-300)))
    lead.closes("F N", on=str(days(-200)), questionnaire="short")
    lead.closes(AT[1], on=str(days(-100)))
    assert "it takes three results." in text_of(client, lead, level=3)


def test_a_new_ladder_begins_a_new_history(client, lead):
    lead.closes(AT[0], on=str(days(-300)))
    lead.closes(AT[1], on=str(days(-200)))
    framework = lead.edition.framework
    after = toy.make_edition(key=framework.key, version="2.0.0", new_ladder=True)
    lead.closes(AT[1], on=str(days(-100)), edition=after)
    assert "it takes three results." in text_of(client, lead, level=3)


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (149, "is before the range: even the fastest pace so far is not enough."),
        (150, "is within the range, but it takes more than the usual pace."),
        (299, "is within the range, but it takes more than the usual pace."),
        (300, "is within the range: the usual pace is enough, the slowest is not."),
        (599, "is within the range: the usual pace is enough, the slowest is not."),
        (600, "is after the range: even the slowest pace so far is enough."),
    ],
)
def test_the_wanted_day_is_placed_in_words(client, lead, due, said):
    """One criterion in 200 days, one in 100, two in 100; three are missing: 150 days, 300 usually, or 600."""
    lead.closes("F N N N N N N N", on=str(days(-500)))
    lead.closes("F N N N F N N N", on=str(days(-300)))
    lead.closes("F F N N F N N N", on=str(days(-200)))
    lead.closes("F F L N F F N N", on=str(days(-100)))
    page = text_of(client, lead, level=3, due=days(due))
    assert f"{day(days(due))} {said}" in page
    assert "Criteria gained a month so far: usually 0.3, between 0.2 and 0.6, in 3 stretches between results." in page
    needed = scoring.rounded(Fraction(3) * MONTH / due, 1)
    assert f"To get there by {day(days(due))} takes {needed} criteria a month." in page


def test_a_team_that_does_not_move_gets_no_day(client, lead):
    for n in range(3):
        lead.closes(AT[1], on=str(days(-400 + 100 * n)))
    page = text_of(client, lead, level=3, due=days(300))
    assert "At none of its paces so far does the team get there within twenty years." in page
    assert "is out of range: no pace so far is enough." in page


def test_a_day_in_the_past_is_answered(client, lead):
    lead.closes(AT[1], on=str(days(-30)))
    assert "Choose a date in the future." in text_of(client, lead, level=3, due=days(-3))


def test_what_is_reached_or_out_of_reach_has_no_button(client, lead):
    lead.closes(AT[2], on=str(days(-30)))
    page = text_of(client, lead, level=1, due=days(30))
    assert "Already reached" in page
    assert "set the target" not in page


def test_without_a_choice_it_is_about_the_next_target(client, lead):
    lead.closes(AT[0], on=str(days(-30)))
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user, "rule": "largely", "why": "Why."}
    Target.objects.set(**terms, level=3, due=days(90))
    page = client.get(f"/teams/{lead.team.pk}/path/").content.decode()
    assert f'value="{days(90)}"' in page
    assert "The path to level 3" in page


class TestPlanning:
    def test_one_button_makes_the_actions_and_the_target(self, client, lead):
        result = lead.closes(AT[0], on=str(days(-30)))
        terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
        there = Action.objects.plan(**terms, criterion="x2", text="Do it.")
        response = client.post(address_of(lead), sent(lead, result, why="Fewer nights."), follow=True)
        assert "Target set, and 3 actions planned." in response.content.decode()
        made = Action.objects.exclude(pk=there.pk)
        assert sorted(made.values_list("criterion", flat=True)) == ["x3", "y2", "y3"]
        assert set(made.values_list("due", flat=True)) == {days(200)}
        assert all(action.text for action in made)
        target = Target.objects.get()
        assert (target.level, target.due, target.why, target.baseline) == (2, days(200), "Fewer nights.", result)
        assert Event.objects.filter(kind="target.set").count() == 1

    def test_twice_is_once(self, client, lead):
        result = lead.closes(AT[1], on=str(days(-30)))
        client.post(address_of(lead), sent(lead, result))
        number, events = Action.objects.count(), Event.objects.count()
        page = client.post(address_of(lead), sent(lead, result), follow=True).content.decode()
        assert "planned already" in page
        assert (Action.objects.count(), Target.objects.count(), Event.objects.count()) == (number, 1, events)

    def test_another_target_of_that_day_stays_and_nothing_is_planned(self, client, lead):
        result = lead.closes(AT[1], on=str(days(-30)))
        terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user, "rule": "largely"}
        Target.objects.set(**terms, level=3, due=days(200), why="Why.")
        response = client.post(address_of(lead), sent(lead, result, why="Kept words."))
        page = response.content.decode()
        assert response.status_code == 409
        assert "There is already a target of another level for this date." in page
        assert "Kept words." in page
        assert Target.objects.get().level == 3
        assert not Action.objects.exists()

    def test_neither_is_made_if_one_fails(self, lead):
        result = lead.closes(AT[1], on=str(days(-30)))
        terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user, "rule": "largely"}
        wanted = {"level": 2, "due": days(200), "why": "", "baseline": result}

        class Failing(dict):
            def items(self):
                yield "y3", "Do it."
                raise Refused("no")

        with pytest.raises(Refused):
            Target.objects.set_with_actions(**terms, **wanted, texts=Failing())
        assert not Target.objects.exists()
        assert not Action.objects.exists()

    def test_a_newer_result_has_to_be_looked_at_first(self, client, lead):
        result = lead.closes(AT[0], on=str(days(-30)))
        lead.closes(AT[1], on=str(days(-3)))
        response = client.post(address_of(lead), sent(lead, result))
        assert response.status_code == 409
        assert "There is a newer result by now." in response.content.decode()
        assert not Target.objects.exists()

    @pytest.mark.parametrize("wrong", [{"due": "soon"}, {"due": ""}, {"due": str(days(-1))}, {"level": "9"}])
    def test_what_makes_no_sense_comes_back(self, client, lead, wrong):
        result = lead.closes(AT[0], on=str(days(-30)))
        response = client.post(address_of(lead), sent(lead, result, why="Kept words.", **wrong))
        assert response.status_code == 422
        if "level" not in wrong:
            assert "Kept words." in response.content.decode()
        assert not Action.objects.exists()

    @pytest.mark.parametrize("role", ["member", "viewer"])
    def test_only_who_plans_and_sets_targets_has_the_button(self, client, lead, role):
        result = lead.closes(AT[0], on=str(days(-30)))
        client.force_login(make_membership(team=lead.team, role=role).user)
        assert "The team’s lead can plan these changes" in text_of(client, lead, level=2, due=days(200))
        assert client.post(address_of(lead), sent(lead, result)).status_code == 403


def test_what_too_few_people_voted_on_is_told_and_says_nothing_about_the_pace(client, lead):
    result = lead.closes(AT[1], on=str(days(-30)))
    type(result).objects.filter(pk=result.pk).update(left_out=2)
    page = text_of(client, lead, level=3)
    assert "too few people voted" in page


@pytest.mark.parametrize("number", [3, 9])
def test_cost_does_not_grow_with_results(client, lead, django_assert_max_num_queries, number):
    for n in range(number):
        toy.add_result(team=lead.team, edition=lead.edition, date=days(-900 + 40 * n), codes="F F L N F F P N")
    client.get(address_of(lead, level=3))
    with django_assert_max_num_queries(12):
        client.get(address_of(lead, level=3))
