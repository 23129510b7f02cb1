"""What `manage.py doctor` finds, and how it ends."""

import datetime
import sqlite3
import uuid
from contextlib import closing
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from assessments.models import Event, Mail, standings
from assessments.models.edition_triggers import thaw
from assessments.operations import examination
from assessments.operations.examination import CHECKS, Severity, examine

from ..factories import make_user
from ..progress import AT, Lead
from ..servers import free_port, manage, psql, scratch_database

pytestmark = pytest.mark.django_db


def problems(name, **options):
    return [finding.sentence for finding in examine(name, **options) if finding.severity == Severity.PROBLEM]


def warnings(name):
    return [finding.sentence for finding in examine(name) if finding.severity == Severity.WARNING]


@pytest.mark.parametrize("name", ["settings", "database", "migrations", "triggers", "clock", "disk"])
def test_a_sound_installation_has_no_problem(name):
    assert problems(name) == warnings(name) == []
    assert examine(name)


def test_settings_that_are_not_for_others(settings):
    settings.DEBUG, settings.DEMO, settings.SITE_URL = True, True, "http://maturity.example.org"
    assert "DEBUG is on" in problems("settings")[0]
    told = warnings("settings")
    assert "DEMO is on" in told[0]
    assert "begins with http" in told[1]
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert problems("settings") == []


def test_a_proxy_that_nobody_trusts_or_that_leads_nowhere(settings):
    settings.SECURE, settings.TRUSTED_PROXY = True, []
    settings.SITE_URL = f"http://127.0.0.1:{free_port()}"
    first, second = warnings("proxy")
    assert "TRUSTED_PROXY is not set" in first
    assert "does not answer from here" in second


def test_the_server_answers_at_its_address(live_server, settings):
    settings.SITE_URL = live_server.url
    assert problems("proxy") == warnings("proxy") == []
    settings.VERSION = "9.9.9"
    assert "another version" in problems("proxy")[0]


def test_migrations_that_are_missing_or_of_a_newer_version():
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("assessments", "0014_plain_words")
    assert problems("migrations") == ["1 migration is not applied. Run “manage.py prepare”."]
    recorder.record_applied("assessments", "0014_plain_words")
    recorder.record_applied("assessments", "9999_from_the_future")
    assert "a newer version" in problems("migrations")[0]


def test_triggers_that_are_gone():
    thaw("default")
    assert "not protected" in problems("triggers")[0]


def test_what_the_portfolio_reads_is_wrong():
    Lead().closes(AT[2], on="2026-01-01")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE assessments_standing SET level = 0")
    assert "that are wrong: 1." in problems("triggers")[0]
    standings.remove("default")
    assert "Nothing keeps up to date" in problems("triggers")[0]


def test_a_clock_that_was_set_back():
    Event.objects.bulk_create([Event(kind="unit.added", at=timezone.now() + datetime.timedelta(hours=1))])
    assert "from the future" in warnings("clock")[0]


def test_a_disk_that_is_nearly_full(monkeypatch):
    for free, severity in ((50 << 20, Severity.PROBLEM), (500 << 20, Severity.WARNING), (5 << 30, Severity.FINE)):
        monkeypatch.setattr(examination.shutil, "disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        assert [finding.severity for finding in examine("disk")] == [severity]


def test_data_that_others_can_read(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o700)
    (tmp_path / "secret-key").write_text("x")
    (tmp_path / "secret-key").chmod(0o644)
    assert str(tmp_path / "secret-key") in problems("permissions")[0]
    (tmp_path / "secret-key").chmod(0o600)
    for mode, is_open in ((0o755, True), (0o1777, False)):
        tmp_path.chmod(mode)
        assert (str(tmp_path) in "".join(problems("permissions"))) == is_open


def test_a_folder_that_this_process_cannot_reach(settings, tmp_path):
    settings.DATA_DIR = tmp_path / ("x" * 300)
    assert str(tmp_path) not in "".join(problems("permissions"))


def test_mail_that_is_not_set_up_or_waits(settings):
    settings.MAIL_ENABLED = False
    assert "not set up" in warnings("mail")[0]
    settings.MAIL_ENABLED = True
    assert problems("mail") == warnings("mail") == []
    Mail.objects.queue_for(make_user(), Mail.Kind.NEW_ACCOUNT)
    assert warnings("mail")[0].startswith("Mails wait: 1.")


def test_a_mail_is_sent_where_it_is_asked_for(settings):
    settings.MAIL_ENABLED = True
    assert problems("mail", recipient="admin@example.org") == []
    assert [message.to for message in mail.outbox] == [["admin@example.org"]]


def test_a_mail_server_that_is_away(settings):
    settings.MAIL_ENABLED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert problems("mail") == ["The mail server does not take mails: ConnectionRefusedError. Look at EMAIL_URL."]


def test_a_database_that_is_away():
    def refuse(*args):
        raise OperationalError

    with connection.execute_wrapper(refuse):
        assert problems("database") == ["The database does not answer: OperationalError."]


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 5000)

    def open_it(*args):
        with closing(sqlite3.connect(tmp_path / "file")) as file:
            try:
                file.execute("PRAGMA quick_check(1)")
            except sqlite3.DatabaseError as error:
                raise DatabaseError(str(error)) from error

    with connection.execute_wrapper(open_it):
        told = problems("database")
    assert told == ["The file of the database is damaged (file is not a database). Restore the last backup."]


def test_it_ends_with_one_if_there_is_a_problem(capsys, monkeypatch):
    call_command("doctor", "--only", "database")
    assert capsys.readouterr().out.startswith("ok       database: ")
    monkeypatch.setitem(CHECKS, "database", lambda: iter([examination.problem("It is broken.")]))
    with pytest.raises(SystemExit) as end:
        call_command("doctor", "--only", "database")
    assert end.value.code == 1
    assert capsys.readouterr().out == "PROBLEM  database: It is broken.\n"


@pytest.mark.slow
def test_without_a_database_every_check_says_its_sentence(tmp_path):
    address = f"postgresql://nobody@127.0.0.1:{free_port()}/maturity"
    done = manage("doctor", DATA_DIR=str(tmp_path), DATABASE_URL=address)
    assert done.returncode == 1
    assert "PROBLEM  database: The database does not answer: " in done.stdout
    assert "Traceback" not in done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()} <= {"ok", "look", "PROBLEM"}


@pytest.mark.slow
def test_before_the_first_start_it_says_that_there_are_no_tables_yet(tmp_path):
    done = manage("doctor", "--only", "database", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == (
        "PROBLEM  database: The database has no tables yet. Start the server, or run “manage.py prepare”.\n"
    )


@pytest.mark.slow
@pytest.mark.any_database
def test_an_account_that_may_not_create_tables_learns_what_to_do(tmp_path):
    with scratch_database() as address:
        role = f"maturity_{uuid.uuid4().hex[:8]}"
        psql("CREATE ROLE {} LOGIN", role)
        try:
            poor = address.replace("//postgres@", f"//{role}@")
            done = manage("prepare", DATA_DIR=str(tmp_path), DATABASE_URL=poor)
        finally:
            psql("DROP ROLE {}", role)
    assert done.returncode == 1
    assert f"OWNER TO {role}." in done.stderr
    assert "Traceback" not in done.stderr
