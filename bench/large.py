"""What ten thousand teams cost: making them, starting the server, every page that lists them; and one large closing.

    python -m bench --only-large

It takes minutes, so it only runs if it is asked for. `TEAMS=1000 python -m bench.large`
tries it with fewer.
"""

import dataclasses
import datetime
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from . import load, portfolio, server

TEAMS, YEARS = int(os.environ.get("TEAMS", "10000")), 1
DATABASE = "maturity_bench_large"
PEOPLE, CLOSINGS = 50, 5
SECONDS = 10.0
#: The pages that list the organisation, one request at a time.
PAGES = {
    "portfolio": portfolio.ADDRESSES,
    "teams": ["/teams/", "/teams/?page=7"],
    "plan": ["/plan/", "/plan/?page=7"],
    "home": ["/"],
    "search": ["/search/?q=Team+0042", "/search/?q=Person+0042"],
}
MOST_MS = {"portfolio": 300, "teams": 100, "plan": 100, "home": 100, "search": 100}


def closing_seconds() -> list[float]:
    """How long it takes to close assessments that 50 people answered, with 200 criteria each; the tables are in use."""
    from assessments.models import Assessment, Edition, Respondent, Team, Unit, User

    from .frameworks import import_seconds
    from .seed import person, ratings

    import_seconds()
    edition = Edition.objects.published().get(framework__key="large")
    unit = Unit.objects.create(name="Closing")
    times = []
    for number in range(CLOSINGS):
        team = Team.objects.create(unit=unit, name=f"Closing {number}")
        people = [person(f"closing{number}.{n}", team, "member" if n else "lead") for n in range(PEOPLE)]
        day = datetime.date(2026, 11, 14)
        assessment = Assessment.objects.start(team=team, by=people[0], edition=edition, date=day, rule="largely")
        given = []
        for place, user in enumerate(people):
            respondent = Respondent.objects.create(assessment=assessment, user=user)
            codes = {c.key: "NPLF"[(place + n) % 4] for n, c in enumerate(assessment.criteria_asked())}
            given += ratings(respondent, assessment.criteria_asked(), codes)
        type(given[0])._default_manager.bulk_create(given, batch_size=1000)
        lead = User.objects.get(pk=people[0].pk)
        started = time.perf_counter()
        Assessment.objects.get(pk=assessment.pk).close(by=lead)
        times.append(time.perf_counter() - started)
    return times


def megabytes_of_workers(gunicorn: subprocess.Popen) -> float:
    """The largest worker's resident memory; 0 where the system does not tell."""
    children = Path(f"/proc/{gunicorn.pid}/task/{gunicorn.pid}/children")
    if not children.exists():
        return 0
    page = os.sysconf("SC_PAGE_SIZE")
    held = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in children.read_text().split()]
    return max(held) / 1_000_000


def measured() -> dict:
    port = server.free_port()
    with tempfile.TemporaryDirectory() as data, server.database(name=DATABASE) as url:
        server.prepare_environment(url, data, port)
        for command in (["prepare"], ["collectstatic", "--no-input"]):
            server.manage(*command)
        started = time.perf_counter()
        server.manage("demo", f"--teams={TEAMS}", f"--years={YEARS}", f"--dimensions={portfolio.DIMENSIONS}")
        report: dict = {"teams": TEAMS, "demo": time.perf_counter() - started}
        server.let_it_settle(url)
        import django

        django.setup()
        from django.db import connection

        from assessments.models import User

        from .pages import _fetch, queries
        from .seed import cookie

        session = cookie(User.objects.create(email="head@example.org", name="Head", is_administrator=True))
        report["closing"] = statistics.median(closing_seconds())
        report["pages"] = {}
        for name, addresses in PAGES.items():
            counts = [queries(address, session) for address in addresses]
            report["pages"][name] = {"queries": max(counts)}
        # The client forks from this process: it must not inherit a connection.
        getattr(connection, "close_pool", connection.close)()
        started = time.perf_counter()
        with server.serve(port) as gunicorn:
            report["start"] = time.perf_counter() - started
            for name, addresses in PAGES.items():

                def visits(addresses: list[str] = addresses) -> Iterator[load.Request]:
                    return itertools.cycle(load.Request(method="GET", path=address) for address in addresses)

                load.run(port, [(session, visits)], seconds=2)
                result = load.run(port, [(session, visits)], seconds=SECONDS)
                size = max(_fetch(port, address, session)[1] for address in addresses)
                report["pages"][name] |= {"bytes": size, **dataclasses.asdict(result)}
            report["memory"] = megabytes_of_workers(gunicorn)
    return report


def goals(report: dict) -> dict[str, tuple[str, bool]]:
    if not report:
        return {}
    pages = report["pages"]
    queries, size = pages["portfolio"]["queries"], pages["portfolio"]["bytes"]
    return {
        "ten thousand teams made in 3 min": (f"{report['demo']:.0f} s", report["demo"] <= 180),
        "50 people x 200 criteria closed in 400 ms": (f"{report['closing'] * 1000:.0f} ms", report["closing"] <= 0.4),
        "server answers 2 s after its start": (f"{report['start']:.1f} s", report["start"] <= 2),
        "worker under 220 MB": (f"{report['memory']:.0f} MB", report["memory"] <= 220),
        f"large portfolio in {portfolio.MAX_QUERIES} queries": (str(queries), queries <= portfolio.MAX_QUERIES),
        "large portfolio under 150 KB": (str(size), size < 150_000),
        **{
            f"{name} of {report['teams']} teams, p95": (f"{pages[name]['p95']:.0f} ms", pages[name]["p95"] <= most)
            for name, most in MOST_MS.items()
        },
        "no errors with many teams": (
            str(sum(page["errors"] for page in pages.values())),
            not any(page["errors"] for page in pages.values()),
        ),
    }


def print_figures(report: dict):
    print(f"\n{report['teams']} teams and {portfolio.DIMENSIONS} dimensions, one request at a time\n")
    print(f"{'':12}{'queries':>9}{'KB':>6}{'p50 ms':>9}{'p95 ms':>9}")
    for name, page in report["pages"].items():
        print(f"{name:12}{page['queries']:9}{page['bytes'] / 1000:6.0f}{page['p50']:9.0f}{page['p95']:9.0f}")


def alone() -> int:
    """Only this benchmark, in a process of its own, with its goals."""
    done = subprocess.run([sys.executable, "-m", "bench.large"], check=True, stdout=subprocess.PIPE, text=True)
    report = json.loads(done.stdout.strip().splitlines()[-1])
    print_figures(report)
    for name, (value, met) in goals(report).items():
        print(f"  {'met   ' if met else 'MISSED'} {name}: {value}")
    return 0 if all(met for _, met in goals(report).values()) else 1


if __name__ == "__main__":
    print(json.dumps(measured()))
