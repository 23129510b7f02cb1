"""Every page of a team begins the same: its name as the heading, the same actions, and the same pages beside it."""

import re

import pytest
from django.urls import reverse

from assessments.models import Action

from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

BY_TAB = ["team", "team-map", "team-compare", "team-targets", "team-roadmap", "team-what-if"]
BESIDE = {
    "team-members": "Members",
    "team-edit": "Edit team",
    "team-adviser": "Which level is right for us?",
    "assessment-start": "Start an assessment",
}


@pytest.fixture
def lead():
    lead = Lead()
    lead.closes(AT[1], on="2026-01-01")
    lead.closes(AT[2], on="2026-03-01")
    return lead


def main_of(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode().split("<main", 1)[1]


def header_of(main):
    """The heading, and the words of the actions and of the tabs."""
    heading = re.search(r"<h1>(.*?)</h1>", main, re.DOTALL).group(1).strip()
    actions, rest = main.split('<div class="actions">', 1)[1].split("</div>", 1)
    tabs = rest.split('<nav class="tabs"', 1)[1].split("</nav>", 1)[0]
    return heading, words_of(actions), words_of(tabs)


def words_of(html):
    return [" ".join(words.split()) for words in re.findall(r"<a[^>]*>(.*?)</a>", html, re.DOTALL)]


@pytest.mark.parametrize("name", BY_TAB + list(BESIDE))
def test_it_keeps_the_name_the_actions_and_the_tabs(client, lead, name):
    client.force_login(lead.user)
    heading, actions, tabs = header_of(main_of(client, reverse("team", args=[lead.team.pk])))
    assert heading == str(lead.team)
    assert actions == ["Members", "Edit", "Start assessment"]
    main = main_of(client, reverse(name, args=[lead.team.pk]))
    assert header_of(main) == (heading, actions, tabs)
    assert main.count("<h1>") == 1


@pytest.mark.parametrize(("name", "heading"), BESIDE.items())
def test_a_page_that_no_tab_has_says_its_name_below(client, lead, name, heading):
    client.force_login(lead.user)
    main = main_of(client, reverse(name, args=[lead.team.pk]))
    assert re.search(r'<h2 class="page-name">(.*?)</h2>', main, re.DOTALL).group(1).strip() == heading
    assert 'aria-current="page"' not in main


def test_an_action_belongs_to_the_roadmap(client, lead):
    client.force_login(lead.user)
    action = Action.objects.plan(
        team=lead.team, framework=lead.edition.framework, criterion="y1", by=lead.user, text="Do it."
    )
    for address in (
        reverse("action-new", args=[lead.team.pk, "y1"]),
        reverse("action-edit", args=[lead.team.pk, action.pk]),
    ):
        main = main_of(client, address)
        assert header_of(main)[0] == str(lead.team)
        assert re.search(r'aria-current="true">Roadmap</a>', main)


def test_who_may_not_see_results_has_no_way_to_them_on_any_page(client, lead):
    client.force_login(make_user(is_administrator=True))
    for name in ("team", "team-targets", "team-members", "team-edit"):
        heading, actions, tabs = header_of(main_of(client, reverse(name, args=[lead.team.pk])))
        assert heading == str(lead.team)
        assert actions == ["Members", "Edit"]
        assert tabs == ["Overview", "Targets"]


def test_a_viewer_is_offered_nothing_that_changes_the_team(client, lead):
    client.force_login(make_membership(team=lead.team, role="viewer").user)
    for name in BY_TAB:
        assert header_of(main_of(client, reverse(name, args=[lead.team.pk])))[1] == ["Members"]


def test_a_result_has_the_pages_of_its_team_beside_it(client, lead):
    result = lead.team.results.current_only().first()
    client.force_login(lead.user)
    main = main_of(client, result.get_absolute_url())
    assert re.search(r'aria-current="true">Overview</a>', main)
