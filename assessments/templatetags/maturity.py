"""Filters for showing figures, levels and texts."""

import nh3
from django import template
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt

from .. import charts, scoring, standing
from ..models.results import as_fraction

register = template.Library()
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False})
TAGS = {"p", "ul", "ol", "li", "em", "strong", "code", "pre", "blockquote", "a", "br", "h3", "h4", "h5", "h6"}
#: First segment of a path: the entry of the navigation it belongs to, where the two differ.
SECTIONS = {"assessments": "teams", "results": "teams", "framework-import": "frameworks"}


@register.filter
def get(mapping, key):
    """An entry of a mapping by a key that the template has in a variable."""
    return mapping.get(key) if mapping else None


@register.filter
def figure(exact: str, places: int) -> str:
    """An exact figure ("5/3") with that many decimals, or a dash."""
    return scoring.rounded(as_fraction(exact), places) or "–"


@register.filter
def signed(change, places: int = 2) -> str:
    """A difference with its sign: +0.25, −1.00, ±0.00; nothing where there is none to show."""
    if change is None or change == "":
        return ""
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return f"{sign}{charts.figure(abs(change), places)}"


@register.filter
def magnitude(change):
    """How much a level changed, without its direction."""
    return abs(change)


@register.filter
def level_step(number: int, top: int) -> int:
    """The colour step, 0 to 4, of a level on a ladder that ends at `top`."""
    return charts.level_step(number, top)


@register.filter
def track(cells, top):
    """Segments of a profile out of (level, share of its points or None)."""
    return charts.track(cells, top=top)


@register.filter
def section(path: str) -> str:
    """The entry of the navigation that a page belongs to, by its path."""
    first = (path or "").strip("/").split("/")[0]
    return SECTIONS.get(first, first)


@register.filter
def answer_name(settled, code: str) -> str:
    """What an answer's code is called on the scale of this criterion."""
    return standing.answer_name(settled.criterion, code)


@register.filter
def markdown(text: str):
    """Markdown as sanitised HTML: a script, an attribute or a style in it comes out as text or not at all."""
    html = _markdown.render(text or "")
    return mark_safe(nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}))  # noqa: S308
