"""What is looked at in the portfolio and in the organisation's plan; all of it stands in the address."""

from collections import Counter

from django import forms
from django.db.models import Count

from ..models import Edition, Questionnaire, Result, Unit
from ..web.form_fields import DayField
from .rows import Query


def unit_choices(units: list[Unit]) -> list[tuple]:
    """All units, each shown at its place in the tree."""
    return [("", "All"), *((unit.pk, "\N{NO-BREAK SPACE}" * 2 * unit.depth + unit.name) for unit in units)]


class PortfolioForm(forms.Form):
    """Every field may be left out; what makes no sense counts as left out, and the page says so."""

    framework = forms.ChoiceField(required=False)
    unit = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    edition = forms.ChoiceField(required=False)
    as_of = DayField(required=False, label="As of")
    sort = forms.ChoiceField(required=False, label="Sorted by")
    rule = forms.ChoiceField(required=False)
    questionnaire = forms.ChoiceField(required=False, choices=Questionnaire)

    def __init__(self, data, *, units: list[Unit]):
        super().__init__(data)
        self.editions = list(Edition.objects.frozen().select_related("framework"))
        by_framework: dict[str, list[Edition]] = {}
        for edition in self.editions:
            if edition.is_published:
                by_framework.setdefault(edition.framework.key, []).append(edition)
        wanted = data.get("framework", "")
        self.key = wanted if wanted in by_framework else _most_used(by_framework)
        self.offered = by_framework.get(self.key, [])
        self.fields["framework"].choices = [(key, rows[0].framework.name) for key, rows in by_framework.items()]
        self.fields["unit"].choices = unit_choices(units)
        if self.default:
            self._offer(self.default)

    def _offer(self, edition: Edition):
        contents = edition.contents
        self.by_address = _by_address(self.offered)
        versions = Counter(each.version for each in self.offered)
        self.fields["edition"].choices = [
            ("", "Any"),
            *(
                (value, f"{e.version}, {e.get_origin_display().lower()}" if versions[e.version] > 1 else e.version)
                for value, e in self.by_address.items()
            ),
        ]
        dimensions = contents.dimensions if edition.uses_levels else []
        self.fields["sort"].choices = [
            ("", "Name"),
            ("overall", "Overall level, lowest first"),
            *((d.key, f"{d.name}, lowest first") for d in dimensions),
        ]
        self.fields["rule"].choices = list(contents.rules.items())
        usual = {"framework": self.key, "rule": contents.default_rule, "questionnaire": "full"}
        # A bound form shows what was sent; what was left out is shown as what counts instead.
        self.data = {**usual, **{name: value for name, value in self.data.items() if value}}
        if not contents.rules:
            del self.fields["rule"]

    @property
    def default(self) -> Edition | None:
        return self.offered[0] if self.offered else None

    def query(self) -> Query | None:
        """What is asked for; None where there is no edition at all."""
        if self.default is None:
            return None
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        edition = self.by_address.get(chosen.get("edition", ""))
        return Query(
            edition=edition or self.default,
            editions=[each for each in self.editions if each.framework_id == self.default.framework_id],
            rule=chosen.get("rule", self.default.contents.default_rule),
            questionnaire=chosen.get("questionnaire", "full"),
            unit=chosen.get("unit"),
            only_edition=edition is not None,
            as_of=chosen.get("as_of"),
            sort=chosen.get("sort", ""),
        )


def _by_address(editions: list[Edition]) -> dict[str, Edition]:
    """The editions by what stands for them in an address: the version; of several called alike, of the first only."""
    found: dict[str, Edition] = {}
    for edition in editions:
        found[str(edition.pk) if edition.version in found else edition.version] = edition
    return found


def _most_used(by_framework: dict[str, list[Edition]]) -> str:
    """The framework that most teams have a current result in; one pass over the results, whatever each team has."""
    if len(by_framework) < 2:
        return next(iter(by_framework), "")
    rows = Result.objects.current_only().order_by().values_list("framework")
    teams = dict(rows.annotate(n=Count("team", distinct=True)))

    def used(key: str) -> int:
        return teams.get(by_framework[key][0].framework_id, 0)

    return max(by_framework, key=used)


class PlanForm(forms.Form):
    """Which part of the organisation's plan."""

    unit = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    overdue = forms.BooleanField(required=False, label="Overdue only")
    long_over = forms.BooleanField(required=False, label="Targets over for more than a year too")

    def __init__(self, data, *, units: list[Unit]):
        super().__init__(data)
        self.fields["unit"].choices = unit_choices(units)
