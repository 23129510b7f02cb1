"""Forms around files to import: choosing one, and confirming what it would do."""

import base64
import binascii
import zlib

from django import forms

from .format.document import FOREIGN
from .importers import NAMES

OWN_FORMAT = "maturity"
MAX_UPLOAD = FOREIGN.max_bytes


class UploadForm(forms.Form):
    """A file to look at before anything is stored."""

    file = forms.FileField(
        help_text=f"At most {MAX_UPLOAD // 1_000_000} MB. For SAMM a ZIP of its folder of YAML files."
    )
    kind = forms.ChoiceField(
        label="Format", choices=[(OWN_FORMAT, "Framework file of this product"), *NAMES.items()], initial=OWN_FORMAT
    )
    label = forms.CharField(
        max_length=40, required=False, label="Version", help_text="If the file has none, or to use another one."
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_UPLOAD:
            raise forms.ValidationError(f"The file is larger than {MAX_UPLOAD // 1_000_000} MB.")
        return file

    def given(self) -> tuple[str, bytes]:
        file = self.cleaned_data["file"]
        return file.name, file.read()


class ConfirmForm(forms.Form):
    """The same file again, carried along packed by the page that showed what it would do."""

    name = forms.CharField(max_length=255, widget=forms.HiddenInput)
    packed = forms.CharField(widget=forms.HiddenInput, strip=False)
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in (OWN_FORMAT, *NAMES)], widget=forms.HiddenInput)
    label = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    partial = forms.BooleanField(required=False, label="Import it without the others")

    @staticmethod
    def pack(content: bytes) -> str:
        return base64.b64encode(zlib.compress(content, 9)).decode()

    def clean_packed(self) -> bytes:
        try:
            packed = base64.b64decode(self.cleaned_data["packed"])
            return zlib.decompressobj().decompress(packed, MAX_UPLOAD + 1)
        except (binascii.Error, ValueError, zlib.error):
            raise forms.ValidationError("The file did not come through. Choose it again.") from None

    def given(self) -> tuple[str, bytes]:
        return self.cleaned_data["name"], self.cleaned_data["packed"]
