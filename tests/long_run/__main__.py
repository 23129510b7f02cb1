"""Runs the load and what happens to it, and says what was lost or doubled; ends with 1 if anything was."""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from ..clusters import Pair, run_as_postgres, server_and_replica, start_command, stop_command
from ..nginx import balanced
from ..servers import ROOT, Server, collect_static, free_port, manage, serving
from .people import Lead, Member, Person, Reader, Told, Turn
from .seeding import FROZEN, SEED, STORED

MEMBERS = 3
#: Seconds, see `fail_timeout` in scripts/two-servers.conf.
LEFT_ALONE = 3


def port_in(address: str) -> int:
    return int(urlsplit(address).port or 0)


class World:
    """Both servers with their database and replica, and what may happen to them."""

    def __init__(self, folder: Path, pair: Pair, old: Path, begun: float):
        self.folder, self.pair, self.version, self.begun = folder, pair, old, begun
        self.ports = [free_port(), free_port()]
        self.running: list[tuple[contextlib.ExitStack, Server]] = []
        self.frozen: dict[str, str] = {}
        self.options = {
            "DATABASE_URL": pair.primary,
            "DATABASE_REPLICA_URL": pair.replica,
            "SECRET_KEY": "the same long key for both of the servers",
            "STATIC_ROOT": str(folder / "static"),
            "TRUSTED_PROXY": "127.0.0.1",
            "GREETING": "0",
            "MIGRATE": "0",
        }

    def log(self, text: str) -> None:
        print(f"{time.monotonic() - self.begun:7.1f} s  {text}", flush=True)

    def manage(self, *arguments: str, code: Path = ROOT, **variables: str) -> str:
        """`code` is the folder of the version that runs; a variable without a value is left out."""
        given = {**self.options, "DATA_DIR": str(self.folder), **variables}
        given = {name: value for name, value in given.items() if value}
        done = manage(*arguments, cwd=code, **given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, number: int, code: Path) -> None:
        """Puts a server into its place behind nginx, and waits until it is ready."""
        stack = contextlib.ExitStack()
        # Only one of them sends, as a container of its own would.
        options = {**self.options, "WEB_WORKERS": "1", "SEND_DUE": "1" if number == 0 else "0"}
        server = stack.enter_context(serving(self.folder, folder=code, port=self.ports[number], **options))
        while server.ask("/readyz").status != 200:
            time.sleep(0.1)
        self.running[number : number + 1] = [(stack, server)]

    def stop(self, number: int) -> None:
        self.running[number][0].close()

    def ask_database(self, statement: str, address: str = "") -> list[tuple]:
        with psycopg.connect(address or self.pair.primary, connect_timeout=5, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def note_results(self) -> None:
        """Keeps the digest of each result that is new, to be compared in the end."""
        with contextlib.suppress(psycopg.OperationalError):
            for address, digest in self.ask_database(FROZEN):
                self.frozen.setdefault(address, digest)

    def memory(self) -> list[int]:
        """Of each server with its processes, in MB."""
        found = []
        for _, server in self.running:
            listed = subprocess.run(
                ["ps", "-o", "rss=", "--sid", str(server.process.pid)], capture_output=True, text=True, check=False
            )
            found.append(sum(map(int, listed.stdout.split())) // 1024)
        return found

    # What happens

    def replica_falls_behind(self) -> None:
        self.ask_database("SELECT pg_wal_replay_pause()::text", self.pair.replica)

    def replica_catches_up(self) -> None:
        # What comes at once may be in the way of this very statement, which has done its work by then.
        with contextlib.suppress(psycopg.errors.SerializationFailure):
            self.ask_database("SELECT pg_wal_replay_resume()::text", self.pair.replica)

    def upgrade(self) -> None:
        self.manage("prepare", "--phase", "before")
        self.log("the database has what the new version adds")
        for number in range(2):
            self.stop(number)
            self.start(number, ROOT)
            self.log(f"server {number + 1} is of the new version")
            # As README says: nginx leaves alone for so long who did not answer.
            time.sleep(LEFT_ALONE)
        self.manage("prepare", "--phase", "after")
        self.version = ROOT

    def server_is_killed(self) -> None:
        os.killpg(self.running[1][1].process.pid, signal.SIGKILL)

    def server_is_back(self) -> None:
        self.stop(1)
        self.start(1, ROOT)

    def replica_dies(self) -> None:
        run_as_postgres(*stop_command(self.pair.replica_folder))

    def replica_is_back(self) -> None:
        run_as_postgres(
            *start_command(self.pair.replica_folder, int(self.pair.replica.rpartition(":")[2].split("/")[0]))
        )

    def database_crashes(self) -> None:
        run_as_postgres(*stop_command(self.pair.primary_folder))
        time.sleep(3)
        run_as_postgres(*start_command(self.pair.primary_folder, port_in(self.pair.primary)))


def backup_and_restore(world: World, told: Told, problems: list[str]) -> None:
    """A backup while everybody works holds what was told before it began, and comes back in another database."""
    answers, results, actions = set(told.answers), set(told.closed.values()), set(told.actions)
    version, file = world.version, world.folder / "backup.tar.gz"
    world.manage("backup", str(file), code=version)
    world.ask_database("CREATE DATABASE restored")
    other = {
        "DATABASE_URL": world.pair.primary.rpartition("/")[0] + "/restored",
        "DATABASE_REPLICA_URL": "",
        "DATA_DIR": str(world.folder / "restored"),
    }
    world.log(world.manage("restore", str(file), code=version, **other).strip().replace("\n", " "))
    stored = json.loads(world.manage("shell", "-v", "0", "-c", STORED, code=version, **other).splitlines()[-1])
    answers -= {(assessment, user, criterion) for assessment, user, criterion, _ in stored["answers"]}
    results -= {f"/results/{pk}/" for pk, _ in stored["results"]}
    problems += [f"not in the backup: {what}" for what in [*answers, *results, *actions - set(stored["actions"])]]
    world.ask_database("DROP DATABASE restored WITH (FORCE)")


def lost_or_doubled(told: Told, stored: dict) -> list[str]:
    """What does not agree with what people were told; an answer on its way may be either."""
    problems = []
    kept = {(a, u, c): code for a, u, c, code in stored["answers"]}
    if len(kept) != len(stored["answers"]):
        problems.append("an answer is stored twice")
    problems += [
        f"answer {key} is {kept.get(key)}, not {code}" for key, code in told.answers.items() if kept.get(key) != code
    ]
    counted = Counter(stored["actions"])
    problems += [f"{counted[text]} times {text}" for text in told.actions if counted[text] != 1]
    problems += [f"{n} times {text}" for text, n in counted.items() if n > 1]
    of_teams = Counter(team for _, team in stored["assessments"])
    told_teams = Counter(team for team, _ in told.started)
    # One may have been started while the answer was on its way to somebody who was told to go home.
    problems += [
        f"team {team} has {n} assessments, was told of {told_teams[team]}"
        for team, n in of_teams.items()
        if not 0 <= n - told_teams[team] <= (1 if told.unfinished else 0)
    ]
    results = Counter(assessment for _, assessment in stored["results"])
    problems += [f"{results[a]} results of {a}" for a in told.closed if results[a] != 1]
    known = {f"/results/{pk}/" for pk, *_ in stored["results"]}
    problems += [f"no result at {address}" for address in told.closed.values() if address not in known]
    return problems


def people(world: World, port: int, made: dict, told: Told, ends: threading.Event) -> list[Person]:
    everybody: list[Person] = []
    for team in made["teams"]:
        turn = Turn()
        usual = (told, world.begun, ends)
        everybody.append(
            Lead(
                port, team["lead"], *usual, (1, 3), turn=turn, members=MEMBERS, edition=made["edition"],
                criterion=made["criterion"], framework=made["framework"],
            )
        )  # fmt: skip
        everybody += [
            Member(port, who, *usual, (0.5, 2.0), turn=turn, saves=made["criteria"]) for who in team["members"]
        ]
    return everybody + [Reader(port, who, told, world.begun, ends, (1, 4)) for who in made["readers"]]


def run(world: World, minutes: float, teams: int) -> int:
    old = world.version
    collect_static(world.folder / "static")
    world.manage("prepare", code=old)
    seed = f"TEAMS, MEMBERS = {teams}, {MEMBERS}\n{SEED}"
    made = json.loads(world.manage("shell", "-v", "0", "-c", seed, code=old).splitlines()[-1])
    world.running = [None, None]
    for number in range(2):
        world.start(number, old)
    told, ends, problems = Told(), threading.Event(), []
    happenings: list[tuple[float, str, Callable[[], None]]] = [
        (0.08, "the replica falls behind", world.replica_falls_behind),
        (0.16, "the replica catches up", world.replica_catches_up),
        (0.22, "a backup is made and restored elsewhere", lambda: backup_and_restore(world, told, problems)),
        (0.35, "both servers are upgraded", world.upgrade),
        (0.55, "a server is killed", world.server_is_killed),
        (0.62, "the server is back", world.server_is_back),
        (0.68, "the replica dies", world.replica_dies),
        (0.75, "the replica is back", world.replica_is_back),
        (0.82, "the database crashes and comes back", world.database_crashes),
        (0.90, "another backup is made and restored elsewhere", lambda: backup_and_restore(world, told, problems)),
    ]
    with balanced(world.folder, *(server for _, server in world.running)) as address:
        world.begun = time.monotonic()
        everybody = people(world, port_in(address), made, told, ends)
        for person in everybody:
            person.start()
        next_note, memory = 0.0, []
        while (now := time.monotonic() - world.begun) < minutes * 60:
            if happenings and now >= happenings[0][0] * minutes * 60:
                _, text, happen = happenings.pop(0)
                world.log(text)
                happen()
            if now >= next_note:
                next_note = now + 30
                world.note_results()
                size = contextlib.suppress(psycopg.OperationalError)
                with size:
                    ((megabytes,),) = world.ask_database("SELECT pg_database_size(current_database()) / 1048576")
                    memory.append((now, world.memory(), megabytes, len(told.closed), sum(told.requests.values())))
                    world.log(
                        f"{memory[-1][1]} MB in servers, {megabytes} MB in the database, {len(told.closed)} results"
                    )
            time.sleep(0.5)
        ends.set()
        for person in everybody:
            person.join()
        world.note_results()
        stored = json.loads(world.manage("shell", "-v", "0", "-c", STORED).splitlines()[-1])
        problems += lost_or_doubled(told, stored)
        now_frozen = dict(world.ask_database(FROZEN))
        problems += [
            f"result {a} is not what it was" for a, digest in world.frozen.items() if now_frozen.get(a) != digest
        ]
        final = world.folder / "final.tar.gz"
        world.manage("backup", str(final))
        world.log(world.manage("verify_backup", str(final)).strip().replace("\n", " "))
    problems += told.unfinished + [f"not read back: {text}" for text in told.not_read_back]
    times = sorted(told.seconds)
    report = {
        "requests": dict(told.requests),
        "p50 ms": round(statistics.median(times) * 1000, 1),
        "p95 ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "longest until done, s": round(told.longest_wait, 1),
        "answers told": len(told.answers),
        "results": len(told.closed),
        "results compared": len(world.frozen),
        "actions": len(told.actions),
        "troubles": Counter(what for _, what in told.troubles).most_common(),
        "by minute": sorted(Counter(int(at // 60) for at, _ in told.troubles).items()),
        "memory, database, results, requests": memory[:: max(1, len(memory) // 12)],
        "lost, doubled or changed": problems[:20],
    }
    print(json.dumps(report, indent=1))
    return 1 if problems else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.long_run", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--teams", type=int, default=6, help="of four people each")
    parser.add_argument("--from", dest="old", required=True, help="the commit from which to upgrade")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="maturity-long-") as name, server_and_replica() as pair:
        folder = Path(name)
        old = folder / "old"
        subprocess.run(["git", "worktree", "add", "--detach", "--quiet", old, given.old], cwd=ROOT, check=True)
        try:
            return run(World(folder, pair, old, time.monotonic()), given.minutes, given.teams)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", old], cwd=ROOT, check=True)


def leave(*_: object) -> None:
    """So that whoever stops it leaves no server behind."""
    raise SystemExit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave)
    sys.exit(main())
