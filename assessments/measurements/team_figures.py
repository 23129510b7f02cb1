"""The figures of a team, by metric: what is known of a month, and how it moved between two results."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..charts.measured import MIDDLE
from ..models import Edition, Measurement, Result, Team
from ..models.framework_texts import filled, joined
from ..models.frameworks import Contents
from ..web.dates import shifted
from . import definitions
from .definitions import MetricDefinition

#: Of a result that is closed in the first days of a month, the month before is the newest that is known.
MONTHS_BACK = 1
MOVED = {1: gettext_lazy("better"), 0: gettext_lazy("about the same"), -1: gettext_lazy("worse")}


def months_known_for(day: datetime.date) -> list[datetime.date]:
    """The months whose figures stand for a day, the one to prefer last."""
    month = day.replace(day=1)
    return [shifted(month, -back) for back in range(MONTHS_BACK, -1, -1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigure:
    """One value with what it is a value of."""

    metric: MetricDefinition
    row: Measurement

    @property
    def month(self) -> datetime.date:
        return self.row.month

    @property
    def in_words(self) -> str:
        return self.metric.in_words(self.row.value)

    @property
    def band(self) -> str:
        """The band with what it means: `High: a day to a week`; empty for a metric without bands."""
        band = self.metric.band_of(self.row.value)
        return _("{name}: {about}").format(name=band.name, about=band.about) if band else ""

    @property
    def band_name(self) -> str:
        band = self.metric.band_of(self.row.value)
        return str(band.name) if band else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All figures of one metric, oldest first; there is one at least."""

    metric: MetricDefinition
    figures: Sequence[MonthFigure]

    @property
    def newest(self) -> MonthFigure:
        return self.figures[-1]

    @property
    def newest_first(self) -> list[MonthFigure]:
        return list(reversed(self.figures))

    def at(self, day: datetime.date) -> MonthFigure | None:
        """What is known for this day: of its month, else of the month before."""
        months = months_known_for(day)
        known = [figure for figure in self.figures if figure.month in months]
        return known[-1] if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """A figure for the day of a result, beside that for an earlier one. `moved` is 1 if better, 0 if not, -1 if worse.

    Without an earlier one `moved` is None.
    """

    after: MonthFigure
    before: MonthFigure | None = None

    @property
    def metric(self) -> MetricDefinition:
        return self.after.metric

    @property
    def moved(self) -> int | None:
        if self.before is None or self.metric.unit == definitions.MetricUnit.UNKNOWN:
            return None
        return self.metric.moved(self.before.row.value, self.after.row.value)

    @property
    def moved_in_words(self) -> str:
        return "" if self.moved is None else str(MOVED[self.moved])

    @property
    def span(self) -> str:
        """Both values in words."""
        before = self.before.in_words if self.before else ""
        return filled(_("{before}, then {after}"), before=before, after=self.after.in_words)


class TeamFigures:
    """The figures of a team that a page is about, in the order of their metrics."""

    def __init__(self, rows: Iterable[Measurement], metrics: Sequence[MetricDefinition]) -> None:
        """`rows` are in the order of their months. Those of metrics that are not among `metrics` come last."""
        by_place: dict[tuple[int | None, str], list[Measurement]] = {metric.place: [] for metric in metrics}
        for row in rows:
            by_place.setdefault((row.framework_id, row.metric), []).append(row)
        defined = definitions.by_place(metrics)
        self.series = []
        for place, of_metric in by_place.items():
            if of_metric:
                metric = defined.get(place) or definitions.unknown(of_metric[0])
                figures = [MonthFigure(metric=metric, row=row) for row in of_metric]
                self.series.append(Series(metric=metric, figures=figures))

    @classmethod
    def beside(cls, team: Team, contents: Contents) -> "TeamFigures":
        """Those of built-in metrics and of one framework. One query."""
        return cls.of(team.measurements.beside(contents.edition.framework_id), contents)

    @classmethod
    def of(cls, rows: Iterable[Measurement], contents: Contents) -> "TeamFigures":
        """The same of rows that are read already, without a query."""
        metrics = [*definitions.BUILT_IN, *definitions.of_framework(contents)]
        known = list(rows)
        for row in known:
            row.framework = contents.edition.framework if row.framework_id else None
        return cls(known, metrics)

    def __bool__(self) -> bool:
        return bool(self.series)

    @property
    def last_day(self) -> datetime.date | None:
        """Where the newest one stands on a time axis."""
        newest = max((series.newest.month for series in self.series), default=None)
        return newest and newest.replace(day=MIDDLE)

    def for_result(self, result: Result, previous: Result | None = None) -> list[FigureChange]:
        """What is known for the day of a result, beside what was known for the one before it."""
        return self.between(result.date, previous.date if previous else None)

    def between(self, day: datetime.date, earlier: datetime.date | None) -> list[FigureChange]:
        """The same for two days."""
        changes = []
        for series in self.series:
            if after := series.at(day):
                before = series.at(earlier) if earlier else None
                # One month stands for both if the results are close to each other: that is no comparison.
                if before and before.month == after.month:
                    before = None
                changes.append(FigureChange(before=before, after=after))
        return changes

    def not_followed(self, result: Result, previous: Result | None) -> str:
        """That the level rose and figures did not get better, in words; empty if it is not so.

        Said if the level of the whole is higher than in the result before it in its history, on the same ladder, and
        a figure that is known for both did not get better: `scoring.moved` says what better is.
        """
        if previous is None or not _rose(result, previous):
            return ""
        left = [change for change in self.for_result(result, previous) if change.moved in (0, -1)]
        if not left:
            return ""
        about_each = [
            filled(
                _("{metric} ({span}, {moved})"),
                metric=change.metric.name,
                span=change.span,
                moved=change.moved_in_words,
            )
            for change in left
        ]
        sentence = ngettext(
            "The level rose from {before} to {after}. This figure did not get better: {list}.",
            "The level rose from {before} to {after}. These figures did not get better: {list}.",
            len(left),
        )
        return filled(sentence, before=_named(previous), after=_named(result), list=joined("; ", about_each))


def _rose(result: Result, previous: Result) -> bool:
    is_same_line = (result.rule, result.questionnaire) == (previous.rule, previous.questionnaire)
    if not is_same_line or not previous.is_on_the_ladder_of(result):
        return False
    return result.level is not None and previous.level is not None and result.level > previous.level


def _named(result: Result) -> str:
    return str(result.level) if result.edition.uses_levels else result.level_name


def metrics_for(team: Team) -> list[MetricDefinition]:
    """What a team can enter: the built-in metrics, and those of the frameworks that it is or was assessed in."""
    used = set(team.assessments.order_by().values_list("edition__framework", flat=True))
    editions = [edition for edition in Edition.objects.usable() if edition.framework_id in used]
    metrics = list(definitions.BUILT_IN)
    for edition in editions:
        metrics += definitions.of_framework(edition.contents)
    return metrics
