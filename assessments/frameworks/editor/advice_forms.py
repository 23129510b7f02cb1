"""Forms for the adviser of a draft: what it is about, its questions, and the rules that lead to a level."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...models import Edition
from ...models.edition_editing import key_of
from ...web.revised_forms import RevisedForm
from ..adviser_rules import conditions
from ..format.adviser_checks import adviser as adviser_findings
from ..format.untrusted import Whole
from ..storing import data_of
from .forms import LinesField, textarea
from .rules_form import faults_of, in_order

#: The lists of an adviser that have forms.
QUESTIONS, RULES, ADJUSTMENTS = "inputs", "rules", "adjustments"
YES, NO = "yes", "no"
YES_OR_NO = [(YES, gettext_lazy("Yes")), (NO, gettext_lazy("No"))]
ANY = gettext_lazy("Any answer")
MOST = 1_000_000
#: What an adviser answers until somebody writes something better.
FIRST_QUESTION = gettext_lazy("Which level is right for us?")

Adviser = dict[str, Any]


def adviser_of(edition: Edition) -> Adviser:
    """As in a framework file; one that only begins if the draft has none."""
    stored = edition.blocks.get("adviser")
    return in_order("adviser", stored) if stored else {"question": str(FIRST_QUESTION), "inputs": [], "rules": []}


def entry_of(adviser: Mapping[str, Any], kind: str, key: str) -> dict[str, Any] | None:
    return next((entry for entry in adviser.get(kind, []) if entry["key"] == key), None)


class AdviceForm(RevisedForm):
    """Something in the adviser of a draft. `changed` says what the adviser is with it."""

    def __init__(self, data: Any = None, *, edition: Edition, **kwargs: Any) -> None:
        self.edition = edition
        self.adviser = adviser_of(edition)
        super().__init__(data, **kwargs)
        levels = list(edition.levels.all())
        self.levels = [(level.number, f"{level.number} · {level.name}") for level in levels]
        self.prepare()
        self.initial.update(self.values_of(edition), revision=edition.revision)

    def prepare(self) -> None:
        """Adds the fields that depend on the draft."""

    def changed(self, adviser: Adviser) -> Adviser:
        """This adviser with what was entered; `adviser` may be changed on the way."""
        raise NotImplementedError

    def change(self, stored: Adviser | None) -> Adviser | None:
        """For `Edition.change_adviser`."""
        before = in_order("adviser", stored) if stored else adviser_of(self.edition)
        after = in_order("adviser", self.changed(before))
        # What is stored may be written in another way that means the same.
        return stored if stored and after == in_order("adviser", stored) else after

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            for sentence in self._new_faults():
                self.add_error(None, sentence)
        return cleaned

    def _new_faults(self) -> Iterator[str]:
        """What would no longer fit together. Faults that are there already do not stand in the way."""
        data = data_of(self.edition.contents)
        before = {finding.message for finding in adviser_findings(Whole(data | {"adviser": adviser_of(self.edition)}))}
        after = self.changed(adviser_of(self.edition))
        if faults := faults_of("adviser", after):
            yield from faults
            return
        for finding in adviser_findings(Whole(data | {"adviser": after})):
            if finding.message in before:
                continue
            kind, place = (*finding.place, 0, 0)[1:3]
            entry = after[kind][place] if kind in KINDS_OF_ADVICE and isinstance(place, int) else None
            name = KINDS_OF_ADVICE[str(kind)].name_of(entry) if entry else _("Worked cases and confirmations")
            yield _("{part}: {problem}; {remedy}").format(part=name, problem=finding.message, remedy=finding.mend)


class SubjectForm(AdviceForm):
    """What the adviser is about, and what a team confirms before it aims at a level."""

    question = forms.CharField(
        max_length=1000,
        label=gettext_lazy("Question that it answers"),
    )
    principle = forms.CharField(
        required=False,
        max_length=4000,
        label=gettext_lazy("Principle"),
        widget=textarea(3),
        help_text=gettext_lazy("What the advice goes by, in a few sentences."),
    )
    cautions = LinesField(label=gettext_lazy("What to be careful about"))

    def prepare(self) -> None:
        for number, name in self.levels:
            self.fields[f"confirm_{number}"] = forms.CharField(
                required=False,
                max_length=1000,
                label=_("Confirmed before aiming at level {level}").format(level=name),
                widget=textarea(2),
            )

    def values_of(self, row: Edition) -> dict[str, Any]:
        adviser = adviser_of(row)
        asked = {f"confirm_{entry['level']}": entry["ask"] for entry in adviser.get("confirm", [])}
        values = {
            "question": adviser["question"],
            "principle": adviser.get("principle", ""),
            "cautions": adviser.get("cautions", []),
        }
        return values | {name: asked.get(name, "") for name in self.fields if name.startswith("confirm_")}

    def changed(self, adviser: Adviser) -> Adviser:
        entered: dict[str, Any] = self.cleaned_data
        adviser |= {"question": entered["question"], "principle": entered["principle"] or None}
        # A text with several lines is kept unless the list is changed.
        before = [line.strip() for text in adviser.get("cautions", []) for line in text.splitlines() if line.strip()]
        if entered["cautions"] != before:
            adviser["cautions"] = entered["cautions"]
        asked = {number: entered[f"confirm_{number}"] for number, _name in self.levels}
        known = [entry for entry in adviser.get("confirm", []) if entry["level"] not in asked]
        order = [entry["level"] for entry in adviser.get("confirm", []) if entry["level"] in asked]
        order += [number for number in asked if number not in order]
        adviser["confirm"] = known + [{"level": number, "ask": asked[number]} for number in order if asked[number]]
        return adviser


class EntryForm(AdviceForm):
    """One question or rule. `key` names the one that is changed; without it the form adds one."""

    kind: str

    def __init__(self, data: Any = None, *, edition: Edition, key: str = "", **kwargs: Any) -> None:
        self.key = key
        super().__init__(data, edition=edition, **kwargs)

    def entry(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What was entered, as in a framework file; `before` is what it was."""
        raise NotImplementedError

    def words(self) -> str:
        """What the key of a new one is made of."""
        raise NotImplementedError

    def entry_in(self, row: Edition) -> dict[str, Any]:
        return entry_of(adviser_of(row), self.kind, self.key) or {}

    def changed(self, adviser: Adviser) -> Adviser:
        entries = adviser.setdefault(self.kind, [])
        for place, before in enumerate(entries):
            if before["key"] == self.key:
                entries[place] = {"key": self.key, **self.entry(before)}
                return adviser
        entries.append({"key": self.key or self.new_key(adviser), **self.entry({})})
        return adviser

    def new_key(self, adviser: Adviser) -> str:
        alike = (RULES, ADJUSTMENTS) if self.kind != QUESTIONS else (QUESTIONS,)
        taken = {entry["key"] for kind in alike for entry in adviser.get(kind, [])}
        base = key = key_of(self.words()) or "rule"
        n = 1
        while key in taken:
            n += 1
            key = f"{base}-{n}"
        return key


class QuestionForm(EntryForm):
    kind = QUESTIONS

    ask = forms.CharField(max_length=1000, label=gettext_lazy("Question"), widget=textarea(2))
    type = forms.ChoiceField(
        label=gettext_lazy("Answer"),
        choices=[
            ("boolean", gettext_lazy("Yes or no")),
            ("integer", gettext_lazy("A whole number")),
            ("choice", gettext_lazy("One of several words")),
        ],
    )
    choices = LinesField(label=gettext_lazy("The words to choose from"))
    min = forms.IntegerField(
        required=False, min_value=0, max_value=MOST, label=gettext_lazy("Smallest number that can be entered")
    )
    default = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Answer unless another is given"),
        help_text=gettext_lazy("Yes or no, a number, or one of the words."),
    )

    def values_of(self, row: Edition) -> dict[str, Any]:
        entry = self.entry_in(row)
        default = entry.get("default")
        if isinstance(default, bool):
            default = str(_("Yes") if default else _("No"))
        return {
            "ask": entry.get("ask", ""),
            "type": entry.get("type", "boolean"),
            "choices": entry.get("values", []),
            "min": entry.get("min"),
            "default": "" if default is None else str(default),
        }

    def clean(self) -> dict[str, Any] | None:
        entered = self.cleaned_data
        if entered.get("type") == "choice" and not entered.get("choices"):
            self.add_error("choices", _("Write the words, one on each line."))
        default = entered.get("default")
        if default and entered.get("type") and self._default() is None:
            self.add_error("default", _("This is no answer to the question."))
        return super().clean()

    def _default(self) -> Any:
        """The answer that was entered, in the kind of the question; None if it is none."""
        text, kind = self.cleaned_data["default"], self.cleaned_data["type"]
        if kind == "boolean":
            words = {str(_("Yes")).casefold(): True, YES: True, str(_("No")).casefold(): False, NO: False}
            return words.get(text.casefold())
        if kind == "integer":
            return int(text) if text.isdecimal() and len(text) < 7 else None
        return text if text in self.cleaned_data.get("choices", []) else None

    def entry(self, before: Mapping[str, Any]) -> dict[str, Any]:
        entered = self.cleaned_data
        kind = entered["type"]
        entry = {"type": kind, "ask": entered["ask"]}
        if kind == "integer":
            entry["min"] = entered["min"]
        if kind == "choice":
            entry["values"] = entered["choices"]
        if entered["default"]:
            entry["default"] = self._default()
        return entry

    def words(self) -> str:
        return self.cleaned_data["ask"]


class ConditionsForm(EntryForm):
    """A rule with its conditions: for each question, the answers to which the rule applies."""

    def add_conditions(self) -> None:
        for question in self.adviser["inputs"]:
            name, label = f"when_{question['key']}", question["ask"]
            if question["type"] == "boolean":
                choices = [("", ANY), *YES_OR_NO]
                self.fields[name] = forms.ChoiceField(required=False, label=label, choices=choices)
            elif question["type"] == "choice":
                self.fields[name] = forms.MultipleChoiceField(
                    required=False,
                    label=label,
                    choices=[(word, word) for word in question["values"]],
                    widget=forms.CheckboxSelectMultiple,
                    help_text=_("Applies to any answer unless some are ticked."),
                )
            else:
                for end, text in (("min", _("{question} At least")), ("max", _("{question} At most"))):
                    self.fields[f"{name}_{end}"] = forms.IntegerField(
                        required=False, min_value=0, max_value=MOST, label=text.format(question=label)
                    )

    def conditions_in(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        when = entry.get("when", {})
        for question in self.adviser["inputs"]:
            values |= _condition_values(question, when)
        return values

    def when(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The conditions that were entered. What was not changed stays written as it was."""
        old = before.get("when", {})
        when = {name: value for name, value in old.items() if not self._is_asked(name)}
        for question in self.adviser["inputs"]:
            key = question["key"]
            shown = _condition_values(question, old)
            entered = {name: self.cleaned_data.get(name) for name in shown}
            if entered == shown:
                when |= {name: old[name] for name in (key, f"{key}_min", f"{key}_max") if name in old}
            else:
                when |= _condition(question, entered)
        return {name: when[name] for name in sorted(when, key=[*old, *when].index)}

    def _is_asked(self, name: str) -> bool:
        keys = [question["key"] for question in self.adviser["inputs"]]
        return name in keys or any(name in (f"{key}_min", f"{key}_max") for key in keys)


def _condition_values(question: Mapping[str, Any], when: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields of a question hold for these conditions."""
    key = question["key"]
    name = f"when_{key}"
    given = when.get(key)
    listed = list(given) if isinstance(given, list | tuple) else [] if given is None else [given]
    if question["type"] == "boolean":
        return {name: "" if len(listed) != 1 else YES if listed[0] else NO}
    if question["type"] == "choice":
        return {name: [word for word in question["values"] if word in listed]}
    same = listed[0] if len(listed) == 1 else None
    return {f"{name}_min": when.get(f"{key}_min", same), f"{name}_max": when.get(f"{key}_max", same)}


def _condition(question: Mapping[str, Any], entered: Mapping[str, Any]) -> dict[str, Any]:
    """The conditions on a question that its fields say, as in a framework file."""
    key = question["key"]
    if question["type"] == "integer":
        ends = {f"{key}_{end}": entered[f"when_{key}_{end}"] for end in ("min", "max")}
        return {name: number for name, number in ends.items() if number is not None}
    answer = entered[f"when_{key}"]
    if question["type"] == "boolean":
        return {key: answer == YES} if answer else {}
    return {key: answer} if answer else {}


class RuleForm(ConditionsForm):
    kind = RULES

    level = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Level that it advises"))
    why = forms.CharField(max_length=2000, label=gettext_lazy("Reason, as people read it"), widget=textarea(2))
    basis = forms.CharField(
        required=False,
        max_length=1000,
        label=gettext_lazy("Where it comes from"),
        help_text=gettext_lazy("A source, or experience."),
    )

    def prepare(self) -> None:
        level: Any = self.fields["level"]
        level.choices = self.levels
        self.add_conditions()

    def values_of(self, row: Edition) -> dict[str, Any]:
        entry = self.entry_in(row)
        values = {"level": entry.get("level"), "why": entry.get("why", ""), "basis": entry.get("basis", "")}
        return values | self.conditions_in(entry)

    def entry(self, before: Mapping[str, Any]) -> dict[str, Any]:
        entered = self.cleaned_data
        entry = {"when": self.when(before), "level": entered["level"], "why": entered["why"]}
        return entry | {"basis": entered["basis"] or None}

    def words(self) -> str:
        return self.cleaned_data["why"]


class AdjustmentForm(ConditionsForm):
    kind = ADJUSTMENTS

    at_least = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label=gettext_lazy("At least level")
    )
    at_most = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label=gettext_lazy("At most level"))
    why = RuleForm.base_fields["why"]
    basis = RuleForm.base_fields["basis"]

    def prepare(self) -> None:
        for name in ("at_least", "at_most"):
            field: Any = self.fields[name]
            field.choices = [("", _("No limit")), *self.levels]
        self.add_conditions()

    def clean(self) -> dict[str, Any] | None:
        least, most = self.cleaned_data.get("at_least"), self.cleaned_data.get("at_most")
        if least is None and most is None and not self.errors:
            self.add_error(None, _("Choose a level that it raises or lowers the advice to."))
        elif least is not None and most is not None and least > most:
            self.add_error("at_most", _("This is lower than the level that it raises the advice to."))
        return super().clean()

    def values_of(self, row: Edition) -> dict[str, Any]:
        entry = self.entry_in(row)
        values = {name: entry.get(name) for name in ("at_least", "at_most")}
        values |= {name: entry.get(name, "") for name in ("why", "basis")}
        return values | self.conditions_in(entry)

    def entry(self, before: Mapping[str, Any]) -> dict[str, Any]:
        entered = self.cleaned_data
        limits = {name: entered[name] for name in ("at_least", "at_most")}
        return {"when": self.when(before), **limits, "basis": entered["basis"] or None, "why": entered["why"]}

    def words(self) -> str:
        return self.cleaned_data["why"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceKind:
    """`new` and `title` are headings, `add` a button, `note` says what these are for."""

    form: type[EntryForm]
    title: Promise | str
    one: Promise | str
    add: Promise | str
    new: Promise | str
    note: Promise | str

    def name_of(self, entry: Mapping[str, Any]) -> str:
        return _("{kind} “{name}”").format(kind=self.one, name=(entry.get("ask") or entry.get("why") or "")[:60])


KINDS_OF_ADVICE = {
    QUESTIONS: AdviceKind(
        form=QuestionForm,
        title=gettext_lazy("Questions"),
        one=gettext_lazy("Question"),
        add=gettext_lazy("Add a question"),
        new=gettext_lazy("New question"),
        note=gettext_lazy("What a team is asked before it gets advice."),
    ),
    RULES: AdviceKind(
        form=RuleForm,
        title=gettext_lazy("Rules"),
        one=gettext_lazy("Rule"),
        add=gettext_lazy("Add a rule"),
        new=gettext_lazy("New rule"),
        note=gettext_lazy("The first rule whose conditions all hold gives the level."),
    ),
    ADJUSTMENTS: AdviceKind(
        form=AdjustmentForm,
        title=gettext_lazy("Adjustments"),
        one=gettext_lazy("Adjustment"),
        add=gettext_lazy("Add an adjustment"),
        new=gettext_lazy("New adjustment"),
        note=gettext_lazy("Then each adjustment that applies raises or lowers it, in this order."),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceInList:
    """One question or rule as a list shows it."""

    key: str
    label: str
    notes: Sequence[str]


def listed(adviser: Adviser, kind: str) -> list[AdviceInList]:
    rows = []
    for entry in adviser.get(kind, []):
        notes = []
        if kind != QUESTIONS:
            notes = [f"{condition.question} {condition.answer}" for condition in conditions(adviser, entry["when"])]
        rows.append(AdviceInList(key=entry["key"], label=_label(kind, entry), notes=notes))
    return rows


def _label(kind: str, entry: Mapping[str, Any]) -> str:
    if kind == QUESTIONS:
        return entry["ask"]
    effect = []
    if "level" in entry:
        effect.append(_("Level {level}").format(level=entry["level"]))
    if entry.get("at_least") is not None:
        effect.append(_("At least level {level}").format(level=entry["at_least"]))
    if entry.get("at_most") is not None:
        effect.append(_("At most level {level}").format(level=entry["at_most"]))
    return f"{', '.join(effect)}: {entry['why']}"


def moved(adviser: Adviser, kind: str, key: str, direction: str) -> Adviser:
    """With this one in the place of the one before it ("up") or after it."""
    entries = adviser.get(kind, [])
    place = next((i for i, entry in enumerate(entries) if entry["key"] == key), None)
    if place is not None:
        other = place - 1 if direction == "up" else place + 1
        if 0 <= other < len(entries):
            entries[place], entries[other] = entries[other], entries[place]
    return adviser


def asked_by(adviser: Adviser, key: str) -> int:
    """How many rules and adjustments have a condition on this question."""
    names = {key, f"{key}_min", f"{key}_max"}
    return sum(bool(names & set(entry["when"])) for kind in (RULES, ADJUSTMENTS) for entry in adviser.get(kind, []))


def without(adviser: Adviser, kind: str, key: str) -> Adviser:
    """Without this one, and without the worked cases that name it: they would no longer be true."""
    adviser[kind] = [entry for entry in adviser.get(kind, []) if entry["key"] != key]
    cases = adviser.get("cases", [])
    if kind == QUESTIONS:
        adviser["cases"] = [case for case in cases if key not in case["in"]]
    else:
        adviser["cases"] = [case for case in cases if key not in case["expect"].get("rules", [])]
    return adviser
