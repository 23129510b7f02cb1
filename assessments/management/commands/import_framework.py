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

#: Kinds of changes that the report lists by key; the JSON lists all kinds.
NAMED = {
    "added": "added",
    "removed": "removed",
    "moved": "moved to another dimension",
    "relevelled": "moved to another level",
    "reworded": "with a different question",
    "rescaled": "with different choices",
}

ONE = {"levels": "level", "groups": "group", "dimensions": "dimension", "criteria": "criterion", "scales": "scale"}


class Command(PreparedCommand):
    help = (
        "Imports a framework as a draft version: a framework file or, with --from, a file of another format. If the "
        "framework already exists, the draft follows its newest version, and the differences are listed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH", help="a file; for SAMM the folder of its files")
        parser.add_argument(
            "--from",
            dest="kind",
            choices=sorted(ADAPTERS),
            help="the format of the file, if it is not a framework file",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would happen without changing anything")
        parser.add_argument(
            "--publish", action="store_true", help="publish the version at once instead of leaving a draft"
        )
        parser.add_argument(
            "--label", default="", metavar="VERSION", help="the version, if the file has none or you want another one"
        )
        parser.add_argument(
            "--partial", action="store_true", help="import it even if some of what can be rated cannot be imported"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="the report as JSON")

    def handle(
        self,
        *,
        path: Any,
        kind: str,
        dry_run: bool,
        publish: bool,
        label: str,
        partial: bool,
        as_json: bool,
        **options: Any,
    ) -> None:
        try:
            if kind:
                planned = plan(adapt(kind, sources_in(kind, path), version=label))
            else:
                planned = plan(read(path, version=label))
            self.carry_out(planned, dry_run=dry_run, publish=publish, partial=partial, as_json=as_json)
        except PartialImport as error:
            raise CommandError(f"{error} Run this again with --partial to import it without them.") from error
        except (FrameworkFileError, VersionTaken, EditRefused) as error:
            if as_json:
                self.stdout.write(json.dumps({"problems": problems_of(error)}, indent=2, ensure_ascii=False))
            raise CommandError(str(error)) from error

    def carry_out(self, planned: Plan, *, dry_run: bool, publish: bool, partial: bool, as_json: bool) -> None:
        """Stores the import unless this is a dry run, and reports it. Raises PartialImport after the report."""
        refusal: PartialImport | None = None
        stored: Stored | None = None
        try:
            stored = None if dry_run else planned.carry_out(by=None, publish=publish, partial=partial)
        except PartialImport as error:
            refusal = error
        report = planned.report() | {
            "digest": (stored and stored.edition.digest) or planned.file.digest,
            "dry_run": dry_run,
            "edition": str(stored.edition.pk) if stored else None,
            "status": stored.edition.status if stored else None,
            "created": bool(stored and stored.is_new),
        }
        if as_json:
            self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(report_lines(planned, report)))
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


def report_lines(planned: Plan, report: dict[str, Any]) -> Iterator[str]:
    """The report for people; it starts with how much was imported."""
    yield planned.summary
    yield f"{report['name']} {report['version']} ({report['framework']}), {report['digest'][:19]}…"
    counts = planned.counts()
    per_level = ", ".join(f"{n} at level {level}" for level, n in counts.pop("criteria_per_level").items())
    yield "  " + ", ".join(f"{n} {ONE[name] if n == 1 else name}" for name, n in counts.items())
    if per_level:
        yield f"  criteria: {per_level}"
    for title, lines in (("Not imported:", planned.refused), ("Changed to fit:", planned.adapted)):
        if lines:
            yield title
            yield from (f"  {line}" for line in lines)
    if planned.comparison:
        yield f"Compared with {planned.previous}:"
        yield f"  {'No differences.' if planned.comparison.is_empty else planned.comparison.summary}"
        for kind, words in NAMED.items():
            if keys := report["changes"][kind]:
                yield f"  {words}: {', '.join(keys)}"
    yield _outcome(planned, report)


def _outcome(planned: Plan, report: dict[str, Any]) -> str:
    if report["created"]:
        return f"Stored as {report['status']}."
    if planned.is_known:
        return f"This version already exists; nothing {'would change' if report['dry_run'] else 'was changed'}."
    return "Nothing was stored: this was a dry run." if report["dry_run"] else "Nothing was stored."
