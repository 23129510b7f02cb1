"""Filters for showing what is different between two texts and two editions."""

import difflib
import re

from django import template
from django.utils.html import format_html, format_html_join

from ..frameworks.format.differences import CRITERION_TEXTS, TextChange, as_text

register = template.Library()
FIELD_NAMES = {
    "evidence": "How to tell",
    "next": "Next step",
    "na": "May not apply when",
    "refs": "References",
    "unit_of_assessment": "What is assessed",
    "fits": "Where it fits",
}


@register.filter
def field_name(field: str) -> str:
    return FIELD_NAMES.get(field) or field.replace("_", " ").capitalize()


@register.filter
def names(file) -> dict[str, str]:
    """Names of a file's dimensions by key."""
    return {dimension.key: dimension.name for dimension in file.dimensions}


@register.filter
def entry(mapping, key):
    return mapping.get(key, key)


@register.filter
def criterion(contents, key):
    return contents.criterion_by_key[key]


@register.filter
def scale(contents, key):
    return next(scale for scale in contents.scales if scale.key == key)


WORD = re.compile(r"\s+|[^\s]+")
BLOCK = (
    '<div class="wording"><h3>{}</h3><p class="before"><span class="visually-hidden">Before: </span>{}</p>'
    '<p class="after"><span class="visually-hidden">After: </span>{}</p></div>'
)


class MarkingBudget:
    """How much one page may spend on finding the words that are different; what it costs grows with both texts."""

    def __init__(self, most: int = 5_000_000) -> None:
        self.left = most

    def allows(self, before: list[str], after: list[str]) -> bool:
        self.left -= len(before) * len(after)
        return self.left >= 0


@register.simple_tag
def marking_budget() -> MarkingBudget:
    return MarkingBudget()


@register.filter
def wordings(texts, budget: MarkingBudget):
    """Each changed text before and after, with the words marked that are different as far as the budget allows."""
    return format_html_join("", BLOCK, ((field_name(change.field), *_marked(change, budget)) for change in texts))


def _marked(change: TextChange, budget: MarkingBudget):
    before, after = WORD.findall(change.before), WORD.findall(change.after)
    # What is alike at both ends needs no comparing.
    start = next(
        (i for i, (b, a) in enumerate(zip(before, after, strict=False)) if b != a), min(len(before), len(after))
    )
    rest = min(len(before), len(after)) - start
    end = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if not budget.allows(old, new):
        return change.before or "(empty)", change.after or "(empty)"
    opcodes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    head, tail = "".join(before[:start]), "".join(before[len(before) - end :])
    return tuple(
        format_html("{}{}{}", head, _pieces(opcodes, words, tag), tail) if words or head or tail else "(empty)"
        for words, tag in ((old, "del"), (new, "ins"))
    )


def _pieces(opcodes, words: list[str], tag: str):
    pieces = []
    for kind, i1, i2, j1, j2 in opcodes:
        text = "".join(words[i1:i2] if tag == "del" else words[j1:j2])
        if text:
            pieces.append((text if kind == "equal" else format_html("<{}>{}</{}>", tag, text, tag),))
    return format_html_join("", "{}", pieces)


@register.filter
def changed_since(row, previous) -> list[TextChange]:
    """What is different in a criterion's texts since an earlier edition."""
    pairs = ((field, as_text(getattr(previous, field)), as_text(getattr(row, field))) for field in CRITERION_TEXTS)
    return [TextChange(field=field, before=before, after=after) for field, before, after in pairs if before != after]
