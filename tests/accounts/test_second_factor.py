"""Second factors: who is asked for one, by which ways, how often a code counts, and what is stored."""

import ipaddress
import json
import re
import time
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.accounts import erasure, passkeys, proofs, sso_client
from assessments.accounts.second_factor_forms import AppForm
from assessments.models import BrowserSession, Event, Identity, Mail, SignInAttempt, User
from assessments.models.accounts import setup_code
from assessments.models.second_factors import CODES_SHOWN, LastFactor, SecondFactors
from assessments.models.single_sign_on import Claims

from ..at_once import at_once
from ..factories import make_user
from ..sign_in_provider import as_setting
from .second_factors import (
    CODES,
    App,
    Device,
    add_passkey_by_page,
    question_on,
    recovery_codes,
    set_up_app,
    set_up_by_page,
    set_up_passkey,
)

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def person():
    make_user(is_administrator=True)
    return make_user(name="Kim", email="kim@example.org", password=PASSWORD, is_confirmed=True)


@pytest.fixture
def admin(person):
    return make_user(name="Ada", email="ada@example.org", password=PASSWORD, is_administrator=True, is_confirmed=True)


def is_signed_in(client):
    return client.get(reverse("account")).status_code == 200


def by_password(client, person, **data):
    return client.post(reverse("sign-in"), {"email": person.email, "password": PASSWORD} | data)


def ask(client, code):
    return client.post(reverse("second-factor"), {"code": code})


def with_passkey(client, device, name="second-factor", **sent):
    """Shows a passkey on the page that asks for it."""
    page = client.get(reverse(name), secure=True)
    return client.post(reverse(name), {"credential": device.shows(question_on(page))} | sent, secure=True)


def by_passkey(client, device, **sent):
    """Signs in with a passkey alone."""
    question = client.get(reverse("sign-in-passkey"), secure=True).content.decode()
    return client.post(reverse("sign-in-passkey"), {"credential": device.shows(question)} | sent, secure=True)


# Every way in


def way_by_password(client, person, **_):
    return by_password(client, person)


def way_by_reset(client, person, **_):
    link = urlsplit(person.set_password_link()).path
    return client.post(link, {"password1": "another horse battery", "password2": "another horse battery"})


def way_by_server_link(client, person, **_):
    return client.post(urlsplit(person.sign_in_link()).path)


def way_by_proxy(client, person, settings, **_):
    settings.REMOTE_USER_HEADER = "HTTP_X_REMOTE_USER"
    settings.TRUSTED_PROXY = [ipaddress.ip_network("127.0.0.0/8")]
    client.defaults["HTTP_X_REMOTE_USER"] = person.email
    return client.get(reverse("sign-in"))


def way_by_demo(client, person, settings, monkeypatch, **_):
    settings.DEMO = True
    monkeypatch.setattr("assessments.accounts.sign_in_views.demo_is_open", lambda: True)
    User.objects.filter(pk=person.pk).update(is_demo=True)
    person.refresh_from_db()
    return client.post(reverse("sign-in-demo"), {"email": person.email})


class _AnyProvider:
    issuer = "https://login.example.org"


def comes_back(client, person, settings, monkeypatch, *, amr=(), auth_time=0, again=False, subject="kim"):
    """Comes back from a provider that says this."""
    settings.SIGN_IN_PROVIDERS = [as_setting(_AnyProvider)]
    claims = Claims(
        issuer=_AnyProvider.issuer, subject=subject, email=person.email, is_verified=True, name="Kim", groups=[]
    )
    arrival = sso_client.Arrival(
        claims=claims, methods=list(amr), auth_time=auth_time, page="", noted={"again": again, "attempt": 0}
    )
    monkeypatch.setattr(sso_client, "come_back", lambda request, provider: arrival)
    return client.get(reverse("sso-back", args=[1]))


def by_provider(client, person, settings, monkeypatch, amr):
    return comes_back(client, person, settings, monkeypatch, amr=amr)


def way_by_provider(client, person, settings, monkeypatch, **_):
    return by_provider(client, person, settings, monkeypatch, amr=["pwd"])


def way_by_provider_with_a_second_factor(client, person, settings, monkeypatch, **_):
    return by_provider(client, person, settings, monkeypatch, amr=["pwd", "otp"])


WAYS = [way_by_password, way_by_reset, way_by_server_link, way_by_proxy, way_by_demo, way_by_provider]
POLICIES = ["optional", "administrators", "everyone"]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("role", ["person", "admin"])
@pytest.mark.parametrize("factor", ["none", "app", "passkey"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_in_passes_the_second_factor(request, client, settings, monkeypatch, way, factor, role, policy):
    somebody = request.getfixturevalue(role)
    app = set_up_app(somebody) if factor == "app" else None
    device = set_up_passkey(somebody) if factor == "passkey" else None
    settings.TWO_FACTOR = policy
    response = way(client, somebody, settings=settings, monkeypatch=monkeypatch)
    is_needed = policy == "everyone" or (policy == "administrators" and role == "admin")
    if app or device:
        assert response["Location"] == reverse("second-factor")
    elif is_needed:
        assert response["Location"] == reverse("two-factor-app")
    else:
        assert is_signed_in(client)
        return
    assert "_auth_user_id" not in client.session
    for page in ("home", "account", "two-factor", "two-factor-codes", "two-factor-confirm", "password-change"):
        answer = client.get(reverse(page))
        assert answer.status_code == 302, page
        assert urlsplit(answer["Location"]).path == reverse("sign-in"), page
    if app or device:
        # No other one is set up by somebody who has not shown the first.
        for page in ("two-factor-app", "two-factor-passkey"):
            assert client.get(reverse(page))["Location"] == reverse("second-factor")
    if device:
        assert with_passkey(client, Device()).status_code == 302
        assert "_auth_user_id" not in client.session
        assert with_passkey(client, device).status_code == 302
    elif app:
        assert ask(client, app.wrong_code).status_code == 422
        assert "_auth_user_id" not in client.session
        assert ask(client, app.code()).status_code == 302
    else:
        set_up_by_page(client)
    assert is_signed_in(client)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("has_app", [False, True])
def test_provider_that_asked_for_a_second_factor_is_enough(client, person, settings, monkeypatch, policy, has_app):
    settings.TWO_FACTOR = policy
    if has_app:
        set_up_app(person)
    way_by_provider_with_a_second_factor(client, person, settings, monkeypatch)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "amr", [[], ["pwd"], ["user", "face"], ["rsa"], ["otp"], ["hwk"], ["swk", "sc"], ["mca"], ["pwd", "pin", "user"]]
)
def test_provider_that_did_not_say_so_is_not(client, person, settings, monkeypatch, amr):
    set_up_app(person)
    by_provider(client, person, settings, monkeypatch, amr)
    assert not is_signed_in(client)


# A proof that is fresh


@pytest.mark.parametrize(
    ("seconds_ago", "is_fresh"), [(None, False), (0, True), (500, True), (700, False), (-30, True)]
)
def test_coming_back_from_a_provider_is_no_proof_unless_it_says_when(
    client, person, settings, monkeypatch, seconds_ago, is_fresh
):
    """Whoever is signed in there comes back without having been asked anything."""
    auth_time = 0 if seconds_ago is None else int(time.time() - seconds_ago)
    comes_back(client, person, settings, monkeypatch, auth_time=auth_time)
    assert is_signed_in(client)
    assert (client.get(reverse("two-factor-app")).status_code == 200) is is_fresh


def test_proxy_that_names_somebody_is_no_proof(client, person, settings, monkeypatch):
    way_by_proxy(client, person, settings=settings, monkeypatch=monkeypatch)
    assert is_signed_in(client)
    assert urlsplit(client.get(reverse("two-factor-app"))["Location"]).path == reverse("two-factor-confirm")


def test_person_without_a_password_confirms_at_the_provider(client, person, settings, monkeypatch):
    User.objects.filter(pk=person.pk).update(password="!")
    comes_back(client, person, settings, monkeypatch)
    address = reverse("two-factor-app")
    page = client.get(client.get(address)["Location"]).content.decode()
    assert f"{reverse('sso-start', args=[1])}?again=1&amp;next={address}" in page
    # It has to say when, and that it is the same person.
    now = int(time.time())
    assert "does not say that" in comes_back(client, person, settings, monkeypatch, again=True).content.decode()
    response = comes_back(client, person, settings, monkeypatch, again=True, auth_time=now, subject="other")
    assert "somebody else" in response.content.decode()
    assert client.get(address).status_code == 302
    response = comes_back(client, person, settings, monkeypatch, again=True, auth_time=now)
    assert response["Location"] == reverse("two-factor")
    assert client.get(address).status_code == 200
    assert not Identity.objects.filter(subject="other").exists()


def test_provider_does_not_stand_in_for_the_second_factor_of_a_person(client, person, settings, monkeypatch):
    comes_back(client, person, settings, monkeypatch)
    set_up_app(person)
    now = int(time.time())
    comes_back(client, person, settings, monkeypatch, again=True, auth_time=now, amr=["pwd"])
    assert client.get(reverse("two-factor-passkey")).status_code == 302
    comes_back(client, person, settings, monkeypatch, again=True, auth_time=now, amr=["mfa"])
    assert client.get(reverse("two-factor-passkey")).status_code == 200


def test_coming_back_to_confirm_signs_nobody_in(client, person, settings, monkeypatch):
    person.identities.create(issuer=_AnyProvider.issuer, subject="kim", used_on=timezone.localdate())
    response = comes_back(client, person, settings, monkeypatch, again=True, auth_time=int(time.time()))
    assert response["Location"] == reverse("sign-in")
    assert not is_signed_in(client)


def test_provider_of_before_does_not_count_at_the_next_sign_in(client, person, settings, monkeypatch):
    """Somebody left the page of the second step, and somebody else uses the browser."""
    set_up_app(person)
    by_provider(client, person, settings, monkeypatch, amr=["mfa"])
    session = client.session
    del session["_auth_user_id"]
    session.save()
    by_password(client, person)
    assert not is_signed_in(client)


def test_first_administrator_sets_one_up_if_everyone_needs_one(client, settings):
    settings.TWO_FACTOR = "everyone"
    form = {"code": setup_code(), "name": "Ada", "email": "ada@example.org", "password1": PASSWORD}
    response = client.post(reverse("setup"), form | {"password2": PASSWORD})
    assert response["Location"] == reverse("two-factor-app")
    assert not is_signed_in(client)
    set_up_by_page(client)
    assert is_signed_in(client)


@pytest.mark.parametrize("policy", ["administrators", "everyone"])
def test_session_that_began_before_ends(admin, client, settings, policy):
    by_password(client, admin)
    assert is_signed_in(client)
    settings.TWO_FACTOR = policy
    later = Client()
    later.cookies = client.cookies
    assert not is_signed_in(later)
    assert by_password(later, admin)["Location"] == reverse("two-factor-app")


def test_who_sets_one_up_while_signed_in_stays_signed_in(client, person, settings):
    by_password(client, person)
    set_up_by_page(client)
    settings.TWO_FACTOR = "everyone"
    later = Client()
    later.cookies = client.cookies
    assert is_signed_in(later)


def test_setting_one_up_ends_sessions_in_which_nobody_was_asked_for_it(client, person):
    intruder = Client()
    by_password(intruder, person)
    by_password(client, person)
    set_up_by_page(client)
    assert is_signed_in(client)
    assert not is_signed_in(intruder)


@pytest.mark.parametrize("arrives", [True, False])
def test_what_was_set_up_under_another_email_ends_when_the_account_becomes_somebody_elses(
    client, person, admin, arrives
):
    device = set_up_passkey(person)
    person.change_account(by=admin, seen=None, email="quinn@example.org")
    if arrives:
        person.confirm()
    else:
        person.change_account(by=admin, seen=None, is_administrator=True)
    assert not SecondFactors(person).exist()
    by_passkey(client, device)
    assert not is_signed_in(client)


def test_who_knew_the_key_of_the_session_before_does_not_come_along(client, person):
    set_up_app(person)
    session = client.session
    session["theme"] = "dark"
    session.save()
    before = session.session_key
    by_password(client, person)
    assert client.session.session_key != before
    assert not BrowserSession.objects.with_key(before)


def test_page_that_was_asked_for_comes_after_the_code(client, person):
    app = set_up_app(person)
    by_password(client, person, next="/teams/")
    assert ask(client, app.code())["Location"] == "/teams/"


def test_page_that_was_asked_for_comes_after_setting_up(client, person, settings):
    settings.TWO_FACTOR = "everyone"
    by_password(client, person, next="/teams/")
    set_up_by_page(client)
    shown = client.get(reverse("two-factor-codes"), {"next": "/teams/"})
    assert len(CODES.findall(shown.content.decode())) == 10
    assert client.post(reverse("two-factor-codes"), {"next": "/teams/"})["Location"] == "/teams/"


@pytest.mark.parametrize("change", ["password", "locked", "erased", "rights"])
def test_sign_in_that_waits_ends_when_the_account_changes(client, person, admin, change):
    app = set_up_app(person)
    by_password(client, person)
    if change == "password":
        person.choose_password("another horse battery")
    elif change == "locked":
        User.objects.filter(pk=person.pk).update(is_active=False)
    elif change == "rights":
        person.begin_anew()
    else:
        erasure.erase(person, by=admin)
    assert ask(client, app.code())["Location"] == reverse("sign-in")
    assert "_auth_user_id" not in client.session


def test_two_who_wait_to_set_one_up_cannot_both(client, person, settings):
    """Whoever else knows the password adds nothing once the owner has a second factor."""
    settings.TWO_FACTOR = "everyone"
    other = Client()
    by_password(client, person)
    by_password(other, person)
    form = AppForm(owner=person)
    set_up_by_page(client)
    response = other.post(reverse("two-factor-app"), {"sealed": form.initial["sealed"], "code": "000000"})
    assert response["Location"] == reverse("second-factor")
    assert not SecondFactors(person).add_app("A" * 32, step=1, is_first=True)
    assert not is_signed_in(other)


def test_one_who_lost_it_is_led_on_when_an_administrator_takes_it_away(client, person, admin):
    set_up_app(person)
    by_password(client, person)
    SecondFactors(person).take_away(by=admin)
    assert client.get(reverse("second-factor"))["Location"] == reverse("home")
    assert is_signed_in(client)


# Codes


def test_code_counts_once(client, person):
    app = set_up_app(person)
    by_password(client, person)
    code = app.code()
    assert ask(client, code).status_code == 302
    other = Client()
    by_password(other, person)
    refused = ask(other, code)
    assert refused.status_code == 422
    assert "was used before" in refused.content.decode()
    assert ask(other, app.code(1)).status_code == 302


def test_older_code_than_the_last_one_is_refused(client, person):
    app = set_up_app(person)
    assert SecondFactors(person).take(app.code(1))
    assert SecondFactors(person).take(app.code()) is None


def test_clock_that_was_set_back_shuts_nobody_out(person):
    app = set_up_app(person)
    row = SecondFactors(person).app
    row.data["last_step"] = 10**9
    row.save()
    assert SecondFactors(person).take(app.code())


def test_recovery_code_counts_once_however_it_is_written(client, person):
    set_up_app(person)
    code = recovery_codes(person)[0]
    by_password(client, person)
    assert ask(client, f" {code[:4]} {code[4:]}").status_code == 302
    assert is_signed_in(client)
    other = Client()
    by_password(other, person)
    assert ask(other, code).status_code == 422
    assert not is_signed_in(other)
    assert SecondFactors(person).codes_left() == 9


@pytest.mark.parametrize("code", ["", " ", "-", "0" * 41, "１２３４５６", "abc", "\u0660" * 6])
def test_nonsense_is_refused(client, person, code):
    set_up_app(person)
    by_password(client, person)
    assert ask(client, code).status_code == 422
    assert not is_signed_in(client)


def test_codes_of_somebody_else_do_not_count(client, person, admin):
    set_up_app(person)
    other = set_up_app(admin)
    by_password(client, person)
    for code in (other.code(), recovery_codes(admin)[0]):
        assert ask(client, code).status_code == 422


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_code_in_two_requests_at_once_lets_one_in(person, kind):
    app = set_up_app(person)
    browsers = [Client() for _ in range(6)]
    for browser in browsers:
        by_password(browser, person)
    code = app.code() if kind == "app" else recovery_codes(person)[0]
    answers = at_once(*(lambda browser=browser: ask(browser, code).status_code for browser in browsers))
    assert sorted(answers) == [302, *[422] * 5]
    assert sum(is_signed_in(browser) for browser in browsers) == 1


def test_after_too_many_codes_one_a_minute_is_tried_wherever_they_are_sent(client, person, settings):
    settings.SIGN_IN_LIMIT_PER_ACCOUNT = 3
    app = set_up_app(person)
    by_password(client, person)
    assert [ask(client, app.wrong_code).status_code for _ in range(5)] == [422, 422, 422, 429, 429]
    assert ask(client, app.code()).status_code == 429
    assert "Too many attempts" in ask(client, app.code()).content.decode()
    # A new sign-in does not begin to count anew.
    other = Client()
    by_password(other, person)
    assert ask(other, app.code()).status_code == 429
    SignInAttempt.objects.all().delete()
    assert ask(client, app.code()).status_code == 302


def test_with_another_secret_key_a_code_is_wrong_and_nothing_breaks(client, person, settings, monkeypatch):
    app = set_up_app(person)
    by_password(client, person)
    monkeypatch.setattr("assessments.models.encryption.PURPOSE", b"another key")
    assert ask(client, app.code()).status_code == 422


# Passkeys


def test_passkey_alone_signs_in_even_who_needs_a_second_factor(client, person, settings):
    device = set_up_passkey(person)
    settings.TWO_FACTOR = "everyone"
    assert by_passkey(client, device, next="/teams/")["Location"] == "/teams/"
    assert is_signed_in(client)


def all_rows() -> dict[str, int]:
    return {model.__name__: model._base_manager.count() for model in apps.get_models()}


def test_visitor_who_only_looks_at_signing_in_writes_nothing(client, person):
    before = all_rows() | {"cached": cached_rows()}
    for _look in range(3):
        answer = client.get(reverse("sign-in-passkey"), secure=True)
        assert json.loads(answer.content)["publicKey"]["challenge"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert all_rows() | {"cached": cached_rows()} == before


def cached_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM assessments_cachedvalue")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("fault", ["none", "no cookie", "of another sign-in", "forged", "too old"])
def test_answer_to_a_question_counts_in_the_browser_that_asked_it(client, person, fault, monkeypatch):
    device, name = set_up_passkey(person), "passkey"
    question = client.get(reverse("sign-in-passkey"), secure=True).content.decode()
    state = signing.loads(client.cookies[name].value, salt="maturity.passkey")
    if fault == "no cookie":
        del client.cookies[name]
    elif fault == "of another sign-in":
        client.get(reverse("sign-in-passkey"), secure=True)
    elif fault == "forged":
        client.cookies[name] = signing.dumps(state, key="another key", salt="maturity.passkey")
    elif fault == "too old":
        monkeypatch.setattr(passkeys, "ANSWERED_WITHIN", -1)
    client.post(reverse("sign-in-passkey"), {"credential": device.shows(question)}, secure=True)
    assert is_signed_in(client) is (fault == "none")


def test_answer_counts_once_even_for_whoever_keeps_the_cookie(client, person):
    device = set_up_passkey(person)
    question = client.get(reverse("sign-in-passkey"), secure=True).content.decode()
    kept, sent = client.cookies["passkey"].value, {"credential": device.shows(question)}
    client.post(reverse("sign-in-passkey"), sent, secure=True)
    assert is_signed_in(client)
    assert client.cookies["passkey"].value == ""
    other = Client()
    other.cookies["passkey"] = kept
    assert other.post(reverse("sign-in-passkey"), sent, secure=True)["Location"] == reverse("sign-in")
    assert not is_signed_in(other)


def test_passkey_alone_leads_to_no_other_site(client, person):
    assert by_passkey(client, set_up_passkey(person), next="https://example.org/")["Location"] == reverse("home")


def test_passkey_is_enough_to_set_up(client, person, settings):
    settings.TWO_FACTOR = "everyone"
    by_password(client, person)
    device = Device()
    response = add_passkey_by_page(client, device)
    assert response["Location"] == f"{reverse('two-factor-codes')}?next=%2F"
    assert is_signed_in(client)
    # Nobody adds another one in the place of a first.
    assert not SecondFactors(person).add_passkey("Other", {}, is_first=True)


def test_passkey_without_a_finger_or_pin_is_no_password(client, person):
    device = set_up_passkey(person)
    device.asks = False
    assert by_passkey(client, device)["Location"] == reverse("sign-in")
    assert not is_signed_in(client)
    by_password(client, person)
    other = Device()
    other.asks = False
    with_passkey(client, device)
    assert is_signed_in(client), "as the second step it is enough"
    assert add_passkey_by_page(client, other).status_code == 422


@pytest.mark.parametrize("fault", ["key", "owner", "site", "origin", "twice", "removed"])
def test_wrong_passkey_lets_nobody_in(client, person, admin, fault):
    device = set_up_passkey(person)
    other = set_up_passkey(admin)
    if fault == "key":
        device.key = Device().key
    elif fault == "owner":
        device.owner = other.owner
    elif fault in {"site", "origin"}:
        device.origin = "https://maturity.example.org" if fault == "site" else "http://testserver"
    elif fault == "removed":
        SecondFactors(person).rows.delete()
    question = client.get(reverse("sign-in-passkey"), secure=True).content.decode()
    sent = {"credential": device.shows(question)}
    if fault == "twice":
        assert client.post(reverse("sign-in-passkey"), sent, secure=True)["Location"] == reverse("home")
        del client.cookies["sessionid"]
    assert client.post(reverse("sign-in-passkey"), sent, secure=True)["Location"] == reverse("sign-in")
    assert not is_signed_in(client)


def test_passkey_of_somebody_else_is_no_second_step(client, person, admin):
    set_up_passkey(person)
    other = set_up_passkey(admin)
    by_password(client, person)
    assert with_passkey(client, other)["Location"] == reverse("second-factor")
    assert not is_signed_in(client)


NONSENSE = [
    "",
    "null",
    "[" * 9000,
    "[]",
    "7",
    '"x"',
    "{}",
    "{",
    '{"response": 7}',
    '{"response": {"clientDataJSON": "e30"}}',
]
NONSENSE += [
    f'{{"id": "AA", "rawId": "AA", "type": "public-key", "response": {{"clientDataJSON": "e30", {more}}}}}'
    for more in (
        '"authenticatorData": "AA", "signature": "AA", "userHandle": "AA"',
        '"authenticatorData": 7, "signature": [], "userHandle": {}',
        '"attestationObject": "AA"',
        '"attestationObject": "oA"',
        f'"attestationObject": "{"gYGB" * 3000}"',
    )
]


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_is_no_passkey(client, person, answer):
    set_up_passkey(person)
    client.get(reverse("sign-in-passkey"), secure=True)
    sent = {"credential": answer}
    assert client.post(reverse("sign-in-passkey"), sent, secure=True)["Location"] == reverse("sign-in")
    by_password(client, person)
    client.get(reverse("second-factor"), secure=True)
    response = client.post(reverse("second-factor"), sent, secure=True)
    assert response["Location"] == reverse("second-factor")
    other = Client()
    other_person = make_user(email="lee@example.org", password=PASSWORD)
    by_password(other, other_person)
    other.get(reverse("two-factor-passkey"), secure=True)
    assert other.post(reverse("two-factor-passkey"), sent | {"name": "x"}, secure=True).status_code == 422
    assert not SecondFactors(other_person).exist()


@pytest.mark.parametrize(
    "host,is_secure,works",
    [
        ("localhost", False, True),
        ("app.localhost", False, True),
        ("127.0.0.1", False, False),
        ("127.0.0.1", True, False),
        ("[::1]", True, False),
        ("testserver", False, False),
        ("testserver", True, True),
    ],
)
def test_passkeys_are_offered_where_browsers_know_them(client, person, settings, host, is_secure, works):
    settings.ALLOWED_HOSTS = ["*"]
    for port in ("", ":8000"):
        page = client.get(reverse("sign-in"), secure=is_secure, headers={"host": host + port}).content.decode()
        assert ("Sign in with a passkey" in page) == works


def test_with_providers_only_no_passkey_signs_in(client, person, settings):
    device = set_up_passkey(person)
    settings.SIGN_IN_PROVIDERS = [as_setting(_AnyProvider)]
    settings.OIDC_ONLY = True
    assert client.get(reverse("sign-in-passkey"), secure=True).status_code == 403
    assert "Sign in with a passkey" not in client.get(reverse("sign-in"), secure=True).content.decode()
    answer = device.shows('{"publicKey": {"rpId": "testserver", "challenge": "AA"}}')
    assert client.post(reverse("sign-in-passkey"), {"credential": answer}, secure=True).status_code == 403
    assert not is_signed_in(client)


def test_passkeys_are_renamed_and_limited(client, person, monkeypatch):
    set_up_passkey(person)
    by_password(client, person)
    ask(client, recovery_codes(person)[0])
    row = SecondFactors(person).passkeys.get()
    address = reverse("two-factor-passkey-name", args=[row.pk])
    assert client.post(address, {"name": " "}).status_code == 422
    assert client.post(address, {"name": "Old laptop"})["Location"] == reverse("two-factor")
    assert "Old laptop" in client.get(reverse("two-factor")).content.decode()
    monkeypatch.setattr("assessments.models.second_factors.MOST_PASSKEYS", 1)
    refused = add_passkey_by_page(client, Device())
    assert refused.status_code == 422
    assert "Remove one first" in refused.content.decode()


def test_passkey_proves_who_somebody_is_before_a_change(client, person, monkeypatch):
    device = set_up_passkey(person)
    by_passkey(client, device)
    monkeypatch.setattr(proofs, "RECENT", -1)
    assert "confirm" in client.get(reverse("two-factor-app"))["Location"]
    there = with_passkey(client, device, "two-factor-confirm", next=reverse("two-factor-app"))
    assert there["Location"] == reverse("two-factor-app")


def test_everything_of_the_sign_in_holds_a_token_against_forgery(person, settings):
    """The form for the code, the form for the passkey and the one on the sign-in page."""
    set_up_passkey(person)
    set_up_app(person)
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(reverse("sign-in"), secure=True).content.decode()
    tokens = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert page.count('method="post"') == len(tokens) == 2
    sent = {"email": person.email, "password": PASSWORD, "csrfmiddlewaretoken": tokens[0]}
    headers = {"referer": "https://testserver/sign-in/"}
    assert browser.post(reverse("sign-in"), sent, secure=True, headers=headers).status_code == 302
    page = browser.get(reverse("second-factor"), secure=True).content.decode()
    assert page.count('method="post"') == page.count("csrfmiddlewaretoken") == 2


# What is stored


def test_no_secret_is_stored_as_it_is(client, person):
    by_password(client, person)
    app = set_up_by_page(client)
    codes = recovery_codes(person)
    client.get(reverse("two-factor-app"))
    assert len(codes) == 10
    for model in apps.get_models():
        rows = str(list(model._base_manager.values()))
        assert app.secret not in rows, model
        assert not [code for code in codes if code in rows], model
    for session in BrowserSession.objects.all():
        assert app.secret not in json.dumps(SessionStore().decode(session.data))


def test_journal_says_what_happened_and_no_secret(client, person, admin):
    by_password(client, person)
    set_up_by_page(client)
    client.post(reverse("two-factor-codes-new"))
    client.post(reverse("two-factor-remove", args=[SecondFactors(person).app.pk]))
    events = Event.objects.filter(kind__startswith="second-factor.").order_by("pk")
    about = {"person": str(person.pk)}
    assert [(event.kind, event.actor, event.data) for event in events] == [
        ("second-factor.added", person, about | {"factor": "totp"}),
        ("second-factor.codes", person, about),
        ("second-factor.removed", person, about | {"factor": "totp"}),
    ]


def test_second_factors_are_in_personal_data_and_go_with_the_person(person, admin):
    from assessments.accounts import personal_data

    set_up_app(person)
    set_up_passkey(person)
    files = personal_data.everything_about(person, for_the_person=True)
    kinds = [(row["kind"], row["name"]) for row in files["second-factors"]]
    assert kinds == [("totp", None), ("recovery_codes", None), ("webauthn", "Laptop")]
    assert "gAAAA" not in str(files["second-factors"])
    erasure.erase(person, by=admin)
    assert not Authenticator.objects.filter(user_id=person.pk).exists()


# The pages of the owner


def test_setting_up_shows_recovery_codes_until_they_are_stored(client, person):
    by_password(client, person)
    set_up_by_page(client)
    shown = CODES.findall(client.get(reverse("two-factor-codes")).content.decode())
    assert [code.replace("-", "") for code in shown] == recovery_codes(person)
    assert client.post(reverse("two-factor-codes"))["Location"] == reverse("two-factor")
    assert client.get(reverse("two-factor-codes"))["Location"] == reverse("two-factor")
    assert SecondFactors(person).codes_left() == 10
    client.post(reverse("two-factor-codes-new"))
    anew = CODES.findall(client.get(reverse("two-factor-codes")).content.decode())
    assert len(anew) == 10
    assert not set(anew) & set(shown)
    Authenticator.objects.update(created_at=timezone.now() - CODES_SHOWN)
    assert client.get(reverse("two-factor-codes"))["Location"] == reverse("two-factor")


def test_second_click_sets_up_nothing_else_and_loses_no_codes(client, person):
    by_password(client, person)
    form = AppForm(owner=person)
    sent = {"sealed": form.initial["sealed"], "code": App(form.secret).code()}
    for _click in range(2):
        assert client.post(reverse("two-factor-app"), sent)["Location"] == reverse("two-factor-codes")
    assert Authenticator.objects.filter(user=person).count() == 2


def test_wrong_first_code_keeps_the_picture(client, person):
    by_password(client, person)
    form = AppForm(owner=person)
    sent = {"sealed": form.initial["sealed"], "code": "000000"}
    page = client.post(reverse("two-factor-app"), sent)
    assert page.status_code == 422
    assert form.secret_in_groups in page.content.decode()


@pytest.mark.parametrize("of", ["nobody", "somebody else"])
def test_secret_that_was_not_made_for_the_person_is_not_taken(client, person, admin, of):
    by_password(client, person)
    form = AppForm(owner=admin)
    sealed = form.initial["sealed"] if of == "somebody else" else form.secret
    page = client.post(reverse("two-factor-app"), {"sealed": sealed, "code": App(form.secret).code()})
    assert page.status_code == 422
    assert form.secret_in_groups not in page.content.decode()
    assert not SecondFactors(person).exist()


GUARDED = ["two-factor-app", "two-factor-codes", "two-factor-codes-new", "two-factor-remove"]


@pytest.mark.parametrize("name", GUARDED)
def test_changes_need_a_proof_of_the_last_minutes(client, person, monkeypatch, name):
    app = set_up_app(person)
    by_password(client, person)
    ask(client, app.code())
    monkeypatch.setattr(proofs, "RECENT", -1)
    before = list(Authenticator.objects.values())
    address = reverse(name, args=[SecondFactors(person).app.pk] if name == "two-factor-remove" else [])
    response = client.post(address, {"code": app.code(1)})
    assert urlsplit(response["Location"]).path == reverse("two-factor-confirm")
    assert list(Authenticator.objects.values()) == before
    # A password is not enough where there is a second factor.
    assert client.post(reverse("two-factor-confirm"), {"password": PASSWORD}).status_code == 422
    monkeypatch.setattr(proofs, "RECENT", 600)
    there = client.post(reverse("two-factor-confirm"), {"code": app.code(1), "next": address})
    assert there["Location"] == address


def test_without_one_the_password_is_asked_for(client, person, monkeypatch):
    by_password(client, person)
    monkeypatch.setattr(proofs, "RECENT", -1)
    response = client.get(reverse("two-factor-app"))
    assert response["Location"] == f"{reverse('two-factor-confirm')}?next=%2Faccount%2Ftwo-factor%2Fapp%2F"
    assert client.post(reverse("two-factor-confirm"), {"password": "wrong"}).status_code == 422
    assert client.post(reverse("two-factor-confirm"), {"password": PASSWORD})["Location"] == reverse("two-factor")


def test_who_has_no_password_is_told_to_sign_in_again(client, person, monkeypatch):
    client.force_login(person)
    User.objects.filter(pk=person.pk).update(password="!")
    client.force_login(User.objects.get(pk=person.pk))
    assert "sign in again" in client.get(reverse("two-factor-confirm")).content.decode()


def test_confirming_leads_to_no_other_site(client, person):
    by_password(client, person)
    sent = {"password": PASSWORD, "next": "https://example.org/"}
    assert client.post(reverse("two-factor-confirm"), sent)["Location"] == reverse("two-factor")


def test_removing_the_last_one_ends_the_recovery_codes(client, person):
    by_password(client, person)
    set_up_by_page(client)
    address = reverse("two-factor-remove", args=[SecondFactors(person).app.pk])
    assert "Your recovery codes end too" in client.get(address).content.decode()
    for _click in range(2):
        assert client.post(address)["Location"] == reverse("two-factor")
    assert not Authenticator.objects.exists()
    assert by_password(Client(), person)["Location"] == reverse("home")


def test_last_one_that_is_needed_stays(client, person, settings):
    settings.TWO_FACTOR = "everyone"
    by_password(client, person)
    set_up_by_page(client)
    page = client.post(reverse("two-factor-remove", args=[SecondFactors(person).app.pk]))
    assert page.status_code == 409
    assert "You need a second factor here" in page.content.decode()
    with pytest.raises(LastFactor):
        SecondFactors(person).remove(SecondFactors(person).app.pk)
    assert Authenticator.objects.filter(user=person).count() == 2


def test_nobody_removes_what_is_somebody_elses(client, person, admin):
    app = set_up_app(admin)
    by_password(client, person)
    row = SecondFactors(admin).app
    client.post(reverse("two-factor-remove", args=[row.pk]))
    assert SecondFactors(admin).take(app.code())


# Administrators


def test_administrator_takes_away_what_somebody_lost(client, person, admin, settings):
    settings.MAIL_ENABLED = True
    set_up_app(person)
    Mail.objects.all().delete()
    by_password(client, admin)
    address = reverse("account-second-factor-remove", args=[person.pk])
    assert address in client.get(reverse("account-edit", args=[person.pk])).content.decode()
    assert "Make sure first" in client.get(address).content.decode()
    for _click in range(2):
        assert client.post(address)["Location"] == reverse("account-edit", args=[person.pk])
    assert not Authenticator.objects.filter(user=person).exists()
    event = Event.objects.get(kind="second-factor.removed")
    assert (event.actor, event.data) == (admin, {"person": str(person.pk), "factor": "all"})
    mail = Mail.objects.get()
    assert (mail.kind, mail.user, mail.by) == (Mail.Kind.FACTOR_GONE, person, admin)
    assert address not in client.get(reverse("account-edit", args=[person.pk])).content.decode()


def test_new_password_does_not_drop_the_mail(person, admin, settings):
    settings.MAIL_ENABLED = True
    set_up_app(person)
    SecondFactors(person).take_away(by=admin)
    person.choose_password("another horse battery")
    assert Mail.objects.filter(kind=Mail.Kind.FACTOR_GONE).count() == 1


def test_administrator_has_to_show_who_they_are_and_removes_not_their_own(client, person, admin, monkeypatch):
    set_up_app(person)
    by_password(client, admin)
    own = reverse("account-second-factor-remove", args=[admin.pk])
    assert client.post(own)["Location"] == reverse("two-factor")
    monkeypatch.setattr(proofs, "RECENT", -1)
    response = client.post(reverse("account-second-factor-remove", args=[person.pk]))
    assert urlsplit(response["Location"]).path == reverse("two-factor-confirm")
    assert SecondFactors(person).exist()


def test_server_is_the_way_back_for_the_last_administrator(client, admin, capsys):
    set_up_app(admin)
    call_command("link", admin.email, "--remove-second-factor")
    path = urlsplit(next(word for word in capsys.readouterr().out.split() if "://" in word)).path
    client.post(path)
    assert is_signed_in(client)
    assert Event.objects.get(kind="second-factor.removed").actor is None
