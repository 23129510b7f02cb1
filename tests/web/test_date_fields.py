"""A day that nobody can mean is told beside the field, and nothing is stored; in an address it counts as left out."""

import datetime

import pytest
from django.urls import reverse

from assessments.models import Action, Assessment, Target

from .. import toy
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

ABSURD = ["0001-01-01", "1900-01-01", "9999-12-31"]


@pytest.fixture
def lead(client):
    lead = Lead()
    client.force_login(lead.user)
    return lead


def start(client, lead, **fields):
    address = reverse("assessment-start", args=[lead.team.pk])
    usual = {"edition": lead.edition.pk, "date": lead.team.today(), "due": "", "questionnaire": "full"}
    return client.post(address, {**usual, "rule": "largely", "anonymous": "no", **fields})


@pytest.mark.parametrize("field", ["date", "due"])
@pytest.mark.parametrize("day", ABSURD)
def test_an_assessment_does_not_start_on_it(client, lead, field, day):
    page = start(client, lead, **{field: day})
    assert "Choose a day between 1 January 2000 and " in page.content.decode()
    assert not Assessment.objects.exists()


def test_an_assessment_is_not_dated_years_ahead(client, lead):
    """It would be the newest result until then."""
    far = lead.team.today() + datetime.timedelta(days=367)
    assert "within a year" in start(client, lead, date=far).content.decode()
    assert start(client, lead, date=far - datetime.timedelta(days=1)).status_code == 302


@pytest.mark.parametrize("day", ABSURD)
def test_answers_are_not_wanted_by_it(client, lead, day):
    assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition)
    client.post(reverse("assessment-due", args=[assessment.pk]), {"due": day})
    assert Assessment.objects.get().due is None


@pytest.mark.parametrize("day", ["9999-12-31"])
def test_nothing_is_planned_for_it(client, lead, day):
    lead.closes(AT[1], on="2026-05-01")
    framework = f"?framework={lead.edition.framework.key}"
    target = {"part": "", "level": 2, "due": day, "why": "Why."}
    pages = [
        client.post(reverse("team-targets", args=[lead.team.pk]) + framework, target),
        client.post(reverse("action-new", args=[lead.team.pk, "y3"]) + framework, {"text": "Do it.", "due": day}),
    ]
    for page in pages:
        assert "Choose a day between" in page.content.decode()
    assert not Target.objects.exists()
    assert not Action.objects.exists()


@pytest.mark.parametrize("address", ["/portfolio/", "/portfolio/export/"])
@pytest.mark.parametrize("day", [*ABSURD, "0002-06-01"])
def test_the_portfolio_is_not_looked_at_as_of_it(client, lead, address, day):
    lead.closes(AT[1], on="2026-05-01")
    page = client.get(f"{address}?framework={lead.edition.framework.key}&as_of={day}")
    assert page.status_code == 200
    if address == "/portfolio/":
        assert "Choose a day between" in page.content.decode()
