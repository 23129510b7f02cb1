"""The report of the portfolio as slides: one idea a slide, charts that can be edited, the figures in the notes.

A deck says what the report says, and so no more than its page.
"""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..charts import LEVEL_COLOURS, level_step
from ..results.slides import Deck, brief, coloured, label
from ..scoring import DASH
from ..web.dates import day
from .portfolio_report import PortfolioReport, ReportCounts, ReportTeam

#: More bars than this cannot be told apart; the notes have all of them.
MOST_BARS = 14


def portfolio_deck_of(report: PortfolioReport) -> bytes:
    """The slides as a PPTX file."""
    deck = Deck(title=report.cover.title, author=report.cover.prepared_by)
    _portfolio_summary(deck, report)
    _attention(deck, report)
    _teams(deck, report)
    _distribution(deck, report)
    _over_time(deck, report)
    _holding_back(deck, report)
    _entries(deck, report)
    return deck.file()


def _portfolio_summary(deck: Deck, report: PortfolioReport) -> None:
    cover = report.cover
    about = list(filter(None, [cover.rule, cover.version, cover.questionnaire]))
    as_of = _("As of {date}").format(date=day(cover.as_of))
    prepared = _("Prepared on {date}").format(date=day(cover.prepared_on))
    if cover.prepared_by:
        prepared = _("Prepared by {name} on {date}").format(name=cover.prepared_by, date=day(cover.prepared_on))
    facts = [_("{words}: {figure}").format(words=words, figure=figure) for figure, words in report.facts]
    lines = [cover.title, " · ".join([as_of, *about]), *filter(None, [report.changes]), *facts]
    slide = deck.slide(report.headline, [*lines, *report.notices, prepared])
    deck.text(slide, [brief(line) for line in (*lines, *report.notices, prepared)])


def _attention(deck: Deck, report: PortfolioReport) -> None:
    if "attention" not in report.sections or not report.needing:
        return
    count = len(report.needing) + report.needing_others
    title = ngettext("{count} team needs attention", "{count} teams need attention", count)
    rows = [(team.team, ", ".join(team.reasons), " ".join(team.sentences)) for team in report.needing]
    notes = [f"{team}: {reasons}. {sentences}" for team, reasons, sentences in rows]
    slide = deck.slide(title.format(count=count), [*notes, *_left_out(report.needing_others)])
    deck.table(slide, [_("Team"), _("Reason"), _("Why")], rows, [0.25, 0.25, 0.5])


def _teams(deck: Deck, report: PortfolioReport) -> None:
    """The level of each team, and the dimensions in the notes."""
    if "teams" not in report.sections or not report.teams:
        return
    count = len(report.teams) + report.teams_others
    title = _("Levels by team") if report.uses_levels else _("Bands by team")
    rows = []
    for team in report.teams:
        whole = team.cells[0]
        rows.append((team.name, whole.level, whole.change or DASH, str(whole.target or DASH), team.assessed))
    notes = [_in_words(team, report.columns) for team in report.teams]
    slide = deck.slide(
        _("{title} ({count})").format(title=title, count=count), [*notes, *_left_out(report.teams_others)]
    )
    level = _("Level") if report.uses_levels else _("Band")
    head = [_("Team"), level, _("Change"), _("Target"), _("Assessed")]
    deck.table(slide, head, rows, [0.4, 0.12, 0.12, 0.12, 0.24])


def _in_words(team: ReportTeam, columns: Sequence[str]) -> str:
    cells = []
    for name, cell in zip(columns, team.cells, strict=True):
        change = f" ({cell.change})" if cell.change else ""
        cells.append(f"{name} {cell.level}{change}")
    return f"{team.name}: {', '.join(cells)}; {team.assessed}"


def _left_out(number: int) -> Iterator[str]:
    if number:
        sentence = ngettext("{count} more, which the pages show.", "{count} more, which the pages show.", number)
        yield sentence.format(count=number)


def _distribution(deck: Deck, report: PortfolioReport) -> None:
    """How many teams are at each level of each dimension, and of each unit, as bars that are all as long."""
    if report.dimensions:
        _stacked_bars(deck, report, _("How many teams are at which level, by dimension"), report.dimensions)
    if len(report.units) > 1:
        _stacked_bars(deck, report, _("How many teams are at which level, by unit"), report.units)


def _stacked_bars(deck: Deck, report: PortfolioReport, title: str, rows: Sequence[ReportCounts]) -> None:
    from pptx.enum.chart import XL_CHART_TYPE

    notes = [_counted(row, report) for row in rows]
    # A bar chart begins at the bottom.
    _stack(deck, report, XL_CHART_TYPE.BAR_STACKED_100, title, list(reversed(rows[:MOST_BARS])), notes)


def _over_time(deck: Deck, report: PortfolioReport) -> None:
    from pptx.enum.chart import XL_CHART_TYPE

    if not any(sum(row.counts) for row in report.over_time):
        return
    notes = [_counted(row, report) for row in report.over_time]
    title = _("Teams at each level, from quarter to quarter")
    _stack(deck, report, XL_CHART_TYPE.COLUMN_STACKED, title, report.over_time, notes)


def _counted(row: ReportCounts, report: PortfolioReport) -> str:
    counts = [f"{number} {name}: {count}" for (number, name), count in zip(report.rungs, row.counts, strict=True)]
    return _("{name}: {counts}; median {median}").format(name=row.name, counts=", ".join(counts), median=row.median)


def _stack(
    deck: Deck, report: PortfolioReport, kind: object, title: str, rows: Sequence[ReportCounts], notes: Sequence[str]
) -> None:
    """A native chart with a series for each level, in its colour."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_LEGEND_POSITION

    slide = deck.slide(title, notes)
    data = CategoryChartData()
    data.categories = [label(row.name) for row in rows]
    for place, (number, name) in enumerate(report.rungs):
        # Without a team there is nothing to draw, and no 0 to write over its neighbours.
        data.add_series(label(f"{number} {name}"), [row.counts[place] or None for row in rows], number_format="0")
    chart = deck.chart(slide, kind, data, " ".join(notes))
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 40, 100
    top = report.rungs[-1][0]
    for (number, _name), series in zip(report.rungs, plot.series, strict=True):
        coloured(series, LEVEL_COLOURS[level_step(number, top)], step=level_step(number, top))
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False
    chart.has_legend = True
    chart.legend.position = XL_LEGEND_POSITION.BOTTOM
    chart.legend.include_in_layout = False


def _holding_back(deck: Deck, report: PortfolioReport) -> None:
    if not report.holding:
        return
    most = report.holding[0]
    title = ngettext(
        "{name} holds most teams back: {count} team", "{name} holds most teams back: {count} teams", most.teams
    )
    rows = [(holding.name, str(holding.teams)) for holding in (*report.holding, *report.holding_criteria)]
    slide = deck.slide(title.format(name=most.name, count=most.teams), [f"{name}: {teams}" for name, teams in rows])
    deck.table(slide, [_("Dimension or criterion"), _("Teams")], rows, [0.85, 0.15])


def _entries(deck: Deck, report: PortfolioReport) -> None:
    """Targets and actions of the plan, overdue first."""
    if "plan" not in report.sections or not report.entries:
        return
    count = len(report.entries) + report.entries_others
    title = ngettext("{count} target or action is planned", "{count} targets and actions are planned", count)
    rows = []
    notes = []
    # As the report has them by unit, what is overdue would be lost among the others.
    for entry in sorted(report.entries, key=lambda entry: not entry.is_overdue):
        due = day(entry.due) if entry.due else DASH
        state = _("{status}, overdue").format(status=entry.state) if entry.is_overdue else entry.state
        rows.append((entry.team, entry.text, due, state))
        notes.append(" · ".join(filter(None, [entry.team, entry.text, entry.about, due, entry.person, state])))
    slide = deck.slide(title.format(count=count), [*notes, *_left_out(report.entries_others)])
    deck.table(slide, [_("Team"), _("Target or action"), _("Due date"), _("Status")], rows, [0.22, 0.46, 0.15, 0.17])
