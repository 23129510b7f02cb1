"""The form of a team's issue tracker."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Tracker
from ..models.trackers import NotAProject, TrackerKind, project_address
from ..web.revised_forms import RevisedForm
from ..webhooks.forms import host_of
from .tracker_api import api_address

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


class AttemptForm(forms.Form):
    """How often creating an issue was tried before, as the page showed it."""

    attempt = forms.IntegerField(min_value=0, required=False)


class TrackerForm(RevisedForm):
    kind = forms.ChoiceField(label=gettext_lazy("Tracker"), choices=TrackerKind.choices)
    address = forms.CharField(
        label=gettext_lazy("Address of the project"),
        help_text=gettext_lazy(
            "Copy it from your browser, such as https://github.com/acme/shop. Servers of your own work too."
        ),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    project = _number_field(
        gettext_lazy("Number of the project"),
        gettext_lazy("Open /rest/api/2/project/KEY in your Jira, with the key of the project. It is the first “id”."),
    )
    issue_type = _number_field(
        gettext_lazy("Number of the kind of issue"),
        gettext_lazy("On the same page, the “id” of the kind that you want within “issueTypes”."),
    )

    account = forms.EmailField(
        label=gettext_lazy("Email of the token"),
        help_text=gettext_lazy(
            "Only for a token of Jira Cloud: the email of the account that made it. It is stored encrypted with it."
        ),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    token = forms.RegexField(
        r"^[!-~]+\Z",
        label=gettext_lazy("Token"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "off"}),
        error_messages={"invalid": gettext_lazy("A token has neither spaces nor letters with accents.")},
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, tracker: Tracker | None) -> None:
        names = ("kind", "address", "project", "issue_type", "revision")
        stored = {name: getattr(tracker, name) for name in names} if tracker else {"revision": 0}
        super().__init__(data, initial=stored)
        self.tracker = tracker
        self.fields["token"].help_text = (
            _("Leave this empty to keep the one that is stored. It is never shown.")
            if tracker and tracker.has_token
            else _(
                "With it, issues are created and their state is read without leaving Maturity. It needs the right to "
                "read and create issues of this project, and no other. It is stored encrypted and never shown again."
            )
        )

    @property
    def of_jira(self) -> list[forms.BoundField]:
        """What only Jira needs."""
        return [self[name] for name in ("project", "issue_type", "account")]

    @property
    def is_for_jira(self) -> bool:
        return self["kind"].value() == TrackerKind.JIRA

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
        if not self.errors:
            self._check_token(cleaned)
        return cleaned

    def _check_token(self, cleaned: dict[str, Any]) -> None:
        entered = Tracker(kind=cleaned["kind"], address=cleaned["address"])
        is_jira = entered.kind == TrackerKind.JIRA
        if not is_jira:
            cleaned["account"] = ""
        if cleaned["token"]:
            if is_jira and entered.address.endswith(".atlassian.net") and not cleaned["account"]:
                self.add_error("account", _("Jira Cloud needs the email that the token belongs to."))
                return
            try:
                host_of(api_address(entered))
            except forms.ValidationError as error:
                self.add_error("address", error)
        elif cleaned["account"]:
            self.add_error("token", _("Enter the token that belongs to this email."))
        elif self.tracker and self.tracker.has_token and self.tracker.place != entered.place:
            sentence = _("The stored token is for {place}. Enter one for the new address, or delete the token first.")
            self.add_error("token", sentence.format(place=self.tracker.place[1]))

    def values_of(self, row: Tracker) -> dict[str, Any]:
        # No page shows a token, so it is not compared.
        secret = {name: self.cleaned_data[name] for name in ("account", "token")}
        return secret | {name: getattr(row, name) for name in ("kind", "address", "project", "issue_type")}

    def terms(self) -> dict[str, Any]:
        """What TrackerQuerySet.set takes besides team and person."""
        cleaned = self.cleaned_data
        token = f"{cleaned['account']}:{cleaned['token']}" if cleaned["account"] else cleaned["token"]
        values = {name: cleaned[name] for name in ("kind", "address", "project", "issue_type")}
        return values | {"token": token, "seen": self.seen()}
