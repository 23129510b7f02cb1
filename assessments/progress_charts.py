"""From results to charts: picks the figures, `charts` does the geometry."""

from dataclasses import dataclass

from . import charts, scoring
from .charts import HistoryPoint
from .history import TeamHistory
from .models import Assessment, Result
from .models.frameworks import Contents
from .models.results import as_fraction
from .standing import Standing


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
        series.append(charts.RadarSeries(f"{standing.previous.date:%B %Y}", "previous", earlier))
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


def _point(result: Result, *, beside: bool) -> HistoryPoint:
    return HistoryPoint(
        date=result.date,
        # Bands stand on a scale of their own; only levels share the scale of the index.
        level=result.level if result.edition.uses_levels else None,
        index=as_fraction(result.index_exact),
        title=_title(result),
        url=result.get_absolute_url(),
        beside=beside,
        under_revision=result.state != Assessment.Status.CLOSED,
    )


def history_chart(past: TeamHistory, contents: Contents) -> charts.History | None:
    points = [_point(result, beside=False) for result in past.results]
    points += [_point(result, beside=True) for result in past.beside()]
    points.sort(key=lambda point: point.date)
    return charts.history(points, top=scale_top(contents), places=contents.edition.places)


def small_multiples(past: TeamHistory, contents: Contents) -> list[SmallMultiple]:
    """One small history per dimension; empty before there are two results to join."""
    if len(past.results) < 2:
        return []
    figures = past.by_dimension()
    return [
        _multiple(dimension.name, past, figures[dimension.key], contents)
        for dimension in contents.dimensions
        if dimension.key in figures
    ]


def _multiple(name: str, past: TeamHistory, figures: dict, contents: Contents) -> SmallMultiple:
    points = [
        HistoryPoint(date=result.date, level=level, index=index, title="", url="")
        for result in past.results
        for level, index in [figures.get(result.pk, (None, None))]
    ]
    newest, places = points[-1], contents.edition.places
    chart = charts.history(points, top=scale_top(contents), width=220, height=70, small=True, places=places)
    return SmallMultiple(name=name, level=newest.level, index=charts.figure(newest.index, places), chart=chart)
