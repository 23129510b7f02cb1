"""The life of an assessment as one table: which move is possible in which state, and where it leads."""

from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone

from .journal import Event
from .refusals import Refused

DISCARDED = "This assessment has been discarded meanwhile, so nothing is stored."
DRAFT, OPEN, REVIEW, CLOSED = "draft", "open", "review", "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`event` is its kind in the journal; without a target the assessment is gone."""

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


class Moving(models.Model):
    """What has a status that changes only along MOVES, under the lock of its row."""

    status: Any
    closed_at: Any
    team: Any

    class Meta:
        abstract = True

    @property
    def is_closed(self):
        return self.status == CLOSED

    def _is_there(self) -> bool:
        return type(self)._default_manager.filter(pk=self.pk).exists()

    def can(self, move: str) -> bool:
        return self.status in MOVES[move].sources

    def _lock(self) -> Self:
        """The row as it is now, held until the transaction ends. Raises Refused where it is gone."""
        rows = type(self)._default_manager.select_for_update(no_key=True, of=("self",))
        locked = rows.filter(pk=self.pk).order_by().first()
        if locked is None:
            raise Refused(DISCARDED)
        return locked

    def _refuse_unless(self, *statuses):
        if self.status in statuses:
            return
        if self.is_closed:
            since = timezone.localtime(self.closed_at, ZoneInfo(self.team.time_zone)).strftime("%-d %B %Y, %H:%M")
            raise Refused(f"This assessment has been closed since {since}. Nothing in it can be changed.")
        raise Refused(f"This cannot be done while the assessment is {self.get_status_display().lower()}.")  # type: ignore[attr-defined]

    def _move(self, name: str, *, by, to: str = "", **data):
        """Makes a move on a locked row: status and the journal's entry, or Refused."""
        move = MOVES[name]
        self._refuse_unless(*move.sources)
        if not move.targets:
            Event.record(move.event, by=by, team=self.team, discarded=str(self.pk))
            return
        self.status = to or move.targets[0]
        if self.status not in move.targets:
            raise ValueError(f"{name!r} does not lead to {to!r}")
        self.closed_at = timezone.now() if self.is_closed else None
        changed: Any = ["status", "closed_at"]
        self.save(update_fields=changed)
        if len(move.targets) > 1:
            data["to"] = self.status
        Event.record(move.event, by=by, team=self.team, assessment=self, **data)
