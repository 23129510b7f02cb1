"""What stands on a phone in a live room: the question, the person's own vote, and how many have voted."""

import secrets
from dataclasses import dataclass
from functools import cached_property

from .. import scoring
from ..models import Criterion, Rating, Room
from ..questionnaire.session import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """An answer that can be given, or was: `number` is how many gave it, once votes are shown."""

    code: str
    name: str
    anchor: str
    is_own: bool
    number: int
    #: Whether people say why, as they do for “does not apply” in the questionnaire.
    needs_reason: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """How many have voted, and whether the page that asks knows of an own vote."""

    voted: int
    asked: int
    own: bool

    @classmethod
    def of(cls, room: Room, *, own: bool) -> "Turnout":
        voted = room.voted()
        return cls(voted=voted, asked=room.asked(voted), own=own)


class Ballot:
    """Drawn often and by everybody, so it never works out scores."""

    def __init__(self, seat: Seat, room: Room) -> None:
        self.seat = seat
        self.room = room
        self.assessment = seat.assessment

    @cached_property
    def criterion(self) -> Criterion | None:
        if self.room.criterion_id is None:
            return None
        return self.assessment.edition.contents.criterion_by_pk[self.room.criterion_id]

    @cached_property
    def voted(self) -> int:
        return self.room.voted()

    @cached_property
    def asked(self) -> int:
        return self.room.asked(self.voted)

    @cached_property
    def answer(self) -> Rating | None:
        """While people answer: their own answer to the question, as the questionnaire stores it."""
        return self.room.answer_of(self.seat.who) if self.room.is_answering else None

    @cached_property
    def own(self) -> str:
        if self.room.is_answering:
            return self.answer.code if self.answer else ""
        return self.room.own_vote(self.seat.who)

    @property
    def reason(self) -> str:
        return self.answer.reason if self.answer else ""

    @cached_property
    def page(self) -> str:
        """Tells the saves of this page from those of any other."""
        return secrets.token_hex(12)

    @cached_property
    def _shown(self) -> dict[str, int]:
        return self.room.shown_votes() if self.room.is_revealed else {}

    @property
    def is_last(self) -> bool:
        """Whether no question comes after this one."""
        return self.room.order[-1:] == [self.room.criterion_id]

    @property
    def has_votes(self) -> bool:
        return bool(self._shown)

    @property
    def has_median_only(self) -> bool:
        """Whether beside what people have seen the votes would tell of a few of them."""
        return self.room.is_revealed and not self._shown and bool(self.room.tally())

    @property
    def choices(self) -> list[Vote]:
        return [vote for vote in self._votes if vote.code not in {scoring.NA, scoring.DK}]

    @property
    def others(self) -> list[Vote]:
        return [vote for vote in self._votes if vote.code in {scoring.NA, scoring.DK}]

    @property
    def results(self) -> list[Vote]:
        """Every answer with its number, and the other answers only if somebody gave them."""
        return self.choices + [vote for vote in self.others if vote.number]

    @cached_property
    def _votes(self) -> list[Vote]:
        if self.criterion is None:
            return []
        by_code = self.criterion.scale.by_code
        return [
            Vote(
                code=code,
                name=self.criterion.answer_name(code),
                anchor=by_code[code].anchor if code in by_code else "",
                is_own=code == self.own,
                number=self._shown.get(code, 0),
                needs_reason=code == scoring.NA and self.room.is_answering,
            )
            for code in self.room.codes_for(self.criterion)
        ]
