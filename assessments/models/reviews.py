"""The review: the team goes through what it sees differently, one criterion after the other, and agrees."""

from django.db import models
from django.db.models import F
from django.utils import timezone

from .. import scoring
from .assessments import Assessment
from .edition_parts import Criterion
from .journal import Event
from .ratings import AgreedRating
from .refusals import Refused
from .transitions import REVIEW
from .writing import writing


class StaleAgreement(Refused):
    """Somebody else has settled this criterion meanwhile; `.stored` is on what, None if on nothing."""

    def __init__(self, stored):
        super().__init__("This was settled on another screen meanwhile.")
        self.stored = stored


class ReviewQuerySet(models.QuerySet["Review"]):
    def at(self, assessment: Assessment) -> "Review":
        return self.get_or_create(assessment=assessment)[0]


class Review(models.Model):
    """Where a team is in its review; `step` grows with everything that whoever follows must see."""

    assessment = models.OneToOneField(Assessment, models.CASCADE, primary_key=True, related_name="review")
    criterion = models.ForeignKey(Criterion, models.PROTECT, null=True, blank=True, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    step = models.PositiveIntegerField(default=0)

    objects = ReviewQuerySet.as_manager()

    def __str__(self):
        return f"review of {self.assessment_id}"

    def turn_to(self, criterion: Criterion | None, *, by):
        """Shows another criterion to everybody, and starts its time. No event: nothing about the assessment changes."""
        with writing(by):
            self.assessment._lock()._refuse_unless(REVIEW)
            now = {"criterion": criterion, "since": timezone.now(), "step": F("step") + 1}
            Review.objects.filter(pk=self.pk).update(**now)

    def agree(self, criterion: Criterion, *, code: str, by, reason="", note="", version=0) -> AgreedRating:
        """Settles a criterion: on a choice, on NA with a reason, or with an empty code on the median of the votes.

        `version` is that of the agreed rating which was on the screen, 0 where there was none.
        """
        with writing(by):
            locked = self.assessment._lock()
            locked._refuse_unless(REVIEW)
            stored = locked.agreed_ratings.filter(criterion=criterion).select_related("choice").first()
            if (stored.version if stored else 0) != version:
                raise StaleAgreement(stored)
            row = stored or AgreedRating(assessment=locked, criterion=criterion, version=0)
            rated = code not in {"", scoring.NA}
            row.choice = criterion.scale.by_code[code] if rated else None
            row.keeps_median = code == ""
            row.reason = reason if code == scoring.NA else ""
            row.note, row.by, row.version = note, by, row.version + 1
            row.save()
            Review.objects.filter(pk=self.pk).update(step=F("step") + 1)
            data = {"criterion": criterion.key, "code": code}
            Event.record("criterion.agreed", by=by, team=locked.team, assessment=locked, **data)
        return row
