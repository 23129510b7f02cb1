"""How ratings become levels: pure functions over plain values, exact fractions throughout.

Words follow the domain (see `models`). Points of a rating are `value / highest value` of its scale, 0 to 1. Four
answers are kept apart: unanswered (None or not there), DK (does not know), NA (does not apply) and a choice's code.

`instrument` holds what is asked, `agreement` leads from several people to one rating per criterion, `parts` from
ratings to levels, index and sums, `whole` puts them together; `metrics` are figures beside the levels, `shown` is how
figures are read.
"""

from .agreement import CriterionScore, krippendorff_alpha, settle, settled_as
from .figures import ONE, ZERO, exact, low_median, mean
from .instrument import (
    DK,
    LEVELS,
    NA,
    NO_RULE,
    SUMS,
    Band,
    Instrument,
    Rule,
    ScoredCriterion,
    ScoredDimension,
    ScoredScale,
    Threshold,
)
from .metrics import Metric, average
from .parts import Outcome, PartScore
from .shown import DASH, IndexScale, add_up, direction, percent, rounded, signed, told_apart
from .tally import Tally
from .whole import Score, alpha, level_if, part, score

__all__ = [
    "DASH",
    "DK",
    "LEVELS",
    "NA",
    "NO_RULE",
    "ONE",
    "SUMS",
    "ZERO",
    "Band",
    "CriterionScore",
    "IndexScale",
    "Instrument",
    "Metric",
    "Outcome",
    "PartScore",
    "Rule",
    "Score",
    "ScoredCriterion",
    "ScoredDimension",
    "ScoredScale",
    "Tally",
    "Threshold",
    "add_up",
    "alpha",
    "average",
    "direction",
    "exact",
    "krippendorff_alpha",
    "level_if",
    "low_median",
    "mean",
    "part",
    "percent",
    "rounded",
    "score",
    "settle",
    "settled_as",
    "signed",
    "told_apart",
]
