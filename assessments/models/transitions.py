"""The life of an assessment as one table: which move is possible in which state, and where it leads."""

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .journal import Event
from .refusals import Refused

if TYPE_CHECKING:
    from .teams import Team

DISCARDED = gettext_lazy("This assessment was discarded, so nothing was saved.")
DRAFT, OPEN, REVIEW, CLOSED = "draft", "open", "review", "closed"
NOT_WHILE = {
    DRAFT: gettext_lazy("This cannot be done while the assessment is a draft."),
    OPEN: gettext_lazy("This cannot be done while the assessment is open."),
    REVIEW: gettext_lazy("This cannot be done while the assessment is in review."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`event` is the kind of its journal entry; a move without a target deletes the assessment."""

    sources: tuple[str, ...]
    targets: tuple[str, ...] = ()
    event: str


MOVES = {
    "open": Move(sources=(DRAFT,), targets=(OPEN,), event="assessment.opened"),
    "end answering": Move(sources=(OPEN,), targets=(REVIEW,), event="assessment.answering-ended"),
    "answer again": Move(sources=(REVIEW,), targets=(OPEN,), event="assessment.answering-again"),
    "close": Move(sources=(REVIEW, OPEN), targets=(CLOSED,), event="assessment.closed"),
    "reopen": Move(sources=(CLOSED,), targets=(REVIEW, OPEN), event="assessment.reopened"),
    "discard": Move(sources=(DRAFT, OPEN, REVIEW), event="assessment.discarded"),
}

CHANGED_BY_MOVES = ["status", "closed_at"]


class Moving(models.Model):
    """A row whose status changes only along MOVES, and only while the row is locked."""

    if TYPE_CHECKING:
        # Fields of the model that moves.
        status: models.CharField[str, str]
        closed_at: models.DateTimeField[datetime.datetime | None, datetime.datetime | None]
        team: models.ForeignKey[Team, Team]

    class Meta:
        abstract = True

    @property
    def is_closed(self) -> bool:
        return self.status == CLOSED

    def _is_there(self) -> bool:
        return type(self)._default_manager.filter(pk=self.pk).exists()

    def can(self, move: str) -> bool:
        return self.status in MOVES[move].sources

    def _lock(self) -> Self:
        """The row as it is now, locked until the transaction ends. Raises Refused if it is gone."""
        rows = type(self)._default_manager.select_for_update(no_key=True, of=("self",))
        locked = rows.filter(pk=self.pk).order_by().first()
        if locked is None:
            raise Refused(DISCARDED)
        return locked

    def _refuse_unless(self, *statuses: str) -> None:
        if self.status in statuses:
            return
        if self.is_closed:
            closed_at = timezone.localtime(self.closed_at, ZoneInfo(self.team.time_zone))
            since = date_format(closed_at, "DATETIME_FORMAT")
            message = _("This assessment was closed on {since}. Nothing in it can be changed.")
            raise Refused(message.format(since=since))
        raise Refused(NOT_WHILE.get(self.status, DISCARDED))

    def _move(self, name: str, *, by: User, to: str = "", **data: Any) -> None:
        """Makes a move on a locked row: changes the status and adds the journal entry, or raises Refused."""
        move = MOVES[name]
        self._refuse_unless(*move.sources)
        if not move.targets:
            Event.record(move.event, by=by, team=self.team, discarded=str(self.pk))
            return
        self.status = to or move.targets[0]
        if self.status not in move.targets:
            raise ValueError(f"{name!r} does not lead to {to!r}")
        self.closed_at = timezone.now() if self.is_closed else None
        self.save(update_fields=CHANGED_BY_MOVES)
        if len(move.targets) > 1:
            data["to"] = self.status
        Event.record(move.event, by=by, team=self.team, assessment=self, **data)
