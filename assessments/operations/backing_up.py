"""Writing a backup: every table, as it is at one moment, into one archive."""

import contextlib
from typing import IO

from django.conf import settings
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from .archive import About, ArchiveWriter, Sums
from .columns import stored_tables
from .snapshot import snapshot


def applied_migrations(using: str) -> dict[str, list[str]]:
    """By application, the names of the migrations that the database has, in alphabetical order."""
    by_application: dict[str, list[str]] = {}
    for application, name in sorted(MigrationRecorder(connections[using]).applied_migrations()):
        by_application.setdefault(application, []).append(name)
    return by_application


def write_backup(output: IO[bytes], *, using: str, secret_key: str = "") -> Sums:
    """Writes the whole database; returns counts and digests by table. `secret_key` is encrypted already.

    The database has to be at the migrations of this version.
    """
    tables = stored_tables()
    about = About(
        version=settings.VERSION,
        made_at=f"{timezone.now():%FT%TZ}",
        database=connections[using].vendor,
        migrations=applied_migrations(using),
        tables=tables,
        secret_key=secret_key,
    )
    sums: Sums = {}
    with snapshot(using) as database:
        editions = database.digests_of_editions()
        archive = ArchiveWriter(output, about)
        for table in tables:
            # Closed before the transaction ends, also if writing fails: PostgreSQL sends the rest first otherwise.
            with contextlib.closing(database.rows(table)) as rows:
                sums[table.name] = archive.write_table(table, rows, database.last_number(table))
        archive.close(sums, editions)
    return sums
