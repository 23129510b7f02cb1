"""Somebody is erased while they write, and while others write about them: nothing of theirs is stored afterwards.

Each command in WRITES is repeated by one thread until it is refused; the other erases the person in the middle of it.
"""

import datetime
import itertools
import re
import threading
import time

import pytest
from django.apps import apps

from assessments.accounts.erasure import erase
from assessments.models import (
    Action,
    Answer,
    Assessment,
    PersonGone,
    Refused,
    Result,
    Review,
    SetbackReason,
    Target,
    User,
)

from .. import toy
from ..at_once import at_once
from ..factories import make_membership, make_team, make_user

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 3
#: After so many writes the person is erased.
BEFORE = 4


class World:
    """One person to be erased, who leads a team together with somebody else."""

    def __init__(self, round_: int):
        self.word = f"zebulon{round_}"
        self.admin = make_user(is_administrator=True)
        self.team = make_team()
        self.lead = make_membership(team=self.team, role="lead").user
        self.person = make_user(name=self.word, email=f"{self.word}@example.org")
        self.membership = make_membership(team=self.team, role="lead", user=self.person)
        self.edition = toy.make_edition()

    def assessment(self, **terms) -> Assessment:
        return toy.start(team=self.team, by=self.lead, edition=self.edition, **terms)

    def results(self, number: int) -> list[Result]:
        first = datetime.date(2020, 1, 1)
        days = [first + datetime.timedelta(n) for n in range(number)]
        return [toy.add_result(team=self.team, edition=self.edition, date=day) for day in days]


def answers(world):
    assessment = world.assessment()
    criteria = assessment.criteria_asked()

    def write(n):
        answer = Answer(code="F", comment=f"{world.word} {n}", evidence=f"https://example.org/{world.word}")
        mark = toy.mark(sequence=n)
        assessment.save_rating(by=world.person, criterion=criteria[n % 8], answer=answer, mark=mark)

    return write


def answers_as_a_guest(world):
    assessment = toy.start(team=make_team(), by=world.lead, edition=world.edition)
    guest = toy.guest(assessment, email=world.person.email.upper())
    criteria = assessment.criteria_asked()

    def write(n):
        answer = Answer(code="F", comment=f"{world.word} {n}")
        assessment.save_rating(by=guest, criterion=criteria[n % 8], answer=answer, mark=toy.mark(sequence=n))

    return write


def submits(world):
    assessment = world.assessment()
    toy.rate(assessment, world.person, "F F L N F F P N")
    return lambda n: assessment.submit(by=world.person)


def sets_targets(world):
    first = datetime.date(2100, 1, 1)
    known = {"team": world.team, "framework": world.edition.framework, "by": world.person, "level": 2}
    return lambda n: Target.objects.set(**known, due=first + datetime.timedelta(n), why=world.word)


def plans_actions(world):
    known = {"team": world.team, "framework": world.edition.framework, "criterion": "x1", "text": "Do it."}
    return lambda n: Action.objects.plan(**known, by=world.lead, owner=world.person)


def explains_setbacks(world):
    (result,) = world.results(1)
    return lambda n: SetbackReason.objects.tell(result=result, text=world.word, by=world.person)


def agrees(world):
    assessment = world.assessment()
    toy.rate(assessment, world.lead, "F F L N F F P N")
    assessment.end_answering(by=world.lead)
    review, criteria = Review.objects.at(assessment), assessment.criteria_asked()
    known = {"code": "F", "by": world.person, "note": world.word}
    return lambda n: review.agree(criteria[n % 8], **known, seen=n // 8)


def reopens(world):
    closed = [result.assessment for result in world.results(60)]
    return lambda n: closed[n % 60].reopen(by=world.person, reason=world.word, to="review")


def changes_own_name(world):
    return lambda n: world.person.change_own(name=f"{world.word} {n}")


def is_given_roles(world):
    world.assessment()
    roles = ["viewer", "lead", "member"]
    return lambda n: world.team.change_role(world.membership, roles[n % 3], by=world.lead, seen=None)


def is_asked_again(world):
    closed = [result.assessment for result in world.results(60)]
    return lambda n: closed[n % 60].reopen(by=world.lead, reason="Look again.")


def is_invited(world):
    assessment = world.assessment()
    return lambda n: assessment.invite(by=world.lead, members=[world.person], addresses=["other@example.org"])


WRITES = [
    answers,
    answers_as_a_guest,
    submits,
    sets_targets,
    plans_actions,
    explains_setbacks,
    agrees,
    reopens,
    changes_own_name,
    is_given_roles,
    is_asked_again,
    is_invited,
]


def stored_about(word: str) -> list[str]:
    models = apps.get_app_config("assessments").get_models()
    return [model.__name__ for model in models if word in str(list(model._base_manager.values())).lower()]


@pytest.mark.parametrize("writes", WRITES, ids=lambda writes: writes.__name__)
def test_nothing_of_somebody_is_stored_after_they_are_erased(writes):
    for round_ in range(ROUNDS):
        world = World(round_)
        is_writing, is_erased = threading.Event(), threading.Event()
        write = writes(world)

        def go_on(write=write, is_writing=is_writing, is_erased=is_erased):
            for n in itertools.count():
                if n == BEFORE:
                    is_writing.set()
                was_erased = is_erased.is_set()
                try:
                    write(n)
                except Refused as refusal:
                    if isinstance(refusal, PersonGone) or was_erased:
                        return "refused"
                else:
                    if was_erased:
                        return "written after erasing"
                # SQLite lets nobody wait in line: others get their turn between two writes.
                time.sleep(0.002)
            raise AssertionError("counting never ends")

        def erase_in_the_middle(world=world, is_writing=is_writing, is_erased=is_erased):
            assert is_writing.wait(timeout=120)
            try:
                erase(User.objects.get(pk=world.person.pk), by=world.admin)
            finally:
                is_erased.set()

        assert at_once(go_on, erase_in_the_middle) == ["refused", None]
        assert stored_about(world.word) == []


def test_two_administrators_erase_somebody_once():
    world, other = World(0), make_user(is_administrator=True)
    outcomes = at_once(
        lambda: erase(world.person, by=world.admin),
        lambda: erase(User.objects.get(pk=world.person.pk), by=other),
    )
    assert sorted(map(type, outcomes), key=str) == [type(None), PersonGone]


def test_links_are_shown_to_the_lead_while_somebody_is_erased():
    """Erasing holds its person and then writes to the assessments that this person has started."""
    for round_ in range(6):
        world = World(round_)
        for _other in range(6):
            make_membership(team=world.team)
        assessment = toy.start(team=world.team, by=world.person, edition=world.edition)
        shown, erased = at_once(
            lambda assessment=assessment, lead=world.lead: assessment.show_links(by=lead),
            lambda world=world: erase(User.objects.get(pk=world.person.pk), by=world.admin),
        )
        assert len(shown) in {7, 8}
        assert erased is None


def test_a_link_in_a_mail_holds_its_person_before_the_assessment(django_assert_max_num_queries):
    world = World(0)
    assessment = world.assessment()
    assessment.invite(by=world.lead, members=[world.person])
    mail = assessment.mails.get()
    with django_assert_max_num_queries(20) as queries:
        assert assessment.token_for_mail(mail)
    tables = [User._meta.db_table, Assessment._meta.db_table]
    selected = [re.match(r'SELECT .*? FROM "?(\w+)', query["sql"]) for query in queries.captured_queries]
    assert [match[1] for match in selected if match and match[1] in tables][:2] == tables
