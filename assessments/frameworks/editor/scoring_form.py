"""How results of a draft come about: its rules or bands, edited as a whole: they only make sense together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...models import Edition
from ...models.edition_editing import key_of
from ...web.revised_forms import Difference, RevisedForm
from ..format.schema import Scoring
from .forms import ExactNumberField, textarea
from .rules_form import faults_of, in_order

AT_LEAST, MORE_THAN = "at_least", "more_than"
KINDS_OF_THRESHOLD = [(AT_LEAST, gettext_lazy("At least")), (MORE_THAN, gettext_lazy("More than"))]
UNITS = [
    ("criterion", gettext_lazy("Each criterion")),
    ("cell", gettext_lazy("The mean of the criteria of a dimension")),
]


class ShareField(ExactNumberField):
    """A number from 0 to 1, kept exactly as text."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if text and Fraction(text) > 1:
            raise forms.ValidationError(_("This is more than 1. Write a share, such as 2/3 or 0.85."))
        return text


class RowSet(forms.BaseFormSet):
    """Rows of which some may be blank or marked to be removed."""

    def kept(self) -> list[tuple[int, dict[str, Any]]]:
        """What stays, each with the place of its row."""
        return [
            (place, form.cleaned_data)
            for place, form in enumerate(self.forms)
            if form.cleaned_data.get("name") and not form.cleaned_data.get("DELETE")
        ]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Remove")


class RuleRow(forms.Form):
    """A rule by which levels are reached. A rule that exists keeps its key, under which assessments name it."""

    key = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    unit = forms.ChoiceField(choices=UNITS, initial="criterion", label=gettext_lazy("What must have enough points"))
    at_kind = forms.ChoiceField(choices=KINDS_OF_THRESHOLD, initial=AT_LEAST, label=gettext_lazy("At the level itself"))
    at = ShareField(required=True, label=gettext_lazy("Share at the level itself"))
    below_kind = forms.ChoiceField(
        choices=KINDS_OF_THRESHOLD, initial=AT_LEAST, label=gettext_lazy("At every level below it")
    )
    below = ShareField(required=True, label=gettext_lazy("Share at every level below it"))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for side in ("at", "below"):
            share = self.cleaned_data.get(side)
            if share and self.cleaned_data.get(f"{side}_kind") == MORE_THAN and Fraction(share) == 1:
                self.add_error(side, _("Nothing can be more than 1. Choose “at least”."))
        return cleaned


class BaseRuleFormSet(RowSet):
    def clean(self) -> None:
        if not any(self.errors) and not self.kept():
            raise forms.ValidationError(_("At least one rule is needed."))

    def rules(self, known: Iterable[str]) -> list[tuple[int, dict[str, Any]]]:
        """The rules as in a framework file, each with the place of its row. `known` are the keys of existing ones."""
        known = set(known)
        kept = self.kept()
        taken = {row["key"] for _place, row in kept if row["key"] in known}
        used: set[str] = set()
        rules = []
        for place, row in kept:
            key = row["key"]
            if key not in known or key in used:
                key = _free_key(row["name"], taken)
                taken.add(key)
            used.add(key)
            rule = {"key": key, "name": row["name"], "unit": row["unit"]}
            rules.append((place, rule | {side: {row[f"{side}_kind"]: row[side]} for side in ("at", "below")}))
        return rules


def _free_key(words: str, taken: set[str]) -> str:
    base = key = key_of(words) or "rule"
    n = 1
    while key in taken:
        n += 1
        key = f"{base}-{n}"
    return key


class BandRow(forms.Form):
    upto = ExactNumberField(required=True, label=gettext_lazy("Up to"))
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    meaning = forms.CharField(required=False, label=gettext_lazy("What it means"), widget=textarea(2))


class BaseBandFormSet(RowSet):
    def clean(self) -> None:
        if any(self.errors):
            return
        ends = [Fraction(row["upto"]) for _place, row in self.kept()]
        if not ends:
            raise forms.ValidationError(_("At least one band is needed."))
        if len(set(ends)) < len(ends):
            raise forms.ValidationError(_("Two bands end at the same number."))

    def bands(self) -> list[dict[str, Any]]:
        """As in a framework file, from the lowest to the highest."""
        rows = sorted((row for _place, row in self.kept()), key=lambda row: Fraction(row["upto"]))
        names = ("upto", "name", "meaning")
        return [{name: row[name] for name in names if row[name]} for row in rows]


# The stubs do not say that the factory keeps the base class.
RuleFormSet: Any = forms.formset_factory(
    RuleRow, formset=BaseRuleFormSet, extra=1, can_delete=True, can_delete_extra=False, max_num=100
)
BandFormSet: Any = forms.formset_factory(
    BandRow, formset=BaseBandFormSet, extra=2, can_delete=True, can_delete_extra=False, max_num=100
)


class ScoringForm(RevisedForm):
    """What decides levels or bands, and what a team talks about. Its rows are in `rows`; a rubric has none."""

    default = forms.ChoiceField(
        label=gettext_lazy("Default rule"),
        help_text=gettext_lazy("Assessments use it unless another one is chosen when they start."),
    )
    warning = ShareField(
        label=gettext_lazy("Warn if less than this share of a level applies"),
        help_text=gettext_lazy("A share of its criteria. Empty for 0.7."),
    )
    spread = forms.IntegerField(
        min_value=1,
        max_value=100,
        label=gettext_lazy("Discuss answers that are at least this many steps apart"),
    )
    split = forms.BooleanField(required=False, label=gettext_lazy("Discuss answers whose two middle ones differ"))

    def __init__(self, data: Any = None, *, edition: Edition) -> None:
        self.edition = edition
        self.stored_scoring = Scoring.model_validate(edition.scoring)
        self.rows = self._rows(data)
        super().__init__(data, initial=self.values_of(edition) | {"revision": edition.revision})
        if edition.has_criteria_by_level:
            self.offer_rules()
        else:
            del self.fields["default"]
            del self.fields["warning"]

    def _rows(self, data: Any) -> Any:
        scoring = plain_scoring(self.edition)
        if self.edition.has_criteria_by_level:
            return RuleFormSet(data, prefix="rules", initial=[rule_row(rule) for rule in scoring.get("rules", [])])
        if not self.edition.uses_levels:
            return BandFormSet(data, prefix="bands", initial=scoring.get("bands", []))
        return None

    def offer_rules(self) -> None:
        """Every row can be the default rule, also one that is added with the same save."""
        field: Any = self.fields["default"]
        names = [row["name"].value() for row in self.rows.forms]
        field.choices = [(str(place), name or _("The new rule")) for place, name in enumerate(names)]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.rows is not None and not self.rows.is_valid():
            raise forms.ValidationError(_("There is a problem below. Check the fields marked there."))
        if "default" in self.cleaned_data and int(self.cleaned_data["default"]) not in dict(self.rows.kept()):
            self.add_error("default", _("Choose one of the rules that stay."))
        if not self.errors:
            for sentence in faults_of("scoring", self._entered()):
                self.add_error(None, sentence)
        return cleaned

    def scoring(self) -> dict[str, Any]:
        """As in a framework file."""
        scoring = in_order("scoring", self._entered())
        # What is stored may be written in another way that means the same.
        return self.edition.scoring if scoring == plain_scoring(self.edition) else scoring

    def _entered(self) -> dict[str, Any]:
        stored = plain_scoring(self.edition)
        scoring = stored | {
            "discuss_when": {"spread_min": self.cleaned_data["spread"], "split_median": self.cleaned_data["split"]}
        }
        if self.edition.has_criteria_by_level:
            rules = dict(self.rules())
            scoring["rules"] = list(rules.values())
            scoring["default_rule"] = rules[int(self.cleaned_data["default"])]["key"]
            scoring["applicability_warning_below"] = self.cleaned_data["warning"] or "0.7"
        elif not self.edition.uses_levels:
            scoring["bands"] = self.rows.bands()
        return scoring

    def rules(self) -> list[tuple[int, dict[str, Any]]]:
        return self.rows.rules(rule.key for rule in self.stored_scoring.rules)

    def values(self) -> dict[str, Any]:
        values = super().values()
        if "default" in values:
            values["default"] = dict(self.rules())[int(values["default"])]["name"]
        return values

    def values_of(self, row: Edition) -> dict[str, Any]:
        scoring = Scoring.model_validate(row.scoring)
        keys = [rule.key for rule in scoring.rules]
        plain = scoring.model_dump(mode="json")
        place = keys.index(scoring.default_rule) if scoring.default_rule in keys else 0
        return {
            "default": place,
            "warning": plain["applicability_warning_below"],
            "spread": scoring.discuss_when.spread_min,
            "split": scoring.discuss_when.split_median,
        }

    def differences(self) -> list[Difference]:
        stored = plain_scoring(self.conflict)
        entered = in_order("scoring", self.scoring())
        differences = []
        for label, in_words in (
            (_("Rules"), rules_as_lines),
            (_("Bands"), bands_as_lines),
            (_("Otherwise"), rest_as_lines),
        ):
            before, after = in_words(stored), in_words(entered)
            if before != after:
                differences.append(Difference(label, before, after))
        return differences


def plain_scoring(edition: Edition) -> dict[str, Any]:
    """As in a framework file, in one way of writing."""
    return in_order("scoring", edition.scoring)


def rule_row(rule: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: rule[name] for name in ("key", "name", "unit")}
    for side in ("at", "below"):
        kind, share = next(iter(rule[side].items()), (AT_LEAST, ""))
        row |= {f"{side}_kind": kind, side: share}
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInWords:
    name: str
    sentence: str
    is_default: bool


def rules_in_words(scoring: Mapping[str, Any]) -> list[RuleInWords]:
    """What each rule of the method `levels` asks for."""
    return [
        RuleInWords(
            name=rule["name"], sentence=_rule_sentence(rule), is_default=rule["key"] == scoring.get("default_rule")
        )
        for rule in scoring.get("rules", [])
    ]


def _rule_sentence(rule: Mapping[str, Any]) -> str:
    sentence = _("Each criterion has {at} of the points at the level itself, and {below} at every level below it.")
    if rule["unit"] == "cell":
        sentence = _(
            "The criteria of each dimension have on average {at} of the points at the level itself, and {below} at "
            "every level below it."
        )
    return sentence.format(at=_threshold(rule["at"]), below=_threshold(rule["below"]))


def _threshold(threshold: Mapping[str, str]) -> str:
    kind, share = next(iter(threshold.items()), (AT_LEAST, "?"))
    words = _("more than {share}") if kind == MORE_THAN else _("at least {share}")
    return words.format(share=share)


def rules_as_lines(scoring: Mapping[str, Any]) -> str:
    lines = []
    for rule in rules_in_words(scoring):
        name = _("{name} (default)").format(name=rule.name) if rule.is_default else rule.name
        lines.append(f"{name}: {rule.sentence}")
    return "\n".join(lines)


def bands_as_lines(scoring: Mapping[str, Any]) -> str:
    lines = []
    for band in scoring.get("bands", []):
        line = f"{band['upto']} {band['name']}"
        lines.append(f"{line}: {band['meaning']}" if band.get("meaning") else line)
    return "\n".join(lines)


def rest_as_lines(scoring: Mapping[str, Any]) -> str:
    """What a team discusses, and when few criteria apply."""
    rest = Scoring.model_validate(scoring).model_dump(mode="json")
    lines = [_("Discussed from {count} steps apart.").format(count=rest["discuss_when"]["spread_min"])]
    if rest["discuss_when"]["split_median"]:
        lines.append(_("Discussed if the two middle answers differ."))
    lines.append(_("A warning below {share} that applies.").format(share=rest["applicability_warning_below"]))
    return "\n".join(lines)
