"""Scoring, symptoms and the adviser of a draft in a real browser: by mouse, by keyboard and without script."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments.frameworks.format.files import reads
from assessments.frameworks.storing import file_of, store
from assessments.models import Edition

from .. import toy
from ..factories import make_user
from ..frameworks.test_framework_files import SMALL, SUMS
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]


@pytest.fixture
def admin(live_server):
    return make_user(is_administrator=True, name="Ann")


@pytest.fixture
def draft(admin):
    return toy.make_edition().make_draft(by=admin)


def stored(draft):
    return file_of(Edition.objects.get(pk=draft.pk))


def url(draft, name, *more):
    return reverse(name, args=[draft.framework.key, draft.pk, *more])


def tab_to(page, locator):
    """Goes on with the Tab key until it stands there."""
    for _press in range(150):
        if locator.evaluate("field => field === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {locator}")


def test_a_symptom_is_added_moved_and_removed(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(draft.get_rules_url())
    page.get_by_role("link", name="Add a symptom").click()
    page.get_by_label("Statement").fill("Nobody asks.")
    page.get_by_label("Level", exact=True).select_option("1")
    page.get_by_label("Area X: Practice x1").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Added.")).to_be_visible()
    page.get_by_label("Statement").fill("Nobody ever asks.")
    expect(page.locator("[data-state=saved]")).to_be_visible()
    page.get_by_role("link", name="Back to scoring and advice").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Move Nobody ever asks. up").click()
    symptoms = [symptom.statement for symptom in draft.symptoms.all()]
    assert symptoms[-2] == "Nobody ever asks."
    page.get_by_role("link", name="Nobody ever asks.").click()
    page.get_by_text("Remove this symptom").click()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url(f"**{draft.get_rules_url()}**")
    expect(page.get_by_role("link", name="Nobody ever asks.")).to_have_count(0)


def test_a_rule_is_added_by_keyboard(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(draft.get_rules_url())
    tab_to(page, page.get_by_role("link", name="Edit scoring"))
    page.keyboard.press("Enter")
    new = page.get_by_role("group", name="New rule")
    tab_to(page, new.get_by_label("Name"))
    page.keyboard.type("Strict")
    tab_to(page, new.get_by_label("Share at the level itself"))
    page.keyboard.type("9/10")
    tab_to(page, new.get_by_label("Share at every level below it"))
    page.keyboard.type("0.9")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Each criterion has at least 0.9 of the points")).to_be_visible()
    assert stored(draft).scoring.rules[-1].key == "strict"


def test_bands_are_edited(sign_in, admin):
    draft = store(reads(SUMS, name="sums.yaml"), origin="imported").edition.make_draft(by=admin)
    page = sign_in(admin, expects="422")
    page.goto(url(draft, "draft-scoring"))
    count = len(draft.scoring["bands"])
    new = page.get_by_role("group", name="New band").first
    new.get_by_label("Name").fill("Between")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    axe_in_both_schemes(page)
    new.get_by_label("Up to").fill("1/3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("rowheader", name="Between")).to_be_visible()
    assert len(stored(draft).scoring.bands) == count + 1


def test_an_adviser_is_made_without_script(sign_in, admin, draft):
    page = sign_in(admin, javascript=False)
    page.goto(draft.get_rules_url())
    page.get_by_role("link", name="Add an adviser").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Add a question").click()
    page.get_by_label("Question").fill("How many models?")
    page.get_by_label("Answer", exact=True).select_option("integer")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Level that it advises").select_option("2")
    page.get_by_label("Reason").fill("Many models.")
    page.get_by_label("How many models? At least").fill("3")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("How many models? 3 or more")).to_be_visible()
    rule = stored(draft).adviser.rules[0]
    assert (rule.level, list(rule.when.values())) == (2, [3])


def test_a_rule_of_the_adviser_is_changed_and_moved_by_keyboard(sign_in, admin):
    draft = store(reads(SMALL, name="small.yaml"), origin="imported").edition.make_draft(by=admin)
    page = sign_in(admin)
    page.goto(draft.get_rules_url())
    tab_to(page, page.get_by_role("link", name="Level 1: Many."))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("rare"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.press("Control+A")
    page.keyboard.type("Very many.")
    tab_to(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Level 1: Very many.")).to_be_visible()
    assert stored(draft).adviser.rules[0].when["change"] == ("rare", "often")
    tab_to(page, page.get_by_role("button", name="Move How often? up"))
    page.keyboard.press("Enter")
    expect(page.locator("#inputs li").first).to_contain_text("How often?")


def test_a_dimension_comes_back_with_its_criteria(sign_in, admin, draft):
    page = sign_in(admin)
    page.goto(draft.get_grid_url())
    page.get_by_role("link", name="Area X", exact=True).click()
    page.get_by_text("Remove this dimension").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("with 4 criteria")).to_be_visible()
    axe_in_both_schemes(page)
    page.get_by_role("link", name="Grid", exact=True).click()
    expect(page.locator(".crit")).to_have_count(4)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".crit")).to_have_count(8)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_criterion_removed_on_a_page_of_its_own_comes_back_there(sign_in, admin, draft):
    page = sign_in(admin)
    row = draft.criteria.get(key="x1")
    page.goto(draft.url_of(row))
    page.get_by_text("Remove this criterion").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name=row.statement)).to_have_count(0)
    axe_in_both_schemes(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name=row.statement)).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_pages_fit_and_have_no_fault_that_axe_finds(sign_in, admin, width):
    draft = store(reads(SMALL, name="small.yaml"), origin="imported").edition.make_draft(by=admin)
    draft.change(draft.symptoms.get(), by=admin, seen=0, statement="<b>" + "long" * 60)
    page = sign_in(admin, width=width)
    for address in (
        draft.get_rules_url(),
        url(draft, "draft-rules-text"),
        url(draft, "draft-scoring"),
        draft.url_of(draft.symptoms.get()),
        url(draft, "draft-new", "symptom"),
        url(draft, "draft-adviser"),
        url(draft, "draft-advice", "rules", "A1"),
        url(draft, "draft-advice-new", "adjustments"),
        url(draft, "draft-advice", "inputs", "models"),
    ):
        page.goto(address)
        assert_fits(page, width)
        axe_in_both_schemes(page)
