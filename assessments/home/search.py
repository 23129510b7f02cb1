"""Searching teams, people and criteria, each only as far as the person may open the page of what is found."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _

from ..models import Criterion, Edition, Membership, Team, User
from ..models.framework_texts import FrameworkText, filled
from ..permissions.roles import Permission, may_in_site

#: So many of each kind are shown.
MOST = 20
#: A single letter is in almost every name.
SHORTEST = 2
#: A longer text is cut: nobody looks for that much.
LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something that was found; `about` says where it belongs."""

    title: str
    about: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HitGroup:
    """What was found of one kind; `has_more` is whether only the first are shown."""

    title: str
    hits: list[Hit]
    has_more: bool


def search(user: User, words: str) -> list[HitGroup]:
    """The kinds of which something was found. At most five queries, each with a limit."""
    if len(words) < SHORTEST:
        return []
    kinds: list[tuple[str, Callable[[User, str], list[Hit]]]] = [
        (_("Teams"), _teams),
        (_("People"), _people),
        (_("Criteria"), _criteria),
    ]
    groups = []
    for title, find in kinds:
        hits = find(user, words)
        if hits:
            groups.append(HitGroup(title=title, hits=hits[:MOST], has_more=len(hits) > MOST))
    return groups


def _teams(user: User, words: str) -> list[Hit]:
    """Teams whose page the person may open."""
    teams = Team.objects.visible_to(user).matching(words).select_related("unit").order_by(Lower("name"), "pk")
    return [Hit(title=team.name, about=str(team.unit), address=team.get_absolute_url()) for team in teams[: MOST + 1]]


def _people(user: User, words: str) -> list[Hit]:
    """People with an account, for those who manage accounts; for the others, who is in a team with them."""
    if may_in_site(is_administrator=user.is_administrator, action=Permission.MANAGE_ACCOUNTS):
        people = User.objects.matching(words).order_by(Lower("name"), "pk")[: MOST + 1]
        return [
            Hit(title=str(person), about=person.email, address=reverse("account-edit", args=[person.pk]))
            for person in people
        ]
    # Their page of members has names and no emails, so emails are not searched.
    roles = Membership.objects.filter(team__in=Team.objects.visible_to(user), user__name__icontains=words)
    roles = roles.select_related("user", "team").order_by(Lower("user__name"), "user", Lower("team__name"))
    return [
        Hit(title=role.user.name, about=role.team.name, address=reverse("team-members", args=[role.team.pk]))
        for role in roles[: MOST + 1]
        if role.team is not None
    ]


def _criteria(user: User, words: str) -> list[Hit]:
    """Criteria of the version of each framework that is offered first."""
    editions = _editions_in_use()
    wanted = Q(statement__icontains=words) | Q(name__icontains=words) | Q(dimension__name__icontains=words)
    rows = Criterion.objects.filter(wanted, edition__in=list(editions)).select_related("dimension")
    hits = []
    for criterion in rows.order_by("edition__framework__name", "order")[: MOST + 1]:
        edition = editions[criterion.edition_id]
        dimension = FrameworkText(criterion.dimension.name, edition.language)
        about = filled(_("{framework}, {dimension}"), framework=edition.title, dimension=dimension)
        address = reverse("criterion-history", args=[edition.framework.key, criterion.key])
        hits.append(Hit(title=FrameworkText(criterion.title, edition.language), about=about, address=address))
    return hits


def _editions_in_use() -> dict:
    """By id."""
    editions: dict = {}
    for edition in Edition.objects.published().select_related("framework"):
        editions.setdefault(edition.framework_id, edition)
    return {edition.pk: edition for edition in editions.values()}
