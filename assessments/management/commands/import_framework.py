import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from assessments.frameworks.format.document import parse_documents, read_bytes
from assessments.frameworks.format.files import FrameworkFileError, read
from assessments.frameworks.import_plan import PartialImport, Plan, plan
from assessments.frameworks.importers import ADAPTERS, Options, adapt, named_levels, sources_in
from assessments.frameworks.storing import Stored, VersionTaken
from assessments.frameworks.translating import Coverage, bring_file, edition_for
from assessments.frameworks.translation_file import LIMITS, TranslationFile, is_translation, translation_of
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

#: Within so many bytes, a translation file has said that it is one.
MOST_HEAD = 2_000

ONE = {"levels": "level", "groups": "group", "dimensions": "dimension", "criteria": "criterion", "scales": "scale"}


class Command(PreparedCommand):
    help = (
        "Imports a framework as a draft version: a framework file or, with --from, a file of another format. If the "
        "framework already exists, the draft follows its newest version, and the differences are listed. A translation "
        "file is stored beside the version that it translates."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH", help="a file; for SAMM and DSOMM also a folder or a ZIP")
        parser.add_argument(
            "--from",
            dest="kind",
            choices=sorted(ADAPTERS),
            help="the format of the file, if it is not a framework file",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would happen without changing anything")
        parser.add_argument(
            "--publish",
            action="store_true",
            help="publish the version at once instead of leaving a draft; mark a translation as checked",
        )
        parser.add_argument(
            "--label", default="", metavar="VERSION", help="the version, if the file has none or you want another one"
        )
        parser.add_argument(
            "--partial", action="store_true", help="import it even if some of what can be rated cannot be imported"
        )
        parser.add_argument(
            "--levels",
            metavar="GROUPS",
            type=named_levels,
            help=(
                "CISO Assistant: the implementation groups that become levels, the lowest first, with commas; 'none' "
                "for no levels. Without it, groups whose names say an order are levels"
            ),
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
        levels: tuple[str, ...] | None,
        as_json: bool,
        **options: Any,
    ) -> None:
        try:
            if not kind and (translation := translation_in(path)):
                self.translate(translation, dry_run=dry_run, checked=publish, as_json=as_json)
                return
            if kind:
                planned = plan(adapt(kind, sources_in(kind, path), Options(version=label, levels=levels)))
            else:
                planned = plan(read(path, version=label))
            self.carry_out(planned, dry_run=dry_run, publish=publish, partial=partial, as_json=as_json)
        except PartialImport as error:
            raise CommandError(f"{error} Run this again with --partial to import it without them.") from error
        except (FrameworkFileError, VersionTaken, EditRefused) as error:
            if as_json:
                self.stdout.write(json.dumps({"problems": problems_of(error)}, indent=2, ensure_ascii=False))
            raise CommandError(str(error)) from error

    def translate(self, file: TranslationFile, *, dry_run: bool, checked: bool, as_json: bool) -> None:
        """Stores a translation file, unless this is a dry run, and says what is in it."""
        with transaction.atomic():
            edition = edition_for(file)
            brought = bring_file(file, edition, by=None, checked=checked)
            coverage = Coverage.of(brought.translation)
            transaction.set_rollback(dry_run)
        report = {
            "framework": file.framework,
            "version": edition.version,
            "language": file.language,
            "texts": brought.texts,
            "stale": coverage.stale,
            "missing": coverage.missing,
            "unknown": brought.unknown,
            "checked": brought.translation.is_checked,
            "dry_run": dry_run,
        }
        if as_json:
            self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))
            return
        self.stdout.write(f"{edition} in {file.language}: {brought.texts} texts in the file.")
        self.stdout.write(f"  {coverage.done} up to date, {coverage.stale} stale, {coverage.missing} missing")
        if brought.unknown:
            self.stdout.write(f"Not in this version: {', '.join(brought.unknown[:20])}")
        if dry_run:
            self.stdout.write("Nothing was stored: this was a dry run.")
        else:
            state = "checked: readers see it" if brought.translation.is_checked else "to be checked by an administrator"
            self.stdout.write(f"Stored, {state}.")

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


def translation_in(path: Any) -> TranslationFile | None:
    """The translation in a file; None if it is no translation. Raises FrameworkFileError."""
    content = read_bytes(path, LIMITS.max_bytes)
    if b"translation" not in content[:MOST_HEAD]:
        return None
    document = parse_documents(content, name=Path(path).name, limits=LIMITS)[0]
    return translation_of(document) if is_translation(document) else None


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
    yield "Levels: " + ", ".join(f"{name} ({n})" if n else name for name, n in planned.levels_by_name())
    dimensions = planned.dimensions_by_name()
    yield "Dimensions: " + ", ".join(
        f"{group} › {name} ({n})" if group else f"{name} ({n})" for group, name, n in dimensions
    )
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
