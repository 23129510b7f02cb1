"""A rubric in a real browser: answers with their full texts at every width, saved, and what comes of them."""

import datetime

import pytest
from playwright.sync_api import expect

from assessments.frameworks.format.files import read
from assessments.frameworks.storing import BUILT_IN, store
from assessments.models import Edition

from .. import toy
from ..factories import make_membership, make_team
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]


@pytest.fixture
def edition(live_server):
    return store(read(BUILT_IN / "health-check.yaml"), origin=Edition.Origin.BUILT_IN).edition


@pytest.fixture
def lead(edition):
    return make_membership(team=make_team(name="Harbour"), role="lead").user


def answering(lead, edition) -> str:
    team = lead.memberships.get().team
    assessment = toy.start(team=team, by=lead, edition=edition, rule="")
    return f"/assessments/{assessment.pk}/answer/to/purpose/"


def test_answers_stand_side_by_side_or_one_under_the_other(sign_in, lead, edition):
    page = sign_in(lead)
    page.goto(answering(lead, edition))
    question = page.locator(".question").first
    anchors = edition.scales.get(key="direction").choices.values_list("anchor", flat=True)
    for width in (320, 390, 768, 1280, 1920):
        assert_fits(page, width)
        for anchor in anchors:
            expect(question.get_by_text(anchor, exact=True)).to_be_visible()
        boxes = [card.bounding_box() for card in question.locator(".rate.cards > label").all()]
        lefts, tops = ({round(box[side]) for box in boxes} for side in ("x", "y"))
        assert len(lefts) == 1 or len(tops) == 1, (width, boxes)
        assert all(box["height"] >= 44 for box in boxes)


def test_an_answer_is_saved_by_its_card_and_by_keyboard(sign_in, lead, edition):
    page = sign_in(lead)
    page.goto(answering(lead, edition))
    first, second = page.locator(".question").all()
    first.locator("label").filter(has_text="Everyone knows the goals and the reason for them").click()
    expect(first.locator(".saved-status")).to_have_text("Saved")
    second.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    expect(second.locator(".saved-status")).to_have_text("Saved")
    axe_in_both_schemes(page)
    page.reload()
    expect(page.locator(".question").first.get_by_role("radio").nth(3)).to_be_checked()


def test_results_map_and_framework_have_no_fault_that_axe_finds(sign_in, lead, edition):
    team = lead.memberships.get().team
    for day, codes in (("2026-02-01", "2 3 2 2 3 2 3 2 2 3"), ("2026-08-01", "3 4 3 4 4 2 4 3 3 -")):
        toy.add_result(team=team, edition=edition, date=datetime.date.fromisoformat(day), codes=codes, rule="")
    newest = team.results.newest_first().first()
    page = sign_in(lead, width=390)
    for address in (
        f"/teams/{team.pk}/",
        f"/teams/{team.pk}/map/?dimension=purpose",
        f"/results/{newest.pk}/",
        f"/teams/{team.pk}/what-if/?framework=health-check&level=4",
        edition.get_absolute_url(),
    ):
        page.goto(address)
        axe_in_both_schemes(page)
        assert_fits(page, 390)
