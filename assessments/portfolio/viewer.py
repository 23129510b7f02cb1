"""Whose portfolio it is, and what this person may know of each team."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from ..models import Team, Unit, User

#: What people see of teams that they may not open: their names, figures over all of them, or nothing.
NAMES, DISTRIBUTION, NOTHING = "names", "distribution", "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """`own_units` are the units that the person manages, and those below them."""

    is_administrator: bool
    own_teams: frozenset[UUID]
    own_units: frozenset[int]
    mode: str

    @classmethod
    def of(cls, user: User, units: list[Unit]) -> "Viewer":
        """`units` are all of them, as a tree. One query."""
        memberships = list(user.memberships.values_list("team_id", "unit_id"))
        own_units = {unit for _team, unit in memberships if unit}
        for unit in units:
            if unit.parent_id in own_units:
                own_units.add(unit.pk)
        return cls(
            is_administrator=user.is_administrator,
            own_teams=frozenset(team for team, _unit in memberships if team),
            own_units=frozenset(own_units),
            mode=NAMES if user.is_administrator else settings.OTHER_TEAMS,
        )

    def may_open(self, team: Team) -> bool:
        """Whether the page of the team is the person's to open: as `Team.objects.visible_to`, from what is known."""
        return self.is_administrator or self.sees_result(team)

    def sees_result(self, team: Team) -> bool:
        """Whether the person may know more of the team than levels: every role in the table but the administrator."""
        return team.pk in self.own_teams or team.unit_id in self.own_units
