"""What changed among the members of a team and who did it, so that nobody can join, read and leave unseen."""

import datetime
import uuid
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy

from ..models import Event, Membership, Team, User

#: How long changes are shown.
SHOWN_FOR = datetime.timedelta(days=365)
#: How long a removal can be undone.
UNDONE_WITHIN = datetime.timedelta(days=30)
SENTENCES = {
    "member.added": gettext_lazy("{person} joined as {role}"),
    "member.role": gettext_lazy("{person} became {role}"),
    "member.removed": gettext_lazy("{person} left, role: {role}"),
    "member.restored": gettext_lazy("{person} is back as {role}"),
    "member.comments": gettext_lazy("{person} can now read earlier comments"),
}
ERASED = gettext_lazy("Someone whose account was deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """`sentence` says what happened to which person, `by` who did it: empty for the system or a deleted account.

    `removal` is the id of an event that can be undone, with the `person` it is about, or None.
    """

    day: datetime.date
    sentence: str
    by: str
    person: str = ""
    removal: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEntry:
    """The same for programs: `person` and `by` are None if their account was deleted; nobody may have done it."""

    pk: int
    day: datetime.date
    kind: str
    role: str
    person: User | None
    by: User | None


def member_entries(team: Team, *, after: int, limit: int) -> list[MemberEntry]:
    """The first changes of the last year after an entry of the journal, oldest first."""
    events = Event.objects.filter(team=team, kind__in=SENTENCES, at__gte=timezone.now() - SHOWN_FOR, pk__gt=after)
    rows = list(events.select_related("actor").order_by("pk")[:limit])
    people = User.objects.in_bulk({_person_id(event) for event in rows} - {None})
    entries = []
    for event in rows:
        person_id = _person_id(event)
        entries.append(
            MemberEntry(
                pk=event.pk,
                day=team.day_of(event.at),
                kind=event.kind,
                role=event.data.get("role", ""),
                person=people.get(person_id) if person_id else None,
                by=event.actor,
            )
        )
    return entries


def removal_or_none(team: Team, pk: int) -> Event | None:
    """A removal that can still be undone."""
    since = timezone.now() - UNDONE_WITHIN
    return Event.objects.filter(team=team, pk=pk, kind="member.removed", at__gte=since).first()


def member_changes(team: Team) -> list[MemberChange]:
    """The changes of the last year, newest first."""
    events = Event.objects.filter(team=team, kind__in=SENTENCES, at__gte=timezone.now() - SHOWN_FOR)
    events = events.select_related("actor").order_by("-at", "-pk")
    people = User.objects.in_bulk({_person_id(event) for event in events} - {None})
    present = set(team.memberships.values_list("user_id", flat=True))
    changes = []
    told: set[uuid.UUID | None] = set()
    for event in events:
        person_id = _person_id(event)
        # Only the newest removal of somebody who is not back; earlier ones have been answered by a later change.
        can_be_undone = (
            event.kind == "member.removed"
            and person_id in people
            and person_id not in present | told
            and event.at >= timezone.now() - UNDONE_WITHIN
        )
        told.add(person_id)
        changes.append(_change(event, team, people, can_be_undone=can_be_undone))
    return changes


def _person_id(event: Event) -> uuid.UUID | None:
    return uuid.UUID(event.data["person"]) if event.data.get("person") else None


def _change(event: Event, team: Team, people: dict[uuid.UUID, User], *, can_be_undone: bool) -> MemberChange:
    role = event.data.get("role", "")
    role_name = Membership.Role(role).label if role in Membership.Role.values else role
    person: User | str | None = None
    if person_id := _person_id(event):
        person = people.get(person_id)
    return MemberChange(
        day=team.day_of(event.at),
        sentence=SENTENCES[event.kind].format(person=person or ERASED, role=role_name),
        by=str(event.actor or ""),
        person=str(person or ""),
        removal=event.pk if can_be_undone else None,
    )
