"""A team's page is drawn once for people with the same roles, and again when anything on it may have changed."""

import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assessments.models import Action, Framework, Membership, Target, Team
from assessments.results import page_state, team_views

from ..factories import make_membership
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

#: Rights are looked up each time; who signed in is in the tag of the page.
RIGHTS = {"django_session", "assessments_user", "assessments_membership"}
#: These never change once they are there: parts of frozen results, and of published editions.
FROZEN = {"assessments_partresult", "assessments_criterionresult"}
#: Frameworks are drawn as memory has them, and the generation, which each request learns, says which memory.
KEPT = {"assessments_framework", "assessments_installation"}
#: Of these the digest is made by itself, in `fragment_digest`.
TEXTS = {"assessments_translation"}


@pytest.fixture(autouse=True)
def _nothing_kept():
    caches["template_fragments"].clear()


@pytest.fixture
def lead():
    lead = Lead()
    lead.closes(AT[2], on="2026-01-01")
    lead.closes(AT[1], on="2026-02-01")
    return lead


def signed_in(user) -> Client:
    client = Client(HTTP_HOST="localhost:8000")
    client.force_login(user)
    return client


def tables(statements) -> set[str]:
    return set(re.findall(r"(?:FROM|JOIN) \"?([a-z]+_[a-z]+)", " ".join(statements)))


def test_every_table_that_the_page_reads_is_asked_for_changes(lead):
    client = signed_in(lead.user)
    client.get(lead.team.get_absolute_url())
    caches["template_fragments"].clear()
    with CaptureQueriesContext(connection) as captured:
        client.get(lead.team.get_absolute_url())
    read = tables(query["sql"] for query in captured.captured_queries)
    assert "assessments_partresult" in read
    assert read - RIGHTS - FROZEN - KEPT - TEXTS <= tables([page_state._TEAM_PAGE])


def test_an_unchanged_page_is_neither_read_nor_drawn(lead, monkeypatch):
    client = signed_in(lead.user)
    etag = client.get(lead.team.get_absolute_url()).headers["ETag"]
    monkeypatch.setattr(team_views, "render", None)
    response = client.get(lead.team.get_absolute_url(), headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response.headers["Vary"]


def test_a_tag_is_of_one_person_and_one_address(lead):
    address = lead.team.get_absolute_url()
    etag = signed_in(lead.user).get(address).headers["ETag"]
    other = signed_in(make_membership(team=lead.team, role="lead").user)
    assert other.get(address, headers={"If-None-Match": etag}).status_code == 200
    assert signed_in(lead.user).get(f"{address}?period=1", headers={"If-None-Match": etag}).status_code == 200


def test_other_roles_see_a_page_of_their_own(lead):
    address = lead.team.get_absolute_url()
    viewer = signed_in(make_membership(team=lead.team, role="viewer").user)
    assert b"Add a note on why" in signed_in(lead.user).get(address).content
    assert b"Add a note on why" not in viewer.get(address).content


@pytest.mark.parametrize("change", ["action", "target", "team", "unit"])
def test_a_change_is_told(lead, change):
    client, address = signed_in(lead.user), lead.team.get_absolute_url()
    etag = client.get(address).headers["ETag"]
    framework = Framework.objects.get(key=lead.edition.framework.key)
    if change == "action":
        criterion = lead.edition.contents.criteria[0].key
        Action.objects.create(team=lead.team, framework=framework, criterion=criterion, text="Do it")
    elif change == "target":
        Target.objects.create(team=lead.team, framework=framework, level=3, due="2030-01-01", set_by=lead.user)
    elif change == "team":
        Team.objects.filter(pk=lead.team.pk).update(about="Something else")
    else:
        type(lead.team.unit).objects.filter(pk=lead.team.unit_id).update(name="Elsewhere")
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_frameworks_that_change_names_are_told(lead):
    """Whichever names there are, each belongs to one of them."""
    other = Lead(team=lead.team)
    other.closes(AT[1], on="2026-01-15")
    first, second = lead.edition.framework, other.edition.framework
    Framework.objects.filter(pk=first.pk).update(name="First")
    Framework.objects.filter(pk=second.pk).update(name="Second")
    client, address = signed_in(lead.user), lead.team.get_absolute_url()
    etag = client.get(address).headers["ETag"]
    Framework.objects.filter(pk=first.pk).update(name="Second")
    Framework.objects.filter(pk=second.pk).update(name="First")
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_what_changes_while_the_page_is_drawn_is_not_kept(lead, monkeypatch):
    overview = team_views._overview

    def renamed_in_between(request, team, may):
        Team.objects.filter(pk=team.pk).update(about="In between")
        return overview(request, team, may)

    monkeypatch.setattr(team_views, "_overview", renamed_in_between)
    signed_in(lead.user).get(lead.team.get_absolute_url())
    assert not caches["template_fragments"]._cache


def test_someone_who_left_gets_no_kept_page(lead):
    client, address = signed_in(lead.user), lead.team.get_absolute_url()
    etag = client.get(address).headers["ETag"]
    Membership.objects.filter(user=lead.user).delete()
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 404
