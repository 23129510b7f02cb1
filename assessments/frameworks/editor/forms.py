"""Forms of the editor: the framework's head and its parts."""

from typing import Any

from django import forms

from ... import scoring
from ...models import Choice, Criterion, Dimension, Edition, Frozen, Group, Level, Scale
from ...web.revised_forms import Difference, RevisedForm

MARKDOWN = "Markdown: *emphasis*, lists, links."


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea

    def __init__(self, **kwargs):
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 3}), **kwargs)

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]


class PartForm(RevisedForm, forms.ModelForm):
    """A part of a draft."""

    def __init__(self, *args, edition, grid=None, **kwargs):
        """`grid` has the parts to choose from at hand, where the page shows them as well."""
        self.edition, self.grid = edition, grid
        super().__init__(*args, **kwargs)

    def offer(self, name, rows, **kwargs):
        """Lets one of these parts be chosen; leaves the field out where there is nothing to choose."""
        rows = list(rows)
        if not rows or (name == "scale" and len(rows) == 1):
            del self.fields[name]
            return
        label = self.fields[name].label
        field = NamedChoice(rows[0].__class__.objects.filter(edition=self.edition), label=label, **kwargs)
        blank = [("", field.empty_label)] if field.empty_label is not None else []
        field.choices = blank + [(row.pk, field.label_from_instance(row)) for row in rows]
        self.fields[name] = field

    def clean(self):
        if not self.edition.is_draft:
            raise forms.ValidationError(str(Frozen()))
        return super().clean()

    def validate_unique(self):
        """Left to the verbs of the edition, which hold it while they look."""


def textarea(rows: int):
    return forms.Textarea(attrs={"rows": rows})


class HeadForm(PartForm):
    class Meta:
        model = Edition
        fields = ["name", "version", "purpose", "unit_of_assessment", "language"]
        widgets = {"purpose": textarea(3), "unit_of_assessment": textarea(2)}
        labels = {"unit_of_assessment": "What is assessed"}


class LevelForm(PartForm):
    also_called = LinesField(help_text="One on each line.")
    highlights = LinesField(help_text="One on each line.")
    technology = LinesField(help_text="One on each line.")

    class Meta:
        model = Level
        fields = ["name", "alias", "summary", "description", "highlights", "technology", "fits", "also_called"]
        widgets = {"summary": textarea(2), "description": textarea(6), "fits": textarea(2)}
        help_texts = {"description": MARKDOWN, "alias": "A number or code that people know it by."}
        labels = {"fits": "Where it fits"}


class GroupForm(PartForm):
    class Meta:
        model = Group
        fields = ["name", "about"]
        widgets = {"about": textarea(3)}


class NamedChoice(forms.ModelChoiceField):
    def label_from_instance(self, row):
        return f"{row.number} {row.name}" if isinstance(row, Level) else row.label


class DimensionForm(PartForm):
    class Meta:
        model = Dimension
        fields = ["name", "group", "about"]
        widgets = {"about": textarea(3)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        groups = self.grid.groups if self.grid else self.edition.groups.all()
        self.offer("group", groups, required=False, empty_label="no group")


class CriterionForm(PartForm):
    refs = LinesField(label="References", help_text="One on each line.")

    class Meta:
        model = Criterion
        fields = ["statement", "evidence", "next", "na", "dimension", "level", "scale", "quick", "source", "refs"]
        widgets = {"statement": textarea(2), "evidence": textarea(4), "next": textarea(3), "na": textarea(2)}
        labels = {"evidence": "How to tell", "quick": "In the short questionnaire"}
        help_texts = {
            "statement": "The practice, so that people can say how far it is done.",
            "evidence": MARKDOWN,
            "next": f"What a team could do first. {MARKDOWN}",
            "na": "Empty where it always applies.",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        edition, grid = self.edition, self.grid
        dimensions = [row.dimension for row in grid.rows] if grid else edition.dimensions.all()
        levels = grid.columns if grid else edition.levels.filter(number__gt=0)
        self.offer("dimension", dimensions, empty_label=None)
        self.offer("level", levels, empty_label=None)
        self.offer("scale", grid.scales if grid else edition.scales.all(), empty_label=None)


class NewCriterionForm(CriterionForm):
    """Only what a new criterion cannot be without; the rest is written on its own page."""

    class Meta(CriterionForm.Meta):
        fields = ["statement", "dimension", "level", "scale"]

    refs = None  # type: ignore[assignment]  # Django's way to take away a field declared above


class ScaleForm(PartForm):
    """The answers of a scale that are not ratings; its choices are in `ChoiceFormSet`."""

    na_name = forms.CharField(
        max_length=120,
        required=False,
        label="“Does not apply”, called",
        help_text="Empty: not offered. It needs a reason.",
    )
    dk_name = forms.CharField(max_length=120, required=False, label="“I do not know”, called")

    class Meta:
        model = Scale
        fields: list[str] = []

    def __init__(self, *args, choices, instance=None, **kwargs):
        """`choices` is the set of forms that is sent together with this one."""
        self.choices = choices
        others = (
            instance.other_by_code if instance else {"NA": {"name": "Does not apply"}, "DK": {"name": "I do not know"}}
        )
        initial = {f"{code.lower()}_name": others.get(code, {}).get("name", "") for code in (scoring.NA, scoring.DK)}
        super().__init__(*args, instance=instance, initial=initial | kwargs.pop("initial", {}), **kwargs)

    def clean(self):
        cleaned = super().clean()
        if not self.choices.is_valid():
            raise forms.ValidationError("Look at the choices: something is missing there, or does not fit.")
        return cleaned

    def terms(self) -> dict[str, Any]:
        """What `change_scale` takes."""
        return {"choices": self.choices.choices(), "other_answers": self.other_answers(), "seen": self.seen()}

    def values_of(self, row: Scale) -> dict[str, Any]:
        others = row.other_by_code
        return {f"{code.lower()}_name": others.get(code, {}).get("name", "") for code in (scoring.NA, scoring.DK)}

    def differences(self) -> list[Difference]:
        stored, entered = choices_of(self.conflict), self.choices.choices()
        choices = Difference("Choices", choices_in_words(stored), choices_in_words(entered))
        return [*super().differences(), *([choices] if stored != entered else [])]

    def other_answers(self) -> list[dict]:
        answers = []
        if name := self.cleaned_data["na_name"]:
            answers.append({"code": scoring.NA, "name": name, "needs_reason": True})
        if name := self.cleaned_data["dk_name"]:
            answers.append({"code": scoring.DK, "name": name})
        return answers


class ChoiceForm(forms.Form):
    code = forms.CharField(max_length=20)
    value = forms.IntegerField(min_value=0, max_value=1_000_000)
    name = forms.CharField(max_length=120)
    anchor = forms.CharField(required=False, label="When it is this one", widget=textarea(2))

    def clean_code(self):
        code = self.cleaned_data["code"]
        if code in (scoring.NA, scoring.DK, "-"):
            raise forms.ValidationError("This code stands for an answer that is not a rating.")
        return code


class BaseChoiceFormSet(forms.BaseFormSet):
    def clean(self):
        if any(self.errors):
            return
        kept = self.choices()
        if len(kept) < 2:
            raise forms.ValidationError("A scale needs two choices or more.")
        for name in ("code", "value"):
            if len({choice[name] for choice in kept}) < len(kept):
                raise forms.ValidationError(f"Two choices have the same {name}.")
        if kept[0]["value"] != 0:
            raise forms.ValidationError("The value of the lowest choice is 0.")

    def choices(self) -> list[dict]:
        """The choices that stay, from the lowest to the highest."""
        rows = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("code") and not form.cleaned_data.get("DELETE")
        ]
        kept = [{name: row[name] for name in ("code", "value", "name", "anchor")} for row in rows]
        return sorted(kept, key=lambda row: row["value"])


ChoiceFormSet: Any = forms.formset_factory(ChoiceForm, formset=BaseChoiceFormSet, extra=2, can_delete=True, max_num=100)
NEW_CHOICES = [
    {"code": code, "value": n, "name": name}
    for n, (code, name) in enumerate([("N", "Not done"), ("P", "Partly done"), ("F", "Fully done")])
]

FORMS: dict[str, Any] = {
    "level": LevelForm,
    "group": GroupForm,
    "dimension": DimensionForm,
    "criterion": CriterionForm,
    "scale": ScaleForm,
}
MODELS: dict[str, Any] = {
    "level": Level,
    "group": Group,
    "dimension": Dimension,
    "criterion": Criterion,
    "scale": Scale,
}


def choices_of(scale: Scale) -> list[dict]:
    return [dict(row) for row in Choice.objects.filter(scale=scale).values("code", "value", "name", "anchor")]


def choices_in_words(choices: list[dict]) -> str:
    return "\n".join(
        f"{choice['value']} {choice['code']} {choice['name']}" + (f": {choice['anchor']}" if choice["anchor"] else "")
        for choice in choices
    )


class NewScaleForm(ScaleForm):
    name = forms.CharField(max_length=60, help_text="For its key; people see the choices.")
