"""The portfolio as files for a spreadsheet.

A file shows what the pages show the same person: levels of teams that are shown by name, and of teams whose page may be
opened everything else. Rows are fetched for a number of teams at a time, while the file is sent.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from uuid import UUID

from django.utils.translation import gettext as _

from ..models import Action, Edition, Provenance, Result, Target, Team
from ..models.results import as_fraction
from ..planning.tables import actions_table, targets_table
from ..planning.target_progress import GradedTarget, graded
from ..web.dates import now_everywhere
from ..web.tables import Book, Cell, LevelCell, Table, criterion_cells, criterion_head, criterion_widths
from .attention import Attention
from .blockers import HoldingBack
from .heatmap import WHOLE, Column, columns_of
from .portfolio import Portfolio
from .rows import TeamRow
from .team_rows import part_levels

#: Of so many teams the results are in memory at a time.
TEAMS_AT_ONCE = 100
#: So many different indexes are remembered.
MOST_INDEXES = 10_000


def portfolio_book(portfolio: Portfolio) -> Book:
    """The sheets of a portfolio; targets and pending actions are those of its teams in the plan."""
    tables = [
        portfolio_table(portfolio),
        _changes(portfolio),
        targets_table(_targets(portfolio)),
        actions_table(_actions(portfolio)),
        _criteria(portfolio),
    ]
    return Book(
        name=f"portfolio-{portfolio.query.edition.framework.key}-{portfolio.today.isoformat()}",
        tables=[table.with_languages() for table in tables],
    )


def portfolio_table(portfolio: Portfolio) -> Table:
    """One row per result of every team by name, the newest first; a team without a result has one too."""
    columns = columns_of(portfolio.query.edition)
    head = [_("Team"), _("Unit"), _("Assessed"), _("Newest"), _("Months ago"), _("Version"), _("Index")]
    return Table(
        title=_("Results"),
        head=[*head, *_names(columns), _("Imported from")],
        rows=_result_rows(portfolio, columns),
        widths={head[1]: 24, head[3]: 9},
    )


def _names(columns: list[Column]) -> list[str]:
    return [name for *_place, name in columns]


def _teams(portfolio: Portfolio) -> Iterator[list[TeamRow]]:
    """The teams by name that the page shows, in its order, some at a time."""
    rows = iter(Attention(portfolio).asked_for(portfolio.sorted()))
    while some := list(islice(rows, TEAMS_AT_ONCE)):
        yield some


def _result_rows(portfolio: Portfolio, columns: list[Column]) -> Iterator[list[Cell]]:
    top = portfolio.contents.top
    units = {unit.pk: unit.name for unit in portfolio.units}
    versions = {edition.pk: edition.version for edition in portfolio.query.editions}
    # Many results have the same index, and to round a fraction takes long.
    index_number = lru_cache(MOST_INDEXES)(_index_number)
    for teams in _teams(portfolio):
        results = _results_of(portfolio, teams)
        levels = part_levels(result.pk for listed in results.values() for result in listed)
        opened = [result for row in teams if row.team in portfolio.linked for result in results.get(row.team.pk, [])]
        origins = Provenance.objects.origins(opened)
        for row in teams:
            about: list[Cell] = [row.team.name, units[row.team.unit_id]]
            if not results.get(row.team.pk):
                yield [*about, *[None] * (6 + len(columns))]
            for number, result in enumerate(results.get(row.team.pk, [])):
                own = levels.get(result.pk.hex, {})
                index = None
                if row.team in portfolio.linked:
                    index = index_number(result.edition, result.index_exact)
                yield [
                    *about,
                    result.date,
                    "" if number else _("yes"),
                    None if number else row.months,
                    versions.get(result.edition_id),
                    index,
                    LevelCell.of(result.level, top=top),
                    *(LevelCell.of(own.get((kind, key)), top=top) for kind, key, _name in columns[1:]),
                    origins.get(result.assessment_id, ""),
                ]


def _index_number(edition: Edition, exact: str) -> Decimal | None:
    return edition.contents.index_scale.number(as_fraction(exact))


def _results_of(portfolio: Portfolio, teams: list[TeamRow]) -> dict:
    """Their results in the line shown, by team, the newest first; none from after the day that is asked for."""
    query = portfolio.query
    rows = Result.objects.current_only().filter(
        team__in=[row.team.pk for row in teams],
        framework=query.edition.framework_id,
        rule=query.rule,
        questionnaire=query.questionnaire,
        date__lte=query.as_of or now_everywhere(),
    )
    if query.only_edition:
        rows = rows.filter(edition=query.edition)
    results: dict = {}
    for result in rows.newest_first().only("team", "assessment", "edition", "date", "level", "index_exact").wired():
        results.setdefault(result.team_id, []).append(result)
    return results


def _changes(portfolio: Portfolio) -> Table:
    """One row per team and part whose level is another one than in the result before, as the heatmap marks it."""
    head = [_("Team"), _("Unit"), _("Part"), _("From"), _("To"), _("Level before"), _("Level now"), _("Change")]
    return Table(
        key="changes", title=_("Changes"), head=head, rows=_change_rows(portfolio), widths={head[1]: 24, head[2]: 28}
    )


def _change_rows(portfolio: Portfolio) -> Iterator[list[Cell]]:
    top = portfolio.contents.top
    columns = columns_of(portfolio.query.edition)
    units = {unit.pk: unit.name for unit in portfolio.units}
    for teams in _teams(portfolio):
        moved = [row for row in teams if row.newest and row.previous]
        levels = part_levels(result.digits for row in moved for result in (row.newest, row.previous) if result)
        for row in moved:
            if row.newest is None or row.previous is None:
                continue
            for kind, key, name in columns:
                if (kind, key) == WHOLE:
                    before, now = row.previous.level, row.newest.level
                else:
                    before, now = (levels.get(r.digits, {}).get((kind, key)) for r in (row.previous, row.newest))
                if before is None or now is None or before == now:
                    continue
                about: list[Cell] = [row.team.name, units[row.team.unit_id], name, row.previous.date, row.newest.date]
                yield [*about, LevelCell.of(before, top=top), LevelCell.of(now, top=top), now - before]


def _targets(portfolio: Portfolio) -> Iterator[GradedTarget]:
    """Of the teams whose page may be opened, by team and due date."""
    for teams in _openable(portfolio):
        rows = Target.objects.filter(team__in=teams, framework=portfolio.query.edition.framework_id)
        by_team: dict = {}
        for target in rows.for_grading():
            target.team = teams[target.team_id]
            by_team.setdefault(target.team_id, []).append(target)
        yield from graded([target for pk in teams for target in by_team.get(pk, [])], with_shares=False)


def _actions(portfolio: Portfolio) -> Iterator[Action]:
    """Pending ones of the teams whose results may be seen: actions name what is missing."""
    for teams in _openable(portfolio):
        seen = {pk: team for pk, team in teams.items() if portfolio.viewer.sees_result(team)}
        rows = Action.objects.pending().filter(team__in=seen, framework=portfolio.query.edition.framework_id)
        by_team: dict = {}
        for action in rows.select_related("framework", "owner", "issue"):
            action.team = seen[action.team_id]
            by_team.setdefault(action.team_id, []).append(action)
        yield from (action for pk in seen for action in by_team.get(pk, []))


def _openable(portfolio: Portfolio) -> Iterator[dict[UUID, Team]]:
    """Teams whose page may be opened, by id, some at a time."""
    units = {unit.pk: unit for unit in portfolio.units}
    for rows in _teams(portfolio):
        teams = {row.team.pk: row.team.as_row() for row in rows if row.team in portfolio.linked}
        for team in teams.values():
            team.unit = units[team.unit_id]
        yield teams


def _criteria(portfolio: Portfolio) -> Table:
    """The criteria of the version shown, and how many teams each keeps from its next level, as on the page."""
    return Table(
        key="criteria",
        title=_("Criteria"),
        head=[*criterion_head(), _("Teams that it holds back"), _("Next step")],
        rows=_criterion_rows(portfolio),
        widths=criterion_widths(),
    )


def _criterion_rows(portfolio: Portfolio) -> Iterator[list[Cell]]:
    holding = HoldingBack(portfolio)
    told = holding.criteria
    knows_all = all(portfolio.viewer.sees_result(row.team) for row in portfolio.with_result)
    if holding.withheld is None and not knows_all:
        # Counts over teams that this person may not know one by one: those on the page, and no others.
        told = holding.criteria_on_the_page
    teams = {held.key: held.teams for held in told}
    for criterion in portfolio.contents.criteria:
        yield [
            *criterion_cells(criterion, top=portfolio.contents.top),
            teams.get(criterion.key, 0 if knows_all else None),
            criterion.next,
        ]
