"""Outcome figures shown next to the levels, such as the delivery metrics of DORA; they affect no level or index."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .figures import exact, mean

CHOICE, PERCENT = "choice", "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A question with ordered answers, the highest the best, or for a share in percent, of which less is better."""

    key: str
    kind: str
    answers: Sequence[int] = ()

    def score(self, value: int | Fraction) -> Fraction:
        """From 0, the worst, to 10, the best, as in the quick check of dora.dev."""
        if self.kind == PERCENT:
            worst, best = Fraction(100), Fraction(0)
        else:
            worst, best = exact(min(self.answers)), exact(max(self.answers))
        return 10 * (value - worst) / (best - worst)


def average(scores: Iterable[Fraction]) -> Fraction | None:
    """The mean of the metrics that were answered; None if there are none."""
    return mean(list(scores))
