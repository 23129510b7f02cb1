"""Revisions: how two people who edit one thing are kept from overwriting each other without a word.

A page carries the revision of what it shows. A command that changes it is told which revision was seen, and compares
under the lock of the row.
"""

from typing import Any

from django.db import models

from .refusals import Refused


class Conflict(Refused):
    """Somebody else has changed this since the page was opened; `.stored` is the row as it is now."""

    def __init__(self, stored: Any) -> None:
        super().__init__("Somebody else has changed this since you opened the page.")
        self.stored = stored


class Revised(models.Model):
    """A thing that several people edit; it counts its changes."""

    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    def take(self, values: dict[str, Any], *, seen: int | None) -> set[str]:
        """Sets the values that differ, and returns their names; storing them is left to the caller, who holds the row.

        `seen` is the revision on the page; None if nobody has seen one, as in a command of the system. Raises Conflict
        if the row has another one by now. A save that changes nothing is never in conflict: it may be the second one
        of a double click.
        """
        changed = {name for name, value in values.items() if getattr(self, name) != value}
        if changed and seen is not None and self.revision != seen:
            raise Conflict(self)
        for name in changed:
            setattr(self, name, values[name])
        self.revision += bool(changed)
        return changed


class RevisedOnceMade(Revised):
    """One of which there is at most one, so that making it may meet the one that somebody else has made.

    Revision 0 stands for what is not there yet; whoever makes one begins with it.
    """

    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
