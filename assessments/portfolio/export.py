"""The portfolio as a table for a spreadsheet."""

from ..models.results import as_fraction
from ..web.spreadsheets import Cell, Table
from .heatmap import columns_of
from .portfolio import Portfolio
from .rows import TeamRow


def portfolio_table(portfolio: Portfolio) -> Table:
    """One row per team by name: newest result, its date and edition, and the level of the whole and of each part."""
    edition = portfolio.query.edition
    columns = columns_of(edition)
    units = {unit.pk: unit.name for unit in portfolio.units}
    rows = portfolio.with_parts(portfolio.sorted())
    versions = {edition.pk: edition.version for edition in edition.framework.editions.all()}
    return Table(
        title=f"{edition.framework.name}, {portfolio.today.isoformat()}",
        head=["Team", "Unit", "Assessed", "Months ago", "Edition", "Index", *(name for *_, name in columns)],
        rows=[
            [
                row.team.name,
                units[row.team.unit_id],
                *_newest(row, versions),
                row.level,
                *(row.parts.get((kind, key)) for kind, key, _ in columns[1:]),
            ]
            for row in rows
        ],
    )


def _newest(row: TeamRow, versions: dict) -> list[Cell]:
    """Date, age, edition and index of the newest result; empty without one."""
    newest = row.newest
    if newest is None:
        return [None] * 4
    index = newest.index_scale.number(as_fraction(newest.index_exact))
    return [newest.date, row.months, versions.get(newest.edition_id), index]
