"""Filters for showing figures, levels and texts."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import charts
from ..invitations import tracking
from ..models import Assessment
from ..results.rubric_map import dots_of, votes_in_words
from ..web import markdown as markup
from ..web.chart_files import HAS_PNG, PNG, SVG
from ..web.chart_words import (
    column_in_words,
    day_label,
    flow_in_words,
    history_in_words,
    last_moves_in_words,
    movement_in_words,
    moves_in_words,
    note_of,
    passage_in_words,
    profile_in_words,
    radar_in_words,
    strip_in_words,
)
from ..web.criterion_places import level_of, place_of
from ..web.dates import apart_from, briefly_apart_from, day, month, short_day, short_month, today
from ..web.foreign_texts import foreign_language, language_of_all, marked
from ..web.saving import TOKEN, token_for
from ..web.terms import TERMS

register = template.Library()
#: The way of an assessment: what each step is called, and who it is for.
STEPS = {
    "prepare": (gettext_lazy("Prepare"), gettext_lazy("The lead")),
    "answer": (gettext_lazy("Answer"), gettext_lazy("Everyone who is asked")),
    "review": (gettext_lazy("Review"), gettext_lazy("The team, together")),
    "result": (gettext_lazy("Result"), gettext_lazy("For the team and its history")),
}
STEP_OF_STATUS = {"draft": "prepare", "open": "answer", "review": "review", "closed": "result"}
#: First segment of a path: the entry of the navigation it belongs to, where the two differ.
SECTIONS = {
    "assessments": "teams",
    "results": "teams",
    "framework-import": "frameworks",
    "framework-new": "frameworks",
    "imported-history": "frameworks",
    "webhooks": "units",
}

#: The entries of the main navigation, by the names of their pages.
NAVIGATION = {"portfolio", "teams", "plan", "frameworks", "rounds", "units", "accounts"}


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


@register.inclusion_tag("components/_steps.html")
def assessment_steps(assessment: Assessment | None = None, here: str = "", *, is_small: bool = False) -> dict[str, Any]:
    """Where an assessment is on its way, and what is next for whom; None for one that has not been started.

    `here` is the name of a step for a page that belongs to it whatever the status is. `is_small`: only the steps.
    """
    status = here or (STEP_OF_STATUS[assessment.status] if assessment else "prepare")
    now = list(STEPS).index(status)
    steps = [
        {"name": name, "who": who, "is_done": place < now, "is_now": place == now}
        for place, (name, who) in enumerate(STEPS.values())
    ]
    if here == "result":
        sentence = ""
    elif assessment is None:
        sentence = _("Next: start it, and everyone who is asked can answer.")
    elif assessment.is_draft:
        sentence = _("Next, for the lead: invite people, then open the assessment.")
    elif assessment.is_overdue:
        sentence = _(
            "The due date is over. Next, the lead ends answering. Until then everyone who is asked can answer."
        )
    elif assessment.is_open and assessment.due:
        sentence = _("Next: everyone who is asked answers by {day}. Then the lead ends answering.")
        sentence = sentence.format(day=date_format(assessment.due))
    elif assessment.is_open:
        sentence = _("Next: everyone who is asked answers. Then the lead ends answering.")
    elif assessment.is_in_review:
        sentence = _("Next: the team agrees where answers differ. Then the lead closes the assessment.")
    else:
        sentence = _("It is closed. The result is there for the team and its history.")
    return {"steps": steps, "sentence": sentence, "is_small": is_small, "is_result": here == "result"}


@register.inclusion_tag("components/_chart_files.html")
def chart_files(address: str, pk: Any, chart: str, name: str, query: str = "") -> dict[str, Any]:
    """Links to a chart as SVG and, where they can be made, as PNG; `address` is the name of the URL.

    `pk` is what the chart is of: nothing for one of the portfolio.
    """
    kinds = {SVG: _("SVG"), PNG: _("PNG")} if HAS_PNG else {SVG: _("SVG")}
    suffix = f"?{query}" if query else ""
    of = [pk] if pk else []
    files = [(kind_name, reverse(address, args=[*of, chart, kind]) + suffix) for kind, kind_name in kinds.items()]
    return {"files": files, "name": name}


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


STRIP_PART = '<rect class="seg solid l{}" x="{}" y=".5" width="{}" height="21" rx="4" fill="{}" stroke="{}"/>'
STRIP_COUNT = '<text class="on l{}" x="{}" y="15" text-anchor="middle">{}</text>'
STRIP = (
    '<span class="tip" role="img" tabindex="0" aria-label="{}: {}" data-tip="{}">'
    '<svg class="strip" viewBox="0 0 {} {}" font-size="11" aria-hidden="true">{}</svg></span>'
)


@register.simple_tag
def distribution(counts: Mapping[int, int], contents: Any, name: str) -> SafeString:
    """A strip of how many teams are at which level, of what is called `name`; it says so on hover and focus."""
    strip = charts.level_strip(counts, top=contents.top)
    if strip is None:
        return mark_safe("–")
    drawn = []
    for part in strip.parts:
        drawn.append(STRIP_PART.format(part.step, part.x, part.width, part.colour, part.rim))
        if part.label:
            drawn.append(STRIP_COUNT.format(part.step, part.middle, part.label))
    bands = None if contents.edition.uses_levels else {rung.number: rung.name for rung in contents.rungs}
    words = escape(strip_in_words(strip, bands))
    return mark_safe(STRIP.format(escape(name), words, words, strip.width, strip.height, "".join(drawn)))  # noqa: S308


# What grows with a team's history is joined here: loops over many cells are slow in a template, and so is asking of
# every cell whether it is lazy or safe already. `_row` escapes them all.


def _row(html: str, *values: Any) -> str:
    return html.format(*(value if isinstance(value, SafeString) else escape(str(value)) for value in values))


@register.filter
def shown_cells(chart: Any) -> SafeString:
    """A table cell for each point of a history, with its month for where a row becomes a card."""
    html = '<td role="cell" data-of="{}">{}</td>'
    cells = zip(chart.points, chart.cells, strict=True)
    return mark_safe("".join(_row(html, short_month(point.date), cell) for point, cell in cells))  # noqa: S308


@register.filter
def month_cells(chart: Any) -> SafeString:
    """The head of such a table: the month of each point."""
    html = '<th scope="col" role="columnheader">{}</th>'
    return mark_safe("".join(_row(html, short_month(point.date)) for point in chart.points))  # noqa: S308


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
AXIS_LINE = '<text{} x="{}" y="{}" text-anchor="{}" aria-hidden="true">{}</text>'
POINT = '<circle class="reach" r="9" fill="transparent"/><circle class="mark" r="3.5" fill="#ffffff" stroke="#1b589e"/>'
RADAR_LINK = ' href="{}" transform="translate({} {})" aria-label="{}"><title>{}</title>' + POINT + SAID + "</a>"
RADAR_POINT = (
    ' transform="translate({} {})" tabindex="0" role="img" aria-label="{}"><title>{}</title>' + POINT + SAID + "</g>"
)


@register.filter
def radar_words(radar: Any) -> SafeString:
    """What stands on a radar: numbers of rings, names of axes, and a point for each value that says it."""
    drawn = [_row(RING_NUMBER, x, y, number) for x, y, number in radar.ring_numbers]
    for label in radar.labels:
        language = lang_attribute(label.whole)
        drawn += [_row(AXIS_LINE, language, label.x, y, label.anchor, line) for y, line in label.rows]
    for point in radar.points:
        words = f"{point.axis}: {point.value}"
        said = [point.x, point.y, words, words, -10, "middle", point.value]
        # Read out with the name of its dimension, so in the language of that.
        language = lang_attribute(point.axis)
        if point.url:
            drawn += ["<a", language, _row(RADAR_LINK, point.url, *said)]
        else:
            drawn += ["<g", language, _row(RADAR_POINT, *said)]
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
        return format_html('<small class="votes">{}</small>', marked(votes_in_words(settled)))
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
    """Rows of the table of all assessments; where they become cards, figures say what they are."""
    html = (
        '<tr role="row"><th scope="row" role="rowheader"><a href="{}">{}</a></th><td role="cell">{}</td>'
        '<td role="cell">{}</td><td class="n" role="cell" data-of="{}">{}</td>'
        '<td class="n" role="cell" data-of="{}">{}</td><td role="cell">{}</td>'
        '<td role="cell"><small>{}</small></td></tr>'
    )
    index, people = _("Index"), _("Respondents")
    cells = (
        (
            *(r.url, day(r.date), marked(r.framework), marked(r.level), index, r.index),
            *(people, r.respondents, r.state, r.note),
        )
        for r in rows
    )
    return mark_safe("".join(_row(html, *row) for row in cells))  # noqa: S308


@register.filter
def history_rows(chart: Any) -> SafeString:
    """Rows of the figures of a history: date, level where there are levels, index, note."""
    level = "<td>{}</td>" if chart.has_levels else "{}"
    html = f'<tr><th scope="row"><a href="{{}}">{{}}</a></th>{level}<td>{{}}</td><td>{{}}</td></tr>'
    cells = ((r.url, day(r.date), marked(r.level) if chart.has_levels else "", r.index, note_of(r)) for r in chart.rows)
    return mark_safe("".join(_row(html, *row) for row in cells))  # noqa: S308


register.simple_tag(today)
register.filter(level_of)
register.filter(place_of)
register.filter(profile_in_words)
register.filter(radar_in_words)
register.filter(history_in_words)
register.filter(movement_in_words)
register.filter(column_in_words)
register.filter(flow_in_words)
register.filter(moves_in_words)
register.filter(passage_in_words)
register.filter(last_moves_in_words)
register.filter(day_label)
register.filter(day)
register.filter(month)
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
def navigation_mark(path: str) -> str:
    """What the main navigation marks on a page, and how: all that it depends on beside its reader."""
    here = section(path)
    if here not in NAVIGATION:
        return ""
    return f"{here}!" if path == reverse(here) else here


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
    """A text of a framework as HTML, marked with its language like `lang`."""
    html = mark_safe(markup.as_html(text or ""))  # noqa: S308
    if language := foreign_language(text):
        return format_html('<div lang="{}" dir="auto">{}</div>', language, html)
    return html


@register.filter
def lang(text: str, own: str = "") -> str:
    """A text of a framework where it stands on a page: marked with its language if that is not the page's.

    Texts of `contents` know their language, and sentences that were `filled` know that of each text in them; for others
    `own` says it. Inside an attribute, use `lang_attribute` on the element.
    """
    return marked(text, own)


@register.filter
def lang_attribute(text: str, own: str = "") -> SafeString:
    """The same for an element that can hold no other, such as an option."""
    language = language_of_all(text, own)
    return format_html(' lang="{}" dir="auto"', language) if language else mark_safe("")
