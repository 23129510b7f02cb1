"""The report of the portfolio says what its pages and the plan say the same person."""

import io
import uuid

import pytest
from django.urls import reverse
from pypdf import PdfReader

from assessments.models import Provenance
from assessments.portfolio.portfolio_report import PortfolioSection

from ..factories import make_user
from ..results.test_board_report import FIGURE, words_of
from ..results.test_files import SECRETS, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PERSONAS = ["administrator", "manager", "lead", "member", "viewer", "facilitator", "outsider"]


@pytest.fixture
def world():
    world = World()
    world.people["outsider"] = make_user()
    return world


def of_framework(world):
    return {"framework": world.edition.framework.key}


def pages_of(client, world):
    return " ".join(words_of(client.get(reverse(name), of_framework(world))) for name in ("portfolio", "plan"))


@pytest.mark.parametrize("setting", ["names", "distribution", "nothing"])
@pytest.mark.parametrize("persona", PERSONAS)
def test_a_report_shows_nobody_more_than_the_pages(client, world, settings, persona, setting):
    settings.OTHER_TEAMS = setting
    client.force_login(world.people[persona])
    # Who prepared a report stands on it.
    seen = pages_of(client, world) + world.people[persona].name
    told = words_of(client.get(reverse("portfolio-report"), of_framework(world) | {"names": "on"}))
    statements = [criterion.statement for criterion in world.edition.contents.criteria]
    guarded = [*SECRETS, *statements, world.team.name, *(person.name for person in world.people.values())]
    assert [secret for secret in guarded if secret in told and secret not in seen] == []
    if persona == "lead":
        assert "Write the runbook." in told
        assert world.team.name in told


def test_people_are_named_only_if_asked(client, world):
    client.force_login(world.people["manager"])
    address = reverse("portfolio-report")
    assert "Ola Owner" not in words_of(client.get(address, of_framework(world)))
    assert "Ola Owner" in words_of(client.get(address, of_framework(world) | {"names": "on"}))


def test_keeps_the_filters_of_the_portfolio(client, world):
    client.force_login(world.people["manager"])
    filters = of_framework(world) | {"unit": str(world.team.unit.pk), "as_of": "2026-04-01"}
    page = client.get(reverse("portfolio-report"), filters)
    assert "1 April 2026" in words_of(page)
    assert world.team.unit.name in page.context["report"].cover.title
    assert all(f'name="{name}" value="{value}"' in page.content.decode() for name, value in filters.items())
    assert f"{reverse('portfolio-report')}?framework=" in client.get(reverse("portfolio"), filters).content.decode()


def test_sections_are_chosen(client, world):
    client.force_login(world.people["manager"])
    page = client.get(reverse("portfolio-report"), of_framework(world) | {"chosen": "1", "section": "plan"})
    assert page.content.decode().count("<h2") == 2
    wrong = client.get(reverse("portfolio-report"), of_framework(world) | {"chosen": "1", "section": "secrets"})
    assert wrong.status_code == 422
    assert wrong.context["report"].sections == frozenset(PortfolioSection.values)


def test_the_pdf_has_the_figures_of_the_page(client, world):
    client.force_login(world.people["manager"])
    address = reverse("portfolio-report")
    told = words_of(client.get(address, of_framework(world)))
    response = client.get(address, of_framework(world) | {"format": "pdf"})
    reader = PdfReader(io.BytesIO(response.content))
    text = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    assert sorted(set(FIGURE.findall(told.partition("Summary")[2])) - set(FIGURE.findall(text))) == []
    assert reader.metadata.title.startswith("Portfolio, ")


@pytest.mark.parametrize("persona, sees_it", [("manager", True), ("viewer", True), ("outsider", False)])
def test_an_imported_result_is_marked_for_those_who_may_open_the_team(client, world, settings, persona, sees_it):
    settings.OTHER_TEAMS = "names"
    newest = world.team.results.current_only().newest_first().first()
    known = {"assessment": newest.assessment, "team": world.team, "source": uuid.uuid4(), "digest": "sha256:0"}
    Provenance.objects.create(**known, origin="https://elsewhere.example/a|b")
    client.force_login(world.people[persona])
    for name in ("portfolio", "portfolio-report"):
        told = words_of(client.get(reverse(name), of_framework(world)))
        assert world.team.name in told
        assert ("imported from https://elsewhere.example/a|b" in told) == sees_it, name
