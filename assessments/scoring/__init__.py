"""How ratings become levels: pure functions over plain values, exact fractions throughout.

Words follow the domain (see `models`). Points of a rating are `value / highest value` of its scale, 0 to 1. Four
answers are kept apart: unanswered (None or not there), DK (does not know), NA (does not apply) and a choice's code.

`instrument` holds what is asked, `agreement` leads from several people to one rating per criterion, `parts` from
ratings to levels, index and sums, `whole` puts them together; `metrics` are figures beside the levels.
"""

from .agreement import CriterionResult, krippendorff_alpha, settle, settled_as
from .figures import ONE, ZERO, exact, low_median, mean, rounded, rounded_text
from .instrument import (
    DK,
    LEVELS,
    NA,
    NO_RULE,
    SUMS,
    Band,
    Criterion,
    Dimension,
    Instrument,
    Rule,
    Scale,
    Threshold,
)
from .metrics import Metric, average
from .parts import Outcome, PartResult
from .whole import Score, alpha, level_if, part, score

__all__ = [
    "DK",
    "LEVELS",
    "NA",
    "NO_RULE",
    "ONE",
    "SUMS",
    "ZERO",
    "Band",
    "Criterion",
    "CriterionResult",
    "Dimension",
    "Instrument",
    "Metric",
    "Outcome",
    "PartResult",
    "Rule",
    "Scale",
    "Score",
    "Threshold",
    "alpha",
    "average",
    "exact",
    "krippendorff_alpha",
    "level_if",
    "low_median",
    "mean",
    "part",
    "rounded",
    "rounded_text",
    "score",
    "settle",
    "settled_as",
]
