"""Forms for inviting people, and for joining by a link."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Assessment, Invitation, User
from ..models.names import PlainNameField, validate_visible
from ..models.participation import Pledge


class MembersField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, user: User) -> str:
        return str(user)


class InviteForm(forms.Form):
    """Members to choose, and emails as people paste them: separated by spaces, commas, semicolons or lines."""

    MOST = 200
    #: Lines with errors that are quoted.
    MOST_QUOTED = 5

    members = MembersField(User.objects.none(), required=False, label=gettext_lazy("Team members"))
    addresses = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "ada@example.org, grace@example.org"}),
        max_length=20_000,
        label=gettext_lazy("Other people, by email"),
        help_text=gettext_lazy(
            "Separate emails by commas, spaces or lines, or paste a list from your email program. No account needed."
        ),
    )

    def __init__(self, *args: Any, assessment: Assessment, picked: Iterable[UUID] = (), **kwargs: Any) -> None:
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
            raise forms.ValidationError(self._what_is_wrong(wrong))
        emails = list(dict.fromkeys(word.lower() for word in words))
        if not emails and self.cleaned_data["addresses"].strip():
            raise forms.ValidationError(_("Enter at least one email, such as ada@example.org."))
        if len(emails) > self.MOST:
            sentence = _("You can invite up to {limit} emails at once. This list has {count}.")
            raise forms.ValidationError(sentence.format(limit=self.MOST, count=len(emails)))
        return emails

    def _what_is_wrong(self, wrong: list[str]) -> str:
        """Quotes the entries as they were pasted, so that people find them again."""
        entries = entries_with(wrong, self.cleaned_data["addresses"])
        quoted = ", ".join(_("“{entry}”").format(entry=entry) for entry in entries[: self.MOST_QUOTED])
        others = len(entries) - self.MOST_QUOTED
        if others > 0:
            sentence = ngettext(
                "Not valid emails: {entries} and {count} more. Nobody was invited yet.",
                "Not valid emails: {entries} and {count} more. Nobody was invited yet.",
                others,
            )
        else:
            sentence = ngettext(
                "Not a valid email: {entries}. Nobody was invited yet.",
                "Not valid emails: {entries}. Nobody was invited yet.",
                len(entries),
            )
        return sentence.format(entries=quoted, count=others)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("members") and not cleaned.get("addresses"):
            raise forms.ValidationError(_("Choose a team member or enter an email."))
        return cleaned

    def people(self) -> dict[str, list]:
        """What Assessment.invite takes."""
        return {"members": list(self.cleaned_data.get("members", [])), "addresses": self.cleaned_data["addresses"]}


def entries_with(words: list[str], text: str) -> list[str]:
    """The entries of a pasted list that contain one of these words, each as it was pasted."""
    entries = [entry.strip() for entry in re.split(r"[,;\n]", text)]
    with_words = [entry for entry in entries if set(words) & set(words_beside_names(entry))]
    return list(dict.fromkeys(with_words)) or words


def words_beside_names(text: str) -> list[str]:
    """The words of a pasted list that should be emails: `Ada Lovelace <ada@example.org>` has one."""
    pieces = re.split(r"<([^<>]*)>", re.sub(r"\([^()@]*\)", " ", text))
    pieces[:-1:2] = [_without_name(piece, is_first=not at) for at, piece in enumerate(pieces[:-1:2])]
    return [word for word in re.split(r"[\s,;<>\"()]+", " ".join(pieces)) if word]


def _without_name(before: str, *, is_first: bool) -> str:
    """The text before an email in angle brackets, without the name that belongs to it.

    A name is quoted, or starts after the last separator. In `Lovelace, Ada <ada@example.org>;` the comma is not one.
    """
    if quoted := re.search(r'"[^"]*"\s*$', before):
        return before[: quoted.start()]
    cut = max(before.rfind(separator) for separator in ";\n") + 1
    kept = before[:cut]
    name = before[cut:]
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
    """Joining by a link. The pledge is the personal link that someone who uses the shared link gets."""

    name = PlainNameField(
        max_length=120,
        required=False,
        label=gettext_lazy("Your name"),
        help_text=gettext_lazy("The lead sees it beside your answers. You can leave it empty."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    pledge = forms.CharField(widget=forms.HiddenInput)
    confirm = forms.BooleanField(label=gettext_lazy("Yes, answer by this link"), required=True)

    def __init__(self, *args: Any, invitation: Invitation, user: User, **kwargs: Any) -> None:
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
            self.fields["confirm"].error_messages["required"] = _("Tick this to continue, or sign out first.")

    def clean_pledge(self) -> str:
        token = Pledge.redeem(self.cleaned_data["pledge"])
        if token is None:
            raise forms.ValidationError(_("This page is too old. Open the link again."))
        return token
