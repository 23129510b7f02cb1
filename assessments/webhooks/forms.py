"""The form of a webhook. Its address is checked here, and again each time something is sent to it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Webhook
from ..models.names import PlainNameField
from ..web.revised_forms import RevisedForm
from .addresses import LONGEST, NoSuchHost, NotAllowed, NotAnAddress, allowed_addresses, parsed_destination


def host_of(address: str) -> str:
    """The part of an address that is shown. Raises ValidationError if nothing may be sent there."""
    try:
        destination = parsed_destination(address)
        allowed_addresses(destination)
    except NotAnAddress as error:
        raise forms.ValidationError(
            _("Enter an address that begins with https://, without spaces and without a password in it.")
        ) from error
    except NoSuchHost as error:
        raise forms.ValidationError(_("This name cannot be found. Check the address.")) from error
    except NotAllowed as error:
        raise forms.ValidationError(
            _(
                "This address is not allowed: it must be public and begin with https://. An administrator of the "
                "server can allow others with WEBHOOK_NETWORKS."
            )
        ) from error
    return destination.host_header


def happenings_for(*, of_team: bool) -> list[tuple[str, Any]]:
    """Only webhooks of the organisation hear of rounds; a team hears of its assessment."""
    left_out = {Webhook.Happening.ROUND_STARTED} if of_team else set()
    return [(code, label) for code, label in Webhook.Happening.choices if code not in left_out]


class WebhookForm(forms.Form):
    asks_for_proof = False

    name = PlainNameField(
        label=gettext_lazy("Name"), help_text=gettext_lazy("Such as the channel it leads to."), max_length=80
    )
    kind = forms.ChoiceField(label=gettext_lazy("Sends to"), choices=Webhook.Kind.choices)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "The address that Slack, Mattermost or the workflow in Teams shows for its incoming webhook. It is stored "
            "encrypted and never shown again."
        ),
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    happenings = forms.MultipleChoiceField(
        label=gettext_lazy("Sends a message when"),
        choices=Webhook.Happening.choices,
        initial=[Webhook.Happening.OPENED, Webhook.Happening.CLOSED],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, of_team: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["happenings"].choices = happenings_for(of_team=of_team)

    def clean_address(self) -> str:
        address = self.cleaned_data["address"]
        self.host = host_of(address)
        return address

    def values(self) -> dict[str, Any]:
        """What a new webhook is made of."""
        return {**self.cleaned_data, "host": self.host}

    @property
    def http_status(self) -> int:
        return 422 if self.is_bound and self.errors else 200


class WebhookChangeForm(RevisedForm):
    """Another name, other happenings, another address. The stored one is never shown, and stays without a new one."""

    asks_for_proof = False

    name = PlainNameField(label=gettext_lazy("Name"), max_length=80)
    happenings = forms.MultipleChoiceField(
        label=gettext_lazy("Sends a message when"),
        choices=Webhook.Happening.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    address = forms.CharField(
        label=gettext_lazy("New address"),
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, webhook: Webhook) -> None:
        stored = {"name": webhook.name, "happenings": webhook.happenings, "revision": webhook.revision}
        super().__init__(data, initial=stored)
        self.host = webhook.host
        self.fields["happenings"].choices = happenings_for(of_team=webhook.team_id is not None)
        self.fields["address"].help_text = _(
            "Leave this empty to keep the present one, at {host}. A new one is stored encrypted and never shown again."
        ).format(host=webhook.host)

    def clean_address(self) -> str:
        address = self.cleaned_data["address"]
        if address:
            self.host = host_of(address)
        return address

    def values(self) -> dict[str, Any]:
        return {**super().values(), "host": self.host}

    def values_of(self, row: Any) -> dict[str, Any]:
        # No page shows an address, so it is not compared.
        return {"name": row.name, "happenings": row.happenings, "address": self.cleaned_data["address"]}
