"""Guessing passwords is slow, and never shuts out the owner of an account or everyone in an office."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from assessments.accounts.known_devices import cookie_name
from assessments.models import PasswordRequest, SignInAttempt, User
from assessments.models.accounts import ATTEMPT_PAUSE, ATTEMPT_WINDOW

from ..factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
NETWORK = "203.0.113.9"


def sign_in(client, email="mia@example.org", password=PASSWORD, network=NETWORK):
    return client.post("/sign-in/", {"email": email, "password": password}, REMOTE_ADDR=network).status_code


def let_pass(time):
    for attempt in SignInAttempt.objects.all():
        SignInAttempt.objects.filter(pk=attempt.pk).update(at=attempt.at - time)


@pytest.fixture
def mia():
    return make_user(email="Mia@example.org", password=PASSWORD)


@pytest.fixture
def limited(settings):
    settings.SIGN_IN_LIMIT_PER_ACCOUNT = 3
    settings.SIGN_IN_LIMIT_PER_ADDRESS = 6
    return settings


class TestByAccount:
    def test_after_too_many_wrong_passwords_one_a_minute_is_tried(self, client, mia, limited):
        assert [sign_in(client, password="x") for _ in range(5)] == [200, 200, 200, 429, 429]
        assert sign_in(client) == 429, "the right password has to wait as well"
        for _ in range(3):
            let_pass(ATTEMPT_PAUSE)
            assert [sign_in(client, password="x") for _ in range(3)] == [200, 429, 429]
        let_pass(ATTEMPT_PAUSE)
        assert sign_in(client) == 302

    def test_after_the_window_there_are_as_many_tries_as_before(self, client, mia, limited):
        assert [sign_in(client, password="x") for _ in range(4)] == [200, 200, 200, 429]
        let_pass(ATTEMPT_WINDOW)
        assert [sign_in(client, password="x") for _ in range(4)] == [200, 200, 200, 429]

    def test_success_is_not_counted(self, client, mia, limited):
        for _ in range(8):
            assert sign_in(Client()) == 302
        assert not SignInAttempt.objects.exists()

    @pytest.mark.parametrize("spelling", ["MIA@EXAMPLE.ORG", "m\u0131a@example.org", "M\u0130A@example.org"])
    def test_every_spelling_counts_as_the_account_that_it_may_reach(self, client, mia, limited, spelling):
        """Dotless i and dotted I: a database may take them for an i, in this or another version."""
        assert [sign_in(client, spelling, "x") for _ in range(3)] == [200, 200, 200]
        assert sign_in(client) == 429

    def test_other_letters_do_not_lead_to_the_account(self, client, mia):
        for spelling in ("m\u0131a@example.org", "mi\u0430@example.org"):
            assert sign_in(client, spelling) == 200
            assert not User.objects.with_email(spelling).exists()

    def test_two_accounts_whose_capitals_are_alike_do_not_mix(self, client, mia):
        other = make_user(email="m\u0131a@example.org", password="another long password")
        assert User.objects.get_by_natural_key("MIA@example.org") == mia
        assert User.objects.get_by_natural_key("m\u0131a@example.org") == other
        assert sign_in(client, "m\u0131a@example.org") == 200
        assert sign_in(client) == 302

    def test_an_address_that_nobody_has_is_limited_alike(self, client, mia, limited):
        """Otherwise the limit would tell who has an account."""
        assert [sign_in(client, "nobody@example.org", "x") for _ in range(3)] == [200, 200, 200]
        assert sign_in(client, "NOBODY@example.org", "x") == 429
        assert sign_in(client, "nobody@example.org", "x", "203.0.113.10") == 429

    def test_mails_for_a_new_password_are_limited_by_the_account_too(self, client, mia, limited, settings):
        settings.MAIL_ENABLED = True
        for spelling in ("mia@example.org", "MIA@example.org", "Mia@Example.org", "miA@example.org", "mia@EXAMPLE.org"):
            client.post("/password/reset/", {"email": spelling}, REMOTE_ADDR=NETWORK)
        assert SignInAttempt.objects.count() == 3
        assert PasswordRequest.objects.count() == 1


class TestByNetwork:
    def test_many_accounts_from_one_network_are_slowed_down(self, client, mia, limited):
        assert [sign_in(client, f"somebody{n}@example.org", "x") for n in range(7)] == [200] * 6 + [429]
        assert sign_in(client) == 429
        assert sign_in(client, network="203.0.113.10") == 302

    def test_one_who_has_a_network_of_ipv6_is_one(self, client, mia, limited):
        tries = [sign_in(client, f"s{n}@example.org", "x", f"2001:db8:0:7::{n:x}") for n in range(7)]
        assert tries == [200] * 6 + [429]
        assert sign_in(client, network="2001:db8:0:7:ffff:ffff:ffff:ffff") == 429
        assert sign_in(client, network="2001:db8:0:8::1") == 302

    def test_a_proxy_that_is_not_named_is_no_network(self, client, mia, limited):
        for n in range(20):
            form = {"email": f"somebody{n}@example.org", "password": "x"}
            behind = {"REMOTE_ADDR": "172.18.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
            assert client.post("/sign-in/", form, **behind).status_code == 200
        assert client.post("/sign-in/", {"email": mia.email, "password": PASSWORD}, **behind).status_code == 302


class TestKnownDevice:
    @pytest.fixture
    def device(self, mia):
        """A browser in which Mia has signed in, and out again."""
        client = Client()
        assert sign_in(client) == 302
        client.post("/sign-out/")
        return client

    def test_gets_in_while_others_guess(self, client, mia, limited, device):
        for n in range(8):
            sign_in(client, password="x")
            sign_in(client, f"somebody{n}@example.org", "x")
        assert sign_in(client) == 429
        assert sign_in(device) == 302

    def test_is_slowed_down_by_its_own_failures(self, mia, limited, device):
        assert [sign_in(device, password="x") for _ in range(4)] == [200, 200, 200, 429]
        assert sign_in(device) == 429
        assert sign_in(Client()) == 302, "and slows nobody else down"

    def test_is_known_to_one_account_only(self, client, limited, device):
        other = make_user(email="ola@example.org", password=PASSWORD)
        for _ in range(4):
            sign_in(client, other.email, "x")
        assert sign_in(device, other.email) == 429

    def test_is_unknown_after_the_password_has_changed(self, client, mia, limited, device):
        mia.set_password("another long password")
        mia.save()
        for _ in range(4):
            sign_in(client, password="x")
        assert sign_in(device, password="another long password") == 429

    def test_that_changed_the_password_stays_known(self, client, mia, limited, device):
        new = {"password1": "another long password", "password2": "another long password"}
        assert sign_in(device) == 302
        assert device.post("/account/password/", {"old": PASSWORD, **new}, REMOTE_ADDR=NETWORK).status_code == 302
        device.post("/sign-out/")
        for _ in range(4):
            sign_in(client, password="x")
        assert sign_in(device, password="another long password") == 302

    @pytest.mark.parametrize(
        "forge", [str.upper, lambda cookie: cookie[:-1], lambda cookie: "\u00e9." + cookie, lambda _: "."]
    )
    def test_cannot_be_made_up(self, client, limited, device, forge):
        for _ in range(4):
            sign_in(client, password="x")
        device.cookies[cookie_name()] = forge(device.cookies[cookie_name()].value)
        assert sign_in(device) == 429

    def test_says_nothing_of_the_account_and_cannot_be_read_by_scripts(self, mia, device):
        cookie = device.cookies[cookie_name()]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        for secret in (mia.email, str(mia.pk), mia.pk.hex, mia.password):
            assert secret.lower() not in cookie.value.lower()

    def test_is_for_this_host_alone_where_the_site_is_secure(self, settings, mia):
        settings.SECURE = True
        client = Client()
        sign_in(client)
        cookie = client.cookies["__Host-device"]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_nobodys_email_stands_in_the_table(client, mia):
    sign_in(client, password="x")
    sign_in(client, "other@example.org", "x")
    stored = " ".join(SignInAttempt.objects.values_list("account", flat=True)).lower()
    assert "mia" not in stored
    assert "example" not in stored


def test_old_failures_are_forgotten(client, mia):
    sign_in(client, password="x")
    SignInAttempt.objects.update(at=timezone.now() - 5 * ATTEMPT_WINDOW)
    sign_in(client, "other@example.org", "x")
    assert SignInAttempt.objects.count() == 1


def test_a_clock_that_was_set_back_locks_nobody_out(client, mia, limited):
    for _ in range(4):
        sign_in(client, password="x")
    SignInAttempt.objects.update(at=timezone.now() + timedelta(days=1))
    assert sign_in(client) == 302
