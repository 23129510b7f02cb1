"""Forms for figures: one by hand, several as lines, removing one."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ..models import Measured, Measurement
from ..web.form_fields import LinkField
from ..web.given_lines import GivenLinesForm
from ..web.revised_forms import RevisedForm
from .definitions import MetricDefinition
from .lines import LONGEST_LINK
from .reading import read_month, read_value

MOST_LINES = 2_000
MOST_LETTERS = 500_000
#: A few lines as the page shows them.
SAMPLE = (
    "metric,month,value,link\n"
    "lead-time,2026-09,52,https://example.org/delivery\n"
    "deployment-frequency,2026-09,14,\n"
    "change-failure-rate,2026-09,12.5,"
)


class MonthInput(forms.TextInput):
    """Browsers without a field for months show it as text."""

    input_type = "month"

    def format_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, datetime.date) else value


class FigureForm(RevisedForm):
    """A value of one metric in one month, and where it can be looked up."""

    metric = forms.ChoiceField(label=gettext_lazy("Metric"))
    month = forms.CharField(
        label=gettext_lazy("Month"),
        max_length=10,
        widget=MonthInput(attrs={"placeholder": "2026-10"}),
        help_text=gettext_lazy("Year and month, such as 2026-10."),
    )
    value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=gettext_lazy("A number, in the unit that the table below gives for the metric."),
    )
    link = LinkField(
        label=gettext_lazy("Link"),
        required=False,
        max_length=LONGEST_LINK,
        help_text=gettext_lazy("Where the value can be looked up."),
    )

    def __init__(
        self,
        data: Mapping[str, object] | None = None,
        *,
        metrics: Sequence[MetricDefinition],
        today: datetime.date,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.metrics = {metric.full_key: metric for metric in metrics}
        self.today = today
        self.fields["metric"].choices = [(key, metric.full_name) for key, metric in self.metrics.items()]

    def clean_month(self) -> datetime.date:
        return read_month(self.cleaned_data["month"], today=self.today)

    def clean_value(self) -> Decimal | str:
        metric = self.metrics.get(self.cleaned_data.get("metric", ""))
        return read_value(self.cleaned_data["value"], metric) if metric else self.cleaned_data["value"]

    def values_of(self, row: Measurement) -> dict[str, object]:
        return {
            "metric": self.cleaned_data["metric"],
            "month": row.month,
            "value": row.value,
            "link": row.link,
        }

    def measured(self) -> Measured:
        metric = self.metrics[self.cleaned_data["metric"]]
        return Measured(
            framework=metric.framework,
            metric=metric.key,
            month=self.cleaned_data["month"],
            value=self.cleaned_data["value"],
            link=self.cleaned_data["link"],
        )


class RemoveForm(RevisedForm):
    """Removing a figure, as the page showed it."""


class FigureLinesForm(GivenLinesForm):
    most_lines, most_letters = MOST_LINES, MOST_LETTERS
    line_help = gettext_lazy("One value a line: metric, month, value, link. The link can be left out.")
