"""A database file that was put beside the `-wal` of another state of it: the start refuses it and changes nothing.

What belongs together starts, also after the server was killed, and loses nothing.
"""

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.db.utils import ConnectionHandler

from maturity.sqlite3 import wal

from ..servers import ROOT, manage, plain_environment, prepare_folder

pytestmark = [pytest.mark.slow, pytest.mark.any_database]
#: Writes without end, and says which accounts are stored for good. Connections come and go as those of requests do.
WRITER = """
import random
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from assessments.models import User

n = User.objects.count()
while True:
    n += 1
    User.objects.create(email=f"{n}@example.org", name="x" * random.randrange(1, 90))
    print(n, flush=True)
    key = f"{n % 40}"
    Session.objects.filter(session_key=key).delete()
    Session.objects.create(session_key=key, session_data="x" * random.randrange(9000), expire_date=timezone.now())
    if n % 5 == 0:
        connection.close()
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    return prepare_folder(folder)


@pytest.fixture
def data(prepared, tmp_path):
    return shutil.copytree(prepared, tmp_path / "data")


def file_of(data: Path) -> Path:
    return data / "maturity.sqlite3"


def write_until_killed(data: Path, accounts: int, *, backup=None) -> list[int]:
    """The accounts that were stored for good. `backup` is made after half of them."""
    environment = plain_environment(data, DATA_DIR=str(data))
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", WRITER]
    stored = []
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            stored.append(int(line))
            if backup and len(stored) == accounts // 2:
                backup()
            if len(stored) == accounts:
                process.send_signal(signal.SIGKILL)
    return stored


def leave_changes(data: Path, accounts: int) -> None:
    """The same, until changes are beside the database: a writer that is killed between two connections has none."""
    write_until_killed(data, accounts)
    while not files(data).get("maturity.sqlite3-wal"):
        write_until_killed(data, 1)


def copied(data: Path, target: Path):
    shutil.copy(file_of(data), target)


def backed_up(data: Path, target: Path):
    with (
        contextlib.closing(sqlite3.connect(file_of(data))) as source,
        contextlib.closing(sqlite3.connect(target)) as to,
    ):
        source.backup(to)


def vacuumed(data: Path, target: Path):
    with contextlib.closing(sqlite3.connect(file_of(data), timeout=60)) as source:
        source.execute("VACUUM INTO ?", [str(target)])


def files(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data.glob("maturity.sqlite3*")}


def accounts_in(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {email for (email,) in database.execute("SELECT email FROM assessments_user")}


COMMANDS = [
    ["prepare"],
    ["runserver", "--noreload", "127.0.0.1:0"],
    ["send_due"],
    ["greet"],
    ["shell", "-c", "print()"],
]


@pytest.mark.parametrize("backup", [copied, backed_up, vacuumed])
def test_backup_beside_the_changes_of_a_later_state_is_refused_by_every_command(data, tmp_path, backup):
    target = tmp_path / "backup"
    backup(data, target)
    write_until_killed(data, 20)
    with contextlib.closing(sqlite3.connect(file_of(data))) as database:
        # As a checkpoint does while the server runs. The -wal begins anew with what is written next.
        database.execute("PRAGMA wal_checkpoint(RESTART)")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    leave_changes(data, 20)
    shutil.copyfile(target, file_of(data))
    before = files(data)
    assert before["maturity.sqlite3-wal"]
    for command in COMMANDS:
        done = manage(*command, DATA_DIR=str(data))
        assert done.returncode == 1, command
        assert done.stderr.startswith("Maturity cannot start. DATABASE_URL: ")
        assert f"delete {file_of(data)}-wal and {file_of(data)}-shm and start again" in done.stderr
        assert "Traceback" not in done.stderr
    assert files(data) == before


def test_server_refuses_it_too(data, tmp_path):
    copied(data, tmp_path / "backup")
    for _ in range(2):
        write_until_killed(data, 20)
        with contextlib.closing(sqlite3.connect(file_of(data))) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    leave_changes(data, 5)
    shutil.copyfile(tmp_path / "backup", file_of(data))
    before = files(data)
    environment = plain_environment(data, DATA_DIR=str(data), MIGRATE="0")
    done = subprocess.run(
        ["scripts/entrypoint"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode != 0
    assert "Maturity cannot start. DATABASE_URL: " in done.stderr
    assert files(data) == before


@pytest.mark.parametrize("backup", [backed_up, vacuumed])
def test_backup_made_while_the_same_changes_were_collected_is_refused(data, tmp_path, backup):
    target = tmp_path / "backup"
    write_until_killed(data, 40, backup=lambda: backup(data, target))
    shutil.copyfile(target, file_of(data))
    assert not wal.belongs(file_of(data))


def test_doing_what_the_sentence_says_restores_the_backup(data, tmp_path):
    write_until_killed(data, 10)
    backed_up(data, tmp_path / "backup")
    kept = accounts_in(tmp_path / "backup")
    write_until_killed(data, 20)
    shutil.copyfile(tmp_path / "backup", file_of(data))
    for suffix in ("-wal", "-shm"):
        Path(f"{file_of(data)}{suffix}").unlink(missing_ok=True)
    assert manage("prepare", DATA_DIR=str(data)).returncode == 0
    assert accounts_in(file_of(data)) == kept


def test_missing_database_beside_its_changes_is_refused(data):
    leave_changes(data, 10)
    file_of(data).unlink()
    before = files(data)
    assert manage("prepare", DATA_DIR=str(data)).returncode == 1
    assert files(data) == before


@pytest.mark.parametrize("accounts", [1, 3, 30, 600])
def test_killed_server_starts_and_loses_nothing(data, tmp_path, accounts):
    stored = write_until_killed(data, accounts)
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in data.glob("maturity.sqlite3*"):
        # Also where both were copied together, and without the file that SQLite makes itself.
        if not path.name.endswith("-shm"):
            shutil.copy(path, moved)
    for folder in (data, moved):
        done = manage("prepare", DATA_DIR=str(folder))
        assert done.returncode == 0, done.stderr
        assert accounts_in(file_of(folder)) >= {f"{n}@example.org" for n in stored}


def test_changes_that_sqlite_does_not_read_are_not_refused(data):
    leave_changes(data, 20)
    path = Path(f"{file_of(data)}-wal")
    content = path.read_bytes()
    copied(data, data / "before")
    with contextlib.closing(sqlite3.connect(file_of(data))) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(data / "before", file_of(data))
    for broken in (content[:10], b"\0" * len(content), content[:40] + b"\0" * 5000, b"x" * 32 + content[32:]):
        path.write_bytes(broken)
        assert wal.belongs(file_of(data))


def test_commands_beside_a_running_server_are_not_refused(data, tmp_path):
    """While somebody writes, the file and what is beside it never are of one moment."""

    def look():
        for _ in range(3):
            assert manage("shell", "-v", "0", "-c", "print()", DATA_DIR=str(data)).returncode == 0

    write_until_killed(data, 200, backup=look)


@pytest.fixture
def database(tmp_path, django_db_blocker):
    """A database of its own, whichever one the suite runs on."""
    settings = {"own": {"ENGINE": "maturity.sqlite3", "NAME": str(tmp_path / "own.sqlite3")}, "default": {}}
    connections["own"] = ConnectionHandler(settings)["own"]
    with django_db_blocker.unblock():
        connections["own"].cursor().execute("CREATE TABLE person (name TEXT)")
        yield connections["own"]
        connections["own"].close()
    del connections["own"]


class TestNumbers:
    def numbers(self, database):
        raw = database.connection
        return [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]

    def test_every_transaction_that_writes_names_itself_and_the_one_before(self, database):
        def create():
            database.cursor().execute("INSERT INTO person VALUES ('Ada')")

        def rename():
            database.cursor().execute("UPDATE person SET name = 'Eva'")

        def both():
            with transaction.atomic(using="own"):
                rename()
                database.cursor().execute("DELETE FROM person")

        for write in (create, rename, both):
            _, before = self.numbers(database)
            write()
            one_before, number = self.numbers(database)
            assert one_before == before, write
            assert number not in {0, before}, write

    def test_reading_takes_no_number(self, database):
        database.cursor().execute("INSERT INTO person VALUES ('Ada')")
        before = self.numbers(database)
        database.cursor().execute("SELECT * FROM person").fetchall()
        with transaction.atomic(using="own"):
            database.cursor().execute("SELECT * FROM person").fetchall()
        assert self.numbers(database) == before
