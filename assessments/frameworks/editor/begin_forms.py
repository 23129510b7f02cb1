"""Forms that begin a new framework: blank, as a copy, or from a table."""

import hashlib
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...models import Edition, Framework
from ...models.edition_editing import key_of
from ...web.revised_forms import RevisedForm
from ..part_names import FIELD_NAMES
from .beginnings import LEVELS, RUBRIC, SUMS, TableFramework, blank, copied
from .forms import LinesField, textarea

MAX_TABLE = 200_000
MAX_LINES = 100


def unused_key(name: str) -> str:
    """A key from a name that no framework has."""
    base = key_of(name) or "framework"
    taken = set(Framework.objects.filter(key__startswith=base).values_list("key", flat=True))
    key, n = base, 1
    while key in taken:
        n += 1
        key = f"{base}-{n}"
    return key


class BeginForm(RevisedForm):
    name = forms.CharField(max_length=120, label=FIELD_NAMES["name"])
    key = forms.CharField(
        max_length=80,
        required=False,
        label=gettext_lazy("Key"),
        help_text=gettext_lazy(
            "Small letters, digits and hyphens. It stays the same for good: addresses and files refer to it. "
            "Leave empty to make it from the name."
        ),
        validators=[
            RegexValidator(
                r"\A[a-z0-9][a-z0-9_-]*\Z", gettext_lazy("Write small letters from a to z, digits and hyphens only.")
            )
        ],
    )

    def clean_key(self) -> str:
        key = self.cleaned_data["key"]
        if key and Framework.objects.filter(key=key).exists():
            raise forms.ValidationError(_("There is a framework with this key already."))
        return key

    def key_and_name(self) -> dict[str, str]:
        name = self.cleaned_data["name"]
        return {"key": self.cleaned_data["key"] or unused_key(name), "name": name}

    def data_to_store(self) -> dict[str, Any]:
        """The data of a framework file that the draft begins with."""
        raise NotImplementedError


def _names(lines: list[str], *, least: int, field: str) -> list[str]:
    """Names, one for each line; raises ValidationError with what is wrong with them."""
    if len(lines) < least:
        raise forms.ValidationError(_("Write at least {least} lines.").format(least=least))
    if len(lines) > MAX_LINES:
        raise forms.ValidationError(_("Write at most {most} lines.").format(most=MAX_LINES))
    long = [line for line in lines if len(line) > 120]
    if long:
        sentence = _("“{name}…” is longer than {limit} letters.")
        raise forms.ValidationError(sentence.format(name=long[0][:40], limit=120))
    if field == "dimensions" and len({line.casefold() for line in lines}) < len(lines):
        raise forms.ValidationError(_("Two lines are the same."))
    return lines


class MethodForm(BeginForm):
    """With the scoring method and the names of what results reach."""

    method = forms.ChoiceField(
        label=FIELD_NAMES["method"],
        widget=forms.RadioSelect,
        initial=LEVELS,
        choices=[
            (LEVELS, gettext_lazy("Levels: each criterion belongs to a level, and a team is at a level if it does it")),
            (RUBRIC, gettext_lazy("Rubric: each question is answered with a level")),
            (SUMS, gettext_lazy("Smallest section score: points are added up, and the weakest section decides")),
        ],
    )
    levels = LinesField(label=gettext_lazy("Levels"))


class BlankForm(MethodForm):
    dimensions = LinesField(label=gettext_lazy("Dimensions"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["levels"].required = self.fields["dimensions"].required = True
        self.fields["levels"].widget = textarea(5)
        self.fields["levels"].help_text = _(
            "One name per line, the lowest first. With the method Levels the first one has no criteria: it is where "
            "every team starts."
        )
        self.fields["dimensions"].widget = textarea(4)
        self.fields["dimensions"].help_text = _("One name per line.")

    def clean_levels(self) -> list[str]:
        return _names(self.cleaned_data["levels"], least=2, field="levels")

    def clean_dimensions(self) -> list[str]:
        return _names(self.cleaned_data["dimensions"], least=1, field="dimensions")

    def data_to_store(self) -> dict[str, Any]:
        terms = {name: self.cleaned_data[name] for name in ("method", "levels", "dimensions")}
        return blank(**self.key_and_name(), **terms)


class NamedEdition(forms.ModelChoiceField):
    def label_from_instance(self, edition: Edition) -> str:
        return f"{edition} ({edition.get_status_display()})"


class CopyForm(BeginForm):
    field_order = ["edition", "name", "key"]

    edition = NamedEdition(
        Edition.objects.none(), label=gettext_lazy("Copy of"), empty_label=gettext_lazy("Choose a framework")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["edition"].queryset = Edition.objects.select_related("framework").order_by(  # type: ignore[attr-defined]
            "name", "-publication"
        )

    def data_to_store(self) -> dict[str, Any]:
        return copied(self.cleaned_data["edition"], **self.key_and_name())


class TableForm(MethodForm):
    """`shown` is the hash of what the page has shown a preview of: only that is stored."""

    field_order = ["name", "key", "method", "levels", "table", "without"]

    table = forms.CharField(
        max_length=MAX_TABLE,
        # A row may begin with empty cells.
        strip=False,
        label=gettext_lazy("Table"),
        widget=textarea(10),
        help_text=gettext_lazy(
            "Copy the cells of a spreadsheet, or write commas between them: level, dimension, criterion, how to check, "
            "next step. A first row with these words may put them in another order. A rubric and sums have no level."
        ),
    )
    without = forms.BooleanField(required=False, label=gettext_lazy("Leave out what has a problem"))
    shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["levels"].help_text = _(
            "One name per line, the lowest first. Only for a rubric and for sums: else the table names the levels."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("method", LEVELS) != LEVELS and "levels" in cleaned:
            try:
                _names(cleaned["levels"], least=2, field="levels")
            except forms.ValidationError as error:
                self.add_error("levels", error)
        return cleaned

    def visible(self) -> list[forms.BoundField]:
        """What is entered; what to do about problems stands beside them."""
        return [field for field in super().visible() if field.name not in ("without", "shown")]

    def read(self) -> TableFramework:
        return TableFramework.read(
            self.cleaned_data["table"], method=self.cleaned_data["method"], names=self.cleaned_data["levels"]
        )

    def hash(self) -> str:
        """Of everything that the preview depends on."""
        parts = [self.cleaned_data[name] for name in ("name", "key", "method", "levels", "table")]
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def data_to_store(self) -> dict[str, Any]:
        return self.read().data(**self.key_and_name())
