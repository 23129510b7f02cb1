"""Servers for tests: started in processes of their own, the way they are deployed, and asked over HTTP."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("TEST_DATABASE_URL") or "postgresql://postgres@127.0.0.1:5432/maturity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def text(self):
        return self.body.decode()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def ask(address: str, **headers: str) -> Answer:
    """One GET, redirects not followed. Names of headers come out in lower case."""
    request = urllib.request.Request(
        address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    started = time.monotonic()
    try:
        response = OPENER.open(request, timeout=60)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.read(),
            seconds=time.monotonic() - started,
        )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def plain_environment(home: Path, **variables: str) -> dict[str, str]:
    """Nothing of this process's environment but the way to this Python; warnings are not made errors over there."""
    return {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home), **variables}


def manage(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=cwd,
        env=plain_environment(Path(variables["DATA_DIR"]), **variables),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


class Server:
    """The container's start script, run in `folder`; what it printed is in `output` once it has stopped."""

    def __init__(self, process: subprocess.Popen, port: int, log: Path):
        self.process, self.port, self.log = process, port, log

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self):
        return self.log.read_text()

    def ask(self, path: str, **headers: str) -> Answer:
        return ask(self.address + path, **headers)

    def wait_for_output(self, words: str, seconds: float = 120):
        until = time.monotonic() + seconds
        while words not in self.output:
            assert time.monotonic() < until, f"{words!r} was never printed:\n{self.output}"
            time.sleep(0.05)

    def wait_until_it_listens(self, seconds: float = 600):
        until = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.output}"
            assert time.monotonic() < until, f"the server never listened:\n{self.output}"
            time.sleep(0.05)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Stops it and tells the code with which it ended."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(timeout=120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


@contextlib.contextmanager
def serving(home: Path, *, folder: Path = ROOT, port: int | None = None, **variables: str):
    """A server started by scripts/entrypoint in `folder`, on a free port unless one is named; its data is in `home`."""
    port = port or free_port()
    log = home / f"server-{port}.log"
    sends = "1" if "EMAIL_URL" in variables else "0"
    usual = {"DATA_DIR": str(home), "WEB_WORKERS": "1", "SEND_DUE": sends}
    environment = plain_environment(home, **{**usual, **variables, "PORT": str(port)})
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["scripts/entrypoint"], cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(process, port, log)
    try:
        server.wait_until_it_listens()
        yield server
    finally:
        server.stop()


def collect_static(target: Path, *, folder: Path = ROOT) -> Path:
    """Static files in `target` as the image has them."""

    def collect(files: Path, data: str) -> subprocess.CompletedProcess:
        return manage("collectstatic", "--noinput", cwd=folder, DATA_DIR=data, STATIC_ROOT=str(files))

    return _copy_of_kept("static files", target, [folder / "static", folder / "maturity"], collect)


def prepare_folder(target: Path) -> Path:
    """Puts into `target` what the first start leaves in its data folder: the SQLite database, and the key."""

    def prepare(files: Path, data: str) -> subprocess.CompletedProcess:
        return manage("prepare", DATA_DIR=str(files))

    return _copy_of_kept("data", target, [ROOT / "assessments", ROOT / "maturity"], prepare)


def _copy_of_kept(
    name: str, target: Path, sources: list[Path], make: Callable[[Path, str], subprocess.CompletedProcess]
) -> Path:
    """A copy of what `make` puts into the folder that it is given, which is made once for each state of the sources."""
    kept = ROOT / ".test-data" / "kept" / name
    kept.mkdir(parents=True, exist_ok=True)
    made = kept / f"of-{_digest_of(sources)}"
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=kept) as scratch:
                files = Path(scratch) / "files"
                done = make(files, scratch)
                assert done.returncode == 0, done.stderr
                for outdated in kept.glob("of-*"):
                    shutil.rmtree(outdated)
                files.rename(made)
        return Path(shutil.copytree(made, target, dirs_exist_ok=True))


def _digest_of(sources: list[Path]) -> str:
    """Of all files below the sources, and of the versions of what is installed."""
    digest = hashlib.blake2b(digest_size=16)
    for source in sources:
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(source)} {path.stat().st_size}\n".encode() + path.read_bytes())
    installed = sorted(f"{package.name} {package.version}" for package in distributions())
    digest.update("\n".join(installed).encode())
    return digest.hexdigest()


def psql(statement: str, *values: str):
    """Runs one statement on the server for tests, outside of any database of the application; names go in as %s."""
    target = make_conninfo(POSTGRES, dbname="postgres", connect_timeout=3)
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, values)))


@contextlib.contextmanager
def scratch_database():
    """The address of an empty PostgreSQL database that is gone afterwards; the test is skipped without a server."""
    name = f"maturity_scratch_{uuid.uuid4().hex[:12]}"
    try:
        psql("CREATE DATABASE {}", name)
    except psycopg.OperationalError as error:
        pytest.skip(f"No PostgreSQL server can be used: {str(error).splitlines()[0]}")
    try:
        yield POSTGRES.rpartition("/")[0] + f"/{name}"
    finally:
        psql("DROP DATABASE {} WITH (FORCE)", name)
