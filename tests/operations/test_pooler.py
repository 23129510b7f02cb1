"""Behind a real pgbouncer in transaction mode, which gives each transaction to any connection that is free."""

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ..servers import collect_static, free_port, manage, scratch_database, serving

pytestmark = [pytest.mark.slow(seconds=60), pytest.mark.any_database]
PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")


@contextlib.contextmanager
def pooler(address):
    """The address by which the pooler reaches this database. It has two connections for everybody."""
    with tempfile.TemporaryDirectory(prefix="maturity-pooler-") as folder:
        # Whoever runs the pooler reads it.
        os.chmod(folder, 0o755)
        with running_pooler(Path(folder), address) as through:
            yield through


@contextlib.contextmanager
def running_pooler(folder, address):
    port = free_port()
    server = conninfo_to_dict(address)
    name = server["dbname"]
    line = " ".join(f"{key}={server[key]}" for key in ("host", "port", "user", "password", "dbname") if key in server)
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{name} = {line}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\n"
    )
    # It refuses to run as root.
    account = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    log = folder / "pgbouncer.log"
    with (
        log.open("wb") as output,
        subprocess.Popen([PGBOUNCER, settings], stdout=output, stderr=output, cwd="/", **account) as process,
    ):
        try:
            through = f"postgresql://{server['user']}@127.0.0.1:{port}/{name}"
            until = time.monotonic() + 120
            while True:
                with contextlib.suppress(psycopg.OperationalError), psycopg.connect(through):
                    break
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield through
        finally:
            process.terminate()


SIGNED_IN = """
from assessments.models import Unit, User
from django.test import Client
Unit.objects.create(name="Head office")
user = User.objects.create_superuser("ada@example.org", "a long password for tests", name="Ada")
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(user)
print(client.cookies["sessionid"].value)
"""
LIMITS = """
from django.db import connection
with connection.cursor() as cursor:
    for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"SHOW {limit}")
        print(cursor.fetchone()[0])
"""


@pytest.mark.skipif(not PGBOUNCER, reason="pgbouncer is not installed")
def test_server_works_behind_a_pooler_that_keeps_no_sessions(tmp_path):
    static = collect_static(tmp_path / "static")
    with scratch_database() as address, pooler(address) as through:
        options = {"DATABASE_URL": through, "DATABASE_PREPARE": "0"}
        data = {"DATA_DIR": str(tmp_path), **options}
        prepared = manage("prepare", **data)
        assert prepared.returncode == 0, prepared.stderr
        made = manage("shell", "-v", "0", "-c", SIGNED_IN, **data)
        assert made.returncode == 0, made.stderr
        cookie = f"sessionid={made.stdout.strip()}"
        with serving(tmp_path, MIGRATE="0", GREETING="0", STATIC_ROOT=str(static), **options) as server:
            # The form of a team chooses among units, the list of which was read with a cursor of the server.
            paths = ["/", "/teams/", "/teams/new/", "/account/", "/portfolio/", "/frameworks/"] * 10
            with ThreadPoolExecutor(6) as threads:
                answers = list(threads.map(lambda path: server.ask(path, Cookie=cookie), paths))
            assert {(path, answer.status) for path, answer in zip(paths, answers, strict=True)} == {
                (path, 200) for path in paths
            }
            assert not re.search("portal|prepared statement", server.output)
        # Connections that were opened after `prepare` have the limits of the account.
        with pooler(address) as through_another:
            shown = manage("shell", "-v", "0", "-c", LIMITS, **{**data, "DATABASE_URL": through_another})
        assert shown.stdout.split() == ["4s", "15s", "30s"]
