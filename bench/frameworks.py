"""A framework of 200 criteria in 20 dimensions: importing it, and its pages in the editor."""

import contextlib
import http.client
import io
import os
import statistics
import tempfile
import time
from urllib.parse import urlencode

from . import load

RUNS, TEAMS = 5, 100
DIMENSIONS, LEVELS, PER_CELL = 20, 5, 2
MAX_QUERIES, MAX_SECONDS, MAX_IMPORT = 15, 1.0, 3.0


def large(version: str, word: str) -> str:
    """A framework file with 200 criteria, two in each cell; `word` is in every statement, so that all can change."""
    from assessments.frameworks.format.files import read, write
    from assessments.frameworks.format.schema import FrameworkFile
    from assessments.frameworks.storing import BUILT_IN

    data = read(BUILT_IN / "mlops.yaml").plain()
    for name in ("adviser", "symptoms", "traceability", "metrics", "source_differences"):
        data.pop(name, None)
    data["framework"] |= {"key": "large", "name": "Large", "version": version}
    data["levels"] = [{"level": n, "name": f"Level {n}", "summary": f"What level {n} is."} for n in range(LEVELS + 1)]
    data["dimensions"] = [{"key": f"d{d}", "name": f"Dimension {d}"} for d in range(DIMENSIONS)]
    data["criteria"] = [
        {
            "key": f"d{d}.l{level}.c{c}",
            "dimension": f"d{d}",
            "level": level,
            "statement": f"The team keeps {word} for area {d}, step {level}, part {c}, where everybody finds it.",
            "evidence": f"Ask two people of the team for the {word} and see whether both find the same one at once. "
            * 3,
            "next": f"Begin with the {word} that was missing last.",
        }
        for d in range(DIMENSIONS)
        for level in range(1, LEVELS + 1)
        for c in range(PER_CELL)
    ]
    return write(FrameworkFile.model_validate(data))


def import_seconds() -> float:
    """How long the command takes, from the file to the stored edition; the second edition is left as a draft."""
    from django.core.management import call_command

    with tempfile.TemporaryDirectory() as folder:
        times = []
        for version, word, options in (("1.0.0", "a list", ["--publish"]), ("1.1.0", "one register", [])):
            path = os.path.join(folder, f"{version}.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(large(version, word))
            started = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                call_command("import_framework", path, *options)
            times.append(time.perf_counter() - started)
    return max(times)


def assess_teams(edition, count: int):
    """Gives that many teams a closed assessment with a result."""
    import datetime

    from assessments import scoring
    from assessments.models import Assessment, CriterionResult, PartResult, Result, Team, Unit
    from assessments.models.results import ResultRows

    unit = Unit.objects.create(name="Assessed")
    teams = Team.objects.bulk_create([Team(unit=unit, name=f"Assessed {n:03}") for n in range(count)])
    day, closed = datetime.date(2026, 10, 14), datetime.datetime(2026, 10, 14, 16, tzinfo=datetime.UTC)
    terms = {"edition": edition, "date": day, "rule": "largely", "status": "closed", "closed_at": closed}
    made: dict = {Assessment: [], Result: [], PartResult: [], CriterionResult: []}
    codes = {c.key: "NPLF"[n % 4] for n, c in enumerate(edition.contents.criteria)}
    assessments = [Assessment(team=team, opened_at=closed, **terms) for team in teams]
    score = scoring.score(assessments[0].instrument(), [codes])
    for assessment in assessments:
        rows = ResultRows.of(assessment, score, by=None, created_at=closed, closing=1, respondents=1, participants=1)
        made[Assessment].append(assessment)
        made[Result].append(rows.result)
        made[PartResult] += rows.parts
        made[CriterionResult] += rows.criteria
    for kind, rows in made.items():
        kind._default_manager.bulk_create(rows, batch_size=1000)


def _seconds(port: int, session: str, path: str, method: str = "GET") -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    started = time.perf_counter()
    headers = {name: value for name, value in load.headers(session).items() if name != "HX-Request"}
    connection.request(method, path, urlencode({}) if method == "POST" else None, headers)
    response = connection.getresponse()
    response.read()
    taken = time.perf_counter() - started
    if response.status not in (200, 302):
        raise RuntimeError(f"{method} {path} answered {response.status}")
    return taken


def seed() -> dict:
    """Imports both editions; the figures of that, an administrator's session, and the pages to measure."""
    from assessments.models import Edition, User

    from .seed import cookie

    seconds = import_seconds()
    draft = Edition.objects.get(framework__key="large", version="1.1.0")
    # As if the author had said of every change that it is editorial: then every answer is scored again.
    draft.criteria.update(editorial=True)
    assess_teams(Edition.objects.get(framework__key="large", version="1.0.0"), TEAMS)
    admin = User.objects.create_user("editor@bench.example", name="Editor", is_administrator=True)
    base = draft.get_editor_url()
    pages = {
        "editor": base,
        "editor, a criterion": draft.url_of(draft.criteria.all()[0]),
        "editor, a dimension": draft.url_of(draft.dimensions.all()[0]),
        "editor, all changes": f"{base}changes/",
        "compare two editions": f"{draft.get_absolute_url()}compare/",
        f"impact on {TEAMS} teams": f"{base}impact/",
        "before publishing": f"{base}publish/",
        "read an edition": draft.get_absolute_url(),
    }
    return {"import": seconds, "session": cookie(admin), "pages": pages, "publish": f"{base}publish/"}


def figures(port: int, made: dict) -> dict:
    """Seconds and queries of each page, medians over runs; publishing is done once, at the end."""
    from .pages import queries

    session = made["session"]
    pages = {
        name: {
            "seconds": statistics.median(_seconds(port, session, path) for _ in range(RUNS)),
            "queries": queries(path, session),
        }
        for name, path in made["pages"].items()
    }
    pages["publish"] = {"seconds": _seconds(port, session, made["publish"], "POST"), "queries": 0}
    return {"import": made["import"], "pages": pages}


def goals(measured: dict) -> dict[str, tuple[str, bool]]:
    slowest = max(page["seconds"] for page in measured["pages"].values())
    most = max(page["queries"] for page in measured["pages"].values())
    return {
        "importing 200 criteria under 3 s": (f"{measured['import']:.2f}", measured["import"] < MAX_IMPORT),
        "no page of the editor over 1 s": (f"{slowest:.2f}", slowest < MAX_SECONDS),
        "no page of the editor over 15 queries": (str(most), most <= MAX_QUERIES),
    }


def print_table(measured: dict):
    print(f"\nA framework of 200 criteria in 20 dimensions; importing it takes {measured['import']:.2f} s")
    for name, page in measured["pages"].items():
        print(f"  {name:30}{page['seconds'] * 1000:8.0f} ms{page['queries'] or '':>6} queries")
