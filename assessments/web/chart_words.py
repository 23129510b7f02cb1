"""What charts say in words: for people who do not see them, and beside their axes."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..charts import Bar, DayTick, History, HistoryRow, ProfileBar, Radar, Stack
from ..scoring import DASH
from .dates import day, month, short_month
from .figures import percent


def radar_in_words(radar: Radar) -> str:
    """The figures of the shape on top."""
    if not radar.shapes:
        count = len(radar.rows)
        sentence = ngettext(
            "Radar of {count} dimension without figures.", "Radar of {count} dimensions without figures.", count
        )
        return sentence.format(count=count)
    figures = "; ".join(f"{axis} {values[0]}" for axis, values in radar.rows)
    return _("Radar, {name}: {figures}.").format(name=radar.shapes[0].name, figures=figures)


def profile_in_words(bar: ProfileBar) -> str:
    """The level that is reached, the credit on every level, and the target."""
    # Looking a message up costs more than filling it in, so each is looked up once.
    figure = _("level {number}: {share}")
    no_figure = _("level {number}: no figure")
    credit = []
    for segment in bar.segments:
        if segment.share is None:
            credit.append(no_figure.format(number=segment.number))
        else:
            credit.append(figure.format(number=segment.number, share=percent(segment.share)))
    if bar.reached is None:
        words = _("No level. Credit on {credit}.").format(credit=", ".join(credit))
    else:
        words = _("Level {number} reached. Credit on {credit}.").format(number=bar.reached, credit=", ".join(credit))
    if bar.target is None:
        return words
    return words + " " + _("Target: level {number}.").format(number=bar.target)


def history_in_words(history: History) -> str:
    """From when to when the results are, and what the newest one says."""
    newest = history.newest
    figures = newest.title
    if not figures:
        level = DASH if newest.level is None else newest.level
        figures = _("level {level}, index {index}").format(level=level, index=newest.scale.text(newest.index))
    count = len(history.points)
    if count == 1:
        return _("One result. {figures}.").format(figures=figures)
    sentence = ngettext(
        "{count} result from {first} to {last}. The newest: {figures}.",
        "{count} results from {first} to {last}. The newest: {figures}.",
        count,
    )
    first = month(history.points[0].date)
    last = month(history.points[-1].date)
    return sentence.format(count=count, first=first, last=last, figures=figures)


def stack_in_words(stack: Stack) -> str:
    """From when to when the bars are, and how many teams are at which level in the last one."""
    newest = stack.bars[-1]
    parts = _counts(stack, newest)
    first = short_month(stack.bars[0].date)
    last = short_month(newest.date)
    if not parts:
        return _("Teams per level from {first} to {last}. In the end: none.").format(first=first, last=last)
    sentence = _("Teams per level from {first} to {last}. In the end: {parts}.")
    return sentence.format(first=first, last=last, parts=", ".join(parts))


def _counts(stack: Stack, bar: Bar) -> list[str]:
    parts = [
        _("{count} at {number}").format(count=count, number=number)
        for (number, _name), count in zip(stack.levels, bar.counts, strict=False)
        if count
    ]
    if stack.apart and bar.counts[-1]:
        parts.append(_("{count} on other levels").format(count=bar.counts[-1]))
    return parts


def bar_in_words(stack: Stack, bar: Bar) -> str:
    """The day of a bar, and how many teams are at which level."""
    parts = _counts(stack, bar)
    if not parts:
        return _("{day}: no team").format(day=day(bar.date))
    return _("{day}: {parts}").format(day=day(bar.date), parts=", ".join(parts))


def note_of(row: HistoryRow) -> str:
    """What there is to say about a result of a history besides its figures."""
    notes = []
    if row.beside:
        notes.append(_("other questionnaire"))
    if row.under_revision:
        notes.append(_("under revision"))
    return "; ".join([*notes, *row.notes])


def day_label(tick: DayTick) -> str:
    """A day under the axis, as long as there is room for it."""
    formats = {"year": "YEAR_FORMAT", "month": "TICK_MONTH_FORMAT", "day": "TICK_DAY_FORMAT"}
    return date_format(tick.day, formats[tick.unit])
