"""What must hold in a framework whose answers are levels, and what only such a framework may say."""

from collections.abc import Iterator
from fractions import Fraction

from django.utils.translation import gettext as _

from .numbers import exact_number, number_text
from .problems import shortened
from .untrusted import (
    LEVELS,
    RUBRIC,
    SUMS,
    Finding,
    Place,
    Whole,
    belongs_to_other_method,
    is_number,
    is_word,
    items,
    rows,
)

RUBRIC_RESULTS = ("mean", "lowest")


def needed_for_rubric(whole: Whole) -> Iterator[Finding]:
    scoring = whole.scoring
    if len(items(whole.framework.get("levels"))) < 2:
        yield Finding(("levels",), _("the method 'rubric' needs at least two levels"), _("add levels"))
    for name, other in (("bands", SUMS), ("section", SUMS), ("rules", LEVELS), ("default_rule", LEVELS)):
        if scoring.get(name):
            yield belongs_to_other_method(("scoring", name), other)
    if scoring.get("result") == "min":
        yield belongs_to_other_method(("scoring", "result"), SUMS)


def rubric_edges(whole: Whole) -> Iterator[Finding]:
    """In a rubric each level but the lowest begins at its `from`, or at its own number."""
    if whole.method != RUBRIC:
        for i, level in whole.rows("levels"):
            if level.get("from") is not None:
                yield belongs_to_other_method(("levels", i, "from"), RUBRIC)
        return
    ends = _ends_of_scales(whole)
    before: Fraction | None = None
    for i, level in whole.rows("levels"):
        place: Place = ("levels", i, "from")
        if i == 0:
            if level.get("from") is not None:
                message = _("the lowest level has no beginning: it is what is below the next one")
                yield Finding(place, message, _("leave it out"))
            continue
        given = level.get("level") if level.get("from") is None else level.get("from")
        edge = exact_number(given)
        if edge is None:
            continue
        if before is not None and edge <= before:
            message = _("this level begins at {start} and the one before it at {before}; levels must rise")
            message = message.format(start=number_text(edge), before=number_text(before))
            yield Finding(place, message, _("list the levels from the lowest to the highest"))
        elif ends and not ends[0] <= edge <= ends[1]:
            message = _("this level begins at {start}, but the values of the answers go from {lowest} to {highest}")
            message = message.format(start=number_text(edge), lowest=ends[0], highest=ends[1])
            yield Finding(place, message, _("write where it begins on the scale of the values"))
        before = edge


def _ends_of_scales(whole: Whole) -> tuple[int, int] | None:
    """The lowest and the highest value of the first scale that can be read."""
    for scale in whole.scales.values():
        values = [row["value"] for _, row in rows(scale.get("values")) if is_number(row.get("value"))]
        if values:
            return min(values), max(values)
    return None


def rubric_scales(whole: Whole) -> Iterator[Finding]:
    """In a rubric every scale that is used begins and ends at the same values."""
    if whole.method != RUBRIC:
        return
    used = {key for _, row in whole.rows("criteria") if is_word(key := row.get("scale"))}
    first: tuple[str, int, int] | None = None
    for i, scale in whole.rows("scales"):
        key = scale.get("key")
        if len(whole.scales) > 1 and key not in used:
            continue
        values = [row["value"] for _, row in rows(scale.get("values")) if is_number(row.get("value"))]
        if not values:
            continue
        lowest, highest = min(values), max(values)
        if first is None:
            first = str(key), lowest, highest
        elif (lowest, highest) != first[1:]:
            message = _(
                "the values of this scale go from {lowest} to {highest}, and those of “{other}” from {first} to "
                "{last}; in a rubric all scales begin and end at the same values"
            )
            message = message.format(
                lowest=lowest, highest=highest, other=shortened(first[0]), first=first[1], last=first[2]
            )
            yield Finding(("scales", i, "values"), message, _("give both the same lowest and highest value"))


def rubric_weights(whole: Whole) -> Iterator[Finding]:
    if whole.method in (LEVELS, SUMS):
        for name in ("dimensions", "criteria"):
            for i, row in whole.rows(name):
                if row.get("weight") is not None:
                    yield belongs_to_other_method((name, i, "weight"), RUBRIC)
