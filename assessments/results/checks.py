"""What checks of pipelines said beside the ratings of a result when it was frozen: for its page, files and report."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from ..evidence.beside import FactBeside, frozen_beside
from ..web.tables import Cell, Table, criterion_cells, criterion_head, criterion_widths
from .report import Settled, Standing

#: Facts by the key of their criterion, what disagrees first.
Facts = Mapping[str, Sequence[FactBeside]]


def checks_behind(standing: Standing) -> dict[str, list[FactBeside]]:
    """What was known then. One query."""
    rated = {settled.criterion.key: settled.row.rating for settled in standing.criteria}
    return frozen_beside(standing.result, standing.contents, rated)


def contradicted(standing: Standing, facts: Facts) -> list[Settled]:
    """The criteria that a check disagreed with."""
    return [
        settled
        for settled in standing.criteria
        if any(fact.contradicts for fact in facts.get(settled.criterion.key, ()))
    ]


def checks_table(standing: Standing, facts: Facts) -> Table:
    """One row per fact, in the order of the criteria."""
    head = [*criterion_head(), _("Rating"), _("Check"), _("It asks"), _("Outcome"), _("Disagrees"), _("In words")]
    head += [_("It found"), _("Link")]

    def rows() -> Iterator[list[Cell]]:
        for settled in standing.criteria:
            about = [*criterion_cells(settled.criterion, top=standing.contents.top), settled.name]
            for fact in facts.get(settled.criterion.key, ()):
                disagrees = _("yes") if fact.contradicts else ""
                words: list[Cell] = [fact.source, fact.asks, fact.outcome, disagrees, fact.sentence]
                yield [*about, *words, fact.value, fact.link]

    widths = {**criterion_widths(), head[6]: 40, head[9]: 60, head[10]: 30, head[11]: 40}
    return Table(key="checks", title=_("Checks"), head=head, rows=rows(), widths=widths)
