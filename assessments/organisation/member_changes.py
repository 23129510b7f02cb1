"""What changed among the members of a team, and who did it: so that nobody comes, reads and leaves unseen."""

import datetime
import uuid
from dataclasses import dataclass

from django.utils import timezone

from ..models import Event, Membership, Team, User

#: Changes are shown for so long.
SHOWN_FOR = datetime.timedelta(days=365)
SENTENCES = {
    "member.added": "{person} joined as {role}",
    "member.role": "{person} became {role}",
    "member.removed": "{person} left, having been {role}",
    "member.comments": "{person} may read earlier comments",
}
ERASED = "Somebody whose account was deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """`sentence` says what happened to whom, `by` who did it; empty if that was the system or is not known any more."""

    day: datetime.date
    sentence: str
    by: str


def member_changes(team: Team) -> list[MemberChange]:
    """Those of the last year, the newest first."""
    events = Event.objects.filter(team=team, kind__in=SENTENCES, at__gte=timezone.now() - SHOWN_FOR)
    events = events.select_related("actor").order_by("-at", "-pk")
    people = User.objects.in_bulk({_person_id(event) for event in events} - {None})
    return [_change(event, team, people) for event in events]


def _person_id(event: Event) -> uuid.UUID | None:
    return uuid.UUID(event.data["person"]) if event.data.get("person") else None


def _change(event: Event, team: Team, people: dict) -> MemberChange:
    role = event.data.get("role", "")
    name = Membership.Role(role).label.lower() if role in Membership.Role.values else role
    person = people.get(_person_id(event), ERASED)
    return MemberChange(
        day=team.day_of(event.at),
        sentence=SENTENCES[event.kind].format(person=person, role=name),
        by=str(event.actor or ""),
    )
