"""Answers: respondents, their ratings, their answers to symptoms, and the ratings the team agreed on."""

import uuid
from dataclasses import dataclass
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from .accounts import User
from .edition_parts import Choice, Criterion, Symptom
from .participation import Answerer, Guest, Invitation, respond_hash
from .revisions import Conflict, RevisedOnceMade


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A respondent's answer to one criterion. `code` is a choice's code, NA, DK, or empty for no answer."""

    code: str = ""
    reason: str = ""
    comment: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMark:
    """The page that saved, the running number of the save, and the version of the rating that the page had seen."""

    page: str
    sequence: int
    version: int


class RespondentQuerySet(models.QuerySet["Respondent"]):
    def of(self, who: Answerer, *, anonymous: bool) -> Self:
        """The respondent of an account or of the holder of a link; if anonymous, only the secret finds it."""
        column, value = self.known_by(who, anonymous=anonymous)
        return self.filter(**{column: value})

    def begin(self, assessment_id: uuid.UUID, who: Answerer, *, anonymous: bool, counts: bool) -> "Respondent":
        if anonymous and not isinstance(who, Guest):
            raise ValueError("an account cannot be a respondent of an anonymous assessment")
        column, value = self.known_by(who, anonymous=anonymous)
        return self.create(assessment_id=assessment_id, is_anonymous=anonymous, counts=counts, **{column: value})

    @staticmethod
    def known_by(who: Answerer, *, anonymous: bool) -> tuple[str, str | int | uuid.UUID | None]:
        """The column that finds somebody's respondent in an assessment, and its value."""
        if anonymous:
            # An account has no anonymous respondent, and no secret has an empty hash.
            return "secret_hash", respond_hash(who.token) if isinstance(who, Guest) else ""
        if isinstance(who, Guest) and not who.invitation.user_id:
            return "invitation_id", who.invitation.pk
        return "user_id", who.invitation.user_id if isinstance(who, Guest) else who.pk


class Respondent(models.Model):
    """Somebody who answers, as far as that may be known: an account, a guest, or a secret that only they have."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="respondents")
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="respondents")
    invitation = models.OneToOneField(Invitation, models.SET_NULL, null=True, blank=True, related_name="respondent")
    secret_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - unique when set
    is_anonymous = models.BooleanField(default=False, editable=False)
    counts = models.BooleanField(
        default=False,
        editable=False,
        help_text="Anonymous only: whether they count towards the four people needed. After answering ends, all do.",
    )

    objects = RespondentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"],
                condition=Q(user__isnull=False),
                name="respondent_once_per_person",
                violation_error_message=gettext_lazy("This person is already a respondent."),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(secret_hash__isnull=True),
                name="respondent_known_or_secret",
                violation_error_message=gettext_lazy("A respondent is known by account or by secret, not both."),
            ),
            models.CheckConstraint(
                condition=Q(is_anonymous=False) | Q(user__isnull=True, invitation__isnull=True),
                name="respondent_anonymous_is_nobody",
                violation_error_message=gettext_lazy(
                    "An anonymous respondent cannot have an account or an invitation."
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def who(self) -> str:
        """The name that the lead sees in a named assessment."""
        if self.user:
            return str(self.user)
        if self.invitation:
            return self.invitation.name or self.invitation.email or _("A guest")
        return _("Somebody who has left")


class RatingQuerySet(models.QuerySet["Rating"]):
    def given(self) -> Self:
        """Ratings with an answer, including “I do not know”; a comment alone is not an answer."""
        return self.exclude(answer=Rating.Kind.NONE)

    def votes(self) -> Self:
        """Answers that count as votes: a choice, or “does not apply”."""
        return self.filter(answer__in=[Rating.Kind.RATED, Rating.Kind.NA])

    def forget_words(self) -> None:
        """Removes texts but keeps ratings. A reason is replaced by a mark, because “does not apply” needs one."""
        self.exclude(reason="").update(reason="(removed)")
        self.update(comment="", evidence="")


class Rating(models.Model):
    """A respondent's answer to a criterion: a choice, “does not apply”, “I do not know” or no answer."""

    class Kind(models.TextChoices):
        NONE = "", gettext_lazy("No answer")
        RATED = "rated", gettext_lazy("Rated")
        NA = scoring.NA, gettext_lazy("Does not apply")
        DK = scoring.DK, gettext_lazy("I do not know")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="ratings", db_index=False)
    respondent = models.ForeignKey(Respondent, models.CASCADE, related_name="ratings", db_index=False)
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="ratings")
    answer = models.CharField(max_length=5, choices=Kind, blank=True)
    choice = models.ForeignKey(Choice, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    comment = models.TextField(blank=True, max_length=4000)
    evidence = models.URLField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=0)
    page = models.CharField(max_length=40, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)

    objects = RatingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "criterion"],
                name="rating_once_per_criterion",
                violation_error_message=gettext_lazy("This respondent has already rated this criterion."),
            ),
            models.CheckConstraint(
                condition=Q(answer="rated", choice__isnull=False) | (~Q(answer="rated") & Q(choice__isnull=True)),
                name="rating_choice_when_rated",
                violation_error_message=gettext_lazy("A rating needs a choice, and any other answer cannot have one."),
            ),
            models.CheckConstraint(
                condition=~Q(answer="NA") | ~Q(reason=""),
                name="rating_na_has_reason",
                violation_error_message=gettext_lazy("“Does not apply” needs a reason."),
            ),
        ]
        indexes = [models.Index(fields=["assessment", "criterion"], name="rating_assessment_criterion")]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.answer or '-'}"

    def take(self, answer: Answer) -> None:
        scale = self.criterion.scale
        rated = answer.code not in {"", scoring.NA, scoring.DK}
        self.answer = self.Kind.RATED if rated else answer.code
        self.choice = scale.by_code[answer.code] if rated else None
        self.reason = answer.reason if answer.code == scoring.NA else ""
        self.comment = answer.comment
        self.evidence = answer.evidence

    def accept(self, criterion: Criterion, answer: Answer, mark: PageMark, *, timed: bool) -> bool:
        """Takes the answer, unless the same page has stored a newer one; returns whether there is something to store.

        `timed` records the time. Nothing can happen between reading and writing, because the caller holds the lock of
        the assessment. Raises Conflict if another page has changed the answer in the meantime.
        """
        # The criterion that was passed in already has its scale; the stored row would fetch it again.
        self.criterion = criterion
        is_new = self._state.adding
        if not is_new and self.page == mark.page and mark.sequence <= self.sequence:
            return False
        if not is_new and self.page != mark.page and self.version != mark.version:
            raise Conflict(self)
        before = self.content
        self.take(answer)
        self.page = mark.page
        self.sequence = mark.sequence
        # A page that is left sends again what it does not yet know to be stored: that is no other answer.
        self.version += is_new or self.content != before
        self.saved_at = timezone.now() if timed else None
        return True

    @property
    def code(self) -> str:
        return self.choice.code if self.choice else self.answer

    def says(self, answer: Answer) -> bool:
        """Whether it is what the respondent answered."""
        asked = Rating(criterion=self.criterion)
        asked.take(answer)
        return self.content == asked.content

    @property
    def content(self) -> tuple[str, int | None, str, str, str]:
        """All that the respondent said: two ratings with the same content are the same answer."""
        return self.answer, self.choice_id, self.reason, self.comment, self.evidence


class SymptomAnswer(models.Model):
    """Whether a respondent sees a symptom in the team. Never scored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    respondent = models.ForeignKey(Respondent, models.CASCADE, related_name="symptoms", db_index=False)
    symptom = models.ForeignKey(Symptom, models.PROTECT, related_name="+")
    agrees = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "symptom"],
                name="symptom_once_per_respondent",
                violation_error_message=gettext_lazy("This respondent has already answered this."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.symptom_id}: {'agrees' if self.agrees else 'does not agree'}"


class AgreedRatingQuerySet(models.QuerySet):
    def agreed(self) -> Self:
        """Agreed ratings that replace the votes; without those that keep the median."""
        return self.filter(keeps_median=False)


class AgreedRating(RevisedOnceMade):
    """What a team agrees on for a criterion: a choice, that it does not apply, or to keep the median."""

    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="agreed_ratings")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    choice = models.ForeignKey(Choice, models.PROTECT, null=True, blank=True, related_name="+")
    keeps_median = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    objects = AgreedRatingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "criterion"],
                name="agreed_once_per_criterion",
                violation_error_message=gettext_lazy("This criterion already has an agreed rating."),
            ),
            models.CheckConstraint(
                condition=Q(choice__isnull=False, keeps_median=False)
                | Q(choice__isnull=True, keeps_median=True)
                | (Q(choice__isnull=True, keeps_median=False) & ~Q(reason="")),
                name="agreed_na_has_reason",
                violation_error_message=gettext_lazy("“Does not apply” needs a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id} agreed"

    @property
    def code(self) -> str:
        """The agreed code; empty if the median is kept."""
        if self.keeps_median:
            return ""
        return self.choice.code if self.choice else scoring.NA
