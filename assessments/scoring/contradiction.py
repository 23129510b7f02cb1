"""Where a fact that a pipeline reported and the rating of a criterion disagree. No figure is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

PASSED = "passed"
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMeaning:
    """What a framework says that the outcomes of one check mean for the rating of its criterion.

    Both bounds are codes of the criterion's scale; an empty one says nothing.
    """

    criterion: str
    source: str
    passed_at_least: str = ""
    failed_at_most: str = ""
    asks: str = ""

    def contradicts(self, outcome: str, rating: str | None, values: Mapping[str, int]) -> bool:
        """Whether the rating is above what a failed check allows, or below what a passed one does.

        `values` are those of the choices by code. What is not a choice, such as "does not apply" or no rating,
        contradicts nothing, and neither does any other outcome.
        """
        if rating is None or rating not in values:
            return False
        if outcome == FAILED and self.failed_at_most in values:
            return values[rating] > values[self.failed_at_most]
        if outcome == PASSED and self.passed_at_least in values:
            return values[rating] < values[self.passed_at_least]
        return False
