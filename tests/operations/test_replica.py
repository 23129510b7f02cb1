"""A real replica of PostgreSQL: pages read from it, but never behind what the person has written."""

import contextlib
import json
from contextvars import ContextVar, copy_context

import pytest
from django.test import RequestFactory

from assessments.models import Membership, Team
from assessments.models.replica import Router, asking_replica
from assessments.web import from_replica as module
from assessments.web.from_replica import _in_context, cookie_name

from ..clusters import PROGRAMS, as_postgres, server_and_replica, stop_command
from ..factories import make_team, make_user
from ..servers import collect_static, manage


@pytest.fixture
def pair():
    """The addresses of a server and of its replica, and the folder of the replica."""
    if PROGRAMS is None:
        pytest.skip("The programs of PostgreSQL's server are not installed")
    with server_and_replica() as made:
        yield made.primary, made.replica, made.replica_folder


#: Run with both addresses in the environment. Prints what the page of the plan, which lists all units, showed.
SCRIPT = """
import json, subprocess, time
from django.db import connections
from django.test import Client
from assessments.models import Unit, User
from assessments.web import from_replica

ada = User.objects.create_superuser("ada@example.org", "a long password for tests", name="Ada")
unit = Unit.objects.create(name="Before")
reader, writer = (Client(HTTP_HOST="127.0.0.1") for _ in range(2))
for client in (reader, writer):
    client.force_login(ada)

def ask(alias, statement):
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]

def shown(client):
    answer = client.get("/plan/")
    assert answer.status_code == 200, answer.status_code
    names = [name for name in ("Before", "Meanwhile", "After") if name in answer.content.decode()]
    return names[0]

def rename(name):
    Unit.objects.filter(pk=unit.pk).update(name=name)

def caught_up():
    until = time.monotonic() + 120
    position = ask("default", "SELECT pg_current_wal_lsn()::text")
    while not ask("replica", f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn"):
        assert time.monotonic() < until
        time.sleep(0.02)

told = {}
# On a busy machine the replica may be too far behind by the time it is asked; then it is tried again.
for _ in range(20):
    rename("Before")
    caught_up()
    ask("replica", "SELECT pg_wal_replay_pause()::text")
    rename("Meanwhile")
    told["reader"] = shown(reader)
    if told["reader"] == "Before":
        break
    ask("replica", "SELECT pg_wal_replay_resume()::text")
from_replica.LONGEST_LAG = 1000
told["reader, patiently"] = shown(reader)
writer.post("/account/", {})
told["who has written"] = shown(writer)
from_replica.LONGEST_LAG = 0
told["with a replica that lags"] = shown(reader)
from_replica.LONGEST_LAG = 1000
ask("replica", "SELECT pg_wal_replay_resume()::text")
caught_up()
told["writer, later"] = shown(writer)
told["left alone so far"] = len(from_replica._asked_again_at)
rename("After")
connections["replica"].close()
subprocess.run(STOP_REPLICA, check=True, stdout=subprocess.DEVNULL, **AS_POSTGRES)
told["without replica"] = shown(reader)
told["left alone"] = len(from_replica._asked_again_at)
print(json.dumps(told))
"""


@pytest.mark.slow(seconds=40)
@pytest.mark.any_database
def test_pages_come_from_a_replica_unless_it_is_behind_or_away(pair, tmp_path):
    primary, replica, folder = pair
    variables = {"DATA_DIR": str(tmp_path), "DATABASE_URL": primary, "DATABASE_REPLICA_URL": replica}
    variables["STATIC_ROOT"] = str(collect_static(tmp_path / "static"))
    done = manage("migrate", "-v", "0", **variables)
    assert done.returncode == 0, done.stderr
    script = SCRIPT.replace("STOP_REPLICA", repr(stop_command(folder))).replace("AS_POSTGRES", repr(as_postgres()))
    done = manage("shell", "-v", "0", "-c", script, **variables)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "reader": "Before",
        "reader, patiently": "Before",
        "who has written": "Meanwhile",
        "with a replica that lags": "Meanwhile",
        "writer, later": "Meanwhile",
        "left alone so far": 0,
        "without replica": "After",
        "left alone": 1,
    }
    assert "The replica did not answer" in done.stderr


# Without a server


def test_nothing_is_written_to_a_replica():
    router = Router()
    assert (router.db_for_read(Team), router.db_for_write(Team)) == (None, None)
    with asking_replica(True):
        assert (router.db_for_read(Team), router.db_for_write(Team)) == ("replica", "default")
        with asking_replica(False):
            assert router.db_for_read(Team) is None
    assert router.db_for_read(Team) is None
    assert router.allow_migrate("replica", "assessments") is False


@pytest.mark.django_db
def test_rights_are_read_from_the_database_itself(settings):
    """Anyone who was removed from a team a moment ago must not read on for as long as the replica is behind."""
    settings.DATABASE_ROUTERS = ["assessments.models.replica.Router"]
    user, team = make_user(), make_team()
    with asking_replica(True):
        assert Membership.objects.filter(team=team).db == user.memberships.all().db == "default"
        assert team.memberships.all().db == "default"
        assert Team.objects.all().db == "replica"


def test_rest_of_a_file_is_read_where_its_beginning_was():
    place = ContextVar("place", default="")
    place.set("inside")
    context = copy_context()
    place.set("outside")
    pieces = _in_context(context, (place.get().encode() for _ in range(2)))
    assert list(pieces) == [b"inside", b"inside"]


def test_mark_that_somebody_made_up_counts_for_nothing(monkeypatch, settings):
    asked = []

    class Cursor:
        def execute(self, statement, values):
            asked.append(values[0])

        def fetchone(self):
            return (True,)

    class Connection:
        def cursor(self):
            return contextlib.nullcontext(Cursor())

    monkeypatch.setattr(module, "_position", lambda: "0/5")
    monkeypatch.setattr(module, "connections", {"replica": Connection()})
    for cookie in ("FFFFFFFF/FFFFFFFF", module._signer.sign("0/3")):
        request = RequestFactory().get("/")
        request.COOKIES[cookie_name()] = cookie
        assert module._is_usable(request)
    assert asked == ["0/0", "0/3"]
