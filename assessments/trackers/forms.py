"""The form of a team's issue tracker."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Tracker
from ..models.trackers import NotAProject, TrackerKind, project_address
from ..web.revised_forms import RevisedForm

#: Numbers in Jira.
_DIGITS = r"[1-9][0-9]{0,17}"


def _number_field(label: Any, help_text: Any) -> forms.RegexField:
    return forms.RegexField(
        rf"^{_DIGITS}\Z",
        label=label,
        help_text=help_text,
        required=False,
        max_length=18,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": gettext_lazy("Enter a whole number, such as 10001.")},
    )


class TrackerForm(RevisedForm):
    kind = forms.ChoiceField(label=gettext_lazy("Tracker"), choices=TrackerKind.choices)
    address = forms.CharField(
        label=gettext_lazy("Address of the project"),
        help_text=gettext_lazy(
            "Copy it from your browser, such as https://github.com/acme/shop. Servers of your own work too."
        ),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    project = _number_field(
        gettext_lazy("Number of the project, for Jira"),
        gettext_lazy("Open /rest/api/2/project/KEY in your Jira, with the key of the project. It is the first “id”."),
    )
    issue_type = _number_field(
        gettext_lazy("Number of the kind of issue, for Jira"),
        gettext_lazy("On the same page, the “id” of the kind that you want within “issueTypes”."),
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, tracker: Tracker | None) -> None:
        names = ("kind", "address", "project", "issue_type", "revision")
        stored = {name: getattr(tracker, name) for name in names} if tracker else {"revision": 0}
        super().__init__(data, initial=stored)
        self.tracker = tracker

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind", "")
        if kind and "address" in cleaned:
            try:
                cleaned["address"] = project_address(kind, cleaned["address"])
            except NotAProject as error:
                self.add_error("address", str(error))
        if kind != TrackerKind.JIRA:
            for name in ("project", "issue_type"):
                # What was entered for another kind of tracker is not looked at.
                self.errors.pop(name, None)
                cleaned[name] = ""
        else:
            for name in ("project", "issue_type"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Jira needs this number."))
        return cleaned
