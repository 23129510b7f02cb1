"""Files hold what pages show the same person: typed, whole, and never more."""

import csv
import datetime
import io
import re
import zipfile
from decimal import Decimal
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.urls import reverse

from assessments.charts import LEVEL_COLOURS
from assessments.models import Action, Answer, Target
from assessments.portfolio import export as portfolio_export
from assessments.web.spreadsheets import csv_chunks
from assessments.web.tables import LevelCell, Table
from assessments.web.workbooks import DAY, FIRST_LEVEL, MAX_TEXT, ON_COLOURS, xlsx_chunks

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SHEETS = ["results", "changes", "targets", "actions", "criteria"]
#: What somebody wrote, or what only some may know.
SECRETS = [
    "Said by the member.",
    "https://example.org/evidence",
    "Not with us.",
    "Agreed over lunch.",
    "Write the runbook.",
    "Ola Owner",
    "Mika Member",
    "Partly 1",
    "Fully 2",
]


class World:
    """A team of which everybody may know something else, with two results, the second of them full of words."""

    def __init__(self):
        unit = make_unit()
        self.team = make_team(unit=unit)
        self.people = {"administrator": make_user(is_administrator=True), "facilitator": make_user()}
        self.people["manager"] = make_membership(user=make_user(), unit=unit, role="manager").user
        self.people["lead"] = make_membership(user=make_user(name="Ola Owner"), team=self.team, role="lead").user
        self.people["member"] = make_membership(user=make_user(name="Mika Member"), team=self.team).user
        self.people["viewer"] = make_membership(team=self.team, role="viewer").user
        lead, member = self.people["lead"], self.people["member"]
        self.edition = toy.make_edition()
        toy.add_result(team=self.team, edition=self.edition, date=datetime.date(2026, 3, 1), codes="N P L N N F P N")
        known = {"team": self.team, "framework": self.edition.framework, "by": lead}
        Target.objects.set(**known, level=2, due=datetime.date(2099, 1, 1), why="To try.")
        Action.objects.plan(**known, criterion="y3", text="Write the runbook.", owner=lead)
        assessment = toy.start(team=self.team, by=lead, edition=self.edition, facilitator=self.people["facilitator"])
        toy.rate(assessment, lead, "F F L N F F P N")
        toy.rate(assessment, member, "F P L N F F L N")
        first, third = assessment.criteria_asked()[0], assessment.criteria_asked()[2]
        said = Answer(code="F", comment="Said by the member.", evidence="https://example.org/evidence")
        assessment.save_rating(by=member, criterion=first, answer=said, mark=toy.mark(page="p2", version=1))
        away = Answer(code="NA", reason="Not with us.")
        assessment.save_rating(by=member, criterion=third, answer=away, mark=toy.mark(page="p2", sequence=2, version=1))
        assessment.agreed_ratings.create(
            criterion=assessment.criteria_asked()[3],
            choice=third.scale.choices.get(code="P"),
            note="Agreed over lunch.",
        )
        self.result = assessment.close(by=lead)
        # Came afterwards, so earlier comments are not for them.
        self.people["newcomer"] = make_membership(team=self.team).user
        self.team.memberships.filter(user=self.people["newcomer"]).update(reads_comments_since="2099-01-01T00:00Z")


@pytest.fixture
def world():
    return World()


def text_of(response):
    """The words of a page, or of every cell of a file."""
    data = response.getvalue()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"\n".join(book.read(name) for name in book.namelist())
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", data.decode("utf-8-sig"))).split()) + unescape(data.decode())


def files_of(client, address, **query):
    pages = [client.get(address, query | {"format": "csv", "sheet": sheet}) for sheet in SHEETS]
    return " ".join(text_of(page) for page in [*pages, client.get(address, query | {"format": "xlsx"})])


def book_of(client, address, **query):
    """The sheets of a workbook by name, as rows of values."""
    with zipfile.ZipFile(io.BytesIO(client.get(address, query | {"format": "xlsx"}).getvalue())) as book:
        return sheets_of(book)


def sheets_of(book):
    names = [sheet.get("name") for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
    sheets = {}
    for number, name in enumerate(names, 1):
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
        sheets[name] = [["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{MAIN}row")]
    return sheets


PERSONAS = ["administrator", "manager", "lead", "member", "newcomer", "viewer", "facilitator"]


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_file_shows_nobody_more_than_the_pages(client, world, persona):
    client.force_login(world.people[persona])
    team = [world.team.pk]
    result = reverse("result", args=[world.result.pk])
    roadmap, targets = reverse("team-roadmap", args=team), reverse("team-targets", args=team)
    pages = [client.get(address) for address in (result, roadmap, targets, reverse("team", args=team))]
    seen = " ".join(text_of(page) for page in pages if page.status_code == 200)
    told = files_of(client, reverse("result-export", args=[world.result.pk]))
    if client.get(reverse("team", args=team)).status_code == 200:
        told += files_of(client, reverse("team-export", args=team))
    assert [secret for secret in SECRETS if secret in told and secret not in seen] == []
    if persona == "lead":
        assert [secret for secret in SECRETS if secret not in told] == []
    if persona == "administrator":
        assert "Practice x1 is done." not in told
    if persona == "facilitator":
        assert ("Said by the member." in told, "Write the runbook." in told) == (True, False)


def test_a_result_has_every_criterion_with_what_was_said(client, world):
    client.force_login(world.people["lead"])
    sheets = book_of(client, reverse("result-export", args=[world.result.pk]))
    assert list(sheets) == ["Results", "Changes", "Targets", "Actions", "Criteria"]
    head, *rows = sheets["Criteria"]
    first = dict(zip(head, csv_row(client, world), strict=True))
    assert (first["Rating"], first["Settled by"], first["Votes"]) == ("Fully", "median", "Fully 2")
    assert first["Comments"] == "Mika Member: [Fully] Said by the member.\nOla Owner: [Fully]"
    assert (first["Evidence"], first["Next step"]) == ("https://example.org/evidence", "Begin with x1.")
    assert len(rows) == 8
    assert ["Practice x4 is done.", "Not", "Partly", "better"] in [row[4:8] for row in sheets["Changes"]]


def test_a_sheet_is_printed_with_all_its_columns_side_by_side(client, world):
    client.force_login(world.people["lead"])
    data = client.get(reverse("result-export", args=[world.result.pk]), {"format": "xlsx"}).getvalue()
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for number in range(1, len(SHEETS) + 1):
            sheet = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            assert sheet.find(f"{MAIN}sheetPr/{MAIN}pageSetUpPr").get("fitToPage") == "1"
            paper = sheet.find(f"{MAIN}pageSetup")
            assert (paper.get("orientation"), paper.get("fitToHeight")) == ("landscape", "0")
        names = ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}definedName")
        assert next(name.text for name in names if name.get("name") == "_xlnm.Print_Titles") == "'Results'!$1:$1"


def csv_row(client, world):
    address = reverse("result-export", args=[world.result.pk])
    data = client.get(address, {"format": "csv", "sheet": "criteria"}).getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(data, newline="")))[1]


def test_an_anonymous_result_is_as_protected_as_on_its_page(client, team, lead):
    people = [make_membership(team=team).user for _ in range(4)]
    assessment = toy.start(team=team, by=lead, anonymous=True)
    for person, codes in zip(people, ["F P - N F F P N"] * 3 + ["L P L N F F P N"], strict=True):
        toy.rate(assessment, toy.member_by_link(assessment, person), codes)
    result = assessment.close(by=lead)
    client.force_login(lead)
    sheets = book_of(client, reverse("result-export", args=[result.pk]))
    third = ["Area X", "x3", "2", "Practice x3 is done.", "Not answered", "fewer than four people voted on this"]
    assert [cell for cell in sheets["Criteria"][3] if cell] == [*third, "Begin with x3.", "en"]
    assert len(sheets["Criteria"][1]) > len(sheets["Criteria"][3])


def test_levels_of_teams_that_one_may_not_open_come_without_the_rest(client, world, settings):
    settings.OTHER_TEAMS = "names"
    address = f"{reverse('portfolio-export')}?framework={world.edition.framework.key}"
    client.force_login(make_user())
    sheets = book_of(client, address)
    head, newest, older = sheets["Results"]
    assert (newest[0], older[0], head[6]) == (world.team.name, world.team.name, "Index")
    # The cell of the index is not there at all, and nothing says where the result came from.
    assert len(newest) == len(head) - 2
    assert [len(sheets[name]) for name in ("Targets", "Actions")] == [1, 1]
    client.force_login(world.people["lead"])
    sheets = book_of(client, address)
    assert len(sheets["Results"][1]) == len(head) - 1
    assert [len(sheets[name]) for name in ("Targets", "Actions")] == [2, 2]


def test_the_portfolio_has_results_of_the_past_and_what_changed(client, world):
    client.force_login(world.people["manager"])
    address = reverse("portfolio-export")
    sheets = book_of(client, address, framework=world.edition.framework.key)
    assert [row[2] for row in sheets["Results"][1:]] == ["46309", "46082"]
    assert [(row[2], row[-2], row[-1]) for row in sheets["Changes"][1:]] == [("Area Y", "1", "en")]
    early = book_of(client, address, framework=world.edition.framework.key, as_of="2026-04-01")
    assert [row[2] for row in early["Results"][1:]] == ["46082"]


def test_teams_are_read_some_at_a_time(client, world, monkeypatch):
    monkeypatch.setattr(portfolio_export, "TEAMS_AT_ONCE", 1)
    toy.add_result(team=make_team(name="Zz"), edition=world.edition, date=datetime.date(2026, 3, 1))
    client.force_login(world.people["administrator"])
    rows = book_of(client, reverse("portfolio-export"), framework=world.edition.framework.key)["Results"]
    assert [row[0] for row in rows[1:]] == [world.team.name, world.team.name, "Zz"]


# ---------------------------------------------------------------------- the formats

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "=HYPERLINK(“x”)", "'=1", "DDE(“x”)"]


def made(*rows, head=("A", "B")):
    table = Table(title="It's [a] sheet: 1/2", head=head, rows=rows)
    return zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks([table]))))


def test_no_text_is_ever_a_formula():
    sheet = made(*([formula, None] for formula in FORMULAS)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="inlineStr"') == len(FORMULAS) + 2
    data = b"".join(csv_chunks(Table(title="", head=["A"], rows=[[formula] for formula in FORMULAS])))
    cells = [row[0] for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))][1:]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))] == []


@pytest.mark.parametrize("text", ["a;=1+1", "a; @SUM(A1)", "a\n=1+1", "a\r\n-1", "a\t+1", 'a;"=1+1"', "a;＝1"])
def test_no_text_becomes_a_formula_where_semicolons_separate(text):
    """A spreadsheet that splits at semicolons or tabs does not heed quotes that begin elsewhere than a cell."""
    data = b"".join(csv_chunks(Table(title="", head=["A", "B"], rows=[["x", text]]))).decode("utf-8-sig")
    for begins in re.split(r"[;\t\r\n]", data):
        assert not begins.lstrip(' "').startswith(("=", "+", "-", "@", "＝"))


def test_cells_have_types():
    level = LevelCell.of(3, top=4)
    book = made([datetime.date(2026, 3, 1), Decimal("1E+1")], [datetime.date(1899, 1, 1), level], [7, None])
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert f'<c r="A2" s="{DAY}"><v>46082</v></c><c r="B2"><v>10</v></c>' in sheet
    assert f'<c r="B3" s="{FIRST_LEVEL + 3}"><v>3</v></c>' in sheet
    assert "1899-01-01" in sheet
    assert '<autoFilter ref="A1:B4"/>' in sheet
    assert 'ySplit="1"' in sheet


@pytest.mark.parametrize(
    "text", ["a\x00b\x0bc\ud800", "<&>\"' ", "_x0041_", "\u2028🦊 Größe", "x" * 40_000, " \n\ttwo"]
)
def test_any_text_is_a_whole_workbook(text):
    rows = sheets_of(made([text, 1]))
    (name,) = rows
    assert len(name) <= 31
    assert not set(name) & set("[]:*?/\\")
    assert len(rows[name][1][0]) <= MAX_TEXT


def test_columns_have_names_beyond_z():
    sheet = made(list(range(60)), head=[str(n) for n in range(60)]).read("xl/worksheets/sheet1.xml").decode()
    assert '<c r="BH2">' in sheet
    assert 'ref="A1:BH2"' in sheet


def test_what_excel_cannot_hold_goes_on_in_another_sheet(monkeypatch):
    monkeypatch.setattr("assessments.web.workbooks.MAX_ROWS", 4)
    rows = sheets_of(made(*([n, None] for n in range(7))))
    assert [[row[0] for row in sheet[1:]] for sheet in rows.values()] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


def test_an_empty_table_has_its_header():
    assert list(sheets_of(made()).values()) == [[["A", "B"]]]


def test_colours_of_levels_are_those_of_the_page():
    tokens = (Path(__file__).parent.parent.parent / "static" / "css" / "tokens.css").read_text()
    assert re.findall(r"--level-\d+: light-dark\((#\w+),", tokens) == list(LEVEL_COLOURS)
    assert re.findall(r"--on-\d+: light-dark\((#\w+),", tokens) == list(ON_COLOURS)
