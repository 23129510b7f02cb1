"""The organisation at a glance: every team's newest result in one line of history, and what all of them come to.

Reads results only.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from .. import scoring
from ..models import PartResult, Round, Target, Unit, User
from ..web.dates import past_days
from ..web.kept_fragments import kept
from .disclosure_control import shown_units
from .rows import ASSESSED, OF_DIMENSION, OVERALL, UNKNOWN, DimensionRow, Query, ResultInRow, TeamRow, UnitRow
from .team_rows import dimension_levels, newest_ids, part_levels, results_digest, team_rows
from .viewer import DISTRIBUTION, Linked, Viewer

#: Teams in one page of the table: with twenty dimensions a row is a thousand characters and more.
PAGE = 50
#: So many units are on the page.
MOST_UNITS = 30
#: And so many rounds.
MOST_ROUNDS = 5


class Portfolio:
    """What a person sees of the organisation. A setting says if other teams are named, counted or left out."""

    def __init__(
        self, query: Query, *, units: list[Unit], viewer: Viewer, today: datetime.date, everyone: list[TeamRow]
    ) -> None:
        """`units` are all of them, as a tree; `everyone` has the teams of `team_rows`."""
        self.query = query
        self.units = units
        self.viewer = viewer
        self.today = today
        self.everyone = everyone
        self.contents = query.edition.contents
        self.days = past_days(today)
        self.parents = {unit.pk: unit.parent_id for unit in units}
        self.rows = self._asked_for(everyone)
        #: What `with_parts` has read, by the digits of the result's id.
        self._parts: dict[str, dict[tuple[str, str], int | None]] = {}

    @classmethod
    def of(cls, user: User, query: Query, units: list[Unit]) -> "Portfolio":
        """Fetches the teams; the rest is fetched once, when it is first needed."""
        return cls.seen_by(Viewer.of(user, units), query, units)

    @classmethod
    def seen_by(cls, viewer: Viewer, query: Query, units: list[Unit]) -> "Portfolio":
        """The same for whoever the viewer stands for."""
        today = query.as_of or timezone.localdate()
        everyone = team_rows(query, viewer=viewer, today=today)
        return cls(query, units=units, viewer=viewer, today=today, everyone=everyone)

    # ------------------------------------------------------------------ who and what

    def _asked_for(self, rows: list[TeamRow]) -> list[TeamRow]:
        """Teams without a name stay if a unit is chosen: what may be shown of it depends on the others around it."""
        if self.query.only_edition:
            rows = [row for row in rows if row.newest and row.newest.edition_id == self.query.edition.pk]
        if self.query.unit is not None:
            rows = [row for row in rows if row.team.unit_id in self._subtree or not self.viewer.names(row.team)]
        return rows

    @cached_property
    def _subtree(self) -> set[int]:
        """The chosen unit and what is below it; every unit without a choice."""
        if self.query.unit is None:
            return set(self.parents)
        inside: set[int] = set()
        for unit in self.units:
            if unit.pk == self.query.unit or unit.parent_id in inside:
                inside.add(unit.pk)
        return inside

    def rounds(self, user: User) -> list[Round]:
        """Rounds that its teams are in, for people who may follow them, with how many have closed."""
        if self.query.as_of or not (user.is_administrator or self.viewer.own_units):
            return []
        rows = Round.objects.visible_to(user).for_portfolio(self.query.edition.framework_id, self.today)
        if self.query.unit is not None:
            rows = rows.with_teams_in(self._subtree)
        return list(rows.with_counts(user)[:MOST_ROUNDS])

    @property
    def unit_to_share(self) -> int | None:
        """The unit whose portfolio the person may share: the chosen one, or the topmost that they manage."""
        chosen = [unit.pk for unit in self.units if self.query.unit in (None, unit.pk)]
        return next((pk for pk in chosen if pk in self.viewer.own_units), None)

    @property
    def linked(self) -> Linked:
        """Teams whose page the person may open."""
        return Linked(self.viewer)

    @cached_property
    def named(self) -> list[TeamRow]:
        """Teams that are shown by name."""
        if self.viewer.names_every_team:
            return self.rows
        return [row for row in self.rows if self.viewer.names(row.team)]

    @cached_property
    def seen(self) -> list[TeamRow]:
        """Teams of which the person sees more than levels; they are all named."""
        if not self.viewer.sees_any_result:
            return []
        return [row for row in self.named if self.viewer.sees_result(row.team)]

    @property
    def names_all(self) -> bool:
        """Whether every team that the figures are over is named; whatever needs a name is shown of named teams only."""
        return len(self.named) == len(self.counted)

    @cached_property
    def shown(self) -> set[int | None]:
        """Units of which teams without a name may be counted; None is the organisation."""
        hidden = Counter(row.team.unit_id for row in self.rows if row.newest and not self.viewer.names(row.team))
        return shown_units(self.parents, hidden)

    @property
    def counts_others(self) -> bool:
        """Whether figures are over teams without a name too.

        They never are under a filter that can be varied at will: a day or an edition more or less would single teams
        out by subtraction.
        """
        return self.viewer.mode == DISTRIBUTION and self._is_plain and self.query.unit in self.shown

    @property
    def _is_plain(self) -> bool:
        return self.query.as_of is None and not self.query.only_edition

    @property
    def leaves_others_out(self) -> bool:
        """Whether there are teams without a name that these figures may not be over."""
        return self.viewer.mode == DISTRIBUTION and not self.counts_others and len(self.named) < len(self.rows)

    @cached_property
    def counted(self) -> list[TeamRow]:
        """Teams that the figures are over."""
        if not self.counts_others:
            return self.named
        return [row for row in self.rows if row.team.unit_id in self._subtree or self.viewer.names(row.team)]

    # ------------------------------------------------------------------ figures over all of them

    @cached_property
    def with_result(self) -> list[TeamRow]:
        return [row for row in self.counted if row.newest]

    @cached_property
    def on_ladder(self) -> list[TeamRow]:
        """Those whose result has the levels of the edition shown."""
        return [row for row in self.with_result if not row.is_apart]

    @cached_property
    def digest(self) -> str:
        """Names what is counted over the results of `on_ladder`."""
        return results_digest(self.on_ladder)

    @property
    def without_level(self) -> int:
        """Teams whose result came to no level: in no median and no distribution."""
        return len(self.on_ladder) - sum(self.counts.values())

    @property
    def without_result(self) -> int:
        """Teams that these figures would be over if they had a result."""
        return len(self.counted) - len(self.with_result)

    @cached_property
    def named_with_result(self) -> int:
        return sum(row.newest is not None for row in self.named)

    @property
    def assessed(self) -> int:
        """Teams with a result that is not stale."""
        return sum(not row.is_stale for row in self.with_result)

    @property
    def median(self) -> int | None:
        return scoring.low_median_of_counts(self.counts)

    @cached_property
    def counts(self) -> dict[int, int]:
        return Counter(row.level_here for row in self.with_result if row.level_here is not None)

    @property
    def apart(self) -> int:
        """Teams with a result on another ladder: in no median and no distribution."""
        return len(self.with_result) - len(self.on_ladder)

    @cached_property
    def due(self) -> list[TeamRow]:
        """Teams by name that have a stale result, the oldest first."""
        waiting = [row for row in self.named if row.is_stale]
        return sorted(waiting, key=lambda row: row.newest.date if row.newest else datetime.date.min)

    @cached_property
    def unassessed(self) -> list[TeamRow]:
        """Teams by name without a result, which are in no figure and not in the table."""
        return [row for row in self.named if row.newest is None]

    @cached_property
    def _histories(self) -> Counter[tuple[int | None, ...]]:
        """How many teams by name were at which level on each of `days`; only of these, as days can be subtracted.

        Teams have far fewer histories than there are teams, so days are counted from these.
        """
        return Counter(row.levels_then for row in self.named)

    @cached_property
    def over_time(self) -> list[tuple[datetime.date, dict[int, int]]]:
        """Teams by name per level on each day, those on another ladder under `APART`."""
        over_time: list[tuple[datetime.date, dict[int, int]]] = [(day, {}) for day in self.days]
        for levels, teams in self._histories.items():
            for (_day, counts), level in zip(over_time, levels, strict=True):
                if level is not None:
                    counts[level] = counts.get(level, 0) + teams
        return over_time

    @cached_property
    def moves(self) -> list[dict[tuple[int, int], int]]:
        """Between each of `days` and the next: how many teams by name went from which level to which, or stayed.

        Of teams that have a level on both; those on another ladder are at `APART`.
        """
        moves: list[dict[tuple[int, int], int]] = [{} for _passage in pairwise(self.days)]
        for levels, teams in self._histories.items():
            for moved, (level, next_level) in zip(moves, pairwise(levels), strict=True):
                if level is not None and next_level is not None:
                    moved[level, next_level] = moved.get((level, next_level), 0) + teams
        return moves

    @cached_property
    def dimension_counts(self) -> dict[str, dict[int, int]]:
        """Of each dimension how many teams are at which level."""
        counts: dict[str, dict[int, int]] = {}
        results = (row.newest.digits for row in self.on_ladder if row.newest)
        if all(digits in self._parts for digits in results):
            # The table shows all of them, so their parts are read already.
            for row in self.on_ladder:
                for (kind, key), part_level in self._parts_of(row.newest).items():
                    if kind == PartResult.Kind.DIMENSION and part_level is not None:
                        of_dimension = counts.setdefault(key, {})
                        of_dimension[part_level] = of_dimension.get(part_level, 0) + 1
            return counts
        return kept("dimension-counts", self.digest, self._count_dimensions)

    def _count_dimensions(self) -> dict[str, dict[int, int]]:
        counts: dict[str, dict[int, int]] = {}
        here = newest_ids(self.on_ladder)
        rows = PartResult.objects.filter(result__in=here, kind=PartResult.Kind.DIMENSION, level__isnull=False)
        # Of rows, not of their ids: these are not in the index, and to look at each row took twice as long.
        for key, level, n in rows.order_by().values_list("key", "level").annotate(n=Count("*")):
            counts.setdefault(key, {})[level] = n
        return counts

    @cached_property
    def dimension_rows(self) -> list[DimensionRow]:
        """Each dimension that a team has a level in."""
        rows = []
        for dimension in self.contents.dimensions:
            counts = self.dimension_counts.get(dimension.key)
            if counts:
                median = scoring.low_median_of_counts(counts)
                rows.append(DimensionRow(key=dimension.key, name=dimension.name, median=median, counts=counts))
        return rows

    @property
    def stale_after(self) -> int:
        """Months after which a result is stale."""
        return settings.STALE_AFTER_MONTHS

    @cached_property
    def unit_rows(self) -> list[UnitRow]:
        """The chosen unit and those below it that may be broken down, by distribution and lower median."""
        of_named = self._levels_by_unit(self.named)
        of_all = self._levels_by_unit(self.rows) if self.counts_others else of_named
        rows = []
        for unit in self.units:
            if unit.pk in self._subtree:
                is_shown = not self.counts_others or unit.pk in self.shown
                levels = of_all[unit.pk] if is_shown else of_named[unit.pk]
                is_hidden = not is_shown and unit.pk not in self._units_of_named
                rows.append(self._unit_row(unit, levels, is_hidden=is_hidden))
        return rows

    def _levels_by_unit(self, rows: list[TeamRow]) -> dict[int, Counter[int | None]]:
        """How many teams with a result in a unit or below it are at which level, or have none."""
        by_unit: dict[int, Counter[int | None]] = {unit.pk: Counter() for unit in self.units}
        directly = Counter((row.team.unit_id, row.level_here) for row in rows if row.newest)
        for (unit, level), teams in directly.items():
            for above in self._unit_and_above(unit):
                by_unit[above][level] += teams
        return by_unit

    @cached_property
    def _units_of_named(self) -> set[int]:
        """Units with a team by name in them or below."""
        directly = {row.team.unit_id for row in self.named}
        return {above for unit in directly for above in self._unit_and_above(unit)}

    def _unit_and_above(self, unit: int | None) -> Iterator[int]:
        while unit is not None:
            yield unit
            unit = self.parents[unit]

    @staticmethod
    def _unit_row(unit: Unit, levels: Counter[int | None], *, is_hidden: bool) -> UnitRow:
        counts = {level: teams for level, teams in levels.items() if level is not None}
        return UnitRow(
            unit=unit,
            depth=unit.depth,
            teams=sum(levels.values()),
            counts=counts,
            median=scoring.low_median_of_counts(counts),
            is_hidden=is_hidden,
        )

    @cached_property
    def listed_unit_rows(self) -> list[UnitRow]:
        """Those on the page: as many steps of the tree as there is room for, and of the first ones what fits."""
        rows = self.unit_rows
        steps = [[row for row in rows if row.depth <= depth] for depth in sorted({row.depth for row in rows})]
        fitting = [listed for listed in steps if 1 < len(listed) <= MOST_UNITS]
        if fitting:
            return fitting[-1]
        return next((listed for listed in steps if len(listed) > 1), rows)[:MOST_UNITS]

    @property
    def other_units(self) -> int:
        """How many units the page does not list."""
        return len(self.unit_rows) - len(self.listed_unit_rows)

    # ------------------------------------------------------------------ one page of teams by name

    def sorted(self) -> list[TeamRow]:
        """By name, or on request by the level of the whole or of a dimension, or by the day of the result.

        Teams without one come last.
        """
        if not self.query.sort:
            return self.named
        if self.query.sorted_by == ASSESSED:
            return self._by_day()
        level_of = self._sorting_level()
        sign = -1 if self.query.is_descending else 1
        last = self.contents.top + 1

        def place(row: TeamRow) -> int:
            level = level_of(row)
            return last if level is None else sign * level

        return sorted(self.named, key=place)

    def _by_day(self) -> list[TeamRow]:
        sign = -1 if self.query.is_descending else 1

        def place(row: TeamRow) -> tuple[bool, int]:
            return row.newest is None, sign * row.newest.date.toordinal() if row.newest else 0

        return sorted(self.named, key=place)

    def _sorting_level(self) -> Callable[[TeamRow], int | None]:
        """What tells the level of a team that teams are sorted by."""
        if self.query.sorted_by == OVERALL:
            return lambda row: row.level_here
        rows = self.on_ladder
        digest = self.digest
        if not self.names_all:
            rows = [row for row in self.named if row.newest and not row.is_apart]
            digest = results_digest(rows)
        key = self.query.sorted_by.removeprefix(OF_DIMENSION)
        levels = kept(f"levels-of-{key}", digest, lambda: dimension_levels(key, rows))
        return dict(zip(rows, levels, strict=True)).get

    def with_parts(self, rows: list[TeamRow]) -> list[TeamRow]:
        """The rows again, with the level and the target of each part."""
        self._parts |= part_levels(result.digits for row in rows for result in (row.newest, row.previous) if result)
        return [
            replace(
                row,
                parts=self._parts_of(row.newest),
                parts_before=self._parts_of(row.previous),
                targets=self._targets.get(row.team.pk, {}),
            )
            for row in rows
        ]

    def _parts_of(self, result: ResultInRow | None) -> Mapping[tuple[str, str], int | None]:
        return self._parts.get(result.digits, UNKNOWN) if result else UNKNOWN

    @cached_property
    def targets_set(self) -> list[tuple]:
        """Targets that were set by that day as (team, dimension, level, due date), the one due last first.

        Only under the rule and on the ladder shown: elsewhere the number of a level means something else.
        """
        rows = Target.objects.filter(framework=self.query.edition.framework_id, rule=self.query.rule)
        rows = rows.filter(set_at__date__lte=self.today).on_the_ladder_in_use().order_by("-due")
        return list(rows.values_list("team_id", "dimension", "level", "due"))

    @cached_property
    def _targets(self) -> dict:
        """The level that each team wants to reach in each part; of several targets the one that is due next."""
        targets: dict = {}
        for team, dimension, level, due in self.targets_set:
            if due >= self.today:
                targets.setdefault(team, {})[dimension] = level
        return targets

    @cached_property
    def row_of(self) -> dict[UUID, TeamRow]:
        """The row of each team by name with a result, to be found by what is known of few teams."""
        return {row.team.pk: row for row in self.named if row.newest}

    @cached_property
    def at_target(self) -> tuple[int, int]:
        """Of the named teams with a result and an overall target that is not over: how many are there, and how many."""
        reached = 0
        with_target = 0
        for team, targets in self._targets.items():
            target = targets.get("")
            row = self.row_of.get(team)
            if target is None or row is None:
                continue
            with_target += 1
            if row.level_here is not None and row.level_here >= target:
                reached += 1
        return reached, with_target

    @cached_property
    def ended_targets(self) -> int:
        """Overall targets of named teams that are left out because their due date has passed."""
        return sum(
            due < self.today and not dimension and team in self.row_of
            for team, dimension, _level, due in self.targets_set
        )
