"""From results to charts: picks the figures, `charts` does the geometry."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .. import charts
from ..charts import HistoryPoint
from ..models import Assessment, Result, Target, Team
from ..models.frameworks import Contents
from ..models.results import as_fraction
from ..web.dates import apart_from, day, short_day
from .history import TeamHistory
from .report import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallMultiple:
    name: str
    level: int | None
    index: str
    chart: charts.History | None


def radar_chart(standing: Standing, *, behind: str = "") -> charts.Radar | None:
    """The index of each dimension; a point leads to the address `behind` followed by the key of its dimension."""
    series = [charts.RadarSeries(_("Now"), "now", standing.indexes(standing.result))]
    if standing.previous and standing.compares_index:
        earlier = standing.indexes(standing.previous)
        then = apart_from(standing.previous.date, standing.result.date)
        series.append(charts.RadarSeries(then, "previous", earlier))
    levels = [row.bar.target if row.bar else None for row in standing.dimensions]
    if any(level is not None for level in levels):
        reached_at = [standing.contents.index_at(level) for level in levels]
        series.append(charts.RadarSeries(_target_name(levels), "target", reached_at))
    names = [row.name for row in standing.dimensions]
    urls = [behind + row.key for row in standing.dimensions] if behind else []
    return charts.radar(names, series, scale=standing.contents.index_scale, urls=urls)


def _target_name(levels: Sequence[int | None]) -> str:
    """What the line of the targets is called: with its level where that is the same all around."""
    if len(set(levels)) == 1:
        return _("Target level {number}").format(number=levels[0])
    return _("Target level")


def _title(result: Result) -> str:
    """A result in one sentence, as a mark of the history is read out."""
    if not result.edition.uses_levels:
        sentence = _("{day}: {level}, lowest section score {index}")
        level = result.level_name
    elif result.level is None:
        sentence = _("{day}: no level, index {index}")
        level = ""
    else:
        sentence = _("{day}: level {level}, index {index}")
        level = str(result.level)
    title = sentence.format(day=day(result.date), level=level, index=result.index_text)
    return _("{title}, short questionnaire").format(title=title) if result.is_short else title


def _point(past: TeamHistory, result: Result, *, beside: bool) -> HistoryPoint:
    return HistoryPoint(
        date=result.date,
        # Bands stand on a scale of their own; only levels share the scale of the index.
        level=result.level if result.edition.uses_levels else None,
        level_at=result.edition.contents.index_at(result.level),
        index=as_fraction(result.index_exact),
        scale=result.index_scale,
        title=_title(result),
        url=result.get_absolute_url(),
        beside=beside,
        under_revision=result.state != Assessment.Status.CLOSED,
        breaks=past.breaks_ladder(result),
        notes=tuple(past.notes(result)),
    )


def history_chart(
    past: TeamHistory, contents: Contents, targets: Iterable[Target] = (), *, until: datetime.date | None = None
) -> charts.History | None:
    """The line that is looked at, with what happened on the way and the overall targets.

    The time axis reaches to `until`, if what is drawn ends before.
    """
    points = [_point(past, result, beside=False) for result in past.shown]
    points += [_point(past, result, beside=True) for result in past.beside()]
    return charts.history(
        sorted(points, key=lambda point: point.date),
        marks=list(_marks(past)),
        aims=[
            _aim(target, past.team, contents)
            for target in targets
            if contents.edition.uses_levels and not target.dimension
        ],
        until=until,
    )


def _marks(past: TeamHistory) -> Iterator[charts.Mark]:
    for result in past.shown:
        if before := past.edition_change(result):
            title = _("{day}: version {old} to {new}").format(
                day=short_day(result.date), old=before.edition.version, new=result.edition.version
            )
            yield charts.Mark(date=result.date, letter="E", title=title)
        for reopening in past.reopenings.get(result.assessment_id, []):
            reopened = past.team.day_of(reopening.at)
            title = _("{day}: reopened").format(day=short_day(reopened))
            yield charts.Mark(date=reopened, letter="R", title=title)


def _aim(target: Target, team: Team, contents: Contents) -> charts.Aim:
    at = contents.index_at(target.level)
    return charts.Aim(
        level=target.level if at is None else at,
        since=team.day_of(target.set_at),
        due=target.due,
        title=_("level {level} by {day}").format(level=target.level, day=short_day(target.due)),
    )


def small_multiples(past: TeamHistory, contents: Contents, targets: Iterable[Target] = ()) -> list[SmallMultiple]:
    """One small history per dimension; empty before there are two results to join."""
    if len(past.shown) < 2:
        return []
    figures = past.by_dimension()
    aims: dict[str, list[charts.Aim]] = {}
    for target in targets:
        aims.setdefault(target.dimension, []).append(_aim(target, past.team, contents))
    # One time axis for all of them, so that the same place is the same day.
    until = max((aim.due for key, of_dimension in aims.items() if key for aim in of_dimension), default=None)
    moments = [(result, past.breaks_ladder(result)) for result in past.shown]
    multiples = []
    for dimension in contents.dimensions:
        if of_result := figures.get(dimension.key):
            multiples.append(_multiple(dimension.name, moments, of_result, aims.get(dimension.key, []), until))
    return multiples


def _multiple(
    name: str, moments: list, figures: dict, aims: list[charts.Aim], until: datetime.date | None
) -> SmallMultiple:
    """`moments` are results with whether the ladder breaks there; `figures` (level, index) by key of the result."""
    points = []
    for result, breaks in moments:
        level, index = figures.get(result.pk, (None, None))
        point = HistoryPoint(
            date=result.date,
            level=level,
            level_at=result.edition.contents.index_at(level),
            index=index,
            scale=result.index_scale,
            title="",
            url="",
            breaks=breaks,
        )
        points.append(point)
    chart = charts.history(points, width=220, height=70, small=True, aims=aims, until=until)
    newest = points[-1]
    return SmallMultiple(name=name, level=newest.level, index=newest.scale.text(newest.index), chart=chart)
