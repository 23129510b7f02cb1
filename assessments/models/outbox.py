"""Mails that wait to be sent: to whom, of which kind, about which assessment. Their text is made on sending."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .participation import Participation


class MailQuerySet(models.QuerySet["Mail"]):
    #: A mail that somebody began to send and did not finish is taken up again after this.
    ABANDONED = timedelta(minutes=10)

    def queue(self, participations, kind) -> int:
        """Puts a mail of this kind to each of them into the outbox, again where it was sent; returns how many."""
        rows = [self.model(participation=p, assessment_id=p.assessment_id, kind=kind) for p in participations]
        known = self.filter(participation__in=participations, kind=kind)
        known.update(sent_at=None, not_before=timezone.now(), attempts=0)
        self.bulk_create(rows, ignore_conflicts=True)
        return len(rows)

    def queue_once(self, participations, kind):
        """The same, but to nobody who got one of this kind before."""
        rows = [self.model(participation=p, assessment_id=p.assessment_id, kind=kind) for p in participations]
        self.bulk_create(rows, ignore_conflicts=True)

    def people_to_remind(self, assessment) -> list[Participation]:
        """Who has not submitted and may still answer; not whose invitation is still to be sent: that says as much."""
        invited = self.filter(assessment=assessment, kind=Mail.Kind.INVITATION, sent_at=None).values("participation")
        waiting = assessment.participations.not_submitted().exclude(pk__in=invited)
        ended = assessment.invitations.exclude(revoked_on=None)
        waiting = waiting.exclude(invitation__in=ended).exclude(user__in=ended.exclude(user=None).values("user"))
        answering = assessment.team.memberships.answering().filter(user__is_active=True).values("user")
        waiting = waiting.filter(Q(user=None) | Q(user__in=answering))
        return [person for person in waiting.named() if person.address]

    def waiting(self):
        """What may be sent now. Mails about drafts wait; those about anything that takes no answers are pointless."""
        return self._unclaimed().filter(not_before__lte=timezone.now(), assessment__status="open")

    def _unclaimed(self):
        return self.filter(Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - self.ABANDONED), sent_at=None)

    def claim(self, pk) -> bool:
        """Takes one mail for this process; False where another one was quicker.

        The conditions are on columns of the row alone: those of a subquery are not read again after waiting for it.
        """
        return self._unclaimed().filter(pk=pk).update(claimed_at=timezone.now()) == 1


class Mail(models.Model):
    """One mail; once each per person and kind. Neither address nor text nor link is kept here."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        REMINDER = "reminder", "Reminder"
        DUE_SOON = "due-soon", "Due soon"
        OVERDUE = "overdue", "Overdue"

    BY_DATE = [Kind.DUE_SOON, Kind.OVERDUE]

    participation = models.ForeignKey(Participation, models.CASCADE, related_name="mails", db_index=False)
    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=10, choices=Kind)
    not_before = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "kind"],
                name="mail_once_each",
                violation_error_message="This mail is in the outbox already.",
            )
        ]
        indexes = [models.Index(fields=["not_before"], condition=Q(sent_at=None), name="mail_waiting")]

    def __str__(self):
        return f"{self.kind} {self.pk}"

    def postpone(self):
        """After a failure: again later, at growing intervals of up to six hours."""
        self.attempts += 1
        wait = timedelta(minutes=min(360, 2**self.attempts))
        Mail.objects.filter(pk=self.pk).update(
            claimed_at=None, attempts=self.attempts, not_before=timezone.now() + wait
        )
