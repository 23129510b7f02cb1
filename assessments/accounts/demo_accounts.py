"""The demo accounts as the sign-in page lists them: a few to begin with, then everybody."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from ..models import Assessment, Membership, Team, User

#: The page lists no more than this: a large demo organisation has thousands.
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

    @property
    def lists_all(self) -> bool:
        return len(self.others) == self.more


def holds_real_data() -> bool:
    """Whether there is a team or an account outside the demo organisation. Two queries."""
    return User.objects.filter(is_demo=False).exists() or Team.objects.filter(is_demo=False).exists()


def demo_is_open() -> bool:
    """Whether one-click sign-in is on: in demo mode, and only while the demo organisation is all there is."""
    return settings.DEMO and not holds_real_data()


def demo_accounts() -> DemoAccounts:
    """One account of each role first, from a team that is being asked, then the others; each with its role and place.

    Two queries.
    """
    users = {user.pk: user for user in User.objects.filter(is_demo=True, is_active=True)}
    administrators = [_account(user, _("Administrator")) for user in users.values() if user.is_administrator]

    is_being_asked = Exists(Assessment.objects.open().filter(team=OuterRef("team")))
    memberships = Membership.objects.filter(user__in=users).select_related("team", "unit").annotate(busy=is_being_asked)
    first_of_role: dict[str, DemoAccount] = {}
    others = administrators[1:]
    teams = set()
    for membership in memberships.order_by("-busy", "team__name", "pk"):
        account = _account(users[membership.user_id], _role_and_place(membership))
        if membership.role in first_of_role:
            others.append(account)
        else:
            first_of_role[membership.role] = account
        if membership.team_id:
            teams.add(membership.team_id)

    roles = [Membership.Role.LEAD, Membership.Role.MEMBER, Membership.Role.MANAGER, Membership.Role.VIEWER]
    first = administrators[:1] + [first_of_role[role] for role in roles if role in first_of_role]
    others.sort(key=lambda account: account.role)
    return DemoAccounts(first=first, others=others[:MOST], more=len(others), teams=len(teams))


def _role_and_place(membership: Membership) -> str:
    return _("{role}, {place}").format(role=membership.get_role_display(), place=membership.team or membership.unit)


def _account(user: User, role: str) -> DemoAccount:
    return DemoAccount(email=user.email, name=user.name, role=role)
