from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from assessments.management.prepared import PreparedCommand
from assessments.models import Refused, Result
from assessments.sealed.making import seal_result, sealed_name


class Command(PreparedCommand):
    help = "Writes a result as a sealed file: signed, and complete enough to calculate every figure again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("result", metavar="RESULT", type=UUID, help="the id at the end of the result's address")
        parser.add_argument("--votes", action="store_true", help="with the number of votes for each answer")
        parser.add_argument("--no-team", action="store_false", dest="team", help="without the team's name")
        parser.add_argument("--output", metavar="PATH", help="a file to write to, instead of NAME.maturity.json here")

    def handle(self, *, result: UUID, votes: bool, team: bool, output: str | None, **options: Any) -> None:
        rows = Result.objects.select_related("team", "assessment", "edition__framework")
        chosen = rows.filter(pk=result).first()
        if chosen is None:
            raise CommandError(f"There is no result {result}.")
        try:
            data = seal_result(chosen, by=None, votes=votes, team=team)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        path = Path(output or sealed_name(chosen, team=team))
        try:
            path.write_bytes(data)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Sealed {chosen} as {path}.")
