"""What adding people and teams in bulk would do, line by line, before anything is stored."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from ..models import Membership, Team, Unit, User
from ..models.bulk_adding import BulkEntry
from .people_lines import PeopleLines, PersonLine, read_people_lines

#: Between the names of a unit and the one above it.
BELOW = " > "
#: So many emails are looked up in one query.
EMAILS_AT_ONCE = 500

NEW, CHANGE, KNOWN, PROBLEM = "new", "change", "known", "problem"
#: In which order the page shows them: first what needs a look.
ORDER = (PROBLEM, CHANGE, NEW, KNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """A line and what it would do: `kind` is one of ORDER, `notes` say it in sentences."""

    line: PersonLine
    kind: str
    notes: list[str]
    entry: BulkEntry | None = None

    @property
    def unit(self) -> str:
        """The unit that the line means, with those above it."""
        return BELOW.join(self.entry.unit) if self.entry else ""

    @property
    def role_label(self) -> str:
        return str(Membership.Role(self.line.role).label) if self.line.role else ""


@dataclass(slots=True, kw_only=True)
class PeoplePlan:
    """Every line of a text with what it would do; the sums count what would be new, each thing once."""

    header: str
    planned: list[PlannedLine] = field(default_factory=list)
    new_people: int = 0
    new_units: int = 0
    new_teams: int = 0
    new_roles: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, planned: PlannedLine) -> None:
        self.planned.append(planned)
        self.counts[planned.kind] += 1

    @property
    def entries(self) -> list[BulkEntry]:
        """What the lines without a problem ask for."""
        return [planned.entry for planned in self.planned if planned.entry is not None]

    @property
    def has_something_to_add(self) -> bool:
        return bool(self.counts[NEW] or self.counts[CHANGE])

    @property
    def usable(self) -> int:
        return len(self.planned) - self.counts[PROBLEM]

    def first(self, number: int) -> list[PlannedLine]:
        """So many lines, those that need a look first."""
        return sorted(self.planned, key=lambda planned: ORDER.index(planned.kind))[:number]

    def seen(self) -> str:
        """What a page says that showed this plan, to notice that it would do something else by now."""
        said = hashlib.sha256()
        for planned in self.planned:
            said.update(repr((planned.line.text, planned.kind, planned.notes)).encode("utf-8", "surrogatepass"))
        return said.hexdigest()

    def problem_text(self) -> str:
        """The lines with a problem as they were given, below the names of the columns, to be corrected."""
        lines = [planned.line.text for planned in self.planned if planned.kind == PROBLEM]
        return "\n".join([self.header, *lines] if self.header else lines)


def plan_people(text: str) -> PeoplePlan:
    """What these lines would do to what is stored now. The number of queries grows by the hundred people only."""
    read = read_people_lines(text)
    return _Comparison(read).plan()


class _Comparison:
    """Lines beside what is stored."""

    def __init__(self, read: PeopleLines) -> None:
        self.read = read
        usable = [line for line in read.lines if not line.problem]
        self.units = UnitPaths(Unit.objects.all())
        self.people = _people_at(line.email.lower() for line in usable)
        names = {line.team.lower() for line in usable if line.team}
        self.teams: dict[tuple[int, str], Team] = {}
        self.teams_by_name: dict[str, list[Team]] = {}
        for team in Team.objects.only("pk", "name", "unit_id"):
            if (key := team.name.lower()) in names:
                self.teams[team.unit_id, key] = team
                self.teams_by_name.setdefault(key, []).append(team)
        self.roles = _roles_of(self.people.values())
        #: What earlier lines already say, in lower case.
        self.new_emails: set[str] = set()
        self.new_paths: set[tuple[str, ...]] = set()
        self.new_teams: set[tuple[tuple[str, ...], str]] = set()
        self.said_roles: dict[tuple[str, tuple[str, ...], str], PersonLine] = {}

    def plan(self) -> PeoplePlan:
        plan = PeoplePlan(header=self.read.header)
        for line in self.read.lines:
            plan.add(self._planned(line))
        plan.new_people = len(self.new_emails)
        plan.new_units = len(self.new_paths)
        plan.new_teams = len(self.new_teams)
        plan.new_roles = sum(1 for planned in plan.planned if planned.kind == NEW and planned.line.role)
        return plan

    def _planned(self, line: PersonLine) -> PlannedLine:
        if line.problem:
            return _problem(line, line.problem)
        path, problem = self._path_of(line)
        if problem:
            return _problem(line, problem)
        key = _lower(path)
        place = (line.email.lower(), key, line.team.lower())
        before = self.said_roles.setdefault(place, line)
        if before is not line and before.role != line.role:
            sentence = _("Line {number} gives this person another role in the same place. Keep one of the two.")
            return _problem(line, sentence.format(number=before.number))
        entry = BulkEntry(email=line.email, name=line.name, unit=path, team=line.team, role=line.role)
        if before is not line:
            return PlannedLine(
                line=line, kind=KNOWN, notes=[_("The same as line {number}.").format(number=before.number)], entry=entry
            )
        return self._compared(line, path, entry)

    def _path_of(self, line: PersonLine) -> tuple[tuple[str, ...], str]:
        """The unit that a line means, from the top, and what is wrong with it."""
        if not line.unit and line.team:
            same = self.teams_by_name.get(line.team.lower(), [])
            if len(same) == 1:
                return self.units.path_of(same[0].unit_id), ""
            if same:
                return (), _("Several units have a team with this name. Write the unit too.")
            return (), _("This team is new. Write the unit it belongs to.")
        return self.units.meant_by(line.unit)

    def _compared(self, line: PersonLine, path: tuple[str, ...], entry: BulkEntry) -> PlannedLine:
        notes: list[str] = []
        kind = KNOWN
        email, key = line.email.lower(), _lower(path)
        user = self.people.get(email)
        if user is None and email not in self.new_emails:
            self.new_emails.add(email)
            notes.append(_("New account"))
            kind = NEW
        unit = self.units.at(key)
        for depth in range(1, len(key) + 1):
            part = key[:depth]
            if self.units.at(part) is None and part not in self.new_paths:
                self.new_paths.add(part)
                notes.append(_("New unit {unit}").format(unit=BELOW.join(path[:depth])))
                kind = NEW
        team = self.teams.get((unit, line.team.lower())) if unit and line.team else None
        if line.team and team is None and (key, line.team.lower()) not in self.new_teams:
            self.new_teams.add((key, line.team.lower()))
            notes.append(_("New team {team}").format(team=line.team))
            kind = NEW
        if line.role:
            present = self._present_role(user, unit, team, line.role)
            label = Membership.Role(line.role).label
            if not present:
                notes.append(_("Joins as {role}").format(role=label))
                kind = NEW
            elif present != line.role:
                old = Membership.Role(present).label
                notes.append(_("Is {old} now, the line says {new}").format(old=old, new=label))
                kind = CHANGE
            else:
                notes.append(_("Is {role} already").format(role=label))
        elif user is not None:
            notes.append(_("Has an account already"))
        if user is not None and line.name and line.name != user.name:
            notes.append(_("The name stays {name}").format(name=user.name or user.email))
        if user is not None and not user.is_active:
            notes.append(_("Cannot sign in: the account is locked"))
        return PlannedLine(line=line, kind=kind, notes=notes, entry=entry)

    def _present_role(self, user: User | None, unit: int | None, team: Team | None, role: str) -> str:
        if user is None:
            return ""
        if role == Membership.Role.MANAGER:
            return self.roles.get((user.pk, None, unit), "") if unit else ""
        return self.roles.get((user.pk, team.pk, None), "") if team else ""


def _problem(line: PersonLine, sentence: str) -> PlannedLine:
    return PlannedLine(line=replace(line, problem=sentence), kind=PROBLEM, notes=[sentence])


def _lower(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in path)


def _people_at(emails: Iterable[str]) -> dict[str, User]:
    """Accounts by email in lower case."""
    wanted = list(dict.fromkeys(emails))
    people = {}
    for start in range(0, len(wanted), EMAILS_AT_ONCE):
        some = wanted[start : start + EMAILS_AT_ONCE]
        for user in User.objects.annotate(email_lower=Lower("email")).filter(email_lower__in=some):
            people[user.email.lower()] = user
    return people


def _roles_of(people: Iterable[User]) -> dict[tuple[UUID, UUID | None, int | None], str]:
    """Their roles by person and team or unit."""
    ids = [user.pk for user in people]
    roles: dict[tuple[UUID, UUID | None, int | None], str] = {}
    for start in range(0, len(ids), EMAILS_AT_ONCE):
        some = Membership.objects.filter(user__in=ids[start : start + EMAILS_AT_ONCE])
        for user, team, unit, role in some.values_list("user_id", "team_id", "unit_id", "role"):
            roles[user, team, unit] = role
    return roles


class UnitPaths:
    """Units by their names from the top."""

    def __init__(self, units: Iterable[Unit]) -> None:
        by_pk = {unit.pk: unit for unit in units}
        self._paths = {unit.pk: _path(unit, by_pk) for unit in by_pk.values()}
        self._by_path = {_lower(path): pk for pk, path in self._paths.items()}
        self._whole: dict[str, list[int]] = {}
        for pk, path in self._paths.items():
            for written in {path[-1].lower(), BELOW.join(path).lower()}:
                self._whole.setdefault(written, []).append(pk)

    def path_of(self, unit: int) -> tuple[str, ...]:
        return self._paths[unit]

    def written(self, unit: int) -> str:
        """The unit as the file has it; `meant_by` understands it."""
        return BELOW.join(self._paths[unit])

    def at(self, path: tuple[str, ...]) -> int | None:
        """The id of the unit with these names in lower case."""
        return self._by_path.get(path)

    def meant_by(self, text: str) -> tuple[tuple[str, ...], str]:
        """The names of the unit that this text means, stored or new, and what is wrong with it.

        A name alone is the unit with this name, wherever it is in the tree, the one at the top if there are several; a
        new one is at the top.
        """
        if not text:
            return (), ""
        same = self._whole.get(text.lower(), [])
        if len(same) == 1:
            return self._paths[same[0]], ""
        path = tuple(part.strip() for part in text.split(BELOW.strip()))
        if unit := self.at(_lower(path)):
            return self._paths[unit], ""
        if same:
            sentence = _("Several units are called {unit}. Write the units above it too: {example}.")
            return (), sentence.format(unit=text, example=self.written(same[0]))
        if not all(path):
            return (), _("A name is missing beside “>”.")
        if any(len(name) > Unit._meta.get_field("name").max_length for name in path):  # type: ignore[operator]
            return (), _("The name of the unit is too long.")
        return path, ""


def _path(unit: Unit, by_pk: dict[int, Unit]) -> tuple[str, ...]:
    """Names from the top; a unit that is below itself, which `Unit.change` prevents, ends the walk."""
    names, seen = [unit.name], {unit.pk}
    while unit.parent_id and unit.parent_id not in seen:
        unit = by_pk[unit.parent_id]
        seen.add(unit.pk)
        names.append(unit.name)
    return tuple(reversed(names))
