"""Figures as they are drawn below a team's history of levels, with the same figures as a table."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from django.utils.translation import gettext as _

from .. import charts
from ..models.framework_texts import filled
from ..scoring import DASH
from ..web.dates import month as month_in_words
from ..web.dates import short_month
from .definitions import MetricUnit
from .team_figures import MonthFigure, Series, TeamFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDrawn:
    """The figures of one metric, with their chart."""

    series: Series
    chart: charts.MeasuredChart
    #: The values at its upper and lower end; empty for zero.
    highest: str
    lowest: str

    @property
    def in_words(self) -> str:
        """From where to where it went."""
        first, newest = self.series.figures[0], self.series.newest
        if first is newest:
            return _title(newest)
        return filled(_("from {first} to {newest}"), first=_title(first), newest=_title(newest))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """A month in the table, with a cell for each metric."""

    month: datetime.date
    cells: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresDrawn:
    """The charts below a history, and the months in which there is something to see."""

    several: Sequence[SeriesDrawn]

    @classmethod
    def below(cls, history: charts.History | None, figures: TeamFigures) -> "FiguresDrawn | None":
        """None if no figure is on the time axis of the history."""
        if not history:
            return None
        drawn = [_drawn(series, history) for series in figures.series]
        several = [one for one in drawn if one]
        return cls(several=several) if several else None

    @property
    def rows(self) -> list[MonthRow]:
        """Newest first."""
        by_month = [{figure.month: figure for figure in drawn.series.figures} for drawn in self.several]
        months = sorted({month for figures in by_month for month in figures}, reverse=True)
        return [
            MonthRow(
                month=month,
                cells=[figures[month].in_words if month in figures else DASH for figures in by_month],
            )
            for month in months
        ]


def _title(figure: MonthFigure) -> str:
    return filled(_("{value} in {month}"), value=figure.in_words, month=month_in_words(figure.month))


def _drawn(series: Series, history: charts.History) -> SeriesDrawn | None:
    points = [
        charts.MeasuredPoint(month=figure.month, value=Fraction(figure.row.value), title=_point_title(figure))
        for figure in series.figures
    ]
    base = _base(series)
    chart = charts.measured(points, below=history, edges=_edges(series), base=Fraction(base))
    if chart is None:
        return None
    highest = max(figure.row.value for figure in series.figures if Fraction(figure.row.value) == chart.highest)
    in_words = series.metric.in_words
    return SeriesDrawn(series=series, chart=chart, highest=in_words(highest), lowest=in_words(base) if base else "")


def _base(series: Series) -> Decimal:
    """Zero; of a share that should be large as much as lets what is missing be seen, twice the most of it."""
    metric = series.metric
    if metric.unit != MetricUnit.PERCENT or not metric.more_is_better:
        return Decimal(0)
    missing = 100 - min(figure.row.value for figure in series.figures)
    # If nothing is missing, a line at the top.
    return max(Decimal(0), 100 - 2 * (missing or Decimal(50)))


def _point_title(figure: MonthFigure) -> str:
    title = filled("{month}: {value}", month=short_month(figure.month), value=figure.in_words)
    return f"{title}, {figure.band_name}" if figure.band_name else title


def _edges(series: Series) -> list[tuple[Fraction, str]]:
    """The limits between bands with the name of the band above: if less is better, that is the worse one."""
    bands = series.metric.bands
    return [
        (Fraction(better.limit), str((better if series.metric.more_is_better else worse).name))
        for better, worse in pairwise(bands)
        if better.limit is not None
    ]
