"""Backups: whole or not there, of one moment, and restored as they were, all of it or nothing."""

import datetime
import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from assessments.frameworks.storing import load_built_in
from assessments.models import Action, CalendarFeed, Issue, Team, Tracker, Unit, User
from assessments.models.edition_triggers import is_frozen, thawed
from assessments.models.outside import OutsideSeat
from assessments.operations.archive import About, ArchiveDamaged, ArchiveReader, ArchiveWriter, StoredTable
from assessments.operations.backing_up import write_backup
from assessments.operations.columns import from_database, stored_tables, to_sqlite
from assessments.operations.passphrase import WrongPassphrase, open_with, seal_with
from assessments.operations.restoring import NotEmpty, _clear, changed_editions, is_empty, load
from assessments.operations.rotation import name_at, parse_keep, superfluous
from assessments.operations.whole_files import UNFINISHED, remove_abandoned, whole_file

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from ..servers import ROOT, manage, plain_environment, prepare_folder, scratch_database
from ..webhooks.making import make_webhook

pytestmark = [pytest.mark.slow, pytest.mark.any_database]

TABLE = StoredTable(name="assessments_unit", key="id", columns=[("id", "integer"), ("name", "text")])
ABOUT = About(version="0.1.0", made_at="2026-11-26T00:00:00Z", database="sqlite", migrations={}, tables=[TABLE])
ROWS = [[1, "Ada's unit"], [2, "Größe\n\t\\"], [3, None]]


def written(rows=ROWS, about=ABOUT):
    output = io.BytesIO()
    archive = ArchiveWriter(output, about)
    archive.close({TABLE.name: archive.write_table(TABLE, rows, 3)}, {})
    return output.getvalue()


def read(content):
    archive = ArchiveReader(io.BytesIO(content))
    return [row for _, rows in archive.pieces() for row in rows], archive


# The archive


def test_an_archive_gives_back_what_was_written():
    rows, archive = read(written())
    assert rows == ROWS
    assert archive.about == ABOUT
    assert archive.sums[TABLE.name]["last_number"] == 3


def test_a_large_table_is_read_in_pieces():
    rows = [[n, "x" * 100_000] for n in range(30)]
    archive = ArchiveReader(io.BytesIO(written(rows)))
    pieces = [len(piece) for _, piece in archive.pieces()]
    assert sum(pieces) == 30
    assert max(pieces) < 15


def test_an_archive_that_ends_early_is_not_whole():
    content = written()
    for length in range(len(content)):
        with pytest.raises(ArchiveDamaged):
            read(content[:length])


def test_an_archive_with_a_changed_byte_is_noticed():
    """Except where the byte says nothing, as the time in the head of a gzipped file: then all rows are right."""
    content = written()
    noticed = 0
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        try:
            rows, _ = read(bytes(changed))
        except ArchiveDamaged:
            noticed += 1
        else:
            assert rows == ROWS
    assert noticed > len(content) - 10


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head.update(format=2),
        lambda head: head.update(program="other"),
        lambda head: head["tables"][0].update(name='x" ; DROP'),
        lambda head: head["tables"][0].update(columns=[['id"', "integer"]]),
        lambda head: head.pop("tables"),
    ],
)
def test_an_archive_of_another_kind_is_refused(change):
    head = {"program": "maturity", "format": 1, "version": "1", "made_at": "", "database": "", "migrations": {}}
    head["tables"] = [{"name": "assessments_unit", "key": "id", "columns": [["id", "integer"]]}]
    change(head)
    output = io.BytesIO()
    with gzip.GzipFile(fileobj=output, mode="wb") as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        member = tarfile.TarInfo("about.json")
        member.size = len(json.dumps(head).encode())
        tar.addfile(member, io.BytesIO(json.dumps(head).encode()))
    with pytest.raises(ArchiveDamaged):
        ArchiveReader(io.BytesIO(output.getvalue()))


# Whole files


def in_a_child_that_dies(write):
    """Runs `write` in a process of its own, which kills itself in it."""
    child = os.fork()
    if child == 0:
        try:
            write()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("state", ["opened", "half", "synced", "renamed"])
@pytest.mark.parametrize("before", [None, b"the backup of yesterday"])
def test_a_file_is_whole_or_as_before_wherever_its_writer_is_killed(tmp_path, state, before, monkeypatch):
    path = tmp_path / "backup"
    if before:
        path.write_bytes(before)

    def write():
        with whole_file(path) as file:
            if state == "opened":
                die()
            file.write(b"x" * 100_000)
            if state == "half":
                die()
            if state == "synced":
                monkeypatch.setattr(type(path), "replace", die)
            file.write(b"x" * 100_000)
            if state == "renamed":
                monkeypatch.setattr("assessments.operations.whole_files._sync_folder", die)

    in_a_child_that_dies(write)
    if state == "renamed":
        assert path.read_bytes() == b"x" * 200_000
    else:
        assert (path.read_bytes() if path.exists() else None) == before
    # What it left is removed by the next one, and only by one that looks into this folder.
    assert remove_abandoned(tmp_path) == (0 if state == "renamed" else 1)
    assert not list(tmp_path.glob(f".*{UNFINISHED}"))


def test_a_file_that_is_being_written_is_not_abandoned(tmp_path):
    with whole_file(tmp_path / "backup") as file:
        file.write(b"x")
        assert remove_abandoned(tmp_path) == 0
    assert (tmp_path / "backup").read_bytes() == b"x"


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="closed"), whole_file(tmp_path / "backup") as file:
        file.close()
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_reads_it(tmp_path):
    with whole_file(tmp_path / "backup"):
        pass
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600


# Rotation

END = datetime.datetime(2026, 11, 26, 2, tzinfo=datetime.UTC)


def test_rotation_keeps_the_newest_of_each_day_week_and_month():
    names = [name_at(END - datetime.timedelta(hours=12 * n)) for n in range(2 * 800)]
    keep = parse_keep("daily=7,weekly=4,monthly=12")
    kept = set(names) - set(superfluous(names, keep))
    days = sorted(name[9:17] for name in kept)
    assert days[-7:] == [f"202611{day}" for day in range(20, 27)]
    assert {"20261115", "20261108"} <= set(days)
    assert {"20261031", "20260930", "20251231"} <= set(days)
    assert "20251130" not in days
    assert len(kept) == 7 + 3 - 1 + 11
    # Doing it every day leaves the same as doing it once.
    growing: list[str] = []
    for name in reversed(names):
        growing = [*growing, name]
        gone = set(superfluous(growing, keep))
        growing = [one for one in growing if one not in gone]
    assert set(growing) == kept


def test_rotation_leaves_other_files_and_the_newest():
    names = ["maturity.sqlite3", "maturity-2026.tar.gz", "notes.txt", name_at(END)]
    assert superfluous(names, parse_keep("daily=0,monthly=1")) == []


@pytest.mark.parametrize("text", ["", "daily", "daily=x", "hourly=3", "daily=-1", "daily=0", "daily=7;weekly=4"])
def test_rotation_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError):
        parse_keep(text)


# The secret key


def test_only_the_passphrase_opens_the_key():
    sealed = seal_with("a long passphrase", "key" * 20)
    assert "key" not in sealed
    assert open_with("a long passphrase", sealed) == "key" * 20
    assert seal_with("a long passphrase", "key" * 20) != sealed
    for passphrase, text in [("a long passphras", sealed), ("a long passphrase", f"{sealed[:-8]}AAAA{sealed[-4:]}")]:
        with pytest.raises(WrongPassphrase):
            open_with(passphrase, text)


# Values


@pytest.mark.parametrize(
    ("kind", "sqlite", "postgresql", "stored"),
    [
        ("integer", 5, "5", 5),
        ("boolean", 1, "t", True),
        ("boolean", 0, "f", False),
        ("uuid", "0" * 31 + "a", "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000a"),
        ("date", "2026-01-31", "2026-01-31", "2026-01-31"),
        ("instant", "2026-01-31 12:00:00", "2026-01-31 12:00:00+00", "2026-01-31T12:00:00.000000Z"),
        ("instant", "2026-01-31 12:00:00.050000", "2026-01-31 12:00:00.05+00", "2026-01-31T12:00:00.050000Z"),
        ("decimal:4", 1.5, "1.5000", "1.5000"),
        ("decimal:4", 12345.6789, "12345.6789", "12345.6789"),
        ("json", '{"b": 1, "a": "é"}', '{"a": "\\u00e9", "b": 1}', '{"a":"é","b":1}'),
        ("json", "null", "null", "null"),
    ],
)
def test_a_value_is_the_same_from_either_database(kind, sqlite, postgresql, stored):
    convert = from_database(kind)
    assert convert(sqlite) == convert(postgresql) == stored
    back = to_sqlite(kind)
    assert convert(back(stored) if back else stored) == stored


def test_every_column_of_every_table_is_known():
    tables = {table.name: dict(table.columns) for table in stored_tables()}
    assert tables["assessments_result"]["index"] == "decimal:4"
    assert tables["assessments_criterion"]["edition_id"] == "uuid"
    assert {"assessments_event", "assessments_browsersession", "auth_group_permissions"} <= set(tables)


# A whole database


@pytest.fixture
def filled(transactional_db):
    load_built_in()
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    make_webhook(team=team, by=lead, kind="json").test(by=lead)
    CalendarFeed.objects.make(by=lead, token="a-token")
    edition = toy.make_edition()
    terms = {"address": "https://github.com/acme/shop", "project": "", "issue_type": "", "token": "a-token"}
    Tracker.objects.set(team=team, by=lead, kind="github", seen=0, **terms)
    action = Action.objects.plan(team=team, framework=edition.framework, criterion="x1", by=lead, text="Do it.")
    Issue.objects.ask_for(action, attempt=0, by=lead)
    toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 31))
    assessment = toy.start(team=team, by=lead, edition=edition)
    assessment.invite_outsiders(by=lead, addresses=["outside@example.org"])
    seat = OutsideSeat.of_invitation(assessment.share_outside(by=lead))
    assessment.enter_from_outside(seat, token="a-token")
    return team


def backed_up(**options):
    output = io.BytesIO()
    write_backup(output, using="default", **options)
    return output.getvalue()


def content_of(backup):
    """Everything in it but when it was made."""
    with tarfile.open(fileobj=io.BytesIO(backup), mode="r:gz") as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}
    sums = json.loads(members.pop("sums.json"))
    members.pop("about.json")
    return members, sums["tables"], sums["editions"], sums["results_sha256"]


def empty():
    with transaction.atomic(), thawed("default"):
        _clear(connection, stored_tables())


def test_a_restored_database_is_what_was_backed_up(filled):
    User.objects.create(email="gone@example.org")
    last = make_unit()
    Unit.objects.filter(pk=last.pk).delete()
    backup = backed_up()
    empty()
    assert is_empty("default")
    load(ArchiveReader(io.BytesIO(backup)), using="default")
    assert content_of(backed_up()) == content_of(backup)
    assert is_frozen("default")
    # The digest of the toy is made up.
    assert [edition.framework.name for edition in changed_editions("default")] == ["Toy"]
    # The next row gets the number that it would have got, also where the last one was deleted.
    assert make_unit().pk == last.pk + 1


def test_a_database_that_somebody_used_is_not_touched(filled):
    backup = backed_up()
    before = content_of(backup)
    with pytest.raises(NotEmpty):
        load(ArchiveReader(io.BytesIO(backup)), using="default")
    assert content_of(backed_up()) == before


def test_a_prepared_database_is_empty_until_somebody_comes(transactional_db):
    load_built_in()
    assert is_empty("default")
    make_user()
    assert not is_empty("default")


def with_changes(backup, change):
    """The same archive with members changed, or left out."""
    output = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(backup), mode="r:gz") as tar,
        gzip.GzipFile(fileobj=output, mode="wb") as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as changed,
    ):
        for member in tar:
            data = change(member.name, tar.extractfile(member).read())
            if data is not None:
                member.size = len(data)
                changed.addfile(member, io.BytesIO(data))
    return output.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda name, data: None if name == "sums.json" else data,
        lambda name, data: None if name.startswith("rows/assessments_membership") else data,
        lambda name, data: data.replace(b"example.org", b"example.com"),
        lambda name, data: data + b"[1]\n" if name.startswith("rows/assessments_unit") else data,
    ],
)
def test_nothing_is_kept_of_a_damaged_backup(filled, change):
    backup = with_changes(backed_up(), change)
    empty()
    with pytest.raises(ArchiveDamaged):
        load(ArchiveReader(io.BytesIO(backup)), using="default")
    assert is_empty("default")
    assert is_frozen("default")


def test_a_backup_is_of_one_moment_while_people_save(transactional_db):
    """Each unit comes with its team; what was stored before the backup began is in it."""
    stored, stop = [], threading.Event()

    def save():
        try:
            while not stop.is_set():
                with transaction.atomic():
                    make_team()
                stored.append(1)
        finally:
            connection.close()

    writers = [threading.Thread(target=save) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(5):
            goal = len(stored) + 3
            while len(stored) < goal:
                assert all(writer.is_alive() for writer in writers)
            before = len(stored)
            _, tables, *_ = content_of(backed_up())
            assert tables["assessments_unit"]["rows"] == tables["assessments_team"]["rows"] >= before
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert Team.objects.count() == len(stored)


# The commands


def test_a_backup_takes_the_place_of_a_backup_only(transactional_db, tmp_path, capsys):
    database = tmp_path / "maturity.sqlite3"
    database.write_bytes(b"SQLite format 3")
    with pytest.raises(CommandError, match="not a backup"):
        call_command("backup", str(database))
    assert database.read_bytes() == b"SQLite format 3"
    path = tmp_path / "backup.tar.gz"
    call_command("backup", str(path))
    make_unit()
    call_command("backup", str(path))
    assert content_of(path.read_bytes())[1]["assessments_unit"]["rows"] == 1
    with pytest.raises(CommandError, match="is a folder"):
        call_command("backup", str(tmp_path))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("backup", str(tmp_path / "missing" / "backup.tar.gz"))


def test_backups_are_rotated_after_the_new_one_is_there(transactional_db, tmp_path, capsys):
    old = [tmp_path / name_at(END - datetime.timedelta(days=n)) for n in range(3000, 3003)]
    for path in old:
        path.write_bytes(b"old")
    call_command("backup", str(tmp_path), keep="daily=2")
    left = sorted(tmp_path.iterdir())
    assert len(left) == 2
    assert left[0] == old[0]
    read(left[1].read_bytes())


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder with a used database of SQLite, and a backup of it."""
    folder = tmp_path_factory.mktemp("source")
    prepare_folder(folder)
    make = (
        "from assessments.models import *; u = Unit.objects.create(name='Ünit'); Team.objects.create(unit=u, name='T')"
    )
    assert manage("shell", "-v", "0", "-c", make, DATA_DIR=str(folder)).returncode == 0
    (folder / "passphrase").write_text("a long passphrase\n")
    options = ["--with-secret-key", "--passphrase-file", str(folder / "passphrase")]
    done = manage("backup", str(folder / "backup.tar.gz"), *options, DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    return folder


#: Restores in a process that kills itself at the n-th call of a function.
DYING = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from assessments.operations import restoring
name, left = sys.argv[1], int(sys.argv[2])
real = getattr(restoring, name)
def counted(*args, **kwargs):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
setattr(restoring, name, counted)
call_command("restore", sys.argv[3])
"""


def restore_and_die(source, function, call, **environment):
    environment = plain_environment(
        source, DJANGO_SETTINGS_MODULE="maturity.settings", PYTHONPATH=str(ROOT), **environment
    )
    command = [sys.executable, "-c", DYING, function, str(call), str(source / "backup.tar.gz")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_restoring_that_is_killed_leaves_nothing_and_can_be_started_again(source, tmp_path):
    prepare_folder(tmp_path)
    for function, call in [("_insert", 1), ("_insert", 12), ("_set_last_numbers", 1), ("digest_of_results", 1)]:
        restore_and_die(source, function, call, DATA_DIR=str(tmp_path))
        with closing(sqlite3.connect(tmp_path / "maturity.sqlite3")) as database:
            assert database.execute("SELECT count(*) FROM assessments_team").fetchone() == (0,)
    key = ["--secret-key-to", str(tmp_path / "secret-key"), "--passphrase-file", str(source / "passphrase")]
    done = manage("restore", str(source / "backup.tar.gz"), *key, DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "secret-key").read_text() == (source / "secret-key").read_text()
    with closing(sqlite3.connect(tmp_path / "maturity.sqlite3")) as database:
        assert database.execute("SELECT name FROM assessments_unit").fetchall() == [("Ünit",)]
    again = manage("restore", str(source / "backup.tar.gz"), DATA_DIR=str(tmp_path))
    assert again.returncode == 1
    assert again.stderr.startswith("CommandError: This database is not empty")


@pytest.mark.parametrize("place", ["missing/secret-key", "."])
def test_nothing_is_restored_if_the_secret_key_has_no_place(filled, tmp_path, place):
    (tmp_path / "passphrase").write_text("a long passphrase\n")
    backup = backed_up(secret_key=seal_with("a long passphrase", "key" * 20))
    (tmp_path / "backup.tar.gz").write_bytes(backup)
    empty()
    options = {"secret_key_to": str(tmp_path / place), "passphrase_file": str(tmp_path / "passphrase")}
    with pytest.raises(CommandError, match="secret key"):
        call_command("restore", str(tmp_path / "backup.tar.gz"), **options)
    assert is_empty("default")


def test_the_key_of_another_installation_is_not_replaced(source, tmp_path):
    other = tmp_path / "other-key"
    other.write_text("the key of another installation")
    key = ["--secret-key-to", str(other), "--passphrase-file", str(source / "passphrase")]
    done = manage("restore", str(source / "backup.tar.gz"), *key, DATA_DIR=str(tmp_path / "new"))
    assert (done.returncode, other.read_text()) == (1, "the key of another installation")
    assert "holds something else, so it stays" in done.stderr


def test_a_backup_is_verified_in_a_database_that_is_gone_afterwards(source, tmp_path):
    done = manage("verify_backup", str(source / "backup.tar.gz"), "--folder", str(tmp_path), DATA_DIR=str(source))
    assert done.returncode == 0, done.stderr
    assert "is whole" in done.stdout
    half = tmp_path / "half.tar.gz"
    half.write_bytes((source / "backup.tar.gz").read_bytes()[:-300])
    done = manage("verify_backup", str(half), "--folder", str(tmp_path), DATA_DIR=str(source))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [half]


def test_a_backup_is_verified_where_the_installation_has_a_replica(source, tmp_path):
    """Neither of these addresses is asked: the file goes into a database of its own."""
    others = {"DATABASE_URL": "postgresql://127.0.0.1:1/one", "DATABASE_REPLICA_URL": "postgresql://127.0.0.1:1/other"}
    file = str(source / "backup.tar.gz")
    done = manage("verify_backup", file, "--folder", str(tmp_path), DATA_DIR=str(source), **others)
    assert done.returncode == 0, done.stderr


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(source, tmp_path):
    """Made from a new one: the migration that is taken out changed nothing in the database."""
    late = "0003_logentry_add_action_flag_choices"
    heads = []

    def change(name, data):
        if name == "about.json":
            head = json.loads(data)
            head["migrations"]["admin"].remove(late)
            heads.append(json.dumps(head).encode())
            return heads[0]
        if name == "sums.json":
            return json.dumps({**json.loads(data), "about_sha256": hashlib.sha256(heads[0]).hexdigest()}).encode()
        return data

    backup = tmp_path / "earlier.tar.gz"
    backup.write_bytes(with_changes((source / "backup.tar.gz").read_bytes(), change))
    refused = manage("restore", str(backup), DATA_DIR=str(shutil.copytree(source, tmp_path / "used")))
    assert refused.stderr.startswith("CommandError: This database is not empty")
    done = manage("restore", str(backup), DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "maturity.sqlite3")) as database:
        assert database.execute("SELECT name FROM assessments_unit").fetchall() == [("Ünit",)]
        assert database.execute("SELECT count(*) FROM django_migrations WHERE name = ?", [late]).fetchone() == (1,)


def test_a_backup_of_a_newer_version_is_refused(transactional_db, tmp_path):
    about = replace(ABOUT, migrations={"assessments": ["9999_from_the_future"]})
    (tmp_path / "newer.tar.gz").write_bytes(written(about=about))
    with pytest.raises(CommandError, match="newer than this program"):
        call_command("restore", str(tmp_path / "newer.tar.gz"))


def test_an_installation_moves_to_postgresql_and_back(source, tmp_path):
    sqlite = f"sqlite:///{source / 'maturity.sqlite3'}"
    back = f"sqlite:///{tmp_path / 'back.sqlite3'}"
    with scratch_database() as postgresql:
        # Killed in the middle: the target is as empty as before, and it goes on.
        restore_and_die(source, "_insert", 12, DATA_DIR=str(tmp_path), DATABASE_URL=postgresql)
        for origin, target in [(sqlite, postgresql), (postgresql, back)]:
            done = manage("transfer", "--from", origin, "--to", target, DATA_DIR=str(tmp_path))
            assert done.returncode == 0, done.stderr
        again = manage("transfer", "--from", sqlite, "--to", postgresql, DATA_DIR=str(tmp_path))
        assert again.returncode == 1
        assert again.stderr.startswith("CommandError: Nothing was transferred. Target: This database is not empty")
        contents = []
        for url in (sqlite, postgresql, back):
            path = tmp_path / "backup.tar.gz"
            assert manage("backup", str(path), DATA_DIR=str(tmp_path), DATABASE_URL=url).returncode == 0
            contents.append(content_of(path.read_bytes()))
    assert contents[0] == contents[1] == contents[2]
    missing = manage("transfer", "--from", f"sqlite:///{tmp_path / 'no.sqlite3'}", "--to", back, DATA_DIR=str(tmp_path))
    assert "Source: The database is not prepared" in missing.stderr
