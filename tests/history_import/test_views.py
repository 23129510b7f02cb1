"""The page for administrators: a preview first, then all of it or nothing, and taking it back."""

import datetime
import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments.history_import.reading import MAX_BYTES
from assessments.models import Action, Assessment, HistoryImport

from .. import toy
from ..factories import make_team, make_unit, make_user
from .files import csv_text
from .test_batches import VOTES, lines

pytestmark = pytest.mark.django_db

ADDRESS = "/imported-history/"


@pytest.fixture
def edition():
    make_team(name="Search")
    return toy.make_edition(key="toy")


@pytest.fixture
def admin_client(client):
    client.force_login(make_user(is_administrator=True))
    return client


def previewed(client, edition, content, *, name="history.csv", **fields):
    file = SimpleUploadedFile(name, content)
    chosen = {"line": f"{edition.pk}:largely", "questionnaire": "full"}
    return client.post(ADDRESS, {"file": file, **chosen, **fields})


def confirmed(client, response):
    """What the button of the preview sends."""
    form = response.context["confirm"]
    data = {name: form[name].value() for name in form.fields}
    return client.post(ADDRESS, {name: "" if value is None else value for name, value in data.items()})


def words(response):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


SAID = lines("Search", "2026-03-31", VOTES["Ada"], "Ada")


def test_nothing_is_stored_before_it_is_confirmed_and_a_double_click_makes_one(admin_client, edition):
    preview = previewed(admin_client, edition, csv_text(*SAID))
    assert preview.status_code == 200
    assert "1 assessment of 1 team with 8 answers, from 31 March 2026 to 31 March 2026" in words(preview)
    assert not Assessment.objects.exists()
    stored = confirmed(admin_client, preview)
    batch = HistoryImport.objects.get()
    assert stored.url == batch.get_absolute_url()
    assert confirmed(admin_client, preview).url == batch.get_absolute_url()
    assert Assessment.objects.count() == 1
    assert "This was imported before" in words(previewed(admin_client, edition, csv_text(*SAID)))


def test_problems_are_listed_and_hostile_text_comes_out_as_text(admin_client, edition):
    evil = "<script>alert(1)</script>"
    response = previewed(admin_client, edition, csv_text(*SAID, f"{evil},2026-03-31,x1,F,,,"), name=f"{evil}.csv")
    assert response.status_code == 422
    assert response.context["confirm"] is None
    assert "Line 10 There is no team “<script>alert(1)</script>”." in words(response)
    assert evil not in response.content.decode()


def test_what_changed_after_the_preview_is_asked_again(admin_client, edition):
    preview = previewed(admin_client, edition, csv_text(*SAID))
    toy.add_result(team=make_team(name="Other"), edition=edition, date=datetime.date(2026, 3, 31))
    make_team(name="Search", unit=make_unit())
    response = confirmed(admin_client, preview)
    assert response.status_code == 409
    assert "changed after this preview" in words(response)
    assert not HistoryImport.objects.exists()


def test_a_file_that_is_too_large_or_unknown_is_told_beside_the_field(admin_client, edition):
    for content, says in ((b"x" * (MAX_BYTES + 1), "larger than 6 MB"), (b"\0\1", "neither text nor a workbook")):
        response = previewed(admin_client, edition, content)
        assert response.status_code == 422
        assert says in words(response)


def test_a_file_that_did_not_arrive_is_asked_for_again(admin_client, edition):
    response = admin_client.post(ADDRESS, {"packed": "x", "name": "history.csv"})
    assert response.status_code == 422
    assert "did not arrive" in words(response)


def test_a_batch_is_removed_on_its_page_until_something_builds_on_it(admin_client, lead, edition):
    batch_page = confirmed(admin_client, previewed(admin_client, edition, csv_text(*SAID))).url
    assert "31 Mar 2026" in words(admin_client.get(batch_page))
    team = Assessment.objects.get().team
    action = Action.objects.plan(team=team, framework=edition.framework, criterion="x4", by=lead, text="Do it")
    response = admin_client.post(batch_page)
    assert response.status_code == 409
    assert "Search planned an action from it: Do it" in words(response)
    action.delete()
    assert admin_client.post(batch_page).url == ADDRESS
    assert admin_client.post(batch_page).url == ADDRESS
    assert admin_client.get(batch_page).status_code == 404
    assert not Assessment.objects.exists()


def test_the_page_is_reached_from_the_frameworks(admin_client, client):
    assert reverse("history-import") in admin_client.get(reverse("frameworks")).content.decode()
    client.force_login(make_user())
    assert reverse("history-import") not in client.get(reverse("frameworks")).content.decode()
