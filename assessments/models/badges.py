"""Badges: a picture of a team's level for a page elsewhere, such as a README. There is none until a lead makes it."""

import datetime
import hashlib
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .frameworks import Framework, Questionnaire
from .journal import Event
from .refusals import Refused
from .results import Result
from .teams import Team
from .writing import writing


def badge_hash(token: str) -> str:
    """Differs from the hashes of links, so that no token works in two places."""
    return hashlib.sha256(f"badge{token}".encode()).hexdigest()


class BadgeQuerySet(models.QuerySet["Badge"]):
    def usable(self) -> Self:
        """Those that are drawn, as far as the rows say: whether the maker still has the right is not among it."""
        return self.filter(revoked_on=None, made_by__isnull=False)

    def genuine(self, token: str) -> "Badge | None":
        """The badge of this token if it is usable."""
        return self.usable().select_related("made_by", "team").filter(token_hash=badge_hash(token)).first()

    def in_line_with(self, result: Result) -> Self:
        """Badges of the history that this result belongs to."""
        line = {"framework": result.framework_id, "rule": result.rule, "questionnaire": result.questionnaire}
        return self.filter(team=result.team_id, **line).select_related("made_by")

    def of_result(self, result: Result) -> "Badge | None":
        """The badge of the history that this result belongs to; None if there is none."""
        return self.in_line_with(result).filter(revoked_on=None).first()

    def ended_before(self, day: datetime.date) -> Self:
        return self.filter(revoked_on__lt=day)

    def make(self, result: Result, *, by: User, token: str) -> "Badge":
        """A badge of the newest result in the history of this one; it takes the place of the badge before.

        The same token again gives the same badge.
        """
        with writing(by):
            Team.objects.lock(result.team_id)
            known = self.filter(token_hash=badge_hash(token)).first()
            if known is not None:
                if known.made_by_id != by.pk or known.revoked_on:
                    raise Refused(_("This page was used before. Open it again to make another badge."))
                return known
            self.in_line_with(result).filter(revoked_on=None).update(revoked_on=timezone.localdate())
            badge = self.create(
                token_hash=badge_hash(token),
                team_id=result.team_id,
                framework_id=result.framework_id,
                rule=result.rule,
                questionnaire=result.questionnaire,
                made_by=by,
            )
            Event.record("badge.made", by=by, team=result.team, badge=badge.pk)
        return badge

    def end_all_of(self, person: User) -> None:
        """Revokes whatever this person made, because they are about to be erased."""
        self.filter(made_by=person, revoked_on=None).update(revoked_on=timezone.localdate())


class Badge(models.Model):
    """An address that draws the level and the date of a team's newest result in one history."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="badges")
    framework = models.ForeignKey(Framework, models.CASCADE, related_name="+")
    rule = models.CharField(max_length=80, blank=True)
    questionnaire = models.CharField(max_length=5, choices=Questionnaire)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_on = models.DateField(default=timezone.localdate, editable=False)
    revoked_on = models.DateField(null=True, editable=False)

    objects = BadgeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "framework", "rule", "questionnaire"],
                condition=Q(revoked_on__isnull=True),
                name="badge_one_per_history",
                violation_error_message=gettext_lazy("There is already a badge for this."),
            )
        ]

    def __str__(self) -> str:
        return f"badge {self.pk}"

    def newest_result(self) -> Result | None:
        """What it shows now."""
        line = {"framework": self.framework_id, "rule": self.rule, "questionnaire": self.questionnaire}
        return Result.objects.current_only().filter(team=self.team_id, **line).newest_first().first()

    def revoke(self, *, by: User) -> None:
        """Ends it for good, once."""
        with writing(by):
            ended = Badge.objects.filter(pk=self.pk, revoked_on=None).update(revoked_on=timezone.localdate())
            if ended:
                Event.record("badge.revoked", by=by, team=self.team, badge=self.pk)
