"""From results to charts: picks the figures, `charts` does the geometry."""

from dataclasses import dataclass

from . import charts
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
    chart: charts.History


def scale_top(contents: Contents):
    """Where the scale of index or section score ends."""
    return (
        contents.top
        if contents.edition.uses_levels
        else as_fraction(str(contents.edition.scoring["bands"][-1]["upto"]))
    )


def radar_chart(standing: Standing) -> charts.Radar | None:
    series = [("Now", "now", standing.indexes(standing.result))]
    if standing.previous:
        series.append((f"{standing.previous.date:%B %Y}", "previous", standing.indexes(standing.previous)))
    return charts.radar([row.name for row in standing.dimensions], series, top=scale_top(standing.contents))


def _point(result: Result, *, beside: bool) -> HistoryPoint:
    level = "no level" if result.level is None else f"level {result.level}"
    index = charts.figure(result.index, result.places)
    return HistoryPoint(
        date=result.date,
        # Bands stand on a scale of their own; only levels share the scale of the index.
        level=result.level if result.edition.uses_levels else None,
        index=result.index,
        title=f"{result.date:%-d %B %Y}: {level}, index {index}{', short questionnaire' if result.is_short else ''}",
        url=result.get_absolute_url(),
        beside=beside,
        under_revision=result.state != Assessment.Status.CLOSED,
    )


def history_chart(past: TeamHistory, contents: Contents) -> charts.History | None:
    points = [_point(result, beside=False) for result in past.results]
    points += [_point(result, beside=True) for result in past.beside()]
    return charts.history(sorted(points, key=lambda point: point.date), top=scale_top(contents))


def small_multiples(past: TeamHistory, contents: Contents) -> list[SmallMultiple]:
    """One small history per dimension; empty before there are two results to join."""
    if len(past.results) < 2:
        return []
    figures, top = past.by_dimension(), scale_top(contents)
    return [
        _multiple(dimension.name, past, figures[dimension.key], top)
        for dimension in contents.dimensions
        if dimension.key in figures
    ]


def _multiple(name: str, past: TeamHistory, figures: dict, top) -> SmallMultiple:
    points = [
        HistoryPoint(date=result.date, level=level, index=index, title="", url="")
        for result in past.results
        for level, index in [figures.get(result.pk, (None, None))]
    ]
    newest = points[-1]
    chart = charts.history(points, top=top, width=220, height=70, small=True)
    return SmallMultiple(name=name, level=newest.level, index=charts.figure(newest.index), chart=chart)
