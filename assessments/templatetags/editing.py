"""Filters for showing what is different between two texts and two versions."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ..frameworks import comparison_words
from ..frameworks.format.differences import TextChange
from ..frameworks.part_names import field_name
from ..models import Criterion, Scale
from ..models.frameworks import Contents
from ..web.foreign_texts import marked

register = template.Library()

register.filter(comparison_words.all_sentences)
register.filter(comparison_words.change_sentences)
register.filter(comparison_words.kinds_of_change)
register.filter(comparison_words.part_change)
register.filter(comparison_words.part_kind)
register.filter(comparison_words.part_title)


@register.filter
def names(file: Any) -> dict[str, str]:
    """Names of a file's dimensions by key."""
    return {dimension.key: dimension.name for dimension in file.dimensions}


@register.filter
def entry(mapping: Mapping[Any, Any], key: str) -> Any:
    return mapping.get(key, key)


@register.filter
def criterion(contents: Contents, key: str) -> Criterion:
    return contents.criterion_by_key[key]


@register.filter
def scale(contents: Contents, key: str) -> Scale:
    return next(scale for scale in contents.scales if scale.key == key)


WORD = re.compile(r"\s+|[^\s]+")
BLOCK = (
    '<div class="wording"><h3>{}</h3><p class="before"><span class="visually-hidden">{} </span>{}</p>'
    '<p class="after"><span class="visually-hidden">{} </span>{}</p></div>'
)


class MarkingBudget:
    """How much one page may spend on finding the words that are different; what it costs grows with both texts.

    `language` is that of the texts.
    """

    def __init__(self, language: str = "", most: int = 5_000_000) -> None:
        self.language = language
        self.left = most

    def allows(self, before: list[str], after: list[str]) -> bool:
        self.left -= len(before) * len(after)
        return self.left >= 0


@register.simple_tag
def marking_budget(language: str) -> MarkingBudget:
    return MarkingBudget(language)


@register.filter
def wordings(texts: Iterable[Any], budget: MarkingBudget) -> SafeString:
    """Each changed text before and after, with the words marked that are different as far as the budget allows."""
    blocks = []
    for change in texts:
        before, after = _marked(change, budget)
        before, after = marked(before, budget.language), marked(after, budget.language)
        blocks.append((field_name(change.field), _("Before:"), before, _("After:"), after))
    return format_html_join("", BLOCK, blocks)


def _marked(change: TextChange, budget: MarkingBudget) -> tuple[str, str]:
    before = WORD.findall(change.before)
    after = WORD.findall(change.after)
    # What is alike at both ends needs no comparing.
    start = _length_alike(before, after)
    end = _length_alike(before[start:][::-1], after[start:][::-1])
    old = before[start : len(before) - end]
    new = after[start : len(after) - end]
    if not budget.allows(old, new):
        return change.before or _("(empty)"), change.after or _("(empty)")

    opcodes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    head = "".join(before[:start])
    tail = "".join(before[len(before) - end :])

    def whole(words: list[str], tag: str) -> str:
        if not (words or head or tail):
            return _("(empty)")
        return mark_safe(escape(head) + _pieces(opcodes, words, tag) + escape(tail))  # noqa: S308 - all of it is escaped

    return whole(old, "del"), whole(new, "ins")


def _length_alike(one: list[str], other: list[str]) -> int:
    """With how many of the same words two texts begin."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (word, counterpart) in enumerate(pairs) if word != counterpart), min(len(one), len(other)))


def _pieces(opcodes: Sequence[Any], words: list[str], tag: str) -> str:
    """The words as HTML. A page of changes has thousands of pieces, so each is escaped by one plain call.

    With `format_html` they were two thirds of the time of a page of 200 changes.
    """
    pieces = []
    for kind, i1, i2, j1, j2 in opcodes:
        text = escape("".join(words[i1:i2] if tag == "del" else words[j1:j2]))
        if text:
            pieces.append(text if kind == "equal" else f"<{tag}>{text}</{tag}>")
    return "".join(pieces)
