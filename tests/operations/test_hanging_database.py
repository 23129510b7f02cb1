"""A database that hangs, is read-only or full: noticed within seconds, told on a page, and nothing is lost."""

import contextlib
import select
import selectors
import socket
import sqlite3
import threading
import time
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.urls import reverse
from psycopg_pool import ConnectionPool

from assessments.web.error_views import Trouble, trouble_of
from maturity import answering_connection
from maturity.answering_connection import AnsweringConnection, DatabaseHangs, Doors, knock

from .. import servers
from ..factories import make_membership, make_team, make_user
from ..servers import collect_static, manage, scratch_database, serving

pytestmark = pytest.mark.slow


class Network:
    """Stands between a client and PostgreSQL. Frozen, it takes everything and passes nothing on."""

    def __init__(self, address):
        self.behind = (urlsplit(address).hostname, urlsplit(address).port or 5432)
        self.is_frozen = threading.Event()
        self.knocks = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def _pass_on(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._ends.is_set():
                for key, _ in selector.select(timeout=0.02):
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    elif not self.is_frozen.is_set():
                        self._move(selector, key.fileobj, key.data)
                    else:
                        time.sleep(0.01)
            for key in list(selector.get_map().values()):
                key.fileobj.close()

    def _accept(self, selector):
        client, _ = self._listener.accept()
        if self.is_frozen.is_set():
            self.knocks += 1
        server = socket.create_connection(self.behind)
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)

    def _move(self, selector, one, other):
        with contextlib.suppress(OSError):
            if data := one.recv(65536):
                other.sendall(data)
                return
        for end in (one, other):
            with contextlib.suppress(KeyError, ValueError):
                selector.unregister(end)
            end.close()

    def stop(self):
        self._ends.set()
        self._thread.join()


@pytest.fixture
def network():
    network = Network(servers.POSTGRES)
    yield network
    network.stop()


@pytest.fixture
def impatient(monkeypatch):
    """From when it is called, connections knock soon, and wait `knocking` seconds for the answer."""

    def start(*, knocking: float):
        monkeypatch.setattr(answering_connection, "PATIENCE", 0.2)
        monkeypatch.setattr(answering_connection, "KNOCKING", knocking)
        monkeypatch.setattr(answering_connection, "doors", Doors())

    return start


@pytest.fixture
def behind(network):
    """Connects through the network; the test is skipped without a server."""
    address = servers.POSTGRES.rpartition("/")[0] + "/postgres"

    @contextlib.contextmanager
    def connect():
        parts = urlsplit(address)
        through = address.replace(f"{parts.hostname}:{parts.port or 5432}", f"127.0.0.1:{network.port}")
        try:
            connection = AnsweringConnection.connect(through, autocommit=True, connect_timeout=3)
        except psycopg.OperationalError as error:
            pytest.skip(f"No PostgreSQL server can be used: {str(error).splitlines()[0]}")
        with contextlib.closing(connection):
            yield connection

    return connect


def test_a_statement_ends_when_the_database_hangs(network, behind, impatient):
    with behind() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        network.is_frozen.set()
        impatient(knocking=0.2)
        with pytest.raises(DatabaseHangs):
            connection.execute("SELECT 1")
        assert connection.closed


def test_a_database_that_is_only_busy_is_waited_for(behind, impatient):
    with behind() as connection:
        impatient(knocking=60)
        assert connection.execute("SELECT 1 FROM pg_sleep(1)").fetchone() == (1,)


def test_those_who_wait_knock_once(network, impatient):
    network.is_frozen.set()
    impatient(knocking=2)
    doors, barrier, answers = Doors(), threading.Barrier(8), []

    def ask():
        barrier.wait(timeout=120)
        answers.append(doors.answers("127.0.0.1", network.port))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [False] * 8
    assert network.knocks == 1


def test_a_check_asks_nothing_of_a_connection_on_which_nothing_came(network, behind):
    with behind() as connection:
        network.is_frozen.set()
        ConnectionPool.check_connection(connection)


def test_a_check_finds_that_the_server_has_ended_the_connection(behind):
    with behind() as connection, behind() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
        with select.epoll() as came:
            came.register(connection.fileno(), select.EPOLLIN)
            assert came.poll(10)
        with pytest.raises(psycopg.OperationalError):
            ConnectionPool.check_connection(connection)


def test_nobody_at_home_is_no_answer():
    assert not knock("127.0.0.1", servers.free_port())
    assert not knock("/nowhere", 5432)


def test_pages_say_within_five_seconds_that_the_database_hangs(network, tmp_path):
    with scratch_database() as address:
        parts = urlsplit(address)
        through = address.replace(f"{parts.hostname}:{parts.port or 5432}", f"127.0.0.1:{network.port}")
        assert manage("prepare", DATA_DIR=str(tmp_path), DATABASE_URL=address).returncode == 0
        options = {
            "MIGRATE": "0",
            "GREETING": "0",
            "WEB_THREADS": "2",
            "STATIC_ROOT": str(collect_static(tmp_path / "static")),
        }
        with serving(tmp_path, DATABASE_URL=through, **options) as server:
            assert server.ask("/readyz").status == 200
            network.is_frozen.set()
            answers = [server.ask(path) for path in ("/readyz", "/sign-in/", "/readyz", "/healthz")]
            assert [answer.status for answer in answers] == [503, 503, 503, 200]
            # What is waited for takes less than five; the rest is the machine's, and it may be busy with other tests.
            assert answering_connection.PATIENCE + answering_connection.KNOCKING < 5
            assert max(answer.seconds for answer in answers) < 30, [answer.seconds for answer in answers]
            network.is_frozen.clear()
            until = time.monotonic() + 120
            while server.ask("/readyz").status != 200:
                assert time.monotonic() < until, server.output
                time.sleep(0.2)


# A database that can't be written to


@contextlib.contextmanager
def nothing_can_be_written():
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA query_only = ON")
    else:
        connection.cursor().execute("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        reset = "PRAGMA query_only = OFF" if connection.vendor == "sqlite" else "RESET default_transaction_read_only"
        connection.cursor().execute(reset)


@contextlib.contextmanager
def disk_is_full():
    """Made up: each database says it in its own way."""
    if connection.vendor == "sqlite":
        cause = sqlite3.OperationalError("database or disk is full")
        cause.sqlite_errorname = "SQLITE_FULL"
    else:
        cause = psycopg.errors.DiskFull("No space left on device")

    def refuse(execute, sql, *rest):
        if sql.lstrip().startswith(("INSERT", "UPDATE")):
            raise OperationalError("full") from cause
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("state", "heading"),
    [
        (nothing_can_be_written, "The database can only be read at the moment"),
        (disk_is_full, "The disk of the database is full"),
    ],
)
def test_who_signs_in_or_saves_is_told_why_it_is_not_possible(client, state, heading):
    client.raise_request_exception = False
    user = make_user(email="ada@example.org", password="a long password")
    with state():
        answer = client.post("/sign-in/", {"email": "ada@example.org", "password": "a long password"})
    assert answer.status_code == 503
    assert heading in answer.content.decode()
    client.force_login(user)
    team = make_membership(user=user, team=make_team(), role="lead").team
    with state():
        saved = client.post(reverse("account"), {"name": "Ada L.", "keyboard_shortcuts": "on"})
        page = client.get(team.get_absolute_url())
    assert (saved.status_code, page.status_code) == (503, 200)
    assert heading in saved.content.decode()
    user.refresh_from_db()
    assert user.name != "Ada L."


def test_a_fault_of_the_program_is_no_trouble_of_the_database():
    assert trouble_of(ValueError()) is None
    assert trouble_of(IntegrityError()) is None
    assert trouble_of(OperationalError()) == Trouble.AWAY


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["SELECT 1 FROM nowhere", "SELECT nought FROM assessments_team"])
def test_a_database_without_the_tables_of_this_version_is_told_apart_from_a_fault(client, monkeypatch, query):
    def no_page(*args, **kwargs):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query)

    client.raise_request_exception = False
    monkeypatch.setattr("assessments.accounts.sign_in_views.SignInForm", no_page)
    answer = client.get("/sign-in/")
    assert answer.status_code == 503
    assert "The database does not fit this version" in answer.content.decode()
