"""Where a team stands on the grid of its framework: what is reached, what is next, and how people voted."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import charts, scoring
from ..frameworks.rubric_grid import RubricCell, RubricGrid, rubric_grid
from ..models import Action, CriterionResult, Dimension, Level, Result
from ..models.framework_texts import filled, joined
from ..models.frameworks import contents_in_use
from ..models.results import as_fraction
from .report import Settled, Standing

#: How a cell is drawn: its level is reached, it comes next, or it is further away.
REACHED, NEXT, LATER = "reached", "next", "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapCell:
    """The criteria of a dimension on a level that were asked; `state` is one of the three above, empty for none."""

    dimension: Dimension
    level: Level | None
    settled: tuple[Settled, ...]
    state: str
    step: int
    is_open: bool

    @property
    def query(self) -> str:
        """The address of the cell, as the query of the page."""
        level = f"&level={self.level.number}" if self.level else ""
        return f"dimension={self.dimension.key}{level}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRow:
    """A dimension with its level and its cells."""

    dimension: Dimension
    level: int | None
    step: int
    cells: tuple[MapCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What is behind a criterion: earlier ratings as (result, name of the answer), newest first, and open actions.

    `is_asked` says whether the version in use still has it.
    """

    settled: Settled
    earlier: tuple[tuple[Result, str], ...]
    actions: tuple[Action, ...]
    is_asked: bool

    @property
    def can_improve(self) -> bool:
        """Whether there is something to plan: it applies, and is not rated as high as its scale goes."""
        if self.settled.row.rating == scoring.NA or not self.is_asked:
            return False
        return as_fraction(self.settled.row.points_exact) != 1


class RubricMap:
    """One result on the grid. `chosen` are dimension and number of the level of the open cell, as an address has them.

    Two queries, as `Standing`, and three more for what is behind an open cell.
    """

    def __init__(self, standing: Standing, chosen: Mapping[str, str]) -> None:
        self.standing = standing
        self.contents = standing.contents
        self.chosen = chosen

    @cached_property
    def grid(self) -> RubricGrid:
        return rubric_grid(self.contents)

    @property
    def has_levels(self) -> bool:
        """Whether its columns are levels, which are reached or come next."""
        return self.contents.edition.has_criteria_by_level

    @cached_property
    def _settled(self) -> dict[str, Settled]:
        return {settled.criterion.key: settled for settled in self.standing.criteria}

    @cached_property
    def rows(self) -> list[MapRow]:
        levels = {row.key: row.level for row in self.standing.dimensions}
        rows = []
        for dimension, cells in self.grid.rows:
            if dimension.key not in levels:
                continue
            level = levels[dimension.key]
            rows.append(
                MapRow(
                    dimension=dimension,
                    level=level,
                    step=charts.level_step(level or 0, self.contents.top),
                    cells=tuple(self._cells(cells, level)),
                )
            )
        return rows

    def _cells(self, cells: tuple[RubricCell, ...], reached: int | None) -> list[MapCell]:
        mapped: list[MapCell] = []
        is_next_known = False
        for cell in cells:
            settled = tuple(
                self._settled[criterion.key] for criterion in cell.criteria if criterion.key in self._settled
            )
            state = ""
            if settled and cell.level and reached is not None:
                if cell.level.number <= reached:
                    state = REACHED
                else:
                    state = LATER if is_next_known else NEXT
                    is_next_known = True
            mapped.append(
                MapCell(
                    dimension=cell.dimension,
                    level=cell.level,
                    settled=settled,
                    state=state,
                    step=charts.level_step(cell.level.number, self.contents.top) if cell.level else 0,
                    is_open=bool(settled) and self._is_chosen(cell),
                )
            )
        return mapped

    def _is_chosen(self, cell: RubricCell) -> bool:
        if self.chosen.get("dimension") != cell.dimension.key:
            return False
        return cell.level is None or self.chosen.get("level") == str(cell.level.number)

    @cached_property
    def open(self) -> MapCell | None:
        """The cell that is looked into."""
        cells = (cell for row in self.rows for cell in row.cells)
        return next((cell for cell in cells if cell.is_open), None)

    @property
    def in_words(self) -> str:
        """How many dimensions are above the level of the team; empty where none is, or there are no levels."""
        level = self.standing.result.level
        if level is None or not self.standing.uses_levels:
            return ""
        ahead = sum(row.level is not None and row.level > level for row in self.rows)
        if not ahead:
            return ""
        sentence = ngettext(
            "{count} of {all} dimensions is above this level.",
            "{count} of {all} dimensions are above this level.",
            ahead,
        )
        return sentence.format(count=ahead, all=len(self.rows))

    def behind(self, results: list[Result]) -> list[Behind]:
        """What is behind the criteria of the open cell; `results` are of the same history, oldest first."""
        if self.open is None:
            return []
        keys = [settled.criterion.key for settled in self.open.settled]
        result = self.standing.result
        earlier = {other.pk: other for other in results if other.place_in_time < result.place_in_time}
        rated: dict[str, list[tuple[Result, str]]] = {}
        for row in CriterionResult.objects.filter(result__in=earlier, key__in=keys):
            settled = self._settled[row.key]
            if row.meaning == settled.row.meaning:
                named = settled.criterion.answer_name(row.rating)
                rated.setdefault(row.key, []).append((earlier[row.result_id], named))
        actions: dict[str, list[Action]] = {}
        pending = Action.objects.filter(team=result.team_id, framework=result.framework_id, criterion__in=keys)
        for action in pending.filter(status__in=Action.PENDING):
            actions.setdefault(action.criterion, []).append(action)
        in_use = contents_in_use(result.framework_id) or self.contents
        return [
            Behind(
                settled=settled,
                earlier=tuple(sorted(rated.get(key, ()), key=lambda pair: pair[0].place_in_time, reverse=True)[:4]),
                actions=tuple(actions.get(key, ())),
                is_asked=key in in_use.criterion_by_key,
            )
            for key, settled in zip(keys, self.open.settled, strict=True)
        ]


def dots_of(settled: Settled) -> charts.VoteDots:
    """The ratings that people gave, lowest first; who does not know or finds that it does not apply is left out."""
    scale = settled.criterion.scale.by_code
    top = max((choice.value for choice in scale.values()), default=0) or 1
    return charts.vote_dots(
        [
            (Fraction(choice.value, top), settled.row.votes[code])
            for code, choice in scale.items()
            if settled.row.votes.get(code)
        ]
    )


def votes_in_words(settled: Settled) -> str:
    """How many gave each answer: `Votes: Partially achieved 4, Largely achieved 1`; says so if none are to be shown."""
    votes = joined(
        ", ", (filled(_("{answer} {count}"), answer=answer, count=count) for answer, count in settled.distribution)
    )
    return filled(_("Votes: {votes}"), votes=votes) if votes else _("No votes to show")
