"""What changed among the members of a team and who did it, so that nobody can join, read and leave unseen."""

import datetime
import uuid
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy

from ..models import Event, Membership, Team, User

#: How long changes are shown.
SHOWN_FOR = datetime.timedelta(days=365)
SENTENCES = {
    "member.added": gettext_lazy("{person} joined as {role}"),
    "member.role": gettext_lazy("{person} became {role}"),
    "member.removed": gettext_lazy("{person} left, role: {role}"),
    "member.comments": gettext_lazy("{person} can now read earlier comments"),
}
ERASED = gettext_lazy("Someone whose account was deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """`sentence` says what happened to which person, `by` who did it: empty for the system or a deleted account."""

    day: datetime.date
    sentence: str
    by: str


def member_changes(team: Team) -> list[MemberChange]:
    """The changes of the last year, newest first."""
    events = Event.objects.filter(team=team, kind__in=SENTENCES, at__gte=timezone.now() - SHOWN_FOR)
    events = events.select_related("actor").order_by("-at", "-pk")
    people = User.objects.in_bulk({_person_id(event) for event in events} - {None})
    return [_change(event, team, people) for event in events]


def _person_id(event: Event) -> uuid.UUID | None:
    return uuid.UUID(event.data["person"]) if event.data.get("person") else None


def _change(event: Event, team: Team, people: dict[uuid.UUID, User]) -> MemberChange:
    role = event.data.get("role", "")
    role_name = Membership.Role(role).label if role in Membership.Role.values else role
    person: User | str | None = None
    if person_id := _person_id(event):
        person = people.get(person_id)
    return MemberChange(
        day=team.day_of(event.at),
        sentence=SENTENCES[event.kind].format(person=person or ERASED, role=role_name),
        by=str(event.actor or ""),
    )
