"""`manage.py tidy` removes what nobody needs any more; the process that sends mails does it once a day."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from assessments.management.prepared import PreparedCommand
from assessments.operations.tidying import removable, tidy


class Command(PreparedCommand):
    help = "Removes ended sessions, old mails, links that ended and, if set, old entries of the journal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if dry_run:
            for words, count in removable().items():
                self.stdout.write(f"{count} {words} would be removed.")
            return
        try:
            removed = tidy()
        except OSError as error:
            raise CommandError(
                f"The journal cannot be written to {error.filename} ({error.strerror}), so its entries stay."
            ) from error
        for words, count in removed.items():
            if count:
                self.stdout.write(f"Removed {count} {words}.")
        if not any(removed.values()):
            self.stdout.write("There was nothing to remove.")
