"""Forms for inviting people, and for joining by a link."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Assessment, Invitation, User
from ..models.names import PlainNameField, validate_visible
from ..models.outside import on_both_sides
from ..models.participation import Pledge


class MembersField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, user: User) -> str:
        return str(user)


class ByEmailForm(forms.Form):
    """Emails as people paste them: separated by spaces, commas, semicolons or lines."""

    MOST = 200
    #: Lines with errors that are quoted.
    MOST_QUOTED = 5

    addresses = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "ada@example.org, grace@example.org"}),
        max_length=20_000,
        label=gettext_lazy("Other people, by email"),
        help_text=gettext_lazy(
            "Separate emails by commas, spaces or lines, or paste a list from your email program. No account needed."
        ),
    )

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


class InviteForm(ByEmailForm):
    """Members to choose, and emails."""

    members = MembersField(User.objects.none(), required=False, label=gettext_lazy("Team members"))
    field_order = ["members", "addresses"]

    def __init__(self, *args: Any, members: QuerySet[User] | None, **kwargs: Any) -> None:
        """`members`: who can be chosen, None if there is nobody."""
        super().__init__(*args, **kwargs)
        if members is None:
            del self.fields["members"]
        else:
            self.fields["members"].queryset = members

    @classmethod
    def of(
        cls, assessment: Assessment, data: Mapping[str, Any] | None = None, *, picked: Iterable[UUID] = ()
    ) -> "InviteForm":
        """For the members that this assessment asks; `picked` are chosen at first."""
        members = User.objects.filter(participations__assessment=assessment, is_active=True)
        return cls(data, members=members if members.exists() else None, initial={"members": list(picked)})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("members") and not cleaned.get("addresses"):
            raise forms.ValidationError(_("Choose a team member or enter an email."))
        return cleaned

    def people(self) -> dict[str, list]:
        """What Assessment.invite takes."""
        return {"members": list(self.cleaned_data.get("members", [])), "addresses": self.cleaned_data["addresses"]}


class OutsideForm(ByEmailForm):
    """Emails of people outside the team, and the first time, which questionnaire they get."""

    questionnaire = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect,
        label=gettext_lazy("What they answer"),
        choices=[("full", gettext_lazy("The same questions as the team")), ("short", gettext_lazy("The short ones"))],
        initial="short",
        help_text=gettext_lazy("This cannot be changed once somebody outside has been asked."),
    )
    field_order = ["questionnaire", "addresses"]

    def __init__(self, *args: Any, assessment: Assessment, has_begun: bool, **kwargs: Any) -> None:
        # It stands on one page with the form for the team.
        kwargs["auto_id"] = "outside_%s"
        super().__init__(*args, **kwargs)
        self.assessment = assessment
        self.fields["addresses"].label = _("People outside the team, by email")
        self.fields["addresses"].widget.attrs["rows"] = 2
        if has_begun or assessment.is_short or not assessment.edition.contents.quick_keys:
            del self.fields["questionnaire"]

    def clean_addresses(self) -> list[str]:
        emails = super().clean_addresses()
        if inside := self.assessment.insiders(emails):
            raise forms.ValidationError(on_both_sides(inside))
        return emails

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("addresses"):
            raise forms.ValidationError(_("Enter at least one email, such as ada@example.org."))
        return cleaned

    def terms(self) -> dict[str, Any]:
        """What Assessment.invite_outsiders takes."""
        questionnaire = self.cleaned_data.get("questionnaire", "")
        return {"addresses": self.cleaned_data["addresses"], "questionnaire": questionnaire}


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
