"""What must hold between the parts of a framework, beyond what each field says by itself.

The checks read plain mappings and lists, as a file or a dump of the schema gives them, and pass over whatever has the
wrong shape: that is told field by field. So they can run on a file that has other faults as well.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice, pairwise
from typing import Any

from .adviser_checks import adviser
from .numbers import exact_number
from .problems import MAX_PROBLEMS, listed, shortened
from .untrusted import (
    LEVELS,
    SUMS,
    Finding,
    Place,
    Whole,
    as_code,
    is_number,
    is_word,
    items,
    once,
    references,
    rows,
)

RESERVED_CODES = ("NA", "DK", "-")
KEY_FIELDS = {
    **dict.fromkeys(("scales", "groups", "dimensions", "criteria", "symptoms", "metrics"), "key"),
    "levels": "level",
    "traceability": "ref",
    "sources": "id",
}


def findings(framework: Any) -> list[Finding]:
    """What does not fit together, as far as it is listed; an empty list for a consistent framework."""
    if not isinstance(framework, dict):
        return []
    whole = Whole(framework)
    return list(islice(chain.from_iterable(check(whole) for check in CHECKS), MAX_PROBLEMS + 1))


def repeated_keys(whole: Whole) -> Iterator[Finding]:
    for name, field in KEY_FIELDS.items():
        yield from once((((name, i, field), row.get(field)) for i, row in whole.rows(name)), field)
    rules = [(("scoring", "rules", i, "key"), row.get("key")) for i, row in rows(whole.scoring.get("rules"))]
    yield from once(rules, "key")
    aliases = ((("levels", i, "alias"), as_code(row.get("alias"))) for i, row in whole.rows("levels"))
    yield from once(aliases, "alias")


def scales(whole: Whole) -> Iterator[Finding]:
    for i, scale in whole.rows("scales"):
        place: Place = ("scales", i)
        codes = [
            ((*place, name, j, "code"), as_code(row.get("code")))
            for name in ("values", "other_answers")
            for j, row in rows(scale.get(name))
        ]
        yield from once(codes, "code")
        for where, code in codes:
            if "values" in where and code in RESERVED_CODES:
                yield Finding(where, f"'{code}' is not a choice of a scale", "move NA and DK to other_answers")
        yield from scale_values((*place, "values"), items(scale.get("values")))


def scale_values(place: Place, choices: list) -> Iterator[Finding]:
    values: list[tuple[int, int]] = [(i, row["value"]) for i, row in rows(choices) if is_number(row.get("value"))]
    if len(choices) < 2:
        yield Finding(place, "a scale needs two choices or more", "add the choices between which people decide")
    elif values and values[0][0] == 0 and values[0][1] != 0:
        yield Finding((*place, 0, "value"), "the values of a scale start at 0", "write 0 for the lowest choice")
    for (_, before), (i, value) in pairwise(values):
        if value <= before:
            message = f"{value} does not come after {before}; the values of a scale ascend"
            yield Finding((*place, i, "value"), message, "list the choices from the lowest to the highest")


def levels(whole: Whole) -> Iterator[Finding]:
    listed = [(i, row["level"]) for i, row in whole.rows("levels") if is_number(row.get("level"))]
    for i, number in listed:
        if number != i:
            message = f"this level is {number} where {i} is expected; levels are numbered 0, 1, 2 … from the lowest"
            yield Finding(("levels", i, "level"), message, f"write {i}, or move the level to its place")


def dimensions(whole: Whole) -> Iterator[Finding]:
    for i, dimension in whole.rows("dimensions"):
        yield from references(("dimensions", i, "group"), dimension.get("group"), whole.group_keys, "group")


def criteria(whole: Whole) -> Iterator[Finding]:
    for i, criterion in whole.rows("criteria"):
        place: Place = ("criteria", i)
        yield from references((*place, "dimension"), criterion.get("dimension"), whole.dimension_keys, "dimension")
        yield from references((*place, "scale"), criterion.get("scale"), whole.scales, "scale")
        if criterion.get("scale") is None and len(whole.scales) > 1:
            mend = f"name one of {listed(whole.scales)}"
            yield Finding((*place, "scale"), "with several scales each criterion names its own", mend)
        if whole.method == LEVELS:
            yield from criterion_level((*place, "level"), criterion.get("level"), whole)
        elif whole.method == SUMS and criterion.get("level") is not None:
            yield Finding((*place, "level"), "a criterion has no level where sums are scored", "leave the level out")
        if criterion.get("na") is not None:
            yield from offers_na((*place, "na"), whole.scale_of(criterion))


def criterion_level(place: Place, level: Any, whole: Whole) -> Iterator[Finding]:
    if level is None:
        yield Finding(place, "the level is missing", "name the level that this practice belongs to")
    elif is_number(level) and level == 0:
        yield Finding(
            place, "the lowest level has no criteria", "write 1 or higher; everybody is at level 0 to begin with"
        )
    else:
        yield from whole.level_reference(place, level)


def offers_na(place: Place, scale: dict) -> Iterator[Finding]:
    codes = {row.get("code") for _, row in rows(scale.get("other_answers")) if is_word(row.get("code"))}
    if scale and "NA" not in codes:
        message = f"the scale '{shortened(scale.get('key'))}' does not offer 'does not apply'"
        yield Finding(place, message, "add NA to the other_answers of the scale, or leave `na` out")


def thresholds(whole: Whole) -> Iterator[Finding]:
    for i, rule in rows(whole.scoring.get("rules")):
        for side in ("at", "below"):
            place: Place = ("scoring", "rules", i, side)
            threshold = rule.get(side)
            if not isinstance(threshold, dict):
                continue
            given = [kind for kind in ("at_least", "more_than") if threshold.get(kind) is not None]
            if len(given) != 1:
                message = (
                    f"a threshold has one of at_least and more_than, this one has {'both' if given else 'neither'}"
                )
                yield Finding(place, message, "write {at_least: 2/3}, for example")
            elif given == ["more_than"] and exact_number(threshold["more_than"]) == 1:
                yield Finding((*place, "more_than"), "nothing can have more than 1", "write {at_least: 1}")


def bands(whole: Whole) -> Iterator[Finding]:
    listed = [(i, exact_number(row.get("upto"))) for i, row in rows(whole.scoring.get("bands"))]
    known = [(i, upto) for i, upto in listed if upto is not None]
    for (_, before), (i, upto) in pairwise(known):
        if upto <= before:
            message = f"this band ends at {upto} and the one before it at {before}; bands ascend and do not overlap"
            yield Finding(("scoring", "bands", i, "upto"), message, "list the bands from the lowest to the highest")
    smallest = min(sizes(whole), default=0)
    if known and whole.method == SUMS and known[-1][1] < smallest:
        message = f"a result can be as high as {smallest}, and no band holds more than {known[-1][1]}"
        yield Finding(
            ("scoring", "bands", known[-1][0], "upto"), message, f"let the last band end at {smallest} or higher"
        )


def sizes(whole: Whole) -> list[int]:
    """The number of criteria of each dimension, which is the highest sum of a section."""
    named = Counter(row["dimension"] for _, row in whole.rows("criteria") if is_word(row.get("dimension")))
    return [named[key] for key in whole.dimension_keys]


def method(whole: Whole) -> Iterator[Finding]:
    """What each method needs, and what belongs to the other one."""
    scoring, framework = whole.scoring, whole.framework
    if whole.method == LEVELS:
        if len(items(framework.get("levels"))) < 2:
            yield Finding(("levels",), "the method 'levels' needs two levels or more", "add levels from 0 up")
        if not items(scoring.get("rules")):
            yield Finding(
                ("scoring", "rules"), "the method 'levels' needs a rule", "add a rule with unit, at and below"
            )
        for name in ("bands", "section", "result"):
            if scoring.get(name):
                yield Finding(("scoring", name), f"{name} belongs to the method 'min-of-sums'", "leave it out")
        yield from default_rule(scoring)
    elif whole.method == SUMS:
        if not items(scoring.get("bands")):
            yield Finding(("scoring", "bands"), "the method 'min-of-sums' needs bands", "add a band with upto and name")
        for place in (("scoring", "rules"), ("scoring", "default_rule"), ("levels",)):
            if (framework if len(place) == 1 else scoring).get(place[-1]):
                yield Finding(place, f"{place[-1]} belongs to the method 'levels'", "leave it out")
        asked = {row.get("dimension") for _, row in whole.rows("criteria") if is_word(row.get("dimension"))}
        for i, row in whole.rows("dimensions"):
            if is_word(row.get("key")) and row["key"] not in asked:
                message = "no criterion belongs to this dimension, so every result would be 0"
                yield Finding(("dimensions", i), message, "add a criterion, or remove the dimension")


def default_rule(scoring: dict) -> Iterator[Finding]:
    keys = [row["key"] for _, row in rows(scoring.get("rules")) if is_word(row.get("key"))]
    if scoring.get("default_rule") is None and keys:
        yield Finding(("scoring", "default_rule"), "the default rule is missing", f"name one of {listed(keys)}")
    yield from references(("scoring", "default_rule"), scoring.get("default_rule"), keys, "rule")


def symptoms(whole: Whole) -> Iterator[Finding]:
    for i, symptom in whole.rows("symptoms"):
        yield from whole.level_reference(("symptoms", i, "level"), symptom.get("level"))
        for j, key in enumerate(items(symptom.get("cleared_by"))):
            yield from references(("symptoms", i, "cleared_by", j), key, whole.criterion_keys, "criterion")


def metrics(whole: Whole) -> Iterator[Finding]:
    for i, metric in whole.rows("metrics"):
        choices = metric.get("values")
        if metric.get("kind") == "choice" and not (isinstance(choices, dict) and len(choices) > 1):
            yield Finding(
                ("metrics", i, "values"), "a question of kind 'choice' needs two values or more", "add the values"
            )
        if metric.get("kind") == "percent" and choices:
            yield Finding(("metrics", i, "values"), "a question of kind 'percent' has no values", "leave them out")


CHECKS: tuple[Callable[[Whole], Iterator[Finding]], ...] = (
    repeated_keys,
    scales,
    levels,
    dimensions,
    criteria,
    thresholds,
    bands,
    method,
    symptoms,
    metrics,
    adviser,
)
