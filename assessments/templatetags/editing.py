"""Filters for showing what is different between two texts and two editions."""

import difflib
import re
from fractions import Fraction

from django import template
from django.utils.html import format_html, format_html_join

from .. import scoring
from ..frameworks.comparing import CRITERION_TEXTS, TextChange, as_text

register = template.Library()
FIELD_NAMES = {
    "evidence": "How to tell",
    "next": "Next step",
    "na": "May not apply when",
    "refs": "References",
    "unit_of_assessment": "What is assessed",
    "fits": "Where it fits",
}
#: Texts longer than this are shown whole, without marks: comparing them word by word takes too long.
MAX_WORDS = 2_000


@register.filter
def exactly(value: Fraction | None, places: int) -> str:
    """An exact figure with that many decimals, or a dash."""
    return scoring.rounded(value, places) or "–"


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


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|[^\s]+", text)


def _marked(change: TextChange, tag: str):
    """One of the two texts, with the words marked that the other one does not have."""
    before, after = _words(change.before), _words(change.after)
    own = before if tag == "del" else after
    if len(before) + len(after) > MAX_WORDS:
        return "".join(own)
    pieces = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        text = "".join(before[i1:i2] if tag == "del" else after[j1:j2])
        if text:
            pieces.append((text if kind == "equal" else format_html("<{}>{}</{}>", tag, text, tag),))
    return format_html_join("", "{}", pieces) or "(empty)"


@register.filter
def wording_before(change: TextChange):
    return _marked(change, "del")


@register.filter
def wording_after(change: TextChange):
    return _marked(change, "ins")


@register.filter
def changed_since(row, previous) -> list[TextChange]:
    """What is different in a criterion's texts since an earlier edition."""
    pairs = ((field, as_text(getattr(previous, field)), as_text(getattr(row, field))) for field in CRITERION_TEXTS)
    return [TextChange(field=field, before=before, after=after) for field, before, after in pairs if before != after]
