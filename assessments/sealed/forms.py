"""What goes into a sealed file."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..frameworks.import_forms import MEGABYTE, unpacked

#: The largest sealed file that a browser can bring, in bytes.
MAX_UPLOAD = 3 * MEGABYTE


class SealForm(forms.Form):
    """`votes` is there only for people who may put them into a file, if there are votes of several people."""

    team = forms.BooleanField(label=gettext_lazy("Name the team in the file"), required=False, initial=True)
    votes = forms.BooleanField(
        label=gettext_lazy("Include how the votes are spread"),
        help_text=gettext_lazy(
            "Per criterion the number of votes for each answer. Agreement can only be checked with them."
        ),
        required=False,
    )

    def __init__(self, *args: Any, may_include_votes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_include_votes:
            del self.fields["votes"]


class ChooseSealedForm(forms.Form):
    """A sealed file to look at before anything is stored."""

    file = forms.FileField(
        label=gettext_lazy("Sealed file"),
        help_text=format_lazy(
            gettext_lazy("A file like team-2026-10-14.maturity.json, up to {size} MB."), size=MAX_UPLOAD // MEGABYTE
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_UPLOAD:
            message = _(
                "The file is larger than {size} MB. It can be imported on the server, with manage.py import_assessment."
            )
            raise forms.ValidationError(message.format(size=MAX_UPLOAD // MEGABYTE))
        return file

    def given(self) -> bytes:
        """The content of the file."""
        return self.cleaned_data["file"].read()


class ConfirmSealedForm(forms.Form):
    """The same file again, carried along packed by the page that showed what is in it.

    `trust` is there only for people who may take an unknown key for that of the other installation.
    """

    packed = forms.CharField(widget=forms.HiddenInput, strip=False)
    trust = forms.BooleanField(
        label=gettext_lazy("I have compared this key with the one that the installation names. Trust it from now on."),
        required=False,
    )

    def __init__(self, *args: Any, asks_for_trust: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_for_trust:
            del self.fields["trust"]

    def clean_packed(self) -> bytes:
        return unpacked(self.cleaned_data["packed"])

    def given(self) -> bytes:
        """The content of the file."""
        return self.cleaned_data["packed"]
