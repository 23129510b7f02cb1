"""Two things that are done to one assessment at the same moment come to what one after the other would come to.

The cases are made from the table of moves: each pair of moves of which one can be made in the state in which the other
begins or ends, each move beside savers, beside every other command, and beside the erasing of the person who makes it.
A new move without an entry in DO fails here.
"""

import datetime
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps

from assessments.accounts.erasure import erase
from assessments.models import (
    MOVES,
    Answer,
    Assessment,
    Event,
    PersonGone,
    Rating,
    Refused,
    Review,
    SymptomAnswer,
    User,
)

from .. import toy
from ..at_once import at_once
from ..factories import make_membership, make_team, make_user

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 4
STATES = ["draft", "open", "review", "closed"]
REASON = "Zebulon has a reason."
DO: dict[str, Callable[[Assessment, User], Any]] = {
    "open": lambda assessment, by: assessment.open(by=by),
    "end answering": lambda assessment, by: assessment.end_answering(by=by),
    "answer again": lambda assessment, by: assessment.answer_again(by=by),
    "close": lambda assessment, by: assessment.close(by=by),
    "reopen": lambda assessment, by: assessment.reopen(by=by, reason=REASON),
    "discard": lambda assessment, by: assessment.discard(by=by),
}


# ---------------------------------------------------------------------- what one after the other would come to


@dataclass(frozen=True)
class Standing:
    """Where an assessment is. Without a state it is gone."""

    state: str | None
    results: int = 0

    def after(self, name: str) -> "Standing | None":
        """Where a move leads, by the table; None if it is refused."""
        move = MOVES[name]
        if name == "close" and self.state == "closed":
            return self
        if self.state not in move.sources or (name == "discard" and self.results):
            return None
        state = move.targets[DO_LEADS_TO.get(name, 0)] if move.targets else None
        return Standing(state, self.results + (name == "close"))


#: Which of its targets a move in DO leads to, if it is not the first one.
DO_LEADS_TO = {"reopen": 1}


def in_order(standing: Standing, *names: str) -> tuple[list[bool], Standing]:
    """Which of the moves are accepted one after the other, and where that leads."""
    accepted = []
    for name in names:
        there = standing.after(name)
        accepted.append(there is not None)
        standing = there or standing
    return accepted, standing


def pairs() -> Iterator[tuple[str, str, str]]:
    """State, a move that can be made there, and another that can be made there or where the first one leads."""
    for state in STATES:
        for first, move in MOVES.items():
            if state not in move.sources:
                continue
            for second, other in MOVES.items():
                if {state, *move.targets} & set(other.sources):
                    yield state, first, second


#: Each move in each state in which it can be made.
MOVES_IN_STATES = [(name, state) for name, move in MOVES.items() for state in move.sources]


# ---------------------------------------------------------------------- assessments


class World:
    """A team of four, one of whom is to be erased, with one edition for all rounds."""

    def __init__(self) -> None:
        self.edition = toy.make_edition()
        self.admin = make_user(is_administrator=True)
        make_user(is_administrator=True)
        self.team = make_team()
        self.lead = make_membership(team=self.team, role="lead").user
        self.others = [make_membership(team=self.team, role="member").user for _ in range(3)]

    def in_state(self, state: str, *, anonymous: bool = False) -> Assessment:
        """Led there by the moves themselves; the lead has answered."""
        terms = {"edition": self.edition, "as_draft": state == "draft", "anonymous": anonymous}
        Assessment.objects.unfinished().filter(team=self.team).delete()
        assessment = toy.start(team=self.team, by=self.lead, **terms)
        if state == "draft":
            return assessment
        if not anonymous:
            toy.rate(assessment, self.lead, "F F L N F F P N")
        if state == "review":
            assessment.end_answering(by=self.lead)
        elif state == "closed":
            assessment.close(by=self.lead)
        return Assessment.objects.get(pk=assessment.pk)


def made(name: str, assessment: Assessment, by: User) -> Callable[[], bool]:
    """A move as a request makes it, with rows of its own; whether it was accepted."""

    def make() -> bool:
        own = Assessment.objects.select_related("team", "edition").filter(pk=assessment.pk).first()
        if own is None:
            # The other one was done before this one began: a request finds no page.
            return False
        try:
            DO[name](own, User.objects.get(pk=by.pk))
        except Refused:
            return False
        return True

    return make


def standing_of(assessment: Assessment) -> Standing:
    row = Assessment.objects.filter(pk=assessment.pk).first()
    return Standing(row.status, row.results.count()) if row else Standing(None)


def left_of(assessment: Assessment) -> list[str]:
    """Models with rows that belong to an assessment."""
    referring = [
        (model, field.name)
        for model in apps.get_app_config("assessments").get_models()
        for field in model._meta.get_fields()
        if field.many_to_one and field.related_model is Assessment
    ]
    return [model.__name__ for model, name in referring if model._base_manager.filter(**{name: assessment.pk}).exists()]


# ---------------------------------------------------------------------- moves


def test_every_move_can_be_made_here():
    assert DO.keys() == MOVES.keys()
    assert {name for _, *both in pairs() for name in both} == set(MOVES)


@pytest.mark.parametrize(("name", "state"), MOVES_IN_STATES)
def test_two_moves_come_to_what_one_after_the_other_would(name, state):
    world = World()
    for second in [second for at, first, second in pairs() if (at, first) == (state, name)]:
        for _ in range(ROUNDS):
            check_pair(world, state, name, second)


def check_pair(world: World, state: str, first: str, second: str) -> None:
    assessment = world.in_state(state)
    begun, event_before = standing_of(assessment), Event.objects.order_by("pk").last()
    accepted = at_once(made(first, assessment, world.lead), made(second, assessment, world.lead))
    outcome = accepted, standing_of(assessment)

    forwards, there = in_order(begun, first, second)
    backwards, there_backwards = in_order(begun, second, first)
    assert outcome in [(forwards, there), (backwards[::-1], there_backwards)], f"{first} beside {second} in {state}"
    assert path(begun, event_before) == standing_of(assessment)
    if standing_of(assessment).state is None:
        assert left_of(assessment) == []


def path(standing: Standing, since: Event | None) -> Standing:
    """Where the entries of the journal lead from here; each of them has to be possible where the one before led."""
    names = {move.event: name for name, move in MOVES.items()}
    kinds = Event.objects.filter(pk__gt=since.pk if since else 0).order_by("pk").values_list("kind", flat=True)
    for kind in kinds:
        there = standing.after(names[kind])
        assert there is not None, f"{kind} in {standing}"
        standing = there
    return standing


# ---------------------------------------------------------------------- answers


class Saver:
    """Somebody who answers every question again and again; `codes` is what was acknowledged last."""

    def __init__(self, assessment: Assessment, who: Any, codes: dict[int, str]):
        self.assessment, self.who, self.codes = assessment, who, codes
        self.is_answering, self.may_stop = threading.Event(), threading.Event()

    def __call__(self) -> None:
        own = Assessment.objects.select_related("team", "edition").get(pk=self.assessment.pk)
        criteria = own.criteria_asked()
        for n in itertools.count(2):
            for number, criterion in enumerate(criteria):
                code = "NPLF"[(n + number) % 4]
                mark = toy.mark(page="page-1", sequence=n)
                stopping = self.may_stop.is_set()
                try:
                    own.save_rating(by=self.who, criterion=criterion, answer=Answer(code=code), mark=mark)
                except Refused:
                    own = Assessment.objects.select_related("team", "edition").filter(pk=own.pk).first() or own
                else:
                    self.codes[criterion.pk] = code
                self.is_answering.set()
                if stopping:
                    return
                # SQLite lets nobody wait in line: others get their turn between two answers.
                time.sleep(0.002)


def answers_in(assessment: Assessment) -> dict[int, Counter]:
    rows = Rating.objects.filter(assessment=assessment.pk).values_list("criterion", "choice__code")
    stored: dict[int, Counter] = {}
    for criterion, code in rows:
        stored.setdefault(criterion, Counter())[code] += 1
    return stored


def acknowledged(codes: list[dict[int, str]]) -> dict[int, Counter]:
    told: dict[int, Counter] = {}
    for criterion, code in (pair for each in codes for pair in each.items()):
        told.setdefault(criterion, Counter())[code] += 1
    return told


def race_with_savers(name: str, assessment: Assessment, savers: list[Saver], by: User) -> bool:
    """Makes the move in the middle of their answering; whether it was accepted."""
    move = made(name, assessment, by)

    def make() -> bool:
        for saver in savers:
            assert saver.is_answering.wait(timeout=120)
        try:
            return move()
        finally:
            for saver in savers:
                saver.may_stop.set()

    *savings, accepted = at_once(*savers, make)
    assert savings == [None] * len(savers)
    return accepted


@pytest.mark.parametrize(("name", "state"), MOVES_IN_STATES)
def test_no_move_loses_an_answer_that_was_acknowledged(name, state):
    world = World()
    for _ in range(ROUNDS):
        assessment = world.in_state(state)
        stored = {person: dict(own) for person, own in by_person(assessment).items()}
        codes = [stored.get(user.pk, {}) for user in (world.lead, world.others[0])]
        savers = [Saver(assessment, user, own) for user, own in zip((world.lead, world.others[0]), codes, strict=True)]
        assert race_with_savers(name, assessment, savers, world.lead) is True
        if standing_of(assessment).state is None:
            assert left_of(assessment) == []
            continue
        assert answers_in(assessment) == acknowledged(codes)
        result = assessment.results.current()
        if name == "close":
            votes = {row.key: Counter(row.votes) for row in result.criteria.all()}
            keys = {criterion.pk: criterion.key for criterion in assessment.criteria_asked()}
            assert votes == {keys[pk]: counted for pk, counted in acknowledged(codes).items()}


def by_person(assessment: Assessment) -> dict[Any, dict[int, str]]:
    stored: dict[Any, dict[int, str]] = {}
    rows = Rating.objects.filter(assessment=assessment.pk)
    for person, criterion, code in rows.values_list("respondent__user", "criterion", "choice__code"):
        stored.setdefault(person, {})[criterion] = code
    return stored


@pytest.mark.parametrize("name", [name for name, state in MOVES_IN_STATES if state == "open"])
def test_no_move_loses_an_anonymous_answer_that_was_acknowledged(name):
    world = World()
    for _ in range(ROUNDS):
        assessment = world.in_state("open", anonymous=True)
        people = [world.lead, *world.others]
        User.objects.filter(pk__in=[user.pk for user in people]).update(is_confirmed=True)
        guests = [toy.member_by_link(assessment, User.objects.get(pk=user.pk)) for user in people]
        codes: list[dict[int, str]] = []
        for guest in guests:
            toy.rate(assessment, guest, "F F L N F F P N")
            criteria = assessment.criteria_asked()
            codes.append(dict(zip((criterion.pk for criterion in criteria), "FFLNFFPN", strict=True)))
        savers = [Saver(assessment, guest, own) for guest, own in zip(guests[:2], codes[:2], strict=True)]
        assert race_with_savers(name, assessment, savers, world.lead) is True
        if standing_of(assessment).state is None:
            assert left_of(assessment) == []
        else:
            assert answers_in(assessment) == acknowledged(codes)


# ---------------------------------------------------------------------- other commands


def agree(assessment, world):
    criterion = assessment.criteria_asked()[0]
    Review.objects.at(assessment).agree(criterion, code="L", by=world.lead, note="We looked.")


def turn_to(assessment, world):
    Review.objects.at(assessment).turn_to(assessment.criteria_asked()[0], by=world.lead)


def submit(assessment, world):
    assessment.submit(by=world.lead)


def say_symptoms(assessment, world):
    (symptom, *_) = assessment.edition.symptoms.all()
    assessment.save_symptoms(by=world.lead, answers={symptom: True})


def set_due(assessment, world):
    assessment.set_due(datetime.date(2099, 1, 1), by=world.lead, seen=None)


def name_a_facilitator(assessment, world):
    assessment.set_facilitator(world.others[0], by=world.lead, seen=None)


def invite(assessment, world):
    assessment.invite(by=world.lead, members=[world.others[0]], addresses=["guest@example.org"])


def share(assessment, world):
    assessment.share(by=world.lead)


def remind(assessment, world):
    assessment.remind(by=world.lead)


def add_a_member(assessment, world):
    world.team.add_member(email=make_user().email, name="", role="member", by=world.lead)


def take_a_role(assessment, world):
    membership = world.team.memberships.get(user=world.others[2])
    role = "viewer" if membership.role == "member" else "member"
    world.team.change_role(membership, role, by=world.lead, seen=None)


COMMANDS = [
    agree,
    turn_to,
    submit,
    say_symptoms,
    set_due,
    name_a_facilitator,
    invite,
    share,
    remind,
    add_a_member,
    take_a_role,
]


@pytest.mark.parametrize(("name", "state"), MOVES_IN_STATES)
def test_a_move_beside_another_command_comes_to_what_it_would_alone(name, state):
    world = World()
    for command in COMMANDS * (ROUNDS // 2):
        assessment = world.in_state(state)
        _, expected = in_order(standing_of(assessment), name)

        def do(command=command, assessment=assessment, expected=expected):
            try:
                command(Assessment.objects.select_related("team", "edition").get(pk=assessment.pk), world)
            except Refused:
                pass
            except Assessment.DoesNotExist:
                assert expected.state is None

        outcome = at_once(made(name, assessment, world.lead), do)
        assert outcome == [True, None], command.__name__
        assert standing_of(assessment) == expected
        if expected.state is None:
            assert left_of(assessment) == []
            assert not SymptomAnswer.objects.filter(respondent__assessment=assessment.pk).exists()


# ---------------------------------------------------------------------- erasing


@pytest.mark.parametrize(("name", "state"), MOVES_IN_STATES)
def test_a_move_beside_the_erasing_of_who_makes_it_leaves_nothing_of_them(name, state):
    world = World()
    for round_ in range(ROUNDS):
        assessment = world.in_state(state)
        person = make_user(name=f"Zebulon {round_}", email=f"zebulon{round_}@example.org")
        make_membership(team=world.team, role="lead", user=person)
        if state == "open":
            assessment.ask(person)
            toy.rate(assessment, person, "F F NA N F F P N")
        _, expected = in_order(standing_of(assessment), name)
        before = standing_of(assessment)
        move = made(name, assessment, person)

        def move_unless_gone(move=move, person=person):
            try:
                return move()
            except (PersonGone, User.DoesNotExist):
                return False

        def forget(person=person):
            erase(User.objects.get(pk=person.pk), by=world.admin)

        accepted, erased = at_once(move_unless_gone, forget)
        assert erased is None
        assert standing_of(assessment) == (expected if accepted is True else before)
        assert accepted in (True, False)
        models = apps.get_app_config("assessments").get_models()
        rows = str([list(model._base_manager.values()) for model in models]).lower()
        assert "zebulon" not in rows
