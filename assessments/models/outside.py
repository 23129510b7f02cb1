"""The outside view: how people who are not the team see it. Its rows lead to none of those that a score is made of.

Outsiders have respondents and ratings of their own, so that no query for the team's answers can find theirs. The lead
knows who was invited by email; nobody who uses the product sees who answered or what one of them said. When answering
ends for the first time, what they said is gathered by dimension, and the single answers are deleted.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from .accounts import User, is_email
from .edition_parts import Choice, Criterion
from .frameworks import Edition, Questionnaire
from .journal import Event
from .names import VisibleEmailField
from .outbox import Mail
from .participation import InvitationQuerySet, invite_hash, respond_hash, valid_until
from .refusals import Refused
from .results import Result, as_decimal, as_fraction, as_text
from .transitions import DRAFT, OPEN, Moving
from .writing import writing

if TYPE_CHECKING:
    from .assessments import Assessment

OVER = gettext_lazy("The outside view has ended with answering, and does not begin again.")
NO_LONGER = gettext_lazy("This link no longer works.")


def on_both_sides(emails: Iterable[str]) -> str:
    """Why these cannot be asked from outside."""
    sentence = _("Nobody is both in the team and outside of it. These are asked with the team: {emails}.")
    return sentence.format(emails=", ".join(emails))


class OutsideViewQuerySet(models.QuerySet["OutsideView"]):
    def of(self, assessment: Moving) -> "OutsideView | None":
        return self.filter(assessment=assessment.pk).first()

    def with_people(self) -> Self:
        """Each with its invitations, and with `.rated`: how many people have rated something. Two queries."""
        rated = Q(respondents__ratings__choice__isnull=False)
        rows = self.annotate(rated=models.Count("respondents", filter=rated, distinct=True))
        return rows.select_related("assessment").prefetch_related("invitations")


class OutsideView(models.Model):
    """What people outside the team are asked in one assessment, and once answering has ended, what they said."""

    assessment = models.OneToOneField("assessments.Assessment", models.CASCADE, related_name="outside_view")
    questionnaire = models.CharField(max_length=5, choices=Questionnaire, default=Questionnaire.FULL)
    seen = models.JSONField(
        null=True,
        blank=True,
        help_text="Once answering has ended: by dimension that three people rated, people and medians by criterion.",
    )

    #: Set by `with_people`.
    rated: int

    objects = OutsideViewQuerySet.as_manager()

    def __str__(self) -> str:
        return f"outside view of {self.assessment_id}"

    @property
    def is_over(self) -> bool:
        return self.seen is not None

    @property
    def is_open(self) -> bool:
        """Whether outsiders can answer now."""
        return not self.is_over and self.assessment.is_open

    @property
    def is_short(self) -> bool:
        return self.questionnaire == Questionnaire.SHORT

    @property
    def shared_link(self) -> "OutsideInvitation | None":
        """The one in use. None if its address cannot be shown, as the secret of the server has changed since."""
        links = [link for link in self.invitations.all() if link.is_shared and link.is_usable and link.is_known]
        return links[0] if links else None

    @property
    def invited(self) -> "list[OutsideInvitation]":
        """Those that were asked by email, in the order in which they were."""
        return [invitation for invitation in self.invitations.all() if invitation.email]

    def criteria_asked(self) -> list[Criterion]:
        """The criteria of the team's questionnaire, or of the short one."""
        return [criterion for criterion in self.assessment.criteria_asked() if criterion.quick or not self.is_short]

    @property
    def has_enough(self) -> bool:
        """Whether enough people have rated something. A number that rises with every answer would say who gave it."""
        return self.rated >= scoring.outside.LEAST

    def end(self, instrument: scoring.Instrument) -> None:
        """Gathers what was said, for good, and deletes the single answers."""
        votes: dict[uuid.UUID, dict[str, str]] = {}
        ratings = OutsideRating.objects.filter(respondent__view=self, choice__isnull=False)
        for respondent, key, code in ratings.values_list("respondent_id", "criterion__key", "choice__code"):
            votes.setdefault(respondent, {})[key] = code
        seen = scoring.seen_from_outside(instrument, votes.values())
        self.seen = {key: {"people": part.people, "ratings": dict(part.ratings)} for key, part in seen.items()}
        self.save(update_fields=["seen"])
        OutsideRating.objects.filter(respondent__view=self).delete()

    def beside(self, instrument: scoring.Instrument, score: scoring.Score) -> list[scoring.BesideTheTeam]:
        """What was said beside what the team's score comes to; nothing before answering has ended."""
        seen = {key: scoring.SeenFromOutside(**part) for key, part in (self.seen or {}).items()}
        return scoring.beside_the_team(instrument, score.criteria, seen)


class OutsideInvitationQuerySet(models.QuerySet["OutsideInvitation"]):
    def with_token(self, token: str) -> "OutsideInvitation | None":
        """The invitation of this token, usable or not."""
        rows = self.select_related("view__assessment__team", "view__assessment__edition__framework")
        return rows.filter(token_hash=invite_hash(token)).first()

    def usable(self) -> Self:
        return self.filter(expires_on__gte=timezone.localdate(), revoked_on=None)

    def shared(self) -> Self:
        return self.filter(is_shared=True)

    def personal(self) -> Self:
        return self.filter(is_shared=False)

    def forget(self) -> None:
        """Deletes the emails and ends the links; nothing leads from here to answers, which stay."""
        self.update(email="", revoked_on=timezone.localdate())


class OutsideInvitation(models.Model):
    """A way in for one outsider, by email, or for everyone who has the shared link.

    The token is worked out from its key and the server's secret, so that every mail to a person has the same link. The
    database alone does not lead from here to an answer.
    """

    view = models.ForeignKey(OutsideView, models.CASCADE, related_name="invitations")
    email = VisibleEmailField(max_length=254, blank=True)
    is_shared = models.BooleanField(default=False)
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_on = models.DateField(help_text="The last day on which the link works.")
    revoked_on = models.DateField(null=True, blank=True)

    objects = OutsideInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                "view",
                Lower("email"),
                condition=~Q(email=""),
                name="outside_invitation_once_per_address",
                violation_error_message=gettext_lazy("This email is already invited."),
            ),
            models.UniqueConstraint(
                fields=["view"],
                condition=Q(is_shared=True, revoked_on__isnull=True),
                name="outside_invitation_one_shared_link",
                violation_error_message=gettext_lazy("There is already a shared link."),
            ),
            models.CheckConstraint(
                condition=Q(email="") | Q(is_shared=False),
                name="outside_invitation_shared_is_nobodys",
                violation_error_message=gettext_lazy("A shared link cannot belong to a person."),
            ),
        ]

    def __str__(self) -> str:
        return f"outside invitation {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.token_hash = invite_hash(self.token)
        super().save(*args, **kwargs)

    @property
    def token(self) -> str:
        return salted_hmac("maturity.outside", self.key.hex, algorithm="sha256").hexdigest()

    @property
    def address(self) -> str:
        """The absolute address of the link, from SITE_URL and never from a request."""
        return settings.SITE_URL + reverse("outside", args=[self.token])

    @property
    def is_known(self) -> bool:
        """Whether the token that is worked out now is the one of the link that people have."""
        return self.token_hash == invite_hash(self.token)

    @property
    def is_usable(self) -> bool:
        return self.revoked_on is None and self.expires_on >= timezone.localdate()


class OutsideRespondentQuerySet(models.QuerySet["OutsideRespondent"]):
    def with_token(self, token: str) -> "OutsideRespondent | None":
        rows = self.select_related("view__assessment__team", "view__assessment__edition__framework")
        return rows.filter(secret_hash=respond_hash(token)).first()


class OutsideRespondent(models.Model):
    """Somebody outside the team who answers: a secret that only they have. No key leads to a person or a link."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    view = models.ForeignKey(OutsideView, models.CASCADE, related_name="respondents")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)

    objects = OutsideRespondentQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class OutsideRating(models.Model):
    """What an outsider answered to a criterion, until answering ends: a choice, or that they do not know."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    respondent = models.ForeignKey(OutsideRespondent, models.CASCADE, related_name="ratings", db_index=False)
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    choice = models.ForeignKey(Choice, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "criterion"],
                name="outside_rating_once_per_criterion",
                violation_error_message=gettext_lazy("This respondent has already rated this criterion."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.choice_id or '-'}"

    @property
    def code(self) -> str:
        return self.choice.code if self.choice else scoring.DK


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideSeat:
    """Somebody who opened a link of the outside view. `token` finds their answers; empty for the shared link."""

    view: OutsideView
    token: str
    invitation: OutsideInvitation | None = None

    @property
    def is_shared(self) -> bool:
        return self.invitation is not None and self.invitation.is_shared

    @property
    def link(self) -> str:
        """The absolute address of this person's own link, for them to keep."""
        return settings.SITE_URL + reverse("outside", args=[self.token])

    @property
    def assessment(self) -> "Assessment":
        return self.view.assessment

    @classmethod
    def of(cls, token: str) -> "OutsideSeat | None":
        """The seat that this token leads to, whether or not it still lets anybody in; None if there is none."""
        if invitation := OutsideInvitation.objects.with_token(token):
            return cls.of_invitation(invitation)
        respondent = OutsideRespondent.objects.with_token(token)
        return cls(view=respondent.view, token=token) if respondent else None

    @classmethod
    def of_invitation(cls, invitation: OutsideInvitation) -> "OutsideSeat":
        own = "" if invitation.is_shared else invitation.token
        return cls(view=invitation.view, token=own, invitation=invitation)

    def lets_in(self, user: User | None = None) -> bool:
        """Whether the link works, and neither its email nor the account that is signed in belongs to the team."""
        if self.invitation is not None:
            if not self.invitation.is_usable:
                return False
            if self.invitation.email and self.assessment.insiders([self.invitation.email]):
                return False
        return not self.is_of_the_team(user)

    def is_of_the_team(self, user: User | None) -> bool:
        if user is None or not user.is_authenticated:
            return False
        return self.assessment.team.memberships.filter(user=user).exists()

    def ratings(self) -> "models.QuerySet[OutsideRating]":
        """This person's answers."""
        mine = OutsideRating.objects.filter(respondent__secret_hash=respond_hash(self.token))
        return mine.select_related("choice")


class AskingOutside(Moving):
    """The part of an assessment that people outside the team are asked in."""

    if TYPE_CHECKING:
        # Fields of the assessment, and its manager of invitations of the team, which has the verbs of this queryset.
        edition: models.ForeignKey[Edition, Edition]
        questionnaire: models.CharField[str, str]
        invitations: InvitationQuerySet

        def instrument(self) -> scoring.Instrument: ...

    #: A limit, so that a leaked shared link does not fill the table.
    MOST_OUTSIDERS = 500

    class Meta:
        abstract = True

    def insiders(self, emails: Iterable[str]) -> list[str]:
        """Those of these emails that belong to the team, whatever the role, or to people who are asked with it."""
        wanted = [email.lower() for email in emails]
        members = self.team.memberships.annotate(email=Lower("user__email"))
        guests = self.invitations.exclude(email="").annotate(as_lower=Lower("email"))
        inside = set(members.filter(email__in=wanted).values_list("email", flat=True))
        inside |= set(guests.filter(as_lower__in=wanted).values_list("as_lower", flat=True))
        return sorted(inside)

    def invite_outsiders(self, *, by: User, addresses: Iterable[str], questionnaire: str = "") -> int:
        """Invites people outside the team by email, and queues a mail to each; returns how many.

        `questionnaire` counts for the first who are asked. Raises Refused if one of the emails belongs to the team.
        """
        with writing(by):
            locked = self._lock()
            view = locked._view_that_goes_on(questionnaire)
            if inside := locked.insiders(addresses):
                raise Refused(on_both_sides(inside))
            invited = [locked._outsider(view, address) for address in addresses]
            Mail.objects.queue_to_outsiders(invited, locked, by=by)
            Event.record("outside.invited", by=by, team=self.team, assessment=self, people=len(invited))
        return len(invited)

    def _outsider(self, view: OutsideView, address: str) -> OutsideInvitation:
        """The invitation of an email, new or renewed."""
        invitation = view.invitations.filter(is_email("email", address)).first()
        if invitation is None:
            return view.invitations.create(email=address, expires_on=valid_until())
        invitation.expires_on = valid_until()
        invitation.revoked_on = None
        invitation.token_hash = invite_hash(invitation.token)
        invitation.save(update_fields=["expires_on", "revoked_on", "token_hash"])
        return invitation

    def share_outside(self, *, by: User, questionnaire: str = "") -> OutsideInvitation:
        """The link for everyone outside the team; the one in use, if there is one."""
        with writing(by):
            locked = self._lock()
            view = locked._view_that_goes_on(questionnaire)
            if in_use := view.shared_link:
                return in_use
            view.invitations.shared().filter(revoked_on=None).update(revoked_on=timezone.localdate())
            invitation = view.invitations.create(is_shared=True, expires_on=valid_until())
            Event.record("outside.shared", by=by, team=self.team, assessment=self, invitation=invitation.pk)
        return invitation

    def revoke_outsider(self, invitation: OutsideInvitation, *, by: User) -> None:
        """Ends a link and deletes its email. Answers stay: nothing says which they are."""
        with writing(by):
            self._lock()
            OutsideInvitation.objects.filter(pk=invitation.pk, view__assessment=self.pk).forget()
            Event.record("outside.revoked", by=by, team=self.team, assessment=self, invitation=invitation.pk)

    def _view_that_goes_on(self, questionnaire: str) -> OutsideView:
        """The outside view of this locked assessment, which begins if there is none. Raises Refused if it is over."""
        self._refuse_unless(DRAFT, OPEN)
        is_short = Questionnaire.SHORT in (questionnaire, self.questionnaire) and self.edition.contents.quick_keys
        chosen = Questionnaire.SHORT if is_short else Questionnaire.FULL
        view, _is_new = OutsideView.objects.get_or_create(assessment_id=self.pk, defaults={"questionnaire": chosen})
        if view.is_over:
            raise Refused(OVER)
        return view

    # ------------------------------------------------------------------ answering

    def enter_from_outside(self, seat: OutsideSeat, *, token: str) -> None:
        """Somebody uses the shared link and gets a link of their own; the same token makes one respondent."""
        with transaction.atomic():
            view = self._lock()._view_to_answer(seat)
            if view.respondents.count() >= self.MOST_OUTSIDERS:
                raise Refused(_("This assessment cannot take any more people. Ask the team lead."))
            view.respondents.get_or_create(secret_hash=respond_hash(token))

    def save_from_outside(self, seat: OutsideSeat, answers: Mapping[Criterion, Choice | None]) -> None:
        """Stores what an outsider says to these criteria; None says that they do not know.

        Raises Refused if the link or the outside view has ended. It holds the lock under which answering ends.
        """
        if seat.is_shared:
            raise ValueError("the shared link is nobody's, so it has no answers")
        with transaction.atomic():
            view = self._lock()._view_to_answer(seat)
            respondent, _is_new = view.respondents.get_or_create(secret_hash=respond_hash(seat.token))
            OutsideRating.objects.bulk_create(
                [
                    OutsideRating(respondent=respondent, criterion=criterion, choice=choice)
                    for criterion, choice in answers.items()
                ],
                update_conflicts=True,
                unique_fields=["respondent", "criterion"],
                update_fields=["choice"],
            )

    def _view_to_answer(self, seat: OutsideSeat) -> OutsideView:
        """The outside view as it is now, on this locked assessment. Raises Refused if the seat takes no answers."""
        view = OutsideView.objects.of(self)
        if view is None:
            raise Refused(NO_LONGER)
        if view.is_over:
            raise Refused(_("Answering has ended, so this was not saved. What you saved before still counts."))
        self._refuse_unless(OPEN)
        if seat.invitation is not None:
            fresh = OutsideInvitation.objects.usable().filter(pk=seat.invitation.pk).first()
            if fresh is None or (fresh.email and self.insiders([fresh.email])):
                raise Refused(NO_LONGER)
        return view

    def _end_outside_view(self) -> None:
        """Ends it with the answering of the team, the first time; afterwards single answers could be worked out."""
        view = OutsideView.objects.of(self)
        if view is not None and not view.is_over:
            view.end(self.instrument())

    def _freeze_outside_view(self, result: Result, score: scoring.Score) -> None:
        view = OutsideView.objects.of(self)
        if view is not None:
            rows = view.beside(self.instrument(), score)
            OutsidePart.objects.bulk_create(OutsidePart.of(row, order, result) for order, row in enumerate(rows))


class OutsidePart(models.Model):
    """How people outside saw one dimension, beside the team, as it was when a result was frozen. No figure of it."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="outside_parts")
    key = models.CharField(max_length=120, help_text="Of the dimension.")
    order = models.PositiveSmallIntegerField()
    people = models.PositiveIntegerField()
    questions = models.PositiveIntegerField(help_text="Those that people outside rated.")
    outside_exact = models.TextField(help_text="Mean points, 0 to 1, of their lower medians.")
    outside = models.DecimalField(max_digits=5, decimal_places=4)
    team_exact = models.TextField(blank=True, help_text="The same of the team, by the same criteria.")
    team = models.DecimalField(max_digits=5, decimal_places=4, null=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "key"],
                name="outside_part_once_per_dimension",
                violation_error_message=gettext_lazy("This dimension is already in the outside view."),
            ),
            models.CheckConstraint(
                condition=Q(people__gte=scoring.outside.LEAST),
                name="outside_part_of_enough_people",
                violation_error_message=gettext_lazy("The outside view needs three people for each dimension."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} from outside"

    @classmethod
    def of(cls, row: scoring.BesideTheTeam, order: int, result: Result | None = None) -> Self:
        return cls(
            result=result,
            key=row.dimension,
            order=order,
            people=row.people,
            questions=row.questions,
            outside_exact=as_text(row.outside),
            outside=as_decimal(row.outside),
            team_exact=as_text(row.team),
            team=as_decimal(row.team),
        )

    @property
    def beside(self) -> scoring.BesideTheTeam:
        """The figures, exact."""
        return scoring.BesideTheTeam(
            dimension=self.key,
            people=self.people,
            questions=self.questions,
            outside=as_fraction(self.outside_exact) or Fraction(0),
            team=as_fraction(self.team_exact),
        )
