"""The questions of a framework's adviser, as a form."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from .adviser import Answer


class AdviserForm(forms.Form):
    """The questions of a framework's adviser."""

    def __init__(self, data: Any = None, *, block: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
        super().__init__(data, initial={key: _as_choice(value) for key, value in answers.items()})
        for question in block["inputs"]:
            field = _question(question)
            field.initial = _as_choice(question.get("default"))
            self.fields[question["key"]] = field

    def answers(self) -> dict[str, Answer]:
        return {key: value for key, value in self.cleaned_data.items() if value is not None}


YES_OR_NO = {"yes": True, "no": False}


def _as_choice(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _question(question: Mapping[str, Any]) -> forms.Field:
    if question["type"] == "integer":
        return forms.IntegerField(label=question["ask"], min_value=question.get("min"), max_value=100_000)
    if question["type"] == "boolean":
        return forms.TypedChoiceField(
            label=question["ask"],
            choices=[("yes", _("Yes")), ("no", _("No"))],
            coerce=YES_OR_NO.__getitem__,
            widget=forms.RadioSelect,
        )
    choices = [(value, str(value).capitalize()) for value in question["values"]]
    return forms.ChoiceField(label=question["ask"], choices=choices, widget=forms.RadioSelect)
