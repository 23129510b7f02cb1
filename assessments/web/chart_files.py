"""Charts as files to take along: an SVG with its own colours and legend, and a PNG where `resvg-py` is installed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.util import find_spec
from pathlib import Path

from django.http import Http404, HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from ..charts import LEVEL_COLOURS, RIM_COLOURS, History, Movement, ProfileBar, Radar, level_step
from .chart_words import profile_in_words
from .drawings import (
    ACCENT,
    FLOW_FILLS,
    FONT,
    INK,
    LEVEL_LINE,
    MUTED,
    TRACK,
    Drawing,
    bar_drawing,
    history_drawing,
    movement_drawing,
    radar_drawing,
)

SVG, PNG = "svg", "png"
#: Whether this installation can make PNGs: the extra `[png]`.
HAS_PNG = find_spec("resvg_py") is not None
#: PNGs have so many pixels for a unit of the drawing, so that they stay sharp on a slide.
PNG_ZOOM = 2.0
#: The typeface of the pages, for machines that have none. Other scripts need a font of the machine.
FONT_FILE = Path(__file__).parent / "fonts" / "inter-latin-400.ttf"

PADDING, TITLE_HEIGHT, LINE_HEIGHT = 24.0, 52.0, 20.0
#: Of a line of text at 13 units.
CHARACTER_WIDTH = 6.8
NAME_WIDTH, ROW_HEIGHT, BAR_WIDTH = 250.0, 36.0, 242.0
NAME_CHARACTERS = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An entry of a legend: the swatch is SVG, 24 wide and 14 high."""

    swatch: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSheet:
    """A chart with everything that it needs to be understood alone: what it is, of whom and when, and its legend."""

    title: str
    about: str
    drawing: Drawing
    legend: Sequence[Key] = ()

    @property
    def svg(self) -> str:
        """A file of its own, in the light colours whatever the reader's scheme is."""
        width, height = self.drawing.size
        keys, legend_height = self._legend(width)
        whole_width = width + 2 * PADDING
        whole_height = TITLE_HEIGHT + height + legend_height + 2 * PADDING
        inner = (
            f'<svg x="{PADDING:g}" y="{PADDING + TITLE_HEIGHT:g}" width="{width:g}" height="{height:g}" '
            f'viewBox="{self.drawing.view_box}" font-size="{self.drawing.font_size}">{self.drawing.content}</svg>'
        )
        legend_top = PADDING + TITLE_HEIGHT + height + 12
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{whole_width:g}" height="{whole_height:g}" '
            f'viewBox="0 0 {whole_width:g} {whole_height:g}" font-family="{FONT}" fill="{INK}">'
            f"<title>{escape(f'{self.title}, {self.about}')}</title><desc>{escape(self.drawing.words)}</desc>"
            f'<rect width="{whole_width:g}" height="{whole_height:g}" fill="#ffffff"/>'
            f'<text x="{PADDING:g}" y="{PADDING + 16:g}" font-size="18" font-weight="600">{escape(self.title)}</text>'
            f'<text x="{PADDING:g}" y="{PADDING + 37:g}" font-size="13" fill="{MUTED}">{escape(self.about)}</text>'
            f'{inner}<g transform="translate({PADDING:g} {legend_top:g})" font-size="13">{keys}</g></svg>\n'
        )

    def _legend(self, width: float) -> tuple[str, float]:
        """The legend in as many lines as it needs, and its height."""
        parts, x, y = [], 0.0, 0.0
        for key in self.legend:
            needed = 32 + CHARACTER_WIDTH * len(key.name) + 20
            if x and x + needed > width:
                x, y = 0.0, y + LINE_HEIGHT
            parts.append(f'<g transform="translate({x:g} {y:g})">{key.swatch}</g>')
            parts.append(f'<text x="{x + 32:g}" y="{y + 11.5:g}">{escape(key.name)}</text>')
            x += needed
        return "".join(parts), y + LINE_HEIGHT + 12 if parts else 0.0

    def response(self, kind: str) -> HttpResponse:
        """The file to download; 404 for a kind that is not to be had here."""
        if kind == PNG and HAS_PNG:
            content, content_type = png_of(self.svg), "image/png"
        elif kind == SVG:
            content, content_type = self.svg.encode(), "image/svg+xml"
        else:
            raise Http404
        name = slugify(f"{self.about} {self.title}")[:120] or "chart"
        return HttpResponse(
            content,
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
        )


def png_of(svg: str) -> bytes:
    """The picture of an SVG. Nothing outside it is read but fonts."""
    import resvg_py

    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=PNG_ZOOM,
        font_files=[str(FONT_FILE)],
        font_family="Inter",
        sans_serif_family="Inter",
    )


# ---------------------------------------------------------------------- profile


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """A row of a profile: the name of a part, its bar if the framework has levels, and its figures as they are read."""

    name: str
    bar: ProfileBar | None
    share: float
    level: str
    index: str

    @property
    def words(self) -> str:
        score = _("Score {score}.").format(score=self.index)
        figures = score if self.bar is None else profile_in_words(self.bar)
        return _("{name}: {figures}").format(name=self.name, figures=figures)


def profile_drawing(rows: Sequence[SheetRow], *, numbers: Sequence[int]) -> Drawing:
    """Every part with its segments; `numbers` are the levels above the bars."""
    has_levels = any(row.bar is not None for row in rows)
    columns = NAME_WIDTH + BAR_WIDTH + 20
    parts = []
    each = BAR_WIDTH / max(1, len(numbers))
    for place, number in enumerate(numbers):
        x = NAME_WIDTH + each * (place + 0.5)
        parts.append(f'<text x="{x:g}" y="12" text-anchor="middle" fill="{MUTED}">{number}</text>')
    headings = [(_("Level"), columns + 20), (_("Index"), columns + 90)] if has_levels else [(_("Score"), columns + 20)]
    for heading, x in headings:
        parts.append(f'<text x="{x:g}" y="12" text-anchor="middle" fill="{MUTED}">{escape(heading)}</text>')
    for number, row in enumerate(rows):
        y = 22 + number * ROW_HEIGHT
        lines = _lines(row.name)
        for line_number, line in enumerate(lines):
            baseline = y + 19 + (line_number - (len(lines) - 1) / 2) * 15
            parts.append(f'<text x="0" y="{baseline:g}">{escape(line)}</text>')
        parts.append(_bar(row, y))
        figures = [row.level, row.index] if has_levels else [row.index]
        for figure, (_heading, x) in zip(figures, headings, strict=True):
            parts.append(f'<text x="{x:g}" y="{y + 19:g}" text-anchor="middle">{escape(figure)}</text>')
    height = 22 + len(rows) * ROW_HEIGHT
    words = " ".join(row.words for row in rows)
    width = columns + (130 if has_levels else 60)
    return Drawing(view_box=f"0 0 {width:g} {height:g}", content="".join(parts), words=words, font_size=13)


def _bar(row: SheetRow, y: float) -> str:
    if row.bar is not None:
        return f'<g transform="translate({NAME_WIDTH:g} {y + 3:g})">{bar_drawing(row.bar).content}</g>'
    track = f'<rect x="{NAME_WIDTH:g}" y="{y + 8:g}" width="{BAR_WIDTH:g}" height="13" rx="3" fill="{TRACK}"/>'
    width = max(0.0, min(1.0, row.share)) * BAR_WIDTH
    return f'{track}<rect x="{NAME_WIDTH:g}" y="{y + 8:g}" width="{width:g}" height="13" rx="3" fill="{ACCENT}"/>'


def _lines(name: str) -> list[str]:
    """A name in at most two lines, cut if it is longer still."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > NAME_CHARACTERS:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], " ".join(lines[1:])]
    return [line if len(line) <= NAME_CHARACTERS + 4 else f"{line[: NAME_CHARACTERS + 3]}…" for line in lines]


def profile_legend(bar: ProfileBar | None, *, has_target: bool) -> list[Key]:
    """What solid, hatched and the line mean, in the colours of a bar."""
    if bar is None:
        return []
    solid = f'<rect width="24" height="14" rx="3" fill="{bar.colour}" stroke="{bar.rim}"/>'
    hatched = (
        f'<rect width="24" height="14" rx="3" fill="#ffffff" stroke="{bar.rim}"/>'
        f'<path d="M2,14 L14,0 M10,14 L22,0" stroke="{bar.rim}" stroke-width="1.2"/>'
    )
    keys = [Key(swatch=solid, name=_("Level reached")), Key(swatch=hatched, name=_("Credit above it"))]
    if has_target:
        keys.append(Key(swatch=f'<path d="M12,0 V14" stroke="{INK}" stroke-width="2"/>', name=_("Target")))
    return keys


# ---------------------------------------------------------------------- radar and history


def radar_sheet(radar: Radar, *, title: str, about: str) -> ChartSheet:
    dashes = {"target": ' stroke-dasharray="1 4" stroke-linecap="round"', "previous": ' stroke-dasharray="6 3"'}
    legend = [
        Key(
            swatch=f'<path d="M1,7 H23" stroke="{shape.stroke}" stroke-width="2.5"{dashes.get(shape.kind, "")}/>',
            name=shape.name,
        )
        for shape in radar.shapes
    ]
    return ChartSheet(title=title, about=about, drawing=radar_drawing(radar), legend=legend)


def history_legend(chart: History) -> list[Key]:
    level = f'<path d="M1,12 H9 V3 H23" fill="none" stroke="{LEVEL_LINE}" stroke-width="2"/>'
    index = f'<path d="M1,11 L23,4" stroke="{ACCENT}" stroke-width="2"/>'
    aim = f'<path d="M1,12 H15" stroke="{MUTED}" stroke-width="2" stroke-dasharray="2 3"/>'
    aim += f'<path d="M15,12 v-11 l8,3 l-8,3" fill="{MUTED}"/>'
    beside = f'<path d="M7,7 L12,2 L17,7 L12,12 Z" fill="#ffffff" stroke="{MUTED}" stroke-width="2"/>'
    keys = [Key(swatch=level, name=_("Level")), Key(swatch=index, name=_("Index"))]
    if not chart.has_levels:
        keys = [Key(swatch=index, name=_("Score"))]
    if chart.has_beside:
        keys.append(Key(swatch=beside, name=_("Other questionnaire, not joined")))
    keys += [Key(swatch=aim, name=_("Target: {target}").format(target=line.title)) for line in chart.aims]
    letter = '<text x="12" y="11.5" text-anchor="middle" font-weight="600">{}</text>'
    keys += [Key(swatch=letter.format(escape(flag.letter)), name=flag.title) for flag in chart.flags]
    return keys


def history_sheet(chart: History, *, title: str, about: str) -> ChartSheet:
    return ChartSheet(title=title, about=about, drawing=history_drawing(chart), legend=history_legend(chart))


def multiples_sheet(charts: Sequence[tuple[str, History]], *, title: str, about: str) -> ChartSheet:
    """A small history for each dimension, three beside each other, with its name and newest figures."""
    width, height = 240.0, 122.0
    parts, words = [], []
    for number, (name, chart) in enumerate(charts):
        x, y = number % 3 * width, number // 3 * height
        without_words = tuple(replace(tick, label="") for tick in chart.y_ticks)
        drawing = history_drawing(replace(chart, y_ticks=without_words, x_ticks=()))
        for line_number, line in enumerate(_lines(name)):
            parts.append(f'<text x="{x:g}" y="{y + 12 + line_number * 15:g}" font-size="12">{escape(line)}</text>')
        inner_width, inner_height = drawing.size
        parts.append(
            f'<svg x="{x:g}" y="{y + 34:g}" width="{inner_width:g}" height="{inner_height:g}" '
            f'viewBox="{drawing.view_box}">{drawing.content}</svg>'
        )
        words.append(_("{name}: {figures}").format(name=name, figures=drawing.words))
    rows = (len(charts) + 2) // 3
    columns = min(3, len(charts))
    drawing = Drawing(
        view_box=f"0 0 {columns * width:g} {rows * height:g}", content="".join(parts), words=" ".join(words)
    )
    legend = history_legend(charts[0][1])[:2] if charts else []
    return ChartSheet(title=title, about=about, drawing=drawing, legend=legend)


def movement_sheet(movement: Movement, *, title: str, about: str) -> ChartSheet:
    """Boxes for each day and the flows between them; the legend names the levels."""
    top = movement.levels[-1][0]
    legend = []
    for number, name in movement.levels:
        step = level_step(number, top)
        box = f'<rect width="24" height="14" rx="3" fill="{LEVEL_COLOURS[step]}" stroke="{RIM_COLOURS[step]}"/>'
        legend.append(Key(swatch=box, name=f"{number} {name}"))
    flow = '<rect width="24" height="14" rx="3" fill="{}" fill-opacity="{}"/>'
    up, down = (flow.format(*FLOW_FILLS[kind]) for kind in ("up", "down"))
    legend += [Key(swatch=up, name=_("went up")), Key(swatch=down, name=_("went down"))]
    return ChartSheet(title=title, about=about, drawing=movement_drawing(movement), legend=legend)
