"""Going back shows nothing of somebody who has left the browser to another person."""

import pytest

from ..progress import AT, Lead

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_page_that_comes_back_from_memory_is_asked_for_again(sign_in):
    """Browsers for tests keep no pages in memory, so the event is made by hand."""
    lead = Lead(name="Pricing")
    lead.closes(AT[2], on="2026-01-01")
    page = sign_in(lead.user)
    page.goto(lead.team.get_absolute_url())
    page.context.clear_cookies()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.get_by_label("Password").wait_for()
    assert "Pricing" not in page.content()
