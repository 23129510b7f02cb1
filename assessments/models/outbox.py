"""Mails that wait to be sent: to whom, of which kind, about what. Their text and links are made on sending."""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from .accounts import User
from .participation import Participation


class MailQuerySet(models.QuerySet["Mail"]):
    #: A mail that somebody began to send and did not finish is taken up again after this.
    ABANDONED = timedelta(minutes=10)

    def queue(self, participations: Iterable[Participation], kind: "Mail.Kind") -> int:
        """Puts a mail of this kind to each of them into the outbox, again if it was sent; returns how many."""
        people = list(participations)
        self.filter(participation__in=people, kind=kind)._start_again()
        self._add([{"participation": person, "assessment_id": person.assessment_id} for person in people], kind=kind)
        return len(people)

    def queue_once(self, participations: Iterable[Participation], kind: "Mail.Kind", due: date) -> None:
        """The same, but to nobody who got one of this kind about this due date before."""
        people = list(participations)
        self.filter(participation__in=people, kind=kind).exclude(due=due)._start_again(due=due)
        about = [{"participation": person, "assessment_id": person.assessment_id} for person in people]
        self._add(about, kind=kind, due=due)

    def queue_for(self, user: User, kind: "Mail.Kind") -> None:
        """Puts a mail about their account to somebody into the outbox, again if it was sent."""
        self.filter(user=user, kind=kind)._start_again()
        self._add([{"user": user}], kind=kind)

    def _add(self, about: list[dict], **values: Any) -> None:
        """Adds those that are not there yet, in whatever state."""
        now = timezone.now()
        self.bulk_create([self.model(not_before=now, **row, **values) for row in about], ignore_conflicts=True)

    def _start_again(self, **values: Any) -> None:
        """Makes new mails of old ones. One that is being sent at this moment is new enough."""
        self.filter(claimed_at=None).update(
            state=Mail.State.WAITING,
            not_before=timezone.now(),
            attempts=0,
            unanswered=0,
            problem="",
            reply="",
            done_on=None,
            key=uuid.uuid4(),
            **values,
        )

    def people_to_remind(self, assessment: Any, kind: "Mail.Kind | None" = None) -> list[Participation]:
        """Who has not submitted and may still answer, and was not reminded of anything today.

        Nobody whose invitation is still to be sent: that says as much. With a kind, only who never got one of it about
        the present due date.
        """
        invited = self.filter(assessment=assessment, kind=Mail.Kind.INVITATION, state=Mail.State.WAITING)
        waiting = assessment.participations.not_submitted().exclude(pk__in=invited.values("participation"))
        ended = assessment.invitations.exclude(revoked_on=None)
        waiting = waiting.exclude(invitation__in=ended).exclude(user__in=ended.exclude(user=None).values("user"))
        answering = assessment.team.memberships.answering().filter(user__is_active=True).values("user")
        waiting = waiting.filter(Q(user=None) | Q(user__in=answering))
        if kind:
            waiting = waiting.exclude(pk__in=self.filter(kind=kind, due=assessment.due).values("participation"))
        people = [person for person in waiting.named() if person.address]
        reminded = self._reminded_today(assessment, {person.address.lower() for person in people})
        return [person for person in people if person.address.lower() not in reminded]

    def _reminded_today(self, assessment: Any, emails: set[str]) -> set[str]:
        """Which of these emails a reminder reached today, or will, of whatever assessment."""
        if not emails:
            return set()
        today = timezone.localdate(timezone=ZoneInfo(assessment.team.time_zone))
        reached = Q(state=Mail.State.SENT, done_on__gte=today) | Q(state=Mail.State.WAITING, assessment__status="open")
        email = Lower(Coalesce("participation__user__email", "participation__invitation__email"))
        reminders = self.filter(reached, kind__in=Mail.REMINDERS).annotate(email=email)
        return set(reminders.filter(email__in=emails).values_list("email", flat=True))

    def due(self) -> "MailQuerySet":
        """What may be sent now, those about accounts first. Mails about drafts wait until they are opened."""
        now = timezone.now()
        free = Q(claimed_at=None) | Q(claimed_at__lt=now - self.ABANDONED)
        about = Q(assessment=None) | Q(assessment__status="open")
        rows = self.filter(free, about, state=Mail.State.WAITING, not_before__lte=now)
        return rows.order_by(F("participation").asc(nulls_first=True), "pk")

    def claim(self) -> "Mail | None":
        """Takes one mail for this process and notes the attempt; None if there is none.

        Noted before it is sent, so that a mail at which processes die is not tried for ever. Senders do not wait for
        each other: each passes over what another one holds.
        """
        rows = self.due().select_related(
            "user",
            "assessment__team",
            "assessment__edition__framework",
            "participation__user",
            "participation__invitation",
        )
        while True:
            with transaction.atomic():
                mail = rows.select_for_update(skip_locked=True, of=("self",)).first()
                if mail is None:
                    return None
                if mail.has_tries_left:
                    mail._change(claimed_at=timezone.now(), attempts=mail.attempts + 1)
                    return mail
                # The process that had it last ended before it could say so.
                mail.fail(Mail.Problem.INTERRUPTED)

    def drop_pointless(self) -> None:
        """Ends mails about closed assessments, which take no answers."""
        self.filter(state=Mail.State.WAITING, assessment__status="closed").update(state=Mail.State.SKIPPED)

    def undelivered(self) -> "MailQuerySet":
        """What needs attention: refused, also while it is tried again, or tried in vain. With whom it is for.

        Of anonymous assessments invitations only, which everyone gets: reminders tell who has not submitted.
        """
        refused = Q(state=Mail.State.WAITING, problem=Mail.Problem.REFUSED)
        useful = Q(assessment=None) | Q(assessment__status__in=["draft", "open"])
        rows = self.filter(refused | Q(state=Mail.State.FAILED), useful)
        rows = rows.exclude(~Q(kind=Mail.Kind.INVITATION), assessment__anonymous=True)
        return rows.select_related("user", "participation__user", "participation__invitation")


class Mail(models.Model):
    """One mail, to somebody who is asked in an assessment or to the owner of an account; once each of a kind.

    Neither its text nor a link is kept here, and no email either.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        REMINDER = "reminder", "Reminder"
        DUE_SOON = "due-soon", "Due soon"
        OVERDUE = "overdue", "Overdue"
        NEW_ACCOUNT = "new-account", "New account"
        NEW_PASSWORD = "new-password", "New password"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        #: Nobody needed it any more when its turn came.
        SKIPPED = "skipped", "Not needed"
        FAILED = "failed", "Failed"

    class Problem(models.TextChoices):
        REFUSED = "refused", "The mail server refused this email."
        NOT_TAKEN = "not-taken", "The mail server did not take the mail."
        INTERRUPTED = "interrupted", "Sending was interrupted twice, so the mail may have arrived."
        UNWRITABLE = "unwritable", "The mail could not be written."

    BY_DATE = [Kind.DUE_SOON, Kind.OVERDUE]
    REMINDERS = [Kind.REMINDER, *BY_DATE]

    #: With the growing pauses between them, a mail is tried for two days.
    TRIES = 16
    #: An email that is refused seldom becomes right: half an hour.
    TRIES_IF_REFUSED = 5
    #: So often may the text of a mail leave without an answer of the mail server being noted.
    MOST_UNANSWERED = 2

    participation = models.ForeignKey(
        Participation, models.CASCADE, null=True, blank=True, related_name="mails", db_index=False
    )
    assessment = models.ForeignKey(
        "assessments.Assessment", models.CASCADE, null=True, blank=True, related_name="mails"
    )
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="mails", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    #: Part of its Message-ID: the same for each try, so that a mail program shows a mail that came twice once.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: How often the text left while nobody could note whether the mail server took it.
    unanswered = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=11, choices=Problem, blank=True)
    #: What the mail server said, as codes: its words may contain the email.
    reply = models.CharField(max_length=15, blank=True)
    #: The due date that a reminder by date is about.
    due = models.DateField(null=True, blank=True)
    #: A day and no instant: that somebody in an anonymous assessment was sent a mail tells nobody when.
    done_on = models.DateField(null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "kind"],
                name="mail_once_each",
                violation_error_message="This mail is in the outbox already.",
            ),
            models.UniqueConstraint(
                fields=["user", "kind"],
                name="mail_once_per_account",
                violation_error_message="This mail is in the outbox already.",
            ),
            models.CheckConstraint(
                condition=Q(participation__isnull=False, assessment__isnull=False, user__isnull=True)
                | Q(participation__isnull=True, assessment__isnull=True, user__isnull=False),
                name="mail_about_assessment_or_account",
                violation_error_message="A mail is about an assessment or about an account.",
            ),
        ]
        indexes = [models.Index(fields=["not_before"], condition=Q(state="waiting"), name="mail_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def has_tries_left(self) -> bool:
        tries = self.TRIES_IF_REFUSED if self.problem == self.Problem.REFUSED else self.TRIES
        return self.attempts < tries and self.unanswered < self.MOST_UNANSWERED

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_refused(self) -> bool:
        return self.problem == self.Problem.REFUSED

    @property
    def is_undelivered(self) -> bool:
        return self.state == self.State.FAILED or (self.is_waiting and self.is_refused)

    @property
    def email(self) -> str:
        """Where it goes, as of now."""
        if self.user:
            return self.user.email
        return self.participation.address if self.participation else ""

    def _change(self, **values: Any) -> bool:
        """Writes these values, unless the mail was withdrawn or taken over by another process; whether it did."""
        mine = Mail.objects.filter(pk=self.pk, claimed_at=self.claimed_at)
        for name, value in values.items():
            setattr(self, name, value)
        return mine.update(**values) == 1

    def leave(self) -> bool:
        """Notes that the text is about to leave: from now on only the mail server knows whether it took the mail.

        False if the mail must not leave, because it was withdrawn or taken over meanwhile.
        """
        return self._change(unanswered=self.unanswered + 1)

    def sent(self) -> None:
        self._end(self.State.SENT)

    def skip(self) -> None:
        self._end(self.State.SKIPPED)

    def fail(self, problem: "Mail.Problem", reply: str = "") -> None:
        self._end(self.State.FAILED, problem=problem, reply=reply)

    def not_taken(self, problem: "Mail.Problem", *, reply: str = "", unanswered: int) -> None:
        """Tries again later, at growing intervals of up to six hours, as long as there are tries left."""
        self.problem, self.unanswered = problem, unanswered
        if not self.has_tries_left:
            self.fail(self.Problem.INTERRUPTED if unanswered >= self.MOST_UNANSWERED else problem, reply)
            return
        pause = timedelta(minutes=min(360, 2**self.attempts))
        self._change(
            claimed_at=None,
            not_before=timezone.now() + pause,
            unanswered=unanswered,
            problem=problem,
            reply=reply,
        )

    def _end(self, state: "Mail.State", *, problem: str = "", reply: str = "") -> None:
        zone = ZoneInfo(self.assessment.team.time_zone if self.assessment else settings.TIME_ZONE)
        today = timezone.localtime(timezone=zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._change(
            state=state,
            problem=problem,
            reply=reply,
            claimed_at=None,
            # No instant is left of it: see `done_on`.
            not_before=today,
            done_on=today.date(),
        )


class PasswordRequestQuerySet(models.QuerySet["PasswordRequest"]):
    def note(self, email: str) -> None:
        """The same work for an email that somebody has an account with as for any other."""
        self.bulk_create([self.model(email=email)], ignore_conflicts=True)

    def answer(self) -> None:
        """Puts a mail into the outbox for each that belongs to an account, and forgets them all."""
        for request in self.all():
            with transaction.atomic():
                taken, _ = self.filter(pk=request.pk).delete()
                user = User.objects.who_may_sign_in().with_email(request.email).first()
                # Another sender may have taken it a moment ago.
                if taken and user:
                    Mail.objects.queue_for(user, Mail.Kind.NEW_PASSWORD)


class PasswordRequest(models.Model):
    """Somebody asked for a new password. Whether there is such an account is looked up later, by who sends mails."""

    email = models.EmailField(max_length=254)

    objects = PasswordRequestQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="password_request_once",
                violation_error_message="A new password was asked for already.",
            )
        ]

    def __str__(self) -> str:
        return f"password request {self.pk}"
