"""From the answers of several people to one rating per criterion, and how far they agree."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from .figures import ONE, ZERO, low_median
from .instrument import DK, NA, ScoredScale


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionScore:
    """The outcome of one criterion. `points` is 0 if unanswered and None if it does not apply."""

    rating: str | None
    agreed: bool
    points: Fraction | None
    votes: Mapping[str, int]
    share: Fraction | None
    spread: int | None
    rwg: Fraction | None
    split: bool
    discuss: bool

    @property
    def applies(self) -> bool:
        return self.rating != NA


def settle(
    votes: Iterable[str | None],
    scale: ScoredScale,
    *,
    agreed: str | None = None,
    discuss_spread: int = 2,
    discuss_split: bool = True,
) -> CriterionScore:
    """One rating from everyone's answers: the agreed one, or else NA by majority, or else the lower median."""
    counts = Counter(vote for vote in votes if vote is not None)
    positions = sorted(scale.position(code) for code, n in counts.items() if code not in {NA, DK} for _ in range(n))
    rating = agreed or _median_rating(counts[NA], positions, scale)
    split = len(positions) > 1 and positions[(len(positions) - 1) // 2] != positions[len(positions) // 2]
    spread = positions[-1] - positions[0] if positions else None
    return CriterionScore(
        rating=rating,
        agreed=agreed is not None,
        points=scale.points_of(rating),
        votes=MappingProxyType(dict(counts)),
        share=Fraction(max(Counter(positions).values()), len(positions)) if positions else None,
        spread=spread,
        rwg=_rwg(positions, len(scale.values)),
        split=split,
        discuss=spread is not None and (spread >= discuss_spread or (split and discuss_split)),
    )


def _median_rating(not_applicable: int, positions: list[int], scale: ScoredScale) -> str | None:
    if not_applicable > len(positions):
        return NA
    median = low_median(positions)
    return None if median is None else scale.codes[median]


def _rwg(positions: list[int], choices: int) -> Fraction | None:
    """Within-group agreement, `max(0, 1 - s^2 / ((A^2 - 1) / 12))` with the sample variance s^2 (James et al. 1984)."""
    n = len(positions)
    if n < 2 or choices < 2:
        return None
    variance = (sum(p * p for p in positions) - Fraction(sum(positions) ** 2, n)) / (n - 1)
    return max(ZERO, 1 - variance / Fraction(choices**2 - 1, 12))


def krippendorff_alpha(rows: Sequence[Sequence[int | None]], metric: str = "ordinal") -> Fraction | None:
    """Krippendorff's alpha (Content Analysis, 2004) over rows of raters and columns of units; None is missing.

    None where fewer than two values can be paired, or where there is no variation.
    """
    columns = zip(*rows, strict=True)
    return alpha_of_counts((Counter(value for value in column if value is not None) for column in columns), metric)


def alpha_of_counts(counts: Iterable[Counter[int]], metric: str = "ordinal") -> Fraction | None:
    """The same from how often each value occurs in each unit: who gave which does not matter."""
    units = [unit for unit in counts if sum(unit.values()) > 1]
    totals: Counter = sum(units, Counter())
    n = sum(totals.values())
    delta = _difference(totals, metric)
    expected = sum(totals[a] * totals[b] * d for (a, b), d in delta.items())
    if not expected:
        return None
    observed = sum(
        Fraction(unit[a] * unit[b], sum(unit.values()) - 1) * d
        for unit in units
        for (a, b), d in delta.items()
        if unit[a]
    )
    return 1 - (n - 1) * observed / expected


def _difference(totals: Counter, metric: str) -> dict[tuple[int, int], Fraction]:
    """The squared difference between two values, for every ordered pair of different ones."""
    values, delta = sorted(totals), {}
    for i, a in enumerate(values):
        for j in range(i + 1, len(values)):
            b = values[j]
            if metric == "nominal":
                d = ONE
            elif metric == "interval":
                d = Fraction((b - a) ** 2)
            elif metric == "ordinal":
                d = (sum(totals[g] for g in values[i : j + 1]) - Fraction(totals[a] + totals[b], 2)) ** 2
            else:
                raise ValueError(f"unknown metric {metric!r}")
            delta[a, b] = delta[b, a] = d
    return delta


def settled_as(rating: str | None, points: Fraction | None) -> CriterionScore:
    """The outcome of a criterion of which only rating and points are still known."""
    return CriterionScore(
        rating=rating,
        agreed=False,
        points=points,
        votes={},
        share=None,
        spread=None,
        rwg=None,
        split=False,
        discuss=False,
    )
