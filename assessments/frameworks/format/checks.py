"""What must hold between the parts of a framework, beyond what each field says by itself.

The checks read plain mappings and lists, from a file or a dump of the schema, and skip values of the wrong shape, which
are reported field by field. So they also work on a file with other problems.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice, pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .adviser_checks import adviser
from .numbers import exact_number, number_text
from .problems import MAX_PROBLEMS, listed, one_of, shortened
from .rubric_checks import RUBRIC_RESULTS, needed_for_rubric, rubric_edges, rubric_scales, rubric_weights
from .untrusted import (
    LEVELS,
    RUBRIC,
    SUMS,
    Finding,
    Place,
    Whole,
    as_code,
    belongs_to_other_method,
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


def findings(framework: Any, *, is_published: bool = False) -> list[Finding]:
    """What does not fit together, limited in number; an empty list for a consistent framework.

    One that `is_published` already is not asked for what was not asked of it then.
    """
    if not isinstance(framework, dict):
        return []
    whole = Whole(framework)
    checks = CHECKS if is_published else (*CHECKS, *NEWER_CHECKS)
    return list(islice(chain.from_iterable(check(whole) for check in checks), MAX_PROBLEMS + 1))


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
                message = _("'{code}' cannot be a choice of a scale").format(code=code)
                yield Finding(where, message, _("move NA and DK to other_answers"))
        yield from scale_values((*place, "values"), items(scale.get("values")), from_zero=whole.method != RUBRIC)


def scale_values(place: Place, choices: list, *, from_zero: bool) -> Iterator[Finding]:
    values: list[tuple[int, int]] = [(i, row["value"]) for i, row in rows(choices) if is_number(row.get("value"))]
    if len(choices) < 2:
        yield Finding(place, _("a scale needs at least two choices"), _("add the choices that people select from"))
    elif from_zero and values and values[0][0] == 0 and values[0][1] != 0:
        message = _("the values of a scale must start at 0")
        yield Finding((*place, 0, "value"), message, _("write 0 for the lowest choice"))
    for (_i, before), (i, value) in pairwise(values):
        if value <= before:
            message = _("{value} does not come after {before}; the values of a scale must ascend")
            message = message.format(value=value, before=before)
            yield Finding((*place, i, "value"), message, _("list the choices from the lowest to the highest"))


def levels(whole: Whole) -> Iterator[Finding]:
    numbers = [(i, row["level"]) for i, row in whole.rows("levels") if is_number(row.get("level"))]
    first = numbers[0][1] - numbers[0][0] if numbers and whole.method == RUBRIC else 0
    for i, number in numbers:
        expected = first + i
        if number != expected:
            message = _(
                "this level is {number}, but {expected} is expected; levels are numbered 0, 1, 2 … from the lowest"
            )
            if whole.method == RUBRIC:
                message = _(
                    "this level is {number}, but {expected} is expected; each level is one more than the one before it"
                )
            message = message.format(number=number, expected=expected)
            mend = _("write {expected}, or move the level to its place").format(expected=expected)
            yield Finding(("levels", i, "level"), message, mend)


def dimensions(whole: Whole) -> Iterator[Finding]:
    for i, dimension in whole.rows("dimensions"):
        yield from references(("dimensions", i, "group"), dimension.get("group"), whole.group_keys, "group")


def criteria(whole: Whole) -> Iterator[Finding]:
    for i, criterion in whole.rows("criteria"):
        place: Place = ("criteria", i)
        yield from references((*place, "dimension"), criterion.get("dimension"), whole.dimension_keys, "dimension")
        yield from references((*place, "scale"), criterion.get("scale"), whole.scales, "scale")
        if criterion.get("scale") is None and len(whole.scales) > 1:
            message = _("with several scales, each criterion must name its own")
            yield Finding((*place, "scale"), message, one_of(listed(whole.scales)))
        if whole.method == LEVELS:
            yield from criterion_level((*place, "level"), criterion.get("level"), whole)
        elif whole.method == SUMS and criterion.get("level") is not None:
            message = _("criteria have no level if sums are scored")
            yield Finding((*place, "level"), message, _("leave the level out"))
        elif whole.method == RUBRIC and criterion.get("level") is not None:
            message = _("criteria have no level in a rubric: the answer is the level")
            yield Finding((*place, "level"), message, _("leave the level out"))
        if criterion.get("na") is not None:
            yield from offers_na((*place, "na"), whole.scale_of(criterion))


def criterion_level(place: Place, level: Any, whole: Whole) -> Iterator[Finding]:
    if level is None:
        yield Finding(place, _("the level is missing"), _("add the level that this practice belongs to"))
    elif is_number(level) and level == 0:
        mend = _("write 1 or higher; every team starts at level 0")
        yield Finding(place, _("the lowest level cannot have criteria"), mend)
    else:
        yield from whole.level_reference(place, level)


def offers_na(place: Place, scale: dict) -> Iterator[Finding]:
    codes = {row.get("code") for _, row in rows(scale.get("other_answers")) if is_word(row.get("code"))}
    if scale and "NA" not in codes:
        message = _("the scale '{scale}' does not offer 'does not apply'").format(scale=shortened(scale.get("key")))
        yield Finding(place, message, _("add NA to the other_answers of the scale, or leave `na` out"))


def thresholds(whole: Whole) -> Iterator[Finding]:
    for i, rule in rows(whole.scoring.get("rules")):
        for side in ("at", "below"):
            place: Place = ("scoring", "rules", i, side)
            threshold = rule.get(side)
            if not isinstance(threshold, dict):
                continue
            given = [kind for kind in ("at_least", "more_than") if threshold.get(kind) is not None]
            if len(given) != 1:
                message = _("a threshold needs at_least or more_than, but this one has neither")
                if given:
                    message = _("a threshold needs at_least or more_than, but this one has both")
                yield Finding(place, message, _("write {at_least: 2/3}, for example"))
            elif given == ["more_than"] and exact_number(threshold["more_than"]) == 1:
                yield Finding((*place, "more_than"), _("nothing can be more than 1"), _("write {at_least: 1}"))


def bands(whole: Whole) -> Iterator[Finding]:
    ends = [(i, exact_number(row.get("upto"))) for i, row in rows(whole.scoring.get("bands"))]
    known = [(i, upto) for i, upto in ends if upto is not None]
    for (_i, before), (i, upto) in pairwise(known):
        if upto <= before:
            message = _("this band ends at {end} and the one before it at {before}; bands must ascend and not overlap")
            message = message.format(end=upto, before=before)
            yield Finding(("scoring", "bands", i, "upto"), message, _("list the bands from the lowest to the highest"))
    smallest = min(sizes(whole), default=0)
    if known and whole.method == SUMS and known[-1][1] < smallest:
        last, end = known[-1]
        message = _("a result can be as high as {highest}, but the last band ends at {end}")
        message = message.format(highest=smallest, end=end)
        mend = _("let the last band end at {highest} or higher").format(highest=smallest)
        yield Finding(("scoring", "bands", last, "upto"), message, mend)


def sizes(whole: Whole) -> list[int]:
    """The number of criteria of each dimension, which is the highest sum of a section."""
    return list(sizes_by_dimension(whole).values())


def sizes_by_dimension(whole: Whole) -> dict[str, int]:
    named = Counter(row["dimension"] for _, row in whole.rows("criteria") if is_word(row.get("dimension")))
    return {key: named[key] for key in whole.dimension_keys}


def reachable_bands(whole: Whole) -> Iterator[Finding]:
    """No section can come to more than the number of its criteria, and the smallest one decides."""
    by_dimension = sizes_by_dimension(whole)
    if whole.method != SUMS or not by_dimension:
        return
    smallest = min(by_dimension, key=by_dimension.__getitem__)
    most = by_dimension[smallest]
    if not most:
        # Told already: a dimension without criteria.
        return
    names = {row.get("key"): row.get("name") for _, row in whole.rows("dimensions") if is_word(row.get("key"))}
    ends = [(i, row, exact_number(row.get("upto"))) for i, row in rows(whole.scoring.get("bands"))]
    for (_i, _row, before), (i, row, _upto) in pairwise(ends):
        if before is not None and before >= most:
            message = ngettext(
                "no result can reach the band “{band}”: it begins above {end}, and the section “{section}” comes to at "
                "most {most}, as it has {most} criterion",
                "no result can reach the band “{band}”: it begins above {end}, and the section “{section}” comes to at "
                "most {most}, as it has {most} criteria",
                most,
            )
            message = message.format(
                band=shortened(row.get("name")), end=number_text(before), section=shortened(names[smallest]), most=most
            )
            mend = _("add criteria to this section, or let the bands end lower")
            yield Finding(("scoring", "bands", i), message, mend)


def method(whole: Whole) -> Iterator[Finding]:
    """What each method needs, and what belongs to another one."""
    if whole.method == LEVELS:
        yield from _needed_for_levels(whole)
    elif whole.method == SUMS:
        yield from _needed_for_sums(whole)
    elif whole.method == RUBRIC:
        yield from needed_for_rubric(whole)


def _needed_for_levels(whole: Whole) -> Iterator[Finding]:
    scoring = whole.scoring
    if len(items(whole.framework.get("levels"))) < 2:
        yield Finding(("levels",), _("the method 'levels' needs at least two levels"), _("add levels from 0 up"))
    if not items(scoring.get("rules")):
        mend = _("add a rule with unit, at and below")
        yield Finding(("scoring", "rules"), _("the method 'levels' needs a rule"), mend)
    for name in ("bands", "section", "result"):
        if scoring.get(name):
            yield belongs_to_other_method(("scoring", name), RUBRIC if scoring[name] in RUBRIC_RESULTS else SUMS)
    yield from default_rule(scoring)


def _needed_for_sums(whole: Whole) -> Iterator[Finding]:
    scoring = whole.scoring
    if not items(scoring.get("bands")):
        mend = _("add a band with upto and name")
        yield Finding(("scoring", "bands"), _("the method 'min-of-sums' needs bands"), mend)
    for place in (("scoring", "rules"), ("scoring", "default_rule"), ("levels",)):
        if (whole.framework if len(place) == 1 else scoring).get(place[-1]):
            yield belongs_to_other_method(place, LEVELS)
    if scoring.get("result") in RUBRIC_RESULTS:
        yield belongs_to_other_method(("scoring", "result"), RUBRIC)
    asked = {row.get("dimension") for _, row in whole.rows("criteria") if is_word(row.get("dimension"))}
    for i, row in whole.rows("dimensions"):
        if is_word(row.get("key")) and row["key"] not in asked:
            message = _("no criterion belongs to this dimension, so every result would be 0")
            yield Finding(("dimensions", i), message, _("add a criterion, or remove the dimension"))


def default_rule(scoring: dict) -> Iterator[Finding]:
    keys = [row["key"] for _, row in rows(scoring.get("rules")) if is_word(row.get("key"))]
    if scoring.get("default_rule") is None and keys:
        yield Finding(("scoring", "default_rule"), _("the default rule is missing"), one_of(listed(keys)))
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
            message = _("a question of kind 'choice' needs at least two values")
            yield Finding(("metrics", i, "values"), message, _("add the values"))
        if metric.get("kind") == "percent" and choices:
            message = _("a question of kind 'percent' cannot have values")
            yield Finding(("metrics", i, "values"), message, _("leave them out"))


def pipeline_checks(whole: Whole) -> Iterator[Finding]:
    criteria_by_key = {row["key"]: row for _, row in whole.rows("criteria") if is_word(row.get("key"))}
    seen: set[tuple[Any, Any]] = set()
    for i, check in whole.rows("checks"):
        place: Place = ("checks", i)
        key, source = check.get("criterion"), check.get("source")
        yield from references((*place, "criterion"), key, whole.criterion_keys, "criterion")
        if is_word(key) and is_word(source):
            if (key, source) in seen:
                message = _("there is a check of this source for this criterion already")
                yield Finding((*place, "source"), message, _("keep one of them"))
            seen.add((key, source))
        bounds = [name for name in ("passed_at_least", "failed_at_most") if check.get(name) is not None]
        if not bounds:
            message = _("a check must say what it means: passed_at_least, failed_at_most or both")
            yield Finding(place, message, _("write {failed_at_most: P}, for example"))
        scale = whole.scale_of(criteria_by_key[key]) if is_word(key) and key in criteria_by_key else {}
        codes = [code for _j, row in rows(scale.get("values")) if (code := as_code(row.get("code"))) is not None]
        for name in bounds:
            code = as_code(check[name])
            if codes and code is not None and code not in codes:
                message = _("there is no choice '{code}' on the scale of this criterion").format(code=shortened(code))
                yield Finding((*place, name), message, one_of(listed(codes)))


Check = Callable[[Whole], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    repeated_keys,
    scales,
    levels,
    dimensions,
    criteria,
    thresholds,
    bands,
    rubric_edges,
    rubric_scales,
    rubric_weights,
    method,
    symptoms,
    metrics,
    pipeline_checks,
    adviser,
)
#: What was not asked when the first frameworks were published.
NEWER_CHECKS: tuple[Check, ...] = (reachable_bands,)
