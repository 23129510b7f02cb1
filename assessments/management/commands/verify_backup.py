"""`manage.py verify_backup` proves that a backup can be restored, by restoring it into a database of its own."""

import os
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessments.management.another_database import environment_with, manage_command


class Command(BaseCommand):
    help = "Restores a backup into a temporary database and compares counts, digests and every row."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a file that “manage.py backup” wrote")
        parser.add_argument(
            "--folder", metavar="PATH", help="where to make the temporary database, instead of the system's folder"
        )

    def handle(self, *, file: str, folder: str | None, **options: Any) -> None:
        try:
            temporary = tempfile.TemporaryDirectory(prefix="maturity-verify-", dir=folder)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be written: {error.strerror}.") from error
        with temporary as name:
            environment = environment_with(f"sqlite:///{Path(name) / 'verified.sqlite3'}")
            # Its own lock, and no key of the installation.
            environment |= {"DATA_DIR": name, "SECRET_KEY": secrets.token_urlsafe(48)}
            environment.pop("SECRET_KEY_FILE", None)
            command = manage_command("restore", os.path.abspath(file))
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise CommandError(f"{file} cannot be restored. {done.stderr.strip().removeprefix('CommandError: ')}")
        self.stdout.write(done.stdout.replace("Restored", f"{file} is whole. Restored", 1), ending="")
