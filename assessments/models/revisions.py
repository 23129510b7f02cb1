"""Revisions keep two people who edit the same thing from silently overwriting each other.

A page carries the revision of what it shows. The command that changes it gets that revision as `seen` and compares it
under the lock of the row.
"""

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from .refusals import Refused


class Conflict(Refused):
    """Someone else changed this after the page was opened; `.stored` is the row as it is now."""

    def __init__(self, stored: Any) -> None:
        super().__init__(_("Someone else changed this after you opened the page."))
        self.stored = stored


class Revised(models.Model):
    """A row that several people edit; it counts its changes."""

    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    def take(self, values: dict[str, Any], *, seen: int | None) -> set[str]:
        """Sets the values that differ and returns their names; the caller, who holds the lock, stores them.

        `seen` is the revision on the page; None if there was no page, as in a command of the system. Raises Conflict if
        the row has another revision by now. A save that changes nothing never conflicts: it may be the second click of
        a double click.
        """
        changed = {name for name, value in values.items() if getattr(self, name) != value}
        if changed and seen is not None and self.revision != seen:
            raise Conflict(self)
        for name in changed:
            setattr(self, name, values[name])
        self.revision += bool(changed)
        return changed


class RevisedOnceMade(Revised):
    """A row of which there is at most one, so that two people may create it at the same time.

    Revision 0 means that it does not exist yet; a new row starts from there.
    """

    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
