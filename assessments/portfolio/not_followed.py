"""Teams whose level rose since their previous result while a figure of their months did not get better."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from ..measurements.team_figures import TeamFigures, months_known_for
from ..models import Measurement
from ..models.framework_texts import joined
from .portfolio import Portfolio
from .rows import ResultInRow, TeamInRow, TeamRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """A team with the names of its figures that did not get better."""

    team: TeamInRow
    metrics: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFollowed:
    """Among the teams of which a person sees more than levels. `compared` of those that rose have figures for both."""

    compared: int
    teams: list[LeftBehind]

    @classmethod
    def of(cls, portfolio: Portfolio) -> "NotFollowed":
        """One query, and none if no such team rose."""
        risen = list(_risen(portfolio))
        if not risen:
            return cls(compared=0, teams=[])
        months = {month for _row, *both in risen for result in both for month in months_known_for(result.date)}
        of_team: dict[UUID, list[Measurement]] = {}
        rows = Measurement.objects.filter(team__in=[row.team.pk for row, _newest, _previous in risen])
        for measurement in rows.beside(portfolio.query.edition.framework_id).filter(month__in=months):
            of_team.setdefault(measurement.team_id, []).append(measurement)
        compared = 0
        teams = []
        for row, newest, previous in risen:
            figures = TeamFigures.of(of_team.get(row.team.pk, []), portfolio.query.edition.contents)
            changes = [change for change in figures.between(newest.date, previous.date) if change.moved is not None]
            compared += bool(changes)
            left = [change.metric.name for change in changes if change.moved in (0, -1)]
            if left:
                teams.append(LeftBehind(team=row.team, metrics=joined(", ", left)))
        return cls(compared=compared, teams=teams)


def _risen(portfolio: Portfolio) -> Iterable[tuple[TeamRow, ResultInRow, ResultInRow]]:
    for row in portfolio.seen:
        if row.newest is None or row.previous is None:
            continue
        before, now = row.previous.level, row.level_here
        if before is not None and now is not None and now > before:
            yield row, row.newest, row.previous
