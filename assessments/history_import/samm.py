"""Answers to OWASP SAMM from its tools: what SAMMwise saves (JSON), and the sheet “Interview” of the SAMM toolbox.

Both hold one assessment without saying who answered, so its answers were agreed on. Questions are found by the keys
that importing SAMM gives: function, practice, level and stream, such as `g-sm-1-a`.
"""

import json
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from ..frameworks.format.numbers import exact_number
from ..frameworks.importers.samm import CODES
from .lines import BesideFile, GivenHistory, GivenLine, HistoryFileError
from .workbook import Row, Sheet

#: The practices in the order of SAMMwise's questions, six of each: levels 1 to 3 of the first stream, then the second.
PRACTICES = (
    *("g-sm", "g-pc", "g-eg"),
    *("d-ta", "d-sr", "d-sa"),
    *("i-sb", "i-sd", "i-dm"),
    *("v-aa", "v-rt", "v-st"),
    *("o-im", "o-em", "o-om"),
)
QUESTION = re.compile(r"question([1-9][0-9]?)")
#: SAMMwise puts the moment of saving into the name of the file.
SAVED = re.compile(r"-(20[0-9]{2})([01][0-9])([0-3][0-9])[0-9]{1,6}\.json")
#: A question of the toolbox: function, practice, stream, level, number.
TOOLBOX_QUESTION = re.compile(r"([A-Z])-([A-Z]{2})-([AB])-([1-3])-[0-9]")


def keys_of_questions() -> dict[str, str]:
    """SAMMwise's name of each question, with its key."""
    steps = [(level, stream) for stream in "ab" for level in (1, 2, 3)]
    keys = [f"{practice}-{level}-{stream}" for practice in PRACTICES for level, stream in steps]
    return {f"question{number}": key for number, key in enumerate(keys, start=1)}


def is_sammwise(value: Any) -> bool:
    return isinstance(value, dict) and any(QUESTION.fullmatch(str(name)) for name in value)


def sammwise(text: str, *, name: str, about: BesideFile) -> GivenHistory:
    """What SAMMwise saved. Raises HistoryFileError if it is something else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise HistoryFileError(_("This is not JSON that can be read. Save the answers in SAMMwise again.")) from None
    if not is_sammwise(value):
        raise HistoryFileError(_("There are no answers in this JSON file. It should be what SAMMwise saves."))
    saved = SAVED.search(name)
    team = about.team or str(value.get("Project name") or value.get("Company Name") or "")
    date = about.date or ("-".join(saved.groups()) if saved else "")
    _refuse_without(team, date)
    keys = keys_of_questions()
    given = GivenHistory()
    for question, answer in value.items():
        if question not in keys:
            if QUESTION.fullmatch(question):
                given.problem(question, _("SAMM has no such question."))
            continue
        exact = exact_number(answer) if isinstance(answer, str | int) else _exact(answer)
        code = CODES.get(exact) if exact is not None else None
        if code is None and answer not in (None, ""):
            given.problem(
                question, _("“{answer}” is no answer. SAMMwise saves 0, 0.25, 0.5 or 1.").format(answer=answer)
            )
            continue
        given.lines.append(GivenLine(where=question, team=team, date=date, criterion=keys[question], answer=code or ""))
    return given


def _exact(answer: Any) -> Fraction | None:
    return Fraction(answer) if isinstance(answer, float) and answer == answer else None


def _refuse_without(team: str, date: str) -> None:
    if not team:
        raise HistoryFileError(_("The file does not say whose answers these are. Enter the team beside it."))
    if not date:
        raise HistoryFileError(_("The file does not say when this was answered. Enter the date beside it."))


def toolbox_sheet(sheets: Iterable[Sheet]) -> Sheet | None:
    """The sheet of a SAMM toolbox that holds the answers."""
    for sheet in sheets:
        questions = sum(1 for row in sheet.rows if TOOLBOX_QUESTION.fullmatch(row.cells[0]))
        if questions >= 3 and any("Answer" in row.cells for row in sheet.rows):
            return sheet
    return None


def toolbox(sheet: Sheet, *, about: BesideFile) -> GivenHistory:
    """The answers of a toolbox. A single letter is none: it names the answers that can be chosen."""
    team = about.team or _labelled(sheet.rows, "team/application")
    date = about.date or _labelled(sheet.rows, "interview date")
    _refuse_without(team, date)
    given = GivenHistory()
    answers = notes = -1
    for row in sheet.rows:
        if "Answer" in row.cells:
            answers = row.cells.index("Answer")
            notes = next((place for place, cell in enumerate(row.cells) if cell.endswith("Notes")), -1)
        question = TOOLBOX_QUESTION.fullmatch(row.cells[0])
        if not question or answers < 0:
            continue
        function, practice, stream, level = question.groups()
        answer = _cell(row, answers)
        given.lines.append(
            GivenLine(
                where=_("{sheet}, line {number}").format(sheet=sheet.name[:40], number=row.number),
                team=team,
                date=date,
                criterion=f"{function}-{practice}-{level}-{stream}".lower(),
                answer=answer if len(answer) > 1 else "",
                comment=_cell(row, notes),
                words_only=True,
            )
        )
    return given


def _cell(row: Row, place: int) -> str:
    return row.cells[place] if 0 <= place < len(row.cells) else ""


def _labelled(rows: Iterable[Row], label: str) -> str:
    """What stands behind a label such as `Interview Date:`, in its cell or in the next one that is not empty."""
    for row in rows:
        cells: Iterator[str] = iter(row.cells)
        for cell in cells:
            name, _colon, rest = cell.partition(":")
            if " ".join(name.lower().split()) == label:
                return rest.strip() or next((value for value in cells if value), "")
    return ""
