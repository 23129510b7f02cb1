"""Notices about answering that has ended and results that are there: to whom, once, and without a word about people."""

import datetime
import re

import pytest
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from assessments.models import Event, Mail
from assessments.notices.queueing import queue_what_happened
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_team, make_user
from ..smtp_sink import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessment(team, lead, member):
    return toy.start(team=team, by=lead)


def send(times: int = 1) -> None:
    for _ in range(times):
        queue_what_happened()
        send_waiting()


def recipients(sink) -> list[str]:
    return sorted(message["To"] for message in sink.taken)


def test_everybody_who_was_asked_hears_that_answering_has_ended_except_who_ended_it(sink, assessment, lead, member):
    silent = make_membership(team=assessment.team).user
    assessment.ask(silent)
    make_membership(team=assessment.team, role="viewer")
    toy.rate(assessment, member, "F F - - - - - -")
    assessment.end_answering(by=lead)
    send(3)
    assert recipients(sink) == sorted([member.email, silent.email])
    (one, other) = (text_of(message) for message in sink.taken)
    assert "Answering for Payments has ended" in one
    assert one.partition("\n")[2].partition("-- ")[0] == other.partition("\n")[2].partition("-- ")[0]


def test_answered_again_and_ended_on_another_day_it_is_told_again(sink, assessment, lead, member):
    toy.rate(assessment, member, "F F - - - - - -")
    for days_ago in (1, 0):
        assessment.end_answering(by=lead)
        last = Event.objects.filter(kind="assessment.answering-ended").first()
        # The journal refuses to be changed, except by the plain queryset.
        QuerySet(Event).filter(pk=last.pk).update(at=timezone.now() - datetime.timedelta(days=days_ago))
        send(2)
        assessment.answer_again(by=lead)
    assert recipients(sink) == [member.email] * 2


def test_in_an_anonymous_assessment_it_says_the_same_to_all_who_are_asked(sink, team, lead):
    people = [make_membership(team=team).user for _ in range(5)]
    assessment = toy.start(team=team, by=lead, anonymous=True)
    for person in people[:4]:
        toy.rate(assessment, toy.member_by_link(assessment, person), "F F F F F F F F")
    assessment.end_answering(by=lead)
    send()
    assert recipients(sink) == sorted(person.email for person in people)
    bodies = {re.sub(r"Person \d+|/mails/stop/\S+", "", text_of(message)) for message in sink.taken}
    assert len(bodies) == 1


def test_the_whole_team_hears_of_a_result_once(sink, assessment, lead, member):
    viewer = make_membership(team=assessment.team, role="viewer", user=make_user(is_confirmed=True)).user
    toy.rate(assessment, member, "F F F F F F F F")
    result = assessment.close(by=lead)
    send(3)
    assert recipients(sink) == sorted([member.email, viewer.email])
    text = text_of(sink.taken[0])
    assert "Ada has closed the assessment of Payments of 14 October 2026" in text
    assert "What the team has reached: level 3 Step 3" in text
    assert f"https://maturity.example.org/results/{result.pk}/" in text


def test_a_result_says_nothing_about_how_many_people_there_were(sink, assessment, lead, member):
    toy.rate(assessment, member, "F F F F F F F F")
    result = assessment.close(by=lead)
    send()
    rest = re.sub(r"https://\S+|14 October 2026|level 3 Step 3", "", text_of(sink.taken[0]))
    assert result.respondents == 1
    assert not re.search(r"\d", rest)


def test_an_email_that_is_not_proven_gets_no_level(sink, assessment, lead):
    newcomer = make_membership(team=assessment.team).user
    toy.rate(assessment, newcomer, "F F F F F F F F")
    assessment.close(by=lead)
    send()
    assert not any("level" in text_of(message) for message in sink.to(newcomer.email))
    assert sink.to(newcomer.email)


def test_people_without_a_password_read_how_to_set_one_in_the_words_of_the_page(sink, client, assessment, lead, member):
    viewer = make_membership(team=assessment.team, role="viewer", user=make_user(password="a-good-long-password")).user
    toy.rate(assessment, member, "F F F F F F F F")
    assessment.close(by=lead)
    send()
    (hint,) = re.findall("Choose “(.+?)” there", text_of(sink.to(member.email)[0]))
    assert hint in client.get(reverse("sign-in")).content.decode()
    assert "password" not in text_of(sink.to(viewer.email)[0])


def test_a_result_that_was_reopened_is_not_announced_and_the_next_one_is(sink, assessment, lead, member):
    toy.rate(assessment, member, "F F F F F F F F")
    assessment.close(by=lead)
    queue_what_happened()
    assessment.refresh_from_db()
    assessment.reopen(by=lead, reason="Too early.")
    send()
    assert not sink.taken
    assessment.close(by=lead)
    send(2)
    assert recipients(sink) == [member.email]


def test_old_results_and_those_of_another_day_stay_quiet(sink, team, lead, member):
    result = toy.add_result(team=team, edition=toy.make_edition(), date=datetime.date(2026, 1, 1))
    type(result).objects.update(created_at=timezone.now() - datetime.timedelta(days=3))
    send()
    assert not Mail.objects.exists()


@pytest.mark.parametrize("way", ["left", "viewer", "discarded"])
def test_who_left_hears_nothing_although_it_was_queued(sink, assessment, lead, member, way):
    toy.rate(assessment, member, "F F - - - - - -")
    assessment.end_answering(by=lead)
    queue_what_happened()
    membership = assessment.team.memberships.get(user=member)
    if way == "left":
        assessment.team.remove_member(membership, by=lead)
    elif way == "viewer":
        assessment.team.change_role(membership, "viewer", by=lead, seen=None)
    else:
        assessment.discard(by=lead)
    send_waiting()
    assert not sink.taken


def test_looking_again_costs_the_same_for_many_teams(lead, member, team, django_assert_num_queries):
    """Every minute a process looks: one query for what ended, one for results, and one for what was told of each."""
    edition = toy.make_edition()
    for number in range(3):
        other = make_team(name=f"Team of {number}")
        make_membership(team=other, user=member)
        toy.add_result(team=other, edition=edition, date=datetime.date(2026, 10, 1))
    queue_what_happened()
    assert Mail.objects.count() == 3
    with django_assert_num_queries(3):
        queue_what_happened()


def test_closing_itself_queues_nothing(assessment, lead, member):
    """A request only stores what it does; the outbox finds the rest."""
    toy.rate(assessment, member, "F F F F F F F F")
    assessment.close(by=lead)
    assert not Mail.objects.exists()
