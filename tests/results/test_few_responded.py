"""A level that few people stand behind says so wherever it stands."""

import datetime

import pytest

from assessments.models.results import few_responded

from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

TOLD = "1 of 4 responded"


@pytest.mark.parametrize(("responded", "asked", "is_few"), [
    (1, 1, False), (1, 2, True), (2, 3, False), (2, 4, False),
    (2, 5, True), (1, 4, True), (9, 20, True), (10, 20, False),
])  # fmt: skip
def test_few_is_under_half_or_one_of_several(responded, asked, is_few):
    assert bool(few_responded(responded=responded, asked=asked)) is is_few


@pytest.fixture
def lead():
    lead = Lead(name="Search")
    for _person in range(3):
        make_membership(team=lead.team, role="member")
    lead.result = lead.closes(AT[2], on=str(lead.team.today() - datetime.timedelta(days=1)))
    return lead


def page(client, user, address):
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200, address
    return " ".join(response.content.decode().split("<main", 1)[1].split())


def test_on_the_pages_of_the_team_and_its_result(client, lead):
    for address in (lead.team.get_absolute_url(), lead.result.get_absolute_url()):
        text = page(client, lead.user, address)
        assert f"Step 2. Only {TOLD}." in text.split("</h2>")[0], address


@pytest.mark.parametrize("address", ["/", "/teams/", "/portfolio/", "/portfolio/report/"])
def test_where_many_levels_stand(client, lead, address):
    edition = lead.edition
    full = Lead(name="Full", edition=edition)
    full.closes(AT[2], on="2026-03-01")
    person = make_user(is_administrator=True)
    make_membership(team=lead.team, user=person, role="viewer")
    make_membership(team=full.team, user=person, role="viewer")
    text = page(client, person, f"{address}?framework={edition.framework.key}")
    assert text.count(TOLD) == 1
    assert TOLD in text.split("Search", 1)[1]


def test_nobody_is_told_of_the_people_of_a_team_in_which_all_responded(client):
    lead = Lead()
    lead.closes(AT[2], on="2026-03-01")
    assert "Only 1 of 1" not in page(client, lead.user, lead.team.get_absolute_url())
