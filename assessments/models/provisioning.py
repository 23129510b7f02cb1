"""People and groups that a directory provisions, such as Microsoft Entra or Okta, before anybody signs in."""

import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User, is_email
from .journal import Event
from .names import NameField
from .refusals import PersonGone, Refused
from .single_sign_on import PROVISIONED_ID, PROVISIONED_NAME, GroupRule, follow_groups
from .writing import hold_to_write, still_there, writing


class NameTaken(Refused):
    """Another person or group has this name already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """What a directory says of somebody. `name` is what people read; the other two are kept for the directory."""

    user_name: str
    email: str
    #: Whether the directory lets them in; None if it does not say, and nothing changes.
    is_active: bool | None
    external_id: str = ""
    name: str = ""
    given_name: str = ""
    family_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStep:
    """One step of a change of a group: people who come in or leave, or all who are in it from then on."""

    kind: str
    people: frozenset[UUID]

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"

    def after(self, members: set[UUID]) -> set[UUID]:
        if self.kind == self.ADD:
            return members | self.people
        return members - self.people if self.kind == self.REMOVE else set(self.people)


class ProvisionedPersonQuerySet(models.QuerySet["ProvisionedPerson"]):
    def accounts(self) -> "models.QuerySet[User]":
        """Everybody that a directory can see: those it provisions, and others who may sign in. No demo accounts.

        Somebody it has given up, or whom an administrator has deactivated, is not there until it adds them again. That
        lets nobody in whom an administrator has deactivated.
        """
        return User.objects.filter(Q(provisioned__isnull=False) | Q(is_active=True), is_demo=False)

    def accounts_among(self, people: Iterable[UUID]) -> set[UUID]:
        """The keys of those that there are, held until the transaction ends."""
        seen = self.accounts().filter(pk__in=still_there(User, people))
        return set(seen.values_list("pk", flat=True))

    def with_user_name(self, name: str) -> "models.QuerySet[User]":
        """The account of this name, in any case; of an account that no directory knows yet it is the email."""
        unknown = Q(provisioned__isnull=True) & Q(is_email("email", name))
        return self.accounts().filter(Q(is_email("provisioned__user_name", name)) | unknown)

    def add(self, details: PersonDetails, *, by: User) -> User:
        """Gives somebody an account, or links the account with their email to what the directory says.

        Raises NameTaken if a directory provisions somebody with this name or email already.
        """
        with User.objects.keeping_an_administrator():
            hold_to_write(by)
            if self.filter(is_email("user_name", details.user_name)).exists():
                raise NameTaken(_("There is somebody with this userName already."))
            person, is_new = User.objects.for_address(details.email, name=details.name)
            if person.is_demo or self.filter(user=person).exists():
                raise NameTaken(_("There is somebody with this email already."))
            if is_new:
                Event.record("account.added", by=by, person=str(person.pk), administrator=False)
            row = self.link(person, by=by, user_name=details.user_name)
            row.take_over(details, by=by)
        return User.objects.get(pk=person.pk)

    def link(self, person: User, *, by: User, user_name: str = "") -> "ProvisionedPerson":
        """The row of an account, for whoever is in a transaction; from the first time on the directory provisions it.

        Raises NameTaken if somebody else has the name, which is the email unless one is given.
        """
        hold_to_write(person)
        try:
            row, is_new = self.get_or_create(user=person, defaults={"user_name": user_name or person.email})
        except IntegrityError as error:
            raise NameTaken(_("There is somebody with this userName already.")) from error
        if is_new:
            person.confirm()
            Event.record("account.provisioned", by=by, person=str(person.pk))
        return row

    def behind(self) -> Self:
        """Those whose groups have changed, and what these give here has not followed yet."""
        return self.filter(is_behind=True)

    def follow(self, *, by: User | None) -> None:
        """Gives everybody whose groups have changed what these give now, each in a transaction of their own.

        If that is interrupted, the next call goes on with those who are left; whoever has been erased meanwhile is not.
        """
        for _pass in range(3):
            waiting = list(User.objects.filter(provisioned__in=self.behind()).order_by("pk"))
            if not waiting:
                return
            for person in waiting:
                with suppress(PersonGone), transaction.atomic():
                    follow_groups(person, by=by)


class ProvisionedPerson(models.Model):
    """An account that a directory provisions, and what it calls it."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="provisioned")
    user_name = models.CharField(max_length=254)
    external_id = models.CharField(max_length=255, blank=True, default="")
    given_name = NameField(max_length=120, blank=True, default="")
    family_name = NameField(max_length=120, blank=True, default="")
    is_behind = models.BooleanField(
        default=False, db_default=False, help_text="Whether what the groups of the directory give has yet to follow."
    )

    objects = ProvisionedPersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "provisioned people"
        constraints = [
            models.UniqueConstraint(
                Lower("user_name"),
                name="provisioned_user_name_unique",
                violation_error_message=gettext_lazy("There is somebody with this userName already."),
            )
        ]

    def __str__(self) -> str:
        return self.user_name

    def note(self, *, is_behind: bool) -> None:
        """Keeps whether what the groups give has yet to follow, for whoever holds the person."""
        ProvisionedPerson.objects.filter(pk=self.pk).exclude(is_behind=is_behind).update(is_behind=is_behind)

    def take_over(self, details: PersonDetails, *, by: User) -> None:
        """Stores what the directory says, for whoever is in a transaction that keeps an administrator.

        Raises NameTaken if somebody else has the name or the email, LastAdministrator if nobody would be left, and
        Refused for another email of somebody whom an administrator has made one: whoever writes to the directory could
        have the password of that account sent to themselves.
        """
        others = ProvisionedPerson.objects.exclude(pk=self.pk)
        if others.filter(is_email("user_name", details.user_name)).exists():
            raise NameTaken(_("There is somebody with this userName already."))
        if User.objects.with_email(details.email).exclude(pk=self.pk).exists():
            raise NameTaken(_("There is somebody with this email already."))
        fields = ("user_name", "external_id", "given_name", "family_name")
        for name in fields:
            setattr(self, name, getattr(details, name))
        try:
            with transaction.atomic():
                # The account before its row here, as everywhere.
                person = User.objects.get(pk=self.pk)
                by_hand = person.is_administrator and not person.administers_by_group
                if by_hand and person.email.lower() != details.email.lower():
                    raise Refused(_("This person administers Maturity. An administrator changes the email there."))
                wanted = {"name": details.name, "email": details.email, "is_in_directory": details.is_active}
                person.change_account(by=by, seen=None, **wanted)
                self.save(update_fields=fields)
        except IntegrityError as error:
            # Somebody else was given it at this moment.
            raise NameTaken(_("There is somebody with this userName or email already.")) from error
        # The directory knows whose email it is; who had the password of the email before need not be the same person.
        User.objects.get(pk=self.pk).confirm()

    @classmethod
    def change(cls, person: User, details: PersonDetails, *, by: User) -> User:
        """The same for an account that may not be linked yet."""
        with User.objects.keeping_an_administrator():
            hold_to_write(by)
            cls.objects.link(person, by=by).take_over(details, by=by)
        return User.objects.get(pk=person.pk)

    @classmethod
    def give_up(cls, person: User, *, by: User) -> None:
        """The directory no longer has somebody: the account is deactivated, and what its groups gave ends.

        Raises LastAdministrator if nobody would be left who can administer the installation.
        """
        with User.objects.keeping_an_administrator():
            hold_to_write(by, person)
            person.change_account(by=by, seen=None, is_in_directory=False)
            cls.objects.filter(user=person).delete()
            ProvisionedMember.objects.filter(user=person).delete()
            Event.record("account.given_up", by=by, person=str(person.pk))
        with transaction.atomic():
            follow_groups(person, by=by)


def _mark_behind(people: Iterable[UUID]) -> None:
    """Notes that what their groups give has yet to follow; their rows are held in the order of their keys."""
    ordered = ProvisionedPerson.objects.filter(pk__in=people).select_for_update(no_key=True).order_by("pk")
    held = list(ordered.values_list("pk", flat=True))
    ProvisionedPerson.objects.filter(pk__in=held).update(is_behind=True)


class ProvisionedGroupQuerySet(models.QuerySet["ProvisionedGroup"]):
    def with_name(self, name: str) -> Self:
        return self.filter(is_email("name", name))

    def change_rules(self, rules: Iterable[GroupRule], change: Callable[[], object], *, by: User) -> None:
        """Adds, changes or removes rules; `follow` then gives or takes what they give to everybody in their groups."""
        with writing(by):
            change()
            groups = self.none()
            for rule in rules:
                groups |= self.fulfilling(rule)
            _mark_behind({pk for (pk,) in groups.values_list("members__user") if pk})

    def fulfilling(self, rule: GroupRule) -> Self:
        """The groups of which a rule speaks: by their name, or by their id at the directory."""
        if rule.issuer == PROVISIONED_NAME:
            return self.filter(name=rule.value)
        return self.filter(external_id=rule.value) if rule.issuer == PROVISIONED_ID else self.none()

    def add(self, *, name: str, external_id: str, people: Iterable[UUID], by: User) -> "ProvisionedGroup":
        """A new group. People that nobody knows are left out. Raises NameTaken for a name that another group has."""
        people = set(people)
        try:
            with writing(by):
                known = ProvisionedPerson.objects.accounts_among(people)
                if self.with_name(name).exists():
                    raise NameTaken(_("There is a group with this name already."))
                group = self.create(name=name, external_id=external_id)
                Event.record("provisioned-group.added", by=by, group=str(group.pk))
                group._take_members(known, by=by)
        except IntegrityError as error:
            raise NameTaken(_("There is a group with this name already.")) from error
        return group


class ProvisionedGroup(models.Model):
    """A group of a directory, by whose name or id rules of groups give rights here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=255, blank=True, default="")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProvisionedGroupQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="provisioned_group_name_unique",
                violation_error_message=gettext_lazy("There is a group with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def change(
        self,
        *,
        by: User,
        name: str | None = None,
        external_id: str | None = None,
        steps: Iterable[MemberStep] = (),
    ) -> None:
        """Renames it, and carries out the steps in their order; None stays as it is.

        Raises NameTaken for a name that another group has. Nothing happens if the group has been deleted meanwhile.
        """
        steps = list(steps)
        named = {person for step in steps if step.kind != MemberStep.REMOVE for person in step.people}
        try:
            with writing(by):
                known = ProvisionedPerson.objects.accounts_among(named)
                group = ProvisionedGroup.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
                if group is None:
                    return
                if name is not None and name != group.name:
                    group._rename(name, by=by)
                if external_id is not None and external_id != group.external_id:
                    group.external_id = external_id
                    group.save(update_fields=["external_id"])
                    _mark_behind(group._people())
                if steps:
                    members = group._people()
                    for step in steps:
                        members = step.after(members)
                    group._take_members({pk for pk in members if pk in known or pk not in named}, by=by)
        except IntegrityError as error:
            raise NameTaken(_("There is a group with this name already.")) from error

    def remove(self, *, by: User) -> None:
        """Deletes it, once. What it gave ends."""
        with writing(by):
            group = ProvisionedGroup.objects.select_for_update().filter(pk=self.pk).first()
            if group is not None:
                _mark_behind(group._people())
                Event.record("provisioned-group.removed", by=by, group=str(self.pk))
                group.delete()

    def _people(self) -> set[UUID]:
        return set(self.members.values_list("user", flat=True))

    def _rename(self, name: str, *, by: User) -> None:
        if ProvisionedGroup.objects.with_name(name).exclude(pk=self.pk).exists():
            raise NameTaken(_("There is a group with this name already."))
        self.name = name
        self.save(update_fields=["name"])
        _mark_behind(self._people())
        Event.record("provisioned-group.changed", by=by, group=str(self.pk))

    def _take_members(self, people: set[UUID], *, by: User) -> None:
        """These are in it from now on, and nobody else."""
        before = self._people()
        coming, leaving = people - before, before - people
        for person in User.objects.filter(pk__in=coming).exclude(provisioned__isnull=False).order_by("pk"):
            ProvisionedPerson.objects.link(person, by=by)
        _mark_behind(coming | leaving)
        ProvisionedMember.objects.bulk_create([ProvisionedMember(group=self, user_id=pk) for pk in sorted(coming)])
        self.members.filter(user__in=leaving).delete()
        if coming or leaving:
            came, left = (sorted(map(str, moved)) for moved in (coming, leaving))
            Event.record("provisioned-group.members", by=by, group=str(self.pk), came=came, left=left)

    def given_by(self, rules: Iterable[GroupRule]) -> list[str]:
        """What these rules give to everybody in it, in words."""
        known = [(PROVISIONED_NAME, [self.name]), (PROVISIONED_ID, [self.external_id])]
        fulfilled = (rule for rule in rules if any(rule.applies_to(issuer, names) for issuer, names in known))
        return list(dict.fromkeys(rule.given for rule in fulfilled))


class ProvisionedMember(models.Model):
    """Somebody in a group of a directory."""

    group = models.ForeignKey(ProvisionedGroup, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="provisioned_groups")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "user"],
                name="provisioned_member_once",
                violation_error_message=gettext_lazy("This person is in the group already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"
