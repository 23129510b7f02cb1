"""How ratings become levels: pure functions over plain values, exact fractions throughout.

Words follow the domain (see `models`). Points of a rating are `value / highest value` of its scale, 0 to 1. Four
answers are kept apart: unanswered (None or not there), DK (does not know), NA (does not apply) and a choice's code.

`instrument` holds what is asked, `agreement` leads from several people to one rating per criterion, `parts` from
ratings to levels, index and sums, `whole` puts them together; `metrics` are figures beside the levels, `shown` is how
figures are read. `contradiction` is where facts and ratings disagree, of which no figure is made.
"""

from .agreement import CriterionScore, krippendorff_alpha, settle, settled_as
from .contradiction import FAILED, PASSED, CheckMeaning
from .figures import ONE, ZERO, exact, low_median, low_median_of_counts, mean
from .instrument import (
    DK,
    FIRST_SEMANTICS,
    LEVELS,
    LOWEST,
    MEAN,
    NA,
    NO_RULE,
    RUBRIC,
    SEMANTICS,
    SUMS,
    Band,
    Instrument,
    Rubric,
    Rule,
    ScoredCriterion,
    ScoredDimension,
    ScoredScale,
    Threshold,
)
from .metrics import LEAST_MOVE, Metric, average, moved
from .outside import BesideTheTeam, SeenFromOutside, beside_the_team, seen_from_outside
from .parts import Outcome, PartScore
from .shown import DASH, IndexScale, add_up, direction, pace_text, percent, rounded, signed, told_apart
from .tally import Tally
from .whole import LevelIf, Score, alpha, figures_of_whole, of_settled, part, score, settled_criteria

__all__ = [
    "DASH",
    "DK",
    "FAILED",
    "FIRST_SEMANTICS",
    "LEAST_MOVE",
    "LEVELS",
    "LOWEST",
    "MEAN",
    "NA",
    "NO_RULE",
    "ONE",
    "PASSED",
    "RUBRIC",
    "SEMANTICS",
    "SUMS",
    "ZERO",
    "Band",
    "BesideTheTeam",
    "CheckMeaning",
    "CriterionScore",
    "IndexScale",
    "Instrument",
    "LevelIf",
    "Metric",
    "Outcome",
    "PartScore",
    "Rubric",
    "Rule",
    "Score",
    "ScoredCriterion",
    "ScoredDimension",
    "ScoredScale",
    "SeenFromOutside",
    "Tally",
    "Threshold",
    "add_up",
    "alpha",
    "average",
    "beside_the_team",
    "direction",
    "exact",
    "figures_of_whole",
    "krippendorff_alpha",
    "low_median",
    "low_median_of_counts",
    "mean",
    "moved",
    "of_settled",
    "pace_text",
    "part",
    "percent",
    "rounded",
    "score",
    "seen_from_outside",
    "settle",
    "settled_as",
    "settled_criteria",
    "signed",
    "told_apart",
]
