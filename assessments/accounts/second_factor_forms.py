"""Forms for second factors."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import User
from ..models.encryption import Unreadable, decrypted, encrypted
from ..models.names import PlainNameField
from ..models.second_factors import new_secret, step_of

WRONG_CODE = gettext_lazy("This code is not right, or was used before.")
WRONG_PASSKEY = gettext_lazy("This passkey does not belong to the account, or the page was too old. Try again.")
NOT_THIS_PICTURE = gettext_lazy(
    "This is not the code for this picture. Wait for the next one. If it is wrong too, check the clock of your phone."
)


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code. Whether it is right, the view finds out: it then is used."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
    )


class AppForm(forms.Form):
    """Setting up an authenticator app: its first code shows that it has the secret.

    The page keeps the secret, encrypted, so that each page that is open sets up what it shows.
    """

    sealed = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)
    code = forms.CharField(
        label=gettext_lazy("Code that the app shows"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.secret = self._sent_secret() if self.is_bound else ""
        #: The time step of the code that was sent.
        self.step = 0
        if not self.secret:
            self.secret = new_secret()
            self.initial["sealed"] = encrypted(f"{owner.pk} {self.secret}")
            if self.is_bound:
                self.data = {**self.data.dict(), "sealed": self.initial["sealed"]}  # type: ignore[attr-defined]

    def _sent_secret(self) -> str:
        try:
            owner, _space, secret = decrypted(self.data.get("sealed", "")).partition(" ")
        except Unreadable:
            return ""
        return secret if owner == str(self.owner.pk) else ""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        step = step_of(self.secret, code)
        if step is None:
            raise forms.ValidationError(NOT_THIS_PICTURE)
        self.step = step
        return code

    @property
    def secret_in_groups(self) -> str:
        """As people type it: four letters each."""
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))


class PasskeyForm(forms.Form):
    """What the browser answered when it was asked for a passkey."""

    credential = forms.CharField(max_length=20_000, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        try:
            return json.loads(self.cleaned_data["credential"])
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(WRONG_PASSKEY) from error


class NewPasskeyForm(PasskeyForm):
    """A new passkey, and what its owner calls it."""

    name = PlainNameField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("Such as the device that it is on.")
    )
    field_order = ["name", "credential"]


class PasskeyNameForm(forms.Form):
    name = PlainNameField(label=gettext_lazy("Name"), max_length=60)


class ConfirmPasswordForm(forms.Form):
    """Asks for the password once more, before something about signing in is changed."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def clean_password(self) -> str:
        if not self.owner.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError(_("This is not your current password."))
        return self.cleaned_data["password"]
