"""`manage.py backup` writes everything that is in the database into one file, while people work."""

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone

from assessments.management.passphrases import read_passphrase
from assessments.management.prepared import PreparedCommand
from assessments.operations.archive import ArchiveDamaged, ArchiveReader, Sums
from assessments.operations.backing_up import write_backup
from assessments.operations.passphrase import seal_with
from assessments.operations.rotation import name_at, parse_keep, rotate
from assessments.operations.whole_files import remove_abandoned, whole_file

UNREAD = "What reads the backup ended before all of it was written."


class Command(PreparedCommand):
    help = "Writes the whole database to one file, while people work. “manage.py restore” reads it on either database."
    #: Nothing but the archive may go to the standard output.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="the file to write, or - for standard output; with --keep, a folder"
        )
        parser.add_argument(
            "--keep",
            metavar="daily=7,weekly=4,monthly=12",
            help="write a new file into the folder, and remove backups that no day, week or month of these needs",
        )
        parser.add_argument(
            "--with-secret-key", action="store_true", help="also the secret key, encrypted with a passphrase"
        )
        parser.add_argument("--passphrase-file", metavar="PATH", help="read the passphrase from this file")

    def handle(
        self, *, file: str, keep: str | None, with_secret_key: bool, passphrase_file: str | None, **options: Any
    ) -> None:
        secret_key = ""
        if with_secret_key:
            secret_key = seal_with(read_passphrase(passphrase_file, is_new=True), settings.SECRET_KEY)
        if file == "-":
            if keep:
                raise CommandError("With --keep, name a folder.")
            try:
                sums = write_backup(sys.stdout.buffer, using=DEFAULT_DB_ALIAS, secret_key=secret_key)
                sys.stdout.buffer.flush()
            except BrokenPipeError as error:
                # Python would try to write the rest once more when it ends.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise CommandError(UNREAD) from error
            self.stderr.write(f"Wrote a backup of {named_database()}: {in_words(sums)}.")
            return
        try:
            self.write_file(Path(file), keep, secret_key)
        except OSError as error:
            raise CommandError(f"{error.filename or file} cannot be written: {error.strerror}.") from error

    def write_file(self, path: Path, keep: str | None, secret_key: str) -> None:
        counts = {}
        if keep:
            try:
                counts = parse_keep(keep)
            except ValueError as error:
                raise CommandError(f"--keep: {error}") from error
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_abandoned(path)
            path = path / name_at(timezone.now())
        elif path.is_dir():
            raise CommandError(f"{path} is a folder. Name a file, or add --keep.")
        refuse_to_replace(path)
        with whole_file(path) as output:
            sums = write_backup(output, using=DEFAULT_DB_ALIAS, secret_key=secret_key)
        self.stdout.write(f"Wrote {path}, of {named_database()}: {in_words(sums)}.")
        # Old ones go only after the new one is there.
        for name in rotate(path.parent, counts) if counts else []:
            self.stdout.write(f"Removed {name}.")


def named_database() -> str:
    """Which database is read, as the environment of cron may name another one than that of the server."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(known["NAME"])
    return f"the PostgreSQL database {known['NAME']} at {known['HOST'] or 'this machine'}"


def refuse_to_replace(path: Path) -> None:
    """A backup takes the place of an earlier one, but never of anything else, such as the database."""
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            ArchiveReader(file)
    except ArchiveDamaged as error:
        raise CommandError(f"{path} exists and is not a backup, so it stays. Choose another name.") from error


def in_words(sums: Sums) -> str:
    rows = sum(total["rows"] for total in sums.values())
    results = sums["assessments_result"]["rows"] if "assessments_result" in sums else 0
    return f"{rows} rows in {len(sums)} tables, {results} of them results"
