"""From results to charts: picks the figures, `charts` does the geometry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from .. import charts, scoring
from ..charts import HistoryPoint
from ..models import Assessment, Result, Target
from ..models.contents import Contents
from ..models.results import as_fraction
from .history import TeamHistory, apart_from
from .report import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallMultiple:
    name: str
    level: int | None
    index: str
    chart: charts.History | None


def scale_top(contents: Contents):
    """Where the scale of index or section score ends."""
    if contents.edition.uses_levels:
        return contents.top
    return scoring.exact(contents.edition.scoring["bands"][-1]["upto"])


def radar_chart(standing: Standing) -> charts.Radar | None:
    series = [charts.RadarSeries("Now", "now", standing.indexes(standing.result))]
    if standing.previous:
        earlier = standing.indexes(standing.previous)
        then = apart_from(standing.previous.date, standing.result.date)
        series.append(charts.RadarSeries(then, "previous", earlier))
    if standing.uses_levels and any(row.target for row in standing.dimensions):
        wanted = [row.target.target.level if row.target else None for row in standing.dimensions]
        series.append(charts.RadarSeries("Target level", "target", wanted))
    names = [row.name for row in standing.dimensions]
    return charts.radar(names, series, top=scale_top(standing.contents), places=standing.contents.edition.places)


def _title(result: Result) -> str:
    """A result in one sentence, as a mark of the history is read out."""
    index = scoring.rounded(as_fraction(result.index_exact), result.places) or "–"
    if result.edition.uses_levels:
        figures = f"{'no level' if result.level is None else f'level {result.level}'}, index {index}"
    else:
        figures = f"{result.level_name}, lowest section score {index}"
    return f"{result.date:%-d %B %Y}: {figures}{', short questionnaire' if result.is_short else ''}"


def _point(past: TeamHistory, result: Result, *, beside: bool) -> HistoryPoint:
    return HistoryPoint(
        date=result.date,
        # Bands stand on a scale of their own; only levels share the scale of the index.
        level=result.level if result.edition.uses_levels else None,
        index=as_fraction(result.index_exact),
        title=_title(result),
        url=result.get_absolute_url(),
        beside=beside,
        under_revision=result.state != Assessment.Status.CLOSED,
        breaks=past.breaks_ladder(result),
        notes=tuple(past.notes(result)),
    )


def history_chart(past: TeamHistory, contents: Contents, targets: Iterable[Target] = ()) -> charts.History | None:
    """The line that is looked at, with what happened on the way and the overall targets."""
    points = [_point(past, result, beside=False) for result in past.shown]
    points += [_point(past, result, beside=True) for result in past.beside()]
    return charts.history(
        sorted(points, key=lambda point: point.date),
        top=scale_top(contents),
        places=contents.edition.places,
        marks=list(_marks(past)),
        aims=[_aim(target) for target in targets if contents.edition.uses_levels and not target.dimension],
    )


def _marks(past: TeamHistory) -> Iterator[charts.Mark]:
    for result in past.shown:
        if before := past.edition_change(result):
            title = f"{result.date:%-d %b %Y}: edition {before.edition.version} to {result.edition.version}"
            yield charts.Mark(date=result.date, letter="E", title=title)
        for each in past.reopenings.get(result.assessment_id, []):
            title = f"{each.at:%-d %b %Y}: opened again"
            yield charts.Mark(date=timezone.localdate(each.at), letter="R", title=title)


def _aim(target: Target) -> charts.Aim:
    return charts.Aim(
        level=target.level,
        since=timezone.localdate(target.set_at),
        due=target.due,
        title=f"level {target.level} by {target.due:%-d %b %Y}",
    )


def small_multiples(past: TeamHistory, contents: Contents, targets: Iterable[Target] = ()) -> list[SmallMultiple]:
    """One small history per dimension; empty before there are two results to join."""
    if len(past.shown) < 2:
        return []
    figures = past.by_dimension()
    aims: dict[str, list[charts.Aim]] = {}
    for target in targets:
        aims.setdefault(target.dimension, []).append(_aim(target))
    moments = [(result.pk, result.date, past.breaks_ladder(result)) for result in past.shown]
    top, places = scale_top(contents), contents.edition.places
    multiples = []
    for dimension in contents.dimensions:
        if of_result := figures.get(dimension.key):
            drawn = {"top": top, "places": places, "aims": aims.get(dimension.key, [])}
            multiples.append(_multiple(dimension.name, moments, of_result, **drawn))
    return multiples


def _multiple(name: str, moments: list, figures: dict, *, top, places: int, aims: list[charts.Aim]) -> SmallMultiple:
    """`moments` are results as (key, date, whether the ladder breaks there); `figures` (level, index) by such a key."""
    points = []
    for key, date, breaks in moments:
        level, index = figures.get(key, (None, None))
        points.append(HistoryPoint(date=date, level=level, index=index, title="", url="", breaks=breaks))
    chart = charts.history(points, top=top, width=220, height=70, small=True, places=places, aims=aims)
    newest = points[-1]
    return SmallMultiple(name=name, level=newest.level, index=charts.figure(newest.index, places), chart=chart)
