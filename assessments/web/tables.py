"""What goes into a file for a spreadsheet: tables of typed cells, whose rows are made while the file is written."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from ..charts import level_step


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Tables that belong together: the sheets of a workbook, or a CSV file each."""

    name: str
    tables: Sequence[Table]

    def table(self, key: str) -> Table:
        """The one with this key, or else the first."""
        return next((table for table in self.tables if table.key == key), self.tables[0])
