"""What the editor shows beside every page: the grid of dimensions and levels, and what is empty in it."""

from dataclasses import dataclass

from ...models import Criterion, Dimension, Edition, Group, Level, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The criteria of one dimension at one level; level is None where sums are scored."""

    level: Level | None
    criteria: list[Criterion]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    dimension: Dimension
    cells: list[Cell]

    @property
    def count(self) -> int:
        return sum(len(cell.criteria) for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The whole draft at a glance, from seven queries."""

    levels: list[Level]
    groups: list[Group]
    scales: list[Scale]
    rows: list[Row]

    @classmethod
    def of(cls, edition: Edition) -> "Grid":
        contents = edition.contents
        columns: list[Level | None] = [*contents.levels[1:]] if edition.uses_levels else [None]
        cells: dict[tuple, list[Criterion]] = {}
        for criterion in contents.criteria:
            cells.setdefault((criterion.dimension_id, criterion.level_id), []).append(criterion)
        rows = [
            Row(
                dimension=dimension,
                cells=[
                    Cell(level=level, criteria=cells.get((dimension.pk, level.pk if level else None), []))
                    for level in columns
                ],
            )
            for dimension in contents.dimensions
        ]
        return cls(levels=contents.levels, groups=contents.groups, scales=contents.scales, rows=rows)

    def row_of(self, dimension_pk) -> Row | None:
        return next((row for row in self.rows if row.dimension.pk == dimension_pk), None)

    @property
    def columns(self) -> list[Level]:
        return self.levels[1:]

    @property
    def count(self) -> int:
        return sum(row.count for row in self.rows)

    @property
    def empty_levels(self) -> list[Level]:
        """Levels above the floor that nobody could reach."""
        return [level for i, level in enumerate(self.columns) if not any(row.cells[i].criteria for row in self.rows)]
