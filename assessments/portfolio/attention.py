"""Teams that need attention, each with its reasons. Of teams by name only."""

from collections import Counter
from functools import cached_property

from .concerns import LOSSES, Concern, Concerns
from .portfolio import Portfolio
from .rows import ATTENTION, ConcernKind, TeamRow

#: So many teams are listed at first, and so many for one reason; the others are in the table.
LISTED, MOST_LISTED = 10, 50


class Needing:
    """A team with its reasons, the most serious first. They are put into words when that is asked for."""

    def __init__(self, row: TeamRow, kinds: tuple[ConcernKind, ...], concerns: Concerns) -> None:
        """`kinds` has the kind of each reason."""
        self.row = row
        self.kinds = kinds
        self._concerns = concerns

    @property
    def losses(self) -> int:
        return sum(map(self.kinds.count, LOSSES))

    @cached_property
    def reasons(self) -> list[Concern]:
        return list(self._concerns.of(self.row))

    @property
    def to_open(self) -> Concern | None:
        """The first reason that leads somewhere."""
        return next((reason for reason in self.reasons if reason.address), None)


class Attention:
    """Over the named teams of a portfolio that have a result; of a past day there is nothing to act on."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio

    @cached_property
    def teams(self) -> list[Needing]:
        """The most serious first, else by name."""
        if self.portfolio.query.as_of:
            return []
        concerns = Concerns(self.portfolio)
        needing = []
        for row in self.portfolio.named:
            kinds = concerns.kinds(row) if row.newest else ()
            if kinds:
                needing.append(Needing(row, kinds, concerns))
        # In two steps: to compare pairs took as long as all else here.
        by_name = sorted(needing, key=lambda team: team.row.team.name)
        return sorted(by_name, key=lambda team: -team.losses)

    @property
    def shown(self) -> list[Needing]:
        """Those that the page lists: for one reason if that is asked for, and not endlessly many."""
        return self._asked[: MOST_LISTED if self.portfolio.query.show else LISTED]

    @property
    def others(self) -> int:
        """How many more there are than the page lists."""
        return len(self._asked) - len(self.shown)

    @cached_property
    def _asked(self) -> list[Needing]:
        """Those that the query wants to be shown; all without a wish."""
        show = self.portfolio.query.show
        return [team for team in self.teams if self._has(team, show)] if show else self.teams

    @staticmethod
    def _has(team: Needing, show: str) -> bool:
        return show == ATTENTION or show in team.kinds

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many teams have a reason of each kind, and how many have any."""
        counts: Counter[str] = Counter()
        for kinds, teams in Counter(team.kinds for team in self.teams).items():
            for kind in set(kinds):
                counts[kind] += teams
        return {ATTENTION: len(self.teams), **counts} if self.teams else {}

    def asked_for(self, rows: list[TeamRow]) -> list[TeamRow]:
        """Those of the rows that the query wants to be shown, in the same order."""
        if not self.portfolio.query.show:
            return rows
        kept = {team.row.team.pk for team in self._asked}
        return [row for row in rows if row.team.pk in kept]
