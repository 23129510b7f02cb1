"""The answers behind a result: who may know what somebody said."""

import pytest

from assessments.models import Answer
from assessments.results.comments import voices_behind

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def people(team):
    return {
        name: make_membership(team=team, role=role, user=make_user(name=name)).user
        for name, role in (("Lea", "lead"), ("Ann", "member"), ("Bob", "member"), ("Vic", "viewer"))
    }


@pytest.fixture
def result(team, people):
    assessment = toy.start(team=team, by=people["Lea"])
    say(assessment, people["Ann"], "x1", "F", comment="All of it.")
    say(assessment, people["Bob"], "x1", "N", evidence="https://example.org/proof")
    say(assessment, people["Bob"], "x2", "L")
    return assessment.close(by=people["Lea"])


def say(assessment, user, key, code, *, sequence=1, **more):
    criterion = assessment.edition.contents.criterion_by_key[key]
    answer = Answer(code=code, **more)
    assessment.save_rating(by=user, criterion=criterion, answer=answer, mark=toy.mark(sequence=sequence))


def test_the_lead_sees_who_said_what(result, people):
    voices = voices_behind(result, people["Lea"], names=True)
    assert [(voice.who, voice.code, voice.comment) for voice in voices["x1"]] == [
        ("Ann", "F", "All of it."),
        ("Bob", "N", ""),
    ]
    assert [voice.who for voice in voices["x2"]] == ["Bob"]


def test_a_member_sees_the_own_vote_and_what_others_wrote_without_their_names_and_votes(result, people):
    voices = voices_behind(result, people["Ann"], names=False)
    assert {(voice.who, voice.mine, voice.code, voice.comment, voice.evidence) for voice in voices["x1"]} == {
        ("", True, "F", "All of it.", ""),
        ("", False, "", "", "https://example.org/proof"),
    }
    # A vote without words is told to nobody but its giver.
    assert "x2" not in voices


@pytest.mark.parametrize(
    ("name", "seen", "unseen"),
    [
        ("Lea", ["Ann", "Bob", "All of it."], []),
        ("Ann", ["All of it.", "https://example.org/proof"], ["Bob"]),
        ("Vic", [], ["Ann", "Bob", "All of it.", "https://example.org/proof", "Votes:"]),
    ],
)
def test_the_page_tells_no_more(client, result, people, name, seen, unseen):
    client.force_login(people[name])
    page = client.get(result.get_absolute_url()).content.decode()
    answers = page[page.index("<main") : page.index("</main")]
    for text in seen:
        assert text in answers
    for text in unseen:
        assert text not in answers


def test_of_somebody_who_has_left_the_words_stay_without_a_name(result, people):
    people["Ann"].delete()
    voices = voices_behind(result, people["Lea"], names=True)
    assert {voice.who: voice.comment for voice in voices["x1"]} == {"Bob": "", "Somebody who has left": "All of it."}


def test_while_answers_may_change_nothing_is_told_beside_the_frozen_votes(result, people):
    """Else a vote could be seen that the result does not count, and by people who are about to answer themselves."""
    result.assessment.reopen(by=people["Lea"], reason="A mistake.")
    say(result.assessment, people["Ann"], "x1", "N", sequence=2, comment="Not any more.")
    result.refresh_from_db()
    assert voices_behind(result, people["Lea"], names=True) == {}
    assert voices_behind(result, people["Ann"], names=False) == {}


def test_an_earlier_generation_keeps_its_votes_and_tells_no_words(result, people):
    result.assessment.reopen(by=people["Lea"], reason="A mistake.")
    say(result.assessment, people["Ann"], "x1", "N", sequence=2, comment="Not any more.")
    second = result.assessment.close(by=people["Lea"])
    result.refresh_from_db()
    assert voices_behind(result, people["Lea"], names=True) == {}
    assert result.criteria.get(key="x1").votes == {"F": 1, "N": 1}
    assert [voice.comment for voice in voices_behind(second, people["Ann"], names=False)["x1"] if voice.mine] == [
        "Not any more."
    ]
