"""What a report of the portfolio shows."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from .portfolio_report import PortfolioSection


class PortfolioReportForm(forms.Form):
    """Sections, and whether the plan names people. What it is over, the filters of the portfolio say."""

    section = forms.MultipleChoiceField(
        label=gettext_lazy("Sections"),
        choices=PortfolioSection.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    names = forms.BooleanField(label=gettext_lazy("Name people in the plan"), required=False)
    # Without it, an address that names no section would look like one in which all were unticked.
    chosen = forms.CharField(widget=forms.HiddenInput, required=False)

    @classmethod
    def of(cls, query: QueryDict) -> "PortfolioReportForm":
        """As the address says; an address that chooses nothing asks for all sections."""
        data = query.copy()
        if "chosen" not in data:
            data["chosen"] = "1"
            if "section" not in data:
                data.setlist("section", PortfolioSection.values)
        return cls(data)

    @property
    def sections(self) -> list[str]:
        """Those that are chosen; all if the choice makes no sense."""
        return list(self.cleaned_data["section"]) if self.is_valid() else list(PortfolioSection.values)

    @property
    def tells_names(self) -> bool:
        return self.is_valid() and self.cleaned_data["names"]
