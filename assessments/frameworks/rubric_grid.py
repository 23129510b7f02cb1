"""A framework as a grid: a row for each dimension, a column for each level, the criteria in its cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..models import Criterion, Dimension, Level
from ..models.frameworks import Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricCell:
    """The criteria of one dimension on one level; `level` is None where criteria have no level."""

    dimension: Dimension
    level: Level | None
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricGrid:
    """`columns` are the levels that have criteria, or a single None; each row has one cell for each column."""

    columns: tuple[Level | None, ...]
    rows: tuple[tuple[Dimension, tuple[RubricCell, ...]], ...]


def rubric_grid(contents: Contents) -> RubricGrid:
    """The whole edition, whatever is asked of it."""
    columns: tuple[Level | None, ...] = (None,)
    if contents.edition.has_criteria_by_level:
        columns = tuple(contents.levels[1:])
    rows = tuple((dimension, _cells(dimension, columns)) for dimension in contents.dimensions)
    return RubricGrid(columns=columns, rows=rows)


def _cells(dimension: Dimension, columns: Sequence[Level | None]) -> tuple[RubricCell, ...]:
    by_level: dict[int | None, list[Criterion]] = {}
    for criterion in dimension.asked:
        by_level.setdefault(criterion.level_id, []).append(criterion)
    return tuple(
        RubricCell(dimension=dimension, level=level, criteria=tuple(by_level.get(level.pk if level else None, ())))
        for level in columns
    )
