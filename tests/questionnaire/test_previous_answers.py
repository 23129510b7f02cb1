"""The next assessment after a new edition: carried over, reconfirm, new, retired; hints and never answers."""

import datetime

import pytest
from django.urls import reverse

from assessments.frameworks.publishing import publish
from assessments.models import Criterion, Rating, Result
from assessments.questionnaire.previous_answers import MovingOn

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def result(edition, team, lead):
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F L P N F F - NA")
    return assessment.close(by=lead)


@pytest.fixture
def following(edition, admin, result):
    """x1 changes its meaning, x2 is mended, x3 is removed, z is new, y1 moves to level 2."""
    draft = edition.make_draft(by=admin)
    get = draft.criteria.get
    draft.change(get(key="x1"), by=admin, seen=0, statement="Something else.")
    mended = draft.change(get(key="x2"), by=admin, seen=0, statement="Practice x2 is done, too.")
    draft.say_editorial(mended, by=admin, seen=1, editorial=True)
    draft.remove(get(key="x3"), by=admin)
    draft.change(get(key="y1"), by=admin, seen=0, level=draft.levels.get(number=2))
    new = Criterion(
        statement="Z is new.",
        dimension=get(key="x1").dimension,
        level=draft.levels.get(number=2),
        scale=draft.scales.get(),
    )
    draft.add(new, by=admin)
    return publish(draft, by=admin)


def test_each_criterion_has_its_state(team, following):
    moving = MovingOn.of(team, following)
    states = {key: hint.state.value for key, hint in moving.hints.items()}
    assert states == {
        "x1": "reconfirm",
        "x2": "carried over",
        "x4": "carried over",
        "y1": "carried over",
        "y2": "carried over",
        "y3": "carried over",
        "y4": "carried over",
        "X.z-is-new": "new",
    }
    assert [(each.key, each.answer) for each in moving.retired] == [("x3", "Partly")]
    assert {key: moving.hints[key].answer for key in ("x1", "x2", "y3", "y4")} == {
        "x1": "Fully",
        "x2": "Largely",
        "y3": "",
        "y4": "Does not apply",
    }


def test_without_an_earlier_result_there_is_nothing_to_carry(edition):
    assert MovingOn.of(make_team(), edition) is None


def test_the_lead_sees_it_when_starting(client, team, lead, following):
    client.force_login(lead)
    page = client.get(reverse("assessment-start", args=[team.pk]), {"edition": following.pk}).content.decode()
    text = " ".join(page.split())
    assert "from version 1.0.0 to 1.1.0" in text
    assert "<b>6</b> <small>same meaning" in text
    assert "<b>1</b> <small>meaning changed" in text
    assert "Z is new." in text
    assert "Practice x3 is done." in text


def test_hints_stand_beside_the_questions_and_nothing_is_filled_in(client, team, lead, following):
    assessment = toy.start(team=team, by=lead, edition=following, date=datetime.date(2026, 11, 20))
    client.force_login(lead)
    text = " ".join(client.get(reverse("answer-dimension", args=[assessment.pk, "X"])).content.decode().split())
    assert "Last time, on 14 October 2026: Largely." in text
    assert "Meaning changed" in text
    assert "Not asked last time." in text
    assert " checked" not in text
    assert not Rating.objects.filter(assessment=assessment).exists()


def test_old_and_new_results_stand_side_by_side(team, lead, result, following):
    before = Result.objects.filter(pk=result.pk).values().get()
    assessment = toy.start(team=team, by=lead, edition=following, date=datetime.date(2026, 11, 20))
    toy.rate(assessment, lead, "F F F F F F F F")
    new = assessment.close(by=lead)
    assert Result.objects.filter(pk=result.pk).values().get() == before
    assert (new.level, result.level) == (3, 1)
    assert new.previous() == result


def test_of_anonymous_answers_no_hint_tells_anything(team, edition, result):
    type(result.assessment).objects.filter(pk=result.assessment_id).update(anonymous=True)
    assert {hint.answer for hint in MovingOn.of(team, edition).hints.values()} == {""}
