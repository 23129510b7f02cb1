"""`manage.py transfer` moves an installation from one database to the other: SQLite to PostgreSQL, or back.

It is a backup of the one, restored into the other, without a file between them. So it refuses a target that is not
empty, compares every row at the end, and leaves the target empty if it fails. If only this process is killed, the two
that read and write may still finish: the target is empty or complete.
"""

import subprocess
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessments.management.another_database import environment_with, manage_command
from assessments.management.commands.backup import UNREAD


class Command(BaseCommand):
    help = "Copies everything from one database into another, empty one. Stop the server first."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="source", metavar="URL", required=True, help="as in DATABASE_URL")
        parser.add_argument("--to", dest="target", metavar="URL", required=True, help="as in DATABASE_URL")

    def handle(self, *, source: str, target: str, **options: Any) -> None:
        with (
            subprocess.Popen(  # noqa: S603
                manage_command("backup", "-"),
                env=environment_with(source),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=False,
            ) as reading,
            subprocess.Popen(  # noqa: S603
                manage_command("restore", "-"),
                env=environment_with(target),
                stdin=reading.stdout,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as writing,
        ):
            # Only the process that writes reads it, so that the other one notices when that ends.
            if reading.stdout is not None:
                reading.stdout.close()
            told, _ = writing.communicate()
            problem = reading.stderr.read().decode() if reading.stderr is not None else ""
            reading.wait()
        if writing.returncode == 0 and reading.returncode == 0:
            self.stdout.write(
                told.decode().replace("Restored the backup of", "Transferred what was there at"), ending=""
            )
            return
        # What the source says is the reason; without it the target only sees that the archive ends early.
        is_of_source = reading.returncode != 0 and UNREAD not in problem
        said = (problem if is_of_source else told.decode()).strip().removeprefix("CommandError: ")
        raise CommandError(f"Nothing was transferred. {'Source' if is_of_source else 'Target'}: {said}")
