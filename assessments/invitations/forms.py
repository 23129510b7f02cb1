"""Forms around invitations: whom to invite, and coming in by a link."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from ..models import Invitation, User
from ..models.names import PlainNameField, validate_visible
from ..models.participation import Pledge


class MembersField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, user):
        return str(user)


class InviteForm(forms.Form):
    """Members to pick, and addresses as they are pasted: separated by spaces, commas, semicolons or lines."""

    MOST = 200

    members = MembersField(User.objects.none(), required=False, label="Members of the team")
    addresses = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "ada@example.org, grace@example.org"}),
        max_length=20_000,
        label="Other people, by address",
        help_text="Separated by commas, spaces or lines, or as a mail program lists them. They need no account.",
    )

    def __init__(self, *args, assessment, picked=(), **kwargs):
        super().__init__(*args, **kwargs)
        members = User.objects.filter(participations__assessment=assessment, is_active=True)
        self.fields["members"].queryset = members
        self.initial.setdefault("members", list(picked))
        if not members:
            del self.fields["members"]

    def clean_addresses(self) -> list[str]:
        words = list(dict.fromkeys(words_beside_names(self.cleaned_data["addresses"])))
        wrong = [word for word in words if not _is_address(word)]
        if wrong:
            more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            raise forms.ValidationError(f"{', '.join(wrong[:5])}{more}: not an address. Nobody was invited yet.")
        found = list(dict.fromkeys(word.lower() for word in words))
        if not found and self.cleaned_data["addresses"].strip():
            raise forms.ValidationError("There is no address in this.")
        if len(found) > self.MOST:
            raise forms.ValidationError(f"{len(found)} addresses at once are too many; {self.MOST} is the limit.")
        return found

    def clean(self):
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("members") and not cleaned.get("addresses"):
            raise forms.ValidationError("Pick somebody, or paste an address.")
        return cleaned

    def people(self) -> dict:
        """What Assessment.invite takes."""
        return {"members": list(self.cleaned_data.get("members", [])), "addresses": self.cleaned_data["addresses"]}


def words_beside_names(text: str) -> list[str]:
    """What stands in a pasted list where addresses are expected: `Ada Lovelace <ada@example.org>` has one word."""
    pieces = re.split(r"<([^<>]*)>", re.sub(r"\([^()@]*\)", " ", text))
    pieces[:-1:2] = [_without_name(piece, is_first=not at) for at, piece in enumerate(pieces[:-1:2])]
    return [word for word in re.split(r"[\s,;<>\"()]+", " ".join(pieces)) if word]


def _without_name(before: str, *, is_first: bool) -> str:
    """What stands before an address in angle brackets, without the name that belongs to it.

    A name is quoted, or reaches back to the last separator. A comma is none in `Lovelace, Ada <ada@example.org>;`.
    """
    if quoted := re.search(r'"[^"]*"\s*$', before):
        return before[: quoted.start()]
    cut = max(before.rfind(separator) for separator in ";\n") + 1
    kept, name = before[:cut], before[cut:]
    if "@" in name or not (is_first or cut):
        others, _, name = name.rpartition(",")
        kept += others
    return " ".join([kept, *(word for word in name.split() if "@" in word)])


def _is_address(word: str) -> bool:
    try:
        validate_email(word)
        validate_visible(word)
    except ValidationError:
        return False
    return True


class AcceptForm(forms.Form):
    """Coming in. The pledge is the personal link that somebody gets who uses the shared one."""

    name = PlainNameField(
        max_length=120,
        required=False,
        label="Your name",
        help_text="The lead sees it beside your answers. You may leave it out.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    pledge = forms.CharField(widget=forms.HiddenInput)
    confirm = forms.BooleanField(label="Yes, answer by this link", required=True)

    def __init__(self, *args, invitation: Invitation, user, **kwargs):
        super().__init__(*args, **kwargs)
        if not invitation.is_shared:
            del self.fields["pledge"]
        else:
            self.initial["pledge"] = Pledge.make()
        if not invitation.is_shared or invitation.assessment.anonymous:
            del self.fields["name"]
        elif user.is_authenticated:
            self.initial["name"] = user.name
        if not invitation.is_for_somebody_else(user):
            del self.fields["confirm"]
        else:
            self.fields["confirm"].error_messages["required"] = "Tick this to go on, or sign out first."

    def clean_pledge(self):
        token = Pledge.redeem(self.cleaned_data["pledge"])
        if token is None:
            raise forms.ValidationError("This page is too old. Open the link again.")
        return token
