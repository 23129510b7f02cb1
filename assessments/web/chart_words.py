"""What charts say in words: for people who do not see them, and beside their axes."""

from collections.abc import Mapping

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..charts import (
    DayColumn,
    DayTick,
    Flow,
    History,
    HistoryRow,
    LevelStrip,
    Movement,
    Passage,
    ProfileBar,
    Radar,
)
from ..models.framework_texts import filled, joined
from ..scoring import DASH
from .dates import day, month, short_day, short_month
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


def movement_in_words(movement: Movement) -> str:
    """From when to when it is drawn, and how many teams are at which level in the end."""
    newest = movement.columns[-1]
    parts = _counts(movement, newest)
    first = short_month(movement.columns[0].date)
    last = short_month(newest.date)
    if not parts:
        return _("Movement between levels from {first} to {last}. In the end: none.").format(first=first, last=last)
    sentence = _("Movement between levels from {first} to {last}. In the end: {parts}.")
    return sentence.format(first=first, last=last, parts=", ".join(parts))


def _counts(movement: Movement, column: DayColumn) -> list[str]:
    parts = [
        _("{count} at {number}").format(count=count, number=number)
        for (number, _name), count in zip(movement.levels, column.counts, strict=False)
        if count
    ]
    if movement.apart and column.counts[-1]:
        parts.append(_("{count} on other levels").format(count=column.counts[-1]))
    return parts


def column_in_words(movement: Movement, column: DayColumn) -> str:
    """A day, and how many teams are at which level."""
    parts = _counts(movement, column)
    if not parts:
        return _("{day}: no team").format(day=day(column.date))
    return _("{day}: {parts}").format(day=day(column.date), parts=", ".join(parts))


def flow_in_words(movement: Movement, flow: Flow) -> str:
    """How many teams went from which level to which, or stayed."""
    numbers = {number for number, _name in movement.levels}
    if flow.before == flow.after and flow.before in numbers:
        sentence = ngettext("{count} team stayed at {before}", "{count} teams stayed at {before}", flow.teams)
    elif flow.before == flow.after:
        sentence = ngettext("{count} team stayed on other levels", "{count} teams stayed on other levels", flow.teams)
    elif flow.before not in numbers:
        sentence = ngettext(
            "{count} team from other levels to {after}", "{count} teams from other levels to {after}", flow.teams
        )
    elif flow.after not in numbers:
        sentence = ngettext(
            "{count} team from {before} to other levels", "{count} teams from {before} to other levels", flow.teams
        )
    else:
        sentence = ngettext(
            "{count} team from {before} to {after}", "{count} teams from {before} to {after}", flow.teams
        )
    return sentence.format(count=flow.teams, before=flow.before, after=flow.after)


def moves_in_words(movement: Movement, passage: Passage) -> str:
    """What moved between two days, without what stayed."""
    parts = [flow_in_words(movement, flow) for flow in passage.moved]
    if passage.new:
        parts.append(ngettext("{count} team is new", "{count} teams are new", passage.new).format(count=passage.new))
    if passage.gone:
        sentence = ngettext("{count} team has no level any more", "{count} teams have no level any more", passage.gone)
        parts.append(sentence.format(count=passage.gone))
    return ", ".join(parts) or _("no change")


def passage_in_words(movement: Movement, passage: Passage) -> str:
    """Two days, and what happened between them."""
    sentence = _("{since} to {until}: {moves}")
    return sentence.format(
        since=short_day(passage.since), until=short_day(passage.until), moves=moves_in_words(movement, passage)
    )


def last_moves_in_words(movement: Movement) -> str:
    """How many teams went up and down between the last two days."""
    last = movement.passages[-1]
    if not last.flows:
        # Nobody has a level on both days: "no team has moved" would tell of teams that there are not.
        if not last.gone:
            return _("No team had a level on {date} yet.").format(date=day(last.since))
        return _("No team has a level on both {since} and {until}.").format(
            since=day(last.since), until=day(last.until)
        )
    if not last.moved:
        return _("No team has moved since {date}.").format(date=day(last.since))
    up = ngettext("{count} team went up", "{count} teams went up", last.up)
    down = ngettext("{count} team went down", "{count} teams went down", last.down)
    stayed = ngettext("{count} stayed where it was", "{count} stayed where they were", last.stayed)
    return _("Since {date}, {up}, {down} and {stayed}.").format(
        date=day(last.since),
        up=up.format(count=last.up),
        down=down.format(count=last.down),
        stayed=stayed.format(count=last.stayed),
    )


def strip_in_words(strip: LevelStrip | None, bands: Mapping[int, str] | None = None) -> str:
    """How many teams are at which level; `bands` are names that stand in place of numbers of levels."""
    if strip is None:
        return _("no team")
    parts = []
    for number, teams in strip.counts:
        if bands is None:
            parts.append(_("{count} at level {number}").format(count=teams, number=number))
        else:
            parts.append(filled(_("{count} in “{name}”"), count=teams, name=bands[number]))
    return joined(", ", parts)


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
