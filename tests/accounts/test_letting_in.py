"""What lets somebody in for good needs an administrator who has just shown who they are."""

import re

import pytest
from django.urls import reverse

from assessments.models import Event, GroupRule, Membership, User

from ..factories import make_team, make_unit, make_user
from .second_factors import signs_in_now

pytestmark = pytest.mark.django_db
#: More than what a form that was opened in time has.
LONG_AGO = 25 * 60


@pytest.fixture
def admin():
    return make_user(is_administrator=True, is_confirmed=True)


@pytest.fixture
def person():
    return make_user(name="Kim", email="kim@example.org")


def changes(person, **fields):
    return {"name": person.name, "email": person.email, "is_active": "on"} | fields


def makes_an_administrator(person):
    return reverse("account-new"), {"name": "Eve", "email": "eve@example.org", "is_administrator": "on"}


def gives_rights(person):
    return reverse("account-edit", args=[person.pk]), changes(person, is_administrator="on")


def changes_the_email(person):
    return reverse("account-edit", args=[person.pk]), changes(person, email="eve@example.org")


def lets_a_group_administer(person):
    return reverse("account-groups"), {"value": "eves", "role": "administrator"}


def in_the_back_office(person):
    return reverse("admin:assessments_user_change", args=[person.pk]), changes(person, email="eve@example.org")


def adds_in_the_back_office(person):
    sent = {"email": "eve@example.org", "name": "Eve", "is_active": "on", "is_administrator": "on"}
    return reverse("admin:assessments_user_add"), sent


ACTS = [makes_an_administrator, gives_rights, changes_the_email, lets_a_group_administer]
ACTS += [in_the_back_office, adds_in_the_back_office]


def is_done() -> bool:
    return (
        User.objects.filter(email="eve@example.org").exists()
        or User.objects.filter(is_administrator=True).count() > 1
        or GroupRule.objects.exists()
    )


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_unwatched_browser_of_an_administrator_lets_nobody_in(client, admin, person, act):
    address, sent = act(person)
    signs_in_now(client, admin, ago=LONG_AGO)
    page = client.post(address, sent)
    assert page.status_code in {200, 422}
    assert not is_done()
    assert not Event.objects.exists()
    text = page.content.decode()
    assert "lets somebody in" in text
    for value in sent.values():
        assert value == "on" or value in text
    if not address.startswith("/admin"):
        assert f"{reverse('two-factor-confirm')}?next={address}" in text
    signs_in_now(client, admin)
    client.post(address, sent)
    assert is_done()


@pytest.mark.parametrize("is_administrator", [True, False])
@pytest.mark.parametrize("way", ["account-edit", "admin:assessments_user_change"])
def test_letting_a_deactivated_person_in_again_needs_a_proof(client, admin, way, is_administrator):
    ben = make_user(name="Ben", is_administrator=is_administrator, is_confirmed=True, password="long-enough-for-ben")
    ben.change_account(by=admin, seen=None, is_active=False)
    address = reverse(way, args=[ben.pk])
    sent = changes(ben, revision=ben.revision, seen=ben.revision)
    if is_administrator:
        sent["is_administrator"] = "on"
    signs_in_now(client, admin, ago=LONG_AGO)
    assert "lets somebody in" in client.post(address, sent).content.decode()
    assert not User.objects.get(pk=ben.pk).is_active
    # Whoever stays out may get another name.
    client.post(address, {name: value for name, value in sent.items() if name != "is_active"} | {"name": "Benno"})
    assert User.objects.get(pk=ben.pk).name == "Benno"
    signs_in_now(client, admin)
    now = User.objects.get(pk=ben.pk)
    client.post(address, sent | {"revision": now.revision, "seen": now.revision})
    assert User.objects.get(pk=ben.pk).is_active


def test_other_changes_need_no_proof(client, admin, person, settings):
    settings.MAIL_ENABLED = True
    signs_in_now(client, admin, ago=LONG_AGO)
    client.post(reverse("account-edit", args=[person.pk]), changes(person, name="Kim Other"))
    assert User.objects.get(pk=person.pk).name == "Kim Other"
    client.post(reverse("account-new"), {"name": "Lee", "email": "lee@example.org"})
    assert User.objects.filter(email="lee@example.org").exists()


@pytest.mark.parametrize("is_mailed", [False, True])
def test_link_that_is_shown_needs_a_proof(client, admin, person, settings, is_mailed):
    settings.MAIL_ENABLED = is_mailed
    for address, sent in (
        (reverse("account-link", args=[person.pk]), {}),
        (reverse("people-links"), {"person": [person.pk]}),
    ):
        signs_in_now(client, admin, ago=LONG_AGO)
        response = client.post(address, sent)
        assert ("confirm" in response.get("Location", "")) is not is_mailed, address
        signs_in_now(client, admin)
        assert "confirm" not in client.post(address, sent).get("Location", ""), address


def adds_an_account():
    return reverse("account-new"), {"name": "Eve", "email": "eve@example.org"}, reverse("account-new")


def adds_a_member():
    page = reverse("team-members", args=[make_team().pk])
    return page, {"email": "kim@example.org", "role": "member"}, page


def adds_a_new_member():
    page = reverse("team-members", args=[make_team().pk])
    return page, {"email": "eve@example.org", "name": "Eve", "role": "member"}, page


def adds_a_manager():
    unit = make_unit()
    return reverse("unit-manager-add", args=[unit.pk]), {"email": "kim@example.org"}, unit.get_absolute_url()


ADDING = [adds_an_account, adds_a_member, adds_a_new_member, adds_a_manager]


@pytest.mark.parametrize("is_mailed", [False, True])
@pytest.mark.parametrize("act", ADDING, ids=lambda act: act.__name__)
def test_link_of_somebody_who_is_added_needs_a_proof(client, admin, settings, act, is_mailed):
    """An account without a password belongs to whoever sees its link, an administrator's too."""
    settings.MAIL_ENABLED = is_mailed
    make_user(name="Kim", email="kim@example.org", is_administrator=True)
    address, sent, page = act()
    once = {"once": "one-form"}
    people, roles = User.objects.count(), Membership.objects.count()
    signs_in_now(client, admin, ago=LONG_AGO)
    text = client.post(address, sent | once).content.decode()
    assert "/password/set/" not in text
    is_stored = (User.objects.count(), Membership.objects.count()) != (people, roles)
    assert is_stored is is_mailed
    if is_mailed:
        return
    assert sent["email"] in text
    assert "lets somebody in" in text
    link = re.search(r"<a[^>]*two-factor/confirm[^>]*>", text)[0]
    assert f"next={page}" in link
    assert 'target="_blank"' in link
    assert client.get(page).status_code == 200
    signs_in_now(client, admin)
    assert "/password/set/" in client.post(address, sent | once).content.decode()
    # The same form once more, later.
    signs_in_now(client, admin, ago=LONG_AGO)
    assert "/password/set/" not in client.post(address, sent | once).content.decode()


def test_adding_whoever_has_a_password_needs_no_proof(client, admin):
    make_user(email="lee@example.org", password="long-enough-for-lee")
    team = make_team()
    signs_in_now(client, admin, ago=LONG_AGO)
    client.post(reverse("team-members", args=[team.pk]), {"email": "LEE@example.org", "role": "member"})
    assert team.memberships.exists()


def test_links_are_handed_over_only_with_a_proof(admin, person):
    assert person.hand_over_link(shown_to=admin) == ""
    assert person.hand_over_link(shown_to=make_user(), is_proven=True) == ""
    assert person.hand_over_link(shown_to=admin, is_proven=True)
