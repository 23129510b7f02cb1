"""Forms for importing a file: one to choose it, one to confirm what importing it would do."""

import base64
import binascii
import zlib
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .format.document import FOREIGN
from .importers import NAMES, Options, named_levels

OWN_FORMAT = "maturity"
MAX_UPLOAD = FOREIGN.max_bytes
MEGABYTE = 1_000_000


#: The file that a page carries along cannot be read any more.
FILE_LOST = gettext_lazy("The file did not arrive. Choose it again.")


def packed(content: bytes) -> str:
    """A file as a hidden field of a form carries it."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def unpacked(text: str) -> bytes:
    """The file that a hidden field carried, as far as it may be long; raises ValidationError if it is damaged."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text), MAX_UPLOAD + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise forms.ValidationError(FILE_LOST) from None


class UploadForm(forms.Form):
    """A file to preview before anything is stored."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=format_lazy(
            gettext_lazy(
                "Up to {size} MB. For SAMM a ZIP, such as GitHub’s; for DSOMM a file, or a ZIP with yours beside it."
            ),
            size=MAX_UPLOAD // MEGABYTE,
        ),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(OWN_FORMAT, gettext_lazy("Maturity framework file")), *NAMES.items()],
        initial=OWN_FORMAT,
    )
    label = forms.CharField(
        max_length=40,
        required=False,
        label=gettext_lazy("Version"),
        help_text=gettext_lazy("Only if the file has no version, or you use another one."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_UPLOAD:
            message = _("The file is larger than {size} MB. Choose a smaller one.")
            raise forms.ValidationError(message.format(size=MAX_UPLOAD // MEGABYTE))
        return file

    def given(self) -> tuple[str, bytes]:
        file = self.cleaned_data["file"]
        return file.name, file.read()

    def options(self) -> Options:
        return Options(version=self.cleaned_data["label"])


class ConfirmForm(forms.Form):
    """The same file again, carried along packed by the page that showed what it would do."""

    name = forms.CharField(max_length=255, widget=forms.HiddenInput)
    packed = forms.CharField(widget=forms.HiddenInput, strip=False)
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in (OWN_FORMAT, *NAMES)], widget=forms.HiddenInput)
    label = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    levels = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Implementation groups that are levels"),
        help_text=gettext_lazy("The lowest first, with commas; “none” if they are no levels."),
    )
    partial = forms.BooleanField(required=False, label=gettext_lazy("Import without the rest"))

    def clean_packed(self) -> bytes:
        return unpacked(self.cleaned_data["packed"])

    def given(self) -> tuple[str, bytes]:
        return self.cleaned_data["name"], self.cleaned_data["packed"]

    def options(self) -> Options:
        levels = self.cleaned_data.get("levels")
        return Options(version=self.cleaned_data["label"], levels=named_levels(levels) if levels else None)
