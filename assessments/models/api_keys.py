"""Keys with which programs use the API for their owner, how often each did, and replies that are kept for a repeat."""

import datetime
import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .built_once import BuiltOnce
from .installation import Installation
from .journal import Event
from .names import NameField
from .outbox import Mail
from .refusals import Refused
from .writing import writing

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Every key begins like this, so that people and programs that look for leaked secrets know one.
PREFIX = "mat_"


def key_text(token: str) -> str:
    """The key as its owner sees it, once."""
    return PREFIX + token


def key_hash(text: str) -> str:
    """What is stored of a key. It differs from the hashes of links, so that no token works in two places."""
    return hashlib.sha256(f"api{text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What the owner of a key decides. `networks` are in CIDR notation; without any, the key works from everywhere."""

    name: str
    scopes: tuple[str, ...]
    expires_on: datetime.date
    networks: tuple[str, ...] = ()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    #: Keys of one person that work at the same time.
    MOST = 20

    def in_use(self, today: datetime.date | None = None) -> Self:
        """Those that have neither ended nor been revoked, of accounts that gained no rights since."""
        return self.filter(
            expires_on__gte=today or timezone.localdate(), revoked_on=None, generation=F("owner__session_generation")
        )

    def genuine(self, text: str) -> "ApiKey | None":
        """The key with its owner; None if it does not work or its owner may not sign in.

        What each request needs to know besides comes with the same query.
        """
        key = _GENUINE.first(key_hash(text), timezone.localdate())
        return key if key and key.owner.may_sign_in else None

    def was_genuine(self, text: str) -> bool:
        """Whether it is or was somebody's key."""
        return self.filter(key_hash=key_hash(text)).exists()

    def ended_before(self, day: datetime.date) -> Self:
        return self.filter(Q(expires_on__lt=day) | Q(revoked_on__lt=day))

    def revoke_those_of(self, person: User, *, by: User) -> None:
        """Ends every key of somebody for good."""
        for key in self.filter(owner=person, revoked_on=None, expires_on__gte=timezone.localdate()):
            key.revoke(by=by)

    def make(self, terms: KeyTerms, *, by: User, token: str) -> "ApiKey":
        """A key of this person; the same token again gives the same key.

        Raises Refused for a token that was used and revoked, for too many keys, and for a day that is too far away.
        """
        text = key_text(token)
        with writing(by):
            # Two pages of one person at once would make too many.
            owner = User.objects.select_for_update(no_key=True).get(pk=by.pk)
            known = self.filter(key_hash=key_hash(text)).first()
            if known is not None:
                if known.owner_id != by.pk or known.revoked_on:
                    raise Refused(_("This page was used before. Open it again to make another key."))
                return known
            if self.in_use().filter(owner=by).count() >= self.MOST:
                sentence = _("You have {count} keys already. Revoke one first.")
                raise Refused(sentence.format(count=self.MOST))
            today = timezone.localdate()
            if not today <= terms.expires_on <= today + ApiKey.LONGEST:
                raise Refused(ApiKey.too_long())
            key = self.create(
                owner=by,
                generation=owner.session_generation,
                name=terms.name,
                key_hash=key_hash(text),
                start=text[: ApiKey.SHOWN],
                scopes=list(terms.scopes),
                networks=list(terms.networks),
                expires_on=terms.expires_on,
            )
            Event.record("api-key.made", by=by, key=key.pk, scopes=sorted(terms.scopes))
            Mail.objects.tell_of_change(by, Mail.Change.KEY)
        return key


class ApiKey(models.Model):
    """A program with this key does what its owner could do, within the scopes of the key."""

    class Scope(models.TextChoices):
        READ = "read", gettext_lazy("Read what you can read")
        TEAMS = "teams:write", gettext_lazy("Run assessments and rounds, and change targets and actions")
        METRICS = "metrics:write", gettext_lazy("Record figures")
        CHECKS = "checks:write", gettext_lazy("Report facts of pipelines beside answers")
        ORGANISATION = "organisation:write", gettext_lazy("Change units, teams and who is in them")
        WEBHOOKS = "webhooks:write", gettext_lazy("Change webhooks")
        FRAMEWORKS = "frameworks:write", gettext_lazy("Import frameworks, for administrators")
        SCIM = "scim", gettext_lazy("Provision people and groups by SCIM, for administrators")

    #: How long a key works at most, and if nothing is chosen.
    LONGEST = datetime.timedelta(days=366)
    USUAL = datetime.timedelta(days=90)
    #: So many of its characters are kept, by which people tell their keys apart.
    SHOWN = len(PREFIX) + 8

    owner = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    generation = models.PositiveIntegerField(
        editable=False, help_text="Of the owner’s sessions when it was made: a key ends with them."
    )
    name = NameField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    start = models.CharField(max_length=SHOWN, editable=False)
    scopes = models.JSONField(default=list)
    networks = models.JSONField(default=list)
    made_on = models.DateField(default=timezone.localdate, editable=False)
    expires_on = models.DateField(help_text="The last day on which it works.")
    last_used_on = models.DateField(null=True, editable=False)
    revoked_on = models.DateField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("made_on")),
                name="api_key_expires_after_it_is_made",
                violation_error_message=gettext_lazy("A key cannot end before it is made."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def too_long(cls) -> str:
        """Why a day is refused as its last one."""
        sentence = _("Choose a day from today to {last}. A key works for at most {count} days.")
        last = timezone.localdate() + cls.LONGEST
        return sentence.format(last=date_format(last), count=cls.LONGEST.days)

    @property
    def is_expired(self) -> bool:
        return self.expires_on < timezone.localdate()

    @property
    def has_ended_with_sessions(self) -> bool:
        """Whether it ended because its owner was made an administrator after it was made."""
        return self.generation != self.owner.session_generation

    @property
    def is_in_use(self) -> bool:
        return not (self.revoked_on or self.is_expired or self.has_ended_with_sessions)

    @property
    def scope_labels(self) -> list[str]:
        return [str(label) for code, label in self.Scope.choices if code in self.scopes]

    def allows(self, scope: str) -> bool:
        return scope in self.scopes

    def works_from(self, address: Address | None) -> bool:
        """Whether it may be used from there; `address` is None if that cannot be known."""
        if not self.networks:
            return True
        return address is not None and any(address in ipaddress.ip_network(network) for network in self.networks)

    def note_use(self) -> None:
        """Keeps the day, and writes only once a day."""
        today = timezone.localdate()
        if self.last_used_on != today:
            ApiKey.objects.filter(pk=self.pk).update(last_used_on=today)

    def revoke(self, *, by: User) -> None:
        """Ends it for good, once."""
        with writing(by, self.owner):
            if ApiKey.objects.filter(pk=self.pk, revoked_on=None).update(revoked_on=timezone.localdate()):
                Event.record("api-key.revoked", by=by, key=self.pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """How many calls a key has made in its present minute, with this one, and how many seconds are left of that."""

    calls: int
    seconds_left: int


class ApiCallsQuerySet(models.QuerySet["ApiCalls"]):
    #: In milliseconds.
    MINUTE = 60_000
    #: A call may be counted so much later than another one that has come after it.
    OVERTAKEN = 10_000

    def add(self, key: ApiKey) -> CallCount:
        """Counts a call. A minute begins with the first call after the one before it, for all servers alike."""
        now = int(timezone.now().timestamp() * 1000)
        # One that begins a little later was begun by a call that overtook this one. One in the far future comes from a
        # clock that was set back.
        table = self.model._meta.db_table
        is_over = f"{table}.since <= %s OR {table}.since > %s"
        sql = (
            f"INSERT INTO {table} (key_id, since, calls) VALUES (%s, %s, 1) ON CONFLICT (key_id) DO UPDATE SET "  # noqa: S608
            f"calls = CASE WHEN {is_over} THEN 1 ELSE {table}.calls + 1 END, "
            f"since = CASE WHEN {is_over} THEN excluded.since ELSE {table}.since END "
            "RETURNING calls, since"
        )
        bounds = [now - self.MINUTE, now + self.OVERTAKEN]
        with connection.cursor() as cursor:
            cursor.execute(sql, [key.pk, now, *bounds, *bounds])
            calls, since = cursor.fetchone()
        left = min(self.MINUTE, since + self.MINUTE - now)
        return CallCount(calls=calls, seconds_left=max(1, -(-left // 1000)))


class ApiCalls(models.Model):
    """The calls that a key has made since its minute began. One row for each key, in which every server counts."""

    key = models.OneToOneField(ApiKey, models.CASCADE, primary_key=True, related_name="calls")
    since = models.BigIntegerField(help_text="Milliseconds since 1970.")
    calls = models.PositiveIntegerField()

    objects = ApiCallsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "API calls"

    def __str__(self) -> str:
        return f"{self.calls} calls"


class DifferentRequest(Refused):
    """A key for repeats was used before, with another request."""

    def __init__(self) -> None:
        super().__init__(_("This Idempotency-Key was used before with another request. Use a new one."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command answered: the HTTP status, the address of what it made or empty, and JSON."""

    status: int
    location: str
    body: str
    is_replayed: bool = False


class ApiReplyQuerySet(models.QuerySet["ApiReply"]):
    KEPT = datetime.timedelta(hours=24)

    def old(self) -> Self:
        return self.filter(made_at__lt=timezone.now() - self.KEPT)

    def once(self, key: ApiKey, *, name: str, request: str, do: Callable[[], Reply]) -> Reply:
        """What `do` replies, or what it replied when this key sent the same request under the same name before.

        Two requests at once wait for each other. If `do` raises, nothing is kept. Raises DifferentRequest if the
        `request` is another one than before.
        """
        with transaction.atomic():
            self.filter(key=key).old().delete()
            row, is_first = self.get_or_create(key=key, name_hash=_digest(name), defaults={"request": _digest(request)})
            if row.request != _digest(request):
                raise DifferentRequest
            if not is_first:
                return Reply(status=row.status, location=row.location, body=row.body, is_replayed=True)
            reply = do()
            self.filter(pk=row.pk).update(status=reply.status, location=reply.location, body=reply.body)
        return reply


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class ApiReply(models.Model):
    """The reply to a command that a program named, in case it asks again."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="replies", db_index=False)
    name_hash = models.CharField(max_length=64)
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    location = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = ApiReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "API replies"
        constraints = [
            models.UniqueConstraint(
                fields=["key", "name_hash"],
                name="api_reply_once",
                violation_error_message=gettext_lazy("This Idempotency-Key was used before."),
            )
        ]

    def __str__(self) -> str:
        return f"reply {self.pk}"


def _genuine(hashed: str, today: datetime.date) -> ApiKeyQuerySet:
    keys = ApiKey.objects.in_use(today).filter(key_hash=hashed).select_related("owner")
    return keys.annotate(installation_generation=Installation.objects.generations()).order_by()


_GENUINE: BuiltOnce[ApiKey] = BuiltOnce(_genuine, str, datetime.date)
