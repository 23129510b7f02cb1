"""A framework from scratch in a real browser: by mouse, by keyboard, without script and on a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import Edition

from .. import toy
from ..factories import make_user
from .conftest import assert_fits, axe_in_both_schemes, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]

DIMENSIONS = ["People", "Process", "Data", "Tools"]
LEVELS = ["Start", "Begun", "Managed", "Measured", "Leading"]


@pytest.fixture
def admin(live_server):
    return make_user(is_administrator=True, name="Ann")


@pytest.fixture
def draft(admin):
    return toy.make_edition().make_draft(by=admin)


def grid_of(draft):
    return reverse("draft-grid", args=[draft.framework.key, draft.pk])


def card(page, words):
    return page.locator(".crit", has_text=words)


def spot(page, draft, dimension, level):
    row, column = draft.dimensions.get(key=dimension), draft.levels.get(number=level)
    return page.locator(f'.spot[data-dimension="{row.pk}"][data-level="{column.pk}"]')


class Hands:
    """What a person does: each click and each pasted or typed text is one interaction."""

    def __init__(self, page):
        self.page = page
        self.count = 0

    def click(self, locator):
        self.count += 1
        locator.click()

    def fill(self, locator, text):
        # A click into the field, and the text.
        self.count += 2
        locator.fill(text)


def test_48_criteria_from_nothing_take_few_interactions(sign_in, admin):
    # A list can be added while its preview is still being asked for.
    page = sign_in(admin, expects="htmx:sendAbort|htmx:afterRequest")
    page.goto(reverse("frameworks"))
    hands = Hands(page)
    hands.click(page.get_by_role("link", name="New framework"))
    hands.fill(page.get_by_label("Name"), "Ours")
    hands.fill(page.get_by_role("textbox", name="Levels"), "\n".join(LEVELS))
    hands.fill(page.get_by_role("textbox", name="Dimensions"), "\n".join(DIMENSIONS))
    hands.click(page.get_by_role("button", name="Create draft"))
    page.wait_for_url("**/grid/")
    for dimension in DIMENSIONS:
        row = page.locator("section.board-row").filter(has=page.get_by_role("heading", name=dimension, exact=True))
        hands.click(row.get_by_role("link", name="Paste a list"))
        lines = [f"{level} {dimension} practice {level}.{n} is in place." for level in range(1, 5) for n in range(1, 4)]
        hands.fill(page.get_by_label("One criterion on each line"), "\n".join(lines))
        hands.click(page.get_by_role("button", name="Add all"))
        expect(row.locator(".crit")).to_have_count(12)
    draft = Edition.objects.get(name="Ours")
    assert draft.criteria.count() == 48
    assert {draft.criteria.filter(level__number=level).count() for level in range(1, 5)} == {12}
    assert hands.count <= 60
    hands.click(page.get_by_role("link", name="Publish", exact=True))
    hands.click(page.get_by_role("button", name="Publish Ours"))
    page.wait_for_url("**/frameworks/ours/*/")
    assert Edition.objects.get(name="Ours").is_published
    assert hands.count <= 60


def test_a_list_says_what_it_becomes_while_it_is_written(sign_in, admin, draft):
    page = sign_in(admin, expects="422")
    page.goto(grid_of(draft))
    page.get_by_role("link", name="Paste a list").first.click()
    field = page.get_by_label("One criterion on each line")
    expect(field).to_be_focused()
    field.press_sequentially("1 One.")
    expect(page.locator("[data-found]")).to_contain_text("1 criterion")
    field.fill("1 One.\n9 Two.")
    expect(page.locator("[data-found]")).to_contain_text("There is no level “9” here.")
    expect(field).to_have_value("1 One.\n9 Two.")
    axe_in_both_schemes(page)
    page.get_by_role("link", name="Cancel").click()
    expect(field).to_have_count(0)


def test_criteria_are_added_one_after_another(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(grid_of(draft))
    cell = spot(page, draft, "X", 1)
    before = draft.criteria.count()
    cell.locator("summary").click()
    expect(cell.locator("textarea")).to_be_focused()
    for words in ("First of all.", "Second of all.", "Third of all."):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
    for words in ("First of all.", "Second of all.", "Third of all."):
        expect(cell.locator(".crit", has_text=words)).to_have_count(1)
    expect(cell.locator("textarea")).to_be_focused()
    expect(cell.locator("textarea")).to_have_value("")
    assert draft.criteria.count() == before + 3


def test_the_warning_of_an_empty_level_goes_with_its_first_criterion(sign_in, admin, draft):
    draft.criteria.filter(level__number=3).delete()
    page = sign_in(admin)
    page.goto(draft.get_grid_url())
    expect(page.get_by_text("No team can reach level 3")).to_be_visible()
    cell = spot(page, draft, "X", 3)
    cell.locator("summary").click()
    cell.locator("textarea").fill("At the top.")
    page.keyboard.press("Enter")
    expect(cell.locator(".crit", has_text="At the top.")).to_have_count(1)
    expect(page.get_by_text("No team can reach level 3")).to_have_count(0)


def test_what_is_typed_while_one_is_under_way_is_added_after_it(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(grid_of(draft))
    cell = spot(page, draft, "X", 1)
    cell.locator("summary").click()
    expect(cell.locator("textarea")).to_be_focused()
    held = []
    page.route("**/paste/", lambda route: held.append(route), times=1)
    for words in ("First of all.", "Second of all.", "Third of all."):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
    expect(cell.locator("textarea")).to_have_value("Second of all.\nThird of all.\n")
    wait_until(page, lambda: held)
    held[0].continue_()
    for words in ("First of all.", "Second of all.", "Third of all."):
        expect(cell.locator(".crit", has_text=words)).to_have_count(1)
    expect(cell.locator("textarea")).to_have_value("")


def test_what_cannot_be_added_stays_in_its_cell(sign_in, admin, draft):
    page = sign_in(admin, expects="422|INTERNET_DISCONNECTED|sendError|htmx:afterRequest")
    page.goto(grid_of(draft))
    cell = spot(page, draft, "X", 1)
    cell.locator("summary").click()
    cell.locator("textarea").fill("x" * 2001)
    page.keyboard.press("Enter")
    expect(cell.get_by_role("alert")).to_contain_text("2001 letters")
    expect(cell.locator("textarea")).to_have_value("x" * 2001)
    page.context.set_offline(True)
    cell.locator("textarea").fill("Kept.")
    page.keyboard.press("Enter")
    expect(cell.get_by_role("alert")).to_contain_text("Not saved")
    expect(cell.locator("textarea")).to_have_value("Kept.")
    page.context.set_offline(False)


def test_a_criterion_is_edited_beside_the_grid_and_nothing_typed_is_lost(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(grid_of(draft))
    first, second = draft.criteria.all()[:2]
    page.locator(f"#criterion-{first.pk}").click()
    page.locator("#panel").get_by_label("Statement").fill("Typed in a hurry.")
    page.locator(f"#criterion-{second.pk}").click()
    expect(page.locator("#panel").get_by_label("Statement")).to_have_value(second.statement)
    expect(page.locator(f"#criterion-{first.pk}")).to_contain_text("Typed in a hurry.")
    first.refresh_from_db()
    assert first.statement == "Typed in a hurry."
    axe_in_both_schemes(page)


def test_a_criterion_is_moved_by_drag_and_by_keys(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(grid_of(draft))
    row = draft.criteria.get(key="x1")
    moved = page.locator(f"#criterion-{row.pk}")
    target = spot(page, draft, "Y", 2)
    moved.drag_to(target)
    expect(target.locator(f"#criterion-{row.pk}")).to_be_focused()
    page.keyboard.press("Shift+ArrowLeft")
    expect(spot(page, draft, "Y", 1).locator(f"#criterion-{row.pk}")).to_be_focused()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(spot(page, draft, "Y", 3).locator(f"#criterion-{row.pk}")).to_be_focused()
    row.refresh_from_db()
    assert (row.dimension.key, row.level.number) == ("Y", 3)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"#criterion-{row.pk}")).not_to_be_focused()


def test_removing_is_undone_and_copies_are_opened(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(grid_of(draft))
    row = draft.criteria.get(key="x1")
    page.locator(f"#criterion-{row.pk}").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(f"#criterion-{row.pk}")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".crit[aria-current]")).to_contain_text(row.statement)
    page.get_by_role("button", name="Duplicate").click()
    expect(card(page, row.statement)).to_have_count(2)
    expect(page.locator("#panel").get_by_label("Statement")).to_be_focused()


def test_the_grid_works_without_script(admin, draft, open_page, sign_in):
    page = sign_in(admin, javascript=False)
    page.goto(grid_of(draft))
    cell = spot(page, draft, "X", 1)
    cell.locator("summary").click()
    cell.locator("textarea").fill("Plain.\nAnother plain one.")
    cell.get_by_role("button", name="Add another").click()
    expect(spot(page, draft, "X", 1).locator(".crit", has_text="lain")).to_have_count(2)
    page.get_by_role("link", name="Paste a list").first.click()
    page.get_by_label("One criterion on each line").fill("2\tFrom a list.")
    page.get_by_role("button", name="Add all").click()
    expect(card(page, "From a list.")).to_have_count(1)
    card(page, "From a list.").click()
    page.get_by_label("Statement").fill("Changed.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    page.goto(grid_of(draft))
    expect(card(page, "Changed.")).to_have_count(1)


def test_on_a_phone_a_criterion_opens_as_a_page(sign_in, admin, draft):
    page = sign_in(admin, width=390)
    page.goto(grid_of(draft))
    criterion = draft.criteria.get(key="x1")
    card(page, criterion.statement).click()
    page.wait_for_url(f"**{draft.url_of(criterion)}")
    expect(page.get_by_label("Statement")).to_have_value(criterion.statement)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_pages_fit_and_have_no_fault_that_axe_finds(sign_in, admin, draft, width):
    page = sign_in(admin, width=width)
    draft.change(draft.criteria.get(key="x1"), by=admin, seen=0, statement="<b>" + "long" * 60)
    paste = reverse("draft-paste", args=[draft.framework.key, draft.pk, draft.dimensions.first().pk])
    for address in (grid_of(draft), paste, *(reverse(f"framework-new{way}") for way in ("", "-copy", "-table"))):
        page.goto(address)
        assert_fits(page, width)
        axe_in_both_schemes(page)
    page.goto(reverse("framework-new-table"))
    page.get_by_label("Name").fill("Pasted")
    page.get_by_label("Table").fill("Level\tDimension\tCriterion\n1\tPeople\tThey talk.\n2\tPeople\t\n2\tData\tKept.")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="This becomes")).to_be_visible()
    assert_fits(page, width)
    axe_in_both_schemes(page)
