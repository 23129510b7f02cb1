"""Second factors in a browser: codes of an app, and passkeys of a device that Chromium plays; the CSP stays silent."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import User
from assessments.models.second_factors import Kind, SecondFactors

from ..accounts.second_factors import App, recovery_codes, set_up_app
from ..factories import make_user
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]

PASSWORD = "correct horse battery"


@pytest.fixture
def kim():
    make_user(is_administrator=True)
    return make_user(name="Kim", email="kim@example.org", password=PASSWORD, is_confirmed=True)


def by_password(page, person):
    page.goto(reverse("sign-in"))
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def is_in(page):
    expect(page.get_by_role("link", name="Your account: Kim")).to_be_visible()


def looks_right(page, *, axe=True):
    for width in (320, 390, 1280):
        assert_fits(page, width=width)
    if axe:
        axe_in_both_schemes(page)


@pytest.fixture
def named(live_server):
    """The address by a name: without one there are no passkeys."""
    return live_server.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def device():
    """Gives the page a device with passkeys, on which whoever is asked shows a finger."""

    def device_(page, *, is_verified=True):
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": is_verified,
            "automaticPresenceSimulation": True,
        }
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return session

    return device_


@pytest.mark.parametrize("javascript", [True, False])
def test_app_is_set_up_and_asked_for(open_page, kim, settings, javascript):
    settings.TWO_FACTOR = "everyone"
    page = open_page(javascript=javascript, expects="422")
    by_password(page, kim)
    expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()
    looks_right(page, axe=javascript)
    app = App(page.locator("#secret").inner_text().replace(" ", ""))
    page.get_by_label("Code that the app shows").fill(app.wrong_code)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("This is not the code for this picture.")).to_be_visible()
    assert page.locator("#secret").inner_text().replace(" ", "") == app.secret
    page.get_by_label("Code that the app shows").fill(app.code())
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_label("Your recovery codes")).to_be_visible()
    looks_right(page, axe=javascript)
    code = page.get_by_label("Your recovery codes").input_value().split("\n")[3]
    page.get_by_role("button", name="I have stored them").click()
    is_in(page)
    page.goto(reverse("two-factor"))
    looks_right(page, axe=javascript)
    page.get_by_role("button", name="Sign out").click()

    by_password(page, kim)
    looks_right(page, axe=javascript)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    is_in(page)
    page.get_by_role("button", name="Sign out").click()
    by_password(page, kim)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This code is not right, or was used before.")).to_be_visible()
    page.get_by_label("Code").fill(app.code(1))
    page.get_by_role("button", name="Sign in").click()
    is_in(page)


def test_passkey_is_added_and_signs_in_alone(open_page, kim, named, device):
    page = open_page(address=named)
    device(page)
    by_password(page, kim)
    is_in(page)
    page.goto(reverse("two-factor"))
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    looks_right(page)
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_role("button", name="I have stored them").click()
    expect(page.get_by_text("Laptop")).to_be_visible()
    looks_right(page)
    page.get_by_role("link", name="Rename Laptop").click()
    page.get_by_label("Name").fill("Old laptop")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Old laptop")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    looks_right(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_in(page)
    assert SecondFactors(kim).passkeys.get().last_used_at

    # Beside the password it is the second step.
    page.get_by_role("button", name="Sign out").click()
    by_password(page, kim)
    looks_right(page)
    page.get_by_role("button", name="Use a passkey").click()
    is_in(page)


def test_passkey_is_enough_for_who_needs_a_second_factor(open_page, kim, named, device, settings):
    settings.TWO_FACTOR = "everyone"
    page = open_page(address=named)
    device(page)
    by_password(page, kim)
    page.get_by_role("link", name="Use a passkey instead").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_role("button", name="I have stored them").click()
    is_in(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_in(page)
    assert [row.type for row in SecondFactors(kim).rows] == [Kind.WEBAUTHN, Kind.RECOVERY_CODES]


def test_passkey_that_is_removed_lets_nobody_in(open_page, kim, named, device):
    page = open_page(address=named)
    device(page)
    by_password(page, kim)
    page.goto(reverse("two-factor-passkey"))
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_role("button", name="I have stored them").click()
    page.get_by_role("link", name="Remove Laptop").click()
    looks_right(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Removed.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey does not belong to the account")).to_be_visible()


def test_passkey_of_somebody_who_may_not_sign_in_lets_nobody_in(open_page, kim, named, device):
    page = open_page(address=named)
    device(page)
    by_password(page, kim)
    page.goto(reverse("two-factor-passkey"))
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_role("button", name="I have stored them").click()
    page.get_by_role("button", name="Sign out").click()
    User.objects.update(is_active=False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This account cannot sign in.")).to_be_visible()


def test_device_without_a_passkey_is_told(open_page, kim, named, device):
    page = open_page(address=named, expects="NotAllowed")
    device(page)
    page.goto(reverse("sign-in"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was shown.")).to_be_visible()


def test_address_without_a_name_is_told(open_page, kim):
    page = open_page()
    by_password(page, kim)
    page.goto(reverse("two-factor-passkey"))
    expect(page.get_by_text("http://localhost works too, but 127.0.0.1 does not.")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


def test_who_comes_with_an_app_proves_it_again_and_removes_it(open_page, kim, monkeypatch):
    set_up_app(kim)
    codes = recovery_codes(kim)
    page = open_page()
    by_password(page, kim)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    is_in(page)
    monkeypatch.setattr("assessments.accounts.proofs.RECENT", 0)
    page.goto(reverse("two-factor"))
    page.get_by_role("link", name="Remove authenticator app").click()
    looks_right(page)
    expect(page).to_have_url(re.compile("/confirm/"))
    monkeypatch.setattr("assessments.accounts.proofs.RECENT", 600)
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Removed.")).to_be_visible()
