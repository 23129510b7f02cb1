"""The questionnaire without a mouse, and shortcuts that can be switched off."""

import pytest
from playwright.sync_api import expect

from .. import toy
from ..factories import make_membership, make_team, make_user
from .asking import assert_chosen, assert_saved, question

pytestmark = [pytest.mark.browser, pytest.mark.any_database]

OUTLINED = """() => [document.activeElement, document.activeElement.closest("label")]
    .some((element) => getComputedStyle(element).outlineStyle !== "none")"""


@pytest.fixture
def member(transactional_db):
    return make_user()


@pytest.fixture
def path(member):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    make_membership(user=member, team=team)
    return f"/assessments/{toy.start(team=team, by=lead).pk}/answer/to/X/"


@pytest.fixture
def page(sign_in, member, path):
    page = sign_in(member)
    page.goto(path)
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def assert_in_focus(page, key: str):
    expect(question(page, key).locator(":focus")).to_have_count(1)


def test_arrow_keys_choose_inside_a_question(page):
    question(page, "x1").get_by_role("radio").first.focus()
    press(page, "Space", "ArrowRight", "ArrowRight")
    assert_chosen(page, "x1", "Largely")
    assert_saved(page, "x1")


def test_tab_reaches_the_first_question_and_shows_where_it_is(page):
    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    press(page, "Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(12):
        press(page, "Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            break
    assert_in_focus(page, "x1")
    assert page.evaluate(OUTLINED)


def test_digits_answer_and_letters_walk(page):
    press(page, "j")
    assert_in_focus(page, "x1")
    press(page, "4")
    assert_chosen(page, "x1", "Fully")
    assert_saved(page, "x1")
    press(page, "j", "j", "k")
    assert_in_focus(page, "x2")
    press(page, "j", "2")
    assert_saved(page, "x3")
    press(page, "k", "k", "n")
    assert_in_focus(page, "x2")
    press(page, "c", "A", "?", "4")
    expect(question(page, "x2").get_by_label("Comment")).to_have_value("A?4")


def test_brackets_turn_the_pages(page):
    press(page, "]")
    page.wait_for_url("**/answer/to/Y/")
    press(page, "[")
    page.wait_for_url("**/answer/to/X/")


def test_question_mark_opens_the_list_and_escape_closes_it(page):
    expect(page.get_by_text("Press ? for keyboard shortcuts.")).to_be_visible()
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_shortcuts_can_be_switched_off(page, path):
    press(page, "?")
    page.get_by_role("dialog").get_by_role("link", name="your account").click()
    page.get_by_label("Keyboard shortcuts in the questionnaire").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    page.goto(path)
    expect(page.get_by_text("Press ? for keyboard shortcuts.")).to_be_hidden()
    question(page, "x1").get_by_role("radio").first.focus()
    press(page, "?", "4", "j")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    assert_in_focus(page, "x1")


def test_slash_leads_into_the_search_unless_shortcuts_are_switched_off(page, member):
    searching = page.get_by_label("Search teams, people and criteria")
    hint = page.locator(".find-key")
    expect(hint).to_be_visible()
    press(page, "/")
    expect(searching).to_be_focused()
    expect(hint).to_be_hidden()
    expect(searching).to_have_value("")
    member.change_own(keyboard_shortcuts=False)
    page.reload()
    expect(hint).to_have_count(0)
    press(page, "/")
    expect(searching).not_to_be_focused()
