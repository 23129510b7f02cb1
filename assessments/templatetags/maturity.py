"""Filters for showing figures, levels and texts."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from .. import charts
from ..invitations import tracking
from ..models import Assessment
from ..results.rubric_map import dots_of, votes_in_words
from ..web import markdown as markup
from ..web.chart_words import (
    bar_in_words,
    day_label,
    history_in_words,
    note_of,
    profile_in_words,
    radar_in_words,
    stack_in_words,
)
from ..web.criterion_places import level_of, place_of
from ..web.dates import apart_from, briefly_apart_from, day, short_day, short_month
from ..web.saving import TOKEN, token_for
from ..web.terms import TERMS

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
def explain(key: str, fact: str = "") -> dict[str, Any]:
    """A word of the field that opens what it means where it stands; once a page is enough. `fact` stands in its place.

    What a fact is made of can be explained further by what follows it.
    """
    return {"term": TERMS[key], "fact": fact}


@register.filter
def magnitude(change: Any) -> int:
    """How much a level changed, without its direction."""
    return abs(change)


@register.filter
def level_step(number: int, top: int) -> int:
    """The colour step of a level on a ladder that ends at `top`."""
    return charts.level_step(number, top)


# One bar for each dimension, of one segment for each level: drawn here, as loops over segments are slow in a template.

SOLID = '<rect class="seg solid l{}" x="{}" y=".5" width="{}" height="13" rx="3" fill="{}" stroke="{}"/>'
GROUND = '<rect class="seg" x="{}" width="{}" height="14" rx="3" fill="#e9ebee"/>'
CREDIT = '<rect class="credit l{0}" x="{1}" y=".5" width="{2}" height="13" rx="3" fill="url(#hatch-{0})" stroke="{3}"/>'
EMPTY = (
    '<rect class="seg none" x="{}" y=".5" width="{}" height="13" rx="3" fill="none" stroke="#838a95" '
    'stroke-dasharray="3 3"/>'
)
AIM = '<line class="target-line" x1="{0}" x2="{0}" y1="-4" y2="18" stroke="#1a2029" stroke-width="2"/>'
HATCH = (
    '<pattern id="hatch-{0}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="5" height="5" fill="#ffffff"/>'
    '<line class="credit l{0}" x1="1" x2="1" y2="5" stroke="{1}" stroke-width="1.6"/></pattern>'
)


@register.simple_tag
def hatches(*profiles: Iterable[Any]) -> SafeString:
    """The patterns that the bars of these profiles fill credit with; once a page, before the first of them."""
    steps = sorted({row.bar.step for rows in profiles for row in rows if row.bar})
    patterns = "".join(HATCH.format(step, charts.RIM_COLOURS[step]) for step in steps)
    return mark_safe(f'<svg class="defs" aria-hidden="true"><defs>{patterns}</defs></svg>')  # noqa: S308


@register.filter
def drawn_bar(bar: charts.ProfileBar) -> SafeString:
    """The segments of a profile bar and the line of its target, as SVG."""
    parts = []
    for segment in bar.segments:
        if not segment.applies:
            parts.append(EMPTY.format(segment.x, segment.width))
        elif segment.is_reached:
            parts.append(SOLID.format(bar.step, segment.x, segment.width, bar.colour, bar.rim))
        else:
            parts.append(GROUND.format(segment.x, segment.width))
            if segment.credit:
                parts.append(CREDIT.format(bar.step, segment.x, segment.credit, bar.rim))
    if bar.aim is not None:
        parts.append(AIM.format(bar.aim))
    svg = '<svg class="track" viewBox="0 0 240 14" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    return mark_safe(svg.format("".join(parts)))  # noqa: S308


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
#: What a mark says beside it, while it is pointed at or has the focus.
SAID = '<text class="said" y="{}" text-anchor="{}" opacity="0" aria-hidden="true">{}</text>'
DOT = (
    '<a href="{}" class="{}" transform="translate({} {})" aria-label="{}"><title>{}</title>'
    '<circle class="reach" r="{}" fill="transparent"/>%s' + SAID + "</a>"
)


def _anchor(x: float, width: float) -> str:
    """On which side of a mark its words stand, so that they stay within the drawing."""
    if x < width / 3:
        return "start"
    return "end" if x > width * 2 / 3 else "middle"


@register.filter
def history_dots(chart: Any) -> SafeString:
    """The marks of a history: links at the results, each with a mark of its kind."""
    drawn = []
    for dot in chart.dots:
        kind = "dot" + " beside" * dot.beside + " under-revision" * dot.under_revision
        html = DOT % (MARK_BESIDE if dot.beside else MARK)
        said = (18 if dot.y < 30 else -10, _anchor(dot.x, chart.width), dot.title)
        drawn.append(_row(html, dot.url, kind, dot.x, dot.y, dot.title, dot.title, dot.reach, *said))
    return mark_safe("".join(drawn))  # noqa: S308


RING_NUMBER = '<text class="ring-number" x="{}" y="{}" text-anchor="middle" aria-hidden="true">{}</text>'
AXIS_LINE = '<text x="{}" y="{}" text-anchor="{}" aria-hidden="true">{}</text>'
POINT = '<circle class="reach" r="9" fill="transparent"/><circle class="mark" r="3.5" fill="#ffffff" stroke="#1b589e"/>'
RADAR_LINK = '<a href="{}" transform="translate({} {})" aria-label="{}"><title>{}</title>' + POINT + SAID + "</a>"
RADAR_POINT = (
    '<g transform="translate({} {})" tabindex="0" role="img" aria-label="{}"><title>{}</title>' + POINT + SAID + "</g>"
)


@register.filter
def radar_words(radar: Any) -> SafeString:
    """What stands on a radar: numbers of rings, names of axes, and a point for each value that says it."""
    drawn = [_row(RING_NUMBER, x, y, number) for x, y, number in radar.ring_numbers]
    for label in radar.labels:
        drawn += [_row(AXIS_LINE, label.x, y, label.anchor, line) for y, line in label.rows]
    for point in radar.points:
        words = f"{point.axis}: {point.value}"
        if point.url:
            drawn.append(_row(RADAR_LINK, point.url, point.x, point.y, words, words, -10, "middle", point.value))
        else:
            drawn.append(_row(RADAR_POINT, point.x, point.y, words, words, -10, "middle", point.value))
    return mark_safe("".join(drawn))  # noqa: S308


RING = '<circle class="vote-ring" cx="{}" cy="6" r="4.5" fill="#ffffff" stroke="#1a2029" stroke-width="1.2"/>'
PART = '<path class="vote-fill" d="{}" fill="#1a2029"/>'
COUNT = '<text x="{}" y="10">{}</text>'


@register.filter
def vote_dots(settled: Any) -> SafeString:
    """The votes on a criterion as circles; in words they say how many gave each answer."""
    row = dots_of(settled)
    words = escape(votes_in_words(settled))
    if not row.dots:
        return format_html('<small class="votes">{}</small>', words)
    drawn = []
    for dot in row.dots:
        drawn.append(RING.format(dot.x))
        if dot.fill:
            drawn.append(PART.format(dot.fill))
        if row.has_numbers:
            drawn.append(COUNT.format(dot.x + 7, dot.count))
    svg = '<svg class="votes chart" width="{0}" height="12" viewBox="0 0 {0} 12" role="img" aria-label="{1}">'
    svg += "<title>{1}</title>{2}</svg>"
    return mark_safe(svg.format(row.width, words, "".join(drawn)))  # noqa: S308


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
register.filter(profile_in_words)
register.filter(radar_in_words)
register.filter(history_in_words)
register.filter(stack_in_words)
register.filter(bar_in_words)
register.filter(day_label)
register.filter(short_day)
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
