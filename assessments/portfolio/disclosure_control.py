"""Which units may be broken down for somebody who may not know single teams. Pure.

What is shown of a unit and of its parts can be subtracted. So what counts is not the size of what is shown but the size
of everything that can be worked out from it: of each shown unit what is left without the shown units inside it. Each
such remainder has no team in it or at least `THRESHOLD`.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import TypeVar

V = TypeVar("V", bound=Hashable)
THRESHOLD = 4


def shown_units(
    parents: Mapping[int, int | None], teams: Mapping[int, int], *, threshold: int = THRESHOLD
) -> set[int | None]:
    """Which units may be shown; None stands for the whole organisation.

    `parents` names the unit above each unit (None at the top), `teams` counts the teams that belong to a unit directly
    and that must not be known one by one. A unit without such teams is no secret.
    """
    children: dict[int | None, list[int]] = {}
    for unit, parent in parents.items():
        children.setdefault(parent, []).append(unit)

    #: Teams in a unit or below it.
    total: dict[int | None, int] = dict.fromkeys((None, *parents), 0)
    for unit, number in teams.items():
        above: int | None = unit
        while above is not None:
            total[above] += number
            above = parents[above]
        total[None] += number

    shown: set[int | None] = {unit for unit, number in total.items() if not number}
    waiting: list[int | None] = [None] if total[None] >= threshold else []
    while waiting:
        above = waiting.pop()
        shown.add(above)
        crowds = [unit for unit in children.get(above, []) if total[unit] >= threshold]
        inside = sorted(crowds, key=total.__getitem__)
        remainder = total[above] - sum(total[unit] for unit in inside)
        # The smallest part is left out first, until nobody can be singled out by subtraction.
        while inside and 0 < remainder < threshold:
            remainder += total[inside.pop(0)]
        waiting += inside
    return shown


def may_be_split(
    parents: Mapping[int, int | None], teams: Mapping[tuple[int, V], int], *, threshold: int = THRESHOLD
) -> bool:
    """Whether what is shown of units may also be shown by a second property of their teams, for each of its values.

    `teams` counts, by unit and value, the teams that must not be known one by one. Whatever is added and subtracted
    then, teams of the same value with the same shown unit nearest above them stay together; so each such lot has to be
    empty or a crowd.
    """
    by_unit: Counter[int] = Counter()
    for (unit, _), number in teams.items():
        by_unit[unit] += number
    shown = shown_units(parents, by_unit, threshold=threshold)
    lots: Counter[tuple[int | None, V]] = Counter()
    for (unit, value), number in teams.items():
        above: int | None = unit
        while above is not None and above not in shown:
            above = parents[above]
        lots[above, value] += number
    return all(number == 0 or number >= threshold for number in lots.values())
