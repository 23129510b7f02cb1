"""What a portfolio is asked for, and what it has for each team and each unit."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy

from ..models import Edition, Team, Unit
from ..models.frameworks import published_contents
from ..models.results import few_responded

#: Number and name that stand for the level of results on another ladder: their levels mean something else.
APART = (-1, gettext_lazy("on other levels"))
#: Values of `sort` that are of no dimension: by the level of the whole, and by the day of the result.
OVERALL, ASSESSED = "overall", "assessed"
#: What stands before the key of a dimension that is the same as one of these; no key has a colon in it.
OF_DIMENSION = "dimension:"
#: Of a row that is in no table; ten thousand rows with dictionaries of their own are garbage to look through.
UNKNOWN: Mapping = MappingProxyType({})
#: A value of `show`: teams that need attention for any reason.
ATTENTION = "attention"


class ConcernKind(TextChoices):
    """Why a team may need attention, the most serious first; each is a value of `show` too."""

    DOWN = "down", gettext_lazy("Went down")
    MISSED = "missed", gettext_lazy("Target past due")
    OVERDUE = "overdue", gettext_lazy("Overdue")
    STALE = "stale", gettext_lazy("Stale actions")
    NO_ACTIONS = "no-actions", gettext_lazy("No actions")
    DISAGREE = "disagree", gettext_lazy("People disagree")


def sort_by_dimension(key: str) -> str:
    """The value of `sort` for a dimension."""
    return f"{OF_DIMENSION}{key}" if key in {OVERALL, ASSESSED} else key


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to show: one line of history, and which teams. `as_of` is None for today.

    `show` is `ATTENTION` or a `ConcernKind`: the table has such teams only, the figures stay as they are.

    `editions` are all of the framework that are or were published; some may have another ladder of levels.
    """

    edition: Edition
    editions: Sequence[Edition]
    rule: str
    questionnaire: str = "full"
    unit: int | None = None
    only_edition: bool = False
    as_of: datetime.date | None = None
    sort: str = ""
    show: str = ""

    @property
    def other_questionnaire(self) -> str:
        return "short" if self.questionnaire == "full" else "full"

    @property
    def sorted_by(self) -> str:
        """The column that teams are sorted by: `OVERALL`, `ASSESSED`, that of a dimension, or empty for the name."""
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def is_filtered(self) -> bool:
        """Whether a filter may leave teams out."""
        return self.unit is not None or self.only_edition


class TeamInRow(NamedTuple):
    """Of a team, what a row needs, as `Team` has it."""

    pk: UUID
    unit_id: int
    name: str
    time_zone: str

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("team", args=[self.pk])

    def as_row(self) -> Team:
        """The team itself, as far as it is known."""
        return Team(pk=self.pk, unit_id=self.unit_id, name=self.name, time_zone=self.time_zone)


class ResultInRow(NamedTuple):
    """Of a result, what a row needs, as `Result` has it; of the one before the newest, only the first five.

    To make two thousand rows of those took 16% of the page. `digits` are those of its id.
    """

    digits: str
    edition_id: UUID
    level: int | None
    index_exact: str
    date: datetime.date
    agreement_exact: str = ""
    discuss: int = 0
    asked: int = 0
    respondents: int = 0
    participants: int = 0
    origin: str = ""

    @property
    def pk(self) -> UUID:
        return UUID(self.digits)

    @property
    def few_responded(self) -> str:
        """What to say beside its level if few people stand behind it; else empty."""
        return few_responded(responded=self.respondents, asked=self.participants)

    def is_on_the_ladder_of(self, other: "ResultInRow") -> bool:
        """Whether levels mean the same in both results."""
        if self.edition_id == other.edition_id:
            return True
        return published_contents(self.edition_id).ladder == published_contents(other.edition_id).ladder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TeamRow:
    """A team with its newest result and the one before it in the line, or None.

    A previous result on another ladder than the newest counts as none: its levels meant something else. `is_apart`
    says that the newest result itself is on another ladder than the edition shown. `only_other` is the questionnaire
    that the team has results with, if it has none with the one shown, or "rule" if it has some by another rule only.
    `level_here` is the level on the ladder shown: only this can be counted, sorted and compared with a target.
    `level_fell` says that it is lower than in the previous result, `index_fell` that only the index reads lower.
    """

    team: TeamInRow
    newest: ResultInRow | None
    previous: ResultInRow | None
    levels_then: tuple[int | None, ...]
    level_here: int | None = None
    is_apart: bool = False
    level_fell: bool = False
    index_fell: bool = False
    parts: Mapping[tuple[str, str], int | None] = field(default_factory=lambda: UNKNOWN)
    parts_before: Mapping[tuple[str, str], int | None] = field(default_factory=lambda: UNKNOWN)
    targets: Mapping[str, int] = field(default_factory=lambda: UNKNOWN)
    is_stale: bool = False
    months: int = 0
    only_other: str = ""

    @property
    def level(self) -> int | None:
        return self.newest.level if self.newest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """A unit with all teams in it and below that have a result: how many they are, and how many are at each level."""

    unit: Unit
    depth: int
    teams: int
    counts: dict[int, int]
    median: int | None
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionRow:
    """A dimension with the lower median of its levels, and how many teams are at each level."""

    key: str
    name: str
    median: int | None
    counts: dict[int, int]

    @property
    def sort(self) -> str:
        return sort_by_dimension(self.key)
