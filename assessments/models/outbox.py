"""Mails that are waiting to be sent: recipient, kind and subject. Text and links are created on sending."""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy

from .accounts import User
from .mail_stops import MailStop, address_hash
from .participation import Participation
from .queues import AT_ONCE, may_be_claimed

if TYPE_CHECKING:
    from .inviting import Inviting
    from .outside import OutsideInvitation
    from .teams import Team
    from .transitions import Moving


class MailQuerySet(models.QuerySet["Mail"]):
    def queue(self, participations: Iterable[Participation], kind: "Mail.Kind", *, by: User | None = None) -> int:
        """Queues a mail of this kind to each of them, again if it was sent before; returns how many."""
        people = list(participations)
        self.filter(participation__in=people, kind=kind)._start_again(by=by)
        about = [{"participation": person, "assessment_id": person.assessment_id} for person in people]
        self._add(about, kind=kind, by=by)
        return len(people)

    def queue_once(self, participations: Iterable[Participation], kind: "Mail.Kind", due: date) -> None:
        """The same, but not to people who have already had one of this kind about this due date."""
        people = list(participations)
        self.filter(participation__in=people, kind=kind).exclude(due=due)._start_again(due=due)
        about = [{"participation": person, "assessment_id": person.assessment_id} for person in people]
        self._add(about, kind=kind, due=due)

    def queue_for(self, user: User, kind: "Mail.Kind", *, by: User | None = None) -> None:
        """Queues a mail to somebody about their account, again if it was sent before; `by` is who caused it."""
        self.queue_for_all([user], kind, by=by)

    def queue_for_all(self, users: Iterable[User], kind: "Mail.Kind", *, by: User | None = None) -> None:
        """The same for many."""
        people = list(users)
        self.filter(user__in=people, kind=kind)._start_again(by=by)
        self._add([{"user": user} for user in people], kind=kind, by=by)

    def tell_of_change(self, person: User, change: "Mail.Change", *, by: User | None = None, to: str = "") -> None:
        """Queues a mail that says what has changed about signing in to this account, to whoever did it too.

        It may have been somebody else in a browser that was left open, or with a password that they know. `to` is where
        it goes if not to the email that the account has now. Accounts of the demo get none.
        """
        if not settings.MAIL_ENABLED or not person.may_sign_in or person.is_demo:
            return
        now = timezone.localtime(timezone=timezone.get_default_timezone())
        about = f"{change} {now:%H:%M}"
        is_own = by is None or by.pk == person.pk
        rows = [{"user": person, "to": to}]
        self._add(rows, kind=Mail.Kind.ACCESS, about=about, day=now.date(), by=None if is_own else by)

    def queue_to_outsiders(
        self, invitations: "Iterable[OutsideInvitation]", assessment: "Moving", *, by: User | None = None
    ) -> None:
        """Queues an invitation to each of these people outside the team, again if it was sent before."""
        people = list(invitations)
        self.filter(outsider__in=people, kind=Mail.Kind.OUTSIDE)._start_again(by=by)
        rows = [{"outsider": invitation, "assessment_id": assessment.pk} for invitation in people]
        self._add(rows, kind=Mail.Kind.OUTSIDE, by=by)

    def queue_notice(
        self,
        people: Iterable[User],
        kind: "Mail.Kind",
        *,
        about: "models.Model | str",
        day: date,
        team: "Team | None" = None,
        by: User | None = None,
    ) -> None:
        """Queues a notice to each of these people: one for each person, kind, thing and day, however often it is asked.

        `about` is the thing, as a row or as `Mail.name_of` names it; `day` is the day it is about, or on which it
        happened. A notice about a team ends with the team. People who switched the kind off get none. Each
        kind has its letter in `notices/letters.py`, which decides once more if the person should still get it.
        """
        people = [person for person in people if person.is_active and not person.is_demo]
        stopped = MailStop.objects.of_accounts(people, Mail.TOPICS[kind])
        rows = [{"user": person} for person in people if person.pk not in stopped]
        name = about if isinstance(about, str) else Mail.name_of(about)
        self._add(rows, kind=kind, about=name, day=day, team=team, by=by)

    def notices(self) -> "MailQuerySet":
        return self.exclude(about="")

    def not_notices(self) -> "MailQuerySet":
        """Mails that somebody waits for: about an account, or asking for answers."""
        return self.filter(about="").exclude(kind=Mail.Kind.FACTOR_GONE)

    def _add(self, rows: list[dict], **values: Any) -> None:
        """Adds mails that are not in the outbox yet in any state."""
        self.bulk_create([self.model(not_before=AT_ONCE, **row, **values) for row in rows], ignore_conflicts=True)

    def _start_again(self, **values: Any) -> None:
        """Queues old mails again, except those that are being sent at this moment."""
        self.filter(claimed_at=None).update(
            state=Mail.State.WAITING,
            not_before=AT_ONCE,
            attempts=0,
            unanswered=0,
            problem="",
            reply="",
            done_on=None,
            key=uuid.uuid4(),
            **values,
        )

    def people_to_remind(self, assessment: "Inviting", kind: "Mail.Kind | None" = None) -> list[Participation]:
        """People who have not submitted, can still answer, and were not reminded of anything today.

        Leaves out people whose invitation is still queued, which says the same. With a kind, only people who never had
        a mail of this kind about the current due date.
        """
        invited = self.filter(assessment=assessment.pk, kind=Mail.Kind.INVITATION, state=Mail.State.WAITING)
        waiting = assessment.participations.not_submitted().exclude(pk__in=invited.values("participation"))
        ended = assessment.invitations.exclude(revoked_on=None)
        waiting = waiting.exclude(invitation__in=ended).exclude(user__in=ended.exclude(user=None).values("user"))
        answering = assessment.team.memberships.answering().filter(user__is_active=True).values("user")
        waiting = waiting.filter(Q(user=None) | Q(user__in=answering))
        if kind:
            waiting = waiting.exclude(pk__in=self.filter(kind=kind, due=assessment.due).values("participation"))
        people = self._without_stopped([person for person in waiting.named() if person.address])
        reminded = self._reminded_today(assessment.team, {person.address.lower() for person in people})
        return [person for person in people if person.address.lower() not in reminded]

    @staticmethod
    def _without_stopped(people: list[Participation]) -> list[Participation]:
        """Those who have not switched off reminders."""
        topic = MailStop.Topic.REMINDER
        accounts = MailStop.objects.of_accounts([person.user for person in people if person.user], topic)
        emails = MailStop.objects.of_addresses([person.address for person in people if not person.user], topic)
        return [
            person
            for person in people
            if (person.user_id not in accounts if person.user else address_hash(person.address) not in emails)
        ]

    def _reminded_today(self, team: "Team", emails: set[str]) -> set[str]:
        """The emails that had a reminder today or have one queued, about any assessment."""
        if not emails:
            return set()
        today = timezone.localdate(timezone=ZoneInfo(team.time_zone))
        reached = Q(state=Mail.State.SENT, done_on__gte=today) | Q(state=Mail.State.WAITING, assessment__status="open")
        email = Lower(Coalesce("participation__user__email", "participation__invitation__email"))
        reminders = self.filter(reached, kind__in=Mail.REMINDERS).annotate(email=email)
        return set(reminders.filter(email__in=emails).values_list("email", flat=True))

    def due(self) -> "MailQuerySet":
        """Mails that may be sent now: about accounts, then invitations and reminders, then notices.

        Mails about drafts wait until the draft is opened. What only a newer version can write waits for its senders:
        while servers are replaced one by one, some of both versions run.
        """
        about = Q(assessment=None) | Q(assessment__status="open")
        changes = reduce(or_, (Q(about__startswith=f"{change} ") for change in Mail.Change))
        known = Q(kind__in=Mail.Kind.values) & (~Q(kind=Mail.Kind.ACCESS) | changes)
        rows = self.filter(may_be_claimed(), about, known)
        return rows.order_by(F("day").asc(nulls_first=True), F("participation").asc(nulls_first=True), "pk")

    def claim(self) -> "Mail | None":
        """Takes one mail for this process and counts the attempt; None if there is none.

        The attempt is counted before sending, so that a mail that crashes processes is not tried forever. Senders do
        not wait for each other: each one skips the rows that another one has locked.
        """
        rows = self.due().select_related(
            "user",
            "by",
            "team",
            "assessment__team",
            "assessment__created_by",
            "assessment__edition__framework",
            "assessment__round_entry__round",
            "participation__user",
            "participation__invitation",
            "outsider__view__assessment__team",
            "outsider__view__assessment__edition__framework",
        )
        while True:
            with transaction.atomic():
                mail = rows.select_for_update(skip_locked=True, of=("self",)).first()
                if mail is None:
                    return None
                if mail.has_tries_left:
                    mail._change(claimed_at=timezone.now(), attempts=mail.attempts + 1)
                    return mail
                # The process that last had it ended before it could record the outcome.
                mail.fail(Mail.Problem.INTERRUPTED)

    def drop_pointless(self) -> None:
        """Ends mails about closed assessments, which take no answers."""
        self.filter(state=Mail.State.WAITING, assessment__status="closed").update(state=Mail.State.SKIPPED)

    def undelivered(self) -> "MailQuerySet":
        """Mails that need attention, with their recipients: rejected ones, even while retried, and failed ones.

        Of anonymous assessments only invitations, which everyone gets: reminders would reveal who has not submitted.
        """
        refused = Q(state=Mail.State.WAITING, problem=Mail.Problem.REFUSED)
        useful = Q(assessment=None) | Q(assessment__status__in=["draft", "open"])
        rows = self.not_notices().filter(refused | Q(state=Mail.State.FAILED), useful)
        rows = rows.exclude(~Q(kind__in=Mail.INVITATIONS), assessment__anonymous=True)
        return rows.select_related("user", "participation__user", "participation__invitation", "outsider")


class Mail(models.Model):
    """One mail to somebody who is asked in an assessment, with the team or from outside, or about an account.

    There is one of each kind.

    A *notice* says to the owner of an account that something happened or is due; there is one for each kind, thing and
    day. Its text, its link and the email are not stored here.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", gettext_lazy("Invitation")
        REMINDER = "reminder", gettext_lazy("Reminder")
        DUE_SOON = "due-soon", gettext_lazy("Due soon")
        OVERDUE = "overdue", gettext_lazy("Overdue")
        OUTSIDE = "outside", gettext_lazy("Invitation of an outsider")
        NEW_ACCOUNT = "new-account", gettext_lazy("New account")
        NEW_PASSWORD = "new-password", gettext_lazy("New password")
        FACTOR_GONE = "factor-gone", gettext_lazy("Second factor removed")
        ACCESS = "access", gettext_lazy("Signing in changed")
        ENDED = "ended", gettext_lazy("Answering ended")
        REVIEW_SOON = "review-soon", gettext_lazy("Review soon")
        RESULT = "result", gettext_lazy("Result")
        TARGET = "target", gettext_lazy("Target due or missed")
        ACTION = "action", gettext_lazy("Action due")
        ROUND = "round", gettext_lazy("Round started")
        ROUND_WAITS = "round-waits", gettext_lazy("Round waits for the lead")
        ROUND_DRAFTED = "round-draft", gettext_lazy("Next round drafted")
        DIGEST = "digest", gettext_lazy("Monthly digest")

    class Change(models.TextChoices):
        """What a mail of the kind ACCESS is about."""

        PASSWORD = "password", gettext_lazy("The password of your account was set.")
        EMAIL = "email", gettext_lazy("Your account has another email from now on.")
        APP_ADDED = "app-added", gettext_lazy("An authenticator app was added to your account.")
        APP_REMOVED = "app-removed", gettext_lazy("The authenticator app was removed from your account.")
        PASSKEY_ADDED = "passkey-added", gettext_lazy("A passkey was added to your account.")
        PASSKEY_REMOVED = "passkey-removed", gettext_lazy("A passkey was removed from your account.")
        CODES = "codes", gettext_lazy("New recovery codes were made for your account. Those of before have ended.")
        IDENTITY_ADDED = "identity-added", gettext_lazy("An account at a sign-in provider was connected to yours.")
        IDENTITY_REMOVED = "identity-removed", gettext_lazy("An account at a sign-in provider was taken from yours.")
        KEY = "key", gettext_lazy("An API key was made, by which programs act as you.")

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Queued")
        SENT = "sent", gettext_lazy("Sent")
        #: No longer needed when its turn came.
        SKIPPED = "skipped", gettext_lazy("Not needed")
        FAILED = "failed", gettext_lazy("Failed")

    class Problem(models.TextChoices):
        REFUSED = "refused", gettext_lazy("The mail server rejected this email.")
        NOT_TAKEN = "not-taken", gettext_lazy("The mail server did not accept the message.")
        INTERRUPTED = "interrupted", gettext_lazy("Sending was interrupted twice, so the message may have arrived.")
        UNWRITABLE = "unwritable", gettext_lazy("The message could not be created.")
        STOPPED = "stopped", gettext_lazy("This person has switched off such mails.")

    INVITATIONS = [Kind.INVITATION, Kind.OUTSIDE]
    BY_DATE = [Kind.DUE_SOON, Kind.OVERDUE]
    REMINDERS = [Kind.REMINDER, *BY_DATE]
    #: Which switch stops which kind. Mails about an account cannot be switched off.
    TOPICS = {
        Kind.INVITATION: MailStop.Topic.INVITATION,
        Kind.OUTSIDE: MailStop.Topic.INVITATION,
        Kind.REMINDER: MailStop.Topic.REMINDER,
        Kind.DUE_SOON: MailStop.Topic.REMINDER,
        Kind.OVERDUE: MailStop.Topic.REMINDER,
        Kind.ENDED: MailStop.Topic.ENDED,
        Kind.REVIEW_SOON: MailStop.Topic.REVIEW_SOON,
        Kind.RESULT: MailStop.Topic.RESULT,
        Kind.TARGET: MailStop.Topic.TARGET,
        Kind.ACTION: MailStop.Topic.ACTION,
        Kind.ROUND: MailStop.Topic.ROUND,
        Kind.ROUND_WAITS: MailStop.Topic.ROUND,
        Kind.ROUND_DRAFTED: MailStop.Topic.ROUND,
        Kind.DIGEST: MailStop.Topic.DIGEST,
    }
    #: How long a notice stays, so that nothing is sent twice.
    NOTICES_KEPT = timedelta(days=60)

    #: With the growing pauses between them, a mail is tried for two days.
    TRIES = 16
    #: A rejected email rarely starts to work, so these are tried for half an hour.
    TRIES_IF_REFUSED = 5
    #: How often the text of a mail may be sent without recording an answer of the mail server.
    MOST_UNANSWERED = 2

    participation = models.ForeignKey(
        Participation, models.CASCADE, null=True, blank=True, related_name="mails", db_index=False
    )
    assessment = models.ForeignKey(
        "assessments.Assessment", models.CASCADE, null=True, blank=True, related_name="mails"
    )
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="mails")
    outsider = models.ForeignKey(
        "assessments.OutsideInvitation", models.CASCADE, null=True, blank=True, related_name="mails", db_index=False
    )
    #: Who invited, reminded or made the account; nobody if the mail went out by itself.
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    #: Of a notice: its team, what it is about (see `name_of`) and the day.
    team = models.ForeignKey("assessments.Team", models.CASCADE, null=True, blank=True, related_name="+")
    about = models.CharField(max_length=60, blank=True, default="", db_default="")
    day = models.DateField(null=True, blank=True)
    #: Where it goes if not to the email of the account: to the one of before. Kept until it is sent.
    to = models.CharField(max_length=254, blank=True, default="", db_default="")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    #: Part of its Message-ID: the same for each try, so that a mail program shows a duplicate only once.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: How often the text was sent without recording whether the mail server accepted it.
    unanswered = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=11, choices=Problem, blank=True)
    #: The answer of the mail server, as codes only: its words may contain the email.
    reply = models.CharField(max_length=15, blank=True)
    #: The due date that a reminder by date is about.
    due = models.DateField(null=True, blank=True)
    #: A day without a time, so that in an anonymous assessment nobody learns when somebody was sent a mail.
    done_on = models.DateField(null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "kind"],
                name="mail_once_each",
                violation_error_message=gettext_lazy("This message is already in the outbox."),
            ),
            models.UniqueConstraint(
                fields=["user", "kind", "about", "day"],
                condition=~Q(about=""),
                name="mail_notice_once_a_day",
                violation_error_message=gettext_lazy("This message is already in the outbox."),
            ),
            models.CheckConstraint(
                condition=Q(about="", day__isnull=True, team__isnull=True)
                | Q(~Q(about=""), day__isnull=False, user__isnull=False),
                name="mail_notice_has_day",
                violation_error_message=gettext_lazy("A notice is for an account, about something and about a day."),
            ),
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(about=""),
                name="mail_once_per_account",
                violation_error_message=gettext_lazy("This message is already in the outbox."),
            ),
            models.UniqueConstraint(
                fields=["outsider", "kind"],
                name="mail_once_per_outsider",
                violation_error_message=gettext_lazy("This message is already in the outbox."),
            ),
            models.CheckConstraint(
                condition=Q(
                    participation__isnull=False, assessment__isnull=False, user__isnull=True, outsider__isnull=True
                )
                | Q(participation__isnull=True, assessment__isnull=True, user__isnull=False, outsider__isnull=True)
                | Q(participation__isnull=True, assessment__isnull=False, user__isnull=True, outsider__isnull=False),
                name="mail_about_assessment_or_account",
                violation_error_message=gettext_lazy("A message is about an assessment or about an account."),
            ),
        ]
        indexes = [models.Index(fields=["not_before"], condition=Q(state="waiting"), name="mail_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @staticmethod
    def name_of(thing: models.Model) -> str:
        """What a notice calls the row that it is about: `action:7`."""
        return f"{thing._meta.model_name}:{thing.pk}"

    @property
    def topic(self) -> "MailStop.Topic | None":
        """The switch that stops it; None if it cannot be switched off."""
        return self.TOPICS.get(Mail.Kind(self.kind))

    @property
    def _person(self) -> User | None:
        """The account that gets it; None if it goes to somebody who is invited by email."""
        if self.user:
            return self.user
        return self.participation.user if self.participation else None

    @property
    def has_account(self) -> bool:
        return self._person is not None

    @property
    def is_stopped(self) -> bool:
        """Whether its recipient has switched off mails of this kind."""
        if self.topic is None:
            return False
        return MailStop.objects.stops(self.topic, person=self._person, email=self.email)

    @property
    def was_stopped(self) -> bool:
        """Whether it was not sent because its recipient had switched off mails of this kind."""
        return self.state == self.State.SKIPPED and self.problem == self.Problem.STOPPED

    @property
    def stop_link(self) -> str:
        """An absolute link that switches off mails of this kind for its recipient; empty if they cannot be."""
        if self.topic is None:
            return ""
        return MailStop.link(self.topic, person=self._person, email=self.email)

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
        """The email it would be sent to now."""
        if self.to:
            return self.to
        if self.user:
            return self.user.email
        if self.outsider:
            return self.outsider.email
        return self.participation.address if self.participation else ""

    def _change(self, **values: Any) -> bool:
        """Stores these values unless the mail was withdrawn or taken over by another process; says whether it did."""
        mine = Mail.objects.filter(pk=self.pk, claimed_at=self.claimed_at)
        for name, value in values.items():
            setattr(self, name, value)
        return mine.update(**values) == 1

    def leave(self) -> bool:
        """Records that the text is about to be sent: from now on only the mail server knows whether it took the mail.

        False if the mail must not be sent, because it was withdrawn or taken over in the meantime.
        """
        return self._change(unanswered=self.unanswered + 1)

    def sent(self) -> None:
        self._end(self.State.SENT)

    def skip(self, problem: "Mail.Problem | str" = "") -> None:
        self._end(self.State.SKIPPED, problem=problem)

    def fail(self, problem: "Mail.Problem", reply: str = "") -> None:
        self._end(self.State.FAILED, problem=problem, reply=reply)

    def not_taken(self, problem: "Mail.Problem", *, reply: str = "", unanswered: int) -> None:
        """Tries again later, at growing intervals of up to six hours, as long as there are tries left."""
        self.problem = problem
        self.unanswered = unanswered
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
        team = self.assessment.team if self.assessment else self.team
        zone = ZoneInfo(team.time_zone if team else settings.TIME_ZONE)
        today = timezone.localtime(timezone=zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._change(
            state=state,
            problem=problem,
            reply=reply,
            claimed_at=None,
            to="",
            # Removes the exact time: see `done_on`.
            not_before=today,
            done_on=today.date(),
        )


class PasswordRequestQuerySet(models.QuerySet["PasswordRequest"]):
    def note(self, email: str) -> None:
        """Does the same work whether or not the email has an account, so that the time it takes reveals nothing."""
        self.bulk_create([self.model(email=email)], ignore_conflicts=True)

    def answer(self) -> None:
        """Queues a mail for each request that belongs to an account, and deletes all requests."""
        for request in self.all():
            with transaction.atomic():
                deleted, _rows = self.filter(pk=request.pk).delete()
                user = User.objects.who_may_sign_in().with_email(request.email).first()
                # Another sender may have taken it a moment ago.
                if deleted and user:
                    Mail.objects.queue_for(user, Mail.Kind.NEW_PASSWORD)


class PasswordRequest(models.Model):
    """A request for a new password. The process that sends mails checks later whether there is such an account."""

    email = models.EmailField(max_length=254)

    objects = PasswordRequestQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="password_request_once",
                violation_error_message=gettext_lazy("A new password has already been requested."),
            )
        ]

    def __str__(self) -> str:
        return f"password request {self.pk}"
