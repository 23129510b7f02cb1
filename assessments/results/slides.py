"""A board report as slides: one idea a slide, charts that can be edited, the figures in the notes.

A deck says what the report says, and so no more than its page. `python-pptx` is an extra of the installation.
"""

import io
import re
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..charts import LEVEL_COLOURS, HistoryPoint
from ..models.framework_texts import FrameworkText, filled, pieces_of
from ..scoring import DASH
from ..web.dates import day, short_day
from ..web.drawings import LAST_LIGHT
from .board_report import BoardReport, ReportSection
from .report import LadderStep

if TYPE_CHECKING:
    from pptx.slide import Slide

#: Whether this installation can make slides.
HAS_SLIDES = find_spec("pptx") is not None
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

#: Inches of a wide slide, and where things stand on it.
WIDTH, HEIGHT, MARGIN, TOP = 13.333, 7.5, 0.6, 1.75
TITLE_SIZE, TEXT_SIZE, TABLE_SIZE = 28, 18, 14
INK, MUTED, ACCENT, LEVEL_LINE = "1a2029", "575e69", "1b589e", "077892"
#: More rows than this cannot be read from the back of a room; the notes have all of them.
MOST_ROWS = 7
#: Longer texts are cut on a slide, and whole in the notes.
LONGEST_TEXT = 130
#: So many days fit under a history.
MOST_TICKS = 8
#: Characters that XML cannot hold.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def slides_response(data: bytes, *, name: str) -> HttpResponse:
    """A file to keep; `name` is without its ending."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.pptx"'}
    return HttpResponse(data, content_type=CONTENT_TYPE, headers=headers)


def deck_of(report: BoardReport) -> bytes:
    """The slides as a PPTX file."""
    deck = Deck(title=report.cover.title, author=report.cover.prepared_by)
    _summary(deck, report)
    _profile(deck, report)
    _history(deck, report)
    _changes(deck, report)
    _blockers(deck, report)
    _plan(deck, report)
    _trust(deck, report)
    return deck.file()


class Deck:
    """A presentation that is being written: every slide has a title, something to look at, and notes."""

    def __init__(self, *, title: str, author: str) -> None:
        from pptx import Presentation
        from pptx.util import Inches

        self.presentation = Presentation()
        self.presentation.slide_width = Inches(WIDTH)
        self.presentation.slide_height = Inches(HEIGHT)
        properties = self.presentation.core_properties
        properties.title = clean(title)[:250]
        properties.author = clean(author)[:250]
        properties.last_modified_by = ""

    def file(self) -> bytes:
        stream = io.BytesIO()
        self.presentation.save(stream)
        return stream.getvalue()

    def slide(self, title: str, notes: Iterable[str]) -> "Slide":
        """A slide with a sentence as its title."""
        from pptx.util import Inches

        layout = self.presentation.slide_layouts[5]
        slide = self.presentation.slides.add_slide(layout)
        heading = slide.shapes.title
        heading.left, heading.top = Inches(MARGIN), Inches(0.45)
        heading.width, heading.height = Inches(WIDTH - 2 * MARGIN), Inches(1.15)
        _write(heading.text_frame, [title], size=TITLE_SIZE, bold=True)
        slide.notes_slide.notes_text_frame.text = clean("\n".join(line for line in notes if line))
        return slide

    def text(self, slide: "Slide", lines: Sequence[str], *, top: float = TOP, size: int = TEXT_SIZE) -> None:
        """Lines below each other."""
        from pptx.util import Inches

        box = slide.shapes.add_textbox(
            Inches(MARGIN), Inches(top), Inches(WIDTH - 2 * MARGIN), Inches(HEIGHT - top - 0.5)
        )
        _write(box.text_frame, lines, size=size)

    def table(
        self, slide: "Slide", head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
    ) -> None:
        """The first rows of a table; `widths` are shares of the slide's width."""
        from pptx.util import Inches

        shown = rows[:MOST_ROWS]
        whole = WIDTH - 2 * MARGIN
        height = 0.45 * (len(shown) + 1)
        frame = slide.shapes.add_table(
            len(shown) + 1, len(head), Inches(MARGIN), Inches(TOP), Inches(whole), Inches(height)
        )
        for place, width in enumerate(widths):
            frame.table.columns[place].width = Inches(whole * width)
        for number, cells in enumerate([head, *shown]):
            is_head = number == 0
            for place, text in enumerate(cells):
                cell = frame.table.cell(number, place)
                ink = "ffffff" if is_head else INK
                _write(cell.text_frame, [brief(text)], size=TABLE_SIZE, bold=is_head, ink=ink)
                _colour(cell.fill, ACCENT if is_head else ("ffffff", "f3f5f8")[number % 2])
        if rest := len(rows) - len(shown):
            more = ngettext("{count} more in the notes.", "{count} more in the notes.", rest)
            self.text(slide, [more.format(count=rest)], top=6.7, size=TABLE_SIZE)

    def ladder(self, slide: "Slide", steps: Sequence[LadderStep]) -> None:
        """The levels or bands side by side, in colour up to the one that is reached."""
        from pptx.enum.shapes import MSO_SHAPE
        from pptx.util import Inches

        gap = 0.08
        width = (WIDTH - 2 * MARGIN - gap * (len(steps) - 1)) / len(steps)
        for place, step in enumerate(steps):
            left = MARGIN + place * (width + gap)
            shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, Inches(left), Inches(5.9), Inches(width), Inches(1.0))
            _colour(shape.fill, LEVEL_COLOURS[step.step] if step.reached else "e9ebee")
            shape.line.fill.background()
            if step.now:
                shape.line.fill.solid()
                _colour(shape.line.fill, INK)
            ink = "ffffff" if step.reached and step.step > LAST_LIGHT else INK
            _write(
                shape.text_frame,
                [filled("{number} {name}", number=step.number, name=step.name)],
                size=TABLE_SIZE,
                bold=step.now,
                ink=ink,
            )

    def chart(self, slide: "Slide", kind: Any, data: Any, words: str) -> Any:
        """A native chart as large as the slide; `words` are what is read out in its place."""
        from pptx.util import Inches, Pt

        frame = slide.shapes.add_chart(
            kind, Inches(MARGIN), Inches(TOP - 0.1), Inches(WIDTH - 2 * MARGIN), Inches(HEIGHT - TOP - 0.3), data
        )
        frame._element.nvGraphicFramePr.cNvPr.set("descr", clean(words)[:2_000])
        # What add_chart returns is the frame, whatever the types of the library say.
        drawn = cast("Any", frame).chart
        drawn.font.size = Pt(TABLE_SIZE)
        drawn.has_title = False
        return drawn


def clean(text: str) -> str:
    """A text as XML can hold it."""
    return CONTROL.sub(" ", str(text))


def label(text: str) -> str:
    """A text for the sheet behind a chart: what would be a formula or a link there stays text."""
    text = clean(text)
    return text if text[:1].isalnum() and "://" not in text else f" {text}"


def brief(text: str) -> str:
    """A text cut to what a slide has room for; it still knows its language."""
    whole = " ".join(clean(text).split())
    if len(whole) > LONGEST_TEXT:
        return FrameworkText(f"{whole[: LONGEST_TEXT - 1].rstrip()}…", getattr(text, "lang", ""))
    return text if whole == text else FrameworkText(whole, getattr(text, "lang", ""))


def _write(frame: Any, lines: Sequence[str], *, size: int, bold: bool = False, ink: str = INK) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    frame.word_wrap = True
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.space_after = Pt(size / 3)
        for text, language in pieces_of(line):
            run = paragraph.add_run()
            run.text = clean(text)
            run.font.size = Pt(size)
            run.font.bold = bold
            run.font.color.rgb = RGBColor.from_string(ink.upper())
            if language:
                run._r.get_or_add_rPr().set("lang", language)


def _colour(fill: Any, colour: str) -> None:
    from pptx.dml.color import RGBColor

    fill.solid()
    fill.fore_color.rgb = RGBColor.from_string(colour.lstrip("#").upper())


def coloured(series: Any, colour: str, *, step: int) -> None:
    """A series in the colour of a level, its figures in ink that can be read on it."""
    from pptx.dml.color import RGBColor

    _colour(series.format.fill, colour)
    labels = series.data_labels
    labels.show_value = True
    ink = "ffffff" if step > LAST_LIGHT else INK
    labels.font.color.rgb = RGBColor.from_string(ink.upper())


# ---------------------------------------------------------------------- slides


def _summary(deck: Deck, report: BoardReport) -> None:
    cover = report.cover
    about = [cover.framework, cover.questionnaire]
    if cover.rule:
        about.append(_("Rule: {rule}").format(rule=cover.rule))
    facts = [_with_notes(fact.words, fact.notes) for fact in report.facts]
    prepared = _("Prepared on {date}").format(date=day(cover.prepared_on))
    if cover.prepared_by:
        prepared = _("Prepared by {name} on {date}").format(name=cover.prepared_by, date=day(cover.prepared_on))
    head = [f"{cover.team} ({cover.unit})", day(cover.date), " · ".join(about)]
    notes = [*head, *report.outlook, *facts, *report.notices, prepared]
    slide = deck.slide(report.headline, notes)
    deck.text(slide, [*head, *report.outlook, *(fact.words for fact in report.facts), prepared], size=16)
    deck.ladder(slide, report.ladder)


def _with_notes(words: str, notes: Iterable[str]) -> str:
    notes = "; ".join(notes)
    return f"{words} ({notes})" if notes else words


def _profile(deck: Deck, report: BoardReport) -> None:
    """Level and index of each dimension as bars, the first on top."""
    if ReportSection.PROFILE not in report.sections or not report.dimensions:
        return
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION

    notes = []
    for part in (*report.groups, *report.dimensions):
        level = DASH if part.level is None else str(part.level)
        index = (
            part.index
            if not part.index_best
            else _("{index}, could be {best}").format(index=part.index, best=part.index_best)
        )
        if report.uses_levels:
            if part.could_be is not None:
                level = _("{level}, could be {best}").format(level=level, best=part.could_be)
            line = _("{name}: level {level}, index {index}").format(name=part.name, level=level, index=index)
        else:
            line = _("{name}: score {score}").format(name=part.name, score=index)
        notes.append(_with_notes(line, filter(None, [part.open_questions, part.target])))
    slide = deck.slide(_profile_title(report), notes)
    # A bar chart begins at the bottom.
    parts = list(reversed(report.dimensions))
    data = CategoryChartData()
    data.categories = [label(part.name) for part in parts]
    indexes = [number_of(part.index) for part in parts]
    level_name, shown_as = label(_("Level")), "0.00" if report.uses_levels else "0.0"
    if report.uses_levels:
        data.add_series(label(_("Index")), indexes, number_format=shown_as)
        data.add_series(level_name, [part.level for part in parts], number_format="0")
    else:
        data.add_series(label(_("Score")), indexes, number_format=shown_as)
    chart = deck.chart(slide, XL_CHART_TYPE.BAR_CLUSTERED, data, " ".join(notes))
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 60, 0
    for series in plot.series:
        labels = series.data_labels
        labels.show_value = True
        labels.number_format, labels.number_format_is_linked = ("0" if series.name == level_name else shown_as), False
    chart.has_legend = report.uses_levels
    if report.uses_levels:
        chart.legend.position = XL_LEGEND_POSITION.BOTTOM
        chart.legend.include_in_layout = False
        _colour(plot.series[0].format.fill, "9fb6d3")
        _colour(plot.series[1].format.fill, LEVEL_LINE)
        for place, part in enumerate(parts):
            if part.level is not None:
                _colour(plot.series[1].points[place].format.fill, LEVEL_COLOURS[part.step])
    else:
        _colour(plot.series[0].format.fill, ACCENT)
    axis = chart.value_axis
    axis.minimum_scale, axis.maximum_scale = 0, float(report.top_score)
    axis.has_major_gridlines = False
    if report.uses_levels:
        axis.major_unit = 1


def _profile_title(report: BoardReport) -> str:
    """How many dimensions stand lowest, in a sentence."""
    levels = [part.level for part in report.dimensions if part.level is not None]
    if not report.uses_levels:
        scores = [part.index for part in report.dimensions if number_of(part.index) is not None]
        sentence = _("The lowest score is {score} of {top}") if scores else _("Where the team stands")
        return sentence.format(score=min(scores, key=float, default=""), top=report.top_score)
    if not levels:
        return _("Where the team stands")
    lowest = min(levels)
    sentence = ngettext(
        "{count} of {all} dimension is at level {level}, the lowest",
        "{count} of {all} dimensions are at level {level}, the lowest",
        levels.count(lowest),
    )
    if levels.count(lowest) == len(report.dimensions):
        sentence = _("Every dimension is at level {level}")
    return sentence.format(count=levels.count(lowest), all=len(report.dimensions), level=lowest)


def _history(deck: Deck, report: BoardReport) -> None:
    """Level and index over time. Results of another questionnaire are never joined, so they are in the notes alone."""
    if report.history is None:
        return
    joined = [point for point in report.history.chart.points if not point.beside]
    if len(joined) < 2:
        return
    from pptx.chart.data import CategoryChartData
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_MARKER_STYLE
    from pptx.util import Pt

    notes = []
    for row in report.history.rows:
        if report.history.chart.has_levels:
            line = _("{date}: level {level}, index {index}").format(
                date=day(row.date), level=row.level, index=row.index
            )
        else:
            line = _("{date}: score {score}").format(date=day(row.date), score=row.index)
        notes.append(_with_notes(line, filter(None, [row.notes])))
    notes += [f"{letter}: {words}" for letter, words in report.history.marks]
    slide = deck.slide(_history_title(joined), notes)
    data = CategoryChartData()
    data.categories = [point.date for point in joined]
    newest = joined[-1].scale
    colours = []
    if report.history.chart.has_levels:
        for number, ladder in enumerate(_ladders(joined)):
            name = _("Level") if number == 0 else _("Level, new ladder {number}").format(number=number)
            data.add_series(label(name), ladder, number_format="0")
            colours.append(LEVEL_LINE)
    indexes = [
        None if point.index is None or not point.scale.is_comparable_to(newest) else number_of(newest.text(point.index))
        for point in joined
    ]
    name = _("Index") if report.history.chart.has_levels else _("Score")
    data.add_series(label(name), indexes, number_format="0.00")
    colours.append(ACCENT)
    chart = deck.chart(slide, XL_CHART_TYPE.LINE_MARKERS, data, " ".join(notes))
    for series, colour in zip(chart.plots[0].series, colours, strict=True):
        series.smooth = False
        series.marker.size = 9
        _colour(series.marker.format.fill, colour)
        if colour == LEVEL_LINE:
            # There is nothing between one level and the next, so no line joins them.
            series.marker.style = XL_MARKER_STYLE.SQUARE
            series.format.line.fill.background()
        else:
            series.marker.style = XL_MARKER_STYLE.CIRCLE
            series.format.line.width = Pt(2.5)
            series.format.line.color.rgb = RGBColor.from_string(colour.upper())
    chart.has_legend = True
    chart.legend.position = XL_LEGEND_POSITION.BOTTOM
    chart.legend.include_in_layout = False
    chart.value_axis.minimum_scale, chart.value_axis.maximum_scale = 0, float(newest.top)
    chart.category_axis.tick_labels.number_format = "mmm yyyy"
    chart.category_axis.tick_labels.number_format_is_linked = False
    _label_months(chart.category_axis, months=1 + (joined[-1].date - joined[0].date).days // (30 * MOST_TICKS))
    chart.value_axis.major_unit = 1


def _label_months(axis: Any, *, months: int) -> None:
    """So many months from one day under the axis to the next."""
    from lxml import etree

    element = axis._element
    namespace = element.nsmap["c"]
    for name, value in (("baseTimeUnit", "days"), ("majorUnit", str(months)), ("majorTimeUnit", "months")):
        for old in element.findall(f"{{{namespace}}}{name}"):
            element.remove(old)
        etree.SubElement(element, f"{{{namespace}}}{name}").set("val", value)


def _ladders(points: Sequence[HistoryPoint]) -> list[list[int | None]]:
    """The levels of each ladder: where a new one begins, the line is not joined."""
    ladders: list[list[int | None]] = [[None] * len(points)]
    for place, point in enumerate(points):
        if point.breaks and place:
            ladders.append([None] * len(points))
        ladders[-1][place] = point.level
    return ladders


def _history_title(points: Sequence[HistoryPoint]) -> str:
    first, last = points[0], points[-1]
    has_one_ladder = not any(point.breaks for point in points[1:])
    if first.level is None or last.level is None or not has_one_ladder:
        sentence = ngettext("{count} result since {date}", "{count} results since {date}", len(points))
        return sentence.format(count=len(points), date=short_day(first.date))
    if first.level == last.level:
        is_steady = all(point.level == last.level for point in points)
        sentence = _("Level {level} since {date}") if is_steady else _("Level {level}, as on {date}")
        return sentence.format(level=last.level, date=short_day(first.date))
    return _("From level {first} on {since} to level {last} on {until}").format(
        first=first.level, since=short_day(first.date), last=last.level, until=short_day(last.date)
    )


def _changes(deck: Deck, report: BoardReport) -> None:
    if ReportSection.CHANGES not in report.sections or not report.changes_told or report.previous is None:
        return
    better = sum(change.is_better for change in report.changes)
    worse = sum(change.is_worse for change in report.changes)
    title = _("{better} better and {worse} worse since {date}").format(
        better=better, worse=worse, date=day(report.previous)
    )
    rows = [(change.statement, change.place, change.before, change.after) for change in report.changes]
    notes = [f"{statement} ({place}): {before} → {after}" for statement, place, before, after in rows]
    notes += [_with_notes(note.text, filter(None, [note.who, day(note.date)])) for note in report.setbacks]
    slide = deck.slide(title, notes)
    if rows:
        head = [_("Criterion"), _("Where"), _("Before"), _("Now")]
        deck.table(slide, head, rows, [0.5, 0.2, 0.15, 0.15])
    else:
        deck.text(slide, [_("No criterion came out differently.")])


def _blockers(deck: Deck, report: BoardReport) -> None:
    if ReportSection.BLOCKERS not in report.sections:
        return
    if not report.blockers_told:
        title = _("What keeps the team from the next level is not shown")
        sentence = _("The person who made these slides sees levels of this team, but not its answers.")
        deck.text(deck.slide(title, [sentence]), [sentence])
        return
    if not report.blockers:
        deck.slide(report.no_blockers or _("Nothing stands in the way"), [report.no_blockers])
        return
    sentence = ngettext(
        "{count} criterion keeps the team from {rung}",
        "{count} criteria keep the team from {rung}",
        len(report.blockers),
    )
    rows = [(blocker.statement, blocker.place, blocker.rating) for blocker in report.blockers]
    notes = [
        _with_notes(f"{blocker.statement} ({blocker.place}): {blocker.rating}", filter(None, [blocker.next_step]))
        for blocker in report.blockers
    ]
    slide = deck.slide(sentence.format(count=len(rows), rung=report.next_rung), notes)
    deck.table(slide, [_("Criterion"), _("Where"), _("Rating")], rows, [0.58, 0.22, 0.2])


def _plan(deck: Deck, report: BoardReport) -> None:
    """Targets and actions: what is going to happen."""
    if ReportSection.PLAN not in report.sections:
        return
    targets = [
        _("{target} by {date}: {state}").format(target=target.title, date=day(target.due), state=target.state)
        for target in report.targets
    ]
    if not report.actions_told and not targets:
        return
    if not report.actions_told:
        sentence = _("The actions of this team are not shown.")
        slide = deck.slide(_("Targets"), [*targets, sentence])
        deck.text(slide, [*targets[:MOST_ROWS], sentence])
        return
    overdue = sum(action.is_overdue for action in report.actions)
    sentence = ngettext("{count} action is planned", "{count} actions are planned", len(report.actions))
    if overdue:
        sentence = ngettext(
            "{count} action is planned, {overdue} of them overdue",
            "{count} actions are planned, {overdue} of them overdue",
            len(report.actions),
        )
    elif not report.actions:
        sentence = _("No action is planned")
    head, widths = [_("Action"), _("Due date"), _("Status")], [0.7, 0.15, 0.15]
    if report.owners_told:
        head, widths = [_("Action"), _("Owner"), _("Due date"), _("Status")], [0.5, 0.2, 0.15, 0.15]
    rows = []
    for action in report.actions:
        owner = [action.owner or DASH] if report.owners_told else []
        due = day(action.due) if action.due else DASH
        rows.append((action.text, *owner, due, _state(action.status, action.is_overdue)))
    notes = [*targets, *(" · ".join(row) for row in rows)]
    slide = deck.slide(sentence.format(count=len(rows), overdue=overdue), notes)
    if rows:
        deck.table(slide, head, rows, widths)
    elif targets:
        deck.text(slide, targets[:MOST_ROWS])


def _state(status: str, is_overdue: bool) -> str:
    return _("{status}, overdue").format(status=status) if is_overdue else status


def _trust(deck: Deck, report: BoardReport) -> None:
    """How many answered, how much they agree, and what to read with care."""
    if ReportSection.AGREEMENT not in report.sections:
        return
    lines = [_with_notes(fact.words, fact.notes) for fact in report.facts[1:]]
    if report.agreement is not None:
        alpha = report.agreement
        if alpha.alpha:
            lines.append(_("{words} (alpha {alpha})").format(words=alpha.alpha_words, alpha=alpha.alpha))
    for rule in report.other_rules:
        level = (
            rule.level
            if rule.best in (rule.level, DASH)
            else _("{level}, could be {best}").format(level=rule.level, best=rule.best)
        )
        lines.append(_("By the rule “{rule}”: level {level}").format(rule=rule.name, level=level))
    lines += report.notices
    slide = deck.slide(_trust_title(report), lines)
    deck.text(slide, [brief(line) for line in lines])


def _trust_title(report: BoardReport) -> str:
    if report.agreement is None:
        return _("What this result rests on")
    return report.agreement.words


def number_of(text: str) -> float | None:
    """A figure as it is read, for a chart; None for a dash."""
    try:
        return float(text)
    except ValueError:
        return None
