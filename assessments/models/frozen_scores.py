"""Frozen results as the plain values that scoring functions take; one query for any number of results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from .. import scoring
from ..scoring.comparison import Side
from . import CriterionResult, Result
from .assessments import instrument_of
from .results import as_fraction


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """What one result asked, and the outcome of each criterion."""

    result: Result
    rows: Mapping[str, CriterionResult]

    @classmethod
    def of(cls, result: Result) -> "Recalled":
        return cls.all([result])[0]

    @classmethod
    def all(cls, results: Iterable[Result]) -> list["Recalled"]:
        """In the order of the results. Reads only the columns it needs."""
        chosen = list(results)
        if not chosen:
            return []
        rows: dict = {result.pk: {} for result in chosen}
        stored = CriterionResult.objects.filter(result__in=rows).order_by()
        for row in stored.only("result", "key", "meaning", "rating", "points_exact", "blocker"):
            rows[row.result_id][row.key] = row
        return [cls(result=result, rows=rows[result.pk]) for result in chosen]

    @cached_property
    def instrument(self) -> scoring.Instrument:
        """What was asked, in the edition of the result, and counted as it was when the result was frozen."""
        instrument = instrument_of(self.result.edition).restricted_to(self.rows)
        return replace(instrument, semantics=self.result.semantics)

    @cached_property
    def ratings(self) -> dict[str, str | None]:
        """Code by key; None if nobody answered."""
        return {key: row.rating or None for key, row in self.rows.items()}

    @cached_property
    def side(self) -> Side:
        settled = {
            key: scoring.settled_as(row.rating or None, as_fraction(row.points_exact)) for key, row in self.rows.items()
        }
        return Side(
            instrument=self.instrument,
            settled=settled,
            meanings={key: row.meaning for key, row in self.rows.items()},
        )
