"""Forms that create something, once: a double click creates one thing, and both clicks lead to it."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .accounts import User
from .refusals import Refused

Made = TypeVar("Made", bound=models.Model)


class SubmissionQuerySet(models.QuerySet["Submission"]):
    #: After this, nobody sends the same form again.
    KEPT = timedelta(days=2)

    def make_once(self, model: type[Made], make: Callable[[], Made], *, by: User, token: str) -> Made:
        """What `make` creates, or what it created when this person sent the form with this token before.

        Two requests at once wait for each other. If `make` raises, the form can be sent again.
        """
        if not token:
            return make()
        with transaction.atomic():
            self.filter(day__lt=timezone.localdate() - self.KEPT).delete()
            submission, is_first = self.get_or_create(key=self._key(by, token))
            if not is_first:
                return submission.made_in(model)
            made = make()
            self.filter(pk=submission.pk).update(made=str(made.pk))
        return made

    def made_before(self, model: type[Made], *, by: User, token: str) -> Made | None:
        """What this person's form with this token created, if it was sent before."""
        submission = self.filter(key=self._key(by, token)).first() if token else None
        return submission.made_in(model) if submission else None

    @staticmethod
    def _key(by: User, token: str) -> str:
        """Another person's token leads nowhere, and the key does not lead to a person."""
        return hashlib.sha256(f"{by.pk} {token}".encode()).hexdigest()


class Submission(models.Model):
    """One form that was sent. It says what the form created, but not who sent it or at what time."""

    key = models.CharField(max_length=64, unique=True, editable=False)
    made = models.CharField(max_length=36, blank=True, editable=False)
    day = models.DateField(default=timezone.localdate, editable=False)

    objects = SubmissionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key

    def made_in(self, model: type[Made]) -> Made:
        row = model._default_manager.filter(pk=self.made).first()
        if row is None:
            raise Refused(_("You already sent this form, and what it created has since been removed."))
        return row
