import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from assessments.management.sealed_files import USAGE, add_file_and_keys, sealed_bytes, trusted_keys
from assessments.sealed.checking import verdict
from assessments.sealed.signing import known_keys


class Command(BaseCommand):
    help = (
        "Checks a sealed file. Exits with 0 if it is sound, 1 if anything in it was changed, 2 if its figures do not "
        "follow from its ratings, 3 if its key is not known, 64 if it could not be checked. With --key no database is "
        "needed."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        add_file_and_keys(parser)
        parser.error = _usage_error  # type: ignore[method-assign]

    def handle(self, *, path: str, key: list[str], **options: Any) -> None:
        found = verdict(sealed_bytes(path), known=trusted_keys(key) if key else _known_here())
        self.stdout.write("\n".join(found.lines))
        if found.soundness:
            sys.exit(int(found.soundness))


def _usage_error(message: str) -> NoReturn:
    # The parser's own code, 2, would say something about the figures.
    raise CommandError(f"Error: {message}", returncode=USAGE)


def _known_here() -> list[str]:
    try:
        return known_keys()
    except DatabaseError as error:
        sentence = "The database of this installation does not answer, so its keys are not known. Use --key."
        raise CommandError(sentence, returncode=USAGE) from error
