"""What goes into a file for a spreadsheet: tables of typed cells, whose rows are made while the file is written."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import gettext as _

from ..charts import level_step
from ..models import Criterion
from ..models.framework_texts import pieces_of


class LevelCell(int):
    """The number of a level that knows the step of its colour."""

    step: int

    @classmethod
    def of(cls, number: int | None, *, top: int) -> "LevelCell | None":
        """For a level on a ladder that ends at `top`."""
        return None if number is None else _level_cell(number, top)


@lru_cache
def _level_cell(number: int, top: int) -> LevelCell:
    level = LevelCell(number)
    level.step = level_step(number, top)
    return level


Cell = str | int | Decimal | datetime.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`key` names it in addresses, `title` its sheet. `widths` are by column, in characters."""

    key: str = "results"
    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Mapping[str, int] = field(default_factory=dict)

    def with_languages(self) -> "Table":
        """The same with a last column: the languages that the texts of frameworks in a row, or in the head, are in."""
        return replace(self, head=[*self.head, _("Language of the framework")], rows=self._rows_with_languages())

    def _rows_with_languages(self) -> Iterator[Sequence[Cell]]:
        of_head = set(languages_of(self.head))
        for row in self.rows:
            yield [*row, ", ".join(sorted(of_head.union(languages_of(row))))]


def languages_of(cells: Iterable[Cell]) -> Iterator[str]:
    """The languages that the texts in these cells know."""
    for cell in cells:
        if isinstance(cell, str) and type(cell) is not str:
            yield from (language for _text, language in pieces_of(cell) if language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Tables that belong together: the sheets of a workbook, or a CSV file each."""

    name: str
    tables: Sequence[Table]

    def table(self, key: str) -> Table:
        """The one with this key, or else the first."""
        return next((table for table in self.tables if table.key == key), self.tables[0])


def criterion_head() -> list[str]:
    """The columns that say which criterion a row is about."""
    return [_("Dimension"), _("Key"), _("Level"), _("Criterion")]


def criterion_cells(criterion: Criterion, *, top: int) -> list[Cell]:
    """A criterion in these columns, on a ladder that ends at `top`."""
    level = None if criterion.level is None else criterion.level.number
    return [criterion.dimension.name, criterion.key, LevelCell.of(level, top=top), criterion.statement]


def criterion_widths() -> dict[str, int]:
    """The widths of a table that ends with the next step."""
    return {_("Dimension"): 28, _("Criterion"): 60, _("Next step"): 60}
