"""A framework in plain values, looked at without trust in its shape, for the cross checks."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .problems import did_you_mean, listed, shortened

Place = tuple[str | int, ...]
LEVELS, SUMS = "levels", "min-of-sums"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule, at a place such as `("criteria", 3, "level")`."""

    place: Place
    message: str
    mend: str


class Whole:
    """The parts that others refer to, as far as they can be read."""

    def __init__(self, framework: dict):
        self.framework = framework
        self.method = mapping(framework.get("framework")).get("method")
        self.scoring = mapping(framework.get("scoring"))
        self.adviser = mapping(framework.get("adviser"))
        self.criterion_keys = self.keys("criteria")
        self.dimension_keys = self.keys("dimensions")
        self.group_keys = self.keys("groups")
        self.scales = {row["key"]: row for _, row in rows(framework.get("scales")) if is_word(row.get("key"))}
        self.levels = [row["level"] for _, row in rows(framework.get("levels")) if is_number(row.get("level"))]

    def rows(self, name: str) -> Iterator[tuple[int, dict]]:
        return rows(self.framework.get(name))

    def keys(self, name: str) -> dict[str, None]:
        return {row["key"]: None for _, row in self.rows(name) if is_word(row.get("key"))}

    def scale_of(self, criterion: dict) -> dict:
        named = criterion.get("scale")
        if named is None and len(self.scales) == 1:
            return next(iter(self.scales.values()))
        return self.scales.get(named, {}) if is_word(named) else {}

    def level_reference(self, place: Place, number: Any) -> Iterator[Finding]:
        """A finding when this is the number of a level that does not exist."""
        if is_number(number) and number not in self.levels:
            levels = listed(sorted(set(self.levels)))
            mend = f"the levels are {levels}" if levels else "a framework scored by sums has no levels"
            yield Finding(place, f"there is no level {number}", mend)


def mapping(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list:
    return list(value) if isinstance(value, list | tuple) else []


def rows(value: Any) -> Iterator[tuple[int, dict]]:
    """The mappings in a list, with their positions."""
    return ((i, row) for i, row in enumerate(items(value)) if isinstance(row, dict))


def is_word(value: Any) -> bool:
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def as_code(value: Any) -> str | None:
    """A code as text, whether or not it looks like a number."""
    return str(value) if is_word(value) or is_number(value) else None


def once(found: Iterable[tuple[Place, Any]], what: str) -> Iterator[Finding]:
    """A finding for every value that was there before."""
    seen: dict[Any, Place] = {}
    for place, value in found:
        if not isinstance(value, str | int):
            continue
        if value in seen:
            first = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in seen[value]).lstrip(".")
            yield Finding(place, f"the {what} '{shortened(value)}' is taken (by {first})", f"give it another {what}")
        seen.setdefault(value, place)


def references(place: Place, given: Any, known: Collection[str], what: str) -> Iterator[Finding]:
    """A finding when a word names none of the known things."""
    if is_word(given) and given not in known:
        mend = did_you_mean(given, list(known)) or f"add the {what}, or leave this out"
        yield Finding(place, f"there is no {what} '{shortened(given)}'", mend)
