"""What a portfolio is asked for, and what it has of each team and each unit."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..models import Edition, Result, Team, Unit

#: Number and name, in place of those of a level, of results on another ladder: their levels mean something else.
APART = (-1, "on another ladder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked at: one line of history, and which teams. `as_of` is None for now.

    `editions` are all of the framework that are or were published: some may have another ladder of levels.
    """

    edition: Edition
    editions: Sequence[Edition]
    rule: str
    questionnaire: str = "full"
    unit: int | None = None
    only_edition: bool = False
    as_of: datetime.date | None = None
    sort: str = ""

    @property
    def other_questionnaire(self) -> str:
        return "short" if self.questionnaire == "full" else "full"


@dataclass(slots=True, kw_only=True)
class Row:
    """A team with its newest result and the one before it in the line; both None while there is none.

    A previous one on another ladder than the newest is none either: its levels meant something else. `is_apart` is a
    team whose newest result itself is on another ladder than the edition that is looked at. `only_other` is the
    questionnaire of which alone the team has results, where that is not the one that is looked at.
    """

    team: Team
    is_named: bool
    newest: Result | None
    previous: Result | None
    levels_then: list[int | None]
    is_apart: bool = False
    parts: dict[tuple, int | None] = field(default_factory=dict)
    parts_before: dict[tuple, int | None] = field(default_factory=dict)
    targets: dict[str, int] = field(default_factory=dict)
    is_stale: bool = False
    months: int = 0
    only_other: str = ""

    @property
    def level(self) -> int | None:
        return self.newest.level if self.newest else None

    @property
    def level_here(self) -> int | None:
        """The level on the ladder that is looked at: what can be counted, sorted, and held against a target."""
        return None if self.is_apart else self.level


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """A unit with all teams in it and below: how many, how many have a result, how many are at which level."""

    unit: Unit
    depth: int
    teams: int
    assessed: int
    counts: dict[int, int]
    median: int | None
    is_hidden: bool
