"""Fetches a row for every team: its newest results, and its level on days of the past.

Reads results only. The newest result of each team is looked up in the index `result_line`, so that the cost does not
grow with the number of results.
"""

import datetime
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, CharField, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Replace

from ..models import PartResult, Result, Team
from ..models.results import ResultQuerySet
from ..web.dates import is_stale, months_since, now_everywhere, past_days
from .many_ids import ManyIds
from .rows import APART, Query, ResultInRow, TeamRow
from .viewer import NOTHING, Viewer


def team_rows(query: Query, *, viewer: Viewer, today: datetime.date) -> list[TeamRow]:
    """Every team that may be named or counted, by name, whatever unit and edition are asked for. Two queries."""
    # A result dated today by its team is in, wherever the team is: somewhere it may be tomorrow already.
    last_day = query.as_of or now_everywhere()
    here = {edition.pk for edition in query.edition.on_its_ladder(query.editions)}

    # Reading when each of a thousand teams was created took a tenth of the page.
    teams = Team.objects.only("unit", "name", "time_zone").order_by("name", "pk")
    # Of other teams an outsider sees nothing, but what may be shown of a unit depends on the others around it.
    if viewer.mode == NOTHING and not viewer.is_outsider:
        teams = teams.filter(Q(pk__in=viewer.own_teams) | Q(unit__in=viewer.own_units))
    newest = _newest_of_team(query).filter(date__lte=last_day)
    other = _results_of_team(query, query.other_questionnaire).filter(date__lte=last_day)
    level = Case(When(edition__in=here, then=F("level")), default=Value(APART[0]), output_field=IntegerField())
    # One annotation for each day of the past: `level_0` is the level on the oldest of them.
    levels_then = {}
    for number, day in enumerate(past_days(today)[:-1]):
        then = _newest_of_team(query).filter(date__lte=day).values(level_here=level)[:1]
        levels_then[f"level_{number}"] = Subquery(then)
    teams = teams.annotate(
        newest=Subquery(newest.values("pk")[:1]),
        before=Subquery(newest.values("pk")[1:2]),
        has_other=Exists(other.order_by()),
        **levels_then,
    )

    annotated = list(teams)
    results = _results({pk for team in annotated for pk in (team.newest, team.before) if pk})
    rows = []
    for team in annotated:
        newest_result = results.get(team.newest)
        previous = results.get(team.before)
        if newest_result and previous and not previous.is_on_the_ladder_of(newest_result):
            previous = None
        is_apart = newest_result is not None and newest_result.edition_id not in here
        level_now = newest_result.level if newest_result else None
        if is_apart:
            level_now = APART[0]
        row = TeamRow(
            team=team,
            is_named=viewer.names(team),
            newest=newest_result,
            previous=previous,
            levels_then=[*(getattr(team, name) for name in levels_then), level_now],
            is_apart=is_apart,
            is_stale=newest_result is not None and is_stale(newest_result.date, today),
            months=months_since(newest_result.date, today) if newest_result else 0,
            origin=(newest_result.origin or "") if newest_result and viewer.may_open(team) else "",
            only_other=query.other_questionnaire if team.has_other and not newest_result else "",
        )
        rows.append(row)
    return rows


def _newest_of_team(query: Query) -> ResultQuerySet:
    return _results_of_team(query, query.questionnaire).newest_first()


def _results_of_team(query: Query, questionnaire: str) -> ResultQuerySet:
    """What a team, to be named by the query around it, came to in this questionnaire."""
    return Result.objects.current_only().filter(
        framework=query.edition.framework_id, rule=query.rule, questionnaire=questionnaire, team=OuterRef("pk")
    )


def _results(ids: set[UUID]) -> dict[UUID, ResultInRow]:
    origin = "assessment__provenance__origin"
    columns = [origin if name == "origin" else name for name in ResultInRow._fields]
    rows = Result.objects.filter(pk__in=ManyIds(ids)).order_by().values_list(*columns)
    return {row[0]: ResultInRow(*row) for row in rows}


def newest_ids(rows: Iterable[TeamRow]) -> ManyIds:
    """The ids of their newest results."""
    return ManyIds(row.newest.pk for row in rows if row.newest)


def part_levels(results: Iterable[UUID]) -> dict[str, dict[tuple[str, str], int | None]]:
    """Levels by kind and key of part, by the digits of the result's id: making ids of them would take longest."""
    levels: dict[str, dict[tuple[str, str], int | None]] = {}
    rows = PartResult.objects.filter(result__in=ManyIds(results)).order_by()
    rows = rows.annotate(digits=Replace(Cast("result_id", CharField()), Value("-")))
    for digits, kind, key, level in rows.values_list("digits", "kind", "key", "level"):
        levels.setdefault(digits, {})[kind, key] = level
    return levels
