import json

from django.core.management.base import BaseCommand, CommandError

from assessments.frameworks.format.files import FrameworkFileError, read
from assessments.frameworks.import_plan import Plan, plan
from assessments.frameworks.importers import ADAPTERS, adapt, sources_in
from assessments.frameworks.storing import VersionTaken
from assessments.models import EditRefused


class Command(BaseCommand):
    help = (
        "Imports a framework as a draft edition: a file of the product, or with --from one of another format. Where "
        "the framework is there already, the draft follows its newest edition, and what is different is listed."
    )

    def add_arguments(self, parser):
        parser.add_argument("path", metavar="PATH", help="a file; for SAMM the folder of its files")
        parser.add_argument(
            "--from", dest="kind", choices=sorted(ADAPTERS), help="the format of the file, if not the product's"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument(
            "--publish", action="store_true", help="publish the edition at once, instead of leaving a draft"
        )
        parser.add_argument("--label", default="", metavar="VERSION", help="a version to use instead of the file's")
        parser.add_argument("--json", action="store_true", dest="as_json", help="the report as JSON")

    def handle(self, *, path, kind, dry_run, publish, label, as_json, **options):
        try:
            found = plan(adapt(kind, sources_in(kind, path)) if kind else read(path), label=label)
            stored = None if dry_run else found.carry_out(by=None, publish=publish)
        except (FrameworkFileError, VersionTaken, EditRefused) as error:
            if as_json:
                self.stdout.write(json.dumps({"problems": problems_of(error)}, indent=2, ensure_ascii=False))
            raise CommandError(str(error)) from error
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
            self.stdout.write("\n".join(told(found, report)))


def problems_of(error: Exception) -> list[dict]:
    if isinstance(error, FrameworkFileError):
        return [
            {"file": p.file, "line": p.line, "path": p.path, "message": p.message, "mend": p.mend}
            for p in error.problems
        ]
    path = "framework.version" if isinstance(error, VersionTaken) else ""
    return [{"file": None, "line": None, "path": path, "message": str(error), "mend": ""}]


def told(found: Plan, report: dict):
    """The report as lines for people."""
    yield f"{report['name']} {report['version']} ({report['framework']}), {report['digest'][:19]}…"
    counts = found.counts()
    per_level = ", ".join(f"{n} at level {level}" for level, n in counts.pop("criteria_per_level").items())
    yield "  " + ", ".join(f"{n} {name}" for name, n in counts.items())
    if per_level:
        yield f"  criteria: {per_level}"
    for title, lines in (("Changed to fit:", found.adapted), ("Not taken over:", found.refused)):
        if lines:
            yield title
            yield from (f"  {line}" for line in lines)
    if found.comparison:
        yield f"Against {found.previous}:"
        for kind, keys in report["changes"].items():
            if keys:
                yield f"  {kind}: {', '.join(keys)}"
        if found.comparison.is_empty:
            yield "  no difference"
    if report["dry_run"]:
        yield (
            "This is there already; nothing would change."
            if found.is_known
            else "Nothing was stored: this was a dry run."
        )
    else:
        yield f"Stored as {report['status']}." if report["created"] else "This is there already; nothing was changed."
