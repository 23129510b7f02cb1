"""Issues in trackers that take them, refuse them, redirect, hang, flood, or are gone; each is created once at most."""

import datetime
import io

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from assessments.accounts.erasure import erase
from assessments.models import Action, Event, Issue, Refused, Tracker
from assessments.models.encryption import decrypted
from assessments.models.queues import ABANDONED
from assessments.outbox import issues
from assessments.outbox.issues import create_waiting, read_states
from assessments.trackers.tracker_api import create_issue
from assessments.web.dates import day
from assessments.webhooks import asking

from .. import toy
from ..factories import make_membership, make_user
from ..smtp_sink import unused_port
from ..webhooks.making import networks
from .trackers import EMAIL, TOKEN, floods, hangs, played_tracker, says, sends

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _own_network_is_allowed(settings):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")


@pytest.fixture(params=["github", "gitlab", "jira"])
def played(request):
    with played_tracker(request.param) as played:
        yield played


@pytest.fixture
def github():
    with played_tracker("github") as played:
        yield played


@pytest.fixture
def action(team, lead):
    edition = toy.make_edition()
    return Action.objects.plan(team=team, framework=edition.framework, criterion="x1", by=lead, text="Test: ümläut.")


def set_up(played, action, lead, **terms) -> Tracker:
    return Tracker.objects.set(team=action.team, by=lead, seen=None, **played.terms | terms)


def ask(action, by, *, attempt=0) -> Issue:
    return Issue.objects.ask_for(action, attempt=attempt, by=by)


def an_hour_later() -> None:
    long_ago = timezone.now() - datetime.timedelta(hours=2)
    Issue.objects.exclude(looked_at=None).update(looked_at=long_ago)
    Tracker.objects.exclude(paused_until=None).update(paused_until=long_ago)


def page_of(client, action) -> str:
    return client.get(reverse("action-edit", args=[action.team_id, action.pk])).content.decode()


# Creating


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_an_issue_is_created_and_linked(played, action, lead, is_chunked):
    played.is_chunked = is_chunked
    tracker = set_up(played, action, lead)
    ask(action, lead)
    assert played.asked == []
    assert create_waiting().created == 1
    action.refresh_from_db()
    (number,) = played.issues
    assert action.link == tracker.link_to(number)
    assert action.link.startswith(played.project)
    assert action.revision == 1
    (asked,) = played.asked
    said = asked.json["fields"] if played.kind == "jira" else asked.json
    texts = [value for value in said.values() if isinstance(value, str)]
    assert texts[0] == "Test: ümläut."
    assert f"#action-{action.pk}" in texts[1]
    assert lead.name not in str(said)
    assert [event.data for event in Event.objects.filter(kind="issue.created")] == [{"action": action.pk}]
    assert create_waiting().created == 0


def test_jira_cloud_takes_an_email_with_the_token(action, lead):
    with played_tracker("jira") as played:
        set_up(played, action, lead, token=f"{EMAIL}:{TOKEN}")
        ask(action, lead)
        assert create_waiting().created == 1
        assert played.asked[0].headers["authorization"].startswith("Basic ")


def test_two_clicks_make_one_issue(github, client, action, lead):
    set_up(github, action, lead)
    client.force_login(lead)
    address = reverse("action-issue", args=[action.team_id, action.pk])
    for _ in range(2):
        client.post(address, {"attempt": "0"})
    assert create_waiting().created == 1
    # And one that was on its way meanwhile.
    client.post(address, {"attempt": "0"})
    assert create_waiting().created == 0
    assert len(github.issues) == 1
    assert Event.objects.filter(kind="issue.asked").count() == 1


@pytest.mark.parametrize(
    ("instead", "problem", "status"),
    [
        (says(401), "token", 401),
        (says(403), "no-right", 403),
        (says(404), "missing", 404),
        (says(422), "content", 422),
        (says(429), "busy", 429),
        (says(418), "answer", 418),
        (says(302, Location="http://127.0.0.1:1/"), "redirect", 302),
    ],
)
def test_what_a_tracker_refuses_was_not_created_and_can_be_tried_again(
    github, client, action, lead, instead, problem, status
):
    set_up(github, action, lead)
    github.instead = instead
    ask(action, lead)
    assert create_waiting().failed == 1
    issue = Issue.objects.get()
    assert (issue.step, issue.problem, issue.status) == ("failed", problem, status)
    client.force_login(lead)
    page = page_of(client, action)
    assert "The issue was not created." in page
    assert "Try again" in page
    assert create_waiting().failed == 0
    github.instead = None
    ask(action, lead, attempt=1)
    assert create_waiting().created == 1
    assert len(github.issues) == 1


@pytest.mark.parametrize(
    ("instead", "problem"),
    [
        (says(500), "answer"),
        (says(502), "answer"),
        (says(201, {}), "not-http"),
        (says(201, {"number": "../1"}), "not-http"),
        (says(201, ["number"]), "not-http"),
        (sends(b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\n{no}"), "not-http"),
        (sends(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{"), "not-http"),
        (sends(b"SSH-2.0-x\r\n"), "not-http"),
        (sends(b""), "not-http"),
        (hangs, "too-slow"),
        (floods, "not-http"),
    ],
    ids=["500", "502", "no number", "odd number", "list", "no json", "cut", "ssh", "nothing", "hangs", "floods"],
)
def test_if_the_answer_is_lost_a_person_looks_before_it_is_created_again(
    github, client, action, lead, instead, problem, monkeypatch
):
    set_up(github, action, lead)
    github.instead = instead
    ask(action, lead)
    with monkeypatch.context() as impatient:
        if instead is hangs:
            impatient.setattr(asking, "LIMIT", 0.4)
        assert create_waiting().failed == 1
    assert (Issue.objects.get().step, Issue.objects.get().problem) == ("unclear", problem)
    assert create_waiting().failed == 0
    assert len(github.asked) == 1
    client.force_login(lead)
    page = page_of(client, action)
    assert "Perhaps the issue was created." in page
    assert f'href="{github.project}/issues"' in page
    github.instead = None
    # It is there: its address is entered, and its state is read from then on.
    github.issues["8"] = {}
    action.change(by=lead, seen=0, link=f"{github.project}/issues/8")
    assert Issue.objects.get().step == ""
    assert read_states() == 1
    assert Issue.objects.get().state == "open"


def test_what_a_process_took_along_when_it_died_is_not_sent_again(github, action, lead):
    set_up(github, action, lead)
    ask(action, lead)
    assert Issue.objects.claim() is not None
    assert create_waiting().created == 0
    Issue.objects.update(claimed_at=timezone.now() - ABANDONED - datetime.timedelta(seconds=1))
    assert create_waiting().created == 0
    assert (Issue.objects.get().step, Issue.objects.get().problem) == ("unclear", "abandoned")
    assert github.asked == []
    ask(action, lead, attempt=1)
    assert create_waiting().created == 1


def test_one_that_comes_back_after_it_was_given_up_changes_nothing(github, action, lead):
    set_up(github, action, lead)
    ask(action, lead)
    late = Issue.objects.claim()
    Issue.objects.update(claimed_at=timezone.now() - ABANDONED * 2)
    create_waiting()
    late.was_created(f"{github.project}/issues/1", kind="github")
    assert Issue.objects.get().step == "unclear"
    action.refresh_from_db()
    assert action.link == ""


def test_a_link_entered_meanwhile_stays_and_the_issue_is_shown_too(github, client, action, lead, monkeypatch):
    set_up(github, action, lead)
    ask(action, lead)
    other = "https://example.org/"

    def created_while_somebody_enters_a_link(tracker, text):
        number = create_issue(tracker, text)
        action.change(by=lead, seen=0, link=other)
        return number

    monkeypatch.setattr(issues, "create_issue", created_while_somebody_enters_a_link)
    assert create_waiting().created == 1
    action.refresh_from_db()
    assert (action.link, action.revision) == (other, 1)
    client.force_login(lead)
    assert f'href="{github.project}/issues/1"' in page_of(client, action)


def test_with_a_link_nothing_is_created(github, action, lead):
    set_up(github, action, lead)
    ask(action, lead)
    action.change(by=lead, seen=0, link="https://example.org/")
    assert create_waiting().created == 0
    assert github.asked == []
    with pytest.raises(Refused, match="has a link already"):
        ask(action, lead, attempt=1)


def test_nobody_listens(action, lead):
    terms = {"kind": "github", "address": f"http://127.0.0.1:{unused_port()}/acme/shop", "token": TOKEN}
    Tracker.objects.set(team=action.team, by=lead, seen=None, project="", issue_type="", **terms)
    ask(action, lead)
    assert create_waiting().failed == 1
    assert (Issue.objects.get().step, Issue.objects.get().problem) == ("failed", "no-connection")


def test_a_network_that_is_not_allowed_is_not_connected_to(github, action, lead, settings):
    set_up(github, action, lead)
    settings.WEBHOOK_NETWORKS = []
    ask(action, lead)
    assert create_waiting().failed == 1
    assert (Issue.objects.get().step, Issue.objects.get().problem) == ("failed", "forbidden")
    assert github.asked == []


def test_without_a_token_nothing_is_asked(github, action, lead):
    tracker = set_up(github, action, lead, token="")
    with pytest.raises(Refused, match="no issue tracker with a token"):
        ask(action, lead)
    set_up(github, action, lead)
    ask(action, lead)
    tracker.remove_token(by=lead)
    assert create_waiting().failed == 1
    assert Issue.objects.get().problem == "no-tracker"
    assert github.asked == []


def test_another_secret_key_is_said(github, action, lead, settings):
    set_up(github, action, lead)
    settings.SECRET_KEY = "another"
    ask(action, lead)
    create_waiting()
    assert (Issue.objects.get().step, Issue.objects.get().problem) == ("failed", "unreadable")


def test_send_due_creates_and_reads(github, action, lead):
    set_up(github, action, lead)
    ask(action, lead)
    said = io.StringIO()
    call_command("send_due", stdout=said)
    assert "1 issue created." in said.getvalue()
    an_hour_later()
    github.says = {"state": "closed", "closed_at": "2026-01-02T23:30:00Z"}
    call_command("send_due", stdout=said)
    assert Issue.objects.get().state == "closed"


# Reading


JANUARY = datetime.date(2026, 1, 2)
CLOSED = {
    "github": {"state": "closed", "closed_at": "2026-01-02T12:30:00Z"},
    "gitlab": {"state": "closed", "closed_at": "2026-01-02T12:30:00.000Z"},
    "jira": {
        "status": {"statusCategory": {"key": "done"}},
        "statuscategorychangedate": "2026-01-02T12:30:00.000+0000",
    },
}


def test_the_state_is_read_each_hour_and_leaves_the_action_alone(played, client, action, lead):
    set_up(played, action, lead)
    ask(action, lead)
    create_waiting()
    client.force_login(lead)
    name = {"github": "GitHub", "gitlab": "GitLab", "jira": "Jira"}[played.kind]
    assert f"Open in {name}." in page_of(client, action)
    played.says = CLOSED[played.kind]
    assert read_states() == 0
    an_hour_later()
    assert read_states() == 1
    issue = Issue.objects.get()
    assert (issue.is_over, issue.since) == (True, JANUARY)
    word = "Done" if played.kind == "jira" else "Closed"
    page = page_of(client, action)
    assert f"{word} in {name} since {day(JANUARY)}." in page
    assert "stays as it is here until somebody changes its status" in page
    board = client.get(f"/teams/{action.team_id}/roadmap/?framework={action.framework.key}").content.decode()
    assert f"{word.lower()} in {name} since {day(JANUARY)}" in board
    action.refresh_from_db()
    assert action.status == "open"
    state = "done" if played.kind == "jira" else "closed"
    assert Event.objects.get(kind="issue.state").data == {"action": action.pk, "state": state}
    # Opened again there.
    played.says = {}
    an_hour_later()
    read_states()
    assert (Issue.objects.get().state, Issue.objects.get().since) == ("open", None)


@pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "yesterday", None, 5, "2026-01-01T00:00:00"])
def test_a_day_that_cannot_be_is_the_first_on_which_it_was_seen(github, action, lead, moment):
    set_up(github, action, lead)
    action.change(by=lead, seen=0, link=f"{github.project}/issues/8")
    github.issues["8"] = {}
    github.says = {"state": "closed", "closed_at": moment}
    read_states()
    assert Issue.objects.get().since == action.team.today()
    known = action.team.today() - datetime.timedelta(days=3)
    Issue.objects.update(since=known)
    an_hour_later()
    read_states()
    assert Issue.objects.get().since == known


@pytest.mark.parametrize(
    "link", ["https://example.org/1", "{project}/issues", "{project}s/issues/1", "{site}/x/y/issues/1"]
)
def test_links_elsewhere_are_not_read(github, action, lead, link):
    set_up(github, action, lead)
    action.change(by=lead, seen=0, link=link.format(project=github.project, site=github.site))
    assert read_states() == 0
    assert github.asked == []


def test_another_link_forgets_what_was_known(github, action, lead):
    set_up(github, action, lead)
    github.issues |= {"1": {}, "2": {}}
    action = action.change(by=lead, seen=0, link=f"{github.project}/issues/1")
    read_states()
    assert Issue.objects.get().state == "open"
    action = action.change(by=lead, seen=1, link=f"{github.project}/issues/2")
    assert Issue.objects.get().state == ""
    # At once, not only after an hour.
    assert read_states() == 1
    action.change(by=lead, seen=2, link="")
    assert read_states() == 0


def test_the_token_may_see_other_projects_but_the_team_does_not(action, lead):
    with played_tracker("jira") as played:
        set_up(played, action, lead)
        played.issues["OTHER-1"] = {}
        played.says = {"project": {"id": "10002"}}
        action.change(by=lead, seen=0, link=f"{played.site}/browse/OTHER-1")
        assert read_states() == 0
        assert (Issue.objects.get().state, Issue.objects.get().problem) == ("", "missing")


def test_a_tracker_that_hangs_costs_one_try_an_hour_and_says_so(github, client, action, lead, monkeypatch):
    monkeypatch.setattr(asking, "LIMIT", 0.4)
    tracker = set_up(github, action, lead)
    terms = {"team": action.team, "framework": action.framework, "by": lead, "text": "Do it."}
    for number in range(3):
        Action.objects.plan(**terms, criterion="x2", link=f"{github.project}/issues/{number + 1}")
    github.instead = hangs
    assert read_states() == 0
    assert len(github.asked) == 1
    client.force_login(lead)
    page = client.get(reverse("team-tracker", args=[action.team_id])).content.decode()
    assert "GitHub did not answer in time." in page
    github.instead = None
    github.issues |= {"1": {}, "2": {}, "3": {}}
    an_hour_later()
    assert read_states() == 3
    tracker.refresh_from_db()
    assert (tracker.problem, tracker.paused_until) == ("", None)


def test_an_issue_that_is_gone_does_not_keep_others_from_being_read(github, client, action, lead):
    set_up(github, action, lead)
    terms = {"team": action.team, "framework": action.framework, "by": lead, "text": "Do it."}
    gone, there = (Action.objects.plan(**terms, criterion="x2", link=f"{github.project}/issues/{n}") for n in (1, 2))
    github.issues["2"] = {}
    assert read_states() == 1
    client.force_login(lead)
    assert "GitHub does not find this" in page_of(client, gone)
    assert "Open in GitHub." in page_of(client, there)


def only(number, instead):
    """Answers so for one issue, and as the tracker would for the others."""

    def answer(conversation):
        if conversation.path.endswith(f"/issues/{number}"):
            instead(conversation)
        else:
            played = conversation.server.played
            conversation.say(*played.answer(played.asked[-1]))

    return answer


def linked(action, lead, github, *numbers) -> "list[Action]":
    """Actions whose links lead to issues with these numbers."""
    terms = {"team": action.team, "framework": action.framework, "by": lead, "text": "Do it.", "criterion": "x2"}
    return [Action.objects.plan(**terms, link=f"{github.project}/issues/{number}") for number in numbers]


def test_an_issue_that_was_moved_elsewhere_keeps_no_others_from_being_read(github, client, action, lead):
    tracker = set_up(github, action, lead)
    moved, there = linked(action, lead, github, 1, 2)
    github.issues["2"] = {}
    github.instead = only(1, says(301, Location=f"{github.site}/api/v3/repositories/9/issues/4"))
    assert read_states() == 1
    tracker.refresh_from_db()
    assert (tracker.problem, tracker.paused_until) == ("", None)
    client.force_login(lead)
    assert "the issue or the whole project may have moved" in page_of(client, moved)
    assert "Open in GitHub." in page_of(client, there)


@pytest.mark.parametrize("status", [403, 500])
def test_issues_that_fail_whenever_they_are_asked_about_come_last(github, action, lead, status):
    set_up(github, action, lead)
    linked(action, lead, github, 1, 2, 3)
    github.issues |= {"2": {}, "3": {}}
    github.instead = only(1, says(status))
    # Nobody knows yet that the first fails, so its tracker rests before the others had their turn.
    assert read_states() == 0
    an_hour_later()
    assert read_states() == 2
    assert [asked.path[-1] for asked in github.asked] == ["1", "2", "3", "1"]


def test_among_those_that_fail_each_has_a_turn(github, action, lead):
    set_up(github, action, lead)
    linked(action, lead, github, 1, 2)
    github.issues["2"] = {}
    github.instead = only(1, says(500))
    # What the tracker failed at once, with both.
    Issue.objects.exclude(link="").update(problem="answer", status=500)
    for _ in range(100):
        if read_states():
            break
        an_hour_later()
    assert Issue.objects.get(link__endswith="/2").state == "open"


def test_what_is_over_in_both_places_is_not_asked_about(github, action, lead):
    set_up(github, action, lead)
    github.issues["1"] = {}
    github.says = CLOSED["github"]
    action = action.change(by=lead, seen=0, link=f"{github.project}/issues/1")
    read_states()
    action.change(by=lead, seen=1, status="done")
    an_hour_later()
    assert read_states() == 0


# What is no longer read


@pytest.fixture
def read(github, action, lead):
    """An action whose issue is open, as was read just now."""
    set_up(github, action, lead)
    github.issues["1"] = {}
    action = action.change(by=lead, seen=0, link=f"{github.project}/issues/1")
    assert read_states() == 1
    return Action.objects.get(pk=action.pk)


def test_what_was_read_days_ago_is_said_with_its_day(github, client, read, lead):
    assert read.issue_in_words == "open in GitHub"
    days_ago = timezone.now() - datetime.timedelta(days=3)
    Issue.objects.update(read_at=days_ago)
    read = Action.objects.get(pk=read.pk)
    assert read.issue_in_words == f"open in GitHub, as of {day(timezone.localdate(days_ago))}"
    client.force_login(lead)
    assert f"Open in GitHub, as of {day(timezone.localdate(days_ago))}." in page_of(client, read)


@pytest.mark.parametrize("end", ["remove", "remove_token"])
def test_once_nothing_is_read_no_state_is_shown(read, lead, end):
    getattr(Tracker.objects.get(), end)(by=lead)
    assert Action.objects.get(pk=read.pk).issue_in_words == ""
    assert Issue.objects.get().read_at is None


@pytest.mark.parametrize("change", [{"address": "{site}/acme/till"}, {"kind": "gitlab"}])
def test_another_project_has_other_issues(github, read, lead, change):
    terms = {name: value.format(site=github.site) for name, value in (github.terms | change).items()}
    Tracker.objects.set(team=read.team, by=lead, seen=None, **terms)
    assert Action.objects.get(pk=read.pk).issue_in_words == ""


def test_what_was_asked_before_the_tracker_was_removed_is_not_stored(github, read, lead):
    an_hour_later()
    late = Issue.objects.claim_to_read()
    Tracker.objects.get().remove(by=lead)
    late.was_read("closed", JANUARY, kind="github")
    assert Issue.objects.get().state == ""


def test_a_new_token_leaves_what_was_read(github, read, lead):
    Tracker.objects.set(team=read.team, by=lead, seen=None, **github.terms | {"token": "tok_2"})
    assert Action.objects.get(pk=read.pk).issue_in_words == "open in GitHub"


# The token


def test_the_token_is_stored_encrypted_and_never_shown(github, client, action, lead, caplog):
    client.force_login(lead)
    page = reverse("team-tracker", args=[action.team_id])
    shown = client.post(page, github.terms, follow=True).content.decode()
    tracker = Tracker.objects.get()
    assert TOKEN not in tracker.token_encrypted
    assert decrypted(tracker.token_encrypted) == TOKEN
    assert tracker.token_by == lead
    github.instead = says(500, {"message": TOKEN})
    ask(action, lead)
    create_waiting()
    for text in (shown, client.get(page).content.decode(), page_of(client, action), caplog.text):
        assert TOKEN not in text
    assert not [event for event in Event.objects.all() if TOKEN in str(event.data)]
    assert "token" in Event.objects.get(kind="tracker.set").data["fields"]
    # Without a new one it stays; deleted, it is gone.
    client.post(page, github.terms | {"token": "", "address": f"{github.site}/acme/till", "revision": 1})
    assert Tracker.objects.get().token() == TOKEN
    for _ in range(2):
        client.post(reverse("team-tracker-token-remove", args=[action.team_id]))
    assert Tracker.objects.get().token_encrypted == ""
    assert Event.objects.filter(kind="tracker.token-removed").count() == 1


@pytest.mark.parametrize("change", [{"address": "https://1.1.1.1/acme/shop"}, {"kind": "gitlab"}])
def test_nobody_leads_a_stored_token_elsewhere(github, client, action, lead, change):
    set_up(github, action, lead)
    client.force_login(lead)
    page = reverse("team-tracker", args=[action.team_id])
    response = client.post(page, github.terms | {"token": "", "revision": 1} | change)
    assert response.status_code == 422
    assert "Enter one for the new address" in response.content.decode()
    assert Tracker.objects.get().token() == TOKEN
    # Past the form, the token is deleted.
    terms = {name: value for name, value in github.terms.items() if name != "token"} | change
    assert not Tracker.objects.set(team=action.team, by=lead, seen=None, **terms).has_token


def test_a_token_of_a_jira_is_not_led_to_another_path_of_its_host(client, action, lead):
    with played_tracker("jira") as played:
        set_up(played, action, lead, address=f"{played.site}/jira")
        client.force_login(lead)
        page = reverse("team-tracker", args=[action.team_id])
        elsewhere = played.terms | {"token": "", "revision": 1, "address": f"{played.site}/pages"}
        response = client.post(page, elsewhere)
        assert response.status_code == 422
        assert f"The stored token is for {played.site}/jira." in response.content.decode()
        terms = {name: elsewhere[name] for name in ("kind", "address", "project", "issue_type")}
        assert not Tracker.objects.set(team=action.team, by=lead, seen=None, **terms).has_token


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"address": "https://10.0.0.1/acme/shop"}, "This address is not allowed"),
        ({"address": "http://1.1.1.1/acme/shop"}, "This address is not allowed"),
        ({"token": "with space"}, "A token has neither spaces"),
        ({"token": "line\nbreak"}, "A token has neither spaces"),
        (
            {"kind": "jira", "address": "https://acme.atlassian.net", "project": "1", "issue_type": "2"},
            "Jira Cloud needs the email",
        ),
        (
            {"kind": "jira", "project": "1", "issue_type": "2", "account": "ada@example.org", "token": ""},
            "Enter the token that belongs to this email",
        ),
    ],
)
def test_a_token_that_cannot_be_used_is_said_at_once(client, team, lead, sent, sentence):
    client.force_login(lead)
    usual = {"kind": "github", "address": "https://1.1.1.1/acme/shop", "token": TOKEN}
    response = client.post(reverse("team-tracker", args=[team.pk]), usual | sent)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Tracker.objects.exists()


def test_erasing_a_person_deletes_their_token(github, action, lead):
    set_up(github, action, lead)
    other = make_membership(team=action.team, role="lead").user
    make_user(is_administrator=True)
    erase(lead, by=other)
    tracker = Tracker.objects.get()
    assert (tracker.token_encrypted, tracker.token_by, tracker.token_on) == ("", None, None)
