"""Fetches a row for every team: its newest results, and its level on days of the past.

Reads results only.
"""

import datetime
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Replace

from ..models import PartResult, Result
from ..models.answering_sql import bound
from ..web.dates import is_stale, months_since, now_everywhere, past_days
from .many_ids import ManyIds
from .rows import APART, Query, ResultInRow, TeamInRow, TeamRow
from .viewer import NOTHING, Viewer

#: Where the columns of a team end, those of its newest result, and those of the one before it.
TEAM = 4
NEWEST = TEAM + 11
BEFORE = NEWEST + 5
#: What stands for a level in `place * STEP + level`: none, or one on another ladder.
NO_LEVEL, ON_ANOTHER_LADDER, STEP = 998, 999, 1000
#: What a team has instead, if it has no result of the line.
BY_OTHER_QUESTIONS, BY_ANOTHER_RULE = 1, 2
LEVELS: dict[int, int | None] = {NO_LEVEL: None, ON_ANOTHER_LADDER: APART[0]}

#: Every team with the newest two results of the line, by name. Numbered in one pass over the line: looked up in an
#: index, once for each team and day, it took 2.5 s for ten thousand teams, and this takes 0.2 s. Of a day of the past
#: the result with the least place counts, and its level comes along with it.
_ROWS = """
WITH listed AS (
    SELECT id, unit_id, name, time_zone FROM assessments_team {which}
),
line AS (
    SELECT id, team_id, date,
        CASE WHEN edition_id IN ({here}) THEN COALESCE(level, {no_level}) ELSE {elsewhere} END AS level_here,
        ROW_NUMBER() OVER (PARTITION BY team_id ORDER BY date DESC, closing DESC, id DESC) AS place
    FROM assessments_result
    WHERE is_current AND former_team = '' AND framework_id = %(framework)s AND rule = %(rule)s
        AND questionnaire = %(questionnaire)s AND date <= %(last_day)s {of_listed}
),
past AS (
    SELECT team_id, {levels_then} FROM line GROUP BY team_id
)
SELECT t.id, t.unit_id, t.name, t.time_zone,
    n.id, CAST(n.edition_id AS text), n.level, n.index_exact, n.date,
    n.agreement_exact, n.discuss, n.asked, n.respondents, n.participants, o.origin,
    b.id, CAST(b.edition_id AS text), b.level, b.index_exact, b.date,
    CASE WHEN n.id IS NOT NULL THEN 0 WHEN t.id IN (
        SELECT team_id FROM assessments_result
        WHERE is_current AND former_team = '' AND framework_id = %(framework)s AND rule = %(rule)s
            AND questionnaire = %(other_questionnaire)s AND date <= %(last_day)s
    ) THEN {by_other_questions} WHEN t.id IN (
        SELECT team_id FROM assessments_result
        WHERE is_current AND former_team = '' AND framework_id = %(framework)s AND date <= %(last_day)s
    ) THEN {by_another_rule} ELSE 0 END,
    {days}
FROM listed t
LEFT JOIN line newest ON newest.team_id = t.id AND newest.place = 1
LEFT JOIN assessments_result n ON n.id = newest.id
LEFT JOIN assessments_provenance o ON o.assessment_id = n.assessment_id
LEFT JOIN line before ON before.team_id = t.id AND before.place = 2
LEFT JOIN assessments_result b ON b.id = before.id
LEFT JOIN past ON past.team_id = t.id
ORDER BY t.name, t.id
"""


def team_rows(query: Query, *, viewer: Viewer, today: datetime.date) -> list[TeamRow]:
    """Every team that may be named or counted, by name, whatever unit and edition are asked for. One query."""
    here = {edition.pk for edition in query.edition.on_its_ladder(query.editions)}
    editions = {text: edition.pk for edition in query.editions for text in (str(edition.pk), edition.pk.hex)}
    # Teams were assessed on a few hundred days.
    age = cache(lambda day: (is_stale(day, today), months_since(day, today)))
    others = {BY_OTHER_QUESTIONS: query.other_questionnaire, BY_ANOTHER_RULE: "rule"}
    rows = []
    for values in _fetched(query, viewer=viewer, here=here, days=past_days(today)[:-1]):
        team = TeamInRow(as_uuid(values[0]), *values[1:TEAM])
        newest = previous = None
        is_apart, stale, months, level_now = False, False, 0, None
        if values[TEAM] is not None:
            pk, edition, level, index, date, *figures = values[TEAM:NEWEST]
            newest = ResultInRow(as_uuid(pk), editions[edition], level, index, as_date(date), *figures)
            is_apart = newest.edition_id not in here
            level_now = APART[0] if is_apart else level
            stale, months = age(newest.date)
        if newest and values[NEWEST] is not None:
            pk, edition, level, index, date = values[NEWEST:BEFORE]
            previous = ResultInRow(as_uuid(pk), editions[edition], level, index, as_date(date))
            if not previous.is_on_the_ladder_of(newest):
                previous = None
        row = TeamRow(
            team=team,
            is_named=viewer.names(team),
            newest=newest,
            previous=previous,
            levels_then=[*[LEVELS.get(level, level) for level in values[BEFORE + 1 :]], level_now],
            level_here=None if is_apart or newest is None else newest.level,
            is_apart=is_apart,
            is_stale=stale,
            months=months,
            origin=(newest.origin or "") if newest and viewer.may_open(team) else "",
            only_other=others.get(values[BEFORE], ""),
        )
        rows.append(row)
    return rows


def as_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def as_date(value: Any) -> datetime.date:
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)


def _fetched(query: Query, *, viewer: Viewer, here: set[UUID], days: list[datetime.date]) -> list[tuple[Any, ...]]:
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

    which = of_listed = ""
    # Of other teams an outsider sees nothing, but what may be shown of a unit depends on the others around it.
    if viewer.mode == NOTHING and not viewer.is_outsider:
        which = f"WHERE id IN ({given('team', viewer.own_teams)}) OR unit_id IN ({given('unit', viewer.own_units)})"
        of_listed = "AND team_id IN (SELECT id FROM listed)"
    given("day", days)
    numbers = range(len(days))
    statement = _ROWS.format(
        which=which,
        of_listed=of_listed,
        here=given("edition", here),
        no_level=NO_LEVEL,
        elsewhere=ON_ANOTHER_LADDER,
        by_other_questions=BY_OTHER_QUESTIONS,
        by_another_rule=BY_ANOTHER_RULE,
        levels_then=", ".join(
            f"MIN(CASE WHEN date <= %(day_{n})s THEN place * {STEP} + level_here END) AS day_{n}" for n in numbers
        ),
        days=", ".join(f"past.day_{n} %% {STEP}" for n in numbers),
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
