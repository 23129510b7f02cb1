"""The domain.

A *framework* (a maturity model) lives in *editions*; a published edition never changes. An edition has *levels*,
*dimensions* (perhaps in *groups*), *scales* with *choices*, and *criteria*: practices that can be rated. A *team*
belongs to a *unit* of the organisation; people belong to it by *memberships*. A team's *assessment* is pinned to one
edition: each *respondent* gives *ratings*, *participation* says who has submitted, *agreed ratings* are what the team
settles on. Closing freezes a *result*: level and index of the whole, of each group and each dimension, and the rating
of each criterion. Reopening leads to a new generation of the result; the earlier ones stay. *Targets* and *actions*
refer to a framework's keys, never to rows of an edition; the *adviser* proposes a target from a team's answers. A
result that fell behind the one before it is given *setback reasons*. *Events* are the journal of what changed.
"""

from .accounts import SignInAttempt, User
from .assessments import (
    AgreedRating,
    Answer,
    Assessment,
    Invitation,
    PageMark,
    Participation,
    Rating,
    Refused,
    Reopening,
    Respondent,
    StaleAnswer,
)
from .frameworks import Choice, Criterion, Dimension, Edition, Framework, Group, Level, Scale, Symptom
from .journal import Event
from .plans import Action, AdviserAnswers, SetbackReason, Target
from .results import CriterionResult, PartResult, Result
from .teams import Membership, Team, Unit

__all__ = [
    "Action",
    "AdviserAnswers",
    "AgreedRating",
    "Answer",
    "Assessment",
    "Choice",
    "Criterion",
    "CriterionResult",
    "Dimension",
    "Edition",
    "Event",
    "Framework",
    "Group",
    "Invitation",
    "Level",
    "Membership",
    "PageMark",
    "PartResult",
    "Participation",
    "Rating",
    "Refused",
    "Reopening",
    "Respondent",
    "Result",
    "Scale",
    "SetbackReason",
    "SignInAttempt",
    "StaleAnswer",
    "Symptom",
    "Target",
    "Team",
    "Unit",
    "User",
]
