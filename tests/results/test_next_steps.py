"""What a team page begins with after the sentence: the first steps to the next level, each with what to do."""

import re

import pytest
from django.urls import reverse

from assessments.models import Action, Edition
from assessments.results import next_steps
from assessments.results.next_steps import NextSteps, WorkPlanned
from assessments.results.report import Standing

from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return Lead()


def steps_of(result):
    return NextSteps(Standing.of(result), WorkPlanned(result))


def plan(lead, key):
    return Action.objects.plan(
        team=lead.team, framework=lead.edition.framework, criterion=key, by=lead.user, text="Do it."
    )


def page_of(client, lead, user=None):
    client.force_login(user or lead.user)
    return client.get(lead.team.get_absolute_url()).content.decode()


def headings(page):
    return [re.sub(r"<[^>]+>|\s+", " ", found).strip() for found in re.findall(r"<h2[^>]*>(.*?)</h2>", page, re.DOTALL)]


def card_in(page):
    return page.split('aria-labelledby="blockers"')[1].split("</section>")[0]


def test_the_page_begins_with_where_the_team_stands_and_what_to_do_next(client, lead):
    lead.closes(AT[0], on="2026-01-01")
    lead.closes(AT[1], on="2026-03-01")
    first = [heading.split()[0] for heading in headings(page_of(client, lead))]
    assert first[:6] == ["Level", "What", "Where", "Now", "History", "What"]
    assert headings(page_of(client, lead))[1] == "What to do next"


def test_they_are_the_first_criteria_that_keep_the_team_from_its_next_level(lead, monkeypatch):
    monkeypatch.setattr(next_steps, "SHOWN", 2)
    result = lead.closes("N N N N N N N N", on="2026-01-01")
    steps = steps_of(result)
    blockers = Standing.of(result).blockers
    assert [step.settled.criterion.key for step in steps.steps] == [row.criterion.key for row in blockers[:2]]
    assert steps.count == len(blockers) == 3
    assert not steps.are_all_shown


def test_each_leads_to_a_form_that_plans_it(client, lead):
    result = lead.closes(AT[1], on="2026-01-01")
    page = page_of(client, lead)
    for step in steps_of(result).steps:
        address = reverse("action-new", args=[lead.team.pk, step.criterion.key])
        assert f'href="{address}?framework={lead.edition.framework.key}"' in card_in(page)
        assert client.get(address).status_code == 200


def test_work_that_is_planned_is_not_offered_again(client, lead):
    result = lead.closes(AT[1], on="2026-01-01")
    page_of(client, lead)
    key = steps_of(result).steps[0].criterion.key
    action = plan(lead, key)
    card = card_in(page_of(client, lead))
    assert "planned" in card
    assert reverse("action-new", args=[lead.team.pk, key]) not in card
    action.change(by=lead.user, seen=None, status="done")
    assert reverse("action-new", args=[lead.team.pk, key]) in card_in(page_of(client, lead))


def test_work_is_not_offered_for_what_the_version_in_use_no_longer_asks(client, lead, monkeypatch):
    result = lead.closes(AT[1], on="2026-01-01")
    monkeypatch.setattr(WorkPlanned, "asks", lambda self, key: False)
    assert [step.is_asked for step in steps_of(result).steps] == [False] * len(steps_of(result).steps)
    assert "/actions/new/" not in card_in(page_of(client, lead))


def test_a_framework_without_a_version_in_use_is_read_by_the_version_of_the_result(lead):
    result = lead.closes(AT[1], on="2026-01-01")
    Edition.objects.update(status=Edition.Status.RETIRED)
    assert all(step.is_asked for step in steps_of(result).steps)


def test_a_short_result_shows_steps_but_plans_nothing(client, lead):
    lead.closes("F N", on="2026-01-01", questionnaire="short")
    card = card_in(page_of(client, lead))
    assert "What to do next" in card
    assert "/actions/new/" not in card
    assert "Plan" not in card


def test_a_viewer_sees_the_steps_and_plans_none(client, lead):
    lead.closes(AT[1], on="2026-01-01")
    viewer = make_membership(team=lead.team, role="viewer").user
    card = card_in(page_of(client, lead, viewer))
    assert "What to do next" in card
    assert "Plan" not in card


def test_who_may_not_see_criteria_learns_of_no_step(client, lead):
    lead.closes(AT[1], on="2026-01-01")
    page_of(client, lead)
    page = page_of(client, lead, make_user(is_administrator=True))
    assert "What to do next" not in page
    assert "Not shown to you" in card_in(page)


def test_at_the_top_it_says_that_nothing_stands_in_the_way(client, lead):
    lead.closes(AT[3], on="2026-01-01")
    assert "Nothing stands in the way" in card_in(page_of(client, lead))
