"""The demo accounts as the sign-in page lists them: a few to begin with, then everybody."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef

from ..models import Assessment, Membership, Team, User

ROLES = {"lead": "Lead", "member": "Member", "viewer": "Viewer", "manager": "Manager"}
#: More are not listed: a large demo organisation has thousands.
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    email: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccounts:
    """`others` are the first few of `more` accounts."""

    first: list[DemoAccount]
    others: list[DemoAccount]
    more: int
    teams: int


def holds_real_data() -> bool:
    """Whether there is a team or an account that is not of the demo organisation. Two queries."""
    return User.objects.filter(is_demo=False).exists() or Team.objects.filter(is_demo=False).exists()


def demo_is_open() -> bool:
    """Whether one click signs in: in demo mode, and only while the demo organisation is all there is."""
    return settings.DEMO and not holds_real_data()


def demo_accounts() -> DemoAccounts:
    """One account of each role first, of a team that is being asked; each with what it is in the organisation.

    Two queries.
    """
    users = {user.pk: user for user in User.objects.filter(is_demo=True, is_active=True)}
    told = [_account(user, "Administrator") for user in users.values() if user.is_administrator]
    asked = Assessment.objects.open().filter(team=OuterRef("team"))
    memberships = Membership.objects.filter(user__in=users).select_related("team", "unit").annotate(busy=Exists(asked))
    first_of: dict[str, DemoAccount] = {}
    others = []
    memberships = memberships.order_by("-busy", "team__name", "pk")
    for membership in memberships:
        account = _account(users[membership.user_id], f"{ROLES[membership.role]}, {membership.team or membership.unit}")
        if first_of.setdefault(membership.role, account) is not account:
            others.append(account)
    first = told[:1] + [first_of[role] for role in ("lead", "member", "manager", "viewer") if role in first_of]
    others = sorted(told[1:] + others, key=lambda account: account.role)
    teams = {membership.team_id for membership in memberships} - {None}
    return DemoAccounts(first=first, others=others[:MOST], more=len(others), teams=len(teams))


def _account(user: User, role: str) -> DemoAccount:
    return DemoAccount(email=user.email, name=user.name, role=role)
