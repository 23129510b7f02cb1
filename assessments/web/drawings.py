"""Charts as pictures of their own: no style sheet, link or script is needed to see them, on paper or in a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from ..charts import History, Movement, ProfileBar, Radar
from .chart_words import day_label, history_in_words, movement_in_words, profile_in_words, radar_in_words
from .dates import short_month
from .foreign_texts import language_of_all

INK, MUTED, GRID, TRACK, ACCENT, LEVEL_LINE = "#1a2029", "#575e69", "#dde0e4", "#e9ebee", "#1b589e", "#077892"
#: Text on a slice in the colour of a level; the lighter colours take dark text.
ON_LIGHT, ON_DARK, LAST_LIGHT = "#1a2029", "#ffffff", 2
#: Between two lines of a hatching.
HATCH_STEP = 4.0
FONT = "Inter, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """An SVG, and what it shows in words. `view_box` is in units of which 16 are about a line of text."""

    view_box: str
    content: str
    words: str
    font_size: int = 12

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        _left, _top, width, height = map(float, self.view_box.split())
        return width, height

    @property
    def svg(self) -> SafeString:
        """As an element of a page, read out as one picture."""
        return self._element(f' role="img" aria-label="{escape(self.words)}"')

    @property
    def file(self) -> SafeString:
        """As a file of its own."""
        width, height = self.size
        return self._element(f' xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"')

    @property
    def address(self) -> str:
        """The file within an address, for a document that holds everything it needs."""
        return "data:image/svg+xml," + quote(self.file)

    def _element(self, attributes: str) -> SafeString:
        look = f'font-family="{FONT}" font-size="{self.font_size}" fill="{INK}"'
        return mark_safe(f'<svg viewBox="{self.view_box}"{attributes} {look}>{self.content}</svg>')  # noqa: S308


def _text(x: float, y: float, anchor: str, text: str, fill: str = INK, language: str = "") -> str:
    spoken = f' lang="{escape(language)}"' if language else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{fill}"{spoken}>{escape(text)}</text>'


# ---------------------------------------------------------------------- profile


def bar_drawing(bar: ProfileBar) -> Drawing:
    """The segments of a profile: solid up to the level that is reached, hatched for credit above it."""
    parts = []
    for segment in bar.segments:
        box = f'x="{segment.x:g}" y="4.5" width="{segment.width:g}" height="13" rx="3"'
        if not segment.applies:
            parts.append(f'<rect {box} fill="none" stroke="#838a95" stroke-dasharray="3 3"/>')
        elif segment.is_reached:
            parts.append(f'<rect {box} fill="{bar.colour}" stroke="{bar.rim}"/>')
        else:
            parts.append(f'<rect {box} fill="{TRACK}"/>')
            if segment.credit:
                parts += _hatched(segment.x, 4.5, segment.credit, 13.0, bar.rim)
    if bar.aim is not None:
        parts.append(f'<path d="M{bar.aim:g},0 V22" stroke="{INK}" stroke-width="2"/>')
    return Drawing(view_box="-1 0 242 22", content="".join(parts), words=profile_in_words(bar))


def _hatched(x: float, y: float, width: float, height: float, colour: str) -> Iterator[str]:
    """A box with lines across it, cut at its edges: patterns come out differently from one program to the next."""
    yield f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="2" fill="#ffffff" stroke="{colour}"/>'
    lines = []
    offset = HATCH_STEP
    while offset < width + height:
        # From the upper edge, or the right one, down to the left edge, or the lower one.
        start = (x + min(offset, width), y + max(0.0, offset - width))
        end = (x + max(0.0, offset - height), y + min(offset, height))
        lines.append(f"M{start[0]:g},{start[1]:g} L{end[0]:g},{end[1]:g}")
        offset += HATCH_STEP
    if lines:
        yield f'<path d="{" ".join(lines)}" fill="none" stroke="{colour}" stroke-width="1.2"/>'


# ---------------------------------------------------------------------- radar


def radar_drawing(radar: Radar) -> Drawing:
    """Outlines over rings; the first series lies on top."""
    parts = [f'<polygon points="{ring}" fill="none" stroke="{GRID}"/>' for ring in radar.rings]
    parts += [f'<path d="M0,0 L{x:g},{y:g}" stroke="{GRID}"/>' for x, y in radar.spokes]
    for shape in reversed(radar.shapes):
        if shape.outline:
            fill = f'fill="{ACCENT}" fill-opacity=".14"' if shape.closed and shape.kind == "now" else 'fill="none"'
            dashes = {"target": ' stroke-dasharray="1 4" stroke-linecap="round"', "previous": ' stroke-dasharray="6 3"'}
            stroke = f'stroke="{shape.stroke}" stroke-width="2"{dashes.get(shape.kind, "")}'
            parts.append(f'<path d="{shape.outline}" {fill} {stroke} stroke-linejoin="round"/>')
        parts += [f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{shape.stroke}"/>' for x, y in shape.dots]
    parts += [_text(x, y, "middle", number, MUTED) for x, y, number in radar.ring_numbers]
    for label in radar.labels:
        language = language_of_all(label.whole)
        parts += [_text(label.x, y, label.anchor, line, language=language) for y, line in label.rows]
    return Drawing(view_box=radar.view_box, content="".join(parts), words=radar_in_words(radar))


# ---------------------------------------------------------------------- history


def history_drawing(chart: History) -> Drawing:
    """Level as steps and index as a line, with targets and what happened on the way."""
    parts = []
    for tick in chart.y_ticks:
        parts.append(f'<path d="M{chart.left:g},{tick.at:g} H{chart.right:g}" stroke="{GRID}"/>')
        parts.append(_text(chart.left - 10, tick.at + 4, "end", tick.label, MUTED))
    for day_tick in chart.x_ticks:
        parts.append(f'<path d="M{day_tick.at:g},{chart.bottom:g} v5" stroke="{GRID}"/>')
        parts.append(_text(day_tick.at, chart.bottom + 19, "middle", day_label(day_tick), MUTED))
    if chart.has_levels:
        parts.append(f'<path d="{chart.area}" fill="#74d0aa" fill-opacity=".32"/>')
        parts.append(f'<path d="{chart.steps}" fill="none" stroke="{LEVEL_LINE}" stroke-width="2"/>')
    for aim in chart.aims:
        line = f"M{aim.left:g},{aim.y:g} H{aim.right:g}"
        parts.append(f'<path d="{line}" stroke="{MUTED}" stroke-width="2" stroke-dasharray="2 4"/>')
        parts.append(f'<path d="M{aim.right:g},{aim.y:g} v-12 l9,3.5 l-9,3.5" fill="{MUTED}" stroke="{MUTED}"/>')
    for flag in chart.flags:
        parts.append(f'<path d="M{flag.x:g},13 V{chart.bottom:g}" stroke="{MUTED}" stroke-dasharray="4 3"/>')
        parts.append(_text(flag.x, 10, "middle", flag.letter))
    if chart.line:
        parts.append(f'<path d="{chart.line}" fill="none" stroke="{ACCENT}" stroke-width="2"/>')
    for dot in chart.dots:
        if dot.beside:
            mark = f'd="M{dot.x - 5:g},{dot.y:g} l5,-5 l5,5 l-5,5 Z" stroke="{MUTED}"'
            parts.append(f'<path {mark} fill="#ffffff" stroke-width="2"/>')
        else:
            dashes = ' stroke-dasharray="2 2"' if dot.under_revision else ""
            mark = f'cx="{dot.x:g}" cy="{dot.y:g}" r="4" stroke="{ACCENT}"{dashes}'
            parts.append(f'<circle {mark} fill="#ffffff" stroke-width="2"/>')
    size = f"0 0 {chart.width} {chart.height}"
    return Drawing(view_box=size, content="".join(parts), words=history_in_words(chart), font_size=11)


# ---------------------------------------------------------------------- movement between levels

#: How flows are filled, by what became of their teams; all others as those that stayed.
FLOW_FILLS = {"up": ("#00703b", 0.32), "down": ("#ac3a1d", 0.38)}


def movement_drawing(movement: Movement) -> Drawing:
    """A column of boxes for each day, as tall as there are teams at each level, and flows between them."""
    parts = []
    for passage in movement.passages:
        for flow in passage.flows:
            fill, opacity = FLOW_FILLS.get(flow.kind, ("#838a95", 0.16))
            parts.append(f'<path d="{flow.path}" fill="{fill}" fill-opacity="{opacity}"/>')
        if passage.up:
            parts.append(_text(passage.middle - 3, movement.changes_y, "end", f"▲ {passage.up}", "#00703b"))
        if passage.down:
            parts.append(_text(passage.middle + 3, movement.changes_y, "start", f"▼ {passage.down}", "#ac3a1d"))
    for column in movement.columns:
        for box in column.boxes:
            dashes = ' stroke-dasharray="3 3"' if box.step is None else ""
            place = f'x="{box.x:g}" y="{box.y:g}" width="{movement.box:g}" height="{box.height:g}" rx="4"'
            parts.append(f'<rect {place} fill="{box.colour}" stroke="{box.rim}"{dashes}/>')
            if box.label:
                x, y = box.middle
                ink = ON_LIGHT if box.step is None or box.step <= LAST_LIGHT else ON_DARK
                parts.append(_text(x, y + 4, "middle", box.label, ink))
        parts.append(_text(column.middle, movement.days_y, "middle", short_month(column.date), MUTED))
    for name in movement.names:
        text = str(name.number) if name.number in movement.numbers else movement.apart
        parts.append(_text(name.x, name.y + 4, name.anchor, text, MUTED))
    size = f"0 0 {movement.width} {movement.height}"
    return Drawing(view_box=size, content="".join(parts), words=movement_in_words(movement), font_size=12)
