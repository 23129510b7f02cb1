"""The form of a symptom: a statement that describes a low level, and what shows that it no longer holds."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ...models import Symptom
from ..part_names import FIELD_NAMES
from .forms import LinesField, PartForm, textarea


class SymptomForm(PartForm):
    level = forms.TypedChoiceField(coerce=int, label=FIELD_NAMES["level"])
    cleared_by = forms.MultipleChoiceField(
        required=False,
        label=FIELD_NAMES["cleared_by"],
        help_text=gettext_lazy("Criteria that would not be met if this were so."),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "many"}),
    )
    field_order = ["statement", "level", "refs", "cleared_by"]
    refs = LinesField(label=FIELD_NAMES["refs"])

    class Meta:
        model = Symptom
        fields = ["statement", "level", "refs", "cleared_by"]
        widgets = {"statement": textarea(2)}
        labels = FIELD_NAMES
        help_texts = {
            "statement": gettext_lazy("What people notice at a low level. It is asked and never scored."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels = self.grid.levels if self.grid else list(self.edition.levels.all())
        # The stubs do not know the fields by their kind.
        fields: Any = self.fields
        fields["level"].choices = [(level.number, f"{level.number} · {level.name}") for level in levels]
        criteria = self.grid.criteria if self.grid else self.edition.criteria.select_related("dimension")
        choices = [(criterion.key, f"{criterion.dimension.label}: {criterion.statement}") for criterion in criteria]
        # What is chosen comes first, in the order that it has: a framework may have many criteria.
        chosen = {key: place for place, key in enumerate(self.instance.cleared_by)}
        fields["cleared_by"].choices = sorted(choices, key=lambda choice: chosen.get(choice[0], len(chosen)))
        if not fields["cleared_by"].choices:
            del self.fields["cleared_by"]
