"""Programs that read lists and report facts, at one worker: how many a second, and what CPU a request takes."""

import datetime
import http.client
import itertools
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path

from . import server

TEAMS, RESULTS_EACH, ACTIONS_EACH = 60, 4, 5
#: A key has 600 calls a minute and a person 20 keys, so each client goes through some of them.
CLIENTS, KEYS_EACH, SECONDS, RUNS = 4, 5, 3.0, 3
LISTS = ("teams", "actions", "results")
FACTS, AT_ONCE = 10_000, 500
PER_SECOND, FACTS_WITHIN = 200, 60.0
#: Clock ticks a second, in which the kernel counts the time of processes.
TICKS = os.sysconf("SC_CLK_TCK")


def seed() -> dict:
    """A lead of many teams with results and actions, and keys of theirs."""
    from django.utils import timezone

    from assessments.models import Action, ApiKey, KeyTerms, Membership, Unit, User
    from assessments.models.api_keys import key_text
    from assessments.models.participation import new_token

    from .seed import edition, team_with_history

    unit = Unit.objects.create(name="Programs")
    lead = User.objects.create_user("programs@bench.example", name="Programs")
    teams = []
    for number in range(TEAMS):
        team = team_with_history(unit, RESULTS_EACH)
        team.name = f"Team {number}"
        team.save()
        Membership.objects.create(user=lead, team=team, role="lead")
        for criterion in edition().contents.criteria[:ACTIONS_EACH]:
            Action.objects.plan(
                team=team, framework=edition().framework, criterion=criterion.key, text="Write it down.", by=lead
            )
        teams.append(str(team.pk))
    expires_on = timezone.localdate() + datetime.timedelta(days=30)
    keys = []
    for number in range(CLIENTS * KEYS_EACH):
        token = new_token()
        terms = KeyTerms(name=f"Key {number}", scopes=("read", "checks:write"), expires_on=expires_on, networks=())
        ApiKey.objects.make(terms, by=lead, token=token)
        keys.append(key_text(token))
    criteria = [criterion.key for criterion in edition().contents.criteria]
    return {"teams": teams, "keys": keys, "criteria": criteria}


def cpu(master: int) -> float:
    """Seconds that the children of gunicorn's first process have taken so far."""
    ticks = 0
    for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def ask(connection: http.client.HTTPConnection, key: str, method: str, path: str, body: object = None) -> int:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    response.read()
    return response.status


def _client(port: int, keys: list[str], path: str, begin: float, results) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times, errors, key = [], 0, itertools.cycle(keys)
    time.sleep(max(0, begin - time.time()))
    while time.time() < begin + SECONDS:
        started = time.perf_counter()
        errors += ask(connection, next(key), "GET", path) != 200
        times.append((time.perf_counter() - started) * 1000)
    results.put((times, errors))


def read(port: int, master: int, keys: list[str], path: str) -> dict:
    """What some clients at once get of a list, each with keys of its own."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    begin, before = time.time() + 0.3, cpu(master)
    each = len(keys) // CLIENTS
    clients = [
        context.Process(target=_client, args=(port, keys[n * each : (n + 1) * each], path, begin, results))
        for n in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    collected = [results.get(timeout=120) for _client in clients]
    for client in clients:
        client.join()
    times = [duration for durations, _errors in collected for duration in durations]
    return {
        "per second": round(len(times) / SECONDS, 1),
        "p50 ms": round(statistics.median(times), 1),
        "CPU ms": round(1000 * (cpu(master) - before) / len(times), 2),
        "errors": sum(errors for _times, errors in collected),
    }


def report(port: int, master: int, made: dict) -> dict:
    """Ten thousand facts of one team, 500 a call, all of them new, and the same with other outcomes once more."""
    figures = {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    now = datetime.datetime.now(datetime.UTC)
    for name, outcome in (("new", "passed"), ("changed", "failed")):
        observed_at = now - datetime.timedelta(hours=2 if outcome == "passed" else 1)
        places = itertools.islice(((c, f"s{n}") for n in itertools.count() for c in made["criteria"]), FACTS)
        facts = [
            {"criterion": criterion, "source": source, "outcome": outcome, "observed_at": observed_at.isoformat()}
            for criterion, source in places
        ]
        began, before, errors = time.perf_counter(), cpu(master), 0
        for some in range(0, FACTS, AT_ONCE):
            body = {"framework": "mlops", "facts": facts[some : some + AT_ONCE]}
            errors += ask(connection, made["keys"][0], "POST", f"teams/{made['teams'][0]}/checks", body) != 200
        figures[name] = {
            "seconds": round(time.perf_counter() - began, 1),
            "CPU s": round(cpu(master) - before, 1),
            "errors": errors,
        }
    return figures


def alone(*, sqlite: bool) -> int:
    """Measures and prints it; 1 if a goal is missed."""
    os.environ["WEB_WORKERS"] = "1"
    port = server.free_port()
    with tempfile.TemporaryDirectory() as data, server.database(sqlite=sqlite) as url:
        server.prepare_environment(url, data, port)
        server.manage("prepare")
        import django

        django.setup()
        from django.db import connection

        made = seed()
        getattr(connection, "close_pool", connection.close)()
        with server.serve(port) as process:
            lists = {}
            for path in LISTS:
                runs = [read(port, process.pid, made["keys"], path) for _run in range(RUNS)]
                lists[path] = sorted(runs, key=lambda run: run["per second"])[RUNS // 2]
            facts = report(port, process.pid, made)
    print(f"{url.partition(':')[0]}, one worker of four threads, load {os.getloadavg()[0]:.1f}")
    for path, figures in lists.items():
        print(f"  GET {path:10}{figures}")
    for name, figures in facts.items():
        print(f"  {FACTS} facts, {name:10}{figures}")
    met = all(figures["per second"] >= PER_SECOND and not figures["errors"] for figures in lists.values())
    in_time = all(figures["seconds"] < FACTS_WITHIN and not figures["errors"] for figures in facts.values())
    print(f"  {'met   ' if met else 'MISSED'} lists at {PER_SECOND} a second")
    print(f"  {'met   ' if in_time else 'MISSED'} facts within {FACTS_WITHIN:g} s")
    return 0 if met and in_time else 1
