"""Queueing a notice, sending it once, and letters in two forms that say the same."""

import datetime
import re

import pytest

from assessments.models import Mail
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_user
from ..smtp_sink import text_of
from .reading import html_of, words_of_html

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 11, 2)


@pytest.fixture
def assessment(team, lead):
    return toy.start(team=team, by=lead, due=datetime.date(2026, 12, 1))


def queue(people, assessment, day=DAY) -> None:
    Mail.objects.queue_notice(people, Mail.Kind.ROUND, about=assessment, day=day, team=assessment.team)


def test_a_notice_is_sent_once_for_each_person_thing_and_day(sink, assessment, lead):
    for _ in range(3):
        queue([lead], assessment)
        send_waiting()
    assert len(sink.to(lead.email)) == 1
    queue([lead], assessment, day=DAY + datetime.timedelta(days=1))
    send_waiting()
    assert len(sink.to(lead.email)) == 2


def test_it_names_team_inviter_and_reason_as_text_and_as_html(sink, assessment, lead):
    queue([lead], assessment)
    send_waiting()
    (message,) = sink.taken
    assert message["Subject"] == "Payments: a round has started"
    text = text_of(message)
    assert "Ada has started a round, and Payments takes part" in text
    assert "You get this because you lead Payments." in text
    assert f"https://maturity.example.org/assessments/{assessment.pk}/" in text
    assert "Due date: 1 December 2026" in text


def test_the_html_says_what_the_text_says_and_loads_nothing(sink, assessment, lead):
    queue([lead], assessment)
    assessment.invite(by=lead, members=[lead], addresses=["guest@example.org"])
    assessment.remind(by=lead)
    Mail.objects.queue_for(make_user(email="new@example.org", name="New"), Mail.Kind.NEW_ACCOUNT, by=lead)
    send_waiting()
    assert len(sink.taken) >= 4
    for message in sink.taken:
        read = words_of_html(message)
        for line in text_of(message).splitlines():
            line = line.removeprefix("- ").strip()
            if re.fullmatch(r"https://\S+", line):
                assert f'href="{line}"' in html_of(message)
            elif line != "--":
                assert line in read
        assert not re.search(r"<img|<link|<script|url\(|@import|src=", html_of(message))


def test_a_name_with_markup_or_a_link_stays_a_name(sink, assessment, lead, team):
    type(team).objects.filter(pk=team.pk).update(name="<b>Pay</b> evil.example")
    queue([lead], assessment)
    send_waiting()
    (message,) = sink.taken
    assert "<b>Pay" not in html_of(message)
    assert "&lt;b&gt;Pay" in html_of(message)
    assert "evil.example" not in text_of(message) + html_of(message)


def test_who_left_the_team_gets_nothing_more_of_it(sink, assessment, lead):
    queue([lead], assessment)
    lead.memberships.all().delete()
    assert send_waiting().skipped == 1
    assert not sink.taken


def test_people_of_the_demo_and_locked_accounts_get_no_notices(sink, assessment, lead):
    queue([make_user(is_demo=True), make_user(is_active=False)], assessment)
    assert not Mail.objects.exists()
    queue([lead], assessment)
    type(lead).objects.update(is_active=False)
    assert send_waiting().skipped == 1


def test_a_new_password_leaves_notices_in_the_outbox(assessment, lead):
    queue([lead], assessment)
    Mail.objects.queue_for(lead, Mail.Kind.NEW_PASSWORD)
    lead.choose_password("a-good-long-password")
    assert Mail.objects.get().kind == Mail.Kind.ROUND
