"""What all servers of one database have in common, and how each knows if what it keeps in memory is still right."""

import time
import uuid
from contextvars import ContextVar

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from .replica import asking_replica

#: The only row.
ONE = 1


class InstallationQuerySet(models.QuerySet["Installation"]):
    def generations(self) -> models.Subquery:
        """The current generation, as a value that a query for something else brings along."""
        return models.Subquery(self.filter(pk=ONE).values("generation")[:1])

    def renew(self) -> None:
        """Makes every server read again what it keeps in memory, from its next request on.

        Call it in the transaction of the change. The generation is not a number that counts: one that was rolled back
        must never come again.
        """
        self.update_or_create(pk=ONE, defaults={"generation": uuid.uuid4()})
        # This request asks each time from now on: the change may still be rolled back.
        _seen.set(_Seen(lasts=float("-inf")))

    def shares_key(self) -> bool:
        """Whether the servers of this database have had this server's secret key; the first of them notes it."""
        installation, _ = self.get_or_create(pk=ONE)
        if not installation.key_mark:
            self.take_key()
            return True
        return installation.key_mark == mark_of_key()

    def take_key(self) -> None:
        """From now on, this server's secret key is the one that all should have."""
        self.update_or_create(pk=ONE, defaults={"key_mark": mark_of_key()})


def mark_of_key() -> str:
    """Tells two secret keys apart, and nothing about either."""
    return salted_hmac("assessments.installation.key_mark", "", algorithm="sha256").hexdigest()


class Installation(models.Model):
    """One row: the installation itself."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONE)
    generation = models.UUIDField(default=uuid.uuid4, help_text="Changes with whatever servers keep in memory.")
    key_mark = models.CharField(max_length=64, blank=True, help_text="By which servers see if they share one key.")

    objects = InstallationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(id=ONE),
                name="installation_only_one",
                violation_error_message=gettext_lazy("There is one installation."),
            )
        ]

    def __str__(self) -> str:
        return str(self.generation)


class _Seen:
    """What a request, or a command for a few seconds, has learned."""

    __slots__ = ("generation", "lasts", "until")

    def __init__(self, *, lasts: float) -> None:
        #: For how many seconds it knows what it has learned.
        self.lasts = lasts
        self.generation: uuid.UUID | None = None
        #: Nothing is known before it is learned.
        self.until = float("-inf")


#: Seconds after which a command, which has no requests, asks again.
ASKED_AGAIN = 5
_seen: ContextVar[_Seen | None] = ContextVar("seen", default=None)


def begin_request() -> None:
    """From here on, the generation is read once: what begins later sees later changes."""
    _seen.set(_Seen(lasts=float("inf")))


def learn(generation: uuid.UUID | None) -> None:
    """Takes over a generation that another query of the request brought along."""
    seen = _seen.get()
    if seen is not None:
        seen.generation, seen.until = generation, time.monotonic() + seen.lasts


def current_generation() -> uuid.UUID | None:
    """The key under which things that may change are kept in memory; None until anything has changed.

    It is read before what is kept under it, so what is kept is at least as new.
    """
    seen = _seen.get()
    if seen is None:
        seen = _Seen(lasts=ASKED_AGAIN)
        _seen.set(seen)
    if seen.until >= time.monotonic():
        return seen.generation
    # A replica would say what was the case.
    with asking_replica(False):
        generation = Installation.objects.filter(pk=ONE).values_list("generation", flat=True).first()
    learn(generation)
    return generation
