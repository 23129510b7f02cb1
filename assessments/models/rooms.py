"""The live room: a team answers or votes together, everybody on their own phone, one criterion after the other.

While the assessment is open, people give their own answers in it, which are stored as those of the questionnaire are.
In review they vote once more: the first answers stay as they are, and votes are kept beside them, by round.
"""

import hashlib
import secrets
import uuid
from collections import Counter
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from ..scoring import anonymity
from ..scoring.decisive import decisive_first
from . import answering_sql, unlinking
from .accounts import User
from .edition_parts import Criterion
from .journal import Event
from .participation import Answerer, Guest, Participation
from .ratings import Answer, PageMark, Rating, Respondent
from .refusals import Refused
from .transitions import OPEN, REVIEW
from .writing import writing

if TYPE_CHECKING:
    from .assessments import Assessment
    from .ratings import RatingQuerySet

OVER = gettext_lazy("Voting on this question is over, so your vote was not saved.")
ROOM_IS_OFF = gettext_lazy("The live room is closed.")
ONLY_COUNTED = gettext_lazy(
    "This assessment is anonymous: until answering ends, the room shows only how many people have answered."
)
DIGITS = 6


class RoomQuerySet(models.QuerySet["Room"]):
    def running(self) -> Self:
        return self.exclude(state=Room.State.OFF)

    def for_code(self, code: str) -> "Room | None":
        """The running room with this code, whatever stands between its digits."""
        digits = "".join(c for c in code if c in "0123456789")
        return self.running().select_related("assessment__team").filter(code=digits).first() if digits else None

    def open(self, assessment: "Assessment", *, by: User) -> "Room":
        """Opens a live room for answering, or turns the review into one; a running one stays as it is.

        Its order is fixed here, so that nothing jumps while people decide. Raises Refused unless the assessment is open
        or in review.
        """
        with writing(by):
            locked = assessment._lock()
            locked._refuse_unless(OPEN, REVIEW)
            room = self.get_or_create(assessment=locked)[0]
            if room.is_on:
                return room
            room.assessment = locked
            room.code, room.state = free_code(), Room.State.VOTING
            room.save(update_fields=["code", "state"])
            room._begin()
            Event.record("room.opened", by=by, team=locked.team, assessment=locked)
            room.refresh_from_db()
        return room


class Room(models.Model):
    """Where a team is in its live room.

    `version` grows with everything that the facilitator's screen needs to see, and `step` with what phones need: not
    with each vote, so that nothing moves under a finger.
    """

    class State(models.TextChoices):
        OFF = "off", gettext_lazy("Closed")
        VOTING = "voting", gettext_lazy("Voting")
        REVEALED = "revealed", gettext_lazy("Votes are shown")

    assessment = models.OneToOneField("assessments.Assessment", models.CASCADE, primary_key=True, related_name="room")
    state = models.CharField(max_length=8, choices=State, default=State.OFF)
    criterion = models.ForeignKey(Criterion, models.PROTECT, null=True, blank=True, related_name="+")
    round = models.PositiveIntegerField(default=1, help_text="Of the votes on this criterion, beside the answers.")
    since = models.DateTimeField(default=timezone.now)
    order = models.JSONField(default=list, blank=True, help_text="Keys of the criteria in the order of the room.")
    decisive = models.PositiveIntegerField(default=0, help_text="How many of them could change the level.")
    code = models.CharField(max_length=DIGITS, null=True, blank=True, unique=True)
    version = models.PositiveIntegerField(default=0)
    step = models.PositiveIntegerField(default=0)

    objects = RoomQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="off") | Q(code__isnull=True),
                name="room_code_only_while_on",
                violation_error_message=gettext_lazy("A closed room has no code to join."),
            )
        ]

    def __str__(self) -> str:
        return f"room of {self.assessment_id}"

    @property
    def is_on(self) -> bool:
        return self.state != self.State.OFF

    @property
    def is_voting(self) -> bool:
        return self.state == self.State.VOTING

    @property
    def is_revealed(self) -> bool:
        return self.state == self.State.REVEALED

    @property
    def is_answering(self) -> bool:
        """Whether people give their own answers here, rather than vote once more in a review."""
        return self.assessment.status == OPEN

    @property
    def may_reveal(self) -> bool:
        """Whether votes can be shown. While an anonymous assessment is open nobody sees an answer: whoever looked
        twice would see what one person changed.
        """
        return not (self.is_answering and self.assessment.anonymous)

    def codes_for(self, criterion: Criterion) -> list[str]:
        """What can be voted for. Who does not know in an anonymous review does not vote: a number of people beside the
        votes would tell of fewer than four.
        """
        codes = [choice.code for choice in criterion.scale.choices.all()]
        if criterion.na:
            codes.append(scoring.NA)
        can_say_so = self.is_answering or not self.assessment.anonymous
        return [*codes, scoring.DK] if can_say_so else codes

    @property
    def mark(self) -> str:
        """What a page was drawn from."""
        return f"{self.step}.{self.version}"

    # ------------------------------------------------------------------ the facilitator

    def turn_to(self, criterion: Criterion, *, by: User) -> None:
        """Shows another criterion to everybody, at the round that it was left in. No event: nothing is decided."""
        with writing(by):
            self.assessment = self._lock_running()
            self._show(criterion)

    def reveal(self, criterion: Criterion, number: int, *, by: User) -> None:
        """Ends voting on this round of the criterion and shows its votes; nothing if the room has moved on.

        In an anonymous assessment nothing leads from the votes to a person afterwards, and fewer than four are deleted.
        Raises Refused while such an assessment is open.
        """
        with writing(by):
            assessment = self._lock_running()
            if assessment.is_open and assessment.anonymous:
                raise Refused(str(ONLY_COUNTED))
            now = {"state": self.State.REVEALED, "version": F("version") + 1, "step": F("step") + 1}
            at = {"state": self.State.VOTING, "criterion": criterion, "round": number}
            if not Room.objects.filter(pk=self.pk, **at).update(**now):
                return
            if assessment.is_in_review:
                votes = RoomVote.objects.filter(assessment=assessment, criterion=criterion, round=number)
                if assessment.anonymous:
                    votes.unlink()
                votes.update(is_shown=True)
            data = {"criterion": criterion.key, "round": number}
            Event.record("room.revealed", by=by, team=assessment.team, assessment=assessment, **data)

    def vote_again(self, criterion: Criterion, number: int, *, by: User) -> None:
        """Begins the next round on a criterion whose votes are shown; nothing if the room has moved on.

        While people answer, they can then change what they said.
        """
        with writing(by):
            self._lock_running()
            now = {"state": self.State.VOTING, "round": F("round") + 1, "since": timezone.now()}
            at = {"state": self.State.REVEALED, "criterion": criterion, "round": number}
            Room.objects.filter(pk=self.pk, **at).update(**now, version=F("version") + 1, step=F("step") + 1)

    def renew_code(self, *, by: User) -> None:
        """Revokes the code to join, and gives another one."""
        with writing(by):
            assessment = self._lock_running()
            Room.objects.filter(pk=self.pk).update(code=free_code(), version=F("version") + 1)
            Event.record("room.code-renewed", by=by, team=assessment.team, assessment=assessment)

    def end(self, *, by: User) -> None:
        """Closes the room; what was answered and decided and the votes that were shown stay."""
        with writing(by):
            assessment = self.assessment._lock()
            if end_room(assessment):
                Event.record("room.ended", by=by, team=assessment.team, assessment=assessment)

    def _lock_running(self) -> "Assessment":
        """The assessment, locked. Raises Refused unless the room is on."""
        locked = self.assessment._lock()
        locked._refuse_unless(OPEN, REVIEW)
        if not Room.objects.running().filter(pk=self.pk).exists():
            raise Refused(str(ROOM_IS_OFF))
        return locked

    def _begin(self) -> None:
        """Starts at the first question that is not decided, in the order of what people do now.

        The assessment is locked.
        """
        self.order, self.decisive = room_order(self.assessment)
        self.save(update_fields=["order", "decisive"])
        agreed = set(self.assessment.agreed_ratings.values_list("criterion", flat=True))
        # What is decided needs no vote, and its page has no way to join.
        undecided = [pk for pk in self.order if pk not in agreed]
        first = next(iter(undecided or self.order), None)
        self._show(self.assessment.edition.contents.criterion_by_pk[first] if first is not None else None)

    def _show(self, criterion: Criterion | None) -> None:
        number, is_shown = 1, False
        if not self.is_answering:
            number, is_voted = self._last_round(criterion)
            is_shown = is_voted or self.assessment.agreed_ratings.filter(criterion=criterion).exists()
        Room.objects.filter(pk=self.pk).update(
            criterion=criterion,
            round=number,
            state=self.State.REVEALED if is_shown else self.State.VOTING,
            since=timezone.now(),
            version=F("version") + 1,
            step=F("step") + 1,
        )

    def _last_round(self, criterion: Criterion | None) -> tuple[int, bool]:
        """The number of its last round, and whether its votes were shown."""
        votes = RoomVote.objects.filter(assessment=self.assessment_id, criterion=criterion)
        return votes.order_by("-round").values_list("round", "is_shown").first() or (1, False)

    def look_at(self, criterion: Criterion) -> None:
        """Turns this copy of the room to a criterion that one person is deciding on; nothing is stored."""
        self.criterion = criterion
        self.round, _is_shown = self._last_round(criterion)
        self.state = self.State.REVEALED

    # ------------------------------------------------------------------ everybody else

    def vote(self, *, by: Answerer, criterion: Criterion, number: int, code: str) -> None:
        """Stores somebody's vote in this round, or changes it. Raises Refused once the votes are shown or the room has
        moved on, for anyone who may not answer, and for what is no answer to this question.

        This copy of the room may be older than the row: the question and round that count are those of the vote.
        """
        assessment = self.assessment
        person = None if assessment.anonymous else by.invitation.user if isinstance(by, Guest) else by
        if assessment.anonymous and not isinstance(by, Guest):
            raise Refused(_("In an anonymous assessment you can only vote through your personal link."))
        with writing(person):
            if self.is_answering or code not in self.codes_for(criterion):
                raise Refused(str(OVER))
            # The row stays locked until the vote is stored: revealing, moving on and ending wait for it.
            at = {"state": self.State.VOTING, "criterion": criterion, "round": number}
            if not Room.objects.filter(pk=self.pk, **at).update(version=F("version") + 1):
                raise Refused(str(OVER))
            seat = answering_sql.place(assessment, by)
            if seat is None:
                raise Refused(_("You can no longer answer for this team."))
            known: dict[str, Any] = {"assessment": assessment, "criterion": criterion, "round": number}
            if isinstance(by, Guest) and assessment.anonymous:
                counts = assessment.participations.of(by).filter(counts=True).exists()
                more = {"code": code, "counts": counts}
                secret = self.secret_of(by, criterion.pk, number)
                RoomVote.objects.update_or_create(**known, secret=secret, defaults=more)
                return
            if seat.respondent_id is None:
                seat.respondent_id = Respondent.objects.begin(assessment.pk, by, anonymous=False, counts=False).pk
            RoomVote.objects.update_or_create(**known, respondent_id=seat.respondent_id, defaults={"code": code})

    def answer(self, *, by: Answerer, criterion: Criterion, number: int, answer: Answer, mark: PageMark) -> Rating:
        """Stores somebody's own answer while the room asks for it, and returns it as it is stored afterwards.

        It is stored as the questionnaire stores it, and refused for the same reasons; also once the answers are shown
        or the room has moved on.
        """
        with transaction.atomic():
            # Locks the assessment: revealing, moving on and ending wait for it.
            rating = self.assessment.save_rating(by=by, criterion=criterion, answer=answer, mark=mark)
            at = {"state": self.State.VOTING, "criterion": criterion, "round": number}
            if not Room.objects.filter(pk=self.pk, **at).update(version=F("version") + 1):
                raise Refused(str(OVER))
        return rating

    def answer_of(self, who: Answerer) -> Rating | None:
        """This person's own answer to the question, of the questionnaire or of the room."""
        respondents = self.assessment.respondents.of(who, anonymous=self.assessment.anonymous)
        own = Rating.objects.filter(respondent__in=respondents, criterion=self.criterion_id)
        return own.select_related("choice").first()

    def voted(self) -> int:
        """How many have voted in this round; while people answer, how many have answered, in the room or before."""
        return self._answers().count() if self.is_answering else self.votes().count()

    def asked(self, voted: int) -> int:
        """How many are asked, of whom so many have voted: never fewer than those."""
        return max(Participation.objects.filter(assessment=self.assessment_id).count(), voted)

    def _answers(self) -> "RatingQuerySet":
        return Rating.objects.filter(assessment=self.assessment_id, criterion=self.criterion_id).given()

    def own_vote(self, who: Answerer) -> str:
        """This person's vote in this round; empty without one, and in an anonymous room once votes are shown."""
        votes = self.votes()
        if self.assessment.anonymous:
            about = (self.criterion_id, self.round)
            votes = votes.filter(secret=self.secret_of(who, *about) if isinstance(who, Guest) else "")
        else:
            votes = votes.filter(respondent__in=self.assessment.respondents.of(who, anonymous=False))
        return votes.values_list("code", flat=True).first() or ""

    def secret_of(self, guest: Guest, criterion: int | None, number: int) -> str:
        """What finds a guest's vote in this round of the criterion, and no other vote of theirs."""
        about = f"{self.assessment_id} {criterion} {number}"
        return hashlib.sha256(f"vote{guest.token} {about}".encode()).hexdigest()

    def votes(self) -> "RoomVoteQuerySet":
        """Of the present round."""
        return RoomVote.objects.filter(assessment=self.assessment_id, criterion=self.criterion_id, round=self.round)

    def tally(self) -> dict[str, int]:
        """How many people gave each answer in this round; empty until voting is over. See `shown_votes`.

        While people answer, these are their answers as they are now.
        """
        if self.is_answering:
            answers = self._answers().select_related("choice") if self.is_revealed and self.may_reveal else []
            return dict(Counter(rating.code for rating in answers))
        return dict(Counter(self.votes().filter(is_shown=True).values_list("code", flat=True)))

    def shown_votes(self) -> dict[str, int]:
        """The same as far as it may be shown: nothing that tells of fewer than four people.

        In an anonymous room people know who came or left since the answers, or since the round before. If these are
        one to three, what changed from one tally to the next could be theirs: the new one tells only its median.
        """
        tally = self.tally()
        return {} if tally and self.assessment.anonymous and self._differs_by_few(sum(tally.values())) else tally

    def _differs_by_few(self, number: int) -> bool:
        """Whether another tally of the criterion that people have seen has one to three votes more or fewer."""
        about = {"assessment": self.assessment_id, "criterion": self.criterion_id}
        others = RoomVote.objects.filter(**about, is_shown=True).exclude(round=self.round).order_by()
        seen = list(others.values_list("round").annotate(n=models.Count("pk")).values_list("n", flat=True))
        answers = Rating.objects.votes().filter(**about).count()
        if answers >= anonymity.LEAST:
            seen.append(answers)
        return any(0 < abs(number - other) < anonymity.LEAST for other in seen)


class RoomVoteQuerySet(models.QuerySet["RoomVote"]):
    def unlink(self) -> None:
        """Writes votes of one round anew, all alike and in random order; deletes them if they are too few to show."""
        counting = self.filter(counts=True).exclude(code=scoring.DK).count()
        rows = list(self)
        self.delete()
        if counting < anonymity.LEAST:
            return
        alike = [
            RoomVote(
                assessment_id=row.assessment_id,
                criterion_id=row.criterion_id,
                round=row.round,
                code=row.code,
                counts=True,
                is_shown=True,
            )
            for row in rows
        ]
        SystemRandom().shuffle(alike)
        RoomVote.objects.bulk_create(alike)


class RoomVote(models.Model):
    """What somebody said about a criterion in one round of the live room.

    In an anonymous assessment only `secret` finds it, which can be computed from nothing but the personal link, and
    only until the votes are shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="room_votes", db_index=False)
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    round = models.PositiveIntegerField()
    respondent = models.ForeignKey(Respondent, models.CASCADE, null=True, blank=True, related_name="room_votes")
    secret = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - unique when set
    code = models.CharField(max_length=20)
    counts = models.BooleanField(
        default=False,
        editable=False,
        help_text="Anonymous only: whether it counts towards the four votes needed. Once votes are shown, all do.",
    )
    is_shown = models.BooleanField(default=False, editable=False)

    objects = RoomVoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "criterion", "round"],
                condition=Q(respondent__isnull=False),
                name="room_vote_once_per_round",
                violation_error_message=gettext_lazy("This respondent has already voted in this round."),
            ),
            models.CheckConstraint(
                condition=Q(respondent__isnull=True) | Q(secret__isnull=True),
                name="room_vote_known_or_secret",
                violation_error_message=gettext_lazy("A vote is known by its respondent or by a secret, not both."),
            ),
        ]
        indexes = [models.Index(fields=["assessment", "criterion", "round"], name="room_vote_round")]

    def __str__(self) -> str:
        return f"{self.criterion_id}, round {self.round}"


def free_code() -> str:
    """A code that no other room has. It opens nothing by itself, so it need not be hard to guess."""
    while True:
        code = str(secrets.randbelow(10**DIGITS)).zfill(DIGITS)
        if not Room.objects.filter(code=code).exists():
            return code


def room_order(assessment: "Assessment") -> tuple[list[int], int]:
    """Keys of the rows of the criteria, and how many of them, from the front, the team should talk about first.

    While people answer, this is the order of the framework. In review, what could change the level comes first, as far
    as people see it differently or too few voted: what the review's agenda lists as such.
    """
    asked = assessment.criteria_asked()
    if assessment.is_open:
        return [criterion.pk for criterion in asked], 0
    criteria = {criterion.key: criterion for criterion in asked}
    codes = {
        key: [*criterion.scale.by_code, *([scoring.NA] if criterion.na else [])] for key, criterion in criteria.items()
    }
    settled = assessment.settled()
    open_questions = [
        key for key in criteria if settled[key].discuss or (assessment.anonymous and not settled[key].votes)
    ]
    order, decisive = decisive_first(
        assessment.instrument(), settled, assessment.rule, codes, open_questions=open_questions
    )
    return [criteria[key].pk for key in order], decisive


def go_on_in_review(assessment: "Assessment") -> None:
    """Turns a room in which people answered into one of the review that has just begun; the assessment is locked."""
    room = Room.objects.running().filter(assessment=assessment.pk).first()
    if room is not None:
        room.assessment = assessment
        room._begin()


def end_room(assessment: "Assessment") -> bool:
    """Closes the room of an assessment that is locked; returns whether there was one.

    Anonymous votes that were never shown are deleted, and their traces cleared as those of answers are. While such an
    assessment is open there are none.
    """
    off = {"state": Room.State.OFF, "code": None, "version": F("version") + 1, "step": F("step") + 1}
    if not Room.objects.running().filter(assessment=assessment.pk).update(**off):
        return False
    if assessment.anonymous and not assessment.is_open:
        RoomVote.objects.filter(assessment=assessment.pk, is_shown=False).delete()
        assessments = type(assessment).objects
        assessments.filter(pk=assessment.pk).update(has_traces=True)
        unlinking.clear_soon(assessments.all())
    return True
