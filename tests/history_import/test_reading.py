"""Files as people bring them: tables, workbooks, answers of other tools, and files that are hostile."""

import datetime
import json
import zipfile

import pytest

from assessments.frameworks.importers import Options, adapt, sources_of
from assessments.history_import import workbook as workbook_module
from assessments.history_import.days import read_day
from assessments.history_import.lines import BesideFile, HistoryFileError
from assessments.history_import.reading import MAX_BYTES, read_history
from assessments.history_import.samm import keys_of_questions
from assessments.history_import.workbook import WorkbookError, sheets_of
from assessments.models import Questionnaire, Team
from assessments.web.tables import Table
from assessments.web.workbooks import xlsx_chunks

from .. import toy
from ..factories import make_team, make_unit
from .files import HEAD, changed, csv_text, workbook
from .test_batches import plan_of

DAY = datetime.date(2026, 3, 31)
COLUMNS = HEAD.split(",")


@pytest.fixture
def edition(db):
    make_team(name="Search")
    return toy.make_edition(key="toy")


def problems(plan):
    return [(problem.where, problem.sentence) for problem in plan.problems]


# ------------------------------------------------------------------ what is wrong, line by line


@pytest.mark.parametrize(
    "line, says",
    [
        (",2026-03-31,x1,F,,,", "The team is missing."),
        ("Sarch,2026-03-31,x1,F,,,", "There is no team “Sarch”."),
        ("Search,31/03/2026,x1,F,,,", "“31/03/2026” is no day. Write it as 2026-03-31."),
        ("Search,2026-02-30,x1,F,,,", "“2026-02-30” is no day."),
        ("Search,2126-03-31,x1,F,,,", "lies in the future"),
        ("Search,1026-03-31,x1,F,,,", "is too long ago"),
        ("Search,2026-03-31,,F,,,", "The criterion is missing."),
        ("Search,2026-03-31,x9,F,,,", "The framework has no criterion “x9”. Write the key"),
        ("Search,2026-03-31,x11,F,,,", "The framework has no criterion “x11”. Did you mean “x1”?"),
        ("Search,2026-03-31,Something,F,,,", "“Something”. Write the key or the whole statement of one it has."),
        ("Search,2026-03-31,x1,Z,,,", "“Z” is no answer to x1. Choose one of N (Not), P (Partly)"),
        ("Search,2026-03-31,x1,NA,,,", "x1 always applies"),
        ("Search,2026-03-31,x1,DK,,,", "cannot be agreed on"),
        ("Search,2026-03-31,x1,,,a comment,", "only a respondent can comment without one"),
        ("Search,2026-03-31,x1,F,,,not a link", "The evidence is no link."),
        ("Search,2026-03-31,x1,F,,,javascript:alert(1)", "The evidence is no link."),
        (f"Search,2026-03-31,x1,F,,{'x' * 4001},", "longer than 4000"),
        ("Search,2026-03-31,x1,F,,,,what", "more values than columns"),
    ],
)
def test_a_line_that_cannot_be_used_is_told(edition, line, says):
    plan = plan_of(csv_text("Search,2026-03-31,y1,F,,,", line), edition)
    ((where, sentence),) = problems(plan)
    assert (where, says in sentence) == ("line 3", True), sentence
    assert not plan.is_possible


def test_every_problem_is_told_at_once_with_its_line(edition):
    text = csv_text("Search,2026-03-31,x1,Z,,,", 'Search,2026-03-31,x2,F,,"two\nlines",', "Search,today,x3,F,,,")
    assert [where for where, _ in problems(plan_of(text, edition))] == ["line 2", "line 5"]


def test_two_answers_of_one_respondent_are_a_problem(edition):
    twice = csv_text("Search,2026-03-31,x1,F,Ada,,", "Search,2026-03-31,x1,P,ada,,", "Search,2026-03-31,x1,P,Ben,,")
    ((where, sentence),) = problems(plan_of(twice, edition))
    assert where == "line 3"
    assert "answered twice" in sentence


def test_two_assessments_of_a_team_and_day_are_a_problem(edition):
    team = Team.objects.get(name="Search")
    toy.add_result(team=team, edition=edition, date=DAY)
    ((_where, sentence),) = problems(plan_of(csv_text("Search,2026-03-31,x1,F,,,"), edition))
    assert sentence == "Search already has an assessment of 31 March 2026."


def test_a_day_on_which_nobody_answered_is_a_problem(edition):
    text = csv_text("Search,2026-03-31,x1,,,,", "Search,2026-03-31,x2,DK,Ada,,")
    assert "there is nothing to close" in problems(plan_of(text, edition))[0][1]


def test_a_team_name_that_several_units_have_needs_the_unit(edition):
    unit = make_unit(name="Shop")
    make_team(name="Search", unit=unit)
    assert "Several units" in problems(plan_of(csv_text("Search,2026-03-31,x1,F,,,"), edition))[0][1]
    plan = plan_of(csv_text("shop > search,2026-03-31,x1,F,,,"), edition)
    assert [team.unit for team in plan.teams] == [unit]


def test_a_file_is_one_framework_one_rule_and_one_questionnaire(edition):
    head = f"{HEAD},framework,rule,questionnaire"
    same = csv_text("Search,2026-03-31,x1,F,,,,Toy,largely,full", head=head)
    assert problems(plan_of(same, edition)) == []
    for other in ("Other,largely,full", "Toy,fully,full", "Toy,largely,short"):
        plan = plan_of(csv_text(f"Search,2026-03-31,x1,F,,,,{other}", head=head), edition)
        assert "each is a history of its own" in problems(plan)[0][1]
    short = plan_of(csv_text("Search,2026-03-31,x2,F,,,"), edition, questionnaire=Questionnaire.SHORT)
    assert "not part of the short questionnaire" in problems(short)[0][1]


def test_a_history_beside_the_one_of_the_team_is_told(edition):
    toy.add_result(team=Team.objects.get(name="Search"), edition=edition, date=datetime.date(2026, 1, 1))
    plan = plan_of(csv_text("Search,2026-03-31,x1,F,,,"), edition, rule="fully")
    assert "so this becomes a history beside it: Search" in plan.notes[0]
    assert plan_of(csv_text("Search,2026-03-31,x1,F,,,"), edition).notes == []


def test_criteria_and_answers_are_known_by_key_or_by_text(edition):
    text = csv_text("Search,31.3.2026,Practice x1  is done.,largely,,,", "Search,31.03.2026,X2,f,,,")
    (one,) = plan_of(text, edition).earlier
    assert (one.date, {key: answer.code for key, answer in one.agreed.items()}) == (DAY, {"x1": "L", "x2": "F"})


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_as_spreadsheets_save_them(edition, separator, encoding):
    lines = [HEAD, "Search,2026-03-31,x1,F,Zoë,'=1+1,"]
    text = "\r\n".join(lines).replace(",", separator).encode(encoding)
    (one,) = plan_of(text, edition).earlier
    assert one.votes[0]["x1"].comment == "=1+1"


@pytest.mark.parametrize(
    "text, day", [("2026-3-1", (2026, 3, 1)), ("2026-03-01T10:00", (2026, 3, 1)), ("1. 3. 2026", (2026, 3, 1))]
)
def test_days(text, day):
    assert read_day(text) == datetime.date(*day)


# ------------------------------------------------------------------ workbooks


def test_a_workbook_says_the_same_as_the_table(edition):
    table = [COLUMNS, ["Search", DAY, "x1", "F", "Ada", "well", "https://example.org/"], ["Search", DAY, "x2", "P"]]
    plan = plan_of(workbook({"About": [["Hello"]], "Answers": table}), edition, name="history.xlsx")
    text = csv_text("Search,2026-03-31,x1,F,Ada,well,https://example.org/", "Search,2026-03-31,x2,P,,,")
    assert plan.problems == []
    assert plan.digest == plan_of(text, edition).digest
    wrong = plan_of(workbook({"About": [["Hello"]], "Answers": [COLUMNS, ["Search", DAY, "x1", 7]]}), edition)
    assert problems(wrong)[0][0] == "Answers, line 2"


def test_workbooks_in_other_ways_of_writing_them():
    for options in ({}, {"constant_memory": True}, {"default_date_format": "yyyy"}):
        content = workbook({"One": [["a", 1, 0.25, DAY, "_x0041_"]]}, **options)
        assert [row.cells for row in sheets_of(content)[0].rows] == [["a", "1", "0.25", "2026-03-31", "_x0041_"]]
    own = b"".join(xlsx_chunks([Table(title="Own", head=["Team", "Date"], rows=[["=1", DAY]])]))
    assert [row.cells for row in sheets_of(own)[0].rows] == [["Team", "Date"], ["=1", "2026-03-31"]]
    since_1904 = workbook({"One": [[DAY]]}, date_1904=True)
    assert sheets_of(since_1904)[0].rows[0].cells == ["2026-03-31"]


SHEET = "xl/worksheets/sheet1.xml"


def test_hostile_workbooks_are_refused(monkeypatch):
    content = workbook({"One": [["a", "b"]]})
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'
    for part in (SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"):
        declared = changed(content, part, lambda text: text.replace("?>", f"?>{bomb}", 1))
        with pytest.raises(WorkbookError, match="declarations"):
            sheets_of(declared)
    for broken in (
        content[:-30],
        content[: len(content) // 2],
        b"PK\x03\x04" + b"x" * 400,
        changed(content, SHEET, lambda text: text[:-20]),
        changed(content, "xl/workbook.xml", lambda text: "<a/>" * 2),
    ):
        with pytest.raises(WorkbookError):
            sheets_of(broken)
    wild = changed(content, SHEET, lambda text: text.replace('r="A1"', 'r="ZZZ9999999"').replace("<v>0<", "<v>-9<"))
    assert sheets_of(wild)[0].rows[0].cells in (["", "b"], ["b"])
    monkeypatch.setattr(workbook_module, "MAX_UNPACKED", 5_000)
    with pytest.raises(WorkbookError, match="more than can be imported"):
        sheets_of(workbook({"One": [["a" * 9_000]]}))


def test_a_workbook_that_unpacks_to_very_much_is_stopped_early(monkeypatch):
    read = []
    monkeypatch.setattr(workbook_module, "MAX_UNPACKED", 2_000_000)
    content = workbook({"One": [["a"]]})
    huge = changed(content, SHEET, lambda text: text.replace("<sheetData>", "<sheetData>" + " " * 50_000_000))
    assert len(huge) < 200_000
    monkeypatch.setattr(zipfile.ZipExtFile, "read", _counted(zipfile.ZipExtFile.read, read))
    with pytest.raises(WorkbookError):
        sheets_of(huge)
    assert sum(read) < 3_000_000


def _counted(original, read):
    def counted(self, n=-1):
        piece = original(self, n)
        read.append(len(piece))
        return piece

    return counted


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "neither text nor a workbook"),
        (b"x" * (MAX_BYTES + 1), "larger than 6 MB"),
        (b"hello\nworld", "must name the columns"),
        (b"criterion,answer\nx1,F", "no column for the team or the date"),
        (b'{"a": 1}', "no answers in this JSON"),
        (b'{"question1": ', "not JSON"),
        (b"progress:\n  - a", "no progress"),
        (b"progress:\n  a: [", "not YAML"),
        (b'team,date,criterion,answer\n"' + b"x" * 200_000, "cannot be read"),
    ],
)
def test_a_file_that_is_something_else_is_refused(edition, content, says):
    with pytest.raises(HistoryFileError, match=says):
        read_history("file", content, about=BesideFile(), contents=edition.contents)


# ------------------------------------------------------------------ SAMM


def samm_like(**fields):
    """An edition with the keys and codes that importing SAMM gives, of two practices."""
    edition = toy.make_edition(key="samm", published=False, quick=(), **fields)
    keys = [key for key in keys_of_questions().values() if key[:4] in ("g-sm", "o-om")]
    scale = edition.scales.get()
    scale.choices.all().delete()
    for value, (code, name) in enumerate([("N", "No"), ("Q", "Yes, for some"), ("H", "Yes, for half"), ("F", "Yes")]):
        scale.choices.create(code=code, value=value, name=name)
    first = edition.criteria.first()
    edition.criteria.exclude(pk=first.pk).delete()
    for order, key in enumerate(keys):
        first.pk, first.key, first.order, first.statement = None, key, order + 10, f"Is {key} done?"
        first.save(force_insert=True)
    edition.criteria.filter(key="x1").delete()
    edition.publish(digest="sha256:samm")
    return edition


def test_what_sammwise_saves(db):
    make_team(name="Search")
    edition = samm_like()
    said = {"question1": 0.25, "question2": "1", "question4": 0, "question90": 0.5, "Project name": "Search"}
    plan = plan_of(json.dumps(said).encode(), edition, name="Acme-Search-20260331121559.json")
    assert plan.problems == []
    (one,) = plan.earlier
    assert one.date == DAY
    codes = {key: answer.code for key, answer in one.agreed.items()}
    assert codes == {"g-sm-1-a": "Q", "g-sm-2-a": "F", "g-sm-1-b": "N", "o-om-3-b": "H"}
    wrong = plan_of(
        json.dumps(said | {"question3": 0.3, "question91": 1}).encode(), edition, name="a-20260331121559.json"
    )
    assert [where for where, _ in problems(wrong)] == ["question3", "question91"]
    with pytest.raises(HistoryFileError, match="Enter the date"):
        plan_of(json.dumps(said).encode(), edition, name="answers.json")


def test_a_toolbox_of_samm(db):
    make_team(name="Search")
    edition = samm_like()
    rows = [
        ["", "SAMM Assessment Interview:  For"],
        ["", "Team/Application:", "", "Search"],
        ["", "Interview Date:", "", DAY],
        ["", "Governance"],
        ["", "Stream", "Level", "Strategy", "", "Answer", "", "", "Interview Notes", "Rating"],
        ["G-SM-A-1-1", "One", 1, "Is it?", None, "Yes, for some", "", 0, "As they say", 0.25],
        ["", "", "", "A quality criterion"],
        ["G-SM-A-2-1", "", 2, "Is that?", None, "N", "", 0],
        ["G-SM-B-1-1", "Two", 1, "And those?", None, "Yes", "", 0],
    ]
    plan = plan_of(workbook({"Notes": [["Hello"]], "Interview": rows}), edition, name="SAMM.xlsx")
    assert plan.problems == []
    (one,) = plan.earlier
    assert (one.team.name, one.date, plan.unanswered) == ("Search", DAY, 1)
    assert {key: answer.code for key, answer in one.agreed.items()} == {"g-sm-1-a": "Q", "g-sm-1-b": "F"}
    assert one.agreed["g-sm-1-a"].comment == "As they say"


# ------------------------------------------------------------------ DSOMM

MODEL = """
meta: {version: "1"}
---
Build:
  Process:
    Defined build:
      {uuid: 0a1b2c3d-0000-0000-0000-000000000001, level: 1, risk: It breaks., measure: Write it down.}
    Signed build:
      {uuid: 0a1b2c3d-0000-0000-0000-000000000002, level: 2, risk: It is changed., measure: Sign it.}
"""
PROGRESS = """
progress:
  0a1b2c3d-0000-0000-0000-000000000001:  # Defined build
    'Search':
      'Started': 2025-01-10
      'Fully implemented': 2025-05-20
  0a1b2c3d-0000-0000-0000-000000000002:
    'Search':
      'Partly implemented': 2025-04-02
    'Pricing':
      'Half way': 2025-04-03
"""


def test_progress_of_teams_from_dsomm(db):
    make_team(name="Search")
    make_team(name="Pricing")
    from assessments.frameworks.import_plan import plan as plan_framework

    stored = plan_framework(adapt("dsomm", sources_of("dsomm", "model.yaml", MODEL.encode()), Options())).carry_out(
        by=None, partial=True
    )
    stored.edition.publish(digest=stored.edition.digest or "sha256:dsomm")
    edition = stored.edition
    plan = plan_of(PROGRESS.encode(), edition, name="team-progress.yaml", rule="largely")
    assert problems(plan) == [
        ("line 11", "“Half way” is no known stage. Add progressDefinition from DSOMM’s meta.yaml to the file.")
    ]
    defined = PROGRESS + "progressDefinition:\n  Half way: {score: 55%}\n"
    plan = plan_of(defined.encode(), edition, name="team-progress.yaml", rule="largely")
    assert plan.problems == []
    said = {
        (one.team.name, one.date.isoformat()): [one.agreed[c.key].code for c in edition.contents.criteria]
        for one in plan.earlier
    }
    assert said == {
        ("Search", "2025-01-10"): ["P", "N"],
        ("Search", "2025-05-20"): ["F", "P"],
        ("Pricing", "2025-04-03"): ["N", "L"],
    }
    unknown = plan_of(PROGRESS.replace("0002", "0009").encode(), edition, rule="largely")
    assert "The framework has no activity" in problems(unknown)[0][1]
