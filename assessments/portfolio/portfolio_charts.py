"""The charts of the portfolio, for its page and as files."""

from django.utils.translation import gettext as _

from .. import charts
from ..web.chart_files import ChartSheet, movement_sheet
from ..web.dates import day
from ..web.kept_fragments import fragment_digest
from .portfolio import Portfolio
from .rows import APART

#: What fits on a phone in letters of full size: the last two passages, in pixels.
ON_A_PHONE = {"newest": 3, "width": 330, "height": 320}


def movement_of(portfolio: Portfolio, **drawn: int) -> charts.Movement | None:
    """How the named teams moved between levels from quarter to quarter; None without any level."""
    contents = portfolio.contents
    return charts.movement(
        portfolio.over_time,
        portfolio.moves,
        contents.named_rungs,
        top=contents.top,
        apart=(APART[0], str(APART[1])),
        **drawn,
    )


def movement_digest(portfolio: Portfolio, *addresses: str) -> str:
    """Of all that the section with the drawing is made from; `addresses` are those of its links."""
    query = portfolio.query
    days = (query.as_of, portfolio.over_time, portfolio.moves)
    return fragment_digest(_words_of(portfolio), query.edition.version, days, addresses)


def distributions_digest(portfolio: Portfolio, *addresses: str) -> str:
    """The same of the section on dimensions and units."""
    dimensions = [(row.key, row.median, row.counts) for row in portfolio.dimension_rows]
    units = [
        (row.unit.pk, row.unit.name, row.depth, row.teams, row.median, row.counts, row.is_hidden)
        for row in portfolio.listed_unit_rows
    ]
    teams = (len(portfolio.on_ladder), portfolio.other_units, portfolio.counts_others)
    return fragment_digest(_words_of(portfolio), dimensions, units, teams, addresses)


def _words_of(portfolio: Portfolio) -> tuple[str, str]:
    """Names of levels and dimensions: which edition they are of, and in which translation it is read."""
    edition = portfolio.contents.edition
    return edition.digest, edition.read_as


def movement_file(portfolio: Portfolio) -> ChartSheet | None:
    """The same to take along: it says which framework, unit and day it is of."""
    movement = movement_of(portfolio)
    if movement is None:
        return None
    query = portfolio.query
    unit = next((unit.name for unit in portfolio.units if unit.pk == query.unit), "")
    about = ", ".join(filter(None, [unit, query.edition.framework.name, day(portfolio.today)]))
    uses_levels = portfolio.contents.edition.uses_levels
    title = _("Movement between levels") if uses_levels else _("Movement between bands")
    return movement_sheet(movement, title=title, about=about)
