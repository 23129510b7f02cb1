"""The portfolio of a thousand teams, with so many years of quarterly results as the argument says.

    python -m bench.portfolio 5

makes the organisation with `manage.py demo`, asks for the portfolio one request at a time and prints what it measured
as JSON. `python -m bench` runs it for 4, 20 and 40 results of each team, every time in a process of its own.
"""

import dataclasses
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from . import load, server

TEAMS, DIMENSIONS, SECONDS = 1000, 20, 10.0
MAX_QUERIES = 14
#: Years of quarterly results: 4, 20 and 40 of each team.
YEARS = (1, 5, 10)
DATABASE = "maturity_bench_portfolio"
BASE = f"/portfolio/?framework=delivery-{DIMENSIONS}"
MENU = "/portfolio/"
#: What a head of a department does: comes in, looks, turns the page, sorts by an area, looks at an earlier day.
ADDRESSES = [MENU, BASE, f"{BASE}&page=7", f"{BASE}&sort=d03", f"{BASE}&as_of=2026-06-30"]


def visits() -> Iterator[load.Request]:
    return itertools.cycle(load.Request(method="GET", path=address) for address in ADDRESSES)


def label(address: str) -> str:
    return "from the menu" if address == MENU else address.partition("&")[2] or "first page"


def measured(years: int) -> dict:
    port = server.free_port()
    with tempfile.TemporaryDirectory() as data, server.database(name=DATABASE) as url:
        server.prepare_environment(url, data, port)
        for command in (["prepare"], ["collectstatic", "--no-input"]):
            server.manage(*command)
        started = time.perf_counter()
        server.manage("demo", f"--teams={TEAMS}", f"--years={years}", f"--dimensions={DIMENSIONS}")
        seconds = time.perf_counter() - started
        server.let_it_settle(url)
        import django

        django.setup()
        from django.db import connection

        from assessments.models import User

        from .pages import queries
        from .seed import cookie

        # Accounts of the demo organisation only sign in with DEMO=1.
        session = cookie(User.objects.create(email="head@example.org", name="Head", is_administrator=True))
        counts = {label(address): queries(address, session) for address in ADDRESSES}
        # The client forks from this process: it must not inherit a connection.
        getattr(connection, "close_pool", connection.close)()
        with server.serve(port):
            load.run(port, [(session, visits)], seconds=2)
            result = load.run(port, [(session, visits)], seconds=SECONDS)
        getattr(connection, "close_pool", connection.close)()
    return {"results": years * 4, "demo": seconds, "queries": counts, **dataclasses.asdict(result)}


def everything() -> list[dict]:
    """One organisation after the other."""
    reports = []
    for years in YEARS:
        command = [sys.executable, "-m", "bench.portfolio", str(years)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        reports.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return reports


def goals(reports: list[dict]) -> dict[str, tuple[str, bool]]:
    if not reports:
        return {}
    few, usual, many = reports
    most = max(n for report in reports for n in report["queries"].values())
    slower = many["p50"] / few["p50"]
    return {
        "large demo under 180 s": (f"{usual['demo']:.0f} s", usual["demo"] < 180),
        f"portfolio in {MAX_QUERIES} queries": (str(most), most <= MAX_QUERIES),
        "portfolio p95 under 600 ms": (f"{usual['p95']:.0f} ms", usual["p95"] < 600),
        "portfolio within 1.3 x from 4 to 40 results": (f"{slower:.2f}", slower <= 1.3),
        "no errors in the portfolio": (str(sum(r["errors"] for r in reports)), not any(r["errors"] for r in reports)),
    }


def print_figures(reports: list[dict]):
    if not reports:
        return
    print(f"\nPortfolio of {TEAMS} teams and {DIMENSIONS} dimensions, one request at a time\n")
    print(f"{'results of each team':24}{'demo s':>9}{'queries':>9}{'p50 ms':>9}{'p95 ms':>9}")
    for report in reports:
        queries = max(report["queries"].values())
        print(f"{report['results']:<24}{report['demo']:9.0f}{queries:9}{report['p50']:9.0f}{report['p95']:9.0f}")


def alone() -> int:
    """Only this benchmark, with its goals."""
    reports = everything()
    print_figures(reports)
    for name, (value, met) in goals(reports).items():
        print(f"  {'met   ' if met else 'MISSED'} {name}: {value}")
    return 0 if all(met for _, met in goals(reports).values()) else 1


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))
