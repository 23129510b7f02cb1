"""The domain.

A *framework* (a maturity model) lives in *editions*; a published edition never changes. An edition has *levels*,
*dimensions* (perhaps in *groups*), *scales* with *choices*, and *criteria*: practices that can be rated. A *team*
belongs to a *unit* of the organisation; people belong to it by *memberships*. A team's *assessment* is pinned to one
edition: each *respondent* gives *ratings*, *participation* says who has submitted, *agreed ratings* are what the team
settles on in its *review*. People come in by account or by *invitation*, a link; *mails* wait in an outbox. In an
anonymous assessment no key leads from a participation or an invitation to a respondent. *Moves* are the one table of
what can be done in which state. Closing freezes a *result*: level and index of the whole, of each group and each
dimension, and the rating of each criterion. Reopening leads to a new generation of the result; the earlier ones stay.
*Targets* and *actions* refer to a framework's keys, never to rows of an edition; the *adviser* proposes a target from a
team's answers. A result that fell behind the one before it is given *setback reasons*. *Events* are the journal of what
changed. A result of another installation comes in as a sealed file; its *provenance* says from where.
"""

from .accounts import SignInAttempt, User
from .assessments import Assessment, Reopening
from .edition_editing import EditRefused, Frozen
from .edition_parts import Choice, Criterion, Dimension, Group, Level, Scale, Symptom
from .frameworks import Edition, Framework, Questionnaire
from .journal import Event
from .outbox import Mail, PasswordRequest
from .participation import Guest, Invitation, InvitationLink, LinkGuess, Participation
from .plans import Action, AdviserAnswers, SetbackReason, Target
from .ratings import AgreedRating, Answer, PageMark, Rating, Respondent, SymptomAnswer
from .refusals import PersonGone, Refused
from .results import CriterionResult, PartResult, Result
from .reviews import Review
from .revisions import Conflict, Revised
from .sealed import ForeignResult, Provenance, SealKey
from .submissions import Submission
from .teams import Membership, Team, Unit
from .transitions import MOVES, Move

__all__ = [
    "MOVES",
    "Action",
    "AdviserAnswers",
    "AgreedRating",
    "Answer",
    "Assessment",
    "Choice",
    "Conflict",
    "Criterion",
    "CriterionResult",
    "Dimension",
    "EditRefused",
    "Edition",
    "Event",
    "ForeignResult",
    "Framework",
    "Frozen",
    "Group",
    "Guest",
    "Invitation",
    "InvitationLink",
    "Level",
    "LinkGuess",
    "Mail",
    "Membership",
    "Move",
    "PageMark",
    "PartResult",
    "Participation",
    "PasswordRequest",
    "PersonGone",
    "Provenance",
    "Questionnaire",
    "Rating",
    "Refused",
    "Reopening",
    "Respondent",
    "Result",
    "Review",
    "Revised",
    "Scale",
    "SealKey",
    "SetbackReason",
    "SignInAttempt",
    "Submission",
    "Symptom",
    "SymptomAnswer",
    "Target",
    "Team",
    "Unit",
    "User",
]
