"""Slides of a report: opened again, they say what the pages say to the same person, and no more."""

import datetime
import io
import re
import zipfile

import pytest
from django.urls import reverse

from assessments.models import Dimension
from assessments.results import report_views
from assessments.results.slides import clean, label

from .. import toy
from .test_board_report import EVERYTHING, pages_of
from .test_files import PERSONAS, SECRETS, World

pptx = pytest.importorskip("pptx")

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: A figure with a fraction, or in percent: whole numbers are counted on slides, and stand in names.
FIGURE = re.compile(r"\d+\.\d+|\d+%")


@pytest.fixture
def world():
    return World()


def deck(client, result, **query):
    response = client.get(reverse("result-slides", args=[result.pk]), EVERYTHING | query)
    assert response.status_code == 200
    return pptx.Presentation(io.BytesIO(response.content))


def shapes(presentation):
    return [shape for slide in presentation.slides for shape in slide.shapes]


def charts(presentation):
    return [shape.chart for shape in shapes(presentation) if shape.has_chart]


def words_in(presentation):
    """Everything that can be read: on the slides, in tables, charts, what is read out in their place, and notes."""
    said = []
    for slide in presentation.slides:
        said.append(slide.notes_slide.notes_text_frame.text)
        for shape in slide.shapes:
            if shape.has_text_frame:
                said.append(shape.text_frame.text)
            if shape.has_table:
                said += [cell.text_frame.text for row in shape.table.rows for cell in row.cells]
            if shape.has_chart:
                said.append(shape._element.nvGraphicFramePr.cNvPr.get("descr"))
                for plot in shape.chart.plots:
                    said += map(str, plot.categories)
                    said += [f"{series.name} {series.values}" for series in plot.series]
    return "\n".join(said)


def test_each_figure_is_on_a_page_that_the_same_person_sees(client, world):
    for persona in PERSONAS:
        client.force_login(world.people[persona])
        presentation = deck(client, world.result)
        notes = "\n".join(slide.notes_slide.notes_text_frame.text for slide in presentation.slides)
        figures = set(FIGURE.findall(notes))
        assert figures, persona
        assert figures <= set(FIGURE.findall(pages_of(client, world.result))), persona


def test_the_profile_has_the_levels_and_indexes_of_the_result(client, world):
    client.force_login(world.people["lead"])
    chart = charts(deck(client, world.result))[0]
    plot = chart.plots[0]
    index, level = ([*series.values] for series in plot.series)
    names = list(plot.categories)
    parts = {part.key: part for part in world.result.parts.filter(kind="dimension")}
    for dimension in Dimension.objects.filter(edition=world.result.edition, key__in=parts):
        place = names.index(dimension.name)
        part = parts[dimension.key]
        assert level[place] == part.level
        assert index[place] == (None if part.index is None else pytest.approx(float(part.index), abs=0.005))


def test_charts_can_be_edited(client, world):
    client.force_login(world.people["lead"])
    for chart in charts(deck(client, world.result)):
        book = zipfile.ZipFile(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<v>" in sheet
        assert "<f>" not in sheet


@pytest.mark.parametrize("persona", PERSONAS)
def test_slides_show_nobody_more_than_the_pages(client, world, persona):
    client.force_login(world.people[persona])
    told = words_in(deck(client, world.result, tell=["comments", "names", "votes"]))
    # Who made the slides stands on them.
    seen = pages_of(client, world.result) + world.people[persona].name
    assert [secret for secret in SECRETS if secret in told and secret not in seen] == []
    statements = [criterion.statement for criterion in world.edition.contents.criteria]
    assert [statement for statement in statements if statement in told and statement not in seen] == []
    if persona == "facilitator":
        assert "Write the runbook." not in told


def test_slides_tell_nothing_of_people_unless_asked(client, world):
    client.force_login(world.people["lead"])
    told = words_in(deck(client, world.result))
    # The lead made them, and what is planned is planned.
    assert [secret for secret in SECRETS if secret in told] == ["Write the runbook.", "Ola Owner"]
    assert told.count("Ola Owner") == 2


def test_whoever_sees_levels_alone_gets_slides_with_levels_alone(client, world):
    client.force_login(world.people["administrator"])
    said = words_in(deck(client, world.result))
    assert "is not shown" in said
    assert "Practice x1 is done." not in said


def test_every_slide_has_a_title_and_notes(client, world):
    client.force_login(world.people["lead"])
    presentation = deck(client, world.result)
    assert len(presentation.slides) >= 5
    for slide in presentation.slides:
        assert slide.shapes.title.text_frame.text
        assert slide.notes_slide.notes_text_frame.text
    for shape in shapes(presentation):
        if shape.has_chart:
            assert shape._element.nvGraphicFramePr.cNvPr.get("descr")


def test_sections_that_are_not_chosen_have_no_slide(client, world):
    client.force_login(world.people["lead"])
    address = reverse("result-slides", args=[world.result.pk])
    response = client.get(address, {"chosen": "1", "section": ["profile"]})
    assert len(pptx.Presentation(io.BytesIO(response.content)).slides) == 2


def test_owners_have_a_column_only_where_names_are_told(client, world):
    client.force_login(world.people["lead"])
    named = words_in(deck(client, world.result, tell=["names"])).splitlines()
    nameless = words_in(deck(client, world.result)).splitlines()
    assert "Write the runbook." in nameless
    assert ("Owner" in named, "Owner" in nameless) == (True, False)


def test_names_that_look_like_formulas_or_break_xml_stay_text(client, team, lead):
    edition = toy.make_edition()
    assert label("=1+1") == " =1+1"
    assert label("https://example.org") == " https://example.org"
    assert clean("a\x0bb\x00\ud800") == "a b  "
    team.name = "A & B <script>"
    team.save()
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F F L N F F P N")
    result = assessment.close(by=lead)
    client.force_login(lead)
    assert "A & B <script>" in words_in(deck(client, result))


def test_without_the_library_there_is_no_button(client, world, monkeypatch):
    client.force_login(world.people["lead"])
    report = reverse("result-report", args=[world.result.pk])
    address = reverse("result-slides", args=[world.result.pk])
    assert address in client.get(report).content.decode()
    monkeypatch.setattr(report_views, "HAS_SLIDES", False)
    assert address not in client.get(report).content.decode()
    assert client.get(address).status_code == 404


def test_texts_of_a_framework_say_their_language(client, team, lead):
    result = toy.add_result(team=team, edition=toy.make_edition(language="fr"), date=datetime.date(2026, 1, 1))
    client.force_login(lead)
    runs = [
        (run.text, run._r.rPr.get("lang"))
        for shape in shapes(deck(client, result))
        if shape.has_text_frame
        for paragraph in shape.text_frame.paragraphs
        for run in paragraph.runs
    ]
    assert ("Step 1", "fr") in runs
    assert ("Level 1 of 3, ", None) in runs
