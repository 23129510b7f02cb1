"""Adding many people, teams and units at once. Doing it again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Lower

from .accounts import User, is_email
from .assessments import Assessment
from .journal import Event
from .outbox import Mail
from .teams import Membership, Team, Unit
from .writing import writing

#: So many entries are one transaction: others who write wait for no longer than that.
ENTRIES_AT_ONCE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkEntry:
    """Somebody to add. `unit` are the names of a unit and those above it, from the top; with a team the role is in it.

    Without a team and with the role of a manager it is for the unit, and without any role the account is all.
    """

    email: str
    name: str = ""
    unit: tuple[str, ...] = ()
    team: str = ""
    role: str = ""

    @property
    def email_key(self) -> str:
        return self.email.lower()


@dataclass(slots=True, kw_only=True)
class BulkAdded:
    """How many were created; how many roles were changed."""

    people: int = 0
    units: int = 0
    teams: int = 0
    memberships: int = 0
    roles: int = 0


def add_in_bulk(entries: Sequence[BulkEntry], *, by: User, changes_roles: bool, mails_links: bool) -> BulkAdded:
    """Creates the accounts, units, teams and roles that do not exist yet.

    Somebody who has another role in a team keeps it, unless `changes_roles`. With `mails_links` each new account is
    sent a link to set a password. Some entries are one transaction: if a later one fails, the same entries can be added
    again.
    """
    added = BulkAdded()
    for start in range(0, len(entries), ENTRIES_AT_ONCE):
        some = entries[start : start + ENTRIES_AT_ONCE]
        _Batch(some, by=by, added=added).store(changes_roles=changes_roles, mails_links=mails_links)
    return added


@dataclass(slots=True)
class _Batch:
    """Entries that are stored in one transaction."""

    entries: Sequence[BulkEntry]
    by: User = field(kw_only=True)
    added: BulkAdded = field(kw_only=True)
    events: list[Event] = field(default_factory=list)

    def store(self, *, changes_roles: bool, mails_links: bool) -> None:
        people = self._known_people()
        with writing(self.by, *people.values()):
            new_people = self._add_people(people)
            units = self._units()
            teams = self._teams(units)
            self._add_members(people, units, teams, changes_roles=changes_roles)
            self._add_managers(people, units)
            if mails_links:
                Mail.objects.queue_for_all(new_people, Mail.Kind.NEW_ACCOUNT, by=self.by)
            Event.objects.bulk_create(self.events)

    def _note(self, kind: str, team: Team | None = None, **data: str | int | bool) -> None:
        self.events.append(Event(kind=kind, actor=self.by, team=team, data=data))

    def _known_people(self) -> dict[str, User]:
        """By email in lower case."""
        emails = {entry.email_key for entry in self.entries}
        found = User.objects.annotate(email_lower=Lower("email")).filter(email_lower__in=emails)
        return {user.email.lower(): user for user in found}

    def _add_people(self, people: dict[str, User]) -> list[User]:
        """Creates the missing ones and puts them among `people`; returns them."""
        missing: dict[str, User] = {}
        for entry in self.entries:
            if entry.email_key in people:
                continue
            user = missing.setdefault(entry.email_key, User(email=User.objects.normalize_email(entry.email)))
            user.name = user.name or entry.name
        for user in missing.values():
            user.set_unusable_password()
        User.objects.bulk_create(missing.values(), ignore_conflicts=True)
        stored = set(User.objects.filter(pk__in=[user.pk for user in missing.values()]).values_list("pk", flat=True))
        new_people = []
        for key, user in missing.items():
            if user.pk in stored:
                people[key] = user
                new_people.append(user)
                self._note("account.added", person=str(user.pk), administrator=False)
            else:
                # Somebody else was quicker, or the database knows the email in other letters.
                people[key] = User.objects.with_email(user.email).get()
        self.added.people += len(new_people)
        return new_people

    def _units(self) -> dict[tuple[str, ...], Unit]:
        """The unit of each entry by its names in lower case, created if it is missing."""
        # All are locked, as in `Unit.change`: nobody moves or deletes one meanwhile.
        stored = {
            (unit.parent_id, unit.name.lower()): unit
            for unit in Unit.objects.select_for_update(no_key=True).order_by("pk")
        }
        units: dict[tuple[str, ...], Unit] = {}
        for path in {entry.unit for entry in self.entries if entry.unit}:
            above: Unit | None = None
            for name in path:
                place = (above.pk if above else None, name.lower())
                unit = stored.get(place)
                if unit is None and not name.isascii():
                    # The database may know other pairs of capital and small letters than Python.
                    unit = Unit.objects.filter(is_email("name", name), parent=above).first()
                if unit is None:
                    unit = Unit.objects.create(name=name, parent=above)
                    self.added.units += 1
                    self._note("unit.added", unit=unit.pk)
                stored[place] = above = unit
            if above is not None:
                units[_key_of(path)] = above
        return units

    def _teams(self, units: dict[tuple[str, ...], Unit]) -> dict[tuple[int, str], Team]:
        """The team of each entry by the id of its unit and its name in lower case, created if it is missing."""
        named: dict[tuple[int, str], str] = {}
        for entry in self.entries:
            if entry.team:
                named.setdefault((units[_key_of(entry.unit)].pk, entry.team.lower()), entry.team)
        in_units = Team.objects.filter(unit__in={unit for unit, _name in named})
        wanted = [
            pk for pk, unit, name in in_units.values_list("pk", "unit_id", "name") if (unit, name.lower()) in named
        ]
        locked = Team.objects.filter(pk__in=wanted).select_for_update(no_key=True).order_by("pk")
        teams = {(team.unit_id, team.name.lower()): team for team in locked}
        for (unit_id, key), name in named.items():
            if (unit_id, key) in teams:
                continue
            team = None
            if not name.isascii():
                same = Team.objects.filter(is_email("name", name), unit=unit_id)
                team = same.select_for_update(no_key=True).first()
            if team is None:
                team = Team.objects.create(unit_id=unit_id, name=name)
                self.added.teams += 1
                self._note("team.added", team=team, unit=unit_id)
            teams[unit_id, key] = team
        return teams

    def _add_members(
        self,
        people: dict[str, User],
        units: dict[tuple[str, ...], Unit],
        teams: dict[tuple[int, str], Team],
        *,
        changes_roles: bool,
    ) -> None:
        memberships = {
            (membership.team_id, membership.user_id): membership
            for membership in Membership.objects.filter(team__in=teams.values(), user__in=people.values())
        }
        missing: dict[tuple[UUID | None, UUID], Membership] = {}
        for entry in self.entries:
            if not entry.team:
                continue
            team = teams[units[_key_of(entry.unit)].pk, entry.team.lower()]
            user = people[entry.email_key]
            present = memberships.get((team.pk, user.pk))
            if present is None:
                missing.setdefault((team.pk, user.pk), Membership(team=team, user=user, role=entry.role))
            elif present.role != entry.role and changes_roles:
                # The loaded team is the locked one, and the person the one held.
                present.user = user
                team.give_role(present, entry.role, by=self.by, seen=None)
                self.added.roles += 1
        Membership.objects.bulk_create(missing.values())
        self.added.memberships += len(missing)
        for membership in missing.values():
            self._note("member.added", membership.team, person=str(membership.user_id), role=membership.role)
        self._ask(list(missing.values()))

    def _ask(self, joined: list[Membership]) -> None:
        """Puts those who answer on the lists of the assessments that are gathering answers."""
        answering: dict[UUID | None, list[User]] = {}
        for membership in joined:
            if membership.role in Membership.ANSWERING:
                answering.setdefault(membership.team_id, []).append(membership.user)
        for assessment in Assessment.objects.filter(team__in=list(answering)).gathering().held():
            for user in answering[assessment.team_id]:
                assessment.ask(user)

    def _add_managers(self, people: dict[str, User], units: dict[tuple[str, ...], Unit]) -> None:
        for entry in self.entries:
            if entry.role != Membership.Role.MANAGER:
                continue
            unit, user = units[_key_of(entry.unit)], people[entry.email_key]
            _membership, created = Membership.objects.get_or_create(unit=unit, user=user, defaults={"role": entry.role})
            if created:
                user.begin_anew()
                self.added.memberships += 1
                self._note("manager.added", unit=unit.pk, person=str(user.pk))


def _key_of(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in path)
