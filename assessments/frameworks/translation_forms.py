"""Forms for translating a framework: beginning a language, bringing a file, and a page of texts."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models.framework_texts import Place, fingerprint
from ..models.reading import normal
from .format.fields import UNSPEAKABLE
from .translating import TranslatedRow
from .translation_file import LIMITS, MAX_TEXT

MEGABYTE = 1_000_000


class LanguageForm(forms.Form):
    """A language to translate into."""

    language = forms.CharField(
        max_length=20,
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("A code such as de, fr or pt-BR."),
    )

    def __init__(self, *args: Any, own: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own

    def clean_language(self) -> str:
        language = normal(self.cleaned_data["language"].strip())
        if not language:
            raise forms.ValidationError(_("This is not the code of a language. Enter one such as de, fr or pt-BR."))
        if language == self.own:
            raise forms.ValidationError(_("This is the framework’s own language. Enter another one."))
        return language


class TranslationUploadForm(forms.Form):
    """A translation file."""

    file = forms.FileField(
        label=gettext_lazy("Translation file"),
        help_text=gettext_lazy("Download a file, fill in its texts, and bring it back here."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LIMITS.max_bytes:
            message = _("The file is larger than {size} MB. Choose a smaller one.")
            raise forms.ValidationError(message.format(size=LIMITS.max_bytes // MEGABYTE))
        return file


class RowOfTexts:
    """A text beside the field for its translation, as a page draws them."""

    def __init__(self, row: TranslatedRow, field: forms.BoundField, *, stored: str | None) -> None:
        self.row = row
        self.field = field
        #: What somebody else has stored after the page was opened; None without a conflict.
        self.stored = stored
        #: What the next save is compared with.
        self.was = fingerprint(row.text)


class TranslationForm(forms.Form):
    """Some texts of a translation. What is not changed on the page is not stored, so two people can share the work.

    A stale text counts as translated again when it is changed, or when its box says that it still fits.
    """

    def __init__(self, *args: Any, rows: Sequence[TranslatedRow], language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.all_rows = rows
        self.changed_elsewhere: set[Place] = set()
        for row in rows:
            attrs = {"lang": language, "dir": "auto", "rows": row.lines, "class": "control"}
            self.fields[row.key] = forms.CharField(
                required=False,
                max_length=MAX_TEXT,
                initial=row.text,
                widget=forms.Textarea(attrs=attrs),
                label=_("{part}, {field}").format(part=row.part or row.section, field=row.field),
                validators=[_validate_speakable],
            )

    def rows(self) -> Iterator[RowOfTexts]:
        for row in self.all_rows:
            stored = row.text if row.place in self.changed_elsewhere else None
            yield RowOfTexts(row, self[row.key], stored=stored)

    def seen(self) -> dict[Place, str]:
        """The fingerprints of what the page showed."""
        return {row.place: self.data.get(f"was-{row.key}", "") for row in self.all_rows}

    def entered(self) -> dict[Place, str]:
        """What was changed on the page, or said to still fit."""
        entered = {}
        for row in self.all_rows:
            text = self.cleaned_data[row.key].replace("\r\n", "\n")
            still_fits = row.is_stale and f"fits-{row.key}" in self.data
            if still_fits or fingerprint(text) != self.data.get(f"was-{row.key}", ""):
                entered[row.place] = text
        return entered


def _validate_speakable(text: str) -> None:
    if UNSPEAKABLE.search(text.replace("\r\n", "\n")):
        raise forms.ValidationError(_("There is a character in this text that cannot be stored. Remove it."))
