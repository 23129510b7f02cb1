"""Two `send_due` at the same moment find the same things, and tell each person once."""

import datetime
import subprocess
import sys
from collections import Counter

import pytest
from django.conf import settings
from django.utils import timezone

from assessments.models import Action, Mail, Target

from .. import toy
from ..factories import make_membership, make_team
from ..models.test_races import environment
from ..servers import ROOT
from ..smtp_sink import smtp_sink

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TEAMS = 10
DAY = datetime.timedelta(days=1)


def make_news(team, edition) -> None:
    """A result, a target that was missed and an action that is late."""
    lead, member = (make_membership(team=team, role=role).user for role in ("lead", "member"))
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, member, "P P P P P P P P")
    assessment.close(by=lead)
    late = timezone.localdate() - 3 * DAY
    known = {"team": team, "framework": edition.framework, "by": lead}
    Target.objects.set(**known, rule="largely", level=3, due=late, why="To try.")
    Target.objects.update(set_at=timezone.now() - 90 * DAY)
    Action.objects.plan(**known, criterion="x1", text="Do it.", owner=member, due=late)


def test_each_notice_comes_once():
    edition = toy.make_edition()
    for _ in range(TEAMS):
        make_news(make_team(time_zone="UTC"), edition)
    with smtp_sink() as sink:
        env = {**environment(), "SECRET_KEY": settings.SECRET_KEY, "EMAIL_URL": sink.url}
        command = [sys.executable, "-W", "ignore", "manage.py", "send_due"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        processes = [subprocess.Popen(command, cwd=ROOT, env=env, **pipes) for _ in range(2)]
        for process in processes:
            output, _ = process.communicate(timeout=600)
            assert process.returncode == 0, output
    told = Counter((message["To"], message["Subject"].partition(": ")[2]) for message in sink.taken)
    assert set(told.values()) == {1}
    subjects = Counter(subject for _person, subject in told)
    news = ["the result is there", "a target is missed", "your actions are due"]
    assert subjects == dict.fromkeys(news, TEAMS)
    assert not Mail.objects.filter(state=Mail.State.WAITING).exists()
