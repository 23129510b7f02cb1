"""What the editor shows beside every page: the grid of dimensions and levels, and what is empty in it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...models import Criterion, Dimension, Edition, Group, Level, Scale

#: A cell of the grid: the ids of its dimension and of its level, if criteria have one.
Place = tuple[int, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """The criteria of one dimension at one level; level is None if criteria belong to none."""

    dimension: Dimension
    level: Level | None
    criteria: list[Criterion]

    @property
    def place(self) -> Place:
        return self.dimension.pk, self.level.pk if self.level else None

    @property
    def name(self) -> str:
        """What the page calls it in ids."""
        return f"{self.dimension.pk}-{self.level.pk if self.level else 0}"

    @property
    def anchor(self) -> str:
        """Where it stands on the page of its dimension."""
        return f"at-{self.level.number if self.level else 0}"

    @property
    def title(self) -> str:
        if self.level is None:
            return _("Criteria")
        return _("Level {number} · {name}").format(number=self.level.number, name=self.level.name)

    @property
    def label(self) -> str:
        """How many criteria there are, and where."""
        count = len(self.criteria)
        if self.level is None:
            return criteria_counted(count)
        sentence = ngettext("{count} criterion at level {number}", "{count} criteria at level {number}", count)
        return sentence.format(count=count, number=self.level.number)

    @property
    def add_label(self) -> str:
        if self.level is None:
            return _("Add a criterion")
        return _("Add a criterion at level {number}").format(number=self.level.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    dimension: Dimension
    cells: list[GridCell]

    @property
    def count(self) -> int:
        return sum(len(cell.criteria) for cell in self.cells)

    @property
    def label(self) -> str:
        return criteria_counted(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The whole draft at a glance, from seven queries."""

    levels: list[Level]
    #: The levels that criteria belong to.
    columns: list[Level]
    groups: list[Group]
    scales: list[Scale]
    rows: list[GridRow]

    @classmethod
    def of(cls, edition: Edition) -> "Grid":
        contents = edition.contents
        columns: list[Level | None] = [*contents.levels[1:]] if edition.has_criteria_by_level else [None]
        criteria: dict[tuple, list[Criterion]] = {}
        for criterion in contents.criteria:
            criteria.setdefault((criterion.dimension_id, criterion.level_id), []).append(criterion)

        rows = []
        for dimension in contents.dimensions:
            cells = []
            for level in columns:
                key = (dimension.pk, level.pk if level else None)
                cells.append(GridCell(dimension=dimension, level=level, criteria=criteria.get(key, [])))
            rows.append(GridRow(dimension=dimension, cells=cells))
        return cls(
            levels=contents.levels,
            columns=[level for level in columns if level],
            groups=contents.groups,
            scales=contents.scales,
            rows=rows,
        )

    @property
    def top(self) -> int:
        """Where the ladder ends, for its colours."""
        return self.levels[-1].number if self.levels else 0

    @property
    def criteria(self) -> list[Criterion]:
        return [criterion for row in self.rows for cell in row.cells for criterion in cell.criteria]

    def row_of(self, dimension_pk: int) -> GridRow | None:
        return next((row for row in self.rows if row.dimension.pk == dimension_pk), None)

    @property
    def count(self) -> int:
        return sum(row.count for row in self.rows)

    @property
    def empty_levels(self) -> list[Level]:
        """Levels above the floor that nobody could reach."""
        return [level for i, level in enumerate(self.columns) if not any(row.cells[i].criteria for row in self.rows)]

    @property
    def unreachable(self) -> str:
        """A sentence about the empty levels."""
        numbers = [str(level.number) for level in self.empty_levels]
        sentence = ngettext(
            "No team can reach level {levels}: it has no criteria.",
            "No team can reach levels {levels}: they have no criteria.",
            len(numbers),
        )
        return sentence.format(levels=", ".join(numbers))


def criteria_counted(count: int) -> str:
    return ngettext("{count} criterion", "{count} criteria", count).format(count=count)
