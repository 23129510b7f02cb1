"""What must hold within the adviser of a framework, and between it and the levels."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from .problems import did_you_mean, shortened
from .untrusted import NO_SUCH, Finding, Place, Whole, is_number, is_word, items, mapping, once, references, rows

BOUNDS = ("_min", "_max")


def adviser(whole: Whole) -> Iterator[Finding]:
    inputs = {row["key"]: row for i, row in rows(whole.adviser.get("inputs")) if is_word(row.get("key"))}
    advice: dict[str, None] = {}
    for name in ("rules", "adjustments"):
        advice |= {row["key"]: None for i, row in rows(whole.adviser.get(name)) if is_word(row.get("key"))}
    yield from _keys(whole)
    yield from _inputs(whole)
    yield from _rules(whole, inputs)
    yield from _adjustments(whole, inputs)
    yield from _confirmations(whole)
    yield from _cases(whole, inputs, advice)


def _keys(whole: Whole) -> Iterator[Finding]:
    for names in (("inputs",), ("rules", "adjustments")):
        keys = []
        for name in names:
            keys += [(("adviser", name, i, "key"), row.get("key")) for i, row in rows(whole.adviser.get(name))]
        yield from once(keys, "key")


def _inputs(whole: Whole) -> Iterator[Finding]:
    for i, row in rows(whole.adviser.get("inputs")):
        place: Place = ("adviser", "inputs", i)
        if row.get("type") == "choice" and not items(row.get("values")):
            yield Finding((*place, "values"), _("a question of type 'choice' needs values"), _("list the values"))
        if row.get("default") is not None:
            yield from _answer((*place, "default"), row["default"], row)


def _rules(whole: Whole, inputs: dict[str, dict]) -> Iterator[Finding]:
    for i, row in rows(whole.adviser.get("rules")):
        place: Place = ("adviser", "rules", i)
        yield from whole.level_reference((*place, "level"), row.get("level"))
        yield from _conditions((*place, "when"), row.get("when"), inputs)


def _adjustments(whole: Whole, inputs: dict[str, dict]) -> Iterator[Finding]:
    for i, row in rows(whole.adviser.get("adjustments")):
        place: Place = ("adviser", "adjustments", i)
        for side in ("at_least", "at_most"):
            yield from whole.level_reference((*place, side), row.get(side))
        if row.get("at_least") is None and row.get("at_most") is None:
            yield Finding(place, _("this adjustment changes nothing"), _("give it at_least or at_most"))
        yield from _conditions((*place, "when"), row.get("when"), inputs)


def _confirmations(whole: Whole) -> Iterator[Finding]:
    listed = [(("adviser", "confirm", i, "level"), row.get("level")) for i, row in rows(whole.adviser.get("confirm"))]
    for place, level in listed:
        yield from whole.level_reference(place, level)
    yield from once(listed, "level")


def _cases(whole: Whole, inputs: dict[str, dict], advice: dict[str, None]) -> Iterator[Finding]:
    for i, row in rows(whole.adviser.get("cases")):
        place: Place = ("adviser", "cases", i)
        expected = mapping(row.get("expect"))
        yield from whole.level_reference((*place, "current"), row.get("current"))
        for name in ("level", "next"):
            yield from whole.level_reference((*place, "expect", name), expected.get(name))
        for j, key in enumerate(items(expected.get("rules"))):
            yield from references((*place, "expect", "rules", j), key, advice, "rule or adjustment")
        for key, value in mapping(row.get("in")).items():
            yield from references((*place, "in", key), key, inputs, "input")
            yield from _answer((*place, "in", key), value, inputs.get(key, {}))


def _conditions(place: Place, when: Any, inputs: dict[str, dict]) -> Iterator[Finding]:
    """`models_min: 3` bounds the input `models`; any other condition names an input and what it may be."""
    for key, value in mapping(when).items():
        bound = next((end for end in BOUNDS if is_word(key) and key.endswith(end) and key not in inputs), "")
        name = key.removesuffix(bound) if bound else key
        if is_word(name) and name not in inputs:
            mend = did_you_mean(name, list(inputs))
            message = NO_SUCH["input"].format(name=shortened(name))
            yield Finding((*place, key), message, mend or _("add the input"))
            continue
        question = inputs.get(name, {})
        if bound and question.get("type") != "integer":
            message = _("'{input}' is not a number, so it has no bounds").format(input=name)
            mend = _("write {input} without {bound}").format(input=name, bound=bound)
            yield Finding((*place, key), message, mend)
            continue
        for answer in value if isinstance(value, list | tuple) else [value]:
            yield from _answer((*place, key), answer, question)


def _answer(place: Place, value: Any, question: dict) -> Iterator[Finding]:
    kind = question.get("type")
    message = _("'{value}' is not an answer to a question of type '{type}'").format(value=shortened(value), type=kind)
    if kind == "boolean" and not isinstance(value, bool):
        yield Finding(place, message, _("write true or false"))
    elif kind == "integer" and not is_number(value):
        yield Finding(place, message, _("write a whole number"))
    elif kind == "choice" and value not in (choices := items(question.get("values"))):
        message = _("'{value}' is not one of the values").format(value=shortened(value))
        yield Finding(place, message, did_you_mean(value, [choice for choice in choices if is_word(choice)]))
