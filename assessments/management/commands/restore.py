"""`manage.py restore` puts a backup into an empty installation, on either database: all of it, or nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection

from assessments.management.commands.backup import in_words
from assessments.management.commands.prepare import one_at_a_time
from assessments.management.passphrases import read_passphrase
from assessments.operations.archive import ArchiveDamaged, ArchiveReader
from assessments.operations.backing_up import applied_migrations
from assessments.operations.passphrase import WrongPassphrase, open_with
from assessments.operations.restoring import (
    MigrationState,
    NotEmpty,
    NotTheSame,
    changed_editions,
    is_empty,
    load,
    state_of,
)
from assessments.operations.whole_files import whole_file

NOT_EMPTY = (
    "This database is not empty, so nothing was changed. Restore into a new one: an empty PostgreSQL database, or a "
    "DATA_DIR without a database. Keep the old one until you have looked at the new one."
)


class Command(BaseCommand):
    help = "Puts a backup into an empty installation, and compares every row. Run it before the server starts."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="a file that “manage.py backup” wrote, or - for standard input"
        )
        parser.add_argument(
            "--secret-key-to", metavar="PATH", help="also write the secret key of the backup to this file"
        )
        parser.add_argument("--passphrase-file", metavar="PATH", help="read the passphrase of the key from this file")

    def handle(
        self, *, file: str, secret_key_to: str | None, passphrase_file: str | None, verbosity: int, **options: Any
    ) -> None:
        with opened(file) as source, damage_told():
            archive = ArchiveReader(source)
            state = state_of(archive)
            refuse_newer(archive, state)
            secret_key = secret_key_of(archive, passphrase_file) if secret_key_to else ""
            with written_at_the_end(secret_key, secret_key_to), one_at_a_time():
                self.restore(archive, state, max(verbosity - 1, 0))
        if secret_key_to:
            self.stdout.write(f"Wrote the secret key to {secret_key_to}.")

    def restore(self, archive: ArchiveReader, state: MigrationState, verbosity: int) -> None:
        if not is_empty(DEFAULT_DB_ALIAS):
            raise CommandError(NOT_EMPTY)
        migrate_to(archive, state, verbosity)
        try:
            sums = load(archive, using=DEFAULT_DB_ALIAS)
        except NotEmpty as error:
            raise CommandError(NOT_EMPTY) from error
        except NotTheSame as error:
            raise CommandError(
                f"What was restored is not what the backup holds ({error}), so nothing was kept. Please report this."
            ) from error
        if state.missing:
            call_command("migrate", interactive=False, verbosity=verbosity)
        if changed := changed_editions(DEFAULT_DB_ALIAS):
            names = ", ".join(str(edition) for edition in changed)
            raise CommandError(f"These versions of frameworks do not have the content of their digest: {names}.")
        self.stdout.write(
            f"Restored the backup of {archive.about.made_at} (version {archive.about.version}): {in_words(sums)}. "
            f"All rows, results and versions of frameworks are as they were."
        )


@contextmanager
def opened(file: str) -> Iterator[IO[bytes]]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as source:
            yield source
    except OSError as error:
        raise CommandError(f"{error.filename or file} cannot be read: {error.strerror}.") from error


@contextmanager
def damage_told() -> Iterator[None]:
    try:
        yield
    except ArchiveDamaged as error:
        raise CommandError(f"{error} Nothing was restored.") from error
    except DatabaseError as error:
        raise CommandError(f"The database does not take the backup: {str(error).strip()}") from error


def refuse_newer(archive: ArchiveReader, state: MigrationState) -> None:
    if state.unknown:
        raise CommandError(
            f"This backup was made by version {archive.about.version}, which is newer than this program "
            f"({len(state.unknown)} migrations are not known here). Install that version. Nothing was changed."
        )


def migrate_to(archive: ArchiveReader, state: MigrationState, verbosity: int) -> None:
    """Brings the empty database to the migrations that the backup was made at."""
    if not state.missing:
        call_command("migrate", interactive=False, verbosity=verbosity)
        return
    newer = state.missing & {
        (app, name) for app, names in applied_migrations(DEFAULT_DB_ALIAS).items() for name in names
    }
    if newer:
        raise CommandError(
            f"The backup is of an earlier version ({archive.about.version}), and this database is already newer. "
            f"Restore into a database without tables; it is brought up to date afterwards. Nothing was changed."
        )
    for application, name in state.last.items():
        call_command("migrate", application, name, interactive=False, verbosity=verbosity)
    connection.close()


def secret_key_of(archive: ArchiveReader, passphrase_file: str | None) -> str:
    if not archive.about.secret_key:
        raise CommandError("This backup holds no secret key.")
    try:
        return open_with(read_passphrase(passphrase_file, is_new=False), archive.about.secret_key)
    except WrongPassphrase as error:
        raise CommandError("The passphrase is not the one of this backup. Nothing was changed.") from error


@contextmanager
def written_at_the_end(secret_key: str, path: str | None) -> Iterator[None]:
    """Puts the secret key into the file when the block has ended well. If that is not possible, the block never runs.

    Otherwise the database would be there without its key, and no longer be empty for another try.
    """
    if path is None:
        yield
        return
    if Path(path).is_dir():
        raise CommandError(f"{path} is a folder. Name a file for the secret key. Nothing was changed.")
    refuse_to_replace_key(Path(path), secret_key)
    try:
        with whole_file(Path(path)) as file:
            file.write(secret_key.encode())
            yield
    except OSError as error:
        raise CommandError(f"The secret key cannot be written to {path}: {error.strerror}.") from error


def refuse_to_replace_key(path: Path, secret_key: str) -> None:
    """Another key stays, unless it is the one that this installation has made up: nothing depends on that yet."""
    if not path.exists() or path.resolve() == settings.OWN_KEY_FILE.resolve():
        return
    if path.read_text(encoding="utf-8", errors="replace").strip() != secret_key:
        raise CommandError(f"{path} exists and holds something else, so it stays. Nothing was changed.")
