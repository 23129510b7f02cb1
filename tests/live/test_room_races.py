"""Votes at the same moment as the reveal, the decision, the end of the room and the close of the assessment."""

import pytest

from assessments.models import Refused, Room, RoomVote

from .. import toy
from ..at_once import at_once
from ..factories import make_membership, make_team

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 2


def opened(*, anonymous: bool):
    team = make_team()
    people = [make_membership(team=team, role="member" if n else "lead").user for n in range(6)]
    assessment = toy.start(team=team, by=people[0], anonymous=anonymous)
    voters = [toy.member_by_link(assessment, user) for user in people] if anonymous else people
    for who in voters:
        toy.rate(assessment, who, "F F F F F F F F")
    assessment.end_answering(by=people[0])
    Room.objects.open(assessment, by=people[0])
    return assessment, people[0], voters


def fresh(assessment):
    return Room.objects.select_related("assessment__team", "criterion").get(pk=assessment.pk)


@pytest.mark.parametrize("anonymous", [False, True], ids=["named", "anonymous"])
@pytest.mark.parametrize("ends_by", ["reveal", "end", "close"])
def test_a_vote_is_either_among_those_shown_or_refused(anonymous, ends_by):
    for _ in range(ROUNDS):
        assessment, lead, voters = opened(anonymous=anonymous)
        room = fresh(assessment)
        ends = {
            "reveal": lambda room=room, lead=lead: room.reveal(room.criterion, 1, by=lead),
            "end": lambda room=room, lead=lead: room.end(by=lead),
            "close": lambda assessment=assessment, lead=lead: assessment.close(by=lead),
        }[ends_by]
        votes = [
            lambda who=who, room=room: room.vote(by=who, criterion=room.criterion, number=1, code="L")
            for room, who in ((fresh(assessment), who) for who in voters)
        ]
        *voted, ended = at_once(*votes, ends)
        assert not isinstance(ended, Exception), ended
        assert all(outcome is None or isinstance(outcome, Refused) for outcome in voted), voted
        accepted = sum(outcome is None for outcome in voted)
        rows = RoomVote.objects.filter(assessment=assessment)
        assert not rows.filter(secret__isnull=False).exists()
        if ends_by == "reveal":
            assert not rows.filter(is_shown=False).exists()
        if not anonymous:
            assert rows.count() == accepted
        elif ends_by == "reveal":
            assert rows.count() == (accepted if accepted >= 4 else 0)
        else:
            assert not rows.exists()
