"""People outside the team answer on their phones; the lead sees how they see it, and not who they are."""

import pytest
from playwright.sync_api import expect

from .. import toy
from ..factories import make_membership, make_team
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]


def looks_right(page) -> None:
    for width in (320, 390, 1280):
        assert_fits(page, width=width)
    axe_in_both_schemes(page)


def test_a_team_sees_how_it_looks_from_outside(sign_in, open_page):
    team = make_team(name="Payments")
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F F F F F F F")
    page = sign_in(lead)
    page.goto(f"{assessment.get_absolute_url()}invite/")
    page.get_by_label("The same questions as the team").check()
    page.get_by_role("button", name="Create link for people outside").click()
    link = page.get_by_label("Link for people outside the team").input_value()
    looks_right(page)

    for number in range(3):
        # The first one has script, as axe needs it; the others do without.
        phone = open_page(javascript=not number)
        phone.goto("/o/" + link.split("/o/")[1])
        if not number:
            looks_right(phone)
        phone.get_by_role("button", name="Start").click()
        expect(phone.get_by_role("link", name="Start answering")).to_be_visible()
        if not number:
            looks_right(phone)
        phone.get_by_role("link", name="Start answering").click()
        expect(phone.get_by_role("group", name="Practice x1 is done.")).to_be_visible()
        if not number:
            looks_right(phone)
        phone.get_by_role("group", name="Practice x1 is done.").get_by_text("Not", exact=True).click()
        phone.get_by_role("button", name="Save and go on").click()
        phone.get_by_role("heading", name="Area Y").wait_for()
        phone.get_by_role("group", name="Practice y1 is done.").get_by_text("Fully", exact=True).click()
        phone.get_by_role("button", name="Save and finish").click()
        phone.get_by_text("2 of 8 answered").wait_for()

    assessment.end_answering(by=lead)
    page.goto(f"{assessment.get_absolute_url()}review/")
    page.get_by_text("Area X outside 0%, team 100%: 100 points lower").wait_for()
    looks_right(page)
    page.get_by_role("button", name="Talk about Area X").click()
    page.get_by_role("heading", name="Practice x1 is done.").wait_for()
    result = assessment.close(by=lead)
    page.goto(result.get_absolute_url())
    page.get_by_role("heading", name="How people outside the team see it").wait_for()
    looks_right(page)


def test_the_level_of_a_question_comes_with_its_answer(sign_in):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead, hides_hints=True)
    page = sign_in(lead)
    page.goto(f"{assessment.get_absolute_url()}answer/to/X/")
    expect(page.get_by_text("Level 1 · Step 1")).to_have_count(0)
    question = page.get_by_role("group", name="Practice x1 is done.")
    question.get_by_text("I do not know").click()
    question.get_by_text("Level 1 · Step 1").wait_for()
    expect(page.get_by_text("Level 1 · Step 1")).to_have_count(1)
    axe_in_both_schemes(page)
