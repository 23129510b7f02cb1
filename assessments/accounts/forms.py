"""Forms for accounts: signing in, the first administrator, passwords, and changes by administrators."""

import secrets
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import SetPasswordMixin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Edition, MailStop, User
from ..models.accounts import setup_code
from ..models.names import PlainNameField, validate_visible
from ..web.foreign_texts import language_name
from ..web.requests import Request
from ..web.revised_forms import RevisedForm


class SignInForm(forms.Form):
    """Email and password. `user` is their owner, once `authenticate` found one."""

    email = forms.EmailField(
        label=gettext_lazy("Email"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}, render_value=False),
    )

    def __init__(self, *args: Any, request: Request, **kwargs: Any) -> None:
        self.request = request
        self.user: User | None = None
        super().__init__(*args, **kwargs)

    def authenticate(self) -> User | None:
        """Checks the password; the error is the same for a wrong password and for an email without an account."""
        self.user = authenticate(
            self.request, username=self.cleaned_data["email"], password=self.cleaned_data["password"]
        )
        if self.user is None:
            self.add_error(None, _("Email and password do not match an account that can sign in."))
        return self.user


class _NewPassword(SetPasswordMixin, forms.Form):
    """A new password, entered twice; `owner` is whose it will be."""

    password1, password2 = SetPasswordMixin.create_password_fields(
        label1=gettext_lazy("New password"), label2=gettext_lazy("Confirm password")
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        self.owner = owner
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _("At least 10 characters, and not a common password.")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self.validate_passwords()
        self.validate_password_for_user(self.owner, "password1")
        return cleaned


class SetPasswordForm(_NewPassword):
    """For anyone who opened a set-password link."""


class _CurrentPassword(forms.Form):
    """Asks the owner of an account for the password that they have."""

    owner: User
    old = forms.CharField(
        label=gettext_lazy("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_old(self) -> str:
        if not self.owner.check_password(self.cleaned_data["old"]):
            raise forms.ValidationError(_("This is not your current password."))
        return self.cleaned_data["old"]


class ChangePasswordForm(_CurrentPassword, _NewPassword):
    field_order = ["old", "password1", "password2"]


class EraseOwnForm(_CurrentPassword):
    """Nobody else deletes an account at a computer that was left alone. People of the demo have no password."""

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        self.owner = owner
        super().__init__(*args, **kwargs)
        if not owner.has_usable_password():
            del self.fields["old"]


class SetupForm(_NewPassword):
    """The first administrator of an empty database."""

    code = forms.CharField(label=gettext_lazy("Code"), help_text=gettext_lazy("The server printed it when it started."))
    name = PlainNameField(max_length=120, label=gettext_lazy("Your name"))
    email = forms.EmailField(
        max_length=254,
        label=gettext_lazy("Your email"),
        help_text=gettext_lazy("You sign in with it."),
        validators=[validate_visible],
    )
    field_order = ["code", "name", "email", "password1", "password2"]

    def clean_code(self) -> str:
        if not secrets.compare_digest(_plain(self.cleaned_data["code"]), _plain(setup_code())):
            raise forms.ValidationError(_("This is not the code that the server printed when it started."))
        return self.cleaned_data["code"]

    def clean(self) -> dict[str, Any] | None:
        self.owner = User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))
        return super().clean()

    def account(self) -> dict[str, str]:
        return {
            "name": self.cleaned_data["name"],
            "email": self.cleaned_data["email"],
            "password": self.cleaned_data["password1"],
        }


def _plain(code: str) -> bytes:
    """A code without hyphens and spaces, in upper case, as it is compared."""
    return code.replace("-", "").replace(" ", "").upper().encode()


class ResetForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("Email"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))


class OwnAccountForm(forms.ModelForm):
    """What people can change about themselves; without mail there is none to choose."""

    mails = forms.MultipleChoiceField(
        label=gettext_lazy("Mails you get"),
        choices=MailStop.Topic.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("You only get what concerns you. Links to set a password always come."),
    )

    class Meta:
        model = User
        fields = ["name", "keyboard_shortcuts", "reads_in"]
        labels = {"keyboard_shortcuts": gettext_lazy("Keyboard shortcuts in the questionnaire")}

    reads_in = forms.ChoiceField(
        label=gettext_lazy("Language of frameworks"),
        required=False,
        help_text=gettext_lazy("Where a framework is not translated, you read it in its own language."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer_languages()
        if not settings.MAIL_ENABLED:
            del self.fields["mails"]
            return
        off = set(self.instance.mail_stops.values_list("topic", flat=True))
        self.initial["mails"] = [topic for topic in MailStop.Topic.values if topic not in off]

    def _offer_languages(self) -> None:
        """Those that there are, and the one that was chosen before; no choice if there is only one."""
        offered = Edition.objects.languages_to_read() | {self.instance.reads_in} - {""}
        if len(offered) < 2:
            del self.fields["reads_in"]
            return
        names = sorted((language_name(language), language) for language in offered)
        field = cast(forms.ChoiceField, self.fields["reads_in"])
        field.choices = [("", _("As in your browser")), *((language, name) for name, language in names)]

    def store(self) -> None:
        fields = dict(self.cleaned_data)
        topics_on = fields.pop("mails", None)
        self.instance.change_own(**fields)
        if topics_on is not None:
            MailStop.objects.choose(self.instance, topics_on)


class ProvenForm(forms.ModelForm):
    """A form by which an administrator can let somebody in for good: then they have just shown who they are.

    `is_proven` is whether they have, see `proofs.is_recent`. If not, the page keeps what was entered and asks for it.
    """

    def __init__(self, *args: Any, is_proven: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_proven = is_proven
        self.asks_for_proof = False

    def gives_access(self, cleaned: dict[str, Any]) -> bool:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.is_proven and self.gives_access(cleaned):
            self.asks_for_proof = True
            self.add_error(None, _("This lets somebody in. Confirm in the new tab that it is you, then save here."))
        return cleaned


class NewAccountForm(ProvenForm):
    class Meta:
        model = User
        fields = ["name", "email", "is_administrator"]
        help_texts = {
            "is_administrator": gettext_lazy("Manages accounts, units and frameworks. Sees levels, never answers."),
        }

    def gives_access(self, cleaned: dict[str, Any]) -> bool:
        """Rights, and the email to which links to set a password go; what a conflict sends again counts as well."""
        return gives_access(self.instance, cleaned)

    def clean_email(self) -> str:
        return free_email(self.cleaned_data["email"], self.instance)


class AccountForm(RevisedForm, NewAccountForm):
    class Meta(NewAccountForm.Meta):
        fields = ["name", "email", "is_administrator", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_active"] = self.instance.is_let_in
        if self.instance.is_out_of_directory:
            self.fields["is_active"].help_text = _("The directory has deactivated this account. Activate it there too.")
        elif self.instance.left_directory and not self.instance.is_let_in:
            self.fields["is_active"].help_text = _("A directory that has this account no more may have deactivated it.")

    def values_of(self, row: User) -> dict[str, Any]:
        return super().values_of(row) | {"is_active": row.is_let_in}


def gives_access(account: User, values: dict[str, Any]) -> bool:
    """Whether these values let somebody in: by more rights, by a link to another email, or after they were kept out."""
    gains_rights = bool(values.get("is_administrator")) and not account.is_administrator
    if account._state.adding:
        return gains_rights
    comes_back = bool(values.get("is_active")) and not account.is_let_in
    return gains_rights or comes_back or values.get("email", account.email).lower() != account.email.lower()


def free_email(email: str, account: User) -> str:
    """The email, if no other account has it; raises ValidationError otherwise."""
    if User.objects.with_email(email).exclude(pk=account.pk).exists():
        raise forms.ValidationError(_("An account with this email already exists."))
    return email
