"""Fetches a row for every team: its newest results, and its level on days of the past.

Reads results only.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, router
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Replace

from ..models import PartResult, Result, standings
from ..models.answering_sql import bound
from ..models.results import as_fraction
from ..scoring import IndexScale
from ..web.dates import is_stale, months_since, now_everywhere, past_days
from .many_ids import ManyIds
from .rows import APART, Query, ResultInRow, TeamInRow, TeamRow
from .viewer import NOTHING, Viewer

#: Rows that are kept in memory, 1.2 KB each: of today those of ten thousand teams in two lines, of past days in one.
KEPT, KEPT_OF_PAST_DAYS = 20_000, 12_000
#: Between what is told of a result. Only in the last of it can there be another one.
BAR = "|"
#: The digits of the id of a part's result.
_DIGITS = Replace(Cast("result_id", CharField()), Value("-"))

#: Every team with where it stood on the last day, by name. What is told of its results is one text: as columns of
#: their own, ten thousand rows took the driver and the memory four times as long. What else a team has is asked of the
#: few without a result in the line: as `IN` or `EXISTS`, PostgreSQL reads the results of all teams for it.
_ROWS = """
SELECT CAST(t.id AS text), t.unit_id, t.name, t.time_zone, {told},
    CASE WHEN s.result IS NOT NULL THEN '' WHEN (
        SELECT 1 FROM {standings} x
        WHERE x.team_id = t.id AND x.framework_id = %(framework)s AND x.rule = %(rule)s
            AND x.questionnaire = %(other_questionnaire)s AND x.date <= %(last_day)s
        LIMIT 1
    ) = 1 THEN %(other_questionnaire)s WHEN (
        SELECT 1 FROM {standings} x
        WHERE x.team_id = t.id AND x.framework_id = %(framework)s AND x.date <= %(last_day)s
        LIMIT 1
    ) = 1 THEN 'rule' ELSE '' END
FROM assessments_team t
LEFT JOIN {standings} s ON s.team_id = t.id
    AND s.framework_id = %(framework)s AND s.rule = %(rule)s AND s.questionnaire = %(questionnaire)s
    AND s.date <= %(last_day)s AND (s.until IS NULL OR s.until > %(last_day)s)
LEFT JOIN assessments_provenance o ON o.assessment_id = s.assessment_id
{which}
ORDER BY t.name, t.id
"""
#: Days, levels and editions are in the history, which ends with the newest result and the one before it.
_TOLD = (
    "s.result",
    "s.edition",
    "s.index_exact",
    "s.agreement_exact",
    "s.discuss",
    "s.asked",
    "s.respondents",
    "s.participants",
    "COALESCE(s.previous, '')",
    "COALESCE(s.previous_index_exact, '')",
    "s.history",
    "COALESCE(o.origin, '')",
)


@dataclass(frozen=True, eq=False)
class Reading:
    """How rows are read: on which day, and with which editions whose levels mean the same and are on that scale."""

    today: datetime.date
    stale_after: int
    here: frozenset[UUID]
    scale: IndexScale

    @cached_property
    def ends(self) -> list[str]:
        """The days of the past, the newest first."""
        return [day.isoformat() for day in past_days(self.today)[-2::-1]]

    @cached_property
    def nothing(self) -> tuple[None, ...]:
        """The levels of a team without a result."""
        return (None,) * (len(self.ends) + 1)


#: The same one each time, so that it is quickly found again.
_reading = lru_cache(32)(Reading)
#: Many results have the same edition.
_edition = lru_cache(1024)(UUID)


def team_rows(query: Query, *, viewer: Viewer, today: datetime.date) -> list[TeamRow]:
    """Every team that may be named or counted, by name, whatever unit and edition are asked for. One query."""
    here = frozenset(edition.pk for edition in query.edition.on_its_ladder(query.editions))
    reading = _reading(today, settings.STALE_AFTER_MONTHS, here, query.edition.contents.index_scale)
    row = _row_of_today if query.as_of is None else _row_of_past_day
    return [row(*values, reading) for values in _fetched(query, viewer=viewer)]


def _row(pk: str, unit: int, name: str, time_zone: str, told: str | None, only_other: str, reading: Reading) -> TeamRow:
    """The same one each time, for every page and everybody: nothing in it is about who looks."""
    team = TeamInRow(UUID(pk), unit, name, time_zone)
    if told is None:
        return TeamRow(team=team, newest=None, previous=None, levels_then=reading.nothing, only_other=only_other)
    newest, previous, steps = _results(told)
    is_apart = newest.edition_id not in reading.here
    level_fell, index_fell = _fell(newest, previous, reading)
    is_stale, months = _age(newest.date, reading)
    return TeamRow(
        team=team,
        newest=newest,
        previous=previous,
        levels_then=_levels_then(steps, reading),
        level_here=None if is_apart else newest.level,
        is_apart=is_apart,
        level_fell=level_fell,
        index_fell=index_fell and not is_apart,
        is_stale=is_stale,
        months=months,
    )


#: Apart, so that whoever looks at one past day after the other does not make the page of today slow for everybody.
_row_of_today = lru_cache(KEPT)(_row)
_row_of_past_day = lru_cache(KEPT_OF_PAST_DAYS)(_row)

#: Of a result: its day, level and edition.
Step = tuple[str, int | None, UUID]


def _results(told: str) -> tuple[ResultInRow, ResultInRow | None, list[Step]]:
    """The newest result, the one before it if its levels mean the same, and all up to the newest, newest first."""
    digits, edition, index, agreement, *others = told.split(BAR, len(_TOLD) - 1)
    *counts, previous_digits, previous_index, history, origin = others
    steps = list(_steps(history, _edition(edition)))
    day, level, edition_pk = steps[0]
    date = datetime.date.fromisoformat(day)
    discuss, asked, respondents, participants = map(int, counts)
    figures = agreement, discuss, asked, respondents, participants
    newest = ResultInRow(digits, edition_pk, level, index, date, *figures, origin)
    if not previous_digits:
        return newest, None, steps
    day, level, edition_pk = steps[1]
    date = datetime.date.fromisoformat(day)
    previous = ResultInRow(previous_digits, edition_pk, level, previous_index, date)
    return newest, previous if previous.is_on_the_ladder_of(newest) else None, steps


def _steps(history: str, edition: UUID) -> Iterator[Step]:
    """What a history says of each result, from a result of that edition back: see `models/standings.py`."""
    for entry in reversed(history.split(" ")):
        day, level, *other = entry.split("/")
        edition = _edition(other[0]) if other else edition
        yield day, int(level) if level else None, edition


def _levels_then(steps: list[Step], reading: Reading) -> tuple[int | None, ...]:
    """The level on each day of the past and now."""
    levels = [level if edition in reading.here else APART[0] for _day, level, edition in steps]
    then = [levels[0]]
    place = 0
    for end in reading.ends:
        while place < len(steps) and steps[place][0] > end:
            place += 1
        then.append(levels[place] if place < len(steps) else None)
    return tuple(reversed(then))


def _fell(newest: ResultInRow, previous: ResultInRow | None, reading: Reading) -> tuple[bool, bool]:
    """Whether the level is lower than in the result before, and whether only the index reads lower."""
    if previous is None:
        return False, False
    if newest.level is not None and previous.level is not None and newest.level < previous.level:
        return True, False
    index, before = as_fraction(newest.index_exact), as_fraction(previous.index_exact)
    return False, index is not None and before is not None and reading.scale.reads_lower(index, before)


@lru_cache(4096)
def _age(day: datetime.date, reading: Reading) -> tuple[bool, int]:
    """Whether a result of that day is stale, and its months. Teams were assessed on a few hundred days."""
    return is_stale(day, reading.today), months_since(day, reading.today)


def _fetched(query: Query, *, viewer: Viewer) -> list[tuple[Any, ...]]:
    # A result dated today by its team is in, wherever the team is: somewhere it may be tomorrow already.
    parameters: dict[str, Any] = {
        "framework": query.edition.framework_id,
        "rule": query.rule,
        "questionnaire": query.questionnaire,
        "other_questionnaire": query.other_questionnaire,
        "last_day": bound(query.as_of or now_everywhere()),
    }

    def given(name: str, values: Iterable[Any]) -> str:
        """Placeholders for these values, by this name with a number."""
        numbered = {f"{name}_{number}": bound(value) for number, value in enumerate(values)}
        parameters.update(numbered)
        return ", ".join(f"%({key})s" for key in numbered) or "NULL"

    which = ""
    # Of other teams an outsider sees nothing, but what may be shown of a unit depends on the others around it.
    if viewer.mode == NOTHING and not viewer.is_outsider:
        which = f"WHERE t.id IN ({given('team', viewer.own_teams)}) OR t.unit_id IN ({given('unit', viewer.own_units)})"
    statement = _ROWS.format(standings=standings.TABLE, told=f" || '{BAR}' || ".join(_TOLD), which=which)
    # Perhaps of the replica.
    with connections[router.db_for_read(Result)].cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def newest_ids(rows: Iterable[TeamRow]) -> ManyIds:
    """The ids of their newest results."""
    return ManyIds(row.newest.digits for row in rows if row.newest)


def results_digest(rows: Iterable[TeamRow]) -> str:
    """Names what is counted over their newest results, which are frozen.

    With the counts kept, the portfolio of a thousand teams needs no queries over a hundred thousand frozen rows.
    """
    digits = "".join([row.newest.digits for row in rows if row.newest])
    return blake2b(digits.encode(), digest_size=16).hexdigest()


def part_levels(results: Iterable[UUID | str]) -> dict[str, dict[tuple[str, str], int | None]]:
    """Levels by kind and key of part, by the digits of the result's id: making ids of them would take longest."""
    levels: dict[str, dict[tuple[str, str], int | None]] = {}
    rows = PartResult.objects.filter(result__in=ManyIds(results)).order_by()
    for digits, kind, key, level in rows.values_list(_DIGITS, "kind", "key", "level"):
        levels.setdefault(digits, {})[kind, key] = level
    return levels


def dimension_levels(key: str, rows: list[TeamRow]) -> list[int | None]:
    """The level of each row's newest result in a dimension."""
    parts = PartResult.objects.filter(result__in=newest_ids(rows), kind=PartResult.Kind.DIMENSION, key=key)
    levels = dict(parts.order_by().values_list(_DIGITS, "level"))
    return [levels.get(row.newest.digits) if row.newest else None for row in rows]
