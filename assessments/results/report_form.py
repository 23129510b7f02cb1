"""What a report shows: which sections, and what is in it that is not for everybody who gets it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from ..permissions.access import Permissions
from ..permissions.roles import Permission
from .board_report import Private, ReportSection


class ReportForm(forms.Form):
    """Sections and what else is told; each is offered only to people who may see it on the result page."""

    section = forms.MultipleChoiceField(
        label=gettext_lazy("Sections"),
        choices=ReportSection.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    tell = forms.MultipleChoiceField(
        label=gettext_lazy("Also tell"),
        help_text=gettext_lazy("Left out unless you add it: a report reaches people who may not see this here."),
        choices=Private.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    # Without it, an address that names no section would look like one in which all were unticked.
    chosen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Mapping[str, Any], *, may: Permissions) -> None:
        super().__init__(data)
        tellable = [(value, label) for value, label in Private.choices if _may_tell(value, may)]
        if tellable:
            self.fields["tell"].choices = tellable  # type: ignore[attr-defined] # the stubs know a plain field only
        else:
            del self.fields["tell"]

    @classmethod
    def of(cls, query: QueryDict, may: Permissions) -> "ReportForm":
        """As the address says; an address that chooses nothing asks for all sections."""
        data = query.copy()
        if "chosen" not in data:
            data["chosen"] = "1"
            if "section" not in data:
                data.setlist("section", ReportSection.values)
        return cls(data, may=may)

    @property
    def sections(self) -> list[str]:
        """Those that are chosen; all if the choice makes no sense."""
        return list(self.cleaned_data["section"]) if self.is_valid() else list(ReportSection.values)

    @property
    def left_out(self) -> list[str]:
        """What of `Private` is not to be told; all of it if the choice makes no sense."""
        told = self.cleaned_data.get("tell", []) if self.is_valid() else []
        return [value for value in Private.values if value not in told]


def _may_tell(value: str, may: Permissions) -> bool:
    return may(Permission.SEE_VOTES if value == Private.VOTES else Permission.SEE_RESULT)
