"""A report that is shared: the link is made and copied, and read by somebody who has no account."""

import datetime

import pytest
from playwright.sync_api import expect

from .. import toy
from ..factories import make_membership, make_team, make_unit
from .conftest import assert_fits, axe_in_both_schemes, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]

PASSWORD = "a word for the board"


@pytest.fixture
def team():
    return make_team(unit=make_unit(name="Data platform"), name="Search ranking")


@pytest.fixture
def result(team):
    edition = toy.make_edition()
    toy.add_result(team=team, edition=edition, date=datetime.date(2026, 5, 1), codes="F F N N F F N N")
    return toy.add_result(team=team, edition=edition, date=datetime.date(2026, 10, 1))


def looks_right(page) -> None:
    for width in (320, 390, 1280):
        assert_fits(page, width=width)
    axe_in_both_schemes(page)


def made(page) -> str:
    """The address that the page shows once."""
    page.get_by_role("button", name="Create link").click()
    address = page.get_by_label("Link to the report").input_value()
    settled(page)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    return "/s/" + address.split("/s/")[1]


def test_a_lead_shares_a_result_with_a_password(result, team, sign_in, open_page):
    lead = make_membership(team=team, role="lead").user
    page = sign_in(lead)
    page.goto(result.get_absolute_url())
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Password").fill(PASSWORD)
    address = made(page)
    looks_right(page)

    reader = open_page(expects="422")
    reader.goto(address)
    looks_right(reader)
    reader.get_by_label("Password").fill("a guess")
    reader.get_by_role("button", name="Open the report").click()
    reader.get_by_text("This is not the password of this link.").wait_for()
    reader.get_by_label("Password").fill(PASSWORD)
    reader.get_by_role("button", name="Open the report").click()
    reader.get_by_role("heading", name="Search ranking: result of 1 October 2026").wait_for()
    looks_right(reader)


def test_a_manager_shares_a_portfolio_without_script(result, team, sign_in, open_page):
    manager = make_membership(unit=team.unit, role="manager").user
    page = sign_in(manager, javascript=False)
    page.goto("/portfolio/")
    page.get_by_role("link", name="Share").click()
    page.get_by_role("button", name="Create link").click()
    address = "/s/" + page.get_by_label("Link to the report").input_value().split("/s/")[1]
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    reader = open_page()
    reader.goto(address)
    reader.get_by_role("rowheader", name="Search ranking").wait_for()
    looks_right(reader)
