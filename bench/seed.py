"""What the benchmark works on: teams with a chosen length of history, open assessments, and people signed in."""

import datetime
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.db.models import Model
from django.urls import reverse

from assessments import scoring
from assessments.models import (
    Assessment,
    CriterionResult,
    Edition,
    Membership,
    PartResult,
    Rating,
    Respondent,
    Result,
    Room,
    Team,
    Unit,
    User,
)
from assessments.models.results import ResultRows
from assessments.web.session_store import SessionStore

from .live import PHONES
from .many import PEOPLE

CLIENTS = 8
HISTORIES = (1, 4, 10, 40, 100)


def edition() -> Edition:
    return Edition.objects.published().get(framework__key="mlops")


def floor_table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_floor (who text, thing text, value text, PRIMARY KEY (who, thing))")


def person(name: str, team: Team, role="lead") -> User:
    user = User.objects.create_user(f"{name}@bench.example", name=name.title())
    Membership.objects.create(user=user, team=team, role=role)
    return user


def cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def team_with_history(unit: Unit, length: int) -> Team:
    """A team with that many closed assessments, a month apart, every criterion rated by three people."""
    team = Team.objects.create(unit=unit, name=f"History {length}")
    stored: list[type[Model]] = [Assessment, Respondent, Rating, Result, PartResult, CriterionResult]
    kinds: dict[type[Model], list] = {kind: [] for kind in stored}
    made = edition()
    for back in range(length):
        day = datetime.date(2026, 10, 14) - datetime.timedelta(days=30 * back)
        closed = datetime.datetime.combine(day, datetime.time(16), tzinfo=datetime.UTC)
        assessment = Assessment(
            team=team, edition=made, date=day, rule="largely", status="closed", opened_at=closed, closed_at=closed
        )
        codes = {c.key: "NPLF"[(i + back) % 4] for i, c in enumerate(assessment.criteria_asked())}
        score = scoring.score(assessment.instrument(), [codes] * 3)
        known: dict[str, Any] = {"created_at": closed, "closing": length - back, "respondents": 3, "participants": 3}
        rows = ResultRows.of(assessment, score, by=None, **known)
        kinds[Assessment].append(assessment)
        for respondent in (Respondent(assessment=assessment) for _ in range(3)):
            kinds[Respondent].append(respondent)
            kinds[Rating] += ratings(respondent, assessment.criteria_asked(), codes)
        kinds[Result].append(rows.result)
        kinds[PartResult] += rows.parts
        kinds[CriterionResult] += rows.criteria
    for kind, made_rows in kinds.items():
        kind._default_manager.bulk_create(made_rows, batch_size=1000)
    return team


def ratings(respondent: Respondent, criteria, codes: dict) -> list[Rating]:
    given = [(criterion, criterion.scale.by_code[codes[criterion.key]]) for criterion in criteria]
    key = {"assessment_id": respondent.assessment_id, "respondent": respondent, "answer": "rated", "version": 1}
    return [Rating(criterion=criterion, choice=choice, **key) for criterion, choice in given]


def seed() -> dict:
    """Fills the database; returns what the clients need, as plain values."""
    floor_table()
    unit = Unit.objects.create(name="Bench")
    own = []
    for n in range(CLIENTS):
        team = Team.objects.create(unit=unit, name=f"Team {n}")
        user = person(f"lead{n}", team)
        own.append(_client(user, _open(team, user)))
    whole = Team.objects.create(unit=unit, name="Many")
    all_of_them = [person(f"many{n}", whole, "lead" if n == 0 else "member") for n in range(PEOPLE)]
    with_all = _open(whole, all_of_them[0])
    crowd = Team.objects.create(unit=unit, name="Crowd")
    people = [person(f"crowd{n}", crowd, "lead" if n == 0 else "member") for n in range(CLIENTS)]
    shared = _open(crowd, people[0])
    histories = {}
    for length in HISTORIES:
        team = team_with_history(unit, length)
        user = person(f"history{length}", team)
        newest = team.results.current_only().newest_first()[0].get_absolute_url()
        histories[length] = {
            "path": f"/teams/{team.pk}/",
            "result": newest,
            "cookie": cookie(user),
            "user": str(user.pk),
        }
    if connection.vendor == "postgresql":
        # As the server does by itself in a database that has been used for a few minutes.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return {
        "room": live_room(unit),
        "own": own,
        "together": [_client(user, shared) for user in people],
        "many": [_client(user, with_all) for user in all_of_them],
        "histories": histories,
    }


def live_room(unit: Unit) -> list[dict]:
    """A team whose phones all answered once and that is now in a live room; the lead first."""
    team = Team.objects.create(unit=unit, name="Room")
    people = [person(f"room{n}", team, "member" if n else "lead") for n in range(PHONES + 1)]
    assessment = _open(team, people[0])
    chance = Random(1)  # noqa: S311 - made-up answers
    made_rows = []
    for user in people[1:]:
        respondent = Respondent.objects.create(assessment=assessment, user=user)
        criteria = assessment.criteria_asked()
        made_rows += ratings(respondent, criteria, {criterion.key: chance.choice("NPLF") for criterion in criteria})
    Rating.objects.bulk_create(made_rows, batch_size=1000)
    assessment.end_answering(by=people[0])
    assessment.refresh_from_db()
    Room.objects.open(assessment, by=people[0])
    return [_client(user, assessment) for user in people]


def _open(team: Team, lead: User) -> Assessment:
    return Assessment.objects.start(
        team=team, by=lead, edition=edition(), date=datetime.date(2026, 11, 14), rule="largely"
    )


def _client(user: User, assessment: Assessment) -> dict:
    criteria = [(c.dimension.key, c.pk) for c in assessment.criteria_asked()]
    return {
        "cookie": cookie(user),
        "user": str(user.pk),
        "saves": [reverse("answer-save", args=[assessment.pk, dimension, pk]) for dimension, pk in criteria],
        "page": reverse("answer-dimension", args=[assessment.pk, criteria[0][0]]),
    }
