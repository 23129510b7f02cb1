"""The review: the team discusses its differences, one criterion after the other, and agrees."""

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from .. import scoring
from .accounts import User
from .assessments import Assessment
from .edition_parts import Criterion
from .journal import Event
from .ratings import AgreedRating
from .transitions import REVIEW
from .writing import writing


class ReviewQuerySet(models.QuerySet["Review"]):
    def at(self, assessment: Assessment) -> "Review":
        review = self.filter(assessment=assessment).first()
        if review is not None:
            return review
        with transaction.atomic():
            # Nothing is created for an assessment that is being discarded.
            assessment._lock()
            return self.get_or_create(assessment=assessment)[0]


class Review(models.Model):
    """Where a team is in its review; `step` grows with every change that followers need to see."""

    assessment = models.OneToOneField(Assessment, models.CASCADE, primary_key=True, related_name="review")
    criterion = models.ForeignKey(Criterion, models.PROTECT, null=True, blank=True, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    step = models.PositiveIntegerField(default=0)

    objects = ReviewQuerySet.as_manager()

    def __str__(self) -> str:
        return f"review of {self.assessment_id}"

    def turn_to(self, criterion: Criterion | None, *, by: User) -> None:
        """Shows another criterion to everybody and restarts its timer. No event, as the assessment does not change."""
        with writing(by):
            self.assessment._lock()._refuse_unless(REVIEW)
            now = {"criterion": criterion, "since": timezone.now(), "step": F("step") + 1}
            Review.objects.filter(pk=self.pk).update(**now)

    def agree(
        self, criterion: Criterion, *, code: str, by: User, reason: str = "", note: str = "", seen: int | None = 0
    ) -> AgreedRating:
        """Records what the team agreed on: a choice, NA with a reason, or (with an empty code) the median of the votes.

        `seen` is the revision of the agreed rating on the screen, 0 if there was none. Raises Conflict if somebody else
        has recorded one since.
        """
        with writing(by):
            locked = self.assessment._lock()
            locked._refuse_unless(REVIEW)
            stored = locked.agreed_ratings.filter(criterion=criterion).select_related("choice").first()
            row = stored or AgreedRating(assessment=locked, criterion=criterion, revision=0)
            values = {
                "choice": criterion.scale.by_code[code] if code not in {"", scoring.NA} else None,
                "keeps_median": code == "",
                "reason": reason if code == scoring.NA else "",
                "note": note,
            }
            if not row.take(values, seen=seen):
                return row
            row.by = by
            row.save()
            Review.objects.filter(pk=self.pk).update(step=F("step") + 1)
            data = {"criterion": criterion.key, "code": code}
            Event.record("criterion.agreed", by=by, team=locked.team, assessment=locked, **data)
        return row
