"""The questions of a framework's adviser, as a form."""

from collections.abc import Mapping
from typing import Any

from django import forms

from .adviser import Answer


class AdviserForm(forms.Form):
    """The questions of a framework's adviser."""

    def __init__(self, data: Any = None, *, block: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
        super().__init__(data, initial={key: _as_choice(value) for key, value in answers.items()})
        for question in block["inputs"]:
            self.fields[question["key"]] = _question(question)
            self.fields[question["key"]].initial = _as_choice(question.get("default"))

    def answers(self) -> dict[str, Answer]:
        return {key: value for key, value in self.cleaned_data.items() if value is not None}


YES_OR_NO = {"yes": True, "no": False}


def _as_choice(value: Any) -> Any:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _question(question: Mapping[str, Any]) -> forms.Field:
    if question["type"] == "integer":
        return forms.IntegerField(label=question["ask"], min_value=question.get("min"), max_value=100_000)
    if question["type"] == "boolean":
        return forms.TypedChoiceField(
            label=question["ask"],
            choices=[("yes", "Yes"), ("no", "No")],
            coerce=YES_OR_NO.__getitem__,
            widget=forms.RadioSelect,
        )
    choices = [(value, str(value).capitalize()) for value in question["values"]]
    return forms.ChoiceField(label=question["ask"], choices=choices, widget=forms.RadioSelect)
