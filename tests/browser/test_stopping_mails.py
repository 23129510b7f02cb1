"""The page behind the link in a mail, which needs no account and changes nothing until somebody says so."""

from urllib.parse import urlsplit

import pytest

from assessments.models import MailStop

from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]


def test_a_guest_switches_reminders_off_and_on_again(open_page):
    page = open_page()
    link = MailStop.link(MailStop.Topic.REMINDER, person=None, email="guest@example.org")
    page.goto(urlsplit(link).path)
    for width in (320, 390, 1280):
        assert_fits(page, width=width)
    axe_in_both_schemes(page)
    page.get_by_role("button", name="Switch off these mails").click()
    page.get_by_text("These mails are switched off: you get no more of them.").wait_for()
    axe_in_both_schemes(page)
    page.get_by_role("button", name="Switch them on again").click()
    page.get_by_text("These mails are switched on.").wait_for()
    assert not MailStop.objects.exists()
