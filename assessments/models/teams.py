"""The organisation: a tree of units, teams, and the roles of people in them."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .addresses import kept_address
from .built_once import BuiltOnce
from .journal import Event
from .names import NameField
from .refusals import Refused
from .revisions import Revised
from .writing import writing

if TYPE_CHECKING:
    from .trackers import Tracker


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        message = _("“{name}” is not a known time zone. Choose one such as Europe/Berlin.")
        raise ValidationError(message.format(name=value))


def default_time_zone() -> str:
    return settings.TIME_ZONE


TEAM_GONE = gettext_lazy("This team has been deleted.")


class LastLead(Refused):
    """A team would be left without a lead."""


class StillInUse(Refused):
    """The row cannot be deleted, because other rows still belong to it."""


class UnitQuerySet(models.QuerySet["Unit"]):
    def subtree_ids(self, roots: Iterable[int]) -> set[int]:
        """Ids of the given units and of everything below them. Units are few: the tree is walked in memory."""
        children: dict[int | None, list[int]] = {}
        for pk, parent in Unit.objects.values_list("pk", "parent_id"):
            children.setdefault(parent, []).append(pk)
        subtree = set()
        to_visit = list(roots)
        while to_visit:
            pk = to_visit.pop()
            if pk not in subtree:
                subtree.add(pk)
                to_visit += children.get(pk, [])
        return subtree

    def managed_by(self, user: User) -> set[int]:
        """Ids of the units that this person manages, and of everything below them."""
        managed = [unit for _team, unit in _MEMBERSHIPS.rows(user.pk) if unit]
        # Only managers need the tree.
        return self.subtree_ids(managed) if managed else set()

    def with_those_above(self, unit: int) -> set[int]:
        """The id of the unit, and of each unit above it."""
        parents = dict(Unit.objects.values_list("pk", "parent_id"))
        line: set[int] = set()
        above: int | None = unit
        # Units below each other would lead round in a circle.
        while above is not None and above not in line:
            line.add(above)
            above = parents.get(above)
        return line

    def as_tree(self) -> list["Unit"]:
        """All units, each before the units below it, with `.depth` from 0.

        If units are below each other, which `change` prevents, the first one by name is put at the top: one wrong row
        must not break the pages for everybody.
        """
        units: list[Unit] = list(self.order_by("name"))
        children: dict[int | None, list[Unit]] = {}
        for unit in units:
            children.setdefault(unit.parent_id, []).append(unit)
        ordered: dict[int, Unit] = {}

        def walk(unit: "Unit", depth: int) -> None:
            unit.depth = depth
            ordered[unit.pk] = unit
            for below in children.get(unit.pk, []):
                if below.pk not in ordered:
                    walk(below, depth + 1)

        for unit in children.get(None, []):
            walk(unit, 0)
        for unit in units:
            if unit.pk not in ordered:
                unit.parent = None
                walk(unit, 0)
        return list(ordered.values())


class Unit(Revised):
    """A part of the organisation; units form a tree."""

    name = NameField(max_length=120)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=gettext_lazy("part of")
    )
    is_demo = models.BooleanField(default=False, editable=False)

    #: How far below the top it is; set by `as_tree`.
    depth: int

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                "parent",
                name="unit_name_unique_below_parent",
                violation_error_message=gettext_lazy("A unit with this name already exists here."),
            ),
            models.UniqueConstraint(
                Lower("name"),
                condition=Q(parent__isnull=True),
                name="unit_name_unique_at_top",
                violation_error_message=gettext_lazy("A unit with this name already exists at the top level."),
            ),
            models.CheckConstraint(
                condition=~Q(parent=models.F("id")),
                name="unit_not_its_own_parent",
                violation_error_message=gettext_lazy("A unit cannot be part of itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("unit-edit", args=[self.pk])

    def possible_parents(self) -> list["Unit"]:
        """The units that this one can become part of, as a tree: all but itself and those below it."""
        below = Unit.objects.subtree_ids([self.pk])
        return [unit for unit in Unit.objects.as_tree() if unit.pk not in below]

    def add(self, *, by: User) -> "Unit":
        """Stores a new unit."""
        with writing(by):
            self.save(force_insert=True)
            Event.record("unit.added", by=by, unit=self.pk)
        return self

    def change(self, *, by: User, seen: int | None, **values: Any) -> "Unit":
        """Stores another name or another place in the tree.

        Raises Conflict if it was changed since the revision `seen`, ValidationError if it would be below itself.
        """
        with writing(by):
            # All units are locked: somebody may be moving any unit above this one to a place below it.
            units = {unit.pk: unit for unit in Unit.objects.select_for_update(no_key=True).order_by("pk")}
            locked = units.get(self.pk)
            if locked is None:
                raise Refused(_("This unit has been deleted."))
            if locked.take(values, seen=seen):
                locked.clean()
                locked.save()
                Event.record("unit.changed", by=by, unit=self.pk)
        return locked

    def remove(self, *, by: User) -> None:
        """Deletes the unit, once. Raises StillInUse if it has teams or units in it."""
        with writing(by):
            if not Unit.objects.select_for_update().filter(pk=self.pk).first():
                return
            if self.teams.exists() or self.children.exists():
                raise StillInUse(_("{unit} still has teams or units in it. Move them first.").format(unit=self))
            Event.record("unit.deleted", by=by, unit=self.pk)
            self.delete()

    def merge_into(self, other: "Unit", *, by: User) -> None:
        """Moves every team, unit and manager of this one to another, and deletes this one. Teams keep all they have.

        Raises Refused if the other is part of this one, or if both have a team or a unit with the same name. Nothing
        happens if this one has been deleted already.
        """
        managers = list(User.objects.filter(memberships__unit=self))
        with writing(by, *managers):
            # All are locked, as in `change`.
            units = {unit.pk: unit for unit in Unit.objects.select_for_update(no_key=True).order_by("pk")}
            if self.pk not in units:
                return
            if other.pk not in units:
                raise Refused(_("This unit has been deleted."))
            if other.pk in Unit.objects.subtree_ids([self.pk]):
                raise Refused(_("A unit cannot be merged into itself or into a unit below it."))
            if sentences := self.what_forbids_merging(other):
                raise Refused(" ".join(sentences))
            for team in self.teams.select_for_update(no_key=True).order_by("pk"):
                team.unit = other
                team.revision += 1
                team.save(update_fields=["unit", "revision"])
                Event.record("team.changed", by=by, team=team, unit=other.pk)
            for below in self.children.order_by("pk"):
                below.parent = other
                below.revision += 1
                below.save(update_fields=["parent", "revision"])
                Event.record("unit.changed", by=by, unit=below.pk)
            self.group_rules.update(unit=other)
            # A round of the unit goes on with the teams that it has.
            self.rounds.update(unit=other)
            for membership in self.memberships.select_related("user"):
                if not other.memberships.filter(user=membership.user_id).exists():
                    membership.unit = other
                    membership.save(update_fields=["unit"])
                    membership.user.begin_anew()
                    Event.record("manager.added", by=by, unit=other.pk, person=str(membership.user_id))
            Event.record("unit.merged", by=by, unit=self.pk, into=other.pk)
            Unit.objects.filter(pk=self.pk).delete()

    def what_forbids_merging(self, other: "Unit") -> list[str]:
        """Sentences that say why this unit cannot be merged into the other one; empty if nothing does."""
        teams = {name.lower() for name in other.teams.values_list("name", flat=True)}
        units = {unit.name.lower() for unit in other.children.all() if unit.pk != self.pk}
        same = [team.name for team in self.teams.all() if team.name.lower() in teams]
        same += [unit.name for unit in self.children.all() if unit.name.lower() in units]
        sentence = _("Both units have these teams or units: {names}. Rename one of each first.")
        return [sentence.format(names=", ".join(same))] if same else []

    def add_manager(self, *, email: str, name: str, by: User) -> "Membership":
        """Makes somebody manager of this unit and everything below it, and creates the account if there is none."""
        with writing(by, User.objects.at_address(email)):
            if not Unit.objects.select_for_update(no_key=True).filter(pk=self.pk).first():
                raise Refused(_("This unit has been deleted."))
            user, _is_new = User.objects.for_address(email, name=name)
            membership, created = Membership.objects.get_or_create(
                unit=self, user=user, defaults={"role": Membership.Role.MANAGER}
            )
            if created:
                user.begin_anew()
                Event.record("manager.added", by=by, unit=self.pk, person=str(user.pk))
            membership.decide_by_hand()
        return membership

    def take_manager(self, user: User, *, by: User | None) -> None:
        """Makes somebody manager because of their groups, for whoever holds them in a transaction."""
        Membership.objects.create(unit=self, user=user, role=Membership.Role.MANAGER, source=Membership.Source.GROUP)
        user.begin_anew()
        Event.record("manager.added", by=by, unit=self.pk, person=str(user.pk))

    def remove_manager(self, membership: "Membership", *, by: User | None) -> None:
        """Removes the role, once."""
        with writing(by):
            deleted, _rows = Membership.objects.filter(pk=membership.pk).delete()
            if deleted:
                Event.record("manager.removed", by=by, unit=self.pk, person=str(membership.user_id))

    def clean(self) -> None:
        if self.pk and self.parent_id and self.parent_id in Unit.objects.subtree_ids([self.pk]):
            raise ValidationError({"parent": _("A unit cannot be part of itself or of a unit below it.")})


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> Self:
        """The teams whose page this person may open: all for an administrator, otherwise through a membership."""
        if not user.is_authenticated:
            return self.none()
        if user.is_administrator:
            return self
        memberships = _MEMBERSHIPS.rows(user.pk)
        own_teams = [team for team, unit in memberships if team]
        own_units = [unit for team, unit in memberships if unit]
        # Only managers of units need the tree.
        units = Unit.objects.subtree_ids(own_units) if own_units else []
        return self.filter(Q(pk__in=own_teams) | Q(unit__in=units))

    def lock(self, pk: uuid.UUID) -> "Team":
        """The team as it is now, locked until the transaction ends. Raises Refused if it was merged into another."""
        locked = self.select_for_update(no_key=True).filter(pk=pk).first()
        if locked is None:
            raise Refused(TEAM_GONE)
        return locked

    def matching(self, words: str) -> Self:
        """Teams whose name or unit name contains these words."""
        return self.filter(Q(name__icontains=words) | Q(unit__name__icontains=words)) if words else self


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatMoves:
    """What goes from one team to another when they are merged; people `in_both` keep their role in the other."""

    results: int
    under_way: int
    actions: int
    targets: int
    members: "list[Membership]"
    in_both: list[User]
    #: The issue tracker of the first, and whether it is left out because the other has its own.
    tracker: "Tracker | None"
    tracker_is_left_out: bool


class Team(Revised):
    """People who share one way of working and are assessed together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="teams")
    name = NameField(max_length=120)
    about = NameField(gettext_lazy("what it does"), max_length=300, blank=True)
    time_zone = models.CharField(max_length=64, default=default_time_zone, validators=[validate_time_zone])
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                "unit",
                name="team_name_unique_in_unit",
                violation_error_message=gettext_lazy("This unit already has a team with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return kept_address("team", self.pk)

    def add(self, *, by: User | None) -> "Team":
        """Stores a new team."""
        with writing(by):
            self.save(force_insert=True)
            Event.record("team.added", by=by, team=self, unit=self.unit_id)
        return self

    def what_forbids_merging(self, other: "Team") -> list[str]:
        """Sentences that say why this team cannot be merged into the other one; empty if nothing does."""
        if self.pk == other.pk:
            return [_("A team cannot be merged into itself.")]
        sentences = []
        own = self.assessments.unfinished().select_related("edition__framework")
        others = other.assessments.unfinished().values_list("edition__framework", flat=True)
        for assessment in own.filter(edition__framework__in=list(others)).order_by("number"):
            sentence = _("Both teams have an assessment of {framework} under way. Close or discard one of them first.")
            sentences.append(sentence.format(framework=assessment.edition.framework))
        if own.filter(results__isnull=False).exists():
            sentence = _("An assessment of {team} was opened again. Close it first.")
            sentences.append(sentence.format(team=self))
        taken = set(other.targets.values_list("framework", "dimension", "due"))
        if taken.intersection(self.targets.values_list("framework", "dimension", "due")):
            sentences.append(_("Both teams have a target for the same part and day. Give up one of them first."))
        imported = other.assessments.filter(provenance__isnull=False).values("provenance__source")
        if self.assessments.filter(provenance__source__in=imported).exists():
            sentences.append(_("Both teams have the same result from another installation. They cannot be merged."))
        return list(dict.fromkeys(sentences))

    def what_moves_to(self, other: "Team") -> "WhatMoves":
        """What `merge_into` would move."""
        here = list(self.memberships.select_related("user"))
        there = set(other.memberships.values_list("user", flat=True))
        return WhatMoves(
            results=self.results.filter(is_current=True).count(),
            under_way=self.assessments.unfinished().count(),
            actions=self.actions.count(),
            targets=self.targets.count(),
            members=[membership for membership in here if membership.user_id not in there],
            in_both=[membership.user for membership in here if membership.user_id in there],
            tracker=getattr(self, "tracker", None),
            tracker_is_left_out=self._leaves_its_tracker_for_that_of(other),
        )

    def merge_into(self, other: "Team", *, by: User) -> None:
        """Moves assessments, results, actions, targets and members to another team, and deletes this one.

        Frozen results keep the name of this team and do not count among those of the other. People who are in both
        keep their role in the other; those who come along see no more of its earlier comments than anyone who joins.
        Badges end, as they would draw another history. Raises Refused with the sentences of `what_forbids_merging`.
        Nothing happens if this team has been deleted already.
        """
        people = list(User.objects.filter(memberships__team=self))
        with writing(by, *people):
            pair = Team.objects.filter(pk__in=[self.pk, other.pk]).order_by("pk")
            teams = {team.pk: team for team in pair.select_for_update(no_key=True)}
            if self.pk not in teams:
                return
            if other.pk not in teams:
                raise Refused(TEAM_GONE)
            # Whoever closes an assessment is let finish, and then nothing new may refer to this team.
            list(self.assessments.select_for_update(no_key=True).order_by("pk"))
            locked = Team.objects.select_for_update().get(pk=self.pk)
            if sentences := locked.what_forbids_merging(other):
                raise Refused(" ".join(sentences))
            locked.results.filter(former_team="").update(former_team=locked._name_beside(other))
            locked.badges.filter(revoked_on=None).update(revoked_on=timezone.localdate())
            known = other.adviser_answers.values("framework")
            locked.adviser_answers.filter(framework__in=known).delete()
            locked._share_rounds_with(other)
            locked._leave_out_months_of(other)
            locked._leave_out_checks_of(other)
            if locked._leaves_its_tracker_for_that_of(other):
                locked.tracker.leave_out()
                Event.record("tracker.removed", by=by, team=other, merged=str(self.pk))
            locked._hand_over(other)
            present = other.memberships.values("user")
            for membership in locked.memberships.exclude(user__in=present).select_related("user"):
                membership.team = other
                membership.reads_comments_since = timezone.now()
                membership.save(update_fields=["team", "reads_comments_since"])
                membership.user.begin_anew()
                person, role = str(membership.user_id), str(membership.role)
                Event.record("member.added", by=by, team=other, person=person, role=role)
            Event.record("team.merged", by=by, team=other, merged=str(self.pk))
            Team.objects.filter(pk=self.pk).delete()

    def _name_beside(self, other: "Team") -> str:
        """The name for frozen results; with the unit if another team of the same name was merged into that one."""
        is_taken = other.results.filter(former_team=self.name).exists()
        return f"{self.name}, {self.unit}"[:120] if is_taken else self.name

    def _share_rounds_with(self, other: "Team") -> None:
        """A round lists a team once: with the assessment that is under way in one of them, else with the other's own.

        Both cannot have one under way: a round is about one framework.
        """
        under_way = self.round_entries.filter(assessment__in=self.assessments.unfinished())
        other.round_entries.filter(round__in=under_way.values("round")).delete()
        self.round_entries.filter(round__in=other.round_entries.values("round")).delete()

    def _leave_out_months_of(self, other: "Team") -> None:
        """There is one value a month: where both teams have one, that of the other team stays."""
        taken = {row.place for row in other.measurements.all()}
        both = [row.pk for row in self.measurements.all() if row.place in taken]
        self.measurements.filter(pk__in=both).delete()

    def _leave_out_checks_of(self, other: "Team") -> None:
        """There is one fact of a source about a criterion: where both teams have one, that of the other team stays."""
        taken = {(row.framework_id, *row.place) for row in other.checks.all()}
        both = [row.pk for row in self.checks.all() if (row.framework_id, *row.place) in taken]
        self.checks.filter(pk__in=both).delete()

    def _leaves_its_tracker_for_that_of(self, other: "Team") -> bool:
        """A team has one issue tracker: where both have one, that of the other team stays."""
        return hasattr(self, "tracker") and hasattr(other, "tracker")

    def _hand_over(self, other: "Team") -> None:
        """Lets every row that would go with this team refer to the other one; people are moved one by one."""
        for relation in Team._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel) or relation.on_delete is not models.CASCADE:
                continue
            rows, name = relation.related_model, relation.field.name
            if rows is not Membership:
                rows._base_manager.filter(**{name: self}).update(**{name: other})

    def change(self, *, by: User, seen: int | None, **values: Any) -> "Team":
        """Stores new values of name, unit, time zone and what the team does.

        Raises Conflict if it was changed since the revision `seen`.
        """
        with writing(by):
            locked = Team.objects.lock(self.pk)
            if locked.take(values, seen=seen):
                locked.save()
                Event.record("team.changed", by=by, team=locked, unit=locked.unit_id)
        return locked

    def today(self) -> datetime.date:
        """The date it is now where the team is."""
        return self.day_of(timezone.now())

    def day_of(self, moment: datetime.datetime) -> datetime.date:
        """The date that it was then where the team is."""
        return timezone.localdate(moment, timezone=ZoneInfo(self.time_zone))

    def leads(self) -> list[User]:
        """Who sees names beside answers, by name."""
        members = self.memberships.filter(role=Membership.Role.LEAD).select_related("user")
        return [member.user for member in members]

    def people_who_answer(self, addresses: Iterable[str] | None = None) -> list[User]:
        """Leads and members; if emails are given, only the people with one of them."""
        people = User.objects.filter(memberships__in=self.memberships.answering())
        if addresses is not None:
            people = people.annotate(lower=Lower("email")).filter(lower__in=[address.lower() for address in addresses])
        return list(people)

    def add_member(self, *, email: str, name: str, role: str, by: User) -> "Membership":
        """Gives the person with this email a role in the team, and creates the account if there is none.

        Raises LastLead if the person is already in the team, as its only lead.
        """
        with writing(by, User.objects.at_address(email)):
            Team.objects.lock(self.pk)
            user, _is_new = User.objects.for_address(email, name=name)
            membership = self.memberships.filter(user=user).first()
            if membership:
                self.give_role(membership, role, by, seen=None)
            else:
                membership = Membership.objects.create(team=self, user=user, role=role)
                Event.record("member.added", by=by, team=self, person=str(user.pk), role=role)
                self._ask_or_unask(user, role)
        return membership

    def change_role(self, membership: "Membership", role: str, *, by: User, seen: int | None) -> None:
        """Raises Conflict if the role was changed since the revision `seen`, LastLead if no lead would be left.

        Nothing happens if the person has already left the team.
        """
        with writing(by, membership.user):
            Team.objects.lock(self.pk)
            if now := self.memberships.filter(pk=membership.pk).first():
                self.give_role(now, role, by, seen)

    def give_role(self, membership: "Membership", role: str, by: User, seen: int | None) -> None:
        """The same as `change_role`, for whoever holds the lock of the team and the person."""
        membership.decide_by_hand()
        if role != membership.role:
            self._refuse_to_lose_its_lead(membership, by)
        if not membership.take({"role": role}, seen=seen):
            return
        membership.save(update_fields=["role", "revision"])
        Event.record("member.role", by=by, team=self, person=str(membership.user_id), role=role)
        self._ask_or_unask(membership.user, role)

    def take_role(self, user: User, role: str | None, *, by: User | None) -> None:
        """Gives somebody the role that their groups give, none if it is None, for whoever holds both.

        What groups give no longer ends, even if the team is left without a lead.
        """
        membership = self.memberships.filter(user=user).first()
        if membership is None and role:
            Membership.objects.create(team=self, user=user, role=role, source=Membership.Source.GROUP)
            Event.record("member.added", by=by, team=self, person=str(user.pk), role=role)
            self._ask_or_unask(user, role)
        if membership is None or membership.source != Membership.Source.GROUP:
            return
        if role is None:
            for assessment in self.assessments.gathering().held():
                assessment.unask(user)
            Event.record("member.removed", by=by, team=self, person=str(user.pk), role=membership.role)
            membership.delete()
        elif membership.take({"role": role}, seen=None):
            membership.save(update_fields=["role", "revision"])
            Event.record("member.role", by=by, team=self, person=str(user.pk), role=role)
            self._ask_or_unask(user, role)

    def _ask_or_unask(self, user: User, role: str) -> None:
        for assessment in self.assessments.gathering().held():
            assessment.ask(user) if role in Membership.ANSWERING else assessment.unask(user)

    def _refuse_to_lose_its_lead(self, membership: "Membership", by: User) -> None:
        """A team without a lead cannot do anything by itself, so only an administrator may leave it without one."""
        leads = self.memberships.filter(role=Membership.Role.LEAD)
        if membership.role == Membership.Role.LEAD and leads.count() == 1 and not by.is_administrator:
            raise LastLead(_("A team needs a lead. Give somebody else that role first."))

    def show_earlier_comments(self, membership: "Membership", *, by: User) -> None:
        """Lets somebody read the comments that the lead reads, including assessments closed before they joined.

        People cannot give this to themselves, nor give more than they have. Both raise Refused.
        """
        with writing(by, membership.user):
            Team.objects.lock(self.pk)
            lead = self.memberships.filter(user=by, role=Membership.Role.LEAD).first()
            now = self.memberships.filter(pk=membership.pk).first()
            if lead is None or now is None or not lead.can_show_comments_to(now):
                raise Refused(_("You can only show other people comments that you can see yourself."))
            now.reads_comments_since = lead.reads_comments_since
            now.save(update_fields=["reads_comments_since"])
            Event.record("member.comments", by=by, team=self, person=str(now.user_id))

    def remove_member(self, membership: "Membership", *, by: User) -> None:
        """Removes a role. The person's answers stay; anyone who hasn't started is removed from the list.

        Raises LastLead if the team would be left without a lead. Nothing happens if the person has already left.
        """
        with writing(by):
            Team.objects.lock(self.pk)
            now = self.memberships.filter(pk=membership.pk).first()
            if now is None:
                return
            self._refuse_to_lose_its_lead(now, by)
            for assessment in self.assessments.gathering().held():
                assessment.unask(now.user)
            # What `restore_member` needs.
            since = now.reads_comments_since.isoformat() if now.reads_comments_since else None
            Event.record("member.removed", by=by, team=self, person=str(now.user_id), role=now.role, reads_since=since)
            now.delete()

    def restore_member(self, removal: Event, *, by: User) -> "Membership":
        """Undoes a removal: the person has the same role again, reads the same comments and is asked again.

        Nothing happens if they are back already. Raises Refused if their account has been deleted, or if they were
        removed once more since: only the last removal says what they had.
        """
        person = User.objects.filter(pk=removal.data["person"]).first()
        if person is None:
            raise Refused(_("The account of this person has been deleted."))
        with writing(by, person):
            Team.objects.lock(self.pk)
            present = self.memberships.filter(user=person).first()
            if present is not None:
                return present
            removals = Event.objects.filter(team=self, kind=removal.kind, data__person=str(person.pk))
            if removals.filter(pk__gt=removal.pk).exists():
                raise Refused(_("{person} was removed once more since. Undo that instead.").format(person=person))
            role = removal.data["role"]
            restored = Membership(team=self, user=person, role=role)
            if "reads_since" in removal.data:
                since = removal.data["reads_since"]
                restored.reads_comments_since = datetime.datetime.fromisoformat(since) if since else None
            restored.save()
            Event.record("member.restored", by=by, team=self, person=str(person.pk), role=role)
            self._ask_or_unask(person, role)
        return restored


class MembershipQuerySet(models.QuerySet["Membership"]):
    def answering(self) -> Self:
        """Memberships of people who fill in questionnaires."""
        return self.filter(role__in=Membership.ANSWERING)


class Membership(Revised):
    """The role of a person in a team (lead, member, viewer) or for a unit (manager)."""

    class Role(models.TextChoices):
        LEAD = "lead", gettext_lazy("Lead")
        MEMBER = "member", gettext_lazy("Member")
        VIEWER = "viewer", gettext_lazy("Viewer")
        MANAGER = "manager", gettext_lazy("Unit manager")

    class Source(models.TextChoices):
        HAND = "hand", gettext_lazy("by hand")
        GROUP = "group", gettext_lazy("by a group")

    IN_TEAM = [Role.LEAD, Role.MEMBER, Role.VIEWER]
    ANSWERING = {Role.LEAD, Role.MEMBER}

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="memberships")
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    #: What was given by a group of a provider ends with it, see `single_sign_on`.
    source = models.CharField(max_length=5, choices=Source, default=Source.HAND, db_default=Source.HAND, editable=False)
    #: Comments of assessments closed before this time are hidden from this person; empty means that all are shown.
    reads_comments_since = models.DateTimeField(null=True, default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "user__email"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role="manager", unit__isnull=False, team__isnull=True)
                | Q(role__in=["lead", "member", "viewer"], team__isnull=False, unit__isnull=True),
                name="membership_role_fits_place",
                violation_error_message=gettext_lazy(
                    "A manager belongs to a unit; a lead, member or viewer belongs to a team."
                ),
            ),
            models.UniqueConstraint(
                fields=["user", "team"],
                condition=Q(team__isnull=False),
                name="membership_once_per_team",
                violation_error_message=gettext_lazy("This person is already in the team."),
            ),
            models.UniqueConstraint(
                fields=["user", "unit"],
                condition=Q(unit__isnull=False),
                name="membership_once_per_unit",
                violation_error_message=gettext_lazy("This person already manages the unit."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"

    def decide_by_hand(self) -> None:
        """Notes that somebody has decided it, so that no group takes it away."""
        if self.source == Membership.Source.GROUP:
            self.source = Membership.Source.HAND
            self.save(update_fields=["source"])

    def can_show_comments_to(self, other: "Membership") -> bool:
        """Whether this lead can read more comments than the other person."""
        if self.user_id == other.user_id or other.reads_comments_since is None:
            return False
        return self.reads_comments_since is None or self.reads_comments_since < other.reads_comments_since


#: Those of a person. An order would join other tables.
_MEMBERSHIPS = BuiltOnce(
    lambda user: Membership.objects.filter(user=user).order_by().values_list("team_id", "unit_id"), uuid.UUID
)
