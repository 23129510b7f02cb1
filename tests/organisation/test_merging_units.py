"""A unit is merged into another: its teams, units and managers move, and keep what they have."""

import pytest

from assessments.models import Event, Refused, Unit

from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    client.force_login(user)
    return user


@pytest.fixture
def shop():
    return make_unit(name="Shop")


@pytest.fixture
def bank():
    return make_unit(name="Bank")


def test_only_what_was_read_about_is_confirmed(client, admin, shop, bank):
    other = make_unit(name="Post")
    response = client.post(f"/units/{shop.pk}/merge/", {"into": other.pk, "confirm": bank.pk})
    assert response.status_code == 409
    assert "Nothing was merged: you chose Post after reading about another one." in response.content.decode()
    assert Unit.objects.filter(pk=shop.pk).exists()


def test_the_page_says_what_moves_and_then_moves_it(client, admin, shop, bank):
    team = make_team(unit=shop, name="Search")
    inner = make_unit(name="Data", parent=shop)
    manager = make_membership(unit=shop, role="manager")
    page = client.post(f"/units/{shop.pk}/merge/", {"into": bank.pk}).content.decode()
    for words in ("1 team: Search", "1 unit: Data", "1 manager", "Merge into Bank"):
        assert words in page
    assert Unit.objects.filter(pk=shop.pk).exists(), "nothing happened yet"
    assert client.post(f"/units/{shop.pk}/merge/", {"into": bank.pk, "confirm": bank.pk}).url == "/units/"
    for row in (team, inner, manager):
        row.refresh_from_db()
    assert [team.unit, inner.parent, manager.unit] == [bank, bank, bank]
    assert not Unit.objects.filter(pk=shop.pk).exists()
    assert Event.objects.get(kind="unit.merged").data == {"unit": shop.pk, "into": bank.pk}


def test_who_manages_both_manages_it_once(admin, shop, bank):
    person = make_user()
    make_membership(user=person, unit=shop, role="manager")
    make_membership(user=person, unit=bank, role="manager")
    shop.merge_into(bank, by=admin)
    assert person.memberships.get().unit == bank


def test_a_new_manager_of_more_begins_with_a_new_password(admin, shop, bank):
    person = make_user(password="not-confirmed-1")
    make_membership(user=person, unit=shop, role="manager")
    shop.merge_into(bank, by=admin)
    person.refresh_from_db()
    assert not person.has_usable_password()


def test_names_that_both_have_stand_in_the_way(client, admin, shop, bank):
    make_team(unit=shop, name="Search")
    make_team(unit=bank, name="search")
    page = client.post(f"/units/{shop.pk}/merge/", {"into": bank.pk}).content.decode()
    assert "Rename one of each first." in page
    response = client.post(f"/units/{shop.pk}/merge/", {"into": bank.pk, "confirm": bank.pk})
    assert response.status_code == 422
    assert Unit.objects.filter(pk=shop.pk).exists()


def test_a_unit_is_not_merged_into_what_is_below_it(client, admin, shop):
    inner = make_unit(parent=shop)
    with pytest.raises(Refused):
        shop.merge_into(inner, by=admin)
    assert client.post(f"/units/{shop.pk}/merge/", {"into": inner.pk, "confirm": inner.pk}).status_code == 422
