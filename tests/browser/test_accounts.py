"""Signing in by a provider, in a browser, with a real one: the content security policy lets it happen."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import GroupRule, User

from .. import sign_in_provider
from ..factories import make_team, make_user
from ..sign_in_provider import as_setting
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]


@pytest.fixture
def provider(tmp_path, settings, live_server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    settings.SITE_URL = live_server.url
    make_user(is_administrator=True, is_confirmed=True)
    with sign_in_provider.running(tmp_path) as running:
        settings.SIGN_IN_PROVIDERS = [as_setting(running)]
        yield running


def opened(open_page, **options):
    """The provider's own page has no policy: it asks for a style elsewhere, and for a picture that it does not have."""
    page = open_page(**options)
    page.route("**/npm/**", lambda route: route.fulfill(body="", content_type="text/css"))
    page.route("**/favicon.ico", lambda route: route.fulfill(body="", content_type="image/x-icon"))
    return page


@pytest.mark.parametrize("javascript", [True, False])
def test_somebody_signs_in_by_the_provider_and_gets_what_their_groups_give(provider, open_page, javascript):
    team = make_team(name="Payments")
    GroupRule.objects.create(value="developers", role="member", team=team)
    provider.knows("ada", email="ada@example.org", email_verified=True, name="Ada Example", groups=["developers"])
    page = opened(open_page, javascript=javascript)
    page.goto(reverse("teams"))
    for width in (320, 390, 1280):
        assert_fits(page, width=width)
    page.get_by_role("link", name="Sign in with Company").click()
    page.get_by_placeholder("sub").fill("ada")
    page.get_by_role("button", name="Authorize").click()
    expect(page).to_have_url(re.compile(r"/teams/$"))
    expect(page.get_by_role("link", name="Payments").first).to_be_visible()
    assert User.objects.get(email="ada@example.org").memberships.get().team == team


def test_unverified_address_is_told_in_a_sentence(provider, open_page):
    provider.knows("eve", email="eve@example.org", email_verified=False)
    page = opened(open_page, expects="403")
    page.goto(reverse("sign-in"))
    axe_in_both_schemes(page)
    page.get_by_role("link", name="Sign in with Company").click()
    page.get_by_placeholder("sub").fill("eve")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
    expect(page.get_by_text("has not verified that eve@example.org is yours")).to_be_visible()
    axe_in_both_schemes(page)
    assert not User.objects.filter(email="eve@example.org").exists()
