"""Every answer is saved as it is given; where that fails, the page says so, keeps it, and stores it later, once."""

import contextlib
import os
import re
import signal

import pytest
from playwright.sync_api import expect

from assessments.models import Rating

from .. import toy
from ..factories import make_membership, make_team, make_user
from ..servers import ROOT, free_port
from .asking import assert_chosen, assert_saved, choose, question, status
from .conftest import wait_until

pytestmark = pytest.mark.browser

PASSWORD = "a long enough passphrase"
#: What Chromium and htmx write when a request gets no answer at all.
AWAY = r"net::ERR_|^htmx:"


@pytest.fixture
def member(transactional_db):
    return make_user(email="mira@example.org", password=PASSWORD)


@pytest.fixture
def assessment(member):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    make_membership(user=member, team=team)
    return toy.start(team=team, by=lead)


@pytest.fixture
def path(assessment):
    return f"/assessments/{assessment.pk}/answer/to/X/"


def stored(assessment) -> dict[str, tuple[str, int]]:
    """What the database holds: criterion -> (code, version). A version counts how often an answer was stored."""
    rows = Rating.objects.filter(assessment=assessment).select_related("criterion", "choice")
    assert len(rows) == len({(row.respondent_id, row.criterion_id) for row in rows})
    return {row.criterion.key: (row.choice.code if row.choice else row.answer, row.version) for row in rows}


def links_wait(page):
    """A link that follows an answer waits as long as a busy machine takes to save it."""

    def patient(route):
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace("PATIENCE = 1500", "PATIENCE = 600000"))

    page.route("**/js/app*.js", patient)


@contextlib.contextmanager
def standing_still(server):
    """The server takes connections and answers nothing."""
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(server.process.pid, signal.SIGCONT)


def test_answers_given_while_the_server_is_away_are_stored_once_it_is_back(
    on_test_database, sign_in, member, assessment, path
):
    port = free_port()
    with on_test_database(port=port) as server:
        page = sign_in(member, address=server.address, expects=AWAY)
        page.goto(path)
        choose(page, "x1", "Fully")
        assert_saved(page, "x1")
    choose(page, "x2", "Partly")
    expect(status(page, "x2")).to_contain_text("Not saved")
    choose(page, "x3", "Not")
    choose(page, "x3", "Largely")
    expect(status(page, "x3")).to_contain_text("Not saved")
    assert stored(assessment) == {"x1": ("F", 1)}
    with on_test_database(port=port):
        assert_saved(page, "x2")
        assert_saved(page, "x3")
        expect(page.locator("#progress")).to_contain_text("3 of 8 answered")
        assert stored(assessment) == {"x1": ("F", 1), "x2": ("P", 1), "x3": ("L", 1)}
        page.reload()
        for key, name in {"x1": "Fully", "x2": "Partly", "x3": "Largely"}.items():
            assert_chosen(page, key, name)


def test_server_that_does_not_answer_is_told_within_two_seconds(on_test_database, sign_in, member, assessment, path):
    with on_test_database() as server:
        page = sign_in(member, address=server.address, expects=AWAY)
        page.goto(path)
        with standing_still(server):
            choose(page, "x1", "Fully")
            # How soon it is told stands in the script; when it is seen depends on how busy this machine is.
            expect(status(page, "x1")).to_contain_text("Not saved")
            assert "Saved" not in status(page, "x1").inner_text().replace("Not saved", "")
        slow = re.search(r"SLOW = (\d+)", (ROOT / "static" / "js" / "app.js").read_text())
        assert int(slow[1]) < 2000
        assert_saved(page, "x1")
        assert stored(assessment) == {"x1": ("F", 1)}


def test_leaving_with_an_answer_that_is_not_saved_asks_first(sign_in, member, path):
    page = sign_in(member, expects=AWAY)
    page.goto(path)
    page.context.set_offline(True)
    choose(page, "x1", "Fully")
    expect(status(page, "x1")).to_contain_text("Not saved")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Frameworks").click(no_wait_after=True)
    wait_until(page, lambda: asked)
    assert asked == ["beforeunload"]
    page.context.set_offline(False)
    assert_saved(page, "x1")


def test_failing_server_is_tried_again(sign_in, member, assessment, path):
    page = sign_in(member, expects="502|^htmx:")
    page.goto(path)
    page.route("**/answer/to/X/*/", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"), times=1)
    choose(page, "x1", "Largely")
    expect(status(page, "x1")).to_contain_text("Not saved")
    assert_saved(page, "x1")
    assert stored(assessment) == {"x1": ("L", 1)}


@pytest.mark.parametrize("readable", [True, False], ids=["readable", "out-of-reach"])
def test_answer_of_somebody_signed_out_stays_and_is_stored_after_signing_in(
    sign_in, member, assessment, path, settings, readable
):
    """Whether or not scripts can read the cookie of the token: some firewalls set HttpOnly on every cookie."""
    settings.CSRF_COOKIE_HTTPONLY = not readable
    page = sign_in(member, expects="401|403")
    page.goto(path)
    other = page.context.new_page()
    other.goto("/teams/")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/sign-in/")
    choose(page, "x2", "Largely")
    expect(status(page, "x2")).to_contain_text("You are signed out, so this answer is not saved yet")
    assert_chosen(page, "x2", "Largely")
    assert stored(assessment) == {}
    with page.expect_popup() as opened:
        status(page, "x2").get_by_role("link").click()
    tab = opened.value
    tab.get_by_label("Email").fill(member.email)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", name="You are signed in")).to_be_visible()
    tab.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    assert_saved(page, "x2")
    assert stored(assessment) == {"x2": ("L", 1)}


def test_lost_right_is_told_apart_from_an_old_token_and_keeps_the_answer_on_the_page(sign_in, member, assessment, path):
    page = sign_in(member, expects="403|404")
    page.goto(path)
    member.memberships.all().delete()
    choose(page, "x2", "Largely")
    expect(status(page, "x2")).to_contain_text("You can no longer answer here")
    assert_chosen(page, "x2", "Largely")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/teams/")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("kept,code", [("Partly", "P"), ("Fully", "F")])
def test_conflict_between_two_pages_shows_both_values(sign_in, member, assessment, path, kept, code):
    page = sign_in(member, expects="409")
    page.goto(path)
    other = page.context.new_page()
    other.goto(path)
    choose(other, "x1", "Fully")
    assert_saved(other, "x1")
    choose(page, "x1", "Partly")
    expect(status(page, "x1")).to_contain_text("changed on another page. There: Fully. Here: Partly.")
    assert stored(assessment) == {"x1": ("F", 1)}
    status(page, "x1").get_by_text(f"“{kept}”").click()
    expect(status(page, "x1")).not_to_contain_text("changed on another page")
    wait_until(page, lambda: stored(assessment)["x1"][0] == code)
    assert_chosen(page, "x1", kept)


def test_going_on_days_later_on_another_machine(sign_in, member, assessment, path):
    page = sign_in(member)
    page.goto(path)
    for key in ("x1", "x2"):
        choose(page, key, "Fully")
        assert_saved(page, key)
    question(page, "x1").locator("summary").click()
    question(page, "x1").get_by_label("Comment").fill("Since the spring.")
    assert_saved(page, "x1")
    assert Rating.objects.get(assessment=assessment, criterion__key="x1").comment == "Since the spring."

    elsewhere = sign_in(member, width=390)
    elsewhere.goto("/")
    elsewhere.get_by_role("link", name="Continue").click()
    assert_chosen(elsewhere, "x2", "Fully")
    expect(question(elsewhere, "x1").get_by_label("Comment")).to_have_value("Since the spring.")
    expect(elsewhere).to_have_url(re.compile(f"#{question(elsewhere, 'x3').get_attribute('id')}$"))


def test_counts_never_go_back_when_an_earlier_save_is_answered_last(sign_in, member, path):
    page = sign_in(member)
    page.goto(path)
    held = []

    def hold(route):
        # Stored at once, told only when the next answer has been.
        held.append((route, route.fetch()))

    page.route("**/answer/to/X/*/", hold, times=1)
    choose(page, "x1", "Fully")
    wait_until(page, lambda: held)
    choose(page, "x2", "Fully")
    assert_saved(page, "x2")
    route, response = held[0]
    route.fulfill(response=response)
    assert_saved(page, "x1")
    expect(page.locator("#progress")).to_contain_text("2 of 8 answered")
    expect(page.locator("#toc-X")).to_contain_text("2/4")


def test_last_answer_before_going_on_is_not_lost(sign_in, member, assessment, path):
    page = sign_in(member)
    page.goto(path)
    question(page, "x1").locator("summary").click()
    question(page, "x1").get_by_label("Comment").fill("Typed and gone.")
    choose(page, "x4", "Fully")
    # As a bookmark does, or closing the page.
    page.goto(path.replace("/X/", "/Y/"))
    wait_until(page, lambda: len(stored(assessment)) == 2)
    page.goto(path)
    assert_chosen(page, "x4", "Fully")
    expect(question(page, "x1").get_by_label("Comment")).to_have_value("Typed and gone.")
    assert stored(assessment)["x4"] == ("F", 1)


def test_the_next_page_counts_the_answer_before_it(sign_in, member, assessment, path):
    page = sign_in(member)
    links_wait(page)
    page.goto(path)
    choose(page, "x4", "Fully")
    page.locator("a[data-key=next-page]").evaluate("link => link.click()")
    page.wait_for_url("**/answer/to/Y/")
    # The page does not count again by itself.
    expect(page.locator("#progress")).to_contain_text("1 of 8 answered")


def test_a_link_stays_where_the_answer_before_it_is_refused(sign_in, member, assessment, path):
    """Gone on, nobody would learn that the reason is missing. Followed once more, the link leads on."""
    page = sign_in(member, expects="422")
    links_wait(page)
    page.goto(path)
    held = []
    page.route("**/answer/to/X/*/", lambda route: held.append(route), times=1)
    choose(page, "x3", "Does not apply")
    page.locator("a[data-key=next-page]").evaluate("link => link.click()")
    wait_until(page, lambda: held)
    held[0].continue_()
    expect(status(page, "x3")).to_contain_text("Say in a few words why it does not apply")
    expect(question(page, "x3").get_by_role("radio", name="Does not apply")).to_be_focused()
    assert stored(assessment) == {}
    assert page.url.endswith(path)
    page.locator("a[data-key=next-page]").click()
    page.wait_for_url("**/answer/to/Y/")


def test_a_link_does_not_wait_for_ever(on_test_database, sign_in, member, path):
    port = free_port()
    with on_test_database(port=port) as server:
        page = sign_in(member, address=server.address, expects=AWAY)
        page.goto(path)
        choose(page, "x4", "Fully")
        with standing_still(server), page.expect_request("**/answer/to/Y/"):
            page.locator("a[data-key=next-page]").evaluate("link => link.click()")


def test_does_not_apply_is_saved_once_its_reason_is_there(sign_in, member, assessment, path):
    page = sign_in(member, expects="422")
    page.goto(path)
    choose(page, "x3", "Does not apply")
    expect(status(page, "x3")).to_contain_text("Not saved yet. Say in a few words why it does not apply")
    assert stored(assessment) == {}
    question(page, "x3").get_by_label("Why does it not apply?").fill("We have none.")
    page.keyboard.press("Tab")
    assert_saved(page, "x3")
    assert stored(assessment) == {"x3": ("NA", 1)}


def test_a_wrong_link_is_told_and_does_not_hold_up_the_answer_once_it_is_right(sign_in, member, assessment, path):
    """The browser's own check of the field would stop every save without a word."""
    page = sign_in(member, expects="422")
    page.goto(path)
    question(page, "x1").locator("summary").click()
    link = question(page, "x1").get_by_label("Link to evidence")
    link.fill("no link")
    choose(page, "x1", "Fully")
    expect(status(page, "x1")).to_contain_text("Not saved yet. Enter a link that begins with https://")
    link.fill("wiki.example.org/x")
    page.keyboard.press("Tab")
    assert_saved(page, "x1")
    assert stored(assessment) == {"x1": ("F", 1)}


def test_answer_given_before_the_scripts_are_there_is_saved(sign_in, member, assessment, path):
    held = []
    page = sign_in(member)
    page.route("**/js/app*.js", lambda route: held.append(route), times=1)
    page.goto(path, wait_until="commit")
    choose(page, "x1", "Fully")
    assert stored(assessment) == {}
    wait_until(page, lambda: held)
    held[0].continue_()
    assert_saved(page, "x1")
    assert stored(assessment) == {"x1": ("F", 1)}


def test_without_script_one_button_saves_the_page_and_two_tabs_lose_nothing(sign_in, member, assessment, path):
    first = sign_in(member, javascript=False, expects="409")
    first.goto(path)
    second = first.context.new_page()
    second.goto(path)
    for key, name in {"x1": "Fully", "x2": "Partly", "x4": "Not"}.items():
        choose(first, key, name)
    expect(first.get_by_role("button", name="Save answers")).to_have_count(1)
    first.get_by_role("button", name="Save answers").click()
    expect(first.get_by_text("3 answers are saved.")).to_be_visible()
    assert stored(assessment) == {"x1": ("F", 1), "x2": ("P", 1), "x4": ("N", 1)}

    choose(second, "x1", "Not")
    choose(second, "x3", "Largely")
    second.get_by_role("button", name="Save answers").click()
    expect(second.get_by_text("1 answer is saved. 1 answer is not saved yet.")).to_be_visible()
    expect(status(second, "x1")).to_contain_text("There: Fully. Here: Not.")
    assert_chosen(second, "x1", "Not")
    assert_chosen(second, "x2", "Partly")
    assert stored(assessment) == {"x1": ("F", 1), "x2": ("P", 1), "x3": ("L", 1), "x4": ("N", 1)}
    second.get_by_role("button", name="Keep “Not”").click()
    expect(second.get_by_text("1 answer is saved.", exact=True)).to_be_visible()
    assert stored(assessment)["x1"] == ("N", 2)
