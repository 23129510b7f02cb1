"""A lead can keep the level and the last answer away from a question until it has an answer."""

import datetime

import pytest
from django.urls import reverse

from .. import toy
from ..factories import make_membership

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
LEVELS = ["Level 1 · Step 1", "Level 2 · Step 2", "Level 3 · Step 3"]
LAST_TIME = "Last time, on"


@pytest.fixture
def member(team):
    return make_membership(team=team).user


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def earlier(team, edition):
    return toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1), codes="F P L N F F P N")


@pytest.fixture
def assessment(team, lead, member, edition, earlier):
    return toy.start(team=team, by=lead, edition=edition, hides_hints=True)


def page(client, assessment, dimension="X") -> str:
    return client.get(reverse("answer-dimension", args=[assessment.pk, dimension])).content.decode()


def save(client, assessment, member, key, code, *, sequence=1, comment="", **extra):
    criterion = assessment.edition.contents.criterion_by_key[key]
    address = reverse("answer-save", args=[assessment.pk, criterion.dimension.key, criterion.pk])
    data = {"code": code, "page": "p1", "sequence": sequence, "version": 0, "who": member.pk, "comment": comment}
    return client.post(address, data, **extra)


def hints_in(html: str) -> tuple[int, int]:
    """How many questions show their level, and how many their last answer."""
    return sum(html.count(level) for level in LEVELS), html.count(LAST_TIME)


def test_nothing_of_it_is_in_the_page_before_an_answer(client, assessment, member):
    client.force_login(member)
    assert hints_in(page(client, assessment)) == (0, 0)
    assert "A question shows its level and your team’s last answer once" in page(client, assessment)


@pytest.mark.parametrize("code", ["N", "F", "DK"])
def test_a_question_shows_its_own_once_it_has_an_answer(client, assessment, member, code):
    """Saving without script: the page that follows has it."""
    client.force_login(member)
    save(client, assessment, member, "x2", code)
    html = page(client, assessment)
    assert hints_in(html) == (1, 1)
    assert "Level 1 · Step 1" in html
    assert ": Partly." in html


def test_a_comment_alone_is_no_answer(client, assessment, member):
    client.force_login(member)
    html = save(client, assessment, member, "x1", "", comment="I wonder.", **HTMX).content.decode()
    assert hints_in(html) == (0, 0)
    assert hints_in(page(client, assessment)) == (0, 0)


def test_the_answer_to_a_save_brings_them_to_the_page(client, assessment, member):
    client.force_login(member)
    html = save(client, assessment, member, "x3", "L", **HTMX).content.decode()
    criterion = assessment.edition.contents.criterion_by_key["x3"]
    assert f'id="hints-{criterion.pk}" hx-swap-oob="true"' in html
    assert hints_in(html) == (1, 1)
    assert "Level 2 · Step 2" in html


def test_an_answer_that_was_not_stored_shows_nothing(client, assessment, member):
    client.force_login(member)
    for extra in ({}, HTMX):
        response = save(client, assessment, member, "x3", "NA", **extra)
        assert response.status_code == 422
        assert hints_in(response.content.decode()) == (0, 0)


def test_each_person_sees_their_own(client, assessment, member, lead):
    client.force_login(member)
    save(client, assessment, member, "x1", "F")
    client.force_login(lead)
    assert hints_in(page(client, assessment)) == (0, 0)


def test_without_the_choice_they_stand_there_from_the_start(client, team, lead, member, edition, earlier):
    assessment = toy.start(team=team, by=lead, edition=edition)
    client.force_login(member)
    assert hints_in(page(client, assessment)) == (3, 4)
    assert "hints-" not in save(client, assessment, member, "x1", "F", **HTMX).content.decode()


def test_a_lead_chooses_it_at_the_start_and_everyone_sees_it(client, team, lead, member, edition):
    client.force_login(lead)
    address = reverse("assessment-start", args=[team.pk])
    assert 'name="hides_hints"' in client.get(address).content.decode()
    data = {
        "edition": edition.pk,
        "date": "2026-10-14",
        "questionnaire": "full",
        "rule": "largely",
        "anonymous": "no",
        "hides_hints": "on",
        "addresses": "",
    }
    client.post(address, data)
    assessment = team.assessments.get()
    assert assessment.hides_hints
    client.force_login(member)
    assert "Level and last answer after answering" in client.get(assessment.get_absolute_url()).content.decode()
