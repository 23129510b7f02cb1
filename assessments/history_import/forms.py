"""Forms for earlier assessments: one to choose the file, one to confirm what importing it would do."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..frameworks.import_forms import unpacked
from ..models import Edition, HistoryLine, Questionnaire, Unit
from ..models.framework_texts import filled
from ..models.names import PlainNameField
from ..web.form_fields import DayField, FrameworkSelect
from .lines import BesideFile
from .reading import MAX_BYTES, MEGABYTE

LONGEST_FILE_NAME = 200


def lines_to_choose() -> Iterator[tuple[str, str]]:
    """Each published version with each of its scoring rules, the usual one first."""
    editions = Edition.objects.published().select_related("framework")
    for edition in sorted(editions, key=lambda edition: (edition.name.lower(), -(edition.publication or 0))):
        contents = edition.contents
        rules = sorted(contents.rules, key=lambda rule: rule != contents.default_rule)
        for rule in rules or [""]:
            name = edition.titled
            if rule:
                name = filled(_("{version}, rule: {rule}"), version=edition.titled, rule=contents.rules[rule])
            yield f"{edition.pk}:{rule}", name


class HistoryForm(forms.Form):
    """What a file is and belongs to. One framework, rule and questionnaire for all of it: they are one history."""

    line = forms.ChoiceField(widget=FrameworkSelect, label=gettext_lazy("Framework and rule"))
    questionnaire = forms.ChoiceField(
        label=gettext_lazy("Questionnaire"), choices=Questionnaire, initial=Questionnaire.FULL
    )
    team = PlainNameField(
        label=gettext_lazy("Team"),
        required=False,
        max_length=250,
        help_text=gettext_lazy("Only if the file does not name it."),
    )
    date = DayField(
        label=gettext_lazy("Date"),
        required=False,
        help_text=gettext_lazy("Only if the file does not say when it was."),
    )
    new_teams_in = forms.ModelChoiceField(
        Unit.objects.order_by("name"),
        label=gettext_lazy("Create teams that are not here in"),
        required=False,
        empty_label=gettext_lazy("Nowhere: an unknown team is a problem"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = list(lines_to_choose())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "line" in cleaned and cleaned.get("questionnaire") == Questionnaire.SHORT:
            edition = self.history_line().edition
            if not edition.contents.quick_keys:
                self.add_error("questionnaire", _("This version has no short questionnaire."))
        return cleaned

    def history_line(self) -> HistoryLine:
        pk, _colon, rule = self.cleaned_data["line"].partition(":")
        edition = Edition.objects.published().select_related("framework").get(pk=pk)
        return HistoryLine(edition=edition, rule=rule, questionnaire=self.cleaned_data["questionnaire"])

    def about(self) -> BesideFile:
        date = self.cleaned_data["date"]
        return BesideFile(team=self.cleaned_data["team"], date=date.isoformat() if date else "")

    def carried(self) -> dict[str, Any]:
        """What the preview sends again when the import is confirmed."""
        return {name: self[name].value() for name in HistoryForm.base_fields}


class ChooseHistoryForm(HistoryForm):
    """A file to look at before anything is stored."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=format_lazy(
            gettext_lazy(
                "CSV or XLSX, JSON of SAMMwise, a SAMM toolbox, or team-progress.yaml of DSOMM; up to {size} MB."
            ),
            size=MAX_BYTES // MEGABYTE,
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.json,.yaml,.yml"}),
    )
    field_order = ["file"]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            message = _("The file is larger than {size} MB. Import it in parts.")
            raise forms.ValidationError(message.format(size=MAX_BYTES // MEGABYTE))
        return file

    def given(self) -> tuple[str, bytes]:
        file = self.cleaned_data["file"]
        return str(file.name)[-LONGEST_FILE_NAME:], file.read()


class ConfirmHistoryForm(HistoryForm):
    """The same again, with the file packed into it, and with what the preview said that it would do."""

    name = PlainNameField(max_length=LONGEST_FILE_NAME)
    packed = forms.CharField(strip=False)
    seen = forms.CharField(required=False, max_length=71)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = field.hidden_widget()

    def clean_packed(self) -> bytes:
        return unpacked(self.cleaned_data["packed"])

    def given(self) -> tuple[str, bytes]:
        return self.cleaned_data["name"], self.cleaned_data["packed"]
