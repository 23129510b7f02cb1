"""The form with which a person makes a key for the API."""

import datetime
import ipaddress
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import ApiKey, KeyTerms
from ..models.names import PlainNameField
from ..models.participation import Pledge
from ..web.form_fields import DayField


class ApiKeyForm(forms.Form):
    """What a key is for, what it allows, how long it works and from where. `pledge` is its secret part."""

    #: Networks of one key.
    MOST_NETWORKS = 20

    name = PlainNameField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("What uses it, such as the name of a script.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it allows"),
        choices=ApiKey.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    expires_on = DayField(label=gettext_lazy("Works until"))
    networks = forms.CharField(
        label=gettext_lazy("Networks"),
        help_text=gettext_lazy("One a line, such as 192.0.2.0/24. The key works from nowhere else. Empty: everywhere."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    pledge = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("scopes", [ApiKey.Scope.READ.value])
        self.initial.setdefault("expires_on", timezone.localdate() + ApiKey.USUAL)
        self.initial.setdefault("pledge", Pledge.make())

    def clean_expires_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["expires_on"]
        today = timezone.localdate()
        if not today <= day <= today + ApiKey.LONGEST:
            raise forms.ValidationError(ApiKey.too_long())
        return day

    def clean_networks(self) -> tuple[str, ...]:
        lines = [line.strip() for line in self.cleaned_data["networks"].splitlines() if line.strip()]
        if len(lines) > self.MOST_NETWORKS:
            raise forms.ValidationError(_("Enter at most {count} networks.").format(count=self.MOST_NETWORKS))
        networks = []
        for line in lines:
            try:
                networks.append(str(ipaddress.ip_network(line, strict=False)))
            except ValueError:
                sentence = _("“{line}” is not a network. Write one like 192.0.2.0/24 or 2001:db8::/32.")
                raise forms.ValidationError(sentence.format(line=line)) from None
        return tuple(dict.fromkeys(networks))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["pledge"] = Pledge.redeem(cleaned.get("pledge", ""))
        if cleaned["pledge"] is None:
            raise forms.ValidationError(_("This page is too old. Open it again."))
        return cleaned

    @property
    def terms(self) -> KeyTerms:
        return KeyTerms(
            name=self.cleaned_data["name"],
            scopes=tuple(self.cleaned_data["scopes"]),
            expires_on=self.cleaned_data["expires_on"],
            networks=self.cleaned_data["networks"],
        )

    @property
    def token(self) -> str:
        return self.cleaned_data["pledge"]
