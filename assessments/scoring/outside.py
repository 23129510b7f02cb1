"""How people outside a team see it, beside how the team does. No level, index or agreement is made of it.

The engine scores a team without this module; here a finished score is only read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .agreement import CriterionScore, settle
from .figures import mean
from .instrument import DK, NA, Instrument

#: How many people have to rate something in a dimension before anything is shown of it.
LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFromOutside:
    """What people outside said about one dimension: how many they are, and the lower median of each criterion."""

    people: int
    ratings: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideTheTeam:
    """One dimension as people outside see it, and as the team does, by the same criteria: mean points, 0 to 1.

    `team` is None if none of these criteria applies to the team.
    """

    dimension: str
    people: int
    questions: int
    outside: Fraction
    team: Fraction | None

    @property
    def difference(self) -> Fraction | None:
        """Positive if people outside see it better than the team."""
        return None if self.team is None else self.outside - self.team


def seen_from_outside(instrument: Instrument, votes: Iterable[Mapping[str, str]]) -> dict[str, SeenFromOutside]:
    """By dimension, those that enough people rated. `votes` has one mapping for each person, by criterion.

    What somebody does not know says nothing about the team, so it makes nobody one of the people.
    """
    people = [{key: code for key, code in person.items() if code not in {NA, DK}} for person in votes]
    seen = {}
    for dimension in instrument.dimensions:
        criteria = [criterion for criterion in instrument.criteria if criterion.dimension == dimension.key]
        rating = [person for person in people if any(criterion.key in person for criterion in criteria)]
        if len(rating) < LEAST:
            continue
        medians = {}
        for criterion in criteria:
            median = settle((person.get(criterion.key) for person in rating), criterion.scale).rating
            if median is not None:
                medians[criterion.key] = median
        seen[dimension.key] = SeenFromOutside(people=len(rating), ratings=medians)
    return seen


def beside_the_team(
    instrument: Instrument, settled: Mapping[str, CriterionScore], seen: Mapping[str, SeenFromOutside]
) -> list[BesideTheTeam]:
    """Both views of each dimension that enough people rated, in the order of the framework.

    What the team left unanswered counts as it does in its score; what does not apply to it is left out. The figure of
    the people outside is made of all that they rated, so nothing that the team does tells single answers apart.
    """
    rows = []
    for dimension in instrument.dimensions:
        if dimension.key not in seen:
            continue
        ratings = seen[dimension.key].ratings
        criteria = [criterion for criterion in instrument.criteria if criterion.key in ratings]
        outside = mean([criterion.scale.points(ratings[criterion.key]) for criterion in criteria])
        if outside is None:
            continue
        of_team = [settled[criterion.key].points for criterion in criteria if criterion.key in settled]
        rows.append(
            BesideTheTeam(
                dimension=dimension.key,
                people=seen[dimension.key].people,
                questions=len(criteria),
                outside=outside,
                team=mean([points for points in of_team if points is not None]),
            )
        )
    return rows
