"""People who sign in by a provider such as the company's own, and what their groups there give them here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .journal import Event
from .outbox import Mail
from .refusals import PersonGone, Refused
from .teams import Membership, Team, Unit
from .writing import hold_to_write, writing

#: The issuers of groups that a directory provisions, see `provisioning`: by the name that it shows, and by its own id.
#: Two, because anyone who may name a group there could give it the id of another one. Those of providers are addresses.
PROVISIONED_NAME = "scim"
PROVISIONED_ID = "scim-id"
PROVISIONED = {PROVISIONED_NAME, PROVISIONED_ID}


class NotLetIn(Refused):
    """Somebody the provider knows may not come in here; the text says why. Nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a provider says about somebody. By issuer and subject they are the same person for ever."""

    issuer: str
    subject: str
    email: str
    #: Whether the email is theirs: the provider says so, or an administrator trusts it to know.
    is_verified: bool
    name: str = ""
    #: None if the provider has too many to tell; they are those of the last time then.
    groups: list[str] | None = field(default_factory=list)


class GroupRuleQuerySet(models.QuerySet["GroupRule"]):
    def add(self, rule: "GroupRule", *, by: User) -> "GroupRule":
        with writing(by):
            rule.save(force_insert=True)
            Event.record("rule.added", by=by, **rule.as_data())
        return rule


class GroupRule(models.Model):
    """What everybody in a group of the provider gets here: a right, or a role in a team or for a unit."""

    ADMINISTRATOR = "administrator"
    ROLES = [(ADMINISTRATOR, gettext_lazy("Administrator")), *Membership.Role.choices]

    #: The name of its provider, for a page that shows it.
    provider_name: str

    #: Empty for every provider by which people sign in; never for groups that a directory provisions.
    issuer = models.CharField(max_length=500, blank=True, default="")
    #: The group, as the provider writes it.
    value = models.CharField(gettext_lazy("group"), max_length=200)
    role = models.CharField(gettext_lazy("role"), max_length=13, choices=ROLES)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="group_rules")
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, blank=True, related_name="group_rules")

    objects = GroupRuleQuerySet.as_manager()

    class Meta:
        ordering = ["value", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role="administrator", team=None, unit=None)
                | Q(role="manager", unit__isnull=False, team=None)
                | Q(role__in=["lead", "member", "viewer"], team__isnull=False, unit=None),
                name="group_rule_role_fits_place",
                violation_error_message=gettext_lazy(
                    "A manager needs a unit; a lead, member or viewer needs a team; an administrator needs neither."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.value}: {self.given}"

    @property
    def given(self) -> str:
        """What it gives, in words."""
        place = self.team or self.unit
        if place is None:
            return self.get_role_display()
        return _("{role}, {place}").format(role=self.get_role_display(), place=place)

    def as_data(self) -> dict[str, Any]:
        """For the journal: ids and codes."""
        team = str(self.team_id) if self.team_id else None
        return {"rule": self.pk, "role": self.role, "given_team": team, "unit": self.unit_id}

    def applies_to(self, issuer: str, groups: Iterable[str]) -> bool:
        if self.issuer != issuer and (self.issuer or issuer in PROVISIONED):
            return False
        return self.value in set(groups)

    def replace(self, other: "GroupRule", *, by: User) -> None:
        """Puts another rule in the place of this one. The second of two clicks finds it done.

        Raises Refused if somebody else has changed or removed this rule meanwhile.
        """
        with writing(by):
            data = self.as_data()
            if not GroupRule.objects.filter(pk=self.pk).delete()[0]:
                if GroupRule.objects.filter(**other._said).exists():
                    return
                raise Refused(_("Someone else changed or removed this rule after you opened the page."))
            other.pk = None
            other.save(force_insert=True)
            Event.record("rule.removed", by=by, **data)
            Event.record("rule.added", by=by, **other.as_data())

    @property
    def _said(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("issuer", "value", "role", "team_id", "unit_id")}

    def remove(self, *, by: User) -> None:
        """Removes it, once. Who has something by it keeps that until they sign in again."""
        with writing(by):
            data = self.as_data()
            if GroupRule.objects.filter(pk=self.pk).delete()[0]:
                Event.record("rule.removed", by=by, **data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What groups give to a person: of two roles in a team the higher one."""

    administrator: bool
    in_teams: dict[UUID, str]
    units: set[int]

    @classmethod
    def by(cls, rules: Iterable[GroupRule]) -> Self:
        administrator = False
        in_teams: dict[UUID, str] = {}
        units: set[int] = set()
        for rule in rules:
            if rule.role == GroupRule.ADMINISTRATOR:
                administrator = True
            elif rule.unit_id:
                units.add(rule.unit_id)
            elif rule.team_id:
                roles = {rule.role, in_teams.get(rule.team_id, rule.role)}
                in_teams[rule.team_id] = next(role.value for role in Membership.IN_TEAM if role in roles)
        return cls(administrator=administrator, in_teams=in_teams, units=units)


class IdentityQuerySet(models.QuerySet["Identity"]):
    def arrive(self, claims: Claims, *, creates: bool) -> User:
        """The person of these claims, with the rights that their groups give them from now on.

        The account is found by issuer and subject. At the first time it is found by email, if that is theirs, or
        created if `creates`. Everything is stored together, or nothing. Raises NotLetIn.
        """
        with transaction.atomic():
            known = self.filter(issuer=claims.issuer, subject=claims.subject).select_related("user").first()
            identity: Identity = known or self._first(claims, creates=creates)
            person = identity.user
            if not person.may_sign_in:
                raise NotLetIn(_("This account cannot sign in. Ask an administrator."))
            identity.note(claims)
            follow_groups(person)
            identity.take_over(claims)
        return User.objects.get(pk=person.pk)

    def _first(self, claims: Claims, *, creates: bool) -> "Identity":
        """Links the claims to the account with their email, or to a new one."""
        person = person_at(claims.email, is_verified=claims.is_verified, name=claims.name, creates=creates)
        if self.filter(issuer=claims.issuer, user=person).exclude(subject=claims.subject).exists():
            # Addresses are given to somebody else when people leave.
            raise NotLetIn(
                _("The account with {email} belongs to somebody else at your provider. Ask an administrator.").format(
                    email=claims.email
                )
            )
        identity, is_new = self.get_or_create(
            issuer=claims.issuer, subject=claims.subject, defaults={"user": person, "used_on": timezone.localdate()}
        )
        if is_new and person.is_in_use:
            Mail.objects.tell_of_change(person, Mail.Change.IDENTITY_ADDED)
        return identity


def person_at(email: str, *, is_verified: bool, name: str = "", creates: bool) -> User:
    """The account with this email for somebody who comes for the first time, created if `creates`.

    A password that was set before the email was confirmed may be somebody else's, so it ends. Call it in a transaction.
    Raises NotLetIn.
    """
    if not email:
        raise NotLetIn(_("Your provider did not tell your email. Ask an administrator."))
    if not is_verified:
        raise NotLetIn(
            _(
                "Your provider has not verified that {email} is yours, so you cannot sign in with it. Verify it there, "
                "or ask an administrator."
            ).format(email=email)
        )
    person = User.objects.at_address(email)
    if person is None and not creates:
        raise NotLetIn(_("There is no account with the email {email}. Ask an administrator.").format(email=email))
    if person is None:
        person, is_new = User.objects.for_address(email, name=name)
        if is_new:
            Event.record("account.added", by=None, person=str(person.pk), administrator=False)
    if not person.may_sign_in:
        raise NotLetIn(_("This account cannot sign in. Ask an administrator."))
    person.confirm()
    return person


class Identity(models.Model):
    """An account of a person at a provider, by which they sign in here, and the groups that it had at the last time."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    groups = models.JSONField(default=list)
    used_on = models.DateField()

    objects = IdentityQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "user__email", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"],
                name="identity_belongs_to_one_account",
                violation_error_message=gettext_lazy("This identity belongs to an account already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"

    def remove(self, *, by: User) -> None:
        """Takes it from the account, which ends its sessions. What its groups gave ends at the next sign-in."""
        with writing(by, self.user):
            if Identity.objects.filter(pk=self.pk).delete()[0]:
                User.objects.filter(pk=self.user_id).update(session_generation=F("session_generation") + 1)
                self.user.sessions.all().delete()
                Event.record("identity.removed", by=by, person=str(self.user_id))
                Mail.objects.tell_of_change(self.user, Mail.Change.IDENTITY_REMOVED, by=by)

    def note(self, claims: Claims) -> None:
        """Keeps the groups, and that it was used."""
        self.used_on = timezone.localdate()
        if claims.groups is not None:
            self.groups = claims.groups
        self.save(update_fields=["groups", "used_on"])

    def take_over(self, claims: Claims) -> None:
        """Takes over a changed email if it is theirs and nobody else has it here, and a name if there is none."""
        person = self.user
        if not person.name and claims.name:
            User.objects.filter(pk=person.pk, name="").update(name=claims.name)
        is_other = claims.is_verified and claims.email and claims.email.lower() != person.email.lower()
        if is_other and not User.objects.with_email(claims.email).exists():
            try:
                with transaction.atomic():
                    User.objects.filter(pk=person.pk).update(email=claims.email, revision=F("revision") + 1)
            except IntegrityError:
                # Somebody else was given it at this moment.
                return
            Event.record("account.email", by=None, person=str(person.pk))
            person.tell_of_email(by=None)


def follow_groups(person: User, *, by: User | None = None) -> None:
    """Gives a person what their groups give, and takes what groups have given before and give no longer.

    What was given by hand stays as it is, and so does the last administrator. `by` is who changed the groups, None if
    the person has signed in. Call it in a transaction. Raises PersonGone if one of the two has been erased.
    """
    changes_administrators = _changes_administrators(person, _given_to(person))
    if changes_administrators:
        # In the order in which rows are locked everywhere: administrators, people, units and teams, assessments.
        User.objects.hold_administrators()
    hold_to_write(by)
    locked = User.objects.select_for_update(no_key=True).filter(pk=person.pk).first()
    if locked is None:
        raise PersonGone
    provisioned = getattr(locked, "provisioned", None)
    if provisioned is not None:
        # Before the groups are read: what changes from now on is followed after this.
        provisioned.note(is_behind=False)
    given = _given_to(locked)
    if changes_administrators:
        _follow_administrators(locked, given, by)
    elif provisioned is not None and _changes_administrators(locked, given):
        # The groups have changed meanwhile, and administrators have to be locked first.
        provisioned.note(is_behind=True)
    _follow_units(locked, given, by)
    _follow_teams(locked, given, by)


def _changes_administrators(person: User, given: "Given") -> bool:
    return person.administers_by_group or (given.administrator and not person.is_administrator)


def _given_to(person: User) -> Given:
    """By the groups of each of their identities, and those in which a directory has put them."""
    groups = [(identity.issuer, identity.groups) for identity in person.identities.all()]
    for name, external_id in person.provisioned_groups.values_list("group__name", "group__external_id"):
        groups += [(PROVISIONED_NAME, [name]), (PROVISIONED_ID, [external_id])]
    rules = GroupRule.objects.all() if groups else []
    return Given.by(rule for rule in rules if any(rule.applies_to(issuer, names) for issuer, names in groups))


def _follow_administrators(person: User, given: Given, by: User | None) -> None:
    if given.administrator and not person.is_administrator:
        person.begin_anew()
        _set_administrator(person, True, by)
    elif person.administers_by_group and not given.administrator:
        others = User.objects.active_administrators().exclude(pk=person.pk)
        if person.administers and not others.exists():
            Event.record("account.kept_administrator", by=by, person=str(person.pk))
            return
        _set_administrator(person, False, by)


def _set_administrator(person: User, is_administrator: bool, by: User | None) -> None:
    person.is_administrator = person.administers_by_group = is_administrator
    person.revision += 1
    person.save(update_fields=["is_administrator", "administers_by_group", "revision"])
    active = person.is_active
    Event.record("account.changed", by=by, person=str(person.pk), active=active, administrator=is_administrator)


def _follow_units(person: User, given: Given, by: User | None) -> None:
    managed = {row.unit_id: row for row in person.memberships.filter(unit__isnull=False).select_related("unit")}
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=given.units).order_by("pk")}
    for pk, unit in units.items():
        if pk not in managed:
            unit.take_manager(person, by=by)
    for membership in managed.values():
        is_over = membership.source == Membership.Source.GROUP and membership.unit_id not in given.units
        if is_over and membership.unit is not None:
            membership.unit.remove_manager(membership, by=by)


def _follow_teams(person: User, given: Given, by: User | None) -> None:
    rows = person.memberships.filter(team__isnull=False)
    here = {row.team_id: row for row in rows if row.team_id is not None}
    own = {team for team, row in here.items() if row.source == Membership.Source.GROUP}
    changing = {
        team for team, role in given.in_teams.items() if team not in here or (team in own and here[team].role != role)
    }
    changing |= own - set(given.in_teams)
    if not changing:
        return
    for team in Team.objects.filter(pk__in=changing).select_for_update(no_key=True).order_by("pk"):
        team.take_role(person, given.in_teams.get(team.pk), by=by)
