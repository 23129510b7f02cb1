"""The teams of a person at a glance: where each stands, and what is under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Subquery

from ..charts import ProfileBar, profile_bar
from ..models import Assessment, Membership, Result, SetbackReason, Target, Team, Unit, User
from ..models.results import as_fraction
from ..permissions.roles import Permission, may_in_team

#: So many teams are looked at, and so many are shown; the others are on the list of teams.
LOOKED_AT, SHOWN = 30, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamGlance:
    """A team with its newest result and the one before it in the same line; `explained` is whether a fall has a note.

    `unfinished` is the assessment that is under way, and `target` the next one for the level of the whole.
    """

    team: Team
    role: str
    result: Result | None
    previous: Result | None
    explained: bool
    unfinished: Assessment | None
    target: Target | None

    @property
    def state(self) -> str:
        if self.unfinished is not None:
            return str(self.unfinished.get_status_display())
        return str(Assessment.Status.CLOSED.label) if self.result else ""

    @property
    def is_under_way(self) -> bool:
        return self.unfinished is not None

    @property
    def change(self) -> int | None:
        """Of the level since the previous result; None if the two cannot be compared."""
        result, previous = self.result, self.previous
        if result is None or previous is None or result.level is None or previous.level is None:
            return None
        return result.level - previous.level if previous.is_on_the_ladder_of(result) else None

    @property
    def fell(self) -> bool:
        """Whether the level or the index of the whole reads lower than before."""
        result, previous = self.result, self.previous
        if result is None or previous is None:
            return False
        if self.change is not None and self.change < 0:
            return True
        now, before = as_fraction(result.index_exact), as_fraction(previous.index_exact)
        if now is None or before is None or not result.index_compares_to(previous):
            return False
        return result.index_scale.direction(now - before) < 0

    @property
    def needs_explanation(self) -> bool:
        return self.fell and not self.explained and may_in_team([self.role], Permission.EXPLAIN_SETBACK)

    @property
    def bar(self) -> ProfileBar | None:
        """One segment for each level above the floor, solid up to the level."""
        if self.result is None or self.result.level is None:
            return None
        level = self.result.level
        contents = self.result.edition.contents
        cells = [(rung.number, Fraction(int(rung.number <= level))) for rung in contents.rungs[1:]]
        target = self.target.level if self.target else None
        return profile_bar(cells, reached=level, top=contents.top, target=target)


class OwnTeams:
    """Seven queries at most, for any number of teams."""

    def __init__(self, glances: Sequence[TeamGlance], *, total: int, has_units: bool = False) -> None:
        """`has_units` is whether the person manages units, even if they have no team yet."""
        self.glances = glances
        self.total = total
        self.has_units = has_units

    @classmethod
    def of(cls, user: User) -> "OwnTeams":
        """The teams of which the person is a member, then those of their units, each by name."""
        memberships = list(Membership.objects.filter(user=user).values_list("role", "team_id", "unit_id"))
        roles = {team: role for role, team, _unit in memberships if team}
        if not memberships:
            return cls([], total=0)
        teams = Team.objects.filter(pk__in=list(roles)).select_related("unit").order_by("name")
        chosen: list[Team] = list(teams[:LOOKED_AT])
        total = len(roles)
        has_units = any(unit for _role, _team, unit in memberships)
        if has_units:
            chosen, total = cls._with_those_of_units(chosen, memberships)
        return cls(_glances(chosen, roles), total=total, has_units=has_units)

    @staticmethod
    def _with_those_of_units(own: list[Team], memberships: list[tuple]) -> tuple[list[Team], int]:
        """Those to look at, and how many there are: a team of which a manager is a member counts once."""
        of_person = [team for _role, team, _unit in memberships if team]
        units = Unit.objects.subtree_ids([unit for _role, _team, unit in memberships if unit])
        others = Team.objects.filter(unit__in=units).exclude(pk__in=of_person).select_related("unit").order_by("name")
        return own + list(others[: LOOKED_AT - len(own)]), len(of_person) + others.count()

    @cached_property
    def shown(self) -> list[TeamGlance]:
        """What is under way first."""
        return sorted(self.glances, key=lambda glance: not glance.is_under_way)[:SHOWN]

    @property
    def has_more(self) -> bool:
        return self.total > len(self.shown)

    @property
    def to_explain(self) -> list[TeamGlance]:
        return [glance for glance in self.glances if glance.needs_explanation]

    @property
    def can_start(self) -> list[TeamGlance]:
        """Teams in which nothing is under way, and in which the person starts assessments."""
        return [
            glance
            for glance in self.glances
            if not glance.is_under_way and may_in_team([glance.role], Permission.START)
        ]


def _glances(teams: Sequence[Team], roles: dict[UUID, str]) -> list[TeamGlance]:
    newest = _newest_results(teams)
    ids_before = [result.pk_before for result in newest.values() if result.pk_before]
    earlier = Result.objects.filter(pk__in=ids_before).defer("outcomes", "cells").wired()
    before = {result.pk: result for result in earlier}
    unfinished: dict[UUID, Assessment] = {}
    for assessment in Assessment.objects.unfinished().filter(team__in=teams).order_by("number"):
        unfinished[assessment.team_id] = assessment
    targets = _next_targets(newest)
    glances = []
    for team in teams:
        result = newest.get(team.pk)
        glances.append(
            TeamGlance(
                team=team,
                role=roles.get(team.pk, Membership.Role.MANAGER),
                result=result,
                previous=before.get(result.pk_before) if result else None,
                explained=result.is_explained if result else False,
                unfinished=unfinished.get(team.pk),
                target=targets.get(team.pk),
            )
        )
    return glances


def _newest_results(teams: Sequence[Team]) -> dict[UUID, Any]:
    """By team, each with the id of the one before it in its line, and whether there is a note on why it fell."""
    newest = Result.objects.current_only().filter(team=OuterRef("pk")).newest_first().values("pk")[:1]
    chosen = Team.objects.filter(pk__in=[team.pk for team in teams]).annotate(newest=Subquery(newest))
    ids = [pk for pk in chosen.values_list("newest", flat=True) if pk]
    same_line = Result.objects.current_only().filter(
        team=OuterRef("team"),
        framework=OuterRef("framework"),
        rule=OuterRef("rule"),
        questionnaire=OuterRef("questionnaire"),
    )
    same_day = Q(date=OuterRef("date"), closing__lt=OuterRef("closing"))
    earlier = same_line.filter(Q(date__lt=OuterRef("date")) | same_day).newest_first().values("pk")[:1]
    told = SetbackReason.objects.filter(result__assessment=OuterRef("assessment"))
    rows = Result.objects.filter(pk__in=ids).annotate(pk_before=Subquery(earlier), is_explained=Exists(told))
    return {result.team_id: result for result in rows.defer("outcomes", "cells").wired()}


def _next_targets(newest: dict[UUID, Any]) -> dict[UUID, Target]:
    """The next target for the whole, of the framework and rule of the newest result of each team."""
    targets: dict[UUID, Target] = {}
    for target in Target.objects.on_the_ladder_in_use().filter(team__in=list(newest), dimension="").order_by("due"):
        result = newest[target.team_id]
        is_of_line = target.framework_id == result.framework_id and target.rule in ("", result.rule)
        if is_of_line and target.team_id not in targets and target.due >= result.date:
            targets[target.team_id] = target
    return targets
