"""Who may do what: one table of roles and permissions. Pure; `access` finds the roles of a person and asks here."""

from collections.abc import Iterable
from enum import StrEnum

ADMINISTRATOR = "administrator"
MANAGER = "manager"
LEAD = "lead"
MEMBER = "member"
VIEWER = "viewer"
FACILITATOR = "facilitator"
GUEST = "guest"


class Permission(StrEnum):
    """What somebody may do in one team and its assessments, or (the last group) outside teams."""

    SEE_TEAM = "see team"
    EDIT_TEAM = "edit team"
    MANAGE_MEMBERS = "manage members"
    SEE_RESULT = "see result"
    SEE_OWN_RESULT = "see own result"
    SEE_VOTES = "see votes"
    SEE_NAMES = "see names"
    SEE_PARTICIPATION = "see participation"
    SHOW_COMMENTS = "show comments"
    ANSWER = "answer"
    START = "start"
    INVITE = "invite"
    EXTEND = "extend"
    END_ANSWERING = "end answering"
    FOLLOW_REVIEW = "follow review"
    FACILITATE = "facilitate"
    VOTE_IN_ROOM = "vote in room"
    CLOSE = "close"
    REOPEN = "reopen"
    DISCARD = "discard"
    SET_TARGETS = "set targets"
    RECORD_FIGURES = "record figures"
    PLAN_ACTIONS = "plan actions"
    EXPLAIN_SETBACK = "explain setback"
    SEAL_VOTES = "seal votes"
    IMPORT_RESULT = "import result"
    SHARE_RESULT = "share result"
    SHARE_PORTFOLIO = "share portfolio"
    MANAGE_WEBHOOKS = "manage webhooks"
    RUN_ROUNDS = "run rounds"

    SEE_FRAMEWORKS = "see frameworks"
    EDIT_FRAMEWORKS = "edit frameworks"
    MANAGE_ACCOUNTS = "manage accounts"
    MANAGE_UNITS = "manage units"
    CREATE_TEAM = "create team"
    MANAGE_SITE_WEBHOOKS = "manage webhooks of the organisation"
    IMPORT_HISTORY = "import history"


#: What each role may do with a team and its assessments.
IN_TEAM: dict[str, frozenset[Permission]] = {
    # Runs the installation: sees levels, never answers.
    ADMINISTRATOR: frozenset(
        {
            Permission.SEE_TEAM,
            Permission.EDIT_TEAM,
            Permission.MANAGE_MEMBERS,
            Permission.IMPORT_RESULT,
            Permission.MANAGE_WEBHOOKS,
            Permission.RUN_ROUNDS,
        }
    ),
    # Manages a unit: sees results, targets and figures of its teams, not answers.
    MANAGER: frozenset(
        {
            Permission.SEE_TEAM,
            Permission.SEE_RESULT,
            Permission.SET_TARGETS,
            Permission.RECORD_FIGURES,
            Permission.SHARE_PORTFOLIO,
            Permission.RUN_ROUNDS,
        }
    ),
    LEAD: frozenset(
        {
            Permission.SEE_TEAM,
            Permission.EDIT_TEAM,
            Permission.MANAGE_MEMBERS,
            Permission.SEE_RESULT,
            Permission.SEE_VOTES,
            Permission.SEE_NAMES,
            Permission.SEE_PARTICIPATION,
            Permission.SHOW_COMMENTS,
            Permission.ANSWER,
            Permission.START,
            Permission.INVITE,
            Permission.EXTEND,
            Permission.END_ANSWERING,
            Permission.FOLLOW_REVIEW,
            Permission.FACILITATE,
            Permission.VOTE_IN_ROOM,
            Permission.CLOSE,
            Permission.REOPEN,
            Permission.DISCARD,
            Permission.SET_TARGETS,
            Permission.RECORD_FIGURES,
            Permission.PLAN_ACTIONS,
            Permission.EXPLAIN_SETBACK,
            Permission.SEAL_VOTES,
            Permission.IMPORT_RESULT,
            Permission.SHARE_RESULT,
            Permission.MANAGE_WEBHOOKS,
        }
    ),
    MEMBER: frozenset(
        {
            Permission.SEE_TEAM,
            Permission.SEE_RESULT,
            Permission.SEE_VOTES,
            Permission.ANSWER,
            Permission.FOLLOW_REVIEW,
            Permission.VOTE_IN_ROOM,
            Permission.PLAN_ACTIONS,
            Permission.EXPLAIN_SETBACK,
        }
    ),
    # Sees results without votes and comments.
    VIEWER: frozenset({Permission.SEE_TEAM, Permission.SEE_RESULT}),
    # Named for one assessment, perhaps from outside the team: leads its review.
    FACILITATOR: frozenset(
        {
            Permission.SEE_TEAM,
            Permission.SEE_RESULT,
            Permission.SEE_VOTES,
            Permission.FOLLOW_REVIEW,
            Permission.FACILITATE,
        }
    ),
    # Has a link to one assessment: sees what it came to, and nothing of the team's page.
    GUEST: frozenset(
        {
            Permission.SEE_OWN_RESULT,
            Permission.ANSWER,
            Permission.FOLLOW_REVIEW,
            Permission.VOTE_IN_ROOM,
        }
    ),
}

#: What administrators may do outside teams; everybody else who is signed in may only see frameworks.
IN_SITE: dict[str, frozenset[Permission]] = {
    ADMINISTRATOR: frozenset(
        {
            Permission.SEE_FRAMEWORKS,
            Permission.MANAGE_ACCOUNTS,
            Permission.MANAGE_UNITS,
            Permission.CREATE_TEAM,
            Permission.EDIT_FRAMEWORKS,
            Permission.MANAGE_SITE_WEBHOOKS,
            Permission.IMPORT_HISTORY,
        }
    ),
    "": frozenset({Permission.SEE_FRAMEWORKS}),
}

TEAM_ACTIONS = frozenset().union(*IN_TEAM.values())


def may_in_team(roles: Iterable[str], action: str) -> bool:
    """Whether any of these roles allows the action. Raises ValueError for an action that is not in the table."""
    if action not in TEAM_ACTIONS:
        raise ValueError(f"unknown action {action!r}")
    return any(action in IN_TEAM[role] for role in roles)


def roles_with(action: str) -> list[str]:
    """The roles that allow this action in a team."""
    return [role for role, actions in IN_TEAM.items() if action in actions]


def may_in_site(*, is_administrator: bool, action: str) -> bool:
    if action not in IN_SITE[ADMINISTRATOR]:
        raise ValueError(f"unknown action {action!r}")
    return action in IN_SITE[ADMINISTRATOR if is_administrator else ""]
