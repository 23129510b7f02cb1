"""The report as PDF: tagged, in order, with its fonts inside, and saying every figure of the page."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from assessments.results.board_report import Private
from assessments.web import pdf

from .test_board_report import EVERYTHING, FIGURE, words_of
from .test_files import World

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]


@pytest.fixture
def world():
    return World()


@pytest.fixture
def address(client, world):
    client.force_login(world.people["lead"])
    return reverse("result-report", args=[world.result.pk])


def read(client, address, **query):
    response = client.get(address, EVERYTHING | {"tell": Private.values, "format": "pdf"} | query)
    assert response["Content-Type"] == "application/pdf"
    return PdfReader(io.BytesIO(response.content))


def plain(text):
    return " ".join(text.split())


def tags_of(node):
    """All tags of a document as (name, node), in reading order."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, list):
        for child in node:
            yield from tags_of(child)
    elif isinstance(node, dict) and "/S" in node:
        yield str(node["/S"]), node
        yield from tags_of(node.get("/K", []))


def test_is_tagged_and_says_what_it_is(client, world, address):
    reader = read(client, address)
    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == f"{world.team.name}: result of {words_of_day(world)}"
    assert re.search(rb'pdfuaid:part(="1"|>1<)', catalog["/Metadata"].get_data())
    tags = list(tags_of(catalog["/StructTreeRoot"]["/K"]))
    names = [name for name, _node in tags]
    assert {"/H1", "/H2", "/H3", "/P", "/Table", "/TR", "/TH", "/TD", "/L", "/LI", "/Figure"} <= set(names)
    assert names.count("/H1") == 1
    # Each picture says what it shows.
    assert all(node.get("/Alt") for name, node in tags if name == "/Figure")


def words_of_day(world):
    return f"{world.result.date.day} {world.result.date:%B %Y}"


def test_reads_in_the_order_of_the_page_and_has_a_bookmark_for_each_heading(client, address):
    reader = read(client, address)
    page = client.get(address, EVERYTHING | {"tell": Private.values}).content.decode()
    headings = [
        plain(re.sub(r"<[^>]*>", " ", text)) for text in re.findall(r"<h[123]\b[^>]*>(.*?)</h", page, re.DOTALL)
    ]
    bookmarks = list(flat(reader.outline))
    assert [plain(bookmark.title) for bookmark in bookmarks] == headings
    text = plain("\n".join(page.extract_text() for page in reader.pages))
    # The name of the report stands at the head of further pages, too.
    places = [text.find(heading) for heading in headings]
    assert -1 not in places
    assert places[:2] == sorted(places[:2])


def flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def test_holds_its_fonts_and_draws_no_letter_as_a_picture(client, address):
    fonts = {}
    for page in read(client, address).pages:
        for font in page["/Resources"]["/Font"].get_object().values():
            fonts[font["/BaseFont"]] = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert font["/Subtype"] != "/Type3"
    assert any("Inter" in name for name in fonts)
    assert all("/FontFile2" in descriptor or "/FontFile3" in descriptor for descriptor in fonts.values())


def test_every_figure_of_the_page_is_in_its_text(client, world, address):
    page = words_of(client.get(world.result.get_absolute_url())).rpartition("Files")[0]
    reader = read(client, address)
    text = plain("\n".join(page.extract_text() for page in reader.pages))
    told = set(FIGURE.findall(text)) | alternatives_of(reader)
    assert sorted(set(FIGURE.findall(page)) - told) == []
    numbers = [plain(page.extract_text())[-30:] for page in reader.pages]
    assert all(f"{number} / {len(numbers)}" in foot for number, foot in enumerate(numbers, 1))


def alternatives_of(reader):
    tags = tags_of(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return set(FIGURE.findall(" ".join(str(node["/Alt"]) for _name, node in tags if "/Alt" in node)))


def test_has_only_what_was_asked_for(client, address):
    text = plain(read(client, address, section=["plan"], tell=[]).pages[0].extract_text())
    assert "Write the runbook." in text
    assert "Practice x1 is done." not in text
    assert "Said by the member." not in text


def test_where_it_cannot_be_made_there_is_no_button_and_no_address(client, address, monkeypatch):
    assert 'value="pdf"' in client.get(address).content.decode()
    assert client.get(address, {"format": "docx"}).status_code == 404
    monkeypatch.setattr(pdf, "find_spec", lambda name: None)
    pdf.makes_pdf.cache_clear()
    try:
        assert 'value="pdf"' not in client.get(address).content.decode()
        assert client.get(address, {"format": "pdf"}).status_code == 404
    finally:
        pdf.makes_pdf.cache_clear()


def test_one_that_fails_or_takes_too_long_is_told_beside_the_report(client, address, monkeypatch, tmp_path):
    for source, sentence in [("raise SystemExit(1)", "could not be made"), ("input()", "took too long")]:
        maker = tmp_path / "maker.py"
        maker.write_text(f"import sys, time\n{source if 'raise' in source else 'time.sleep(60)'}\n")
        monkeypatch.setattr(pdf, "MAKER", maker)
        monkeypatch.setattr(pdf, "MOST_SECONDS", 2)
        response = client.get(address, {"format": "pdf"})
        assert response.status_code == 503
        assert sentence in words_of(response) + response.content.decode()
        assert "Summary" in words_of(response)


def test_only_one_is_made_at_a_time(client, address, monkeypatch):
    monkeypatch.setattr(pdf, "MOST_WAITING", 0.01)
    with pdf._one_at_a_time:
        response = client.get(address, {"format": "pdf"})
    assert response.status_code == 503
    assert "Try again in a minute" in response.content.decode()
    assert not pdf._one_at_a_time.locked()


def test_fetches_nothing_but_its_fonts(tmp_path):
    """Neither a file of the server nor an address of the network comes into the document."""
    secret = tmp_path / "secret.css"
    secret.write_text("body::before { content: 'A SECRET' }")
    fonts = (Path(settings.STATICFILES_DIRS[0]) / "fonts").resolve()
    climbing = f"{fonts.as_uri()}/{'..%2f' * (len(fonts.parts) - 1)}{str(secret)[1:].replace('/', '%2f')}"
    html = f"""<!doctype html><html lang="en"><head><title>T</title>
      <link rel="stylesheet" href="{climbing}">
      <link rel="attachment" href="{climbing}">
      <link rel="stylesheet" href="{secret.as_uri()}">
      <link rel="stylesheet" href="http://127.0.0.1:9/style.css">
      <link rel="attachment" href="file:///etc/hostname"></head>
      <body><h1>Here</h1><img src="file:///etc/hostname" alt="x"></body></html>"""
    data = pdf.as_pdf(html)
    reader = PdfReader(io.BytesIO(data))
    assert "Here" in reader.pages[0].extract_text()
    assert "SECRET" not in reader.pages[0].extract_text()
    assert not list(reader.attachments)


def test_the_program_is_given_no_secret(monkeypatch, tmp_path):
    maker = tmp_path / "maker.py"
    maker.write_text("import os, sys\nsys.stdout.write(' '.join(sorted(os.environ)))\n")
    monkeypatch.setattr(pdf, "MAKER", maker)
    monkeypatch.setenv("SECRET_KEY", "x")
    names = set(pdf.as_pdf("").decode().split())
    assert names <= {"PATH", "LANG", "HOME", "LC_CTYPE", "LD_LIBRARY_PATH", "FONTCONFIG_FILE"}


def test_the_program_does_not_know_the_server():
    source = pdf.MAKER.read_text()
    assert "django" not in source.replace("without Django", "")
    loaded = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import runpy, sys; runpy.run_path({str(pdf.MAKER)!r}); print('django' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "False"
