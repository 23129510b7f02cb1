"""What pages explain of their own words, where they stand; worded as docs/glossary.md."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: A text that is translated when it is shown.
Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word of the field, and what it means in a sentence or two."""

    name: Text
    meaning: Text


TERMS = {
    "level": Term(
        name=_("Level"),
        meaning=_(
            "A step on the framework’s ladder. A team reaches a level if it meets the requirements of that level and "
            "of every level below it, in all dimensions."
        ),
    ),
    "rubric_level": Term(
        name=_("Level"),
        meaning=_(
            "A step on the framework’s ladder. A team is at the highest level whose beginning its score reaches."
        ),
    ),
    "band": Term(
        name=_("Band"),
        meaning=_("The named range that the smallest section score falls in. It stands where a level would."),
    ),
    "index": Term(
        name=_("Index"),
        meaning=_("A figure from 0 to the highest level. Unlike the level, it gives credit for what is half done."),
    ),
    "rubric_score": Term(
        name=_("Score"),
        meaning=_("What the answers come to on the framework’s scale: the mean of each dimension, by weights."),
    ),
    "score": Term(
        name=_("Section score"),
        meaning=_("The sum of the points in one section of the framework."),
    ),
    "coverage": Term(
        name=_("Coverage"),
        meaning=_("The share of the criteria asked that are rated or do not apply."),
    ),
    "range": Term(
        name=_("Could be"),
        meaning=_("The best case: the level or index if every unanswered criterion got full points."),
    ),
    "rating": Term(
        name=_("Rating"),
        meaning=_("The answer to one criterion, chosen on the framework’s scale."),
    ),
    "median": Term(
        name=_("Median"),
        meaning=_(
            "The middle of the votes on a criterion. If the number of votes is even, the lower of the two middle ones."
        ),
    ),
    "agreement": Term(
        name=_("Agreement"),
        meaning=_(
            "How close the votes on one criterion are (rwg): 100% if all are the same, 0% if they are as scattered as "
            "chance or more. The figure for a whole is the median of its criteria."
        ),
    ),
    "alpha": Term(
        name=_("Alpha"),
        meaning=_(
            "How much people agree over the whole assessment: 1 is complete agreement, 0 is what chance would give. "
            "Alpha can be low although people agree on most criteria: if nearly all votes are alike, the few others "
            "weigh heavily."
        ),
    ),
}
