"""A browser that asks again for a page is told if it is unchanged, and never if it would read otherwise."""

import re

import pytest
from django.contrib import messages
from django.test import Client
from django.urls import reverse

from assessments.models import Membership, Team
from assessments.results import team_views

from .. import toy
from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def lead():
    lead = Lead()
    lead.closes(AT[2], on="2026-01-01")
    return lead


class Browser:
    """Keeps what it got, and asks if it is still so."""

    def __init__(self, user, host="localhost:8000"):
        self.client = Client(HTTP_HOST=host, enforce_csrf_checks=True)
        self.client.force_login(user)
        self.etag: dict[str, str] = {}

    def opens(self, address: str):
        asks = {"If-None-Match": self.etag[address]} if address in self.etag else {}
        response = self.client.get(address, headers=asks)
        if response.status_code == 200 and response.has_header("ETag"):
            self.etag[address] = response.headers["ETag"]
        return response


def pages(lead) -> list[str]:
    return [lead.team.get_absolute_url(), lead.team.results.get().get_absolute_url(), "/portfolio/"]


def test_an_unchanged_page_is_not_sent_again(lead):
    browser = Browser(lead.user)
    for address in pages(lead):
        assert browser.opens(address).headers["Cache-Control"] == "private, no-cache"
        again = browser.opens(address)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert "Cookie" in again.headers["Vary"]


def test_the_page_that_the_browser_has_can_still_be_used(lead):
    browser = Browser(lead.user)
    address = lead.team.get_absolute_url()
    token = TOKEN.search(browser.opens(address).content)[1].decode()
    assert browser.opens(address).status_code == 304
    signed_out = browser.client.post(reverse("sign-out"), {"csrfmiddlewaretoken": token})
    assert signed_out.status_code == 302
    assert signed_out.headers["Clear-Site-Data"] == '"cache"'
    assert browser.opens(address).status_code == 302


def test_signing_in_makes_the_browser_forget_what_somebody_else_left(client):
    """Their time may have run out, so that they never signed out."""
    make_user(email="next@example.org", password="the-next-one-here")
    response = client.post(reverse("sign-in"), {"email": "next@example.org", "password": "the-next-one-here"})
    assert response.status_code == 302
    assert response.headers["Clear-Site-Data"] == '"cache"'


def test_a_page_from_before_signing_in_again_is_sent_anew(lead):
    browser = Browser(lead.user)
    address = lead.team.get_absolute_url()
    browser.opens(address)
    browser.client.cookies.clear()
    browser.client.force_login(lead.user)
    assert browser.opens(address).status_code == 200


@pytest.mark.parametrize("change", ["name", "role", "result", "begun", "who"])
def test_a_page_that_reads_otherwise_is_sent(lead, change):
    browser = Browser(lead.user)
    address = lead.team.get_absolute_url()
    browser.opens(address)
    if change == "name":
        Team.objects.filter(pk=lead.team.pk).update(name="Renamed")
    elif change == "role":
        Membership.objects.filter(user=lead.user).update(role="viewer")
    elif change == "result":
        lead.closes(AT[3], on="2026-02-01")
    elif change == "begun":
        toy.start(team=lead.team, by=lead.user, edition=lead.edition)
    else:
        # Somebody else on the same browser sees what is theirs to see.
        browser.client.force_login(make_membership(team=lead.team, role="viewer").user)
    assert browser.opens(address).status_code == 200
    assert browser.opens(address).status_code == 304


def test_someone_who_left_the_team_gets_nothing(lead):
    browser = Browser(lead.user)
    address = lead.team.get_absolute_url()
    browser.opens(address)
    Membership.objects.filter(user=lead.user).delete()
    assert browser.opens(address).status_code == 404


def test_a_message_is_shown(lead, monkeypatch):
    browser = Browser(lead.user)
    address = lead.team.get_absolute_url()
    browser.opens(address)
    get_team = team_views.get_team

    def with_message(request, pk):
        messages.success(request, "Done.")
        return get_team(request, pk)

    monkeypatch.setattr(team_views, "get_team", with_message)
    assert b"Done." in browser.opens(address).content
    monkeypatch.undo()
    assert b"Done." not in browser.opens(address).content


def test_where_browsers_would_not_forget_a_page_they_keep_none(lead):
    browser = Browser(lead.user, host="testserver")
    for address in pages(lead):
        for _time in range(2):
            response = browser.opens(address)
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "no-store, private"
            assert not response.has_header("ETag")
