"""Sessions: what a browser is known by between its requests, most of all who is signed in there.

The browser has the key in a cookie; here is only its hash, so that nobody who reads the database gets in. All that
`web.session_store` has to know at a request is in one row.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session as SessionOfBefore
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .accounts import User
from .built_once import BuiltOnce
from .journal import Event
from .writing import writing

#: When somebody uses a session is noted in steps of this part of SESSION_IDLE_HOURS, and no finer than it must be.
STEPS = 12
DAY = timedelta(days=1)
#: How long a session lasted after it was last stored, up to the version before this table.
LASTED_BEFORE = timedelta(days=14)


def key_hash(key: str) -> str:
    """What is stored of the key of a session. It differs from the hashes of links and API keys."""
    return hashlib.sha256(f"session{key}".encode()).hexdigest()


def longest() -> timedelta:
    """How long a session lasts after signing in."""
    return timedelta(hours=settings.SESSION_MAX_HOURS)


def longest_idle() -> timedelta:
    """How long it lasts after it was used."""
    return timedelta(hours=settings.SESSION_IDLE_HOURS)


def noted(moment: datetime) -> datetime:
    """The moment as it is stored: the beginning of its day, or of a shorter step if a session ends within hours.

    So a session is written once a day, and its row does not tell when exactly somebody did something.
    """
    step = longest_idle() / STEPS
    if step >= DAY:
        return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, tz=moment.tzinfo)


class BrowserSessionQuerySet(models.QuerySet["BrowserSession"]):
    def in_use(self) -> Self:
        """Those that have not ended."""
        now = timezone.now()
        return self.filter(begun_at__gt=now - longest(), used_at__gt=now - longest_idle())

    def ended(self) -> Self:
        now = timezone.now()
        return self.filter(
            models.Q(begun_at__lte=now - longest()) | models.Q(used_at__lte=now - longest_idle()),
        )

    def with_key(self, key: str) -> "BrowserSession | None":
        """The session of the browser that sends this key; None if there is none, or it has ended."""
        row = _SESSION.first(key_hash(key)) or self._taken_over(key)
        return None if row is None or row.has_ended else row

    def _taken_over(self, key: str) -> "BrowserSession | None":
        """The session from the table of the version before, which servers of that version may go on using.

        It counts from when it was last stored there. The row stays until it ends, or is ended here.
        """
        there = SessionOfBefore.objects.filter(session_key=key, expire_date__gt=timezone.now())
        if not there.exists():
            return None
        with transaction.atomic():
            # Held, so that it does not come back here while somebody ends it.
            before = there.select_for_update().first()
            if before is None:
                return None
            stored_at = before.expire_date - LASTED_BEFORE
            name = _person_in(before)
            person = User.objects.filter(pk=name).first() if name else None
            if name and person is None:
                return None
            row = self.model(
                key_hash=key_hash(key),
                user=person,
                data=before.session_data,
                begun_at=stored_at,
                used_at=noted(stored_at),
            )
            # Another request of the same page may have been faster.
            self.bulk_create([row], ignore_conflicts=True)
        return row

    def end_those_of(self, person: User, *, by: User, only: str = "", but: str = "") -> int:
        """Signs the person out at once, in every browser or in one; returns in how many.

        `only` and `but` are hashes of keys.
        """
        with writing(by, person):
            ended = self.drop_those_of(person, only=only, but=but)
            if ended:
                Event.record("account.sessions-ended", by=by, person=str(person.pk), count=ended)
        return ended

    def drop_those_of(self, person: User, *, only: str = "", but: str = "") -> int:
        """The same within a command that has its own event."""
        own = self.filter(user=person)
        if only:
            own = own.filter(pk=only)
        before = {
            key_hash(row.session_key): row.session_key
            for row in SessionOfBefore.objects.filter(expire_date__gt=timezone.now()).iterator()
            if _person_in(row) == str(person.pk)
        }
        if only:
            before = {hashed: key for hashed, key in before.items() if hashed == only}
        before.pop(but, None)
        SessionOfBefore.objects.filter(pk__in=before.values()).delete()
        ended = set(own.exclude(pk=but).in_use().values_list("pk", flat=True)) | set(before)
        own.exclude(pk=but).delete()
        return len(ended)


def _person_in(row: SessionOfBefore) -> str:
    """The key of who is signed in by a session of the version before; empty if nobody is."""
    kept: dict[str, Any] = SessionStore().decode(row.session_data)
    return str(kept.get(SESSION_KEY, ""))


class BrowserSession(models.Model):
    """What one browser is known by. Without a person, it only carries messages and a sign-in that is under way."""

    key_hash = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    #: Signed, as Django stores sessions.
    data = models.TextField()
    begun_at = models.DateTimeField(help_text="When the person signed in.")
    used_at = models.DateTimeField(help_text="When it was last used, see `noted`.")
    #: By what it was last used, and from where: names of products, and a network that many people share.
    browser = models.CharField(max_length=30, blank=True)
    system = models.CharField(max_length=30, blank=True)
    network = models.CharField(max_length=43, blank=True)

    objects = BrowserSessionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.device

    @property
    def has_ended(self) -> bool:
        now = timezone.now()
        return self.begun_at + longest() <= now or self.used_at + longest_idle() <= now

    @property
    def device(self) -> str:
        """Browser and system in words."""
        if self.browser and self.system:
            return _("{browser} on {system}").format(browser=self.browser, system=self.system)
        return self.browser or self.system or _("Unknown browser")


_SESSION = BuiltOnce(lambda key: BrowserSession.objects.filter(pk=key), str)
