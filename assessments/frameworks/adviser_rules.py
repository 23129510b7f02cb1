"""The rules of a framework's adviser in words: what each does, and the answers it applies to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: What people read in place of advice if NoRuleApplies.
NO_RULE_APPLIES = gettext_lazy("The framework has no rule for these answers.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A question of the adviser, and the answer to it that a rule asks for."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserRule:
    """What a rule does, why, and when: if all conditions hold, always if there are none."""

    effect: str
    why: str
    conditions: list[Condition]


def rules_in_words(block: Mapping[str, Any]) -> list[AdviserRule]:
    """Rules, then adjustments, in the order in which they are applied."""
    rules = [*block["rules"], *(block.get("adjustments") or ())]
    return [
        AdviserRule(effect=_effect(rule), why=rule["why"], conditions=conditions(block, rule["when"])) for rule in rules
    ]


def conditions(block: Mapping[str, Any], when: Mapping[str, Any] | None) -> list[Condition]:
    """The conditions of a rule, in the order of the questions; empty if it always applies."""
    expected = when or {}
    listed = []
    for question in block["inputs"]:
        key = question["key"]
        if key in expected:
            listed.append(Condition(question=question["ask"], answer=_one_of(expected[key])))
        if (least := expected.get(f"{key}_min")) is not None:
            listed.append(Condition(question=question["ask"], answer=_("{number} or more").format(number=least)))
        if (most := expected.get(f"{key}_max")) is not None:
            listed.append(Condition(question=question["ask"], answer=_("{number} or fewer").format(number=most)))
    return listed


def _effect(rule: Mapping[str, Any]) -> str:
    least = rule.get("at_least")
    most = rule.get("at_most")
    if least is not None and most is not None:
        return _("At least level {least}, at most level {most}").format(least=least, most=most)
    if least is not None:
        return _("At least level {level}").format(level=least)
    if most is not None:
        return _("At most level {level}").format(level=most)
    return _("Level {level}").format(level=rule["level"])


def _one_of(expected: Any) -> str:
    values = expected if isinstance(expected, list | tuple) else [expected]
    return get_text_list([_in_words(value) for value in values], _("or"))


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value).capitalize()
