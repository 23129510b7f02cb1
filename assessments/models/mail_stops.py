"""Which mails somebody has switched off: the owner of an account, or somebody who is invited by email."""

import hashlib
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from .accounts import User
from .journal import Event
from .writing import writing


def address_hash(email: str) -> str:
    """What stands for the email of somebody without an account, so that the list of who wants no mails holds none."""
    return hashlib.sha256(f"mail-stop{email.strip().lower()}".encode()).hexdigest()


class MailStopQuerySet(models.QuerySet["MailStop"]):
    def of_accounts(self, people: Iterable[User], topic: "MailStop.Topic") -> set[UUID]:
        """The keys of those who switched off this topic."""
        return set(
            self.filter(user__in=[person.pk for person in people], topic=topic).values_list("user_id", flat=True)
        )

    def of_addresses(self, emails: Iterable[str], topic: "MailStop.Topic") -> set[str]:
        """The hashes of those emails without an account for which this topic is switched off."""
        hashes = {address_hash(email) for email in emails}
        return set(self.filter(address_hash__in=hashes, topic=topic).values_list("address_hash", flat=True))

    def stops(self, topic: "MailStop.Topic", *, person: User | None, email: str) -> bool:
        """Whether mails of this topic are switched off for the owner of the account, or without one for the email."""
        whose = {"user": person} if person else {"address_hash": address_hash(email)}
        return self.filter(topic=topic, **whose).exists()

    def choose(self, person: User, topics_on: Collection[str]) -> None:
        """Switches these topics on for the owner of an account, and every other one off."""
        off = {topic for topic in MailStop.Topic if topic not in topics_on}
        with writing(person):
            before = set(self.filter(user=person).values_list("topic", flat=True))
            if before == off:
                return
            self.filter(user=person).exclude(topic__in=off).delete()
            self.bulk_create([self.model(user=person, topic=topic) for topic in off], ignore_conflicts=True)
            Event.record("mails.chosen", by=person, off=sorted(off))

    def forget(self, email: str) -> None:
        """Forgets what was switched off for an email without an account."""
        self.filter(address_hash=address_hash(email)).delete()


class MailStop(models.Model):
    """One topic of mails that somebody has switched off. What has no row is on."""

    class Topic(models.TextChoices):
        INVITATION = "invitation", gettext_lazy("Invitations to answer")
        REMINDER = "reminder", gettext_lazy("Reminders to answer")
        ENDED = "ended", gettext_lazy("Answering has ended")
        REVIEW_SOON = "review-soon", gettext_lazy("A review that you lead is near")
        RESULT = "result", gettext_lazy("A result is there")
        TARGET = "target", gettext_lazy("A target is due or missed")
        ACTION = "action", gettext_lazy("Your actions are due")
        ROUND = "round", gettext_lazy("A round has started or waits for you, or the next one is drafted")
        DIGEST = "digest", gettext_lazy("The monthly digest for leads and managers")

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="mail_stops")
    #: Of somebody without an account; see `address_hash`.
    address_hash = models.CharField(max_length=64, blank=True, default="", db_default="")
    topic = models.CharField(max_length=12, choices=Topic)

    objects = MailStopQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "topic"],
                condition=Q(user__isnull=False),
                name="mail_stop_once_per_account",
                violation_error_message=gettext_lazy("These mails are already switched off."),
            ),
            models.UniqueConstraint(
                fields=["address_hash", "topic"],
                condition=Q(user__isnull=True),
                name="mail_stop_once_per_address",
                violation_error_message=gettext_lazy("These mails are already switched off."),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, address_hash="") | Q(Q(user__isnull=True), ~Q(address_hash="")),
                name="mail_stop_of_account_or_address",
                violation_error_message=gettext_lazy("Mails are switched off for an account or for an email."),
            ),
        ]

    def __str__(self) -> str:
        return f"no {self.topic} for {self.user_id or 'an email'}"

    _signer = signing.Signer(salt="mail-stop")

    @classmethod
    def link(cls, topic: "MailStop.Topic", *, person: User | None, email: str) -> str:
        """The absolute link to switch this topic off. It names topic and person and opens nothing else."""
        whose = ["account", str(person.pk)] if person else ["email", address_hash(email)]
        return settings.SITE_URL + reverse("mails-stop", args=[cls._signer.sign_object([topic.value, *whose])])

    @classmethod
    def by_token(cls, token: str) -> "MailStop | None":
        """What a link switches off, not stored yet; None if the link is not ours, or its account is gone."""
        try:
            topic, kind, who = cls._signer.unsign_object(token)
        except (signing.BadSignature, ValueError):
            return None
        if topic not in cls.Topic.values:
            return None
        if kind == "email":
            return cls(address_hash=who, topic=topic)
        person = User.objects.filter(pk=who).first()
        return cls(user=person, topic=topic) if person else None

    @property
    def _same(self) -> "MailStopQuerySet":
        whose: dict[str, Any] = {"user": self.user} if self.user else {"address_hash": self.address_hash}
        return MailStop.objects.filter(topic=self.topic, **whose)

    @property
    def is_off(self) -> bool:
        """Whether these mails are switched off now."""
        return self._same.exists()

    def begin(self) -> None:
        """Switches the mails off, once."""
        with writing(self.user):
            if not self.is_off:
                MailStop.objects.bulk_create([self], ignore_conflicts=True)
                Event.record("mails.stopped", by=self.user, topic=self.topic)

    def end(self) -> None:
        """Switches the mails on again."""
        with writing(self.user):
            deleted, _rows = self._same.delete()
            if deleted:
                Event.record("mails.resumed", by=self.user, topic=self.topic)
