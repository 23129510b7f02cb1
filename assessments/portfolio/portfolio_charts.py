"""The charts of the portfolio, for its page and as files."""

from django.utils.translation import gettext as _

from .. import charts
from ..web.chart_files import ChartSheet, movement_sheet
from ..web.dates import day
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
