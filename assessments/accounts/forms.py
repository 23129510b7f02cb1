"""Forms of accounts: signing in, the first administrator, passwords, and what administrators change."""

import secrets

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import SetPasswordMixin

from ..models import User
from ..models.accounts import setup_code
from ..models.names import PlainNameField, validate_visible
from ..web.revised_forms import RevisedForm


class SignInForm(forms.Form):
    """Address and password. `user` is who they belong to, after the form was found valid."""

    email = forms.EmailField(
        label="Address", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}, render_value=False)
    )

    def __init__(self, *args, request, **kwargs):
        self.request, self.user = request, None
        super().__init__(*args, **kwargs)

    def authenticate(self) -> User | None:
        """Checks the password; adds the same sentence for a wrong one and for an address that nobody has."""
        self.user = authenticate(
            self.request, username=self.cleaned_data["email"], password=self.cleaned_data["password"]
        )
        if self.user is None:
            self.add_error(None, "Address and password do not match an account that may sign in.")
        return self.user


class _NewPassword(SetPasswordMixin, forms.Form):
    """A new password, entered twice; `owner` is whose it will be."""

    password1, password2 = SetPasswordMixin.create_password_fields(label1="New password", label2="The same once more")

    def __init__(self, *args, owner: User, **kwargs):
        self.owner = owner
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = "At least ten characters, and not a common one."

    def clean(self):
        cleaned = super().clean()
        self.validate_passwords()
        self.validate_password_for_user(self.owner, "password1")
        return cleaned


class SetPasswordForm(_NewPassword):
    """For somebody who came by a link."""


class ChangePasswordForm(_NewPassword):
    old = forms.CharField(
        label="Present password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["old", "password1", "password2"]

    def clean_old(self):
        if not self.owner.check_password(self.cleaned_data["old"]):
            raise forms.ValidationError("This is not your present password.")
        return self.cleaned_data["old"]


class SetupForm(_NewPassword):
    """The first administrator of an empty database."""

    code = forms.CharField(label="Code", help_text="The server printed it when it started.")
    name = PlainNameField(max_length=120, label="Your name")
    email = forms.EmailField(
        max_length=254, label="Your address", help_text="You sign in with it.", validators=[validate_visible]
    )
    field_order = ["code", "name", "email", "password1", "password2"]

    def clean_code(self):
        if not secrets.compare_digest(_plain(self.cleaned_data["code"]), _plain(setup_code())):
            raise forms.ValidationError("This is not the code that the server printed when it started.")
        return self.cleaned_data["code"]

    def clean(self):
        self.owner = User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))
        return super().clean()

    def account(self) -> dict:
        return {
            "name": self.cleaned_data["name"],
            "email": self.cleaned_data["email"],
            "password": self.cleaned_data["password1"],
        }


def _plain(code: str) -> bytes:
    """A code as it counts: without hyphens and spaces, in either case."""
    return code.replace("-", "").replace(" ", "").upper().encode()


class ResetForm(forms.Form):
    email = forms.EmailField(label="Address", widget=forms.EmailInput(attrs={"autocomplete": "username"}))


class OwnAccountForm(forms.ModelForm):
    """What people change about themselves."""

    class Meta:
        model = User
        fields = ["name", "keyboard_shortcuts"]
        labels = {"keyboard_shortcuts": "Keyboard shortcuts in the questionnaire"}


class NewAccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "email", "is_administrator"]
        help_texts = {"is_administrator": "Accounts, units and frameworks; sees levels, never answers."}

    def clean_email(self):
        return free_address(self.cleaned_data["email"], self.instance)


class AccountForm(RevisedForm, NewAccountForm):
    class Meta(NewAccountForm.Meta):
        fields = ["name", "email", "is_administrator", "is_active"]


def free_address(email: str, account: User) -> str:
    if User.objects.with_email(email).exclude(pk=account.pk).exists():
        raise forms.ValidationError("There is an account with this address already.")
    return email
