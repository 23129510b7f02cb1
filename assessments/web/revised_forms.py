"""Forms of what several people edit: they carry the revision of what the page showed, and tell of conflicts."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from .dates import day

#: The largest number that the column holds.
MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One field with two values, in words."""

    label: str
    stored: str
    entered: str


class RevisedForm(forms.Form):
    """Values for a row that several people edit.

    `conflict` is the row that somebody else has changed meanwhile; the page then shows both values, keeps what was
    entered and asks. Its button sends `overwrite`, the revision of what it showed as stored.
    """

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST, required=False)
    overwrite = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST, required=False)

    conflict: Any = None
    #: Whether the state of things forbids it; the sentence is among the errors.
    is_refused = False
    stored: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        instance = getattr(self, "instance", None)
        self.initial.setdefault("revision", instance.revision if instance else 0)

    def __iter__(self) -> Iterator[forms.BoundField]:
        """What a page writes: what is entered, and the revision. `overwrite` comes from a button only."""
        return (self[name] for name in self.fields if name != "overwrite")

    def visible(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in RevisedForm.base_fields]

    def seen(self) -> int:
        """The revision that whoever sent the form had before them. Without one it counts as that of a new row."""
        overwrite, revision = self.cleaned_data.get("overwrite"), self.cleaned_data.get("revision")
        return overwrite if overwrite is not None else revision or 0

    def values(self) -> dict[str, Any]:
        """What was entered, by the name of the field."""
        return {field.name: self.cleaned_data[field.name] for field in self.visible()}

    def values_of(self, row: Any) -> dict[str, Any]:
        """The same of a stored row."""
        return {field.name: getattr(row, field.name) for field in self.visible()}

    def differences(self) -> list[Difference]:
        """What is stored now beside what was entered, where they differ."""
        entered, stored = self.values(), self.values_of(self.conflict)
        return [
            Difference(
                str(field.label),
                in_words(field.field, stored[field.name]),
                in_words(field.field, entered[field.name]),
            )
            for field in self.visible()
            if stored[field.name] != entered[field.name]
        ]

    @property
    def http_status(self) -> int:
        """Of the response that shows this form."""
        if self.conflict is not None or self.is_refused:
            return 409
        return 422 if self.is_bound and self.errors else 200


def in_words(field: forms.Field, value: Any) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        # The stubs allow choices in groups; no form here has any.
        names = dict(field.choices) if isinstance(field, forms.MultipleChoiceField) else {}  # type: ignore[arg-type, misc]
        return "\n".join(str(names.get(one, one)) for one in value) or "(empty)"
    if isinstance(value, datetime.date):
        return day(value)
    if isinstance(field, forms.ModelChoiceField):
        return field.label_from_instance(value)
    if isinstance(field, forms.ChoiceField):
        # The stubs allow choices in groups; no form here has any.
        names = {str(key): name for key, name in field.choices}  # type: ignore[union-attr, misc]
        return str(names.get(str(value), value))
    return str(value)
