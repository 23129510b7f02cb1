"""Putting a backup into an empty installation: all of it, or nothing."""

from dataclasses import dataclass

from django.db import IntegrityError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from ..frameworks.storing import file_of
from ..models import Edition
from ..models.edition_triggers import thawed
from .archive import ArchiveDamaged, ArchiveReader, Row, StoredTable, Sums, digest_of_results
from .columns import conversions_for, convert, to_sqlite
from .snapshot import quoted, sequence_of, set_for_long_work, within_transaction

#: A row in one of these is somebody's work. What else there may be hangs on it, or `prepare` makes it.
_SIGNS_OF_USE = {
    "assessments_user": "",
    "assessments_unit": "",
    "assessments_team": "",
    "assessments_edition": "WHERE origin <> 'builtin' OR status = 'draft'",
}


class NotEmpty(Exception):
    """There is something in the database already, so nothing is put into it."""


class NotTheSame(Exception):
    """What the database holds after loading is not what the backup says; nothing was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationState:
    """Migrations of an archive beside those of the program: what to migrate to before the rows are loaded."""

    #: By application, its last migration in the archive.
    last: dict[str, str]
    #: Migrations of this program that the archive doesn't have.
    missing: set[tuple[str, str]]
    #: Migrations of the archive that this program doesn't know.
    unknown: set[tuple[str, str]]


def state_of(archive: ArchiveReader) -> MigrationState:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    stored = {(application, name) for application, names in archive.about.migrations.items() for name in names}
    # Applications that are no longer installed leave their rows in the table of migrations.
    stored = {key for key in stored if key[0] in loader.migrated_apps}
    known = set(loader.disk_migrations)
    last = {}
    for application, name in sorted(stored & known):
        later = loader.graph.node_map[application, name].children
        if not any(child.key[0] == application and child.key in stored for child in later):
            last[application] = name
    return MigrationState(last=last, missing=known - stored, unknown=stored - known)


def is_empty(using: str) -> bool:
    """Whether nobody has done anything here: there are no tables yet, or only what `prepare` makes."""
    connection = connections[using]
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for name, condition in _SIGNS_OF_USE.items():
            if name in there:
                cursor.execute(f'SELECT 1 FROM "{name}" {condition} LIMIT 1')
                if cursor.fetchone():
                    return False
    return True


def load(archive: ArchiveReader, *, using: str) -> Sums:
    """Loads every row in one transaction, and reads them again to compare; returns the sums.

    The database has to be at the migrations of the archive. Raises ArchiveDamaged, NotEmpty or NotTheSame, and then
    has changed nothing.
    """
    connection = connections[using]
    tables = archive.about.tables
    with transaction.atomic(using=using):
        if connection.vendor == "postgresql":
            set_for_long_work(connection)
            with connection.cursor() as cursor:
                # Nobody creates an account between the look and the end.
                cursor.execute(f"LOCK TABLE {quoted([table.name for table in tables])} IN ACCESS EXCLUSIVE MODE")
        if not is_empty(using):
            raise NotEmpty
        with thawed(using):
            _clear(connection, tables)
            try:
                for table, rows in archive.pieces():
                    _insert(connection, table, rows)
            except (IntegrityError, OverflowError) as error:
                raise ArchiveDamaged(f"The database refuses a row of the backup: {error}") from error
            _set_last_numbers(connection, tables, archive.sums)
            _check_references(connection)
        found = within_transaction(using).sums(tables)
        different = sorted(name for name, total in found.items() if total != archive.sums[name])
        if different:
            raise NotTheSame(", ".join(different))
        if digest_of_results(found) != archive.results_digest:
            raise NotTheSame("results")
    return found


def _clear(connection: BaseDatabaseWrapper, tables: list[StoredTable]) -> None:
    """Removes what migrations and `prepare` made: it is in the backup as well, perhaps under other numbers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {quoted([table.name for table in tables])} RESTART IDENTITY")
            return
        for table in tables:
            cursor.execute(f'DELETE FROM "{table.name}"')
        cursor.execute("DELETE FROM sqlite_sequence")


def _insert(connection: BaseDatabaseWrapper, table: StoredTable, rows: list[Row]) -> None:
    columns = quoted([name for name, _ in table.columns])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
            return
        conversions = conversions_for(table, to_sqlite)
        for row in rows:
            convert(row, conversions)
        marks = ", ".join(["%s"] * len(table.columns))
        cursor.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', rows)


def _set_last_numbers(connection: BaseDatabaseWrapper, tables: list[StoredTable], sums: Sums) -> None:
    """The next row of each table gets the number that it would have got where the backup was made."""
    with connection.cursor() as cursor:
        for table in tables:
            number = sums[table.name]["last_number"]
            if number is None:
                continue
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(%s, %s, %s)", [sequence_of(connection, table), number or 1, number > 0])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
                if number:
                    cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, number])


def _check_references(connection: BaseDatabaseWrapper) -> None:
    """Every reference leads to a row. Both databases would say so at the end, but triggers are made before that."""
    try:
        connection.check_constraints()
    except IntegrityError as error:
        raise ArchiveDamaged(f"A row of the backup refers to one that is not there: {error}") from error


def changed_editions(using: str) -> list[Edition]:
    """Published versions of frameworks whose content is not what their digest says."""
    editions = Edition.objects.using(using).exclude(digest="").select_related("framework")
    return [edition for edition in editions if file_of(edition).digest != edition.digest]
