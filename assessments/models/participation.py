"""Who is asked, by which link, and how far they are. Their answers are in `ratings`; no key leads there."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .names import NameField, VisibleEmailField
from .refusals import Refused
from .sealing import opening_key, seal, unseal


def new_token() -> str:
    """A secret for one person: 256 bits, too long to guess."""
    return secrets.token_urlsafe(32)


def invite_hash(token: str) -> str:
    return hashlib.sha256(f"invite{token}".encode()).hexdigest()


def respond_hash(token: str) -> str:
    """Differs from `invite_hash`, so that somebody with a copy of the database cannot join the two."""
    return hashlib.sha256(f"respond{token}".encode()).hexdigest()


class Pledge:
    """A token that a page offers: signed to prove that it is ours, and the same however often the form is sent."""

    _signer = signing.Signer(salt="personal-link")

    @classmethod
    def make(cls) -> str:
        return cls._signer.sign(new_token())

    @classmethod
    def redeem(cls, signed: str) -> str | None:
        try:
            return cls._signer.unsign(signed)
        except signing.BadSignature:
            return None


def link_to(token: str) -> str:
    """The absolute address of a link, from SITE_URL and never from a request."""
    return settings.SITE_URL + reverse("link", args=[token])


def valid_until() -> date:
    """The last day on which a link created today works."""
    return timezone.localdate() + Invitation.LIFETIME


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def genuine(self, token: str) -> "Invitation | None":
        """The invitation of this token, usable or not, with `.token`, `.state_now` and `.has_checks`.

        None if there is none.
        """
        rows = self.select_related("assessment__team", "assessment__edition__framework", "user")
        same = Q(invitation=OuterRef("pk")) | Q(user=OuterRef("user"), assessment=OuterRef("assessment"))
        state = Participation.objects.filter(same).values("state")[:1]
        of_link = {"sealed": F("links__sealed"), "link_is_revoked": F("links__is_revoked")}
        rows = rows.filter(links__token_hash=invite_hash(token))
        reported = self.model._default_manager.filter(pk=OuterRef("pk"), assessment__team__checks__isnull=False)
        invitation = rows.annotate(state_now=Subquery(state), has_checks=Exists(reported), **of_link).first()
        if invitation is not None:
            invitation.token = unseal(invitation.sealed, token) if invitation.sealed else token
        return invitation

    def usable(self) -> Self:
        return self.filter(Q(expires_on=None) | Q(expires_on__gte=timezone.localdate()), revoked_on=None)

    def shared(self) -> Self:
        return self.filter(is_shared=True)

    def personal(self) -> Self:
        return self.filter(is_shared=False)


class Invitation(models.Model):
    """A way in by link: for a member, an email, anyone with the shared link, or a guest who used the shared link.

    It has days and no times: in an anonymous assessment, a time would lead from a person to the answers given then.
    """

    LIFETIME = timedelta(days=60)
    #: State of the participation; set by `genuine`.
    state_now: str | None
    has_checks: bool
    #: The token that finds the person's answers, the one of the link they started with; set by `genuine`.
    token: str
    sealed: str
    link_is_revoked: bool
    #: The mail that was sent with it; set by a list of invitations.
    mail: Any

    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="invitations")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="invitations")
    email = VisibleEmailField(max_length=254, blank=True)
    name = NameField(max_length=120, blank=True)
    is_shared = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    expires_on = models.DateField(null=True, blank=True, help_text="The last day on which its links work.")
    revoked_on = models.DateField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"],
                condition=Q(user__isnull=False),
                name="invitation_once_per_person",
                violation_error_message=gettext_lazy("This person is already invited."),
            ),
            models.UniqueConstraint(
                "assessment",
                Lower("email"),
                condition=~Q(email=""),
                name="invitation_once_per_address",
                violation_error_message=gettext_lazy("This email is already invited."),
            ),
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(is_shared=True, revoked_on__isnull=True),
                name="invitation_one_shared_link",
                violation_error_message=gettext_lazy("There is already a shared link."),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True, email="", name="") | Q(is_shared=False),
                name="invitation_shared_is_nobodys",
                violation_error_message=gettext_lazy("A shared link cannot belong to a person."),
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    @property
    def is_revoked(self) -> bool:
        return self.revoked_on is not None

    @property
    def is_expired(self) -> bool:
        return self.expires_on is not None and self.expires_on < timezone.localdate()

    @property
    def is_usable(self) -> bool:
        return not self.is_revoked and not self.is_expired

    @property
    def lets_in(self) -> bool:
        """Whether the link that `genuine` found works, and its account, if it has one, still answers for the team."""
        is_usable = self.is_usable and not self.link_is_revoked
        if not is_usable or self.user is None:
            return is_usable
        answering = self.user.memberships.answering().filter(team=self.assessment.team_id)
        return self.user.is_active and answering.exists()

    @property
    def addressee(self) -> str:
        """The email that the link was created for; empty if it was created for nobody in particular."""
        return self.user.email if self.user else self.email

    def add_link(self, token: str) -> None:
        """Adds a link to those that exist. Raises Refused if the token already belongs to somebody."""
        is_one_of_several = self.assessment.anonymous and not self.is_shared
        key = opening_key(token) if is_one_of_several else ""
        try:
            with transaction.atomic():
                self.links.create(token_hash=invite_hash(token), opening_key=key)
        except IntegrityError:
            raise Refused(
                _(
                    "This page was used before, so the link it offers already belongs to somebody. "
                    "Go back to the page before and open this one again."
                )
            ) from None

    def begin_with(self, token: str) -> None:
        """Makes every link of a person lead to the answers of this one, with which they start anonymously."""
        for link in self.links.exclude(token_hash=invite_hash(token)):
            if link.opening_key:
                link.sealed = seal(token, link.opening_key)
            else:
                # Created before links had such a key, so it would lead to other answers.
                link.is_revoked = True
            link.save(update_fields=["sealed", "is_revoked"])

    def is_for_somebody_else(self, user: User) -> bool:
        """Whether the person who is signed in has another email than the one the link was created for."""
        return bool(user.is_authenticated and self.addressee and self.addressee.lower() != user.email.lower())


class InvitationLink(models.Model):
    """One link of an invitation. Each mail has its own, and all of them work until they are revoked.

    The token itself is not stored. The hash outlives the invitation, so that anyone with a link that was once genuine
    is not treated as guessing.
    """

    invitation = models.ForeignKey(Invitation, models.SET_NULL, null=True, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    is_revoked = models.BooleanField(default=False)
    #: Anonymous only: the key with which a token is sealed for this link, and the sealed token. See `sealing`.
    opening_key = models.CharField(max_length=344, blank=True, editable=False)
    sealed = models.CharField(max_length=500, blank=True, editable=False)

    def __str__(self) -> str:
        return f"link {self.pk}"

    @classmethod
    def was_genuine(cls, token: str) -> bool:
        return cls.objects.filter(token_hash=invite_hash(token)).exists()


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a personal link. The token is only in the request, never in a table or a session."""

    invitation: Invitation
    token: str

    is_authenticated = False
    pk = None


#: Somebody who answers: an account, or the holder of a personal link.
Answerer = User | Guest


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def of(self, who: Answerer) -> Self:
        """Participations of an account or of the holder of a link."""
        if isinstance(who, Guest):
            invitation = who.invitation
            return self.filter(user=invitation.user_id) if invitation.user_id else self.filter(invitation=invitation)
        return self.filter(user=who)

    def submitted(self) -> Self:
        return self.filter(state=Participation.State.SUBMITTED)

    def not_submitted(self) -> Self:
        return self.exclude(state=Participation.State.SUBMITTED)

    def named(self) -> Self:
        """With everything that a list of people needs, ordered by name."""
        rows = self.select_related("user", "invitation")
        return rows.order_by("user__name", "user__email", "invitation__name", "invitation__email", "pk")


class Participation(models.Model):
    """Whether somebody who is asked has answered, but never what. No key leads from here to a respondent."""

    class State(models.TextChoices):
        ASKED = "asked", gettext_lazy("Not started")
        STARTED = "started", gettext_lazy("Started")
        SUBMITTED = "submitted", gettext_lazy("Submitted")

    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="participations")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="participations")
    invitation = models.OneToOneField(Invitation, models.CASCADE, null=True, blank=True, related_name="participation")
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    submitted_on = models.DateField(null=True, blank=True)
    counts = models.BooleanField(
        default=False,
        help_text="Whether this person is known, and so counts towards the four that an anonymous assessment needs.",
    )

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"],
                condition=Q(user__isnull=False),
                name="participation_once_per_person",
                violation_error_message=gettext_lazy("This person has already been asked."),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(invitation__isnull=True),
                name="participation_person_or_invitation",
                violation_error_message=gettext_lazy(
                    "A participation belongs to a person or to an invitation, not to both."
                ),
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", submitted_on__isnull=False) | ~Q(state="submitted"),
                name="participation_submitted_has_day",
                violation_error_message=gettext_lazy("A submitted participation needs a date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id or self.invitation_id}: {self.state}"

    @property
    def is_asked(self) -> bool:
        """Whether this person has not started yet."""
        return self.state == self.State.ASKED

    @property
    def is_submitted(self) -> bool:
        return self.state == self.State.SUBMITTED

    @property
    def who(self) -> str:
        """What this person is called in a list."""
        if self.user:
            return str(self.user)
        if self.invitation:
            return self.invitation.name or self.invitation.email or _("A guest")
        return _("Somebody")

    @property
    def address(self) -> str:
        if self.user:
            return self.user.email
        return self.invitation.email if self.invitation else ""


class LinkGuessQuerySet(models.QuerySet["LinkGuess"]):
    WINDOW = timedelta(minutes=15)

    def record(self, network: str) -> bool:
        """Records a guess from this network; False, without a record, if there were too many."""
        now = timezone.now()
        self.exclude(at__range=(now - 4 * self.WINDOW, now + 4 * self.WINDOW)).delete()
        recent = self.filter(address=network, at__range=(now - self.WINDOW, now + self.WINDOW))
        if recent.count() >= settings.LINK_LIMIT_PER_ADDRESS:
            return False
        self.create(address=network)
        return True


class LinkGuess(models.Model):
    """A link that does not exist, tried from this network; deleted after an hour."""

    address = models.CharField(max_length=45)
    at = models.DateTimeField(default=timezone.now)

    objects = LinkGuessQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["address", "at"], name="link_guess_address_at")]

    def __str__(self) -> str:
        return f"{self.address} at {self.at:%F %T}"
