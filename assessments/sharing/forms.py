"""Forms for making a link to a report, and for the password of one."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Edition, Framework, ShareLink, ShareTerms
from ..models.participation import Pledge
from ..portfolio.portfolio_report import PortfolioSection
from ..results.board_report import ReportSection
from ..web.form_fields import DayField, FrameworkSelect

#: What can be left out of the report of a portfolio.
TEAM_NAMES = "team-names"


class ShareForm(forms.Form):
    """How long a link to a result works, who can open it, and what it leaves out. `pledge` is its token."""

    LEFT_OUT: Sequence[tuple[str, Any]] = ReportSection.choices
    #: People write actions for themselves, so they stay inside unless somebody decides otherwise.
    USUALLY_LEFT_OUT: Sequence[str] = (ReportSection.PLAN.value,)

    expires_on = DayField(label=gettext_lazy("Works until"))
    password = forms.CharField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy(
            "At least 8 characters. Whoever opens the link is asked for it; tell them by another way than the link."
        ),
        required=False,
        min_length=8,
        max_length=128,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    leaves_out = forms.MultipleChoiceField(
        label=gettext_lazy("Leave out"),
        help_text=gettext_lazy("Sections of the report. Its summary stays as it is."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    pledge = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leaves_out"].choices = self.LEFT_OUT
        self.initial.setdefault("expires_on", timezone.localdate() + ShareLink.USUAL)
        self.initial.setdefault("leaves_out", list(self.USUALLY_LEFT_OUT))
        self.initial.setdefault("pledge", Pledge.make())

    def clean_expires_on(self) -> datetime.date:
        day = self.cleaned_data["expires_on"]
        today = timezone.localdate()
        if not today <= day <= today + ShareLink.LONGEST:
            raise forms.ValidationError(ShareLink.too_long())
        return day

    def clean_pledge(self) -> str:
        token = Pledge.redeem(self.cleaned_data["pledge"])
        if token is None:
            raise forms.ValidationError(_("This page is too old. Open it again."))
        return token

    @property
    def terms(self) -> ShareTerms:
        return ShareTerms(
            expires_on=self.cleaned_data["expires_on"],
            leaves_out=tuple(self.cleaned_data["leaves_out"]),
            password=self.cleaned_data["password"],
        )

    @property
    def token(self) -> str:
        return self.cleaned_data["pledge"]


class SharePortfolioForm(ShareForm):
    """The same for the portfolio of a unit, in one framework."""

    LEFT_OUT = [
        (TEAM_NAMES, gettext_lazy("Names of teams")),
        (PortfolioSection.TEAMS.value, PortfolioSection.TEAMS.label),
        (PortfolioSection.DISTRIBUTION.value, PortfolioSection.DISTRIBUTION.label),
    ]
    USUALLY_LEFT_OUT = ()

    framework = forms.ChoiceField(widget=FrameworkSelect, label=gettext_lazy("Framework"))
    field_order = ["framework"]

    def __init__(self, *args: Any, editions: Iterable[Edition], **kwargs: Any) -> None:
        """`editions` are those that are published."""
        super().__init__(*args, **kwargs)
        self.fields["leaves_out"].help_text = _(
            "Without names, the report has figures only, and none over fewer than four teams."
        )
        self.frameworks = {edition.framework.key: edition.framework for edition in editions}
        self.fields["framework"].choices = [(key, framework.title) for key, framework in self.frameworks.items()]

    def chosen_framework(self) -> Framework:
        return self.frameworks[self.cleaned_data["framework"]]


class SharePasswordForm(forms.Form):
    """What somebody is asked who opens a link with a password."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
