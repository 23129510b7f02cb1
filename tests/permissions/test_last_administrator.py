"""Somebody can always administer the installation: one rule, whichever way the last administrator would go."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from assessments.models import User
from assessments.models.accounts import LastAdministrator

from ..factories import make_user


def untick_in_the_back_office(client, by, other):
    fields = {"email": other.email, "name": other.name, "is_active": "on"}
    client.post(reverse("admin:assessments_user_change", args=[other.pk]), fields)


def untick_on_the_account_page(client, by, other):
    client.post(f"/accounts/{other.pk}/", {"email": other.email, "name": other.name, "is_active": "on"})


def lock_out(client, by, other):
    client.post(f"/accounts/{other.pk}/", {"email": other.email, "name": other.name, "is_administrator": "on"})


def erase(client, by, other):
    client.post(reverse("account-erase", args=[other.pk]))


def step_down(client, by, other):
    untick_on_the_account_page(client, by, by)


#: Every way in which an administrator goes.
WAYS = [untick_in_the_back_office, untick_on_the_account_page, lock_out, erase, step_down]


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at_the_same_time(*jobs: Callable[[], None]):
    """Runs each job in a thread with a connection of its own, and raises what one of them raised."""
    start, errors = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            connection.ensure_connection()
            start.wait(timeout=120)
            job()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other_way", WAYS)
@pytest.mark.parametrize("way", [untick_in_the_back_office, untick_on_the_account_page])
def test_two_who_take_the_rights_from_each_other_leave_one(way, other_way):
    for _ in range(3):
        User.objects.all().delete()
        ada, ben = make_user(is_administrator=True), make_user(is_administrator=True)
        one, other = partial(way, signed_in(ada), ada, ben), partial(other_way, signed_in(ben), ben, ada)
        at_the_same_time(one, other)
        assert User.objects.active_administrators().count() == 1


@pytest.mark.django_db
class TestTheRule:
    @pytest.mark.parametrize("way", WAYS)
    def test_lets_one_of_two_go(self, way):
        ada, ben = make_user(is_administrator=True), make_user(is_administrator=True)
        way(signed_in(ada), ada, ben)
        assert User.objects.active_administrators().count() == 1

    @pytest.mark.parametrize("way", [untick_on_the_account_page, lock_out, erase, step_down])
    def test_keeps_the_last_one(self, way):
        ada = make_user(is_administrator=True)
        make_user()
        way(signed_in(ada), ada, ada)
        assert User.objects.active_administrators().get() == ada

    def test_is_told_in_the_back_office(self, client, monkeypatch):
        """Nobody unticks themselves there, so the other one has to be gone since the page was opened."""
        ada, ben = make_user(is_administrator=True), make_user(name="Ben", is_administrator=True)
        client.force_login(ada)
        store = User.change_account

        def be_overtaken(self, **fields):
            User.objects.filter(pk=ada.pk).update(is_administrator=False)
            store(self, **fields)

        monkeypatch.setattr(User, "change_account", be_overtaken)
        page = reverse("admin:assessments_user_change", args=[ben.pk])
        response = client.post(page, {"email": ben.email, "name": "Renamed", "is_active": "on"})
        assert response.url == page
        ben.refresh_from_db()
        assert (ben.name, ben.is_administrator) == ("Ben", True)
        assert "administrator must be able to sign in" in str(next(iter(get_messages(response.wsgi_request))))

    def test_takes_back_whatever_was_done_with_it(self):
        ada = make_user(name="Ada", is_administrator=True)
        with pytest.raises(LastAdministrator):
            ada.change_account(by=ada, seen=None, name="Other", is_active=False)
        assert User.objects.get(pk=ada.pk).name == "Ada"
