import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from assessments.frameworks.format.files import FrameworkFileError, read
from assessments.frameworks.import_plan import PartialImport, Plan, plan
from assessments.frameworks.importers import ADAPTERS, adapt, sources_in
from assessments.frameworks.storing import Stored, VersionTaken
from assessments.management.prepared import PreparedCommand
from assessments.models import EditRefused

#: Kinds of changes whose keys stand in the report for people; all of them stand in the JSON.
NAMED = {
    "added": "added",
    "removed": "removed",
    "moved": "in another dimension",
    "relevelled": "at another level",
    "reworded": "with another question",
    "rescaled": "with other choices",
}

ONE = {"levels": "level", "groups": "group", "dimensions": "dimension", "criteria": "criterion", "scales": "scale"}


class Command(PreparedCommand):
    help = (
        "Imports a framework as a draft version: a file of the product, or with --from one of another format. If the "
        "framework is there already, the draft follows its newest version, and what is different is listed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH", help="a file; for SAMM the folder of its files")
        parser.add_argument(
            "--from", dest="kind", choices=sorted(ADAPTERS), help="the format of the file, if not the product's"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument(
            "--publish", action="store_true", help="publish the version at once, instead of leaving a draft"
        )
        parser.add_argument(
            "--label", default="", metavar="VERSION", help="the version, if the file has none or to use another one"
        )
        parser.add_argument(
            "--partial", action="store_true", help="import it even if not everything that can be rated comes over"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="the report as JSON")

    def handle(self, *, path, kind, dry_run, publish, label, partial, as_json, **options) -> None:
        try:
            if kind:
                found = plan(adapt(kind, sources_in(kind, path), version=label))
            else:
                found = plan(read(path, version=label))
            self.carry_out(found, dry_run=dry_run, publish=publish, partial=partial, as_json=as_json)
        except PartialImport as error:
            raise CommandError(f"{error} Run this again with --partial to import it without the others.") from error
        except (FrameworkFileError, VersionTaken, EditRefused) as error:
            if as_json:
                self.stdout.write(json.dumps({"problems": problems_of(error)}, indent=2, ensure_ascii=False))
            raise CommandError(str(error)) from error

    def carry_out(self, found: Plan, *, dry_run: bool, publish: bool, partial: bool, as_json: bool) -> None:
        """Stores what was planned, unless this is a dry run, and reports it. Raises PartialImport after the report."""
        refusal: PartialImport | None = None
        stored: Stored | None = None
        try:
            stored = None if dry_run else found.carry_out(by=None, publish=publish, partial=partial)
        except PartialImport as error:
            refusal = error
        report = found.report() | {
            "digest": (stored and stored.edition.digest) or found.file.digest,
            "dry_run": dry_run,
            "edition": str(stored.edition.pk) if stored else None,
            "status": stored.edition.status if stored else None,
            "created": bool(stored and stored.is_new),
        }
        if as_json:
            self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(report_lines(found, report)))
        if refusal:
            raise refusal


def problems_of(error: Exception) -> list[dict[str, Any]]:
    if isinstance(error, FrameworkFileError):
        return [
            {"file": p.file, "line": p.line, "path": p.path, "message": p.message, "mend": p.mend}
            for p in error.problems
        ]
    path = "framework.version" if isinstance(error, VersionTaken) else ""
    return [{"file": None, "line": None, "path": path, "message": str(error), "mend": ""}]


def report_lines(found: Plan, report: dict[str, Any]) -> Iterator[str]:
    """The report for people, with what came over first."""
    yield found.summary
    yield f"{report['name']} {report['version']} ({report['framework']}), {report['digest'][:19]}…"
    counts = found.counts()
    per_level = ", ".join(f"{n} at level {level}" for level, n in counts.pop("criteria_per_level").items())
    yield "  " + ", ".join(f"{n} {ONE[name] if n == 1 else name}" for name, n in counts.items())
    if per_level:
        yield f"  criteria: {per_level}"
    for title, lines in (("Not taken over:", found.refused), ("Changed to fit:", found.adapted)):
        if lines:
            yield title
            yield from (f"  {line}" for line in lines)
    if found.comparison:
        yield f"Against {found.previous}:"
        yield f"  {'No difference.' if found.comparison.is_empty else found.comparison.summary}"
        for kind, words in NAMED.items():
            if keys := report["changes"][kind]:
                yield f"  {words}: {', '.join(keys)}"
    yield _outcome(found, report)


def _outcome(found: Plan, report: dict[str, Any]) -> str:
    if report["created"]:
        return f"Stored as {report['status']}."
    if found.is_known:
        return f"This is there already; nothing {'would change' if report['dry_run'] else 'was changed'}."
    return "Nothing was stored: this was a dry run." if report["dry_run"] else "Nothing was stored."
