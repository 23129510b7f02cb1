"""The domain.

A *framework* (a maturity model) lives in *editions*; a published edition never changes. An edition has *levels*,
*dimensions* (perhaps in *groups*), *scales* with *choices*, and *criteria*: practices that can be rated. A *team*
belongs to a *unit* of the organisation; people belong to it by *memberships*. A team's *assessment* is pinned to one
edition: each *respondent* gives *ratings*, *participation* says who has submitted, *agreed ratings* are what the team
settles on. Closing freezes a *result*: level and index of the whole, of each group and each dimension, and the rating
of each criterion. Reopening leads to a new generation of the result; the earlier ones stay. *Targets* and *actions*
refer to a framework's keys, never to rows of an edition. *Events* are the journal of what changed.
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
from .drafting import EditRefused, Frozen, StaleEdit
from .frameworks import Choice, Criterion, Dimension, Edition, Framework, Group, Level, Scale, Symptom
from .journal import Event
from .plans import Action, Target
from .results import CriterionResult, PartResult, Result
from .teams import Membership, Team, Unit

__all__ = [
    "Action",
    "AgreedRating",
    "Answer",
    "Assessment",
    "Choice",
    "Criterion",
    "CriterionResult",
    "Dimension",
    "EditRefused",
    "Edition",
    "Event",
    "Framework",
    "Frozen",
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
    "SignInAttempt",
    "StaleAnswer",
    "StaleEdit",
    "Symptom",
    "Target",
    "Team",
    "Unit",
    "User",
]
