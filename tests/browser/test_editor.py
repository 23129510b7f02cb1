"""Editing and publishing a framework in a real browser: saved as one types, told when stale, by keyboard alone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import Edition

from .. import toy
from ..factories import make_membership, make_team, make_user
from .conftest import assert_fits, axe, axe_in_both_schemes, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]


@pytest.fixture
def admin(live_server):
    return make_user(is_administrator=True, name="Ann")


@pytest.fixture
def draft(admin):
    return toy.make_edition().make_draft(by=admin)


def criterion(draft, key="x1"):
    return draft.criteria.get(key=key)


def url(draft, name, *arguments):
    return reverse(name, args=[draft.framework.key, draft.pk, *arguments])


#: What the focused control is called; a region that scrolls is none.
FOCUSED = """() => { const e = document.activeElement;
    return e.tabIndex < 0 || e.matches('[role=region]') ? '' : e.labels?.[0]?.innerText || e.innerText || ''; }"""


def tab_to(page, words: str):
    """Presses Tab until the focus is on what is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        named = page.evaluate(FOCUSED)
        if words in named:
            return
    raise AssertionError(f"{words!r} cannot be reached with Tab")


def test_typing_is_saved_as_one_goes(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(draft.url_of(criterion(draft)))
    page.get_by_label("Statement").fill("Typed in a browser.")
    page.locator("#edit-status [data-state=saved]").wait_for()
    assert criterion(draft).statement == "Typed in a browser."
    page.get_by_label("Next step").fill("Then this.")
    wait_until(page, lambda: criterion(draft).next == "Then this.")
    page.locator("#edit-status [data-state=saved]").wait_for()
    row = criterion(draft)
    assert (row.statement, row.next, row.revision) == ("Typed in a browser.", "Then this.", 2)


def test_token_that_is_out_of_date_is_no_obstacle(sign_in, admin, draft):
    """As after signing in again in another tab."""
    page = sign_in(admin, expects="403")
    page.goto(draft.url_of(criterion(draft)))
    page.context.clear_cookies(name="csrftoken")
    page.get_by_label("Statement").fill("Typed with an old token.")
    page.locator("#edit-status [data-state=saved]").wait_for()
    assert criterion(draft).statement == "Typed with an old token."


def test_what_is_missing_is_said_while_typing(sign_in, admin, draft):
    page = sign_in(admin, expects="422")
    page.goto(draft.url_of(criterion(draft)))
    page.get_by_label("Statement").fill("")
    page.get_by_text("Statement: This field is required.").wait_for()
    assert criterion(draft).statement == "Practice x1 is done."
    page.get_by_label("Statement").fill("Back again.")
    page.locator("#edit-status [data-state=saved]").wait_for()


def test_two_administrators_at_once_lose_nothing(sign_in, admin, draft):
    other = make_user(is_administrator=True, name="Ben")
    page = sign_in(admin, expects="409")
    page.goto(draft.url_of(criterion(draft)))
    draft.change(criterion(draft), by=other, seen=0, statement="Written by Ben.")
    page.get_by_label("Statement").fill("Written by Ann.")
    page.get_by_text("Someone else changed this").wait_for()
    expect(page.get_by_text("Written by Ben.")).to_be_visible()
    axe_in_both_schemes(page)
    assert criterion(draft).statement == "Written by Ben."
    page.get_by_role("button", name="Save my version").click()
    page.locator("#edit-status [data-state=saved]").wait_for()
    assert criterion(draft).statement == "Written by Ann."


def test_a_failed_save_is_told_and_tried_again(sign_in, admin, draft):
    page = sign_in(admin, expects="Failed to load resource|htmx:sendError|htmx:afterRequest")
    page.goto(draft.url_of(criterion(draft)))
    page.context.set_offline(True)
    page.get_by_label("Statement").fill("Typed without a network.")
    page.get_by_text("Not saved.").wait_for()
    page.context.set_offline(False)
    page.locator("#edit-status [data-state=saved]").wait_for()
    assert criterion(draft).statement == "Typed without a network."


def test_editing_and_publishing_with_the_keyboard_alone(sign_in, admin, live_server):
    edition = toy.make_edition()
    page = sign_in(admin)
    page.goto(edition.get_absolute_url())
    tab_to(page, "Create new version")
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit/")
    tab_to(page, "Area X")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dimension/*/")
    tab_to(page, "Practice x1 is done.")
    page.keyboard.press("Enter")
    page.wait_for_url("**/criterion/*/")
    tab_to(page, "Statement")
    page.keyboard.press("Control+A")
    page.keyboard.type("Practice x1 is done well.")
    page.locator("#edit-status [data-state=saved]").wait_for()
    page.goto(
        url(edition.successors.get(), "draft-part", "dimension", criterion(edition.successors.get()).dimension_id)
    )
    tab_to(page, "Move x2 up")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, "Changes")
    page.keyboard.press("Enter")
    page.wait_for_url("**/changes/")
    tab_to(page, "Mark as editorial")
    page.keyboard.press("Enter")
    page.get_by_text("Editorial: same meaning").wait_for()
    tab_to(page, "Publish")
    page.keyboard.press("Enter")
    page.wait_for_url("**/publish/")
    tab_to(page, "Publish Toy 1.1.0")
    page.keyboard.press("Enter")
    page.get_by_text("It cannot be changed any more.").wait_for()
    published = Edition.objects.get(version="1.1.0")
    assert published.status == "published"
    assert list(published.criteria.values_list("key", "meaning"))[:2] == [("x2", 1), ("x1", 1)]
    assert criterion(published).statement == "Practice x1 is done well."


def test_everything_works_without_javascript(sign_in, admin, draft):
    page = sign_in(admin, javascript=False)
    page.goto(draft.url_of(criterion(draft)))
    page.get_by_label("Statement").fill("Without a script.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    page.get_by_role("link", name="Changes").click()
    page.get_by_role("button", name="Mark as editorial").click()
    expect(page.get_by_text("Editorial: same meaning")).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish Toy").click()
    expect(page.get_by_text("It cannot be changed any more.")).to_be_visible()
    assert Edition.objects.get(pk=draft.pk).status == "published"


def test_a_file_is_looked_at_and_then_imported(sign_in, admin):
    page = sign_in(admin, expects="422")
    page.goto(reverse("framework-import"))
    page.get_by_label("File").set_input_files("tests/data/importers/dsomm.yaml")
    page.get_by_role("button", name="Preview import").click()
    expect(page.get_by_text("cannot be imported")).to_be_visible()
    axe_in_both_schemes(page)
    page.get_by_label("File").set_input_files("tests/data/importers/dsomm.yaml")
    page.get_by_label("Format").select_option("dsomm")
    page.get_by_role("button", name="Preview import").click()
    expect(page.get_by_role("button", name="Import as draft")).to_be_visible()
    axe_in_both_schemes(page)
    page.get_by_role("button", name="Import as draft").click()
    expect(page.get_by_text("as a draft. ")).to_be_visible()
    assert Edition.objects.get().criteria.count() == 4


def test_impact_goes_on_by_itself(sign_in, admin, draft, monkeypatch):
    monkeypatch.setattr("assessments.frameworks.impact.STEP", 2)
    for n in range(5):
        team, lead = make_team(name=f"Team {n}"), make_user()
        make_membership(user=lead, team=team, role="lead")
        assessment = toy.start(team=team, by=lead, edition=draft.based_on)
        toy.rate(assessment, lead, "F F F N F F F N")
        assessment.close(by=lead)
    page = sign_in(admin)
    page.goto(url(draft, "draft-impact"))
    page.get_by_role("status").filter(has_text="5 of 5 teams").wait_for()
    expect(page.locator("tbody th")).to_have_count(5)
    axe_in_both_schemes(page)


def test_every_page_is_accessible_and_fits(sign_in, admin, draft):
    draft.change(criterion(draft), by=admin, seen=0, statement="Practice x1 is done well.")
    parts = [draft.levels.first(), draft.dimensions.first(), draft.scales.first(), criterion(draft)]
    addresses = [url(draft, name) for name in ("draft-edit", "draft-changes", "draft-impact", "draft-publish")]
    addresses += [draft.url_of(part) for part in parts]
    addresses += [url(draft, "draft-new", kind) for kind in ("criterion", "level", "scale")]
    addresses += [url(draft, "edition-compare"), reverse("frameworks"), draft.get_absolute_url()]
    addresses += [reverse("criterion-history", args=[draft.framework.key, "x1"]), reverse("framework-import")]
    page = sign_in(admin)
    for address in addresses:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(address)
        axe_in_both_schemes(page)
        assert_fits(page, 320)


def test_the_start_of_the_next_assessment_is_accessible(sign_in, draft, admin):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead, edition=draft.based_on)
    toy.rate(assessment, lead, "F F F N F F F N")
    assessment.close(by=lead)
    page = sign_in(lead)
    page.goto(reverse("assessment-start", args=[team.pk]))
    axe_in_both_schemes(page)
    assert_fits(page, 320)
    following = toy.start(team=team, by=lead, edition=draft.based_on)
    page.goto(reverse("answer-dimension", args=[following.pk, "X"]))
    expect(page.get_by_text("Last time, on 14 October 2026: Fully.").first).to_be_visible()
    axe(page)


def test_the_back_office_works_under_the_policy_for_content(sign_in, admin, draft):
    page = sign_in(admin)
    level = draft.levels.get(number=1)
    page.goto(reverse("admin:assessments_level_change", args=[level.pk]))
    page.get_by_label("Name:").fill("Changed in the back office")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()
    assert draft.levels.get(number=1).name == "Changed in the back office"
