"""A framework of 200 criteria in 20 dimensions: importing it, and its pages in the editor; one in seven languages."""

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
#: Earlier assessments from a file: so many teams, each with so many quarters, every criterion answered.
HISTORY_TEAMS, QUARTERS, MAX_HISTORY = 20, 8, 60.0
MAX_QUERIES, MAX_SECONDS, MAX_IMPORT = 15, 1.0, 3.0
TRANSLATED, TRANSLATIONS, MAX_TRANSLATED = 500, ("de", "es", "fr", "it", "nl", "pl"), 10.0


def large(version: str, word: str) -> str:
    """A framework file with 200 criteria, two in each cell; `word` is in every statement, so that all can change."""
    from assessments.frameworks.format.files import read, write
    from assessments.frameworks.format.schema import FrameworkFile
    from assessments.frameworks.storing import BUILT_IN

    data = read(BUILT_IN / "mlops.yaml").plain()
    for name in ("adviser", "symptoms", "traceability", "metrics", "checks", "source_differences"):
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


def library_in_languages() -> str:
    """A library of CISO Assistant with 500 requirements in 20 sections, each in English and six other languages."""
    import json

    def node(n: int) -> dict:
        section = n % DIMENSIONS
        text = f"The organisation keeps a register for area {section}, part {n}, and looks through it twice a year."
        return {
            "urn": f"urn:bench:{section}:{n}",
            "parent_urn": f"urn:bench:{section}",
            "assessable": True,
            "ref_id": f"A{section}.{n}",
            "name": f"Register {n}",
            "description": text,
            "translations": {
                language: {"name": f"{language}: Register {n}", "description": f"{language}: {text}"}
                for language in TRANSLATIONS
            },
        }

    sections = [
        {
            "urn": f"urn:bench:{n}",
            "assessable": False,
            "ref_id": f"A{n}",
            "name": f"Area {n}",
            "translations": {language: {"name": f"{language}: Area {n}"} for language in TRANSLATIONS},
        }
        for n in range(DIMENSIONS)
    ]
    framework = {"ref_id": "SPOKEN", "name": "Spoken", "requirement_nodes": [*sections, *map(node, range(TRANSLATED))]}
    return json.dumps({"version": 1, "locale": "en", "objects": {"framework": framework}})


def translated_seconds() -> float:
    """How long the command takes for that library, from the file to the published version with its translations."""
    from django.core.management import call_command

    from assessments.models import Translation

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spoken.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(library_in_languages())
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            call_command("import_framework", path, "--from", "ciso", "--publish")
        taken = time.perf_counter() - started
    stored = Translation.objects.filter(edition__framework__key="spoken", edition__status="published")
    if [len(translation.texts) for translation in stored] != [2 * TRANSLATED + DIMENSIONS] * len(TRANSLATIONS):
        raise RuntimeError("not every text came over in every language")
    return taken


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


def history_seconds() -> float:
    """How long importing the history of many teams takes, from the file to the frozen results."""
    from django.core.management import call_command

    from assessments.models import Edition, Unit

    unit = Unit.objects.create(name="With a history")
    edition = Edition.objects.published().filter(framework__key="mlops")[0]
    days = [f"{2024 + quarter // 4}-{3 * (quarter % 4) + 2:02}-14" for quarter in range(QUARTERS)]
    lines = ["team,date,criterion,answer,respondent,comment,evidence"]
    for team in range(HISTORY_TEAMS):
        for quarter, day in enumerate(days):
            for number, criterion in enumerate(edition.contents.criteria):
                code = "NPLF"[min(3, (team + quarter + number) % 5)]
                lines.append(f"Team {team:02},{day},{criterion.key},{code},Ada,,")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "history.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            call_command("import_history", path, "--framework=mlops", f"--new-teams-in={unit.name}")
        return time.perf_counter() - started


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
    history = history_seconds()
    translated = translated_seconds()
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
    return {
        "import": seconds,
        "history": history,
        "translated": translated,
        "session": cookie(admin),
        "pages": pages,
        "publish": f"{base}publish/",
    }


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
    return {name: made[name] for name in ("import", "history", "translated")} | {"pages": pages}


def goals(measured: dict) -> dict[str, tuple[str, bool]]:
    slowest = max(page["seconds"] for page in measured["pages"].values())
    most = max(page["queries"] for page in measured["pages"].values())
    return {
        "importing 200 criteria under 3 s": (f"{measured['import']:.2f}", measured["import"] < MAX_IMPORT),
        f"a history of {HISTORY_TEAMS} teams x {QUARTERS} quarters under {MAX_HISTORY:.0f} s": (
            f"{measured['history']:.1f}",
            measured["history"] < MAX_HISTORY,
        ),
        f"importing {TRANSLATED} criteria in {len(TRANSLATIONS)} languages under {MAX_TRANSLATED:.0f} s": (
            f"{measured['translated']:.2f}",
            measured["translated"] < MAX_TRANSLATED,
        ),
        "no page of the editor over 1 s": (f"{slowest:.2f}", slowest < MAX_SECONDS),
        "no page of the editor over 15 queries": (str(most), most <= MAX_QUERIES),
    }


def print_table(measured: dict):
    print(f"\nA framework of 200 criteria in 20 dimensions; importing it takes {measured['import']:.2f} s")
    print(f"A history of {HISTORY_TEAMS} teams x {QUARTERS} quarters, all of MLOps: {measured['history']:.1f} s")
    taken = measured["translated"]
    print(f"  importing {TRANSLATED} criteria in {len(TRANSLATIONS)} other languages as well: {taken:.2f} s")
    for name, page in measured["pages"].items():
        print(f"  {name:30}{page['seconds'] * 1000:8.0f} ms{page['queries'] or '':>6} queries")
