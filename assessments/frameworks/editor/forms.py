"""Forms of the editor: the framework's head and its parts."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ... import scoring
from ...models import Choice, Criterion, Dimension, Edition, Frozen, Group, Level, Scale
from ...models.edition_editing import Part
from ...web.revised_forms import Difference, RevisedForm
from ..format.numbers import exact_number, number_text
from ..part_names import FIELD_NAMES
from .grid import Grid

MARKDOWN = gettext_lazy("You can use Markdown: *emphasis*, lists and links.")
ONE_ON_EACH_LINE = gettext_lazy("One per line.")


def textarea(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=textarea(3), help_text=ONE_ON_EACH_LINE, **kwargs)

    def prepare_value(self, value: object) -> object:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a list, though the widget holds text
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]


class ExactNumberField(forms.CharField):
    """A number from 0 up, kept exactly as text: 2, 0.5 or 2/3; empty for none."""

    def __init__(self, *, is_positive: bool = False, required: bool = False, **kwargs: Any) -> None:
        super().__init__(required=required, max_length=24, **kwargs)
        self.is_positive = is_positive

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        number = exact_number(text)
        if number is None:
            raise forms.ValidationError(_("This is not a number. Write it as 2, as 0.5 or as 2/3."))
        if self.is_positive and not number:
            raise forms.ValidationError(_("This must be more than 0."))
        return number_text(number)


def weight_field() -> ExactNumberField:
    """How much a dimension or criterion of a rubric counts."""
    return ExactNumberField(
        is_positive=True, label=FIELD_NAMES["weight"], help_text=gettext_lazy("How much it counts. Empty for 1.")
    )


class PartForm(RevisedForm, forms.ModelForm):
    """A part of a draft."""

    def __init__(self, *args: Any, edition: Edition, grid: Grid | None = None, **kwargs: Any) -> None:
        """`grid` has the parts to choose from at hand, if the page shows them as well."""
        self.edition = edition
        self.grid = grid
        super().__init__(*args, **kwargs)

    def offer(self, name: str, rows: Iterable[Part], **kwargs: Any) -> None:
        """Lets one of these parts be chosen; leaves the field out if there is nothing to choose."""
        rows = list(rows)
        if not rows or (name == "scale" and len(rows) == 1):
            del self.fields[name]
            return
        label = self.fields[name].label
        field = NamedChoice(rows[0].__class__.objects.filter(edition=self.edition), label=label, **kwargs)
        blank = [("", field.empty_label)] if field.empty_label is not None else []
        field.choices = blank + [(row.pk, field.label_from_instance(row)) for row in rows]
        self.fields[name] = field

    def clean(self) -> dict[str, Any] | None:
        if not self.edition.is_draft:
            raise forms.ValidationError(str(Frozen()))
        return super().clean()

    def validate_unique(self) -> None:
        """Left to the verbs of the edition, which hold it while they look."""


class HeadForm(PartForm):
    rubric_result = forms.ChoiceField(
        label=gettext_lazy("Score of the whole"),
        choices=[
            (scoring.MEAN, gettext_lazy("The mean of its dimensions, by their weights")),
            (scoring.LOWEST, gettext_lazy("The lowest of its dimensions")),
        ],
    )

    class Meta:
        model = Edition
        fields = ["name", "version", "purpose", "unit_of_assessment", "language"]
        widgets = {"purpose": textarea(3), "unit_of_assessment": textarea(2)}
        labels = FIELD_NAMES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.edition.is_rubric:
            self.initial.setdefault("rubric_result", self.edition.rubric_result)
        else:
            del self.fields["rubric_result"]


class LevelForm(PartForm):
    also_called = LinesField(label=FIELD_NAMES["also_called"])
    highlights = LinesField(label=FIELD_NAMES["highlights"])
    technology = LinesField(label=FIELD_NAMES["technology"])
    start = ExactNumberField(
        label=FIELD_NAMES["start"],
        help_text=gettext_lazy("The score from which on it is reached. Empty for its own number."),
    )

    class Meta:
        model = Level
        fields = ["name", "start", "alias", "summary", "description", "highlights", "technology", "fits", "also_called"]
        widgets = {"summary": textarea(2), "description": textarea(6), "fits": textarea(2)}
        help_texts = {
            "description": MARKDOWN,
            "alias": gettext_lazy("A number or code that people know this level by."),
            "fits": gettext_lazy("When this level is enough."),
        }
        labels = FIELD_NAMES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels = self.grid.levels if self.grid else list(self.edition.levels.all())
        is_lowest = bool(levels) and self.instance.pk == levels[0].pk
        if not self.edition.is_rubric or is_lowest:
            del self.fields["start"]


class GroupForm(PartForm):
    class Meta:
        model = Group
        fields = ["name", "about"]
        widgets = {"about": textarea(3)}
        labels = FIELD_NAMES


class NamedChoice(forms.ModelChoiceField):
    def label_from_instance(self, row: Part) -> str:
        return f"{row.number} · {row.name}" if isinstance(row, Level) else row.label


class DimensionForm(PartForm):
    weight = weight_field()

    class Meta:
        model = Dimension
        fields = ["name", "group", "about", "weight"]
        widgets = {"about": textarea(3)}
        labels = FIELD_NAMES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = self.grid.groups if self.grid else self.edition.groups.all()
        self.offer("group", groups, required=False, empty_label=_("No group"))
        if not self.edition.is_rubric:
            del self.fields["weight"]


class CriterionForm(PartForm):
    refs = LinesField(label=FIELD_NAMES["refs"])
    weight = weight_field()

    class Meta:
        model = Criterion
        fields = [
            "statement",
            "name",
            "evidence",
            "next",
            "na",
            "level",
            "dimension",
            "scale",
            "weight",
            "quick",
            "source",
            "refs",
        ]
        widgets = {"statement": textarea(2), "evidence": textarea(4), "next": textarea(3), "na": textarea(2)}
        labels = FIELD_NAMES | {
            "quick": gettext_lazy("Include in the short questionnaire"),
            "name": gettext_lazy("Short name"),
        }
        help_texts = {
            "name": gettext_lazy("A few words for maps, tables and charts."),
            "statement": gettext_lazy("One practice, worded so that people can say how far they do it."),
            "evidence": MARKDOWN,
            "next": gettext_lazy("What a team could do first. You can use Markdown: *emphasis*, lists and links."),
            "na": gettext_lazy("Leave empty if it always applies."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        edition = self.edition
        grid = self.grid
        dimensions = [row.dimension for row in grid.rows] if grid else edition.dimensions.all()
        levels = grid.columns if grid else []
        if grid is None and edition.has_criteria_by_level:
            levels = list(edition.levels.filter(number__gt=0))
        self.offer("dimension", dimensions, empty_label=None)
        self.offer("level", levels, empty_label=None)
        self.offer("scale", grid.scales if grid else edition.scales.all(), empty_label=None)
        if not edition.is_rubric:
            self.fields.pop("weight", None)


class NewCriterionForm(CriterionForm):
    """Only what a new criterion cannot be without; the rest is written on its own page."""

    class Meta(CriterionForm.Meta):
        fields = ["statement", "level", "dimension", "scale"]

    # Django's way to take away a field declared above.
    refs = None  # type: ignore[assignment]
    weight = None  # type: ignore[assignment]


class ScaleForm(PartForm):
    """The answers of a scale that are not ratings; its choices are in `ChoiceFormSet`."""

    na_name = forms.CharField(
        max_length=120,
        required=False,
        label=gettext_lazy("Name of “Does not apply”"),
        help_text=gettext_lazy("Leave empty to not offer it. People give a reason for it."),
    )
    dk_name = forms.CharField(max_length=120, required=False, label=gettext_lazy("Name of “I do not know”"))

    class Meta:
        model = Scale
        fields: list[str] = []

    def __init__(self, *args: Any, choices: "BaseChoiceFormSet", instance: Scale | None = None, **kwargs: Any) -> None:
        """`choices` is the set of forms that is sent together with this one."""
        self.choices = choices
        initial = names_of_others(instance) if instance else self.names_at_first()
        super().__init__(*args, instance=instance, initial=initial | kwargs.pop("initial", {}), **kwargs)

    @staticmethod
    def names_at_first() -> dict[str, str]:
        return {"na_name": _("Does not apply"), "dk_name": _("I do not know")}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.choices.is_valid():
            raise forms.ValidationError(_("There is a problem with the choices. Check the fields marked there."))
        return cleaned

    def terms(self) -> dict[str, Any]:
        """What `change_scale` takes."""
        return {"choices": self.choices.choices(), "other_answers": self.other_answers(), "seen": self.seen()}

    def values_of(self, row: Scale) -> dict[str, str]:
        return names_of_others(row)

    def differences(self) -> list[Difference]:
        differences = super().differences()
        stored = choices_of(self.conflict)
        entered = self.choices.choices()
        if stored != entered:
            differences.append(Difference(_("Choices"), choices_in_words(stored), choices_in_words(entered)))
        return differences

    def other_answers(self) -> list[dict]:
        answers = []
        if name := self.cleaned_data["na_name"]:
            answers.append({"code": scoring.NA, "name": name, "needs_reason": True})
        if name := self.cleaned_data["dk_name"]:
            answers.append({"code": scoring.DK, "name": name})
        return answers


class ChoiceForm(forms.Form):
    code = forms.CharField(max_length=20, label=gettext_lazy("Code"))
    value = forms.IntegerField(min_value=0, max_value=1_000_000, label=gettext_lazy("Value"))
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    anchor = forms.CharField(required=False, label=gettext_lazy("When to choose it"), widget=textarea(2))

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if code in (scoring.NA, scoring.DK, "-"):
            raise forms.ValidationError(_("This code is reserved for an answer that is not a rating."))
        return code


class BaseChoiceFormSet(forms.BaseFormSet):
    #: Whether the lowest choice is worth nothing, as everywhere but in a rubric.
    from_zero = True

    def clean(self) -> None:
        if any(self.errors):
            return
        kept = self.choices()
        if len(kept) < 2:
            raise forms.ValidationError(_("A scale needs at least two choices."))
        if len({choice["code"] for choice in kept}) < len(kept):
            raise forms.ValidationError(_("Two choices have the same code."))
        if len({choice["value"] for choice in kept}) < len(kept):
            raise forms.ValidationError(_("Two choices have the same value."))
        if self.from_zero and kept[0]["value"] != 0:
            raise forms.ValidationError(_("The value of the lowest choice is 0."))

    def choices(self) -> list[dict]:
        """The choices that stay, from the lowest to the highest."""
        rows = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("code") and not form.cleaned_data.get("DELETE")
        ]
        kept = [{name: row[name] for name in ("code", "value", "name", "anchor")} for row in rows]
        return sorted(kept, key=lambda row: row["value"])


# The stubs do not say that the factory keeps the base class.
ChoiceFormSet: Any = forms.formset_factory(
    ChoiceForm, formset=BaseChoiceFormSet, extra=2, can_delete=True, can_delete_extra=False, max_num=100
)
#: What a new scale begins with.
NEW_CHOICES = [
    {"code": "N", "value": 0, "name": gettext_lazy("Not done")},
    {"code": "P", "value": 1, "name": gettext_lazy("Partly done")},
    {"code": "F", "value": 2, "name": gettext_lazy("Fully done")},
]


def names_of_others(scale: Scale) -> dict[str, str]:
    """What the answers of a scale that are not ratings are called, by the name of the field."""
    others = scale.other_by_code
    return {
        "na_name": others.get(scoring.NA, {}).get("name", ""),
        "dk_name": others.get(scoring.DK, {}).get("name", ""),
    }


def choices_of(scale: Scale) -> list[dict]:
    return [dict(row) for row in Choice.objects.filter(scale=scale).values("code", "value", "name", "anchor")]


def choices_in_words(choices: list[dict]) -> str:
    lines = []
    for choice in choices:
        line = f"{choice['value']} {choice['code']} {choice['name']}"
        lines.append(f"{line}: {choice['anchor']}" if choice["anchor"] else line)
    return "\n".join(lines)


class NewScaleForm(ScaleForm):
    field_order = ["name"]

    name = forms.CharField(
        max_length=60,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Becomes its key. People see only the choices."),
    )
