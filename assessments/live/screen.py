"""What stands on the shared screen of a live room. Nothing here carries a name."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .. import charts, scoring
from ..models import Assessment, Criterion, Room
from ..review.agenda import Agenda, AgreeableValue, Item
from ..review.forms import MEDIAN, AgreeForm
from ..web.figures import percent
from ..web.qr_code import qr_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """An answer on the screen: the key that decides for it, its votes, and what the team would then be at."""

    code: str
    name: str
    #: Empty for an answer that no key decides for.
    key: str
    now: int
    first: int
    is_median: bool
    dots: charts.VoteLane
    option: AgreeableValue | None
    effects: list["Effect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A level before and after a decision: of the team, or of the dimension."""

    name: str
    before: int | None
    after: int | None
    #: The level after it, within a sentence; empty without one.
    after_name: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after

    @property
    def is_up(self) -> bool:
        return self.after is not None and (self.before is None or self.after > self.before)


@lru_cache(maxsize=64)
def _drawn(join_link: str) -> SafeString:
    """The screen is drawn again with every vote, and its QR code stays. The link opens nothing by itself."""
    return qr_code(join_link, grows=True)


class Screen:
    """What every shared screen of a room has: the question, how many have voted, and how to join."""

    #: A decision that was not stored. While people read why, nothing replaces the screen.
    refused: AgreeForm | None = None

    def __init__(self, assessment: Assessment, room: Room) -> None:
        self.assessment = assessment
        self.room = room

    @staticmethod
    def of(assessment: Assessment, room: Room) -> "Screen":
        return AnsweringScreen(assessment, room) if assessment.is_open else ReviewScreen(assessment, room)

    @cached_property
    def criterion(self) -> Criterion:
        contents = self.assessment.edition.contents
        return contents.criterion_by_pk[self.room.criterion_id or self.room.order[0]]

    @property
    def choices(self) -> list:
        return list(self.criterion.scale.choices.all())

    # ------------------------------------------------------------------ where the room is

    @cached_property
    def _index(self) -> int:
        order = self.room.order
        return order.index(self.criterion.pk) if self.criterion.pk in order else 0

    @property
    def number(self) -> int:
        return self._index + 1

    @property
    def is_decisive(self) -> bool:
        """Whether this question is one of those that could change the level."""
        return self.number <= self.room.decisive

    @property
    def total(self) -> int:
        return self.room.decisive if self.is_decisive else len(self.room.order)

    @property
    def previous(self) -> int | None:
        return self.room.order[self._index - 1] if self._index else None

    @property
    def next(self) -> int | None:
        following = self.room.order[self._index + 1 :]
        return following[0] if following else None

    # ------------------------------------------------------------------ who has voted

    @cached_property
    def voted(self) -> int:
        return self.room.voted()

    @cached_property
    def asked(self) -> int:
        return self.room.asked(self.voted)

    @property
    def shows_turnout(self) -> bool:
        """Whether the number stands beside what was said. Beside anonymous votes it would say how many kept silent."""
        return self.room.is_answering or (bool(self._now) and not self.assessment.anonymous)

    @property
    def pips(self) -> list[bool]:
        """For each person asked, those who voted first: in which order they did is nowhere."""
        return [place < self.voted for place in range(self.asked)]

    # ------------------------------------------------------------------ joining

    @property
    def join_address(self) -> str:
        """What people type, without the scheme."""
        return settings.SITE_URL.partition("://")[2].rstrip("/") + reverse("room-join")

    @property
    def code(self) -> str:
        """In two halves, as people read it out."""
        code = self.room.code or ""
        return f"{code[:3]} {code[3:]}"

    @property
    def join_link(self) -> str:
        return settings.SITE_URL.rstrip("/") + reverse("room-code", args=[self.room.code])

    @property
    def qr(self) -> SafeString:
        return _drawn(self.join_link)

    # ------------------------------------------------------------------ once votes are shown

    @cached_property
    def _now(self) -> dict[str, int]:
        return self.room.shown_votes()

    @cached_property
    def lanes(self) -> "list[Lane]":
        raise NotImplementedError

    @cached_property
    def drawing(self) -> charts.VoteLanes:
        return charts.vote_lanes([(lane.now, lane.first) for lane in self.lanes])


class AnsweringScreen(Screen):
    """While people answer: nothing is decided, and no level is worked out from half of the answers."""

    @property
    def is_last(self) -> bool:
        return self.next is None

    @cached_property
    def lanes(self) -> list[Lane]:
        codes = [choice.code for choice in self.choices]
        codes += [code for code in (scoring.NA, scoring.DK) if self._now.get(code)]
        drawn = charts.vote_lanes([(self._now.get(code, 0), 0) for code in codes])
        return [
            Lane(
                code=code,
                name=self.criterion.answer_name(code),
                key="",
                now=self._now.get(code, 0),
                first=0,
                is_median=False,
                dots=dots,
                option=None,
                effects=[],
            )
            for code, dots in zip(codes, drawn.lanes, strict=True)
        ]

    @property
    def in_words(self) -> str:
        """The picture as a sentence: `Answers: Not 0, Partly 2.`"""
        counted = ", ".join(f"{lane.name} {lane.now}" for lane in self.lanes)
        return _("Answers: {answers}.").format(answers=counted)


class ReviewScreen(Screen):
    """The facilitator's screen in a review; what needs the answers is worked out only once the votes are shown."""

    def __init__(
        self, assessment: Assessment, room: Room, *, agenda: Agenda | None = None, refused: AgreeForm | None = None
    ) -> None:
        super().__init__(assessment, room)
        self.refused = refused
        self._agenda = agenda

    @cached_property
    def agenda(self) -> Agenda:
        return self._agenda or Agenda.of(self.assessment)

    @cached_property
    def item(self) -> Item:
        item = self.agenda.item(self.criterion.pk)
        if item is None:
            raise LookupError(f"the room shows {self.criterion.key}, which is not asked")
        return item

    @property
    def is_over(self) -> bool:
        """Whether the last question is on the screen, and decided."""
        return self.next is None and self.item.is_settled

    @property
    def undecided(self) -> int:
        return sum(pk not in self.agenda.agreed for pk in self.room.order)

    @cached_property
    def form(self) -> AgreeForm:
        return self.refused or AgreeForm(item=self.item)

    @cached_property
    def _tally(self) -> dict[str, int]:
        """What the median is of, also where the votes themselves are not shown."""
        return self._now or self.room.tally()

    @property
    def shows_median_only(self) -> bool:
        """Whether beside the first answers the votes would tell of the few who came or left since."""
        return bool(self._tally) and not self._now

    @property
    def has_room_votes(self) -> bool:
        """Whether this round has votes to show; without them the first answers are shown in their place."""
        return bool(self._now)

    @property
    def has_too_few_votes(self) -> bool:
        return self.assessment.anonymous and not self._tally

    @cached_property
    def settled(self) -> scoring.CriterionScore:
        """What the votes on the screen come to."""
        if not self._tally:
            return self.item.settled
        votes = [code for code, number in self._tally.items() for _vote in range(number)]
        return scoring.settle(votes, self.agenda.scales[self.criterion.key])

    @property
    def median(self) -> str:
        """The code that the votes on the screen lead to; empty without votes."""
        return (self.settled.rating or "") if self._tally else self.item.median

    @property
    def median_name(self) -> str:
        return self.criterion.answer_name(self.median)

    @property
    def median_value(self) -> str:
        """What keeping the median sends: of votes in the room it is their value, as the answers have another one."""
        return self.median if self._tally else MEDIAN

    @property
    def agreement(self) -> str:
        if self.shows_median_only or self.settled.rwg is None:
            return ""
        return percent(self.settled.rwg)

    @property
    def first_agreement(self) -> str:
        """That of the first answers, beside that of the votes in the room."""
        return self.item.agreement if self._now else ""

    @cached_property
    def lanes(self) -> list[Lane]:
        first = self.item.settled.votes
        shown = self._now or first
        beside = first if self._now else {}
        choices = [choice.code for choice in self.choices]
        others = [c for c in (scoring.NA, scoring.DK) if shown.get(c) or beside.get(c)]
        codes = choices + others
        drawn = charts.vote_lanes([(shown.get(code, 0), beside.get(code, 0)) for code in codes])
        options = {option.code: option for option in self.item.options}
        return [
            Lane(
                code=code,
                name=self.criterion.answer_name(code),
                key=str(place) if code in choices and place < 10 else "",
                now=shown.get(code, 0),
                first=beside.get(code, 0),
                is_median=code == self.median,
                dots=dots,
                option=options.get(code) if code in choices else None,
                effects=self.effects_of(code) if code in choices else [],
            )
            for place, (code, dots) in enumerate(zip(codes, drawn.lanes, strict=True), 1)
        ]

    @property
    def in_words(self) -> str:
        """The picture as a sentence: `Votes now: Not 0, Partly 2. First answers: Not 1, Partly 1.`"""

        def counted(numbers: list[tuple[str, int]]) -> str:
            return ", ".join(f"{name} {number}" for name, number in numbers)

        now = counted([(lane.name, lane.now) for lane in self.lanes])
        if not self._now:
            return _("First answers: {votes}.").format(votes=now)
        first = counted([(lane.name, lane.first) for lane in self.lanes])
        return _("Votes now: {votes}. First answers: {first}.").format(votes=now, first=first)

    def effects_of(self, code: str) -> list[Effect]:
        """What deciding for this answer does to the level of the team and of the dimension."""
        dimension = self.criterion.dimension
        team = self._effect(_("Team"), self.agenda.level, self.agenda.level_if(self.criterion, code))
        of_part = self._of_part
        part = self._effect(dimension.name, of_part.now, of_part(self.criterion.key, code))
        return [team] if part.before is None and part.after is None else [team, part]

    def _effect(self, name: str, before: int | None, after: int | None) -> Effect:
        after_name = ""
        if after is not None:
            edition = self.assessment.edition
            level = _("level {number}").format(number=after)
            after_name = level if edition.uses_levels else edition.contents.rung_name(after)
        return Effect(name=name, before=before, after=after, after_name=after_name)

    @cached_property
    def _of_part(self) -> scoring.LevelIf:
        return self.agenda.levels_of_part(self.criterion.dimension.key)

    @property
    def standing(self) -> list[Effect]:
        """What keeping the median does."""
        return self.effects_of(self.median) if self.median else []
