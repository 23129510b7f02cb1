"""Forms for adding people and teams in bulk, and for their links to set a password."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..web.given_tables import text_of

MOST_LINES = 20_000
MOST_LETTERS = 1_800_000


#: A few lines as the page shows them. The first line and the roles are understood in English as well.
SAMPLE = gettext_lazy(
    "email,name,unit,team,role\n"
    "lea@example.org,Lea Lind,Shop,Search,lead\n"
    "max@example.org,Max Moor,Shop,Search,member\n"
    "ida@example.org,Ida Ibsen,Shop > Data,Ranking,member\n"
    "una@example.org,Una Urban,Shop,,manager"
)


class PeopleForm(forms.Form):
    """Lines to add: pasted, or from a file. `text` is then what both came to."""

    text = forms.CharField(
        label=gettext_lazy("Lines"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off", "class": "lines"}),
        help_text=gettext_lazy("One person and team a line: email, name, unit, team, role."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a CSV file"),
        required=False,
        help_text=gettext_lazy("Its lines replace those above."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    #: What the page said that these lines would do.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    changes_roles = forms.BooleanField(required=False, label=gettext_lazy("Change the roles that differ"))
    #: Whether the page had the field below, so that an empty one is a decision.
    links_offered = forms.BooleanField(required=False)
    mails_links = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("Email each new person a link to set a password")
    )

    def clean_file(self) -> str:
        """The text of the file, in the encodings that spreadsheets save."""
        file = self.cleaned_data["file"]
        if not file:
            return ""
        text = text_of(file.read())
        if text is not None:
            return text
        raise ValidationError(_("This file is not text. Save the table as CSV and choose that file."))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        text = cleaned.get("file") or cleaned.get("text") or ""
        if "file" in self.errors or "text" in self.errors:
            return cleaned
        if not text.strip():
            self.add_error("text", _("Paste at least one line, or choose a file."))
        elif len(text) > MOST_LETTERS or text.count("\n") > MOST_LINES:
            message = _("These are more than {number} lines. Add them in parts.")
            self.add_error("text", message.format(number=MOST_LINES))
        cleaned["text"] = text
        return cleaned
