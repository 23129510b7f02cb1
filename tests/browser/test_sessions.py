"""Ending a session from another browser, in two of them."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from ..factories import make_user, signed_in_elsewhere
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery"


def signed_in(open_page, person, **options):
    page = open_page(**options)
    page.goto(reverse("sign-in"))
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"127.0.0.1:\d+/$|localhost:\d+/$"))
    return page


@pytest.mark.parametrize("javascript", [True, False])
def test_a_session_that_is_ended_elsewhere_leads_to_the_sign_in(open_page, javascript):
    person = make_user(password=PASSWORD, is_confirmed=True)
    there = signed_in(open_page, person, javascript=javascript)
    here = signed_in(open_page, person, javascript=javascript)
    here.goto(reverse("account"))
    here.get_by_role("link", name="Sessions").click()
    rows = here.get_by_role("listitem").filter(has_text="Signed in on")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("this browser")
    expect(rows.last).to_contain_text("Chrome on Linux")
    rows.last.get_by_role("button", name="Sign out in Chrome on Linux").click()
    expect(here.get_by_text("You are signed out in that browser.")).to_be_visible()
    expect(rows).to_have_count(1)
    there.goto(reverse("teams"))
    expect(there).to_have_url(re.compile(r"/sign-in/\?next=/teams/$"))
    here.reload()
    expect(here.get_by_text("You are signed in nowhere else.")).to_be_visible()


def test_the_pages_are_for_everybody(sign_in):
    admin = make_user(is_administrator=True)
    for place in ("203.0.113.0/24", "2001:db8:1234::/48", ""):
        signed_in_elsewhere(admin, network=place, browser="Samsung Internet", system="Android")
    page = sign_in(admin)
    for address in (reverse("sessions"), reverse("account"), reverse("account-edit", args=[admin.pk])):
        page.goto(address)
        axe_in_both_schemes(page)
        for width in (320, 390, 1280):
            assert_fits(page, width=width)
