"""The page of a team's issue tracker, and what stands beside an action."""

import csv
import datetime
import html
import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import Action, Event, Issue, Tracker

from .. import toy
from ..api.asking import Program
from ..api.keys import make_key
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db

SENT = {"kind": "github", "address": "https://github.com/acme/shop/issues", "project": "", "issue_type": ""}


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def signed_in(client, lead):
    client.force_login(lead)
    return client


@pytest.fixture
def page(team):
    return reverse("team-tracker", args=[team.pk])


@pytest.fixture
def action(team, lead, edition):
    text = "Test each release.\nEvery day."
    return Action.objects.plan(team=team, framework=edition.framework, criterion="x1", by=lead, text=text)


def page_of(action) -> str:
    return reverse("action-edit", args=[action.team_id, action.pk])


def set_tracker(team, lead, **terms) -> Tracker:
    terms = {"kind": "github", "address": "https://github.com/acme/shop", "project": "", "issue_type": ""} | terms
    return Tracker.objects.set(team=team, by=lead, seen=None, **terms)


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_a_lead_sets_one_up_changes_it_and_removes_it(signed_in, page, team):
    signed_in.post(page, SENT)
    tracker = Tracker.objects.get()
    assert (tracker.team, tracker.kind, tracker.address) == (team, "github", "https://github.com/acme/shop")
    assert "https://github.com/acme/shop" in signed_in.get(page).content.decode()
    signed_in.post(page, SENT | {"kind": "gitlab", "address": "https://gitlab.com/a/b", "revision": 1})
    tracker.refresh_from_db()
    assert (tracker.kind, tracker.address, tracker.revision) == ("gitlab", "https://gitlab.com/a/b", 2)
    for _ in range(2):
        signed_in.post(reverse("team-tracker-remove", args=[team.pk]))
    assert not Tracker.objects.exists()
    said = list(Event.objects.filter(kind__startswith="tracker.").order_by("pk").values_list("kind", "data"))
    assert said == [
        ("tracker.set", {"format": "github", "fields": ["address", "kind"]}),
        ("tracker.set", {"format": "gitlab", "fields": ["address", "kind"]}),
        ("tracker.removed", {}),
    ]


def test_two_clicks_set_up_one(signed_in, page):
    first, second = (signed_in.post(page, SENT | {"revision": 0}) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert Tracker.objects.get().revision == 1
    assert Event.objects.filter(kind="tracker.set").count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": "acme/shop"}, "Enter an address that begins with https://"),
        ({"address": "https://github.com/acme"}, "Enter the address of the project"),
        ({"kind": "jira", "address": "https://acme.atlassian.net"}, "Jira needs this number."),
        ({"kind": "jira", "project": "SHOP", "issue_type": "1"}, "Enter a whole number, such as 10001."),
    ],
)
def test_what_cannot_be_stored_says_why_and_stays_as_entered(signed_in, page, wrong, sentence):
    sent = SENT | wrong
    shown = signed_in.post(page, sent)
    assert shown.status_code == 422
    assert sentence in html.unescape(text_of(shown))
    assert f'value="{sent["address"]}"' in shown.content.decode()
    assert not Tracker.objects.exists()


def test_numbers_of_a_jira_are_left_out_elsewhere(signed_in, page):
    signed_in.post(page, SENT | {"project": "not a number", "issue_type": "7"})
    assert Tracker.objects.get().project == ""


def test_merging_keeps_the_tracker_of_the_team_that_stays(team, lead):
    other = make_team()
    leads = make_membership(team=other, role="lead").user
    set_tracker(team, lead)
    team.merge_into(other, by=leads)
    assert Tracker.objects.get().team == other
    third = make_team()
    stays = set_tracker(third, make_membership(team=third, role="lead").user, address="https://github.com/acme/till")
    other.merge_into(third, by=leads)
    assert Tracker.objects.get() == stays
    removed = Event.objects.get(kind="tracker.removed")
    assert (removed.team, removed.actor, removed.data) == (third, leads, {"merged": str(other.pk)})


def test_the_page_of_merging_says_what_becomes_of_the_tracker(client, team, lead):
    other = make_team(name="Till")
    client.force_login(make_user(is_administrator=True))

    def page() -> str:
        return html.unescape(text_of(client.post(reverse("team-merge", args=[team.pk]), {"into": other.pk})))

    assert "issue tracker" not in page()
    set_tracker(team, lead)
    assert "the issue tracker (GitHub: github.com/acme/shop), with its token" in page()
    set_tracker(other, lead, address="https://github.com/acme/till")
    assert f"that of {team} (GitHub: github.com/acme/shop) is deleted with its token" in page()


def test_merging_forgets_what_the_tracker_that_goes_said(team, lead, action):
    other = make_team()
    set_tracker(team, lead)
    set_tracker(other, lead, address="https://github.com/acme/till")
    action.change(by=lead, seen=0, link="https://github.com/acme/shop/issues/1")
    Issue.objects.update(kind="github", state="open", read_at=timezone.now())
    team.merge_into(other, by=lead)
    assert Action.objects.get().issue_in_words == ""


# Beside an action


def test_the_form_of_the_tracker_opens_filled_in(signed_in, team, lead, action, settings):
    set_tracker(team, lead)
    shown = signed_in.get(page_of(action)).content.decode()
    (address,) = re.findall(r'href="(https://github\.com/acme/shop/issues/new\?[^"]*)"', shown)
    fields = parse_qs(urlsplit(html.unescape(address)).query)
    assert fields["title"] == ["Test each release."]
    (body,) = fields["body"]
    assert body.startswith("Test each release.\nEvery day.\n\nIt is for: ")
    roadmap = f"/teams/{team.pk}/roadmap/?framework={action.framework.key}#action-{action.pk}"
    assert body.endswith(f"{settings.SITE_URL}{roadmap}")
    assert lead.name not in body


def test_a_member_without_a_tracker_learns_who_can_set_one_up(client, team, action, page):
    client.force_login(make_membership(team=team).user)
    shown = client.get(page_of(action))
    assert "A lead can set one up." in text_of(shown)
    assert page not in shown.content.decode()


def test_a_lead_without_a_tracker_is_led_to_it(signed_in, action, page):
    assert f'href="{page}"' in signed_in.get(page_of(action)).content.decode()


def test_a_card_leads_to_creating_its_issue(signed_in, client, team, lead, action):
    board = f"/teams/{team.pk}/roadmap/?framework={action.framework.key}"
    leads_there = f'href="{page_of(action)}#issue"'
    assert leads_there not in signed_in.get(board).content.decode()
    set_tracker(team, lead)
    assert leads_there in signed_in.get(board).content.decode()
    done = action.change(by=lead, seen=0, status="done")
    assert leads_there not in signed_in.get(board).content.decode()
    done.change(by=lead, seen=1, status="open")
    client.force_login(make_membership(team=team, role="viewer").user)
    assert leads_there not in client.get(board).content.decode()


def test_the_link_stands_beside_the_action_and_in_the_files(signed_in, team, lead, action):
    set_tracker(team, lead)
    link = "https://github.com/acme/shop/issues/12"
    saved = signed_in.post(page_of(action), {"text": action.text, "status": "open", "revision": 0, "link": link})
    assert saved.status_code == 302
    for view in ("", "&view=list"):
        board = signed_in.get(f"/teams/{team.pk}/roadmap/?framework={action.framework.key}{view}").content.decode()
        assert f'href="{link}" rel="noopener noreferrer nofollow">github.com/acme/shop/issues/12</a>' in board
    assert "issues/new" not in signed_in.get(page_of(action)).content.decode()
    data = signed_in.get(f"/teams/{team.pk}/roadmap/export/?framework={action.framework.key}").getvalue()
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert row["Link"] == link


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://example.org/", "data:text/html,x", "https://"])
def test_only_web_addresses_are_links(signed_in, action, link):
    shown = signed_in.post(page_of(action), {"text": "New text.", "status": "open", "revision": 0, "link": link})
    assert shown.status_code == 422
    assert "New text." in shown.content.decode()
    action.refresh_from_db()
    assert (action.link, action.revision) == ("", 0)


# By API


def test_programs_read_and_write_the_link_and_read_the_state(client, team, lead, edition):
    program = Program(make_key(by=lead), client)
    link = "https://github.com/acme/shop/issues/12"
    sent = {"framework": edition.framework.key, "criterion": "x1", "text": "Do it.", "link": link}
    made = program.post(f"teams/{team.pk}/actions", sent).json()
    assert (made["link"], made["issue"]) == (link, None)
    read_at = timezone.now()
    Issue.objects.update(kind="github", state="closed", since=datetime.date(2026, 1, 2), read_at=read_at)
    said = program.get(f"actions/{made['id']}")["issue"]
    assert {name: said[name] for name in ("tracker", "state", "since")} == {
        "tracker": "github",
        "state": "closed",
        "since": "2026-01-02",
    }
    assert datetime.datetime.fromisoformat(said["read_at"]) == read_at
    assert program.get("actions")["items"][0]["issue"] == said
    wrong = program.ask(f"actions/{made['id']}", "PATCH", {"link": "javascript:alert(1)"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["at"] == "link"
    changed = program.ask(f"actions/{made['id']}", "PATCH", {"link": ""}).json()
    assert (changed["link"], changed["issue"]) == ("", None)
    # What is not named stays.
    program.ask(f"actions/{made['id']}", "PATCH", {"link": link})
    assert program.ask(f"actions/{made['id']}", "PATCH", {"text": "Do more."}).json()["link"] == link
