"""What a new framework begins with, as the data of a framework file: blank, a copy, or a table from a spreadsheet.

The data need not be a whole framework yet: a draft is checked when it is published.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...models import Edition
from ...models.edition_editing import key_of
from ..format.schema import MAX_CRITERIA
from ..importers.building import NOT_RATINGS, NPLF, RULES
from ..storing import data_of
from .pasted import (
    DIMENSION,
    EVIDENCE,
    LEVEL,
    NEXT,
    STATEMENT,
    LineProblem,
    PastedCriterion,
    number_of,
    read_table,
)

FIRST_VERSION = "0.1.0"
LEVELS, SUMS, RUBRIC = Edition.Method.LEVELS, Edition.Method.SUMS, Edition.Method.RUBRIC
#: What the lowest level is called if a table does not say it: no criterion belongs to it.
FLOOR = "Start"
DONE_OR_NOT: dict[str, Any] = {
    "key": "steps",
    "values": [
        {"code": "N", "value": 0, "name": "Not done"},
        {"code": "P", "value": 1, "name": "Partly done"},
        {"code": "F", "value": 2, "name": "Fully done"},
    ],
    "other_answers": NOT_RATINGS,
}


class NewKeys:
    """NewKeys from words, each of them once."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def new(self, words: str, otherwise: str, prefix: str = "") -> str:
        base = (prefix + (key_of(words) or otherwise))[:100].strip("-.")
        key, n = base, 1
        while key in self.taken:
            n += 1
            key = f"{base}-{n}"
        self.taken.add(key)
        return key


def blank(*, key: str, name: str, method: str, levels: Sequence[str], dimensions: Iterable[str]) -> dict[str, Any]:
    """A framework without criteria. `levels` are names, the lowest first; under sums they are bands."""
    keys = NewKeys()
    data: dict[str, Any] = {
        "framework": {"key": key, "name": name, "version": FIRST_VERSION, "method": method},
        "dimensions": [{"key": keys.new(words, "dimension"), "name": words} for words in dimensions],
        "criteria": [],
    }
    if method == SUMS:
        data["framework"]["representation"] = ["score"]
        bands = [{"upto": str(i), "name": band} for i, band in enumerate(levels)]
        data["scoring"] = {"section": "sum", "result": "min", "bands": bands}
        data["scales"] = [DONE_OR_NOT]
        return data
    data["framework"]["representation"] = ["staged", "continuous"]
    first = 1 if method == RUBRIC else 0
    data["levels"] = [{"level": first + i, "name": level} for i, level in enumerate(levels)]
    if method == RUBRIC:
        data["scoring"] = {"result": "mean"}
        steps = [{"code": str(n), "value": n, "name": level} for n, level in enumerate(levels, start=1)]
        data["scales"] = [{"key": "steps", "values": steps, "other_answers": NOT_RATINGS}]
    else:
        data["scoring"] = RULES
        data["scales"] = [NPLF]
    return data


def copied(edition: Edition, *, key: str, name: str) -> dict[str, Any]:
    """Everything that is in an edition, under another key: it has no history."""
    data = data_of(edition.contents)
    data["framework"] |= {"key": key, "name": name, "version": FIRST_VERSION}
    data["criteria"] = [{**criterion, "meaning": 1} for criterion in data["criteria"]]
    return data


@dataclass(slots=True, kw_only=True)
class TableLevel:
    """A level that a table names: its number there, if it has one, and how many criteria belong to it."""

    name: str
    number: int | None = None
    count: int = 0


@dataclass(slots=True, kw_only=True)
class TableFramework:
    """What a pasted table becomes: shown before anything is stored. `levels` are those that criteria belong to."""

    levels: list[TableLevel] = field(default_factory=list)
    #: Dimensions by name with the number of criteria, in the order of the table.
    dimensions: dict[str, int] = field(default_factory=dict)
    criteria: list[PastedCriterion] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: The place of its level in `levels`, by the line of a criterion.
    places: dict[int, int] = field(default_factory=dict)
    names: Sequence[str] = ()
    method: str = LEVELS

    @classmethod
    def read(cls, text: str, *, method: str, names: Sequence[str] = ()) -> "TableFramework":
        """`names` are the levels of a rubric or the bands of sums, which a table does not have."""
        columns = (LEVEL, DIMENSION, STATEMENT, EVIDENCE, NEXT)
        pasted = read_table(text, columns if method == LEVELS else columns[1:])
        table = cls(method=method, names=names, problems=pasted.problems, notes=pasted.notes)
        wanted = [criterion for criterion in pasted.criteria if table._has_dimension(criterion)]
        if method == LEVELS:
            wanted = table._find_levels(wanted)
        else:
            for criterion in wanted:
                if criterion.level:
                    sentence = _("Here a criterion has no level. “{level}” would be left out.")
                    table._refuse(criterion, sentence.format(level=criterion.level))
        if len(wanted) > MAX_CRITERIA:
            sentence = _("A framework has at most {limit} criteria. The rest would be left out.")
            table._refuse(wanted[MAX_CRITERIA], sentence.format(limit=MAX_CRITERIA))
        table.criteria = wanted[:MAX_CRITERIA]
        table.dimensions = dict(Counter(criterion.dimension for criterion in table.criteria))
        table.problems.sort(key=lambda problem: problem.line)
        return table

    def _refuse(self, criterion: PastedCriterion, sentence: str) -> None:
        self.problems.append(LineProblem(line=criterion.line, text=criterion.statement[:60], sentence=sentence))

    def _has_dimension(self, criterion: PastedCriterion) -> bool:
        if not criterion.dimension:
            self._refuse(criterion, _("The dimension is missing."))
        return bool(criterion.dimension)

    def _find_levels(self, criteria: list[PastedCriterion]) -> list[PastedCriterion]:
        """Collects the levels and returns the criteria that have one."""
        levels = _levels_by_number(criteria)
        is_numbered = bool(levels)
        by_name = {level.name.casefold(): level for level in levels if level.name}
        by_number = {level.number: level for level in levels}
        found: list[tuple[PastedCriterion, TableLevel]] = []
        for criterion in criteria:
            number, name = number_of(criterion.level)
            level = by_name.get(name.casefold()) if number is None else by_number[number]
            if level is None and name and not is_numbered:
                level = by_name[name.casefold()] = TableLevel(name=name)
                levels.append(level)
            if level is not None:
                level.count += 1
                found.append((criterion, level))
            elif name:
                self._refuse(criterion, _("The other levels have numbers. Write the number of this one as well."))
            else:
                self._refuse(criterion, _("The level is missing."))
        self.levels = levels
        self._say_how_levels_were_read(is_numbered)
        places = {id(level): place for place, level in enumerate(levels)}
        self.places = {criterion.line: places[id(level)] for criterion, level in found}
        return [criterion for criterion, _level in found]

    def _say_how_levels_were_read(self, is_numbered: bool) -> None:
        if not self.levels:
            return
        if not is_numbered:
            self.notes.append(_("The levels are in the order in which the table names them first, the lowest first."))
        elif [level.number for level in self.levels] != list(range(1, len(self.levels) + 1)):
            self.notes.append(_("Levels are numbered 1, 2, 3 …; the numbers of the table are kept beside them."))
        for level in self.levels:
            level.name = level.name or _("Level {number}").format(number=level.number)
        self.notes.append(_("Below them is a lowest level without criteria, at which every team starts."))

    @property
    def summary(self) -> str:
        count = len(self.criteria)
        return ngettext("{count} criterion", "{count} criteria", count).format(count=count)

    def data(self, *, key: str, name: str) -> dict[str, Any]:
        names = [FLOOR, *(level.name for level in self.levels)] if self.method == LEVELS else self.names
        data = blank(key=key, name=name, method=self.method, levels=names, dimensions=self.dimensions)
        dimensions = {row["name"]: row["key"] for row in data["dimensions"]}
        keys = NewKeys()
        for row, level in zip(data.get("levels", [])[1:], self.levels, strict=False):
            if self.method == LEVELS and level.number not in (None, row["level"]):
                row["alias"] = level.number
        for criterion in self._in_order():
            dimension = dimensions[criterion.dimension]
            row = {
                "key": keys.new(criterion.statement, "criterion", prefix=f"{dimension}."),
                "dimension": dimension,
                **{field: text for field, text in criterion.texts().items() if text},
            }
            if self.method == LEVELS:
                row["level"] = self.places[criterion.line] + 1
            data["criteria"].append(row)
        return data

    def _in_order(self) -> list[PastedCriterion]:
        """By dimension and level, as they are asked."""
        dimensions = {name: i for i, name in enumerate(self.dimensions)}
        return sorted(self.criteria, key=lambda row: (dimensions[row.dimension], self.places.get(row.line, 0)))


def _levels_by_number(criteria: Iterable[PastedCriterion]) -> list[TableLevel]:
    """The levels that have a number, the lowest first, with the name that one of its criteria gives."""
    levels: dict[int, TableLevel] = {}
    for criterion in criteria:
        number, name = number_of(criterion.level)
        if number is not None:
            level = levels.setdefault(number, TableLevel(name="", number=number))
            level.name = level.name or name
    return [levels[number] for number in sorted(levels)]
