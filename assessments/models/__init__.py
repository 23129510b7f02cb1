"""The domain.

A *framework* (a maturity model) lives in *editions*; a published edition never changes. An edition has *levels*,
*dimensions* (perhaps in *groups*), *scales* with *choices*, and *criteria*: practices that can be rated. A *team*
belongs to a *unit* of the organisation; people belong to it by *memberships*. A team's *assessment* is pinned to one
edition: each *respondent* gives *ratings*, *participation* says who has submitted, *agreed ratings* are what the team
settles on in its *review*, perhaps in a live *room* where everybody votes once more. People come in by account or by
*invitation*, a link; *mails* wait in an outbox. In an anonymous assessment no key leads from a participation or an
invitation to a respondent. *Moves* are the one table of what can be done in which state. Closing freezes a *result*:
level and index of the whole, of each group and each dimension, and the rating of each criterion. Reopening leads to a
new generation of the result; the earlier ones stay.
*Targets* and *actions* refer to a framework's keys, never to rows of an edition; the *adviser* proposes a target from a
team's answers. A result that fell behind the one before it is given *setback reasons*. *Measurements* are
outcome figures of a team, month by month; no level is made of them. *Check states* are facts that pipelines report
about criteria, with their *changes*; a result keeps those of its *closing* beside it. *Events* are the journal of
what changed. A result of another installation comes in as a sealed file, earlier assessments in a *history import*;
their *provenance* says from where. By a *share link* people without an account read one report; a *badge* shows a
level on a page elsewhere. A *round* assesses many teams at once. A *webhook* reports what happens to a chat or
another program, each time by a *delivery* that waits in the outbox like a mail. A *tracker* is where a team follows
its actions as *issues* elsewhere. By an *API key* a program does what
its owner can do. By an *identity* a person signs in with the account that they have at a provider; *group rules* say
what their groups there give them here. A *browser session* says who is signed in where. A *calendar feed* shows a
person what is due.
People who are not the team answer in the *outside view*, whose rows lead to none of those that a score is made of. A
*translation* stands beside an edition; what a *reader* sees follows from its state. The one row of
the *installation* says what all servers that share the database have to agree on.
"""

from .accounts import SignInAttempt, User
from .api_keys import ApiCalls, ApiKey, ApiReply, KeyTerms
from .assessments import Assessment, Reopening
from .badges import Badge
from .cached_values import CachedValue
from .calendars import CalendarFeed
from .checks import CheckAtClosing, CheckChange, CheckOutcome, CheckState, Fact, FactsRefused, Pushed
from .edition_editing import EditRefused, Frozen
from .edition_parts import Choice, Criterion, Dimension, Group, Level, Scale, Symptom
from .frameworks import Edition, Framework, Questionnaire
from .history_imports import EarlierAssessment, HistoryImport, HistoryLine
from .installation import Installation
from .journal import Event
from .mail_stops import MailStop
from .measurements import Measured, Measurement
from .outbox import Mail, PasswordRequest
from .outside import (
    OutsideInvitation,
    OutsidePart,
    OutsideRating,
    OutsideRespondent,
    OutsideView,
)
from .participation import Guest, Invitation, InvitationLink, LinkGuess, Participation
from .plans import Action, AdviserAnswers, SetbackReason, Target
from .provisioning import MemberStep, NameTaken, PersonDetails, ProvisionedGroup, ProvisionedMember, ProvisionedPerson
from .ratings import AgreedRating, Answer, PageMark, Rating, Respondent, SymptomAnswer
from .refusals import PersonGone, Refused
from .results import CriterionResult, PartResult, Result
from .reviews import Review
from .revisions import Conflict, Revised
from .rooms import Room, RoomVote
from .round_dates import Repeats
from .rounds import Round, RoundTeam
from .sealed import ForeignResult, Provenance, SealKey, TrustedKey
from .sessions import BrowserSession
from .sharing import ShareLink, ShareTerms
from .single_sign_on import GroupRule, Identity
from .submissions import Submission
from .teams import Membership, Team, Unit
from .trackers import Issue, Tracker
from .transitions import MOVES, Move
from .translations import Translation
from .webhooks import Delivery, Webhook

__all__ = [
    "MOVES",
    "Action",
    "AdviserAnswers",
    "AgreedRating",
    "Answer",
    "ApiCalls",
    "ApiKey",
    "ApiReply",
    "Assessment",
    "Badge",
    "BrowserSession",
    "CachedValue",
    "CalendarFeed",
    "CheckAtClosing",
    "CheckChange",
    "CheckOutcome",
    "CheckState",
    "Choice",
    "Conflict",
    "Criterion",
    "CriterionResult",
    "Delivery",
    "Dimension",
    "EarlierAssessment",
    "EditRefused",
    "Edition",
    "Event",
    "Fact",
    "FactsRefused",
    "ForeignResult",
    "Framework",
    "Frozen",
    "Group",
    "GroupRule",
    "Guest",
    "HistoryImport",
    "HistoryLine",
    "Identity",
    "Installation",
    "Invitation",
    "InvitationLink",
    "Issue",
    "KeyTerms",
    "Level",
    "LinkGuess",
    "Mail",
    "MailStop",
    "Measured",
    "Measurement",
    "MemberStep",
    "Membership",
    "Move",
    "NameTaken",
    "OutsideInvitation",
    "OutsidePart",
    "OutsideRating",
    "OutsideRespondent",
    "OutsideView",
    "PageMark",
    "PartResult",
    "Participation",
    "PasswordRequest",
    "PersonDetails",
    "PersonGone",
    "Provenance",
    "ProvisionedGroup",
    "ProvisionedMember",
    "ProvisionedPerson",
    "Pushed",
    "Questionnaire",
    "Rating",
    "Refused",
    "Reopening",
    "Repeats",
    "Respondent",
    "Result",
    "Review",
    "Revised",
    "Room",
    "RoomVote",
    "Round",
    "RoundTeam",
    "Scale",
    "SealKey",
    "SetbackReason",
    "ShareLink",
    "ShareTerms",
    "SignInAttempt",
    "Submission",
    "Symptom",
    "SymptomAnswer",
    "Target",
    "Team",
    "Tracker",
    "Translation",
    "TrustedKey",
    "Unit",
    "User",
    "Webhook",
]
