"""Lines that people paste or bring as a file, to be looked at before anything is stored."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .given_tables import text_of


class GivenLinesForm(forms.Form):
    """Lines to add: pasted, or from a file. `text` is then what both came to; `line_help` says what a line holds."""

    most_lines: ClassVar[int]
    most_letters: ClassVar[int]
    line_help: ClassVar[str | Promise]

    text = forms.CharField(
        label=gettext_lazy("Lines"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off", "class": "lines"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a CSV file"),
        required=False,
        help_text=gettext_lazy("Its lines replace those above."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    #: What the page said that these lines would do.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].help_text = str(self.line_help)

    def clean_file(self) -> str:
        """The text of the file, in the encodings that spreadsheets save."""
        file = self.cleaned_data["file"]
        if not file:
            return ""
        text = text_of(file.read())
        if text is None:
            raise ValidationError(_("This file is not text. Save the table as CSV and choose that file."))
        return text

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        text = cleaned.get("file") or cleaned.get("text") or ""
        if "file" in self.errors or "text" in self.errors:
            return cleaned
        if not text.strip():
            self.add_error("text", _("Paste at least one line, or choose a file."))
        elif len(text) > self.most_letters or len(text.splitlines()) > self.most_lines:
            message = _("These are more than {number} lines. Add them in parts.")
            self.add_error("text", message.format(number=self.most_lines))
        cleaned["text"] = text
        return cleaned
