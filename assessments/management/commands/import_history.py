from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from assessments.frameworks.format.document import read_bytes
from assessments.frameworks.format.problems import FrameworkFileError
from assessments.history_import.days import read_day
from assessments.history_import.forms import LONGEST_FILE_NAME
from assessments.history_import.lines import BesideFile, HistoryFileError
from assessments.history_import.plan import HistoryPlan
from assessments.history_import.reading import MAX_BYTES, read_history
from assessments.management.prepared import PreparedCommand
from assessments.models import Edition, HistoryImport, HistoryLine, Questionnaire, Refused, Unit


class Command(PreparedCommand):
    help = (
        "Imports earlier assessments from a CSV or XLSX file, JSON of SAMMwise, a SAMM toolbox, or the team progress "
        "of DSOMM. With --dry-run it only says what it would do. All or nothing is imported. --remove takes it back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="the file")
        parser.add_argument("--framework", metavar="KEY", help="the key of the framework that was answered")
        parser.add_argument("--label", metavar="VERSION", help="its version, if it is not the one offered first")
        parser.add_argument("--rule", metavar="KEY", help="the scoring rule, if it is not the usual one")
        parser.add_argument("--short", action="store_true", help="the short questionnaire was answered")
        parser.add_argument("--team", default="", metavar="NAME", help="if the file does not name it; unit > team")
        parser.add_argument("--date", default="", metavar="DAY", help="if the file does not say when it was")
        parser.add_argument("--new-teams-in", metavar="UNIT", help="create teams that are not here in this unit")
        parser.add_argument("--dry-run", action="store_true", help="say what it would do, and change nothing")
        parser.add_argument("--remove", type=UUID, metavar="ID", help="remove a batch by the id in its address")

    def handle(self, *, file: str | None, remove: UUID | None, dry_run: bool, **options: Any) -> None:
        if remove:
            return self.remove(remove)
        if not file or not options["framework"]:
            raise CommandError("Name a file and, with --framework, the framework that was answered.")
        if options["date"] and read_day(options["date"]) is None:
            raise CommandError(f"{options['date']} is no day. Write it as 2026-03-31.")
        line = _line(**options)
        name = file.rpartition("/")[2][-LONGEST_FILE_NAME:]
        about = BesideFile(team=options["team"], date=options["date"])
        try:
            given = read_history(name, read_bytes(file, MAX_BYTES), about=about, contents=line.edition.contents)
        except FrameworkFileError as error:
            raise CommandError(str(error)) from error
        except HistoryFileError as error:
            raise CommandError(f"{name}: {error}") from error
        plan = HistoryPlan(given, line, new_teams_in=_unit(options["new_teams_in"]))
        for note in plan.notes:
            self.stdout.write(note)
        if plan.problems:
            told = [f"{name}, {problem.where}: {problem.sentence}" for problem in plan.problems]
            raise CommandError("\n".join([*told, "Nothing was imported."]))
        if plan.known:
            self.stdout.write(f"Nothing changed: imported before, as {plan.known.pk}.")
            return None
        for team in plan.new_teams:
            self.stdout.write(f"New team: {team}.")
        if dry_run:
            self.stdout.write(f"Would import {plan.in_words}.")
            return None
        try:
            stored = plan.carry_out(origin=name, by=None)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Imported {plan.in_words}. To take it back: --remove {stored.pk}.")
        return None

    def remove(self, pk: UUID) -> None:
        stored = HistoryImport.objects.with_counts().filter(pk=pk).first()
        if stored is None:
            raise CommandError(f"There is no import {pk}.")
        try:
            stored.remove(by=None)
        except Refused as refusal:
            raise CommandError(f"Nothing was removed. {refusal}") from refusal
        self.stdout.write(f"Removed {stored.assessments_count} assessments of {stored.name}.")


def _line(*, framework: str, label: str | None, rule: str | None, short: bool, **_others: Any) -> HistoryLine:
    editions = Edition.objects.published().filter(framework__key=framework).select_related("framework")
    edition = editions.filter(version=label).first() if label else editions.first()
    if edition is None:
        raise CommandError(
            f"There is no published version {label or ''} of a framework {framework}.".replace("  ", " ")
        )
    contents = edition.contents
    rule = contents.default_rule if rule is None else rule
    if rule not in (contents.rules or {"": ""}):
        raise CommandError(f"{edition} has no rule {rule}. Its rules: {', '.join(contents.rules) or 'none'}.")
    if short and not contents.quick_keys:
        raise CommandError(f"{edition} has no short questionnaire.")
    return HistoryLine(edition=edition, rule=rule, questionnaire=Questionnaire.SHORT if short else Questionnaire.FULL)


def _unit(name: str | None) -> Unit | None:
    if name is None:
        return None
    units = list(Unit.objects.filter(name__iexact=name))
    if len(units) != 1:
        raise CommandError(f"There is no unit {name}." if not units else f"Several units are called {name}.")
    return units[0]
