"""A click that leads elsewhere counts, whatever a page asks for by itself at that moment."""

import pytest
from playwright.sync_api import expect

from .. import toy
from ..progress import AT, Lead
from .conftest import wait_until

SAYS_WHEN_ANSWERED = """() => document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr.getResponseHeader("HX-Refresh")) console.log("answered");
})"""

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_page_that_is_being_left_is_not_loaded_again(sign_in):
    lead = Lead(name="Pricing")
    assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition)
    page = sign_in(lead.user)
    page.goto(assessment.get_absolute_url())
    held = []
    page.route("**/teams/", lambda route: held.append(route))
    heard = []
    page.on("console", lambda message: heard.append(message.text))
    page.evaluate(SAYS_WHEN_ANSWERED)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Teams", exact=True).click(no_wait_after=True)
    wait_until(page, lambda: held)
    # With the first answer the page would be loaded as a whole, as answering can be ended now.
    toy.rate(assessment, lead.user, AT[1])
    wait_until(page, lambda: "answered" in heard)
    held[0].continue_()
    page.wait_for_url("**/teams/")
    expect(page.get_by_role("heading", name="Teams", exact=True)).to_be_visible()
