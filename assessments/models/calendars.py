"""A person's calendar of what is due, by an address with a secret of which only a hash is stored."""

import datetime
import hashlib
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .journal import Event
from .refusals import Refused
from .writing import writing


def calendar_hash(token: str) -> str:
    """Differs from the hashes of links, so that no token works in two places."""
    return hashlib.sha256(f"calendar{token}".encode()).hexdigest()


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def in_use(self) -> Self:
        return self.filter(revoked_on=None)

    def genuine(self, token: str) -> "CalendarFeed | None":
        """The calendar of this token with its owner; None if it was revoked or its owner may not sign in."""
        feed = self.in_use().select_related("user").filter(token_hash=calendar_hash(token)).first()
        return feed if feed and feed.user.may_sign_in else None

    def was_genuine(self, token: str) -> bool:
        """Whether it is or was the token of somebody's calendar."""
        return self.filter(token_hash=calendar_hash(token)).exists()

    def of(self, user: User) -> "CalendarFeed | None":
        """The calendar that this person has now."""
        return self.in_use().filter(user=user).first()

    def ended_before(self, day: datetime.date) -> Self:
        return self.filter(revoked_on__lt=day)

    def make(self, *, by: User, token: str) -> "CalendarFeed":
        """A calendar for this person; it takes the place of the one before. The same token again changes nothing.

        Raises Refused for a token that was used and revoked.
        """
        with writing(by):
            # Two pages of one person at once would make two.
            User.objects.select_for_update(no_key=True).get(pk=by.pk)
            known = self.filter(token_hash=calendar_hash(token)).first()
            if known is not None:
                if known.user_id != by.pk or known.revoked_on:
                    raise Refused(_("This page was used before. Open it again to make another address."))
                return known
            self.in_use().filter(user=by).update(revoked_on=timezone.localdate())
            feed = self.create(token_hash=calendar_hash(token), user=by)
            Event.record("calendar.made", by=by)
        return feed

    def revoke(self, person: User, *, by: User) -> None:
        """Ends the person's calendar for good, once."""
        with writing(by, person):
            if self.in_use().filter(user=person).update(revoked_on=timezone.localdate()):
                Event.record("calendar.revoked", by=by, person=str(person.pk))


class CalendarFeed(models.Model):
    """An address that answers with what is due for one person, at each reading."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="calendar_feeds")
    made_on = models.DateField(default=timezone.localdate, editable=False)
    last_read_on = models.DateField(null=True, editable=False)
    revoked_on = models.DateField(null=True, editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(revoked_on__isnull=True),
                name="calendar_one_per_person",
                violation_error_message=gettext_lazy("There is already an address for your calendar."),
            )
        ]

    def __str__(self) -> str:
        return f"calendar {self.pk}"

    def note_reading(self) -> None:
        """Keeps the day, and writes only once a day."""
        today = timezone.localdate()
        if self.last_read_on != today:
            CalendarFeed.objects.filter(pk=self.pk).update(last_read_on=today)
