"""Fetches a row for every team: its newest results, and its level on days of the past.

Reads results only.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Replace

from ..models import PartResult, Result, standings
from ..models.answering_sql import bound
from ..web.dates import is_stale, months_since, now_everywhere, past_days
from .many_ids import ManyIds
from .rows import APART, Query, ResultInRow, TeamInRow, TeamRow
from .viewer import NOTHING, Viewer

#: Where the columns of a team end, those of its newest result, and those of the one before it.
TEAM = 4
NEWEST = TEAM + 11
HISTORY = NEWEST + 5
#: What a team has instead, if it has no result of the line.
BY_OTHER_QUESTIONS, BY_ANOTHER_RULE = 1, 2
#: Results whose rows are kept in memory, with what their history says: about 1 KB each.
KEPT = 20_000

#: Every team with where it stood on the last day, by name.
_ROWS = """
SELECT t.id, t.unit_id, t.name, t.time_zone,
    s.result, s.edition, s.level, s.index_exact, s.date,
    s.agreement_exact, s.discuss, s.asked, s.respondents, s.participants, o.origin,
    s.previous, s.previous_edition, s.previous_level, s.previous_index_exact, s.previous_date, s.history,
    CASE WHEN s.result IS NOT NULL THEN 0 WHEN t.id IN (
        SELECT team_id FROM {standings}
        WHERE framework_id = %(framework)s AND rule = %(rule)s AND questionnaire = %(other_questionnaire)s
            AND date <= %(last_day)s
    ) THEN {by_other_questions} WHEN t.id IN (
        SELECT team_id FROM {standings} WHERE framework_id = %(framework)s AND date <= %(last_day)s
    ) THEN {by_another_rule} ELSE 0 END
FROM assessments_team t
LEFT JOIN {standings} s ON s.team_id = t.id
    AND s.framework_id = %(framework)s AND s.rule = %(rule)s AND s.questionnaire = %(questionnaire)s
    AND s.date <= %(last_day)s AND (s.until IS NULL OR s.until > %(last_day)s)
LEFT JOIN assessments_provenance o ON o.assessment_id = s.assessment_id
{which}
ORDER BY t.name, t.id
"""


def team_rows(query: Query, *, viewer: Viewer, today: datetime.date) -> list[TeamRow]:
    """Every team that may be named or counted, by name, whatever unit and edition are asked for. One query."""
    here = frozenset(edition.pk for edition in query.edition.on_its_ladder(query.editions))
    reading = _reading(tuple(past_days(today)[:-1]), here)
    # Teams were assessed on a few hundred days.
    age = cache(lambda day: (is_stale(day, today), months_since(day, today)))
    others = {BY_OTHER_QUESTIONS: query.other_questionnaire, BY_ANOTHER_RULE: "rule"}
    nothing = (None,) * (len(reading.days) + 1)
    rows = []
    for values in _fetched(query, viewer=viewer):
        team = TeamInRow(as_uuid(values[0]), *values[1:TEAM])
        if values[TEAM] is None:
            row = TeamRow(
                team=team,
                is_named=viewer.names(team),
                newest=None,
                previous=None,
                levels_then=nothing,
                only_other=others.get(values[HISTORY + 1], ""),
            )
            rows.append(row)
            continue
        newest, previous = _results(values[TEAM:HISTORY])
        is_apart = newest.edition_id not in here
        stale, months = age(newest.date)
        row = TeamRow(
            team=team,
            is_named=viewer.names(team),
            newest=newest,
            previous=previous,
            levels_then=_levels_then(values[HISTORY], newest.edition_id, reading),
            level_here=None if is_apart else newest.level,
            is_apart=is_apart,
            is_stale=stale,
            months=months,
            origin=newest.origin if newest.origin and viewer.may_open(team) else "",
        )
        rows.append(row)
    return rows


@lru_cache(KEPT)
def _results(values: tuple[Any, ...]) -> tuple[ResultInRow, ResultInRow | None]:
    """The result of a row, and the one before it if its levels mean the same."""
    pk, edition, level, index, date, *figures = values[: NEWEST - TEAM]
    newest = ResultInRow(UUID(pk), UUID(edition), level, index, as_date(date), *figures)
    pk, edition, level, index, date = values[NEWEST - TEAM :]
    if pk is None:
        return newest, None
    previous = ResultInRow(UUID(pk), UUID(edition), level, index, as_date(date))
    return newest, previous if previous.is_on_the_ladder_of(newest) else None


@dataclass(frozen=True, eq=False)
class Reading:
    """How histories are read: on the days of the past, and with the editions whose levels mean the same."""

    days: tuple[datetime.date, ...]
    here: frozenset[UUID]


#: The same one each time, so that it is quickly found again.
_reading = lru_cache(32)(Reading)


@lru_cache(KEPT)
def _levels_then(history: str, edition: UUID, reading: Reading) -> tuple[int | None, ...]:
    """The level on each day and now, from the history of a result of that edition: see `models/standings.py`."""
    steps: list[tuple[str, int | None]] = []
    for entry in reversed(history.split(" ")):
        day, text, *other = entry.split("/")
        edition = UUID(other[0]) if other else edition
        level = int(text) if text else None
        steps.append((day, level if edition in reading.here else APART[0]))
    ends = [day.isoformat() for day in reading.days]
    now = steps[0][1]
    return (*(next((level for day, level in steps if day <= end), None) for end in ends), now)


def as_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def as_date(value: Any) -> datetime.date:
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)


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
    statement = _ROWS.format(
        standings=standings.TABLE, which=which, by_other_questions=BY_OTHER_QUESTIONS, by_another_rule=BY_ANOTHER_RULE
    )
    # Perhaps of the replica.
    with connections[router.db_for_read(Result)].cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def newest_ids(rows: Iterable[TeamRow]) -> ManyIds:
    """The ids of their newest results."""
    return ManyIds(row.newest.pk for row in rows if row.newest)


def results_digest(rows: Iterable[TeamRow]) -> str:
    """Names what is counted over their newest results, which are frozen.

    With the counts kept, the portfolio of a thousand teams needs no queries over a hundred thousand frozen rows.
    """
    return blake2b(b"".join(row.newest.pk.bytes for row in rows if row.newest), digest_size=16).hexdigest()


def part_levels(results: Iterable[UUID]) -> dict[str, dict[tuple[str, str], int | None]]:
    """Levels by kind and key of part, by the digits of the result's id: making ids of them would take longest."""
    levels: dict[str, dict[tuple[str, str], int | None]] = {}
    rows = PartResult.objects.filter(result__in=ManyIds(results)).order_by()
    rows = rows.annotate(digits=Replace(Cast("result_id", CharField()), Value("-")))
    for digits, kind, key, level in rows.values_list("digits", "kind", "key", "level"):
        levels.setdefault(digits, {})[kind, key] = level
    return levels
