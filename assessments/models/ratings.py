"""What was answered: respondents, their ratings, what they say to symptoms, and what the team agrees on."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .. import scoring
from .accounts import User
from .edition_parts import Choice, Criterion, Symptom
from .participation import Guest, Invitation, respond_hash
from .revisions import Conflict, RevisedOnceMade


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a respondent says to one criterion. `code` is a choice's code, NA, DK, or empty for no answer."""

    code: str = ""
    reason: str = ""
    comment: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMark:
    """Which page saved, its running number, and the version of the rating that the page had seen."""

    page: str
    sequence: int
    version: int


class RespondentQuerySet(models.QuerySet["Respondent"]):
    def of(self, who: Any, *, anonymous: bool):
        """The respondent of an account or of the holder of a link; where anonymous, only the secret finds it."""
        return self.filter(**dict([self.known_by(who, anonymous=anonymous)]))

    def begin(self, assessment_id, who: Any, *, anonymous: bool, counts: bool) -> "Respondent":
        if anonymous and not isinstance(who, Guest):
            raise ValueError("an account is no respondent of an anonymous assessment")
        known_by = dict([self.known_by(who, anonymous=anonymous)])
        return self.create(assessment_id=assessment_id, is_anonymous=anonymous, counts=counts, **known_by)

    @staticmethod
    def known_by(who, *, anonymous) -> tuple[str, Any]:
        """The column by which somebody's respondent is found in an assessment, and its value there."""
        if anonymous:
            # An account is known to no respondent; no secret has an empty hash.
            return "secret_hash", respond_hash(who.token) if isinstance(who, Guest) else ""
        if isinstance(who, Guest) and not who.invitation.user_id:
            return "invitation_id", who.invitation.pk
        return "user_id", who.invitation.user_id if isinstance(who, Guest) else who.pk


class Respondent(models.Model):
    """Who answers, as far as that may be known: an account, a guest, or only a secret that a person alone holds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="respondents")
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="respondents")
    invitation = models.OneToOneField(Invitation, models.SET_NULL, null=True, blank=True, related_name="respondent")
    secret_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - unique when set
    is_anonymous = models.BooleanField(default=False, editable=False)
    counts = models.BooleanField(
        default=False,
        editable=False,
        help_text="Anonymous only: whether they are among the four people who are needed. After the end all are.",
    )

    objects = RespondentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"],
                condition=Q(user__isnull=False),
                name="respondent_once_per_person",
                violation_error_message="This person answers already.",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(secret_hash__isnull=True),
                name="respondent_known_or_secret",
                violation_error_message="A respondent is known by account or by secret, not by both.",
            ),
            models.CheckConstraint(
                condition=Q(is_anonymous=False) | Q(user__isnull=True, invitation__isnull=True),
                name="respondent_anonymous_is_nobody",
                violation_error_message="An anonymous respondent has neither account nor invitation.",
            ),
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def who(self) -> str:
        """What the lead calls this person in a named assessment."""
        if self.user:
            return str(self.user)
        if self.invitation:
            return self.invitation.name or self.invitation.email or "A guest"
        return "Somebody who has left"


class RatingQuerySet(models.QuerySet["Rating"]):
    def given(self):
        """Ratings that are an answer, be it `I do not know`; a comment alone is none."""
        return self.exclude(answer=Rating.Kind.NONE)

    def votes(self):
        """Answers that count for or against something: a choice, or that it does not apply."""
        return self.filter(answer__in=[Rating.Kind.RATED, Rating.Kind.NA])

    def forget_words(self):
        """Removes what people wrote, not what they rated; a reason leaves a mark, as “does not apply” needs one."""
        self.exclude(reason="").update(reason="(removed)")
        self.update(comment="", evidence="")


class Rating(models.Model):
    """A respondent's answer to a criterion. No answer, I do not know, does not apply and a choice are kept apart."""

    class Kind(models.TextChoices):
        NONE = "", "No answer"
        RATED = "rated", "Rated"
        NA = scoring.NA, "Does not apply"
        DK = scoring.DK, "I do not know"

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
                violation_error_message="This respondent has rated this criterion already.",
            ),
            models.CheckConstraint(
                condition=Q(answer="rated", choice__isnull=False) | (~Q(answer="rated") & Q(choice__isnull=True)),
                name="rating_choice_when_rated",
                violation_error_message="A rating needs a choice; any other answer has none.",
            ),
            models.CheckConstraint(
                condition=~Q(answer="NA") | ~Q(reason=""),
                name="rating_na_has_reason",
                violation_error_message="“Does not apply” needs a reason.",
            ),
        ]
        indexes = [models.Index(fields=["assessment", "criterion"], name="rating_assessment_criterion")]

    def __str__(self):
        return f"{self.criterion_id}: {self.answer or '-'}"

    def take(self, answer: Answer):
        scale = self.criterion.scale
        rated = answer.code not in {"", scoring.NA, scoring.DK}
        self.answer = self.Kind.RATED if rated else answer.code
        self.choice = scale.by_code[answer.code] if rated else None
        self.reason = answer.reason if answer.code == scoring.NA else ""
        self.comment, self.evidence = answer.comment, answer.evidence

    def accept(self, criterion, answer: Answer, mark: PageMark, *, timed: bool) -> bool:
        """Takes the answer, unless the same page has stored a newer one; says whether there is something to store.

        `timed` notes when. Nothing can come between reading and writing, as the caller holds the assessment's lock.
        Raises Conflict where another page has changed the answer meanwhile.
        """
        # The criterion that was passed in brings its scale along; the stored row would fetch it again.
        self.criterion = criterion
        is_new = self._state.adding
        if not is_new and self.page == mark.page and mark.sequence <= self.sequence:
            return False
        if not is_new and self.page != mark.page and self.version != mark.version:
            raise Conflict(self)
        self.take(answer)
        self.page, self.sequence, self.version = mark.page, mark.sequence, self.version + 1
        self.saved_at = timezone.now() if timed else None
        return True

    @property
    def code(self) -> str:
        return self.choice.code if self.choice else self.answer


class SymptomAnswer(models.Model):
    """Whether a respondent finds a symptom in the team. Never scored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    respondent = models.ForeignKey(Respondent, models.CASCADE, related_name="symptoms", db_index=False)
    symptom = models.ForeignKey(Symptom, models.PROTECT, related_name="+")
    agrees = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "symptom"],
                name="symptom_once_per_respondent",
                violation_error_message="This respondent has answered this already.",
            )
        ]

    def __str__(self):
        return f"{self.symptom_id}: {'agrees' if self.agrees else 'does not agree'}"


class AgreedRatingQuerySet(models.QuerySet):
    def agreed(self):
        """Those that settle a criterion; where the median was kept, the votes do."""
        return self.filter(keeps_median=False)


class AgreedRating(RevisedOnceMade):
    """What a team settles on together for a criterion: a choice, that it does not apply, or that the median stays."""

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
                violation_error_message="There is an agreed rating for this criterion already.",
            ),
            models.CheckConstraint(
                condition=Q(choice__isnull=False, keeps_median=False)
                | Q(choice__isnull=True, keeps_median=True)
                | (Q(choice__isnull=True, keeps_median=False) & ~Q(reason="")),
                name="agreed_na_has_reason",
                violation_error_message="“Does not apply” needs a reason.",
            ),
        ]

    def __str__(self):
        return f"{self.criterion_id} agreed"

    @property
    def code(self) -> str:
        """The agreed code; empty where the median is kept."""
        return "" if self.keeps_median else self.choice.code if self.choice else scoring.NA
