import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from assessments.evidence.report_map import MapProblem
from assessments.evidence.reports import MOST_BYTES, ReportKind, ReportProblem, facts_of
from assessments.management.prepared import PreparedCommand
from assessments.models import CheckState, Edition, FactsRefused, Framework, Team

#: A map has 500 short lines at most.
MOST_OF_MAP = 300_000


class Command(PreparedCommand):
    help = (
        "Stores what a report of OpenSSF Scorecard, SARIF or JUnit says about criteria, as a map tells: "
        "“Branch-Protection >= 8 -> criterion.key”, a line each. Facts stand beside answers and change no figure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the report")
        parser.add_argument("--team", type=UUID, required=True, metavar="ID", help="the id in the team's address")
        parser.add_argument("--framework", required=True, metavar="KEY", help="whose criteria the map names")
        parser.add_argument("--kind", required=True, choices=[kind.value for kind in ReportKind])
        parser.add_argument("--map", type=Path, required=True, metavar="FILE", help="what in the report means what")
        parser.add_argument("--source", default="", help="what the program is called, if not as its kind")
        parser.add_argument("--link", default="", metavar="URL", help="where people can look the report up")
        parser.add_argument("--days", type=int, default=30, help="how long the facts count, 1 to 400")

    def handle(self, *, file: Path, team: UUID, framework: str, kind: str, **options: Any) -> None:
        chosen = Team.objects.filter(pk=team).first()
        if chosen is None:
            raise CommandError(f"There is no team {team}.")
        about = Framework.objects.filter(key=framework, pk__in=Edition.objects.frozen().values("framework")).first()
        if about is None:
            raise CommandError(f"There is no published framework {framework}.")
        if not 1 <= options["days"] <= 400:
            raise CommandError("Facts count for 1 to 400 days.")
        if len(options["source"]) > 80 or len(options["link"]) > 500:
            raise CommandError("The source has at most 80 letters, the link 500.")
        try:
            facts = facts_of(
                _text(file, most=MOST_BYTES),
                kind=ReportKind(kind),
                mapping=_text(options["map"], most=MOST_OF_MAP),
                source=options["source"],
                link=options["link"],
                valid_for=datetime.timedelta(days=options["days"]),
            )
            pushed = CheckState.objects.push(facts, team=chosen, framework=about, by=None)
        except (MapProblem, ReportProblem) as problem:
            raise CommandError(f"Nothing was stored. {problem}") from problem
        except FactsRefused as refusal:
            told = [f"{facts[int(place.split('.')[0])].criterion}: {sentence}" for place, sentence in refusal.problems]
            raise CommandError("\n".join([str(refusal), *dict.fromkeys(told)])) from refusal
        for fact in facts:
            self.stdout.write(f"{fact.criterion}: {fact.outcome}{f' ({fact.value})' if fact.value else ''}")
        self.stdout.write(f"{pushed.stored} of {pushed.received} facts are new, {pushed.changed} came out otherwise.")


def _text(path: Path, *, most: int) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > most:
        raise CommandError(f"{path} is larger than {most} bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not text in UTF-8.") from error
