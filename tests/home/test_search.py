"""The search: it finds what a person may open, and nothing else."""

import pytest

from assessments.home.search import MOST

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db


def found(client, person, words) -> str:
    client.force_login(person)
    response = client.get("/search/", {"q": words})
    assert response.status_code == 200
    return response.content.decode()


def test_only_teams_that_the_person_may_open_are_found(client):
    own, other = make_team(name="Search one"), make_team(name="Search two")
    member = make_membership(team=own).user
    page = found(client, member, "search")
    assert f'href="/teams/{own.pk}/"' in page
    assert "Search two" not in page
    admin = make_user(is_administrator=True)
    assert f'href="/teams/{other.pk}/"' in found(client, admin, "SEARCH T")
    assert "Search one" not in found(client, make_user(), "search")


def test_members_find_people_of_their_teams_by_name_and_never_by_email(client):
    team = make_team()
    member = make_membership(team=team).user
    make_membership(team=team, user=make_user(name="Nora Weiss", email="secret@example.org"))
    make_membership(team=make_team(), user=make_user(name="Nora Other"))
    page = found(client, member, "nora")
    assert "Nora Weiss" in page
    assert "Nora Other" not in page
    assert "Nora Weiss" not in found(client, member, "secret@")
    assert "secret@example.org" not in page


def test_administrators_find_accounts_by_name_and_email(client):
    person = make_user(name="Nora Weiss", email="secret@example.org")
    admin = make_user(is_administrator=True)
    for words in ("nora", "secret@"):
        assert f'href="/accounts/{person.pk}/"' in found(client, admin, words)


def test_criteria_are_those_of_the_version_in_use(client):
    edition = toy.make_edition(key="toy")
    criterion = edition.contents.criteria[0]
    page = found(client, make_user(), criterion.statement)
    assert page.count(f'href="/frameworks/toy/criteria/{criterion.key}/"') == 1
    toy.make_edition(key="unpublished", published=False)
    assert "/frameworks/unpublished/" not in found(client, make_user(), criterion.statement)


def test_a_list_is_cut_and_says_so(client):
    admin = make_user(is_administrator=True)
    unit = make_unit()
    for number in range(MOST + 1):
        make_team(name=f"Crew {number}", unit=unit)
    page = found(client, admin, "crew")
    assert page.count('href="/teams/') >= MOST
    assert f"Only the first {MOST} are shown" in page


@pytest.mark.parametrize("words", ["", "x", "%", "_", "x" * 5000, "' OR 1=1 --", "%%%"])
def test_any_words_are_answered(client, words):
    make_team(name="Search")
    assert "/teams/" in found(client, make_user(is_administrator=True), words)
