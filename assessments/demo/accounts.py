"""The demo accounts as the sign-in page lists them: a few to begin with, then everybody."""

from dataclasses import dataclass

from ..models import Membership, User

ROLES = {"lead": "Lead", "member": "Member", "viewer": "Viewer", "manager": "Manager"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    email: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccounts:
    first: list[DemoAccount]
    others: list[DemoAccount]


def demo_accounts() -> DemoAccounts:
    """One account of each role first, each with what it is in the organisation. Two queries."""
    users = {user.pk: user for user in User.objects.filter(is_demo=True, is_active=True)}
    told = [_account(user, "Administrator") for user in users.values() if user.is_administrator]
    memberships = Membership.objects.filter(user__is_demo=True).select_related("team", "unit")
    first_of: dict[str, DemoAccount] = {}
    others = []
    for membership in memberships.order_by("-team__assessments__status", "team__name", "pk").distinct():
        account = _account(users[membership.user_id], f"{ROLES[membership.role]}, {membership.team or membership.unit}")
        if first_of.setdefault(membership.role, account) is not account:
            others.append(account)
    first = told[:1] + [first_of[role] for role in ("lead", "member", "manager", "viewer") if role in first_of]
    return DemoAccounts(first=first, others=sorted(told[1:] + others, key=lambda account: account.role))


def _account(user: User, role: str) -> DemoAccount:
    return DemoAccount(email=user.email, name=user.name, role=role)
