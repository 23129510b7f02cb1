"""PostgreSQL servers for tests, started from the programs that are installed: one, and a replica of it."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .servers import free_port

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), default=None)


def as_postgres() -> dict:
    """The programs of PostgreSQL refuse to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def run_as_postgres(*command: str | Path):
    done = subprocess.run(
        [str(part) for part in command], cwd="/", check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, **as_postgres(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def stop_command(folder: Path) -> list[str]:
    return [str(PROGRAMS / "pg_ctl"), "-D", str(folder), "-m", "immediate", "stop"]


def start_command(folder: Path, port: int) -> list[str]:
    log = folder.with_name(f"{folder.name}.log")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder.parent} -c fsync=off"
    return [str(PROGRAMS / "pg_ctl"), "-D", str(folder), "-l", str(log), "-w", "-t", "120", "-o", options, "start"]


@contextlib.contextmanager
def started(folder: Path, port: int):
    run_as_postgres(*start_command(folder, port))
    try:
        yield
    finally:
        # The test may have done it already.
        if (folder / "postmaster.pid").exists():
            run_as_postgres(*stop_command(folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The addresses and folders of both."""

    primary: str
    replica: str
    primary_folder: Path
    replica_folder: Path


@contextlib.contextmanager
def server_and_replica() -> Iterator[Pair]:
    """A server and a replica that follows it, gone afterwards. `PROGRAMS` says whether they can be made."""
    folder = Path(tempfile.mkdtemp(prefix="maturity-replica-"))
    if os.geteuid() == 0:
        shutil.chown(folder, pwd.getpwnam("postgres").pw_uid)
    primary, replica = folder / "primary", folder / "replica"
    ports = [free_port(), free_port()]
    try:
        run_as_postgres(PROGRAMS / "initdb", "-D", primary, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with started(primary, ports[0]):
            where = ["-h", "127.0.0.1", "-p", str(ports[0]), "-U", "postgres"]
            run_as_postgres(PROGRAMS / "pg_basebackup", *where, "-D", replica, "-R", "-X", "stream", "-c", "fast")
            with started(replica, ports[1]):
                addresses = [f"postgresql://postgres@127.0.0.1:{port}/postgres" for port in ports]
                yield Pair(primary=addresses[0], replica=addresses[1], primary_folder=primary, replica_folder=replica)
    finally:
        shutil.rmtree(folder)
