"""The map that says what a report means for criteria: `Branch-Protection >= 8 -> delivery.protected`, a line each."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

MOST_LINES = 500
#: Lines in which `*` stands for any letters: each is compared with everything in a report.
MOST_PATTERNS = 10
#: How a line compares.
COMPARED: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
    "==": operator.eq,
}
LINE = re.compile(
    r"(?P<name>\S(?:.{0,298}?\S)??)\s*(?:(?P<compare>>=|<=|==|[<>=])\s*(?P<bound>-?\d{1,9}(?:\.\d{1,9})?))?"
    r"\s*(?:->|→)\s*(?P<criterion>[A-Za-z0-9][A-Za-z0-9._-]{0,119})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLine:
    """What is read in a report, what it must be for the check to pass, and the criterion that it is about.

    `compare` is empty if the line leaves it to the kind of the report.
    """

    number: int
    name: str
    compare: str
    bound: Decimal
    criterion: str

    @property
    def is_pattern(self) -> bool:
        return "*" in self.name

    def passes(self, value: Decimal) -> bool:
        return COMPARED[self.compare](value, self.bound)


class MapProblem(Exception):
    """A line of the map cannot be read; `str()` is the sentence to show."""


def read_map(text: str, *, needs_bound: bool) -> list[MapLine]:
    """The lines of a map without empty ones and comments, which begin with `#`.

    Without a comparison, a line means that nothing may be found: `<= 0`; with `needs_bound` it must have one.
    Raises MapProblem.
    """
    lines: list[MapLine] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if len(lines) >= MOST_LINES:
            raise MapProblem(_("A map has at most {most} lines.").format(most=MOST_LINES))
        match = LINE.fullmatch(stripped) if len(stripped) <= 600 else None
        if match is None:
            sentence = _("Line {number} of the map cannot be read. Write “Branch-Protection >= 8 -> criterion.key”.")
            raise MapProblem(sentence.format(number=number))
        if needs_bound and not match["compare"]:
            sentence = _("Line {number} of the map needs a comparison, such as “>= 8”.")
            raise MapProblem(sentence.format(number=number))
        lines.append(
            MapLine(
                number=number,
                name=match["name"],
                compare=match["compare"] or "<=",
                bound=Decimal(match["bound"] or 0),
                criterion=match["criterion"],
            )
        )
    if sum(line.is_pattern for line in lines) > MOST_PATTERNS:
        raise MapProblem(_("A map has at most {most} lines with “*”.").format(most=MOST_PATTERNS))
    if not lines:
        raise MapProblem(_("The map is empty. Write a line for each criterion."))
    return lines
