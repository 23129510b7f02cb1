"""Which level is right for a team: applies the rules of a framework's `adviser` block to what the team says. Pure.

The block is plain data as in the framework file; `format.adviser_checks` has checked that it holds together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Answer = bool | int | str
#: The one normalization of format 1: a count of models above zero implies that there is production.
IMPLIES = {"models": "production"}


class NoRuleApplies(ValueError):
    """The framework has no rule for these answers."""

    def __str__(self) -> str:
        return "The framework has no rule for these answers."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A rule or adjustment and what it did: `counted` where it gave or changed the level, which then was `level`.

    An adjustment may fit the answers and yet change nothing, as the level is right already.
    """

    key: str
    why: str
    basis: str
    fits: bool
    counted: bool
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Destination, next step (None unless stance is invest), and every rule that was looked at, in order."""

    level: int
    next: int | None
    stance: str
    reasons: tuple[Reason, ...]

    @property
    def goal(self) -> int:
        """The level to aim at now: the next step, or the level that the team should keep."""
        return self.level if self.next is None else self.next

    @property
    def why(self) -> str:
        return " ".join(reason.why for reason in self.reasons if reason.counted)

    @property
    def rules(self) -> tuple[str, ...]:
        """Keys of the rule that gave the level and of every adjustment that changed it."""
        return tuple(reason.key for reason in self.reasons if reason.counted)


def completed(block: Mapping, given: Mapping[str, Answer]) -> dict[str, Answer | None]:
    """An answer to every input: what is given, else its default, else None; then what one answer implies."""
    answers = {question["key"]: given.get(question["key"], question.get("default")) for question in block["inputs"]}
    for count, implied in IMPLIES.items():
        number = answers.get(count)
        if block.get("normalize") and implied in answers and isinstance(number, int) and number > 0:
            answers[implied] = True
    return answers


def advise(block: Mapping, given: Mapping[str, Answer], *, current: int | None, floor: int = 0) -> Advice:
    """What the block recommends to a team at level `current`; without a level the team stands on the floor.

    Raises NoRuleApplies, which a block with an unconditional last rule never does.
    """
    answers = completed(block, given)
    reasons: list[Reason] = []
    for rule in block["rules"]:
        fits = _holds(rule["when"], answers)
        reasons.append(_reason(rule, fits=fits, counted=fits, level=rule["level"]))
        if fits:
            break
    else:
        raise NoRuleApplies
    level = reasons[-1].level
    for adjustment in block.get("adjustments") or ():
        fits = _holds(adjustment["when"], answers)
        adjusted = _adjusted(adjustment, level) if fits else level
        reasons.append(_reason(adjustment, fits=fits, counted=adjusted != level, level=adjusted))
        level = adjusted
    here = floor if current is None else current
    return Advice(
        level=level,
        next=min(level, here + 1) if here < level else None,
        stance="invest" if here < level else "keep" if here == level else "beyond",
        reasons=tuple(reasons),
    )


def confirmation(block: Mapping[str, Any], level: int) -> str:
    """What a team is asked to confirm before it goes for this level; empty for a level that needs no confirmation."""
    return next((row["ask"] for row in block.get("confirm") or () if row["level"] == level), "")


def conditions(block: Mapping[str, Any], when: Mapping[str, Any]) -> str:
    """The conditions of a rule in words, in the order of the questions; empty if it always applies.

    Such as “models 5 or more, change frequent”.
    """
    order = [question["key"] for question in block["inputs"]]
    names = sorted(when or {}, key=lambda name: order.index(name if name in order else name[:-4]))
    return ", ".join(_condition(name, when[name], is_bound=name not in order) for name in names)


def _condition(name: str, expected: Any, *, is_bound: bool) -> str:
    if is_bound:
        return f"{name[:-4]} {expected} {'or more' if name.endswith('_min') else 'or fewer'}"
    values = expected if isinstance(expected, list | tuple) else [expected]
    return f"{name} {' or '.join(_in_words(value) for value in values)}"


def _in_words(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _reason(rule: Mapping, **did) -> Reason:
    return Reason(key=rule["key"], why=rule["why"], basis=rule.get("basis") or "", **did)


def _adjusted(adjustment: Mapping, level: int) -> int:
    if (least := adjustment.get("at_least")) is not None:
        level = max(level, least)
    if (most := adjustment.get("at_most")) is not None:
        level = min(level, most)
    return level


def _holds(when: Mapping, answers: Mapping[str, Answer | None]) -> bool:
    return all(_fits(name, wanted, answers) for name, wanted in (when or {}).items())


def _fits(name: str, wanted, answers: Mapping[str, Answer | None]) -> bool:
    """`models_min: 3` bounds the input `models`; any other condition names an input and what it may be."""
    if name in answers:
        one_of: Sequence = wanted if isinstance(wanted, list | tuple) else [wanted]
        return answers[name] in one_of
    number = answers.get(name[:-4])
    if number is None:
        return False
    return number >= wanted if name.endswith("_min") else number <= wanted
