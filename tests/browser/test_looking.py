"""The fixtures of this folder: a page with an error in it must not pass."""

import pytest
from playwright.sync_api import expect

from ..factories import make_user
from .conftest import Console, assert_fits, assert_fits_on_paper, axe, axe_in_both_schemes, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.any_database]


@pytest.fixture
def page(open_page, live_server):
    return open_page(expects=".")


@pytest.mark.parametrize(
    "broken",
    [
        "document.body.setAttribute('style', 'color: red')",
        "setTimeout(() => { throw new Error('Oh!') })",
        "document.head.append(Object.assign(document.createElement('script'), {src: '/missing.js'}))",
    ],
)
def test_errors_in_the_page_are_seen(page, broken):
    console = Console(page, "")
    page.goto("/setup/")
    assert console.unexpected() == []
    page.evaluate(f"() => {{ {broken} }}")
    wait_until(page, console.unexpected)


def test_faults_that_axe_finds_fail_the_test(page):
    page.goto("/setup/")
    axe_in_both_schemes(page)
    page.evaluate("document.querySelector('label').remove()")
    with pytest.raises(AssertionError, match="label"):
        axe(page)


def test_what_is_too_wide_fails_the_test(page):
    page.goto("/setup/")
    assert_fits(page, 320)
    page.evaluate("document.querySelector('h1').append(Object.assign(document.createElement('canvas'), {width: 600}))")
    with pytest.raises(AssertionError, match="wider than 320 px"):
        assert_fits(page, 320)


def test_what_is_cut_off_on_paper_fails_the_test(page):
    page.goto("/setup/")
    assert_fits_on_paper(page)
    page.evaluate("document.querySelector('h1').append(Object.assign(document.createElement('canvas'), {width: 900}))")
    with pytest.raises(AssertionError, match="does not fit on paper"):
        assert_fits_on_paper(page)


def test_signed_in_by_cookie(sign_in):
    page = sign_in(make_user(name="Ann"))
    page.goto("/teams/")
    expect(page.get_by_role("link", name="Ann")).to_be_visible()


def test_served_as_deployed(open_page, deployed):
    page = open_page(address=deployed.address)
    page.goto("/")
    assert page.url == f"{deployed.address}/setup/"
    assert "/static/js/app." in page.content()
