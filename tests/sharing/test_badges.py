"""Badges: off by default, the level and the date and nothing else, grey when old, gone with the right to make them."""

import datetime
import re
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.accounts.erasure import erase
from assessments.models import Badge, Event, Membership
from assessments.models.participation import new_token
from assessments.operations.tidying import tidy

from .. import toy
from ..factories import make_membership, make_user

pytestmark = pytest.mark.django_db

ADDRESS = re.compile(r'id="badge-address" readonly value="http://127\.0\.0\.1:8000(/badge/[^"/]+\.svg)"')
PLEDGE = re.compile(r'name="pledge" value="([^"]+)">\s*<button class="btn">')


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def result(team, edition):
    return toy.add_result(team=team, edition=edition, date=timezone.localdate() - datetime.timedelta(days=10))


@pytest.fixture
def client(lead):
    client = Client()
    client.force_login(lead)
    return client


def turned_on(result, by) -> str:
    token = new_token()
    Badge.objects.make(result, by=by, token=token)
    return f"/badge/{token}.svg"


def said(address) -> str:
    """What the badge says, as people who cannot see it hear it."""
    response = Client().get(address)
    assert response.status_code == 200
    return ElementTree.fromstring(response.content).attrib["aria-label"]


def test_there_is_none_until_a_lead_turns_it_on_and_its_address_is_shown_once(client, result):
    page = reverse("result-share", args=[result.pk])
    html = client.get(page).content.decode()
    assert "Off." in html
    sent = {"pledge": PLEDGE.findall(html)[-1]}
    made = [client.post(reverse("result-badge", args=[result.pk]), sent).content.decode() for _ in range(2)]
    (address,), again = map(ADDRESS.findall, made)
    assert again == [address], "two clicks make one"
    assert not ADDRESS.search(client.get(page).content.decode())
    assert address.split("/")[2].removesuffix(".svg") not in str(list(Badge.objects.values()))
    assert said(address).startswith("maturity: level 1 of 3, ")


def test_it_can_be_shown_elsewhere_and_does_nothing_there(result, lead, team):
    response = Client().get(turned_on(result, lead))
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Cache-Control"] == "max-age=300"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Content-Security-Policy"] == "default-src 'none'"
    assert not response.cookies
    svg = response.content.decode()
    for word in (team.name, team.unit.name, str(lead), "script", "href", "style"):
        assert word not in svg


def test_it_follows_the_newest_result_of_its_own_history(result, lead, team, edition):
    address = turned_on(result, lead)
    toy.add_result(team=team, edition=toy.make_edition(), date=timezone.localdate(), codes="F F F F F F F F")
    toy.add_result(team=team, edition=edition, date=timezone.localdate(), codes="F F", questionnaire="short")
    assert "level 1 of 3" in said(address)
    toy.add_result(team=team, edition=edition, date=timezone.localdate(), codes="F F F F F F F F")
    assert "level 3 of 3" in said(address)


def test_it_is_grey_and_says_so_when_the_result_is_old(lead, team, edition):
    day = timezone.localdate() - datetime.timedelta(days=400)
    address = turned_on(toy.add_result(team=team, edition=edition, date=day), lead)
    assert said(address).endswith(", stale")
    assert "#5f6671" in Client().get(address).content.decode()


def test_a_new_one_takes_the_place_of_the_one_before(result, lead):
    before = turned_on(result, lead)
    after = turned_on(result, lead)
    assert Client().get(before).status_code == 404
    assert Client().get(after).status_code == 200


def turn_off(client, result, lead):
    client.post(reverse("result-badge-off", args=[result.pk]))


def demote(client, result, lead):
    Membership.objects.filter(user=lead).update(role="member")


def erase_maker(client, result, lead):
    erase(lead, by=make_user(is_administrator=True))


def delete_results(client, result, lead):
    result.team.assessments.all().delete()


@pytest.mark.parametrize("end", [turn_off, demote, erase_maker, delete_results], ids=lambda end: end.__name__)
def test_whatever_ends_it_reads_as_if_it_had_never_been(client, team, result, lead, end):
    make_membership(team=team, role="lead")
    address = turned_on(result, lead)
    assert Client().get(address).status_code == 200
    end(client, result, lead)
    ended, never = Client().get(address), Client().get(f"/badge/{new_token()}.svg")
    assert (ended.status_code, ended.content) == (never.status_code, never.content) == (404, never.content)


def test_the_journal_knows_and_what_ended_long_ago_is_removed(client, result, lead):
    turned_on(result, lead)
    turn_off(client, result, lead)
    assert list(Event.objects.filter(kind__startswith="badge.").values_list("kind", flat=True)) == [
        "badge.revoked",
        "badge.made",
    ]
    assert tidy()["badges that were turned off"] == 0
    Badge.objects.update(revoked_on=timezone.localdate() - datetime.timedelta(days=91))
    assert tidy()["badges that were turned off"] == 1
