from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from assessments.management.prepared import PreparedCommand
from assessments.management.sealed_files import add_file_and_keys, sealed_bytes, trusted_keys
from assessments.models import Refused, Team
from assessments.sealed.checking import Soundness, verdict
from assessments.sealed.importing import import_result
from assessments.sealed.signing import installations_by_key


class Command(PreparedCommand):
    help = (
        "Imports a sealed file of another installation as a closed assessment of a team. Every figure is calculated "
        "again; a file whose key is not given with --key is refused. The same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_file_and_keys(parser)
        parser.add_argument("--team", required=True, type=UUID, metavar="ID", help="the id in the team's address")

    def handle(self, *, path: str, key: list[str], team: UUID, **options: Any) -> None:
        found = verdict(sealed_bytes(path), known=trusted_keys(key) if key else installations_by_key())
        if found.opened is None or found.soundness is not Soundness.SOUND:
            raise CommandError("\n".join(["Nothing was imported.", *found.lines]), returncode=int(found.soundness))
        chosen = Team.objects.filter(pk=team).first()
        if chosen is None:
            raise CommandError(f"There is no team {team}.")
        try:
            stored, is_new = import_result(found.opened, team=chosen)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        words = "Imported" if is_new else "Nothing changed: already imported"
        self.stdout.write(f"{words}: {stored.assessment} from {stored.origin}.")
