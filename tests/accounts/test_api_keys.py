"""Keys for the API on the pages of accounts: made and shown once, revoked, and never stored as they are."""

import datetime
import re

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from assessments.accounts import erasure
from assessments.models import ApiKey, Event, User
from assessments.models.api_keys import ApiKeyQuerySet

from ..api.keys import make_key
from ..factories import make_user
from .second_factors import signs_in_now

pytestmark = pytest.mark.django_db

KEY = re.compile(r'value="(mat_[A-Za-z0-9_-]{43})"')
PLEDGE = re.compile(r'name="pledge" value="([^"]+)"')


@pytest.fixture
def person(client):
    person = make_user(name="Kim")
    signs_in_now(client, person)
    return person


def sent(client, **fields):
    """The form as somebody sends it who opens the page."""
    page = client.get(reverse("api-keys")).content.decode()
    pledge = PLEDGE.search(page)[1]
    expires_on = timezone.localdate() + datetime.timedelta(days=90)
    return {"name": "nightly", "scopes": ["read"], "expires_on": expires_on, "networks": "", "pledge": pledge} | fields


def test_a_key_is_shown_once_and_only_its_hash_is_stored(client, person):
    made = client.post(reverse("api-keys"), sent(client))
    text = KEY.search(made.content.decode())[1]
    assert made.headers["Cache-Control"] == "no-store, private"
    page = client.get(reverse("api-keys")).content.decode()
    assert text not in page
    assert text[:12] in page
    assert ApiKey.objects.genuine(text).owner == person
    for model in apps.get_models():
        rows = str(list(model._base_manager.values()))
        assert text not in rows, model
        assert text.removeprefix("mat_") not in rows, model
    event = Event.objects.get(kind="api-key.made")
    assert (event.actor, event.data) == (person, {"key": ApiKey.objects.get().pk, "scopes": ["read"]})


def test_a_double_click_makes_one_key_and_shows_it_twice(client, person):
    form = sent(client)
    first, second = (KEY.search(client.post(reverse("api-keys"), form).content.decode())[1] for _ in range(2))
    assert first == second
    assert ApiKey.objects.count() == 1


def test_the_form_of_a_revoked_key_makes_no_other_one(client, person):
    form = sent(client)
    client.post(reverse("api-keys"), form)
    ApiKey.objects.get().revoke(by=person)
    again = client.post(reverse("api-keys"), form)
    assert again.status_code == 422
    assert "This page was used before" in again.content.decode()


@pytest.mark.parametrize(
    "wrong,sentence",
    [
        ({"networks": "192.0.2.0/24\nhere"}, "“here” is not a network"),
        ({"networks": "\n".join(f"10.0.0.{n}" for n in range(21))}, "Enter at most 20 networks."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"name": " "}, "This field is required."),
        ({"expires_on": datetime.date(2001, 1, 1)}, "A key works for at most 366 days."),
        ({"pledge": "made-up"}, "This page is too old."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, person, wrong, sentence):
    response = client.post(reverse("api-keys"), sent(client, name="nightly ü") | wrong)
    assert response.status_code == 422
    page = response.content.decode()
    assert sentence in page
    if "name" not in wrong:
        assert "nightly ü" in page
    assert not ApiKey.objects.exists()


def test_the_longest_time_is_a_year_and_a_day(client, person):
    last = timezone.localdate() + datetime.timedelta(days=366)
    assert (
        client.post(reverse("api-keys"), sent(client, expires_on=last + datetime.timedelta(days=1))).status_code == 422
    )
    assert client.post(reverse("api-keys"), sent(client, expires_on=last)).status_code == 200


def test_there_is_a_largest_number_of_keys(client, person, monkeypatch):
    monkeypatch.setattr(ApiKeyQuerySet, "MOST", 1)
    key = make_key(by=person)
    refused = client.post(reverse("api-keys"), sent(client))
    assert "You have 1 keys already. Revoke one first." in refused.content.decode()
    key.revoke(by=person)
    assert client.post(reverse("api-keys"), sent(client)).status_code == 200


def test_networks_are_stored_as_they_are_written_in_general(client, person):
    client.post(reverse("api-keys"), sent(client, networks="192.0.2.7/24\n\n2001:db8::1\n192.0.2.0/24"))
    assert ApiKey.objects.get().networks == ["192.0.2.0/24", "2001:db8::1/128"]


def test_people_revoke_their_own_keys_once(client, person):
    key = make_key(by=person)
    for _ in range(2):
        client.post(reverse("api-key-revoke", args=[key.pk]))
    assert ApiKey.objects.genuine(key.text) is None
    assert Event.objects.filter(kind="api-key.revoked", data__key=key.pk).count() == 1
    assert "Revoke the key" not in client.get(reverse("api-keys")).content.decode()


def test_nobody_revokes_or_sees_the_key_of_somebody_else(client, person):
    key = make_key(by=make_user(), name="a secret plan")
    assert client.post(reverse("api-key-revoke", args=[key.pk])).status_code == 404
    assert "a secret plan" not in client.get(reverse("api-keys")).content.decode()
    assert ApiKey.objects.genuine(key.text)


def test_an_administrator_sees_and_revokes_the_keys_of_everybody(client):
    admin = make_user(is_administrator=True)
    client.force_login(admin)
    key = make_key(by=make_user(), name="nightly")
    page = client.get(reverse("account-edit", args=[key.owner_id])).content.decode()
    assert "nightly" in page
    assert key.start in page
    client.post(reverse("account-key-revoke", args=[key.owner_id, key.pk]))
    assert ApiKey.objects.genuine(key.text) is None
    assert Event.objects.get(kind="api-key.revoked").actor == admin


def test_a_key_ends_with_its_day_its_owner_and_new_rights():
    person, admin = make_user(), make_user(is_administrator=True)
    key = make_key(by=person)
    assert ApiKey.objects.genuine(key.text)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    for field, value in (("revoked_on", yesterday), ("expires_on", yesterday)):
        before = getattr(key, field)
        ApiKey.objects.filter(pk=key.pk).update(made_on=yesterday, **{field: value})
        assert ApiKey.objects.genuine(key.text) is None, field
        ApiKey.objects.filter(pk=key.pk).update(**{field: before})
    # Somebody else may have made it before the account was an administrator's.
    person.change_account(by=admin, seen=None, is_administrator=True)
    assert ApiKey.objects.genuine(key.text) is None


@pytest.mark.parametrize("scope", ["read", "scim"])
def test_key_needs_somebody_who_has_just_shown_who_they_are(client, person, scope):
    """A browser that was left alone would give access for a year."""
    form = sent(client, scopes=[scope])
    signs_in_now(client, person, ago=25 * 60)
    confirm = f"{reverse('two-factor-confirm')}?next={reverse('api-keys')}"
    assert client.post(reverse("api-keys"), form)["Location"].replace("%2F", "/") == confirm
    assert not ApiKey.objects.exists()
    page = client.get(reverse("api-keys")).content.decode()
    assert confirm in page
    assert "Make key" not in page


def test_keys_end_for_good_when_their_owner_is_deactivated(client):
    person, admin = make_user(), make_user(is_administrator=True)
    key, ended = make_key(by=person, name="nightly"), make_key(by=person)
    ended.revoke(by=person)
    another = make_key(by=make_user())
    person.change_account(by=admin, seen=None, is_active=False)
    assert [event.data["key"] for event in Event.objects.filter(kind="api-key.revoked", actor=admin)] == [key.pk]
    person.change_account(by=admin, seen=None, is_active=True)
    for text in (key.text, ended.text):
        assert ApiKey.objects.genuine(text) is None
    assert ApiKey.objects.genuine(another.text)
    client.force_login(User.objects.get(pk=person.pk))
    assert "revoked" in client.get(reverse("api-keys")).content.decode()
    assert ApiKey.objects.genuine(make_key(by=User.objects.get(pk=person.pk)).text)


def test_erasing_a_person_takes_their_keys_along():
    make_user(is_administrator=True)
    person = make_user()
    key = make_key(by=person)
    erasure.erase(person, by=person)
    assert not ApiKey.objects.filter(pk=key.pk).exists()
