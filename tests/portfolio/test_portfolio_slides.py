"""Slides and charts of the portfolio: opened again, they say what its pages say to the same person, and no more."""

import io
from xml.etree import ElementTree

import pytest
from django.urls import reverse

from assessments.portfolio import report_views

from ..factories import make_user
from ..results.test_board_report import words_of
from ..results.test_files import SECRETS, World
from ..results.test_slides import charts, words_in

pptx = pytest.importorskip("pptx")

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

PERSONAS = ["administrator", "manager", "lead", "member", "viewer", "facilitator", "outsider"]


@pytest.fixture
def world():
    world = World()
    world.people["outsider"] = make_user()
    return world


def of_framework(world, **more):
    return {"framework": world.edition.framework.key, **more}


def deck(client, world, **more):
    response = client.get(reverse("portfolio-slides"), of_framework(world, **more))
    assert response.headers["Content-Disposition"].endswith('.pptx"')
    return pptx.Presentation(io.BytesIO(response.content))


@pytest.mark.parametrize("setting", ["names", "distribution", "nothing"])
def test_slides_show_nobody_more_than_the_report(client, world, settings, setting):
    settings.OTHER_TEAMS = setting
    statements = [criterion.statement for criterion in world.edition.contents.criteria]
    guarded = [*SECRETS, *statements, world.team.name, *(person.name for person in world.people.values())]
    for persona in PERSONAS:
        client.force_login(world.people[persona])
        seen = words_of(client.get(reverse("portfolio-report"), of_framework(world, names="on")))
        told = words_in(deck(client, world, names="on"))
        assert [secret for secret in guarded if secret in told and secret not in seen] == [], persona
        report = client.get(reverse("portfolio-report"), of_framework(world)).context["report"]
        assert report.headline in told, persona


def test_charts_have_the_counts_of_the_report(client, world):
    client.force_login(world.people["manager"])
    report = client.get(reverse("portfolio-report"), of_framework(world)).context["report"]
    by_dimension, over_time = charts(deck(client, world))[0], charts(deck(client, world))[-1]
    for chart, rows in ((by_dimension, list(reversed(report.dimensions))), (over_time, report.over_time)):
        plot = chart.plots[0]
        assert [str(name).strip() for name in plot.categories] == [row.name for row in rows]
        drawn = [[int(count or 0) for count in series.values] for series in plot.series]
        assert list(zip(*drawn, strict=True)) == [row.counts for row in rows]


def test_sections_that_are_not_asked_for_have_no_slides(client, world):
    client.force_login(world.people["manager"])
    assert len(deck(client, world).slides) > 4
    assert len(deck(client, world, chosen="1").slides) == 1


def test_without_the_library_no_slides_are_offered(client, world, monkeypatch):
    client.force_login(world.people["manager"])
    address = reverse("portfolio-slides")
    page = reverse("portfolio-report")
    assert address in client.get(page, of_framework(world)).content.decode()
    monkeypatch.setattr(report_views, "HAS_SLIDES", False)
    assert address not in client.get(page, of_framework(world)).content.decode()
    assert client.get(address, of_framework(world)).status_code == 404


def test_the_movement_is_a_file_with_the_figures_of_the_page(client, world):
    client.force_login(world.people["manager"])
    page = client.get(reverse("portfolio"), of_framework(world))
    address = reverse("portfolio-chart", args=["movement", "svg"])
    assert f"{address}?framework=" in page.content.decode()
    root = ElementTree.fromstring(client.get(address, of_framework(world)).content)
    assert root.find("{http://www.w3.org/2000/svg}desc").text in words_of(page) + page.content.decode()
    client.force_login(world.people["outsider"])
    # Nobody is named to somebody who has no role, and movement is of named teams.
    assert client.get(address, of_framework(world)).status_code == 404
    assert client.get(reverse("portfolio-chart", args=["votes", "svg"]), of_framework(world)).status_code == 404
