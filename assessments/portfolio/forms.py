"""What to show in the portfolio and in the organisation's plan; all of it is part of the address."""

from collections import Counter
from collections.abc import Mapping

from django import forms
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Edition, Questionnaire, Unit, standings
from ..models.framework_texts import filled
from ..web.form_fields import DayField
from .rows import ASSESSED, ATTENTION, OVERALL, ConcernKind, Query, sort_by_dimension

#: Which of the teams that need attention the table shows; all teams without a choice.
SHOWN = [
    ("", gettext_lazy("All teams")),
    (ATTENTION, gettext_lazy("Needs attention")),
    *ConcernKind.choices,
]


def unit_choices(units: list[Unit]) -> list[tuple]:
    """All units, each indented by its depth in the tree."""
    choices: list[tuple] = [("", _("All"))]
    for unit in units:
        indent = "\N{NO-BREAK SPACE}" * 2 * unit.depth
        choices.append((unit.pk, indent + unit.name))
    return choices


class PortfolioForm(forms.Form):
    """Every field is optional. A value that makes no sense counts as left out, and the page says so."""

    framework = forms.ChoiceField(required=False, label=gettext_lazy("Framework"))
    unit = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label=gettext_lazy("Unit"))
    edition = forms.ChoiceField(required=False, label=gettext_lazy("Version"))
    as_of = DayField(required=False, label=gettext_lazy("As of"))
    sort = forms.ChoiceField(required=False, label=gettext_lazy("Sort by"))
    rule = forms.ChoiceField(required=False, label=gettext_lazy("Rule"))
    questionnaire = forms.ChoiceField(required=False, choices=Questionnaire, label=gettext_lazy("Questionnaire"))
    show = forms.ChoiceField(required=False, choices=SHOWN, label=gettext_lazy("Show"))

    def __init__(
        self, data: Mapping[str, str], *, units: list[Unit], editions: list[Edition], framework_key: str
    ) -> None:
        """`editions` are all that are or were published; `framework_key` is empty only if there are none."""
        super().__init__(data)
        by_framework = _published_by_framework(editions)
        self.editions = editions
        self.key = framework_key
        self.offered = by_framework.get(framework_key, [])
        self.by_address = _by_address(self.offered)
        #: What counts if nothing is chosen.
        self.usual: dict[str, str] = {}
        self.fields["framework"].choices = [(key, rows[0].framework.title) for key, rows in by_framework.items()]
        self.fields["unit"].choices = unit_choices(units)
        if self.default:
            self._offer(self.default)

    @classmethod
    def of(cls, data: Mapping[str, str], *, units: list[Unit]) -> "PortfolioForm":
        """Fetches what can be chosen. The framework is the one asked for, or else the one that most teams use.

        One query; another one if there is no framework of the name asked for.
        """
        frozen = Edition.objects.frozen().select_related("framework")
        key = data.get("framework", "")
        editions = list(frozen) if key else []
        if key not in _published_by_framework(editions):
            most_used = RawSQL(standings.MOST_USED_FRAMEWORK, [Edition.Status.PUBLISHED])  # noqa: S611
            editions = list(frozen.annotate(most_used=most_used))
            key = _usual_framework(editions)
        return cls(data, units=units, editions=editions, framework_key=key)

    def _offer(self, edition: Edition) -> None:
        contents = edition.contents
        self.fields["edition"].choices = self._edition_choices()
        self.fields["sort"].choices = _sort_choices(edition)
        self.fields["rule"].choices = list(contents.rules.items())
        self.usual = {"framework": self.key, "rule": contents.default_rule, "questionnaire": "full"}
        # A bound form shows what was sent; what was left out is shown as what counts instead.
        given = {name: value for name, value in self.data.items() if value}
        self.data = self.usual | given
        if not contents.rules:
            del self.fields["rule"]

    def _edition_choices(self) -> list[tuple[str, str]]:
        """Versions; those with the same number also by where they come from."""
        same_version = Counter(edition.version for edition in self.offered)
        choices = [("", _("Any"))]
        for value, edition in self.by_address.items():
            label = edition.version
            if same_version[label] > 1:
                label = f"{label}, {edition.get_origin_display()}"
            choices.append((value, label))
        return choices

    @property
    def default(self) -> Edition | None:
        return self.offered[0] if self.offered else None

    def query(self) -> Query | None:
        """What to show; None if there is no edition at all."""
        if self.default is None:
            return None
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        edition = self.by_address.get(chosen.get("edition", ""))
        as_of = chosen.get("as_of")
        return Query(
            edition=edition or self.default,
            editions=[row for row in self.editions if row.framework_id == self.default.framework_id],
            rule=chosen.get("rule", self.default.contents.default_rule),
            questionnaire=chosen.get("questionnaire", "full"),
            unit=chosen.get("unit"),
            only_edition=edition is not None,
            as_of=as_of,
            sort=chosen.get("sort", ""),
            # Of a past day there is nothing to act on, so no team can be left out for having no reason to.
            show="" if as_of else chosen.get("show", ""),
        )


def _published_by_framework(editions: list[Edition]) -> dict[str, list[Edition]]:
    """Those that can be chosen, by the key of their framework."""
    by_framework: dict[str, list[Edition]] = {}
    for edition in editions:
        if edition.is_published:
            by_framework.setdefault(edition.framework.key, []).append(edition)
    return by_framework


def _sort_choices(edition: Edition) -> list[tuple[str, str]]:
    choices = [
        ("", _("Name")),
        (OVERALL, _("Overall level, lowest first")),
        (f"-{OVERALL}", _("Overall level, highest first")),
        (ASSESSED, _("Assessed, oldest first")),
        (f"-{ASSESSED}", _("Assessed, newest first")),
    ]
    if edition.uses_levels:
        for dimension in edition.contents.dimensions:
            sort = sort_by_dimension(dimension.key)
            choices.append((sort, filled(_("{dimension}, lowest first"), dimension=dimension.name)))
            choices.append((f"-{sort}", filled(_("{dimension}, highest first"), dimension=dimension.name)))
    return choices


def _by_address(editions: list[Edition]) -> dict[str, Edition]:
    """The editions by their version in an address; of several with the same version, all but the first by their key."""
    by_address: dict[str, Edition] = {}
    for edition in editions:
        value = str(edition.pk) if edition.version in by_address else edition.version
        by_address[value] = edition
    return by_address


def _usual_framework(editions: list[Edition]) -> str:
    """The key of the framework that most teams use; without a result, of the first one; empty if there is none."""
    published = [edition for edition in editions if edition.is_published]
    used = (edition for edition in published if edition.framework_id == edition.most_used)
    edition = next(used, published[0] if published else None)
    return edition.framework.key if edition else ""


class PlanForm(forms.Form):
    """Which part of the organisation's plan to show."""

    unit = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label=gettext_lazy("Unit"))
    overdue = forms.BooleanField(required=False, label=gettext_lazy("Only overdue"))
    long_over = forms.BooleanField(required=False, label=gettext_lazy("Include targets due more than a year ago"))

    def __init__(self, data: Mapping[str, object], *, units: list[Unit]) -> None:
        super().__init__(data)
        self.fields["unit"].choices = unit_choices(units)
