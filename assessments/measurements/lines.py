"""Figures as lines of text, pasted or from a CSV file: what each says, and what it would do to what is stored."""

import csv
import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..models import Measured, Measurement
from ..models.framework_texts import filled
from ..web.dates import month as month_in_words
from ..web.form_fields import LinkField
from ..web.given_tables import as_meant, separator_of
from .definitions import MetricDefinition
from .reading import read_month, read_value

#: In this order, unless the first line names the columns.
COLUMNS = ("metric", "month", "value", "link")
LONGEST_LINK = 500

NEW, CHANGE, KNOWN, PROBLEM = "new", "change", "known", "problem"
#: In which order the page shows them: first what needs a look.
ORDER = (PROBLEM, CHANGE, NEW, KNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """A line as it was given, and what it would do: `kind` is one of ORDER, `note` says it in a sentence."""

    number: int
    text: str
    kind: str
    note: str
    metric: MetricDefinition | None = None
    measured: Measured | None = None

    @property
    def month(self) -> str:
        return month_in_words(self.measured.month) if self.measured else ""

    @property
    def value(self) -> str:
        return self.metric.in_words(self.measured.value) if self.metric and self.measured else ""


@dataclass(slots=True, kw_only=True)
class FigurePlan:
    """Every line of a text with what it would do."""

    header: str
    lines: list[FigureLine] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        return Counter(line.kind for line in self.lines)

    @property
    def wanted(self) -> list[Measured]:
        """What the lines without a problem say."""
        return [line.measured for line in self.lines if line.measured]

    @property
    def has_something_to_add(self) -> bool:
        return bool(self.counts[NEW] or self.counts[CHANGE])

    def first(self, number: int) -> list[FigureLine]:
        """So many lines, those that need a look first."""
        return sorted(self.lines, key=lambda line: ORDER.index(line.kind))[:number]

    def seen(self) -> str:
        """What a page says that showed this plan, to notice that it would do something else by now."""
        said = hashlib.sha256()
        for line in self.lines:
            said.update(repr((line.text, line.kind, line.note)).encode("utf-8", "surrogatepass"))
        return said.hexdigest()

    def problem_text(self) -> str:
        """The lines with a problem as they were given, below the names of the columns, to be corrected."""
        lines = [line.text for line in self.lines if line.kind == PROBLEM]
        return "\n".join([self.header, *lines] if self.header else lines)


def plan_figures(
    text: str, *, metrics: Sequence[MetricDefinition], stored: Iterable[Measurement], today: datetime.date
) -> FigurePlan:
    """What these lines would do to what is stored."""
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip(" \t;,\ufeff")]
    separator = separator_of(line for _number, line in numbered)
    columns: tuple[str, ...] = COLUMNS
    header = ""
    if numbered:
        named = _columns_named_by(numbered[0][1], separator)
        if {"metric", "month", "value"} <= set(named):
            columns, header = named, numbered[0][1]
            numbered = numbered[1:]
    plan = FigurePlan(header=header)
    there = {row.place: row for row in stored}
    said: dict[tuple[object, ...], FigureLine] = {}
    for number, line in numbered:
        try:
            metric, measured = _read(line, separator, columns, metrics, today)
        except ValidationError as error:
            note = " ".join(error.messages)
            plan.lines.append(FigureLine(number=number, text=line, kind=PROBLEM, note=note))
            continue
        kind, note = _compared(measured, metric, there.get(measured.place), said.get(measured.place))
        planned = FigureLine(
            number=number,
            text=line,
            kind=kind,
            note=note,
            metric=metric,
            measured=None if kind == PROBLEM else measured,
        )
        said.setdefault(measured.place, planned)
        plan.lines.append(planned)
    return plan


def _cells(line: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([line.removeprefix("\ufeff")], delimiter=separator), [])
    except csv.Error as error:
        raise ValidationError(_("This line cannot be read. Type it again.")) from error
    return [as_meant(cell.strip()) for cell in cells]


def _columns_named_by(line: str, separator: str) -> tuple[str, ...]:
    """The columns that a first line names, in English or the language of the page; an unknown one is skipped."""
    try:
        cells = _cells(line, separator)
    except ValidationError:
        return ()
    names = {name: name for name in COLUMNS}
    names |= {_("Metric").lower(): "metric", _("Month").lower(): "month"}
    names |= {_("Value").lower(): "value", _("Link").lower(): "link"}
    return tuple(names.get(cell.lower(), "") for cell in cells)


def _read(
    line: str, separator: str, columns: Sequence[str], metrics: Sequence[MetricDefinition], today: datetime.date
) -> tuple[MetricDefinition, Measured]:
    cells = _cells(line, separator)
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        raise ValidationError(
            _("This line has more values than columns. Put a value that contains the separator in quotes.")
        )
    values = dict.fromkeys(COLUMNS, "") | {column: cell for column, cell in zip(columns, cells, strict=False) if column}
    metric = _metric_called(values["metric"], metrics)
    measured = Measured(
        framework=metric.framework,
        metric=metric.key,
        month=read_month(values["month"], today=today),
        value=read_value(values["value"], metric),
        link=LinkField(required=False, max_length=LONGEST_LINK).clean(values["link"]),
    )
    return metric, measured


def _metric_called(text: str, metrics: Sequence[MetricDefinition]) -> MetricDefinition:
    """By its key, with the one of its framework if that is needed, or by its name."""
    name = text.lower()
    for written in (
        lambda metric: metric.full_key,
        lambda metric: metric.full_name.lower(),
        lambda metric: metric.key,
        lambda metric: str(metric.name).lower(),
    ):
        called = [metric for metric in metrics if written(metric) == name]
        if len(called) == 1:
            return called[0]
    keys = ", ".join(metric.full_key for metric in metrics)
    if not name:
        raise ValidationError(_("The metric is missing. Write one of these: {list}.").format(list=keys))
    raise ValidationError(
        _("“{metric}” is not a metric of this team. Write one of these: {list}.").format(metric=text[:40], list=keys)
    )


def _compared(
    measured: Measured, metric: MetricDefinition, stored: Measurement | None, said: FigureLine | None
) -> tuple[str, str]:
    """What a line would do, and that in words."""
    if said is not None and said.measured is not None:
        if said.measured == measured:
            return KNOWN, _("The same as line {number}.").format(number=said.number)
        sentence = _("Line {number} has another value for the same month. Keep one of the two.")
        return PROBLEM, sentence.format(number=said.number)
    if stored is None:
        return NEW, _("Is added.")
    if stored.value != measured.value:
        return CHANGE, filled(_("Replaces {value}."), value=metric.in_words(Decimal(stored.value)))
    if stored.link != measured.link:
        return CHANGE, _("The value stays, the link changes.")
    return KNOWN, _("Is there already.")
