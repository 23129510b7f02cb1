"""Teams whose newest result has ratings that checks disagreed with when it was frozen."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.urls import reverse

from ..models import CheckAtClosing
from .many_ids import ManyIds
from .portfolio import Portfolio
from .rows import TeamInRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ContradictedTeam:
    """A team with the number of its criteria in which a rating and a check disagree."""

    team: TeamInRow
    result: UUID
    criteria: int

    @property
    def result_url(self) -> str:
        return reverse("result", args=[self.result])


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradicted:
    """Among the teams of which a person sees more than levels; most first, then by name."""

    teams: list[ContradictedTeam]

    @property
    def criteria(self) -> int:
        return sum(entry.criteria for entry in self.teams)

    @classmethod
    def of(cls, portfolio: Portfolio) -> "Contradicted":
        """One query, and none if the person sees the results of no team."""
        seen = {row.newest.pk: row.team for row in portfolio.seen if row.newest}
        if not seen:
            return cls(teams=[])
        rows = CheckAtClosing.objects.filter(result__in=ManyIds(seen), contradicts=True).order_by()
        counts = rows.values_list("result").annotate(number=Count("criterion", distinct=True))
        teams = [ContradictedTeam(team=seen[result], result=result, criteria=number) for result, number in counts]
        return cls(teams=sorted(teams, key=lambda entry: (-entry.criteria, str(entry.team).lower())))
