"""Outcome figures shown next to the levels, such as the delivery metrics of DORA; they affect no level or index."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from .figures import exact, mean

CHOICE, PERCENT = "choice", "percent"
#: Less than this share of what it was is no change: figures of single months go up and down by themselves.
LEAST_MOVE = Fraction(1, 10)


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


def moved(
    before: Decimal,
    after: Decimal,
    *,
    more_is_better: bool,
    whole: int | None = None,
    least: Fraction = LEAST_MOVE,
) -> int:
    """1 if a figure, never negative, got better between two months, -1 if worse, 0 if it is about the same.

    It moved if it differs by the share `least` of what it was. Of a share of a `whole` that should be large, such as
    99.9 of 100, what is missing counts: from 99.8 to 99.9 half of it is gone.
    """
    was, now = Fraction(before), Fraction(after)
    if whole is not None and more_is_better:
        was, now, more_is_better = whole - was, whole - now, False
    if was == now or abs(now - was) < least * was:
        return 0
    return 1 if (now > was) == more_is_better else -1
