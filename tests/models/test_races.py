"""Several processes write at once, to the real database: a file on SQLite, a server on PostgreSQL.

Closing takes the same lock as saving. Without the saver's lock (PostgreSQL), or with its check outside the transaction
(SQLite), a closing misses answers that were acknowledged: `test_closing_race_is_seen_without_the_guard` shows that the
race is really run.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from assessments.models import Assessment, Rating

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WORKER = Path(__file__).parent.parent / "race_worker.py"


def environment() -> dict:
    """The test database under the name that the processes have to use."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        s = connection.settings_dict
        url = f"postgresql://{s['USER']}:{s['PASSWORD']}@{s['HOST']}:{s['PORT']}/{name}"
    return {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "race" * 10, "DJANGO_SETTINGS_MODULE": "maturity.settings"}


def worker(job: str, **arguments) -> subprocess.Popen:
    command = [sys.executable, "-W", "ignore", "-m", "tests.race_worker", job, json.dumps(arguments)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def outcome(process: subprocess.Popen) -> dict:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return json.loads(out)


def open_assessment(people: int, **terms) -> Assessment:
    team = make_team()
    lead = make_user()
    make_membership(user=lead, team=team, role="lead")
    for _ in range(people - 1):
        make_membership(user=make_user(), team=team, role="member")
    return toy.start(team=team, by=lead, **terms)


def users_of(assessment) -> list[str]:
    return [str(pk) for pk in assessment.participations.values_list("user_id", flat=True)]


def race(guard: str, rounds: int = 16) -> int:
    """Closes while four processes save, round after round; returns how many closings missed an acknowledged answer."""
    users = [make_user() for _ in range(4)]
    edition, assessments = toy.make_edition(), []
    for _ in range(rounds):
        team = make_team()
        for user in users:
            make_membership(user=user, team=team, role="lead")
        assessments.append(str(toy.start(team=team, by=users[0], edition=edition).pk))
    plan = {"assessments": assessments, "begin": time.time() + 2.5, "pause": 0.4}
    savers = [worker("save", user=str(user.pk), guard=guard, **plan) for user in users]
    closer = worker("close", **plan)
    acknowledged = [outcome(saver)["acknowledged"] for saver in savers]
    counted = outcome(closer)["counted"]
    missed = 0
    for n in range(rounds):
        told = Counter(key for each in acknowledged for key in each[n])
        missed += any(told[key] > counted[n][key] for key in told)
    return missed


def test_no_closing_misses_an_acknowledged_answer():
    assert race(guard="on") == 0


def test_closing_race_is_seen_without_the_guard():
    assert race(guard="off") > 0


def test_concurrent_saves_of_one_person_make_one_rating_each():
    assessment = open_assessment(1)
    (user,) = users_of(assessment)
    plan = {"assessment": str(assessment.pk), "user": user, "begin": time.time() + 2.5}
    results = [outcome(process) for process in [worker("hammer", page=f"p{n}", **plan) for n in range(4)]]
    assert [result["errors"] for result in results] == [[]] * 4
    assert Rating.objects.filter(assessment=assessment).count() == 8
    assert assessment.respondents.count() == 1


def test_two_closings_at_once_make_one_result():
    assessment = open_assessment(1)
    toy.rate(assessment, assessment.created_by, "F F L N F F P N")
    plan = {"assessment": str(assessment.pk), "begin": time.time() + 2.5}
    results = {outcome(process)["result"] for process in [worker("close_once", **plan) for _ in range(4)]}
    assert len(results) == 1
    assert assessment.results.count() == 1


def test_two_starts_at_once_make_one_assessment():
    assessment = open_assessment(1)
    assessment.discard(by=assessment.created_by)
    plan = {"team": str(assessment.team_id), "edition": str(assessment.edition_id), "begin": time.time() + 2.5}
    results = [outcome(process)["started"] for process in [worker("start", **plan) for _ in range(4)]]
    assert sorted(results) == [False, False, False, True]


def test_a_link_accepted_fifty_times_at_once_makes_one_respondent():
    assessment = open_assessment(1)
    invitation, token = toy.invited(assessment, email="guest@example.org")
    plan = {"assessment": str(assessment.pk), "token": token, "times": 10, "begin": time.time() + 3.5}
    results = [outcome(process) for process in [worker("come_in", **plan) for _ in range(5)]]
    assert [error for result in results for error in result["errors"]] == []
    assert assessment.respondents.get().invitation == invitation
    assert assessment.participations.filter(invitation=invitation).count() == 1
    assert Rating.objects.get().choice.code == "F"


def test_an_anonymous_link_accepted_fifty_times_at_once_makes_one_respondent():
    assessment = open_assessment(1, anonymous=True)
    _, token = toy.invited(assessment, email="guest@example.org")
    plan = {"assessment": str(assessment.pk), "token": token, "times": 10, "begin": time.time() + 3.5}
    results = [outcome(process) for process in [worker("come_in", **plan) for _ in range(5)]]
    assert [error for result in results for error in result["errors"]] == []
    assert assessment.respondents.count() == Rating.objects.count() == 1


def test_two_links_of_one_person_used_at_once_make_one_anonymous_respondent():
    assessment = open_assessment(1, anonymous=True)
    _, one = toy.invited(assessment, email="guest@example.org")
    other = assessment.make_link(assessment.participations.get(invitation__email="guest@example.org"))
    plan = {"assessment": str(assessment.pk), "times": 10, "begin": time.time() + 3.5}
    results = [outcome(process) for process in [worker("come_in", token=token, **plan) for token in (one, other) * 2]]
    assert [error for result in results for error in result["errors"]] == []
    assert assessment.respondents.count() == Rating.objects.count() == 1


def test_one_personal_link_is_given_out_however_many_ask_at_once():
    assessment = open_assessment(1, anonymous=True)
    (user,) = users_of(assessment)
    plan = {"assessment": str(assessment.pk), "user": user, "begin": time.time() + 2.5}
    tokens = [outcome(process)["token"] for process in [worker("take_links", **plan) for _ in range(4)]]
    (token,) = [token for token in tokens if token]
    assert assessment.invitations.genuine(token).user_id == assessment.created_by_id


def test_two_senders_at_once_send_each_mail_once():
    assessment = open_assessment(4)
    addresses = [f"guest{n}@example.org" for n in range(30)]
    assessment.invite(by=assessment.created_by, addresses=addresses, members=[assessment.created_by])
    results = [outcome(process)["to"] for process in [worker("send", begin=time.time() + 3) for _ in range(3)]]
    sent = [to for result in results for to in result]
    assert len(sent) == len(set(sent)) == 31
