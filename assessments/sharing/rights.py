"""Who of the people who made links may still make them: a link ends with the right of its maker."""

from collections.abc import Iterable
from uuid import UUID

from ..models import Badge, Membership, ShareLink, Team, Unit
from ..permissions import roles as policy
from ..permissions.roles import Permission


def makers_with_right(links: Iterable[ShareLink | Badge], *, of: Team | Unit) -> set[UUID]:
    """The ids of makers who may share what these links lead to: results of one team, or the portfolio of one unit.

    Whoever may not sign in has lost the right. At most two queries, whatever the number of links.
    """
    team, unit_id = (of, of.unit_id) if isinstance(of, Team) else (None, of.pk)
    action = Permission.SHARE_PORTFOLIO if team is None else Permission.SHARE_RESULT
    makers = {link.made_by for link in links if link.made_by is not None and link.made_by.may_sign_in}
    roles = {maker.pk: {policy.ADMINISTRATOR} if maker.is_administrator else set[str]() for maker in makers}
    memberships = list(Membership.objects.filter(user__in=makers))
    # Only managers of units need the tree.
    manages = any(membership.unit_id for membership in memberships)
    above = Unit.objects.with_those_above(unit_id) if manages else set[int]()
    for membership in memberships:
        is_own = team is not None and membership.team_id == team.pk
        if is_own or membership.unit_id in above:
            roles[membership.user_id].add(membership.role)
    return {pk for pk, granted in roles.items() if policy.may_in_team(granted, action)}


def may_still_be_shared(link: ShareLink) -> bool:
    """Whether the maker of this link still has the right to make it."""
    of = link.result.team if link.result else link.unit
    return of is not None and link.made_by_id in makers_with_right([link], of=of)
