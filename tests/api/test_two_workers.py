"""What a server of two workers counts and does once, whichever of them a call comes to."""

import contextlib
import json
import sqlite3
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from ..servers import OPENER, Answer, Server, manage, scratch_database, serving

pytestmark = [pytest.mark.race, pytest.mark.slow(seconds=90), pytest.mark.any_database]

#: Run by `manage.py shell`: a lead with a key, whose team plans actions.
WORLD = """
import json
from tests import toy
from tests.api.keys import make_key
from tests.factories import make_membership, make_team
lead = make_membership(team=make_team(), role="lead")
key, counted = make_key(by=lead.user), make_key(by=lead.user)
keys = {"key": key.text, "counted": counted.text}
print(json.dumps({**keys, "team": str(lead.team_id), "framework": toy.make_edition().framework.key}))
"""


class Running:
    """The server, two keys of a lead, and the database itself."""

    def __init__(self, server: Server, database: str, world: dict[str, str]) -> None:
        self.server, self.database, self.world = server, database, world

    def call(self, path: str, body: object = None, *, key: str = "key", **headers: str) -> Answer:
        """One call with a key. Names of headers come out in lower case."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            f"{self.server.address}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.world[key]}", "Content-Type": "application/json", **named},
        )
        try:
            response = OPENER.open(request, timeout=300)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            got = {name.lower(): value for name, value in response.headers.items()}
            return Answer(status=response.status, headers=got, body=response.read(), seconds=0)

    def sql(self, statement: str) -> list[tuple]:
        """What a statement returns; each has its own transaction."""
        if self.database.startswith("sqlite"):
            with (
                contextlib.closing(sqlite3.connect(self.database.removeprefix("sqlite:///"), timeout=60)) as connection,
                connection,
            ):
                return connection.execute(statement).fetchall()
        with psycopg.connect(self.database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("server")
    with contextlib.ExitStack() as stack:
        is_sqlite = request.param == "sqlite"
        database = f"sqlite:///{tmp_path / 'data.sqlite3'}" if is_sqlite else stack.enter_context(scratch_database())
        options = {"DATABASE_URL": database, "SECRET_KEY": "a long key for both of the workers", "GREETING": "0"}
        data = {**options, "DATA_DIR": str(tmp_path)}
        assert manage("prepare", **data).returncode == 0
        made = manage("shell", "-v", "0", "-c", WORLD, **data)
        assert made.returncode == 0, made.stderr
        server = stack.enter_context(serving(tmp_path, **options, WEB_WORKERS="2", MIGRATE="0"))
        yield Running(server, database, json.loads(made.stdout))


def together(count: int, do: Callable[[int], Answer], *, threads: int) -> list[Answer]:
    """The answers to so many calls, by threads that begin at the same moment."""
    barrier = Barrier(threads)

    def some(thread: int) -> list[Answer]:
        barrier.wait(timeout=120)
        return [do(number) for number in range(thread, count, threads)]

    with ThreadPoolExecutor(threads) as pool:
        return [answer for answers in pool.map(some, range(threads)) for answer in answers]


def test_one_command_that_comes_fifty_times_at_once_is_carried_out_once(running):
    path = f"teams/{running.world['team']}/actions"
    body = {"framework": running.world["framework"], "criterion": "x1", "text": "Do it."}
    answers = together(50, lambda _: running.call(path, body, Idempotency_Key="night-1"), threads=50)
    assert {answer.status for answer in answers} == {201}, Counter(answer.text for answer in answers)
    assert len({(answer.body, answer.headers["location"]) for answer in answers}) == 1
    assert Counter(answer.headers.get("idempotency-replayed") for answer in answers) == {"true": 49, None: 1}
    assert running.sql("SELECT count(*) FROM assessments_action") == [(1,)]


def test_of_seven_hundred_calls_in_a_minute_exactly_six_hundred_pass(running):
    """On a slow machine they take longer than a minute, so the minute is made to begin anew after each hundred."""
    now = "round(extract(epoch from now()) * 1000)"
    if running.database.startswith("sqlite"):
        now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    answers: list[Answer] = []
    for _ in range(7):
        answers += together(100, lambda _: running.call("me", key="counted"), threads=8)
        running.sql(f"UPDATE assessments_apicalls SET since = {now} - 1000")
    assert Counter(answer.status for answer in answers) == {200: 600, 429: 100}
    left = [answer.headers["ratelimit"].split(";")[1] for answer in answers if answer.status == 200]
    assert sorted(left) == sorted(f"r={number}" for number in range(600))
    for answer in answers:
        if answer.status == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert json.loads(answer.body)["status"] == 429
    assert running.sql("SELECT max(calls) FROM assessments_apicalls") == [(700,)]


def test_an_address_that_is_too_long_is_said_to_be(running):
    """The server would take more, so that the application can say what is wrong."""
    for path in ("me", "nowhere"):
        answer = running.call(f"{path}?x={'y' * 8_050}")
        assert (answer.status, answer.headers["content-type"]) == (414, "application/problem+json")
