"""Whose portfolio it is, and what this person may know of each team."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from ..models import Team, Unit, User
from .rows import TeamInRow

#: What people see of teams that they may not open: their names, figures over all of them, or nothing.
NAMES, DISTRIBUTION, NOTHING = "names", "distribution", "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """`own_units` are the units that the person manages, and those below them.

    An outsider has no account; `named_units` are those whose teams are named to one, who may open none of them.
    """

    is_administrator: bool
    own_teams: frozenset[UUID]
    own_units: frozenset[int]
    mode: str
    is_outsider: bool = False
    named_units: frozenset[int] = frozenset()

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

    @classmethod
    def of_unit(cls, unit: int, units: list[Unit], *, names_teams: bool) -> "Viewer":
        """Somebody without an account who is shown the levels of the teams of one unit and below it.

        Without names, figures over them only.
        """
        inside = {unit}
        for other in units:
            if other.parent_id in inside:
                inside.add(other.pk)
        return cls(
            is_administrator=False,
            own_teams=frozenset(),
            own_units=frozenset(),
            mode=NOTHING if names_teams else DISTRIBUTION,
            is_outsider=True,
            named_units=frozenset(inside) if names_teams else frozenset(),
        )

    @property
    def names_every_team(self) -> bool:
        """Whether every team is shown by name; it spares a look at each of ten thousand."""
        return self.mode == NAMES

    def names(self, team: Team | TeamInRow) -> bool:
        """Whether the team is shown by name, with its levels."""
        return self.names_every_team or team.unit_id in self.named_units or self.may_open(team)

    def may_open(self, team: Team | TeamInRow) -> bool:
        """Whether the page of the team is the person's to open: as `Team.objects.visible_to`, from what is known."""
        return self.is_administrator or self.sees_result(team)

    @property
    def sees_any_result(self) -> bool:
        """Whether there can be such a team; for people without a role it spares a look at each of ten thousand."""
        return bool(self.own_teams or self.own_units)

    def sees_result(self, team: Team | TeamInRow) -> bool:
        """Whether the person may know more of the team than levels: every role in the table but the administrator."""
        return team.unit_id in self.own_units or team.pk in self.own_teams


@dataclass(frozen=True, slots=True)
class Linked:
    """Teams whose page somebody may open, to look them up: of ten thousand, fifty are drawn."""

    viewer: Viewer

    def __contains__(self, team: TeamInRow) -> bool:
        return self.viewer.may_open(team)
