"""A scratch database and the server as it is deployed, for the time of a benchmark."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
#: Of this process alone: two benchmarks at once must not drop each other's.
SCRATCH = f"maturity_bench_{os.getpid()}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def database(*, sqlite: bool = False, name: str = SCRATCH):
    """The address of an empty scratch database: on the PostgreSQL server where one answers, else an SQLite file."""
    server = os.environ.get("TEST_DATABASE_URL", DEFAULT_SERVER).rpartition("/")[0] + "/postgres"
    try:
        if sqlite:
            raise psycopg.OperationalError("not wanted")
        admin = psycopg.connect(server, connect_timeout=2, autocommit=True)
    except psycopg.OperationalError:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/bench.sqlite3"
        return
    with admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def let_it_settle(url: str):
    """Does at once what PostgreSQL does by itself in the minutes after many rows came, beside whatever is measured."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def prepare_environment(url: str, data: str, port: int):
    os.environ.update(
        DATABASE_URL=url,
        DATA_DIR=data,
        STATIC_ROOT=f"{data}/static",
        DJANGO_SETTINGS_MODULE="bench.settings",
        SITE_URL=f"http://127.0.0.1:{port}",
        PORT=str(port),
        DEBUG="0",
    )


def manage(*arguments):
    command = [sys.executable, "manage.py", *arguments, "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def serve(port: int):
    """gunicorn as the product deploys it, with the bare views beside the product's; yields its process."""
    command = [sys.executable, "-m", "gunicorn", "maturity.wsgi", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1)
                break
            time.sleep(0.1)
        else:
            raise RuntimeError("the server did not become ready")
        yield process
    finally:
        process.terminate()
        process.wait(60)
