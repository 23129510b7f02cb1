"""Charts as files: the same figures as on the page, understood without it, and nothing in them to load."""

import re
import struct
from xml.etree import ElementTree

import pytest
from django.urls import reverse

from assessments.web import chart_files

from .. import toy
from ..factories import make_membership, make_team

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def results(team, lead):
    """Two results, so that there is something to join."""
    edition = toy.make_edition()
    made = []
    for codes in ("F F L N F F P N", "F F F L F F P N"):
        assessment = toy.start(team=team, by=lead, edition=edition)
        toy.rate(assessment, lead, codes)
        made.append(assessment.close(by=lead))
    return made


def chart(client, name, result, kind="svg"):
    if name in ("history", "dimensions"):
        return client.get(reverse("team-chart", args=[result.team_id, name, kind]))
    return client.get(reverse("result-chart", args=[result.pk, name, kind]))


def words(root):
    return [element.text for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", ["profile", "history", "dimensions"])
def test_a_chart_is_one_file_that_says_what_it_is(client, results, lead, name):
    client.force_login(lead)
    response = chart(client, name, results[-1])
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.svg"', response.headers["Content-Disposition"])
    root = ElementTree.fromstring(response.content)
    assert str(results[-1].team) in root.find(f"{SVG}title").text
    assert root.find(f"{SVG}desc").text
    assert "Inter" in root.get("font-family")
    text = response.content.decode()
    assert not re.search(r"href|url\(|class=|style|<script|<image", text)


def test_a_profile_says_level_and_index_of_each_dimension(client, results, lead):
    client.force_login(lead)
    said = words(ElementTree.fromstring(chart(client, "profile", results[-1]).content))
    names = {dimension.key: dimension.name for dimension in results[-1].edition.dimensions.all()}
    for part in results[-1].parts.filter(kind="dimension"):
        place = said.index(names[part.key])
        assert said[place + 1] == ("–" if part.level is None else str(part.level)), part.key


def test_names_are_text(client, results, lead, team):
    team.name = "A & B <script>"
    team.save()
    client.force_login(lead)
    for name in ("profile", "history"):
        root = ElementTree.fromstring(chart(client, name, results[-1]).content)
        assert any("A & B <script>" in text for text in words(root))


def test_the_page_links_to_each_chart_that_it_shows(client, results, lead, team):
    client.force_login(lead)
    for address in (team.get_absolute_url(), results[-1].get_absolute_url()):
        links = re.findall(r'href="([^"]+/charts/[^"]+)"', client.get(address).content.decode())
        assert links
        for link in links:
            assert client.get(link.replace("&amp;", "&")).status_code == 200, link
    assert any("/history.svg?framework=" in link for link in re.findall(r'href="([^"]+)"', page(client, team)))


def page(client, team):
    return client.get(team.get_absolute_url()).content.decode()


def test_a_png_is_a_picture_of_the_same_size_twice_as_sharp(client, results, lead):
    pytest.importorskip("resvg_py")
    client.force_login(lead)
    root = ElementTree.fromstring(chart(client, "profile", results[-1]).content)
    picture = chart(client, "profile", results[-1], "png").content
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert (width, height) == (2 * float(root.get("width")), 2 * float(root.get("height")))


def test_without_resvg_no_png_is_offered(client, results, lead, team, monkeypatch):
    monkeypatch.setattr(chart_files, "HAS_PNG", False)
    monkeypatch.setattr("assessments.templatetags.maturity.HAS_PNG", False)
    client.force_login(lead)
    assert ".png" not in page(client, team)
    assert chart(client, "profile", results[-1], "png").status_code == 404


def test_what_is_no_chart_is_not_found(client, results, lead):
    client.force_login(lead)
    assert chart(client, "votes", results[-1]).status_code == 404
    assert chart(client, "profile", results[-1], "pdf").status_code == 404


def test_a_viewer_gets_what_the_page_shows_and_a_stranger_nothing(client, results, team):
    client.force_login(make_membership(team=team, role="viewer").user)
    assert chart(client, "profile", results[-1]).status_code == 200
    client.force_login(make_membership(role="lead", team=make_team()).user)
    assert chart(client, "profile", results[-1]).status_code == 404
    assert chart(client, "history", results[-1]).status_code == 404
