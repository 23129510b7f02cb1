"""What keeps teams from their next level: the dimensions and criteria that block most of them."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from ..models import Criterion, CriterionResult, Result
from .disclosure_control import may_be_split, shown_units
from .portfolio import Portfolio
from .rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A dimension or criterion and how many teams it keeps from their next level; `about` is where a criterion is."""

    key: str
    name: str
    teams: int
    about: str = ""


def _most_teams_first(each: Holding) -> int:
    """What keeps as many teams back stays in the order of the framework."""
    return -each.teams


def _place_of(criterion: Criterion) -> str:
    level = f" · level {criterion.level.number}" if criterion.level else ""
    return criterion.dimension.name + level


class HoldingBack:
    """Over the teams that a portfolio counts; criteria only of teams that may be known so well, or in a crowd.

    Teams on another ladder are left out: what keeps them from a level means something else.
    """

    def __init__(self, portfolio: Portfolio):
        self.portfolio, self.contents = portfolio, portfolio.contents

    @cached_property
    def _rows(self) -> list[Row]:
        return [row for row in self.portfolio.with_result if not row.is_apart]

    @cached_property
    def _blocking(self) -> list[tuple]:
        """Every blocker as (result, dimension, key), from the index alone."""
        results = [row.newest.pk for row in self._rows if row.newest]
        rows = CriterionResult.objects.filter(blocker__isnull=False, result__in=results)
        return list(rows.order_by().values_list("result_id", "dimension", "key"))

    @cached_property
    def dimensions(self) -> list[Holding]:
        pairs = {(result, dimension) for result, dimension, _ in self._blocking}
        counts = Counter(dimension for _, dimension in pairs)
        found = [
            Holding(key=d.key, name=d.name, teams=counts[d.key]) for d in self.contents.dimensions if counts[d.key]
        ]
        return sorted(found, key=_most_teams_first)

    @cached_property
    def all_are_at_the_top(self) -> bool:
        """Whether nothing holds any of the teams back: that there is no dimension to name does not say so yet."""
        newest = Result.objects.filter(pk__in=[row.newest.pk for row in self._rows if row.newest])
        return bool(self._rows) and all(result.is_at_the_top for result in newest.wired())

    @property
    def why_none(self) -> str:
        """What to say if there is no dimension to name."""
        if not self.portfolio.with_result:
            return "No result yet."
        if not self._rows:
            return "No result on the ladder of this version yet."
        if self.all_are_at_the_top:
            return "Nothing: of those with a result, every team is at the highest level that applies to it."
        return "No criterion of this version does, but not every team is at the highest level."

    @property
    def most(self) -> list[Holding]:
        """The dimension that holds most teams back; several where they hold as many."""
        return [each for each in self.dimensions if each.teams == self.dimensions[0].teams]

    @cached_property
    def criteria(self) -> list[Holding]:
        told = {row.newest.pk for row in self._rows if row.newest and self.portfolio.sees_result(row.team)}
        counts = Counter(key for result, _, key in self._blocking if self.withheld is None or result in told)
        found = [
            Holding(key=c.key, name=c.statement, teams=counts[c.key], about=_place_of(c))
            for c in self.contents.criteria
            if counts[c.key]
        ]
        return sorted(found, key=_most_teams_first)

    @cached_property
    def withheld(self) -> str | None:
        """What singles teams out, so that their criteria are not counted; None if nothing does.

        That is one of three filters, "day", "edition" or "unit", or "organisation": without any there are too few.

        Two days can differ by one team's result alone; its criteria would be what is left when they are subtracted.
        """
        portfolio, query = self.portfolio, self.portfolio.query
        if all(portfolio.sees_result(row.team) for row in self._rows):
            return None
        if query.as_of:
            return "day"
        # On this ladder alone, as the figures are: a crowd of others would hide nobody.
        here = [row for row in portfolio.everyone if row.newest and not row.is_apart]
        hidden = [row for row in here if not portfolio.sees_result(row.team)]
        shown = shown_units(portfolio.parents, Counter(row.team.unit_id for row in hidden))
        if query.unit not in shown:
            return "unit" if None in shown else "organisation"
        lots = Counter((row.team.unit_id, row.newest.edition_id) for row in hidden if row.newest)
        return "edition" if query.only_edition and not may_be_split(portfolio.parents, lots) else None
