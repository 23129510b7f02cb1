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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A rule or adjustment and what it did: `counted` if it gave or changed the level, which then was `level`.

    An adjustment may fit the answers and yet change nothing, because the level is right already.
    """

    key: str
    why: str
    fits: bool
    counted: bool
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Destination, next step (None unless stance is invest), and every rule that was considered, in order."""

    level: int
    next: int | None
    stance: str
    reasons: tuple[Reason, ...]

    @property
    def goal(self) -> int:
        """The level to aim at now: the next step, or the level that the team should keep."""
        return self.level if self.next is None else self.next

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The rule that gave the level, and every adjustment that changed it."""
        return tuple(reason for reason in self.reasons if reason.counted)

    @property
    def others(self) -> tuple[Reason, ...]:
        """Rules that were considered and changed nothing."""
        return tuple(reason for reason in self.reasons if not reason.counted)

    @property
    def why(self) -> str:
        return " ".join(reason.why for reason in self.deciding)

    @property
    def rules(self) -> tuple[str, ...]:
        """The keys of what decided."""
        return tuple(reason.key for reason in self.deciding)


def completed(block: Mapping, given: Mapping[str, Answer]) -> dict[str, Answer | None]:
    """An answer to every input: what is given, else its default, else None; then what one answer implies."""
    answers = {question["key"]: given.get(question["key"], question.get("default")) for question in block["inputs"]}
    for count, implied in IMPLIES.items():
        number = answers.get(count)
        if block.get("normalize") and implied in answers and isinstance(number, int) and number > 0:
            answers[implied] = True
    return answers


def advise(block: Mapping, given: Mapping[str, Answer], *, current: int | None, floor: int = 0) -> Advice:
    """What the block recommends to a team at level `current`; a team without a level is at the floor.

    Raises NoRuleApplies, which a block with an unconditional last rule never does.
    """
    answers = completed(block, given)
    reasons: list[Reason] = []
    for rule in block["rules"]:
        fits = _holds(rule["when"], answers)
        reasons.append(Reason(key=rule["key"], why=rule["why"], fits=fits, counted=fits, level=rule["level"]))
        if fits:
            break
    else:
        raise NoRuleApplies
    level = reasons[-1].level
    for adjustment in block.get("adjustments") or ():
        fits = _holds(adjustment["when"], answers)
        adjusted = _adjusted(adjustment, level) if fits else level
        is_changed = adjusted != level
        reasons.append(
            Reason(key=adjustment["key"], why=adjustment["why"], fits=fits, counted=is_changed, level=adjusted)
        )
        level = adjusted

    here = floor if current is None else current
    next_step = None
    if here < level:
        stance = "invest"
        next_step = min(level, here + 1)
    elif here == level:
        stance = "keep"
    else:
        stance = "beyond"
    return Advice(level=level, next=next_step, stance=stance, reasons=tuple(reasons))


def confirmation(block: Mapping[str, Any], level: int) -> str:
    """What a team is asked to confirm before it goes for this level; empty for a level that needs no confirmation."""
    return next((row["ask"] for row in block.get("confirm") or () if row["level"] == level), "")


def _adjusted(adjustment: Mapping, level: int) -> int:
    if (least := adjustment.get("at_least")) is not None:
        level = max(level, least)
    if (most := adjustment.get("at_most")) is not None:
        level = min(level, most)
    return level


def _holds(when: Mapping, answers: Mapping[str, Answer | None]) -> bool:
    return all(_fits(name, expected, answers) for name, expected in (when or {}).items())


def _fits(name: str, expected: Any, answers: Mapping[str, Answer | None]) -> bool:
    """`models_min: 3` bounds the input `models`; any other condition names an input and what it may be."""
    if name in answers:
        one_of: Sequence = expected if isinstance(expected, list | tuple) else [expected]
        return answers[name] in one_of
    number = answers.get(name[:-4])
    if number is None:
        return False
    return number >= expected if name.endswith("_min") else number <= expected
