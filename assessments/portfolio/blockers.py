"""What keeps teams from their next level: the dimensions and criteria that block most of them."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count
from django.utils.translation import gettext as _

from ..models import Criterion, CriterionResult, Result
from ..web.criterion_places import place_of
from ..web.kept_fragments import kept
from .disclosure_control import may_be_split, shown_units
from .portfolio import Portfolio
from .rows import TeamRow, sort_by_dimension
from .team_rows import newest_ids, results_digest

#: Blockers of so many teams are read rather than counted by the database.
FEW = 100
#: So many criteria are on the page. A file tells no more to people who do not know every team.
CRITERIA_ON_THE_PAGE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A dimension or criterion and how many teams it keeps from their next level."""

    key: str
    name: str
    teams: int
    criterion: Criterion | None = None

    @property
    def sort(self) -> str:
        """What sorts teams by this, if it is a dimension."""
        return sort_by_dimension(self.key)

    @property
    def about(self) -> str:
        """Where a criterion is in its framework; put into words only if it is shown, as few of many are."""
        return place_of(self.criterion) if self.criterion else ""


def _most_teams_first(holding: Holding) -> int:
    """Those that hold back equally many teams stay in the order of the framework."""
    return -holding.teams


class HoldingBack:
    """Over the teams that a portfolio counts; criteria only of teams that may be known so well, or in a crowd.

    Teams on another ladder are left out: what keeps them from a level means something else.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.contents = portfolio.contents
        self._rows = portfolio.on_ladder

    def _teams_held_back(self, by: str, rows: list[TeamRow]) -> dict[str, int]:
        """How many of these teams are held back, by dimension or key, from the index alone.

        Of many teams counted by the database, and kept for these results: a thousand have ten thousand blockers, and
        reading them took 12% of the page. Of few they are read once for both.
        """
        if len(self._rows) > FEW:
            digest = self.portfolio.digest if rows is self._rows else results_digest(rows)
            return kept(f"held-back-{by}", digest, lambda: self._count_held_back(by, rows))
        results = {row.newest.pk for row in rows if row.newest}
        held_back: dict[str, set] = {}
        for result, dimension, key in self._blocking:
            if result in results:
                held_back.setdefault(dimension if by == "dimension" else key, set()).add(result)
        return {name: len(teams) for name, teams in held_back.items()}

    @staticmethod
    def _count_held_back(by: str, rows: list[TeamRow]) -> dict[str, int]:
        blocking = CriterionResult.objects.filter(blocker__isnull=False, result__in=newest_ids(rows)).order_by()
        # A criterion is there once in a result, a dimension as often as it has blockers. Rows are counted and not their
        # ids, which are not in the index: to look at each row took three times as long.
        counted = Count("result", distinct=True) if by == "dimension" else Count("*")
        return dict(blocking.values_list(by).annotate(teams=counted))

    @cached_property
    def _blocking(self) -> list[tuple]:
        """Every blocker as (result, dimension, key)."""
        blocking = CriterionResult.objects.filter(blocker__isnull=False, result__in=newest_ids(self._rows))
        return list(blocking.order_by().values_list("result_id", "dimension", "key"))

    @cached_property
    def dimensions(self) -> list[Holding]:
        held_back = self._teams_held_back("dimension", self._rows)
        holdings = []
        for dimension in self.contents.dimensions:
            teams = held_back.get(dimension.key, 0)
            if teams:
                holdings.append(Holding(key=dimension.key, name=dimension.name, teams=teams))
        return sorted(holdings, key=_most_teams_first)

    @cached_property
    def all_are_at_the_top(self) -> bool:
        """Whether nothing holds any team back. That there is no dimension to name is not enough to say so."""
        newest = Result.objects.filter(pk__in=newest_ids(self._rows))
        return bool(self._rows) and all(result.is_at_the_top for result in newest.wired())

    @property
    def why_none(self) -> str:
        """What to say if there is no dimension to name."""
        if not self.portfolio.with_result:
            return _("No result yet.")
        if not self._rows:
            return _("No result on the levels of this version yet.")
        if self.all_are_at_the_top:
            return _("Nothing: every team with a result is at the highest level that applies to it.")
        return _("No criterion of this version does, but not every team is at the highest level.")

    @property
    def most(self) -> list[Holding]:
        """The dimension that holds back most teams; several if they hold back equally many."""
        return [holding for holding in self.dimensions if holding.teams == self.dimensions[0].teams]

    @property
    def others_like_most(self) -> int:
        """How many dimensions hold back as many teams as the first one of `most`."""
        return len(self.most) - 1

    @cached_property
    def criteria(self) -> list[Holding]:
        rows = self._rows
        if self.withheld is not None:
            rows = [row for row in self.portfolio.seen if row.newest and not row.is_apart]
        counts = self._teams_held_back("key", rows)
        holdings = []
        for criterion in self.contents.criteria:
            teams = counts.get(criterion.key, 0)
            if teams:
                holding = Holding(key=criterion.key, name=criterion.statement, teams=teams, criterion=criterion)
                holdings.append(holding)
        return sorted(holdings, key=_most_teams_first)

    @property
    def criteria_on_the_page(self) -> list[Holding]:
        return self.criteria[:CRITERIA_ON_THE_PAGE]

    @cached_property
    def has_own_teams(self) -> bool:
        """Whether criteria of some teams are the person's to see; to people without any, no team is another one."""
        viewer = self.portfolio.viewer
        return viewer.sees_any_result and any(viewer.sees_result(row.team) for row in self.portfolio.everyone)

    @cached_property
    def withheld(self) -> str | None:
        """Why the criteria of some teams are not counted, as they would single teams out; None if nothing does.

        One of three filters, "day", "edition" or "unit", or "organisation": there are too few teams without a filter.

        Two days can differ by one team's result alone: its criteria would be left when they are subtracted.
        """
        portfolio = self.portfolio
        query = portfolio.query
        viewer = portfolio.viewer
        if all(viewer.sees_result(row.team) for row in self._rows):
            return None
        if query.as_of:
            return "day"
        # On this ladder alone, as the figures are: a crowd of others would hide nobody.
        hidden = [row for row in portfolio.everyone if row.newest and not row.is_apart]
        if viewer.sees_any_result:
            hidden = [row for row in hidden if not viewer.sees_result(row.team)]
        shown = shown_units(portfolio.parents, Counter(row.team.unit_id for row in hidden))
        if query.unit not in shown:
            return "unit" if None in shown else "organisation"
        if not query.only_edition:
            return None
        lots = Counter((row.team.unit_id, row.newest.edition_id) for row in hidden if row.newest)
        return None if may_be_split(portfolio.parents, lots) else "edition"
