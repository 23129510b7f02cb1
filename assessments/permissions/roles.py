"""Who may do what: one table of role x action. Pure; `access` finds the roles of a person and asks here."""

from collections.abc import Iterable

ADMINISTRATOR = "administrator"
MANAGER = "manager"
LEAD = "lead"
MEMBER = "member"
VIEWER = "viewer"
FACILITATOR = "facilitator"
GUEST = "guest"

#: What each role may do with a team and its assessments.
IN_TEAM: dict[str, frozenset[str]] = {
    # Runs the installation: sees levels, never answers.
    ADMINISTRATOR: frozenset({"see team", "edit team", "manage members"}),
    # Of the unit: results and targets of its teams, not answers.
    MANAGER: frozenset({"see team", "see result", "set targets"}),
    LEAD: frozenset(
        {
            "see team",
            "edit team",
            "manage members",
            "see result",
            "see votes",
            "see names",
            "see participation",
            "show comments",
            "answer",
            "start",
            "invite",
            "extend",
            "end answering",
            "follow review",
            "facilitate",
            "close",
            "reopen",
            "discard",
            "set targets",
            "plan actions",
            "explain setback",
        }
    ),
    MEMBER: frozenset(
        {"see team", "see result", "see votes", "answer", "follow review", "plan actions", "explain setback"}
    ),
    # Results without votes and comments.
    VIEWER: frozenset({"see team", "see result"}),
    # Named for one assessment, perhaps from outside the team: leads through its review.
    FACILITATOR: frozenset({"see team", "see result", "see votes", "follow review", "facilitate"}),
    # By link, without an account, in one assessment: nothing of the team's page.
    GUEST: frozenset({"answer", "follow review"}),
}

#: What an administrator may do outside teams; everybody else signed in may just see frameworks.
IN_SITE: dict[str, frozenset[str]] = {
    ADMINISTRATOR: frozenset({"see frameworks", "manage accounts", "manage units", "create team", "edit frameworks"}),
    "": frozenset({"see frameworks"}),
}

TEAM_ACTIONS = frozenset().union(*IN_TEAM.values())


def may_in_team(roles: Iterable[str], action: str) -> bool:
    """Whether any of these roles allows the action. Raises ValueError for an action that is not in the table."""
    if action not in TEAM_ACTIONS:
        raise ValueError(f"unknown action {action!r}")
    return any(action in IN_TEAM[role] for role in roles)


def may_in_site(*, is_administrator: bool, action: str) -> bool:
    if action not in IN_SITE[ADMINISTRATOR]:
        raise ValueError(f"unknown action {action!r}")
    return action in IN_SITE[ADMINISTRATOR if is_administrator else ""]
