"""What can be measured: the metrics that come with the product, and those of a framework's `metrics` block.

The bands of the delivery metrics are those that DORA (dora.dev) published in its State of DevOps reports. They change
from year to year, so each metric names its report; between two bands the limit of the better one decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from ..models import Framework, Measurement
from ..models.framework_texts import filled, joined
from ..models.frameworks import Contents

#: Far more than anything that is measured, and less than the column holds.
MOST = 1_000_000_000
#: Between the key of a framework and that of its metric.
OF = "/"

Text = str | Promise


class MetricUnit(StrEnum):
    A_MONTH = "a month"
    HOURS = "hours"
    PERCENT = "percent"
    #: The number of one of the answers that the framework gives.
    ANSWER = "answer"
    #: Of a metric that its framework no longer has.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricBand:
    """A range of values. `limit` is the worst value in it, or, if not `included`, the first beyond; None: the rest."""

    name: Text
    about: Text
    limit: Decimal | None = None
    included: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """What is measured, in which unit, and how it is read. `bands` go from the best to the worst.

    `framework` is empty for a metric that comes with the product.
    """

    key: str
    name: Text
    about: Text
    unit: MetricUnit
    more_is_better: bool
    bands: tuple[MetricBand, ...] = ()
    answers: Mapping[int, str] = field(default_factory=dict)
    source: Text = ""
    framework: Framework | None = None

    @property
    def full_key(self) -> str:
        """How files and addresses name it: `lead-time`, or with its framework `devops/lead-time`."""
        return f"{self.framework.key}{OF}{self.key}" if self.framework else self.key

    @property
    def full_name(self) -> str:
        if self.framework is None:
            return str(self.name)
        return filled(_("{name} ({framework})"), name=self.name, framework=self.framework.title)

    @property
    def place(self) -> tuple[int | None, str]:
        return (self.framework.pk if self.framework else None, self.key)

    def band_of(self, value: Decimal) -> MetricBand | None:
        for band in self.bands:
            if band.limit is None or (band.included and value == band.limit):
                return band
            if value != band.limit and (value > band.limit) == self.more_is_better:
                return band
        return None

    def in_words(self, value: Decimal) -> str:
        """A value with its unit: `52 hours`, `12.5%`, `4: one day to a week`."""
        number = number_format(_plain(value), use_l10n=True, force_grouping=True)
        match self.unit:
            case MetricUnit.A_MONTH:
                return _("{number} a month").format(number=number)
            case MetricUnit.HOURS:
                return _("1 hour") if value == 1 else _("{number} hours").format(number=number)
            case MetricUnit.PERCENT:
                return _("{number}%").format(number=number)
            case MetricUnit.ANSWER if value == int(value) and int(value) in self.answers:
                return filled(_("{number}: {answer}"), number=number, answer=self.answers[int(value)])
        return number

    def moved(self, before: Decimal, after: Decimal) -> int:
        """1 if it got better, -1 if worse, 0 if it is about the same: see `scoring.moved`."""
        whole = 100 if self.unit == MetricUnit.PERCENT else None
        # The next answer is a step however high the number is.
        least = Fraction(0) if self.unit == MetricUnit.ANSWER else scoring.LEAST_MOVE
        return scoring.moved(before, after, more_is_better=self.more_is_better, whole=whole, least=least)

    def check(self, value: Decimal) -> None:
        """Raises ValidationError with a sentence if there can be no such value."""
        if value < 0:
            raise ValidationError(_("The value cannot be negative."))
        if self.unit == MetricUnit.PERCENT and value > 100:
            raise ValidationError(_("A share goes from 0 to 100 percent."))
        if self.unit == MetricUnit.ANSWER and value not in self.answers:
            answers = [filled("{number}: {answer}", number=key, answer=text) for key, text in self.answers.items()]
            sentence = _("Write the number of one of the answers: {list}.")
            raise ValidationError(filled(sentence, list=joined("; ", answers)))
        if value > MOST:
            raise ValidationError(_("The value is too large."))


def _plain(value: Decimal) -> Decimal:
    """Without zeros that say nothing."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


_ELITE, _HIGH, _MEDIUM, _LOW = (gettext_lazy(name) for name in ("Elite", "High", "Medium", "Low"))


def _bands(*rows: tuple[Text, str | None, bool, Text]) -> tuple[MetricBand, ...]:
    return tuple(
        MetricBand(name=name, limit=None if limit is None else Decimal(limit), included=included, about=about)
        for name, limit, included, about in rows
    )


BUILT_IN = (
    MetricDefinition(
        key="deployment-frequency",
        name=gettext_lazy("Deployment frequency"),
        about=gettext_lazy("Deployments to production in the month."),
        unit=MetricUnit.A_MONTH,
        more_is_better=True,
        bands=_bands(
            (_ELITE, "30", False, gettext_lazy("more than one a day")),
            (_HIGH, "4", True, gettext_lazy("one a week to one a day")),
            (_MEDIUM, "1", True, gettext_lazy("one a month to one a week")),
            (_LOW, None, True, gettext_lazy("less than one a month")),
        ),
        source=gettext_lazy("DORA, State of DevOps 2024"),
    ),
    MetricDefinition(
        key="lead-time",
        name=gettext_lazy("Lead time for changes"),
        about=gettext_lazy("Hours from commit to running in production: the median of the changes of the month."),
        unit=MetricUnit.HOURS,
        more_is_better=False,
        bands=_bands(
            (_ELITE, "24", False, gettext_lazy("less than a day")),
            (_HIGH, "168", True, gettext_lazy("a day to a week")),
            (_MEDIUM, "730", True, gettext_lazy("a week to a month")),
            (_LOW, None, True, gettext_lazy("more than a month")),
        ),
        source=gettext_lazy("DORA, State of DevOps 2024"),
    ),
    MetricDefinition(
        key="change-failure-rate",
        name=gettext_lazy("Change failure rate"),
        about=gettext_lazy("Deployments of the month that needed a rollback or an immediate fix, in percent."),
        unit=MetricUnit.PERCENT,
        more_is_better=False,
        bands=_bands(
            (_ELITE, "5", True, gettext_lazy("up to 5%")),
            (_HIGH, "10", True, gettext_lazy("up to 10%")),
            (_MEDIUM, "15", True, gettext_lazy("up to 15%")),
            (_LOW, None, True, gettext_lazy("more than 15%")),
        ),
        source=gettext_lazy("DORA, State of DevOps 2023"),
    ),
    MetricDefinition(
        key="recovery-time",
        name=gettext_lazy("Failed deployment recovery time"),
        about=gettext_lazy(
            "Hours from a failed deployment to restored service: the median of the month. Also called time to restore "
            "service."
        ),
        unit=MetricUnit.HOURS,
        more_is_better=False,
        bands=_bands(
            (_ELITE, "1", False, gettext_lazy("less than an hour")),
            (_HIGH, "24", False, gettext_lazy("less than a day")),
            (_MEDIUM, "168", True, gettext_lazy("a day to a week")),
            (_LOW, None, True, gettext_lazy("more than a week")),
        ),
        source=gettext_lazy("DORA, State of DevOps 2023"),
    ),
    MetricDefinition(
        key="reliability",
        name=gettext_lazy("Reliability"),
        about=gettext_lazy("Share of the month in which the service met its targets, such as its SLOs, in percent."),
        unit=MetricUnit.PERCENT,
        more_is_better=True,
        source=gettext_lazy("DORA, which publishes no bands for it"),
    ),
)


def of_framework(contents: Contents) -> list[MetricDefinition]:
    """The metrics of a framework's `metrics` block: of shares less is better, of answers the highest is the best."""
    return [_defined(entry, contents.edition.framework) for entry in contents.edition.blocks.get("metrics", [])]


def _defined(entry: Mapping[str, Any], framework: Framework) -> MetricDefinition:
    # The keys of a JSON object are texts.
    answers = {int(number): text for number, text in (entry.get("values") or {}).items()}
    is_choice = entry["kind"] == scoring.metrics.CHOICE
    return MetricDefinition(
        key=entry["key"],
        name=entry["name"],
        about=entry["ask"],
        unit=MetricUnit.ANSWER if is_choice else MetricUnit.PERCENT,
        more_is_better=is_choice,
        answers=answers,
        framework=framework,
    )


def unknown(row: Measurement) -> MetricDefinition:
    """For what was measured of a metric that its framework no longer has; nothing is said of better or worse."""
    return MetricDefinition(
        key=row.metric,
        name=row.metric,
        about=_("The framework no longer has this metric."),
        unit=MetricUnit.UNKNOWN,
        more_is_better=True,
        framework=row.framework,
    )


def by_place(metrics: Iterable[MetricDefinition]) -> dict[tuple[int | None, str], MetricDefinition]:
    return {metric.place: metric for metric in metrics}
