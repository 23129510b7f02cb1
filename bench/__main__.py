"""Runs every benchmark and prints a table, then the same as JSON."""

import argparse
import dataclasses
import itertools
import json
import os
import platform
import sys
import tempfile

from . import api, frameworks, large, live, load, many, portfolio, server

RUNS, SECONDS = 3, 4.0


def saves(client: dict):
    """Answers one criterion after the other, as a browser does: one page, rising numbers."""

    def make():
        for n in itertools.count(1):
            form = {
                "code": "NPLF"[n % 4],
                "page": f"bench-{os.getpid()}",
                "sequence": n,
                "version": 0,
                "who": client["user"],
            }
            yield load.Request(method="POST", path=client["saves"][n % len(client["saves"])], form=form)

    return client["cookie"], make


def floor_saves(client: dict):
    def make():
        for n in itertools.count(1):
            yield load.Request(method="POST", path="/floor/save/", form={"thing": n % 64, "value": n})

    return client["cookie"], make


def pages(cookie: str, path: str):
    return cookie, lambda: itertools.repeat(load.Request(method="GET", path=path))


def unchanged(port: int, cookie: str, path: str):
    """Asks again for a page that the browser has and that did not change."""
    etag = load.etag(port, cookie, path)
    return cookie, lambda: itertools.repeat(load.Request(method="GET", path=path, has=etag, expect=304))


def clear_ratings():
    """Each run begins with nothing answered, so that a later page token is not a stale one."""
    from assessments.models import Assessment, Respondent

    Respondent.objects.filter(assessment__in=Assessment.objects.open()).delete()


def measured(port, clients) -> load.Measured:
    runs = []
    for _ in range(RUNS):
        clear_ratings()
        runs.append(load.run(port, clients, seconds=SECONDS))
    return load.median_of(runs)


def everything(port: int, made: dict) -> dict:
    own, together, histories = made["own"], made["together"], made["histories"]
    size = page_size(port, own[0]["page"], own[0]["cookie"])
    team_sizes = {n: page_size(port, h["path"], h["cookie"]) for n, h in histories.items()}
    crowd = range(len(own))
    loads = {
        "save an answer, each client in its own assessment": measured(port, [saves(c) for c in own]),
        "floor: one upsert behind session and auth": measured(port, [floor_saves(c) for c in own]),
        "save an answer, all clients in one assessment": measured(port, [saves(c) for c in together]),
        "save an answer, one client": measured(port, [saves(own[0])]),
        "questionnaire page": measured(port, [pages(c["cookie"], c["page"]) for c in own]),
        f"floor: {size} bytes behind session and auth": measured(
            port, [pages(c["cookie"], f"/floor/page/?bytes={size}") for c in own]
        ),
    }
    for n in (4, 40):
        h = histories[n]
        loads[f"team page, {n} assessments"] = measured(port, [pages(h["cookie"], h["path"]) for _ in crowd])
        loads[f"team page, {n} assessments, one client"] = measured(port, [pages(h["cookie"], h["path"])])
        loads[f"team page, {n} assessments, one client, unchanged"] = measured(
            port, [unchanged(port, h["cookie"], h["path"])]
        )
    h = histories[4]
    loads["result page"] = measured(port, [pages(h["cookie"], h["result"]) for _ in crowd])
    loads["result page, one client"] = measured(port, [pages(h["cookie"], h["result"])])
    loads[f"floor: {team_sizes[40]} bytes behind session and auth"] = measured(
        port, [pages(c["cookie"], f"/floor/page/?bytes={team_sizes[40]}") for c in own]
    )
    return loads


def page_size(port, path, cookie) -> int:
    from .pages import _fetch

    return len(_fetch(port, path, cookie)[0])


def other_figures(port: int, made: dict) -> dict:
    from .pages import queries, weight

    first = made["own"][0]
    base = "/".join(first["page"].split("/")[:3])
    lead = made["histories"][10]
    return {
        "queries": {
            **{f"team page, {n} assessments": queries(h["path"], h["cookie"]) for n, h in made["histories"].items()},
            "teams": queries("/teams/", lead["cookie"]),
            "questionnaire": queries(first["page"], first["cookie"]),
            "before answering": queries(f"{base}/answer/", first["cookie"]),
            "finish": queries(f"{base}/answer/done/", first["cookie"]),
            "assessment": queries(f"{base}/", first["cookie"]),
            "close": queries(f"{base}/close/", first["cookie"]),
            "frameworks": queries("/frameworks/", lead["cookie"]),
        },
        "bytes on the first visit": {
            "sign-in": weight(port, "/sign-in/"),
            "questionnaire": weight(port, first["page"], first["cookie"]),
            "team page": weight(port, lead["path"], lead["cookie"]),
        },
    }


def share_of(measured: load.Measured, floor: load.Measured, least: float) -> tuple[str, bool]:
    share = measured.per_second / floor.per_second
    return f"{share:.2f}", share >= least


def rate_of(measured: load.Measured, least: float) -> tuple[str, bool]:
    return f"{measured.per_second:.0f}", measured.per_second >= least


def p50_of(measured: load.Measured, most: float) -> tuple[str, bool]:
    return f"{measured.p50:.1f} ms", measured.p50 <= most


def goals(loads: dict, others: dict) -> dict[str, tuple[str, bool]]:
    save, floor, _, save_alone, page, page_floor, *_ = loads.values()
    slower = loads["team page, 40 assessments, one client"].p50 / loads["team page, 4 assessments, one client"].p50
    counts = others["queries"]
    team_counts = [n for name, n in counts.items() if name.startswith("team page")]
    weights = others["bytes on the first visit"].values()
    return {
        "saving at 0.7 of its floor or more": share_of(save, floor, 0.7),
        "saving at one client in 5 ms": p50_of(save_alone, 5),
        "questionnaire at 0.4 of its floor or more": share_of(page, page_floor, 0.4),
        "team page, 4 results, 200 a second": rate_of(loads["team page, 4 assessments"], 200),
        "team page, 40 results, 180 a second": rate_of(loads["team page, 40 assessments"], 180),
        "team page, 40 results, in 10 ms": p50_of(loads["team page, 40 assessments, one client"], 10),
        "team page, 40 results, unchanged in 4 ms": p50_of(
            loads["team page, 40 assessments, one client, unchanged"], 4
        ),
        "result page, 200 a second": rate_of(loads["result page"], 200),
        "team page within 1.3 x from 4 to 40": (f"{slower:.2f}", slower <= 1.3),
        # A single result has nothing to join, which saves a query.
        "team page constant in queries from 4 to 100": (str(team_counts), len(set(team_counts[1:])) == 1),
        "no page over 12 queries": (str(max(counts.values())), max(counts.values()) <= 12),
        "first visit under 100 KB": (
            str(max(sum(w.values()) for w in weights)),
            all(sum(w.values()) < 100_000 for w in weights),
        ),
        "script under 25 KB": (str(max(w["script"] for w in weights)), all(w["script"] < 25_000 for w in weights)),
        "no errors": (str(sum(m.errors for m in loads.values())), not any(m.errors for m in loads.values())),
    }


def print_table(about: dict, loads: dict[str, load.Measured], others: dict):
    print(f"\n{about['database']}, {about['machine']}; medians of {RUNS} runs of {SECONDS:g} s\n")
    print(f"{'':58}{'req/s':>8}{'p50 ms':>9}{'p95 ms':>9}")
    for name, m in loads.items():
        print(f"{name:58}{m.per_second:8.0f}{m.p50:9.1f}{m.p95:9.1f}")
    print("\nSQL queries per page")
    for name, n in others["queries"].items():
        print(f"  {name:40}{n:4}")
    print("\nBytes on the first visit, compressed")
    for name, parts in others["bytes on the first visit"].items():
        print(f"  {name:20}{sum(parts.values()):8}  {parts}", flush=True)


def print_goals(report: dict):
    print(f"\nGoals, {report['database']}, {report['machine']}")
    for name, (value, met) in report["goals"].items():
        print(f"  {'met   ' if met else 'MISSED'} {name}: {value}")


def arguments():
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--only-many", action="store_true", help="measure only a whole team at once")
    parser.add_argument("--only-live", action="store_true", help="measure only a live room with 30 phones")
    parser.add_argument("--only-portfolio", action="store_true", help="measure only the portfolio of a thousand teams")
    parser.add_argument("--only-large", action="store_true", help="measure only what ten thousand teams cost")
    parser.add_argument("--only-api", action="store_true", help="measure only what programs read and report")
    parser.add_argument("--only-frameworks", action="store_true", help="measure only the editor and importing")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, even where PostgreSQL answers")
    return parser.parse_args()


def main():
    wanted, port = arguments(), server.free_port()
    if wanted.only_portfolio:
        return portfolio.alone()
    if wanted.only_large:
        return large.alone()
    if wanted.only_api:
        return api.alone(sqlite=wanted.sqlite)
    with tempfile.TemporaryDirectory() as data, server.database(sqlite=wanted.sqlite) as url:
        server.prepare_environment(url, data, port)
        server.manage("prepare")
        server.manage("collectstatic", "--no-input")
        import django

        django.setup()
        from django.db import connection

        from .seed import seed

        everything_else = not (wanted.only_many or wanted.only_frameworks or wanted.only_live)
        made = {} if wanted.only_frameworks else seed()
        edited_ones = {} if wanted.only_many or wanted.only_live else frameworks.seed()
        # The clients fork from this process: they must not inherit a connection. Only PostgreSQL has a pool.
        hang_up = getattr(connection, "close_pool", connection.close)
        hang_up()
        # Each part is printed as soon as it is measured: what comes after it may fail.
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
        about = {"database": url.partition(":")[0], "machine": machine}
        loads, others, together, meeting, edited = {}, {}, {}, {}, {}
        with server.serve(port):
            if everything_else:
                loads, others = everything(port, made), other_figures(port, made)
                print_table(about, loads, others)
            if made and not wanted.only_live:
                together = many.measure(port, made["many"])
                many.print_figures(together)
            if made and not wanted.only_many:
                meeting = live.measure(port, made["room"])
                live.print_figures(meeting)
            if edited_ones:
                edited = frameworks.figures(port, edited_ones)
                frameworks.print_table(edited)
        hang_up()
    organisations = portfolio.everything() if everything_else else []
    portfolio.print_figures(organisations)
    report = {
        **about,
        "loads": {name: dataclasses.asdict(m) for name, m in loads.items()},
        "many": together,
        "live": meeting,
        "portfolio": organisations,
        **others,
        "frameworks": edited,
        "goals": {
            **(goals(loads, others) if loads else {}),
            **(many.goals(together) if together else {}),
            **(live.goals(meeting) if meeting else {}),
            **(frameworks.goals(edited) if edited else {}),
            **portfolio.goals(organisations),
        },
    }
    print_goals(report)
    print("\n" + json.dumps(report))
    return 0 if all(met for _, met in report["goals"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
