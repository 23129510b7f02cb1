"""A framework in plain values for the cross checks, which do not rely on its shape."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .problems import did_you_mean, listed, shortened

Place = tuple[str | int, ...]
LEVELS, SUMS, RUBRIC = "levels", "min-of-sums", "rubric"
NO_SUCH = {
    "group": gettext_lazy("there is no group '{name}'"),
    "dimension": gettext_lazy("there is no dimension '{name}'"),
    "scale": gettext_lazy("there is no scale '{name}'"),
    "criterion": gettext_lazy("there is no criterion '{name}'"),
    "rule": gettext_lazy("there is no rule '{name}'"),
    "input": gettext_lazy("there is no input '{name}'"),
    "rule or adjustment": gettext_lazy("there is no rule or adjustment '{name}'"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule, at a place such as `("criteria", 3, "level")`."""

    place: Place
    message: str
    mend: str


class Whole:
    """The parts that other parts refer to, as far as they can be read."""

    def __init__(self, framework: dict) -> None:
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
        """A finding if this is the number of a level that does not exist."""
        if is_number(number) and number not in self.levels:
            levels = listed(sorted(set(self.levels)))
            mend = _("a framework scored by sums has no levels")
            if levels:
                mend = _("the levels are {levels}").format(levels=levels)
            yield Finding(place, _("there is no level {number}").format(number=number), mend)


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


def once(values: Iterable[tuple[Place, Any]], what: str) -> Iterator[Finding]:
    """A finding for every value that repeats; `what` names the field."""
    seen: dict[Any, Place] = {}
    for place, value in values:
        if not isinstance(value, str | int):
            continue
        if value in seen:
            first = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in seen[value]).lstrip(".")
            message = _("the {field} '{value}' is already used by {place}")
            message = message.format(field=what, value=shortened(value), place=first)
            yield Finding(place, message, _("give it another {field}").format(field=what))
        seen.setdefault(value, place)


def references(place: Place, given: Any, known: Collection[str], what: str) -> Iterator[Finding]:
    """A finding if a word is none of the known names; `what` is the kind of thing it names."""
    if is_word(given) and given not in known:
        mend = did_you_mean(given, list(known)) or _("add it, or leave this out")
        yield Finding(place, NO_SUCH[what].format(name=shortened(given)), mend)


def belongs_to_other_method(place: Place, method: str) -> Finding:
    message = _("{field} belongs to the method '{method}'").format(field=place[-1], method=method)
    return Finding(place, message, _("leave it out"))
