"""Webhooks: what happens is reported to a chat or another program, by deliveries that wait in the outbox.

A delivery is stored in the transaction of what it reports, and holds ids, dates and numbers; its text is written on
sending. Nobody's name, answer or participation is in it, so the same holds for anonymous assessments.
"""

import base64
import secrets
import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .encryption import Unreadable, decrypted, encrypted
from .journal import Event
from .names import NameField
from .queues import AT_ONCE, may_be_claimed
from .refusals import Refused
from .results import Result
from .revisions import Revised
from .teams import Team
from .writing import still_there, writing

if TYPE_CHECKING:
    from .assessments import Assessment


def new_secret() -> str:
    """What messages in JSON are signed with, as the Standard Webhooks specification writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    #: Of one team, or of the whole organisation: enough for every channel, and the table cannot be filled.
    MOST = 20

    def turned_on(self) -> Self:
        return self.filter(off_why="")

    def of_team(self, team: Team) -> Self:
        """The team's own ones, by name."""
        return self.filter(team=team).select_related("made_by").order_by("name", "made_on", "pk")

    def of_organisation(self) -> Self:
        """Those that hear of every team, by name."""
        return self.filter(team=None).select_related("made_by").order_by("name", "made_on", "pk")

    def hearing(self, happening: str, team: Team | None) -> "list[Webhook]":
        """Those that are on and want to hear of this: the team's own ones and the organisation's."""
        of = Q(team=None) | Q(team=team) if team else Q(team=None)
        rows = self.turned_on().filter(of).order_by("pk")
        return [webhook for webhook in rows if happening in webhook.happenings]

    def add(
        self, *, team: Team | None, name: str, kind: str, address: str, host: str, happenings: Iterable[str], by: User
    ) -> "Webhook":
        """A webhook of a team, or without one of the organisation. The caller has checked the address.

        Raises Refused if there are too many.
        """
        with writing(by):
            if team is not None:
                Team.objects.lock(team.pk)
            if self.filter(team=team).count() >= self.MOST:
                sentence = _("There are {count} webhooks here already. Delete one first.")
                raise Refused(sentence.format(count=self.MOST))
            webhook = self.create(
                team=team,
                name=name,
                kind=kind,
                host=host,
                address_encrypted=encrypted(address),
                secret_encrypted=encrypted(new_secret()) if kind == Webhook.Kind.JSON else "",
                happenings=list(happenings),
                made_by=by,
            )
            Event.record("webhook.added", by=by, team=team, webhook=str(webhook.pk), format=kind)
        return webhook


class Webhook(Revised):
    """Where messages go, in which form, and about what."""

    class Kind(models.TextChoices):
        SLACK = "slack", gettext_lazy("Slack")
        MATTERMOST = "mattermost", gettext_lazy("Mattermost")
        TEAMS = "teams", gettext_lazy("Microsoft Teams")
        JSON = "json", gettext_lazy("JSON, signed, for your own program")

    class Happening(models.TextChoices):
        OPENED = "assessment.opened", gettext_lazy("An assessment is opened")
        DUE_SOON = "assessment.due-soon", gettext_lazy("Answers are due in two days")
        CLOSED = "assessment.closed", gettext_lazy("A result is there: its level, nothing else")
        OVERDUE = "actions.overdue", gettext_lazy("Actions are overdue: how many")
        ROUND_STARTED = "round.started", gettext_lazy("A round is started")

    class Off(models.TextChoices):
        """Why it sends nothing any more; empty while it does."""

        BY_HAND = "by-hand", gettext_lazy("Switched off")
        FAILED = "failed", gettext_lazy("Nothing arrived for three days")
        GONE = "gone", gettext_lazy("The address does not exist any more")
        UNREADABLE = "unreadable", gettext_lazy("The address cannot be read")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="webhooks")
    name = NameField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind)
    host = models.CharField(max_length=255, help_text="All of the address that is ever shown.")
    address_encrypted = models.TextField(editable=False)
    secret_encrypted = models.TextField(blank=True, editable=False)
    happenings = models.JSONField(default=list)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_on = models.DateField(default=timezone.localdate, editable=False)
    off_why = models.CharField(max_length=10, choices=Off, blank=True, editable=False)
    off_on = models.DateField(null=True, editable=False)
    #: While its receiver does not answer, nothing is sent to it before this moment.
    paused_until = models.DateTimeField(null=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(off_why="", off_on__isnull=True) | (~Q(off_why="") & Q(off_on__isnull=False)),
                name="webhook_off_has_day",
                violation_error_message=gettext_lazy("A webhook that is off has the day from which it is."),
            ),
            models.CheckConstraint(
                condition=Q(kind="json") | Q(secret_encrypted=""),
                name="webhook_secret_is_of_json",
                violation_error_message=gettext_lazy("Only messages in JSON are signed."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("webhook", args=[self.pk])

    @property
    def is_on(self) -> bool:
        return not self.off_why

    @property
    def is_for_programs(self) -> bool:
        """Whether its messages are JSON, and signed."""
        return self.kind == self.Kind.JSON

    @property
    def happening_labels(self) -> list[str]:
        return [str(label) for code, label in self.Happening.choices if code in self.happenings]

    @property
    def why_off(self) -> str:
        """Why it is off and what to do, in a sentence or two; empty while it is on."""
        sentences = {
            self.Off.BY_HAND: _("It is switched off."),
            self.Off.FAILED: _(
                "It is off, because no message arrived for three days. Look at the last answer below, then switch it "
                "on again."
            ),
            self.Off.GONE: _(
                "It is off, because the receiver says that this address does not exist any more. If that is a mistake, "
                "switch it on again."
            ),
            self.Off.UNREADABLE: _(
                "It is off, because the secret key of this installation has changed and the address cannot be read. "
                "Change it and enter the address again."
            ),
        }
        return sentences[self.Off(self.off_why)] if self.off_why else ""

    @property
    def can_be_switched_on(self) -> bool:
        return self.off_why in {self.Off.BY_HAND, self.Off.FAILED, self.Off.GONE}

    def address(self) -> str:
        """The secret address. Raises Unreadable."""
        return decrypted(self.address_encrypted)

    def secret(self) -> str:
        """What messages in JSON are signed with, as `whsec_…`. Raises Unreadable."""
        return decrypted(self.secret_encrypted)

    @property
    def can_be_read(self) -> bool:
        """Whether the secret key of this installation is still the one that address and secret were stored with."""
        try:
            self.address()
            if self.is_for_programs:
                self.secret()
        except Unreadable:
            return False
        return True

    def change(
        self, *, name: str, happenings: Iterable[str], address: str, host: str, by: User, seen: int | None
    ) -> "Webhook":
        """Stores another name, what it hears of, and the address if one is entered, which the caller has checked.

        One whose address could not be read can be switched on again then, whichever address it is; its messages get a
        new secret if the old one cannot be read. Raises Conflict if it was changed since the revision `seen`.
        """
        with writing(by):
            locked = Webhook.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
            if locked is None:
                raise Refused(_("This webhook has been deleted."))
            values: dict[str, Any] = {"name": name, "happenings": list(happenings)}
            works = locked.can_be_read and locked.off_why != self.Off.UNREADABLE
            if address and not (works and locked.address() == address):
                values |= {"host": host, "address_encrypted": encrypted(address)}
            changed = locked.take(values, seen=seen)
            if "address_encrypted" in changed:
                # The new receiver may answer.
                locked.paused_until = None
                if locked.off_why == self.Off.UNREADABLE:
                    locked.off_why = self.Off.BY_HAND
                if not locked.can_be_read:
                    locked.secret_encrypted = encrypted(new_secret())
            if changed:
                locked.save()
                fields = sorted(field.removesuffix("_encrypted") for field in changed)
                Event.record("webhook.changed", by=by, team=self.team, webhook=str(self.pk), fields=fields)
        return locked

    def turn_off(self, why: "Webhook.Off", *, by: User | None) -> None:
        """Ends sending, once; what waits is not sent any more. `by` is None if the sender decided it."""
        with writing(by):
            rows = Webhook.objects.filter(pk=self.pk, off_why="")
            if rows.update(off_why=why, off_on=timezone.localdate(), paused_until=None):
                self.deliveries.waiting().update(state=Delivery.State.SKIPPED, done_on=timezone.localdate())
                Event.record("webhook.off", by=by, team=self.team, webhook=str(self.pk), why=str(why))
        self.refresh_from_db(fields=["off_why", "off_on", "paused_until"])

    def turn_on(self, *, by: User) -> None:
        """Sends again from now on, not what happened meanwhile."""
        with writing(by):
            rows = Webhook.objects.filter(pk=self.pk).exclude(off_why="").exclude(off_why=self.Off.UNREADABLE)
            if rows.update(off_why="", off_on=None, paused_until=None):
                Event.record("webhook.on", by=by, team=self.team, webhook=str(self.pk))

    def remove(self, *, by: User) -> None:
        """Deletes it with its deliveries, once."""
        with writing(by):
            if not Webhook.objects.select_for_update().filter(pk=self.pk).first():
                return
            Event.record("webhook.removed", by=by, team=self.team, webhook=str(self.pk))
            self.delete()

    def test(self, *, by: User) -> "Delivery":
        """Queues a message that says only that the webhook works. Raises Refused if the webhook is off."""
        with writing(by):
            locked = self._lock_if_on()
            delivery = Delivery.objects.create(webhook=locked, happening=Delivery.TEST, team=self.team)
            Webhook.objects.filter(pk=self.pk).update(paused_until=None)
            Event.record("webhook.tested", by=by, team=self.team, webhook=str(self.pk))
        return delivery

    def send_again(self, delivery: "Delivery", *, by: User) -> None:
        """Queues a delivery once more, under its old id, and tries it at once. Raises Refused if the webhook is off."""
        with writing(by):
            locked = self._lock_if_on()
            if locked.deliveries.filter(pk=delivery.pk)._start_again():
                Webhook.objects.filter(pk=self.pk).update(paused_until=None)
                Event.record("webhook.sent-again", by=by, team=self.team, webhook=str(self.pk))

    def _lock_if_on(self) -> "Webhook":
        locked = Webhook.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
        if locked is None:
            raise Refused(_("This webhook has been deleted."))
        if not locked.is_on:
            raise Refused(_("This webhook is switched off. Switch it on first."))
        return locked


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> Self:
        return self.filter(state=Delivery.State.WAITING)

    def over(self) -> Self:
        return self.exclude(state=Delivery.State.WAITING)

    def report(
        self,
        happening: str,
        *,
        team: Team | None,
        key: str,
        assessment: "Assessment | None" = None,
        result: Result | None = None,
        webhooks: "list[Webhook] | None" = None,
        **facts: Any,
    ) -> int:
        """Queues a delivery to everyone who wants to hear of this; the same key reaches each webhook once.

        Without a team, the webhooks of the organisation hear of it. `facts` are ids, dates as text and numbers. It
        belongs into the transaction of what it reports; `webhooks` are those that are asked, if they were read before.
        """
        hearing = Webhook.objects.hearing(happening, team) if webhooks is None else webhooks
        if not hearing:
            return 0
        with transaction.atomic():
            # Nobody deletes them before this transaction ends: it would fail at its end.
            there = still_there(Webhook, [webhook.pk for webhook in hearing])
            known = set(self.filter(webhook__in=there, key=key).values_list("webhook", flat=True))
            rows = [
                self.model(
                    webhook=webhook,
                    happening=happening,
                    key=key,
                    team=team,
                    assessment=assessment,
                    result=result,
                    facts=facts,
                )
                for webhook in hearing
                if webhook.pk in there and webhook.pk not in known
            ]
            self.bulk_create(rows, ignore_conflicts=True)
        return len(rows)

    def due(self) -> Self:
        """Those that may be sent now; those that were not tried yet come first."""
        awake = Q(webhook__paused_until=None) | Q(webhook__paused_until__lte=timezone.now())
        rows = self.filter(may_be_claimed(), awake, webhook__off_why="")
        return rows.order_by("tries", "pk")

    def claim(self) -> "Delivery | None":
        """Takes one for this process and counts the try; None if there is none. Senders skip each other's rows."""
        rows = self.due().select_related(
            "webhook__team", "team", "assessment__edition__framework", "result__assessment"
        )
        with transaction.atomic():
            delivery = rows.select_for_update(skip_locked=True, of=("self",)).first()
            if delivery is not None:
                delivery._change(claimed_at=timezone.now(), tries=delivery.tries + 1)
        return delivery

    def newest_first(self) -> Self:
        return self.order_by("-at", "-pk")

    def ended_before(self, day: date) -> Self:
        return self.over().filter(done_on__lt=day)

    def _start_again(self) -> int:
        """Queues these as if they were new, except those that are being sent at this moment."""
        return self.filter(claimed_at=None).update(
            state=Delivery.State.WAITING, not_before=AT_ONCE, tries=0, done_on=None, problem="", status=None
        )


class Delivery(models.Model):
    """One message to one webhook. Its `message_id` is the same for each try: a receiver can tell one it already has."""

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Queued")
        SENT = "sent", gettext_lazy("Arrived")
        FAILED = "failed", gettext_lazy("Failed")
        #: The webhook was switched off, or what it was about is gone.
        SKIPPED = "skipped", gettext_lazy("Not sent")

    class Problem(models.TextChoices):
        """Why the last try failed, apart from the status of an answer."""

        ANSWER = "answer", gettext_lazy("The receiver did not accept it.")
        REDIRECT = "redirect", gettext_lazy("The receiver redirects elsewhere, which Maturity does not follow.")
        FORBIDDEN = "forbidden", gettext_lazy("The address leads into a network that is not allowed.")
        NOT_FOUND = "not-found", gettext_lazy("The name of the receiver cannot be found.")
        NO_CONNECTION = "no-connection", gettext_lazy("The receiver cannot be reached.")
        TOO_SLOW = "too-slow", gettext_lazy("The receiver did not answer in time.")
        UNTRUSTED = "untrusted", gettext_lazy("The certificate of the receiver is not valid.")
        NOT_HTTP = "not-http", gettext_lazy("What the receiver answers is not HTTP.")
        UNWRITABLE = "unwritable", gettext_lazy("The message could not be created.")

    TEST = "test"
    #: With pauses that double from one minute to six hours, these are three days.
    TRIES = 21
    LONGEST_PAUSE = timedelta(hours=6)

    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    happening = models.CharField(max_length=30)
    #: What it is about; each webhook hears of it once. Empty for tests.
    key = models.CharField(max_length=90, blank=True)
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="+")
    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, null=True, related_name="+")
    result = models.ForeignKey(Result, models.CASCADE, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=AT_ONCE)
    claimed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=13, choices=Problem, blank=True)
    #: The HTTP status of the last answer.
    status = models.PositiveSmallIntegerField(null=True)
    done_on = models.DateField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "key"],
                condition=~Q(key=""),
                name="delivery_once_each",
                violation_error_message=gettext_lazy("This message is already in the outbox."),
            )
        ]
        indexes = [models.Index(fields=["not_before"], condition=Q(state="waiting"), name="delivery_waiting")]

    def __str__(self) -> str:
        return f"{self.happening} {self.pk}"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def outcome(self) -> str:
        """How the last try ended, with the status of the answer if there was one; empty before the first one."""
        if self.problem == self.Problem.ANSWER and self.status:
            return _("The receiver answered {status}.").format(status=self.status)
        return str(self.get_problem_display()) if self.problem else ""

    @property
    def can_be_sent_again(self) -> bool:
        """Also while it waits for its next try, but not before the first one."""
        return not self.is_waiting or self.tries > 0

    @property
    def is_test(self) -> bool:
        return self.happening == self.TEST

    @property
    def happening_label(self) -> str:
        if self.is_test:
            return _("Test")
        return str(dict(Webhook.Happening.choices).get(self.happening, self.happening))

    def _change(self, **values: Any) -> bool:
        """Stores these values unless another process has taken it over or it was deleted; says whether it did."""
        mine = Delivery.objects.waiting().filter(pk=self.pk, claimed_at=self.claimed_at)
        for name, value in values.items():
            setattr(self, name, value)
        return mine.update(**values) == 1

    def arrived(self, status: int) -> None:
        if self._end(self.State.SENT, status=status, problem=""):
            Webhook.objects.filter(pk=self.webhook_id).update(paused_until=None)

    def skip(self) -> None:
        self._end(self.State.SKIPPED)

    def fail(self, problem: "Delivery.Problem") -> None:
        """Ends it for a reason that is not the receiver's."""
        self._end(self.State.FAILED, problem=problem)

    def gone(self, status: int) -> None:
        """The receiver wants nothing any more: ends it and the webhook."""
        self._end(self.State.FAILED, problem=self.Problem.ANSWER, status=status)
        self.webhook.turn_off(Webhook.Off.GONE, by=None)

    def not_taken(self, problem: "Delivery.Problem", status: int | None) -> None:
        """Tries again later, with all that waits for the same webhook; after the last try the webhook is off."""
        if self.tries >= self.TRIES:
            self._end(self.State.FAILED, problem=problem, status=status)
            self.webhook.turn_off(Webhook.Off.FAILED, by=None)
            return
        pause = min(self.LONGEST_PAUSE, timedelta(minutes=2 ** (self.tries - 1)))
        later = timezone.now() + pause
        if self._change(claimed_at=None, not_before=later, problem=problem, status=status):
            Webhook.objects.filter(pk=self.webhook_id).update(paused_until=later)

    def _end(self, state: "Delivery.State", **values: Any) -> bool:
        return self._change(state=state, claimed_at=None, done_on=timezone.localdate(), **values)
