"""Forms of the grid: a list of criteria for one dimension, and where one is moved to."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...models import Criterion, Dimension, Edition, Level
from ...web.revised_forms import RevisedForm
from .pasted import LineProblem, Pasted, PastedCriterion, number_of, read_list

MAX_LINES = 500


class CriteriaForm(RevisedForm):
    """Criteria for one dimension, one on each line. `level` is that of the lines that name none.

    With `here` every line is a criterion of `level`, whatever it begins with.
    """

    text = forms.CharField(
        max_length=100_000,
        strip=False,
        label=gettext_lazy("One criterion on each line"),
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    level = forms.ModelChoiceField(
        Level.objects.none(),
        required=False,
        label=gettext_lazy("Level of lines that name none"),
        empty_label=gettext_lazy("None: each line names its own"),
    )
    here = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, edition: Edition, dimension: Dimension, **kwargs: Any) -> None:
        # Other forms stand on the same page.
        super().__init__(*args, auto_id=f"paste-{dimension.pk}-%s", **kwargs)
        self.edition = edition
        self.dimension = dimension
        self.levels = list(edition.levels.filter(number__gt=0)) if edition.has_criteria_by_level else []
        if self.levels:
            field: Any = self.fields["level"]
            field.queryset = edition.levels.filter(number__gt=0)
            field.label_from_instance = str
            self.fields["text"].help_text = _(
                "The number of the level stands in front of each line, or in a column of its own, or on a line above. "
                "Columns from a spreadsheet may follow: how to check, next step."
            )
        else:
            del self.fields["level"]
            self.fields["text"].help_text = _("Columns from a spreadsheet may follow: how to check, next step.")

    def visible(self) -> list[forms.BoundField]:
        return [field for field in super().visible() if field.name != "here"]

    def pasted(self) -> Pasted:
        is_here = self.cleaned_data.get("here")
        return read_list(self.cleaned_data["text"], [] if is_here else [level.name for level in self.levels])

    def read(self) -> "CriteriaList":
        pasted = self.pasted()
        found = CriteriaList(levels=self.levels, problems=pasted.problems)
        for row in pasted.criteria:
            level = self._level_of(row)
            if self.levels and level is None:
                sentence = _("There is no level “{level}” here.").format(level=row.level)
                if not row.level:
                    sentence = _("This line names no level.")
                found.problems.append(LineProblem(line=row.line, text=row.statement[:60], sentence=sentence))
            else:
                found.rows.append((row, level))
        if len(found.rows) > MAX_LINES:
            sentence = _("At most {count} criteria can be added at once.").format(count=MAX_LINES)
            row = found.rows[MAX_LINES][0]
            found.problems.append(LineProblem(line=row.line, text=row.statement[:60], sentence=sentence))
        if not found.rows and not found.problems:
            found.problems.append(LineProblem(line=1, text="", sentence=_("The criterion is missing.")))
        found.problems.sort(key=lambda problem: problem.line)
        return found

    def _level_of(self, row: PastedCriterion) -> Level | None:
        if not row.level:
            return self.cleaned_data.get("level")
        number, name = number_of(row.level)
        for level in self.levels:
            if level.number == number or (number is None and level.name.casefold() == name.casefold()):
                return level
        return None

    def criteria(self, found: "CriteriaList") -> list[Criterion]:
        scale = self.edition.scales.first()
        return [
            Criterion(edition=self.edition, dimension=self.dimension, level=level, scale=scale, **row.texts())
            for row, level in found.rows
        ]


class CriteriaList:
    """What a pasted list becomes: its criteria with their levels, and what is wrong with the other lines."""

    def __init__(self, *, levels: list[Level], problems: list[LineProblem]) -> None:
        self.levels = levels
        self.problems = problems
        self.rows: list[tuple[PastedCriterion, Level | None]] = []

    def counts(self) -> list[tuple[Level, int]]:
        """Every level with the number of criteria that it gets."""
        return [(level, sum(level == other for _row, other in self.rows)) for level in self.levels]

    @property
    def count(self) -> int:
        return len(self.rows)


class CellForm(RevisedForm):
    """Where a criterion is moved to: a cell, and the one that it stands in front of there."""

    criterion = forms.ModelChoiceField(Criterion.objects.none())
    dimension = forms.ModelChoiceField(Dimension.objects.none())
    level = forms.ModelChoiceField(Level.objects.none(), required=False)
    before = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edition = edition
        fields: Any = self.fields
        fields["criterion"].queryset = edition.criteria.select_related("dimension")
        fields["dimension"].queryset = edition.dimensions.all()
        fields["level"].queryset = edition.levels.filter(number__gt=0)
        fields["level"].required = edition.has_criteria_by_level

    def clean_level(self) -> Level | None:
        return self.cleaned_data["level"] if self.edition.has_criteria_by_level else None
