"""Filters for showing figures, levels and texts."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from .. import charts
from ..invitations import tracking
from ..models import Assessment
from ..web import figures
from ..web import markdown as markup
from ..web.chart_words import day_label, history_in_words, note_of, radar_in_words, stack_in_words
from ..web.criterion_places import level_of, place_of
from ..web.dates import apart_from, briefly_apart_from, day, short_month
from ..web.saving import TOKEN, token_for
from ..web.terms import TERMS, Term

register = template.Library()
#: First segment of a path: the entry of the navigation it belongs to, where the two differ.
SECTIONS = {"assessments": "teams", "results": "teams", "framework-import": "frameworks"}


@register.filter
def get(mapping: Mapping[Any, Any], key: str) -> Any:
    """An entry of a mapping by a key that the template has in a variable."""
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def once(context: dict[str, Any]) -> SafeString:
    """Inside a form that makes something: sent twice, it makes one thing."""
    return format_html('<input type="hidden" name="{}" value="{}">', TOKEN, token_for(context["request"]))


@register.simple_block_tag
def empty_state(content: str, title: str, *, action: str = "", url: str = "") -> SafeString:
    """A card in place of what is not there yet: a title, why, and perhaps a button to begin with."""
    return render_to_string("components/_empty.html", {"title": title, "text": content, "action": action, "url": url})


@register.inclusion_tag("components/_explain.html")
def explain(key: str) -> dict[str, Term]:
    """A word of the field that opens what it means where it stands; once a page is enough."""
    return {"term": TERMS[key]}


#: A share from 0 to 1, such as 67%.
register.filter(figures.percent)


@register.filter
def magnitude(change: Any) -> int:
    """How much a level changed, without its direction."""
    return abs(change)


@register.filter
def level_step(number: int, top: int) -> int:
    """The colour step, 0 to 4, of a level on a ladder that ends at `top`."""
    return charts.level_step(number, top)


@register.filter
def track(cells: Any, top: int) -> Any:
    """Segments of a profile out of (level, share of its points or None)."""
    return charts.track(cells, top=top)


@register.filter
def in_words(segments: Iterable[charts.Segment]) -> str:
    """What the segments of a profile say, for screen readers."""
    # Looking a message up costs more than filling it in, so each is looked up once.
    figure = gettext("Level {number}: {share}")
    no_figure = gettext("Level {number}: no figure")
    shown = []
    for segment in segments:
        if segment.share is None:
            shown.append(no_figure.format(number=segment.number))
        else:
            shown.append(figure.format(number=segment.number, share=figures.percent(segment.share)))
    return ", ".join(shown)


# What grows with a team's history is joined here: loops over many cells are slow in a template, and so is asking of
# every cell whether it is lazy or safe already. `_row` escapes them all.


def _row(html: str, *values: Any) -> str:
    return html.format(*(escape(str(value)) for value in values))


@register.filter
def shown_cells(chart: Any) -> SafeString:
    """A table cell for each point of a history."""
    return mark_safe("".join(_row("<td>{}</td>", cell) for cell in chart.cells))  # noqa: S308


@register.filter
def month_cells(chart: Any) -> SafeString:
    """The head of such a table: the month of each point."""
    return mark_safe("".join(_row('<th scope="col">{}</th>', short_month(p.date)) for p in chart.points))  # noqa: S308


MARK = '<circle class="mark" r="4" fill="#ffffff" stroke="#1b589e" stroke-width="2"/>'
MARK_BESIDE = '<path class="mark" d="M-5,0 L0,-5 L5,0 L0,5 Z" fill="#ffffff" stroke="#575e69" stroke-width="2"/>'
DOT = (
    '<a href="{}" class="{}" transform="translate({} {})" aria-label="{}"><title>{}</title>'
    '<circle class="reach" r="{}" fill="transparent"/>%s</a>'
)


@register.filter
def history_dots(chart: Any) -> SafeString:
    """The marks of a history: links at the results, each with a mark of its kind."""
    drawn = []
    for dot in chart.dots:
        kind = "dot" + " beside" * dot.beside + " under-revision" * dot.under_revision
        html = DOT % (MARK_BESIDE if dot.beside else MARK)
        drawn.append(_row(html, dot.url, kind, dot.x, dot.y, dot.title, dot.title, dot.reach))
    return mark_safe("".join(drawn))  # noqa: S308


@register.filter
def assessment_rows(rows: Iterable[Any]) -> SafeString:
    """Rows of the table of all assessments."""
    html = (
        '<tr><th scope="row"><a href="{}">{}</a></th><td>{}</td><td>{}</td>'
        '<td class="n">{}</td><td class="n">{}</td><td>{}</td><td><small>{}</small></td></tr>'
    )
    cells = ((r.url, day(r.date), r.framework, r.level, r.index, r.respondents, r.state, r.note) for r in rows)
    return mark_safe("".join(_row(html, *row) for row in cells))  # noqa: S308


@register.filter
def history_rows(chart: Any) -> SafeString:
    """Rows of the figures of a history: date, level where there are levels, index, note."""
    level = "<td>{}</td>" if chart.has_levels else "{}"
    html = f'<tr><th scope="row"><a href="{{}}">{{}}</a></th>{level}<td>{{}}</td><td>{{}}</td></tr>'
    cells = ((r.url, day(r.date), r.level if chart.has_levels else "", r.index, note_of(r)) for r in chart.rows)
    return mark_safe("".join(_row(html, *row) for row in cells))  # noqa: S308


register.filter(level_of)
register.filter(place_of)
register.filter(radar_in_words)
register.filter(history_in_words)
register.filter(stack_in_words)
register.filter(day_label)
register.filter(short_month)
register.filter(apart_from)
register.filter(briefly_apart_from)


@register.filter
def section(path: str) -> str:
    """The entry of the navigation that a page belongs to, by its path."""
    first = (path or "").strip("/").split("/")[0]
    return SECTIONS.get(first, first)


@register.filter
def answer_name(settled: Any, code: str) -> str:
    """What an answer's code is called on the scale of this criterion."""
    return settled.criterion.answer_name(code)


@register.filter
def answer_label(assessment: Assessment) -> str:
    """What the button to one's own answers says, for an assessment of `for_person`."""
    return tracking.answer_label(assessment, assessment.my_state)


@register.simple_tag(takes_context=True)
def answer_url(context: dict[str, Any], name: str, *args: Any) -> str:
    """The address of a page of the questionnaire for whoever answers: by account, or by personal link."""
    return context["seat"].url(name, *args)


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as sanitised HTML: a script, an attribute or a style in it comes out as text or not at all."""
    return mark_safe(markup.as_html(text or ""))  # noqa: S308
