"""How people outside the team see each dimension, beside the team, as pages show it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import scoring
from ..models import Dimension
from ..models.frameworks import Contents
from ..web.figures import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRow:
    """One dimension, both views in percent of the points. `points` is the difference between the two as shown."""

    dimension: Dimension
    people: int
    questions: int
    outside: str
    team: str
    points: int | None

    @property
    def difference(self) -> str:
        if self.points is None:
            return _("does not apply to the team")
        if self.points == 0:
            return _("the same")
        if self.points > 0:
            sentence = ngettext("{count} point higher", "{count} points higher", self.points)
        else:
            sentence = ngettext("{count} point lower", "{count} points lower", -self.points)
        return sentence.format(count=abs(self.points))


def outside_rows(contents: Contents, parts: Iterable[scoring.BesideTheTeam]) -> list[OutsideRow]:
    """The largest differences first; those that cannot be compared last, otherwise in the order of the framework."""
    dimensions = {dimension.key: dimension for dimension in contents.dimensions}
    rows = [_row(dimensions[part.dimension], part) for part in parts]
    return sorted(rows, key=lambda row: -1 if row.points is None else abs(row.points), reverse=True)


def _row(dimension: Dimension, part: scoring.BesideTheTeam) -> OutsideRow:
    points = None
    if part.team is not None:
        # Of the figures as they are read, so that nobody finds another difference.
        points = int(scoring.percent(part.outside)) - int(scoring.percent(part.team))
    return OutsideRow(
        dimension=dimension,
        people=part.people,
        questions=part.questions,
        outside=percent(part.outside),
        team=scoring.DASH if part.team is None else percent(part.team),
        points=points,
    )
