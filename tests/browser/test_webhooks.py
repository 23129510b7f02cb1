"""A webhook in a browser: a lead adds it, tests it, and sees what became of the test."""

import pytest

from assessments.models import Webhook
from assessments.outbox.deliveries import deliver_waiting

from ..factories import make_membership, make_team, make_unit
from ..webhook_receiver import status, webhook_receiver
from ..webhooks.making import networks
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]


def looks_right(page) -> None:
    for width in (320, 390, 1280):
        assert_fits(page, width=width)
    axe_in_both_schemes(page)


def test_a_lead_adds_a_webhook_and_tests_it(sign_in, settings):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    team = make_team(unit=make_unit(name="Data platform"), name="Search ranking")
    page = sign_in(make_membership(team=team, role="lead").user)
    with webhook_receiver() as receiver:
        page.goto(team.get_absolute_url())
        page.get_by_role("link", name="Edit").click()
        page.get_by_role("link", name="Webhooks").click()
        page.wait_for_url("**/webhooks/")
        page.get_by_label("Name").fill("#search-ranking")
        page.get_by_label("Sends to").select_option("JSON, signed, for your own program")
        page.get_by_label("Address").fill(receiver.url)
        looks_right(page)
        page.get_by_role("button", name="Add webhook").click()
        page.get_by_role("button", name="Copy secret").wait_for()
        looks_right(page)
        receiver.answer = status(503)
        page.get_by_role("button", name="Send a test").click()
        page.get_by_text("A test is queued").wait_for()
        assert deliver_waiting().postponed == 1
        page.goto(Webhook.objects.get().get_absolute_url())
        page.get_by_text("The receiver answered 503.").wait_for()
        looks_right(page)
        page.get_by_role("link", name="Change").click()
        page.wait_for_url("**/edit/")
        page.get_by_role("button", name="Save").wait_for()
        looks_right(page)
        page.go_back()
        receiver.answer = status(200)
        with page.expect_navigation():
            page.get_by_role("button", name="Send again").click()
        assert deliver_waiting().sent == 1
        page.reload()
        page.get_by_text("Arrived").wait_for()
        page.get_by_role("button", name="Switch off").click()
        page.get_by_text("It is switched off.").wait_for()
        looks_right(page)
