"""What was just moved on the board, and the way back: kept for the page that follows, and gone after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ..models import Action

#: Where the session of whoever moved it keeps it.
MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardMove:
    """An action as it is after a move; `was` is its status before, `reason` why it was cancelled if it was.

    The way back is the same command with the status before, and so meets the same checks.
    """

    action: Action
    was: str
    reason: str

    @property
    def sentence(self) -> str:
        """What was done, one message for each status."""
        sentences = {
            Action.Status.OPEN: _("“{action}” is open again."),
            Action.Status.DOING: _("“{action}” is in progress."),
            Action.Status.DONE: _("“{action}” is done."),
            Action.Status.DROPPED: _("“{action}” is cancelled."),
        }
        text = Truncator(self.action.text).chars(60)
        return sentences[Action.Status(self.action.status)].format(action=text)

    @property
    def can_be_undone(self) -> bool:
        return self.was != self.action.status

    def keep_in(self, session: SessionBase) -> None:
        session[MOVED] = {
            "action": self.action.pk,
            "revision": self.action.revision,
            "was": self.was,
            "reason": self.reason,
        }

    @classmethod
    def taken_from(cls, session: SessionBase, actions: Iterable[Action]) -> "BoardMove | None":
        """The move that was kept, if it is of one of the actions; nothing if somebody has changed that since."""
        if MOVED not in session:
            return None
        kept: dict[str, Any] = session.pop(MOVED)
        for action in actions:
            if action.pk == kept["action"] and action.revision == kept["revision"]:
                return cls(action=action, was=kept["was"], reason=kept["reason"])
        return None
