"""Reading every row of a database as it is at one moment, while people save."""

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterator
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .archive import Row, StoredTable, Sums, TableSum, lines_of, pieces
from .columns import conversions_for, convert, from_database

#: Runs a statement and returns its rows.
Execute = Callable[[str], Any]


class Snapshot:
    """What the database holds, read in one transaction."""

    def rows(self, table: StoredTable) -> Generator[Row, None, None]:
        """Every row in the order of the key, which is the same in both databases."""
        raise NotImplementedError

    def last_number(self, table: StoredTable) -> int | None:
        """The last number that the table gave to a row by itself; None if its key is not such a number."""
        raise NotImplementedError

    def digests_of_editions(self) -> dict[str, str]:
        """By id, the digest of each published version of a framework."""
        table = StoredTable(name="assessments_edition", key="id", columns=[("id", "uuid"), ("digest", "text")])
        return {pk: digest for pk, digest in self.rows(table) if digest}

    def sum_of(self, table: StoredTable) -> dict[str, Any]:
        total = TableSum(last_number=self.last_number(table))
        for piece in pieces(self.rows(table)):
            total.add(lines_of(piece), len(piece))
        return total.as_json()

    def sums(self, tables: list[StoredTable]) -> Sums:
        return {table.name: self.sum_of(table) for table in tables}


def quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def converted(table: StoredTable, rows: Iterator[Any]) -> Generator[Row, None, None]:
    conversions = conversions_for(table, from_database)
    for values in rows:
        row = list(values)
        convert(row, conversions)
        yield row


class SQLiteSnapshot(Snapshot):
    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def rows(self, table: StoredTable) -> Generator[Row, None, None]:
        columns = quoted([name for name, _ in table.columns])
        return converted(table, self._execute(f'SELECT {columns} FROM "{table.name}" ORDER BY "{table.key}"'))

    def last_number(self, table: StoredTable) -> int | None:
        if table.key_kind != "integer":
            return None
        found = self._execute(f"SELECT seq FROM sqlite_sequence WHERE name = '{table.name}'").fetchone()
        if found:
            return found[0]
        written = self._execute(f"SELECT sql FROM sqlite_master WHERE name = '{table.name}'").fetchone()[0]
        return 0 if "AUTOINCREMENT" in written.upper() else None


class PostgreSQLSnapshot(Snapshot):
    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection

    def rows(self, table: StoredTable) -> Generator[Row, None, None]:
        columns = quoted([name for name, _ in table.columns])
        # By bytes, as SQLite compares, whatever the locale of the database is.
        order = f'"{table.key}"' + (' COLLATE "C"' if table.key_kind == "text" else "")
        statement = f'COPY (SELECT {columns} FROM "{table.name}" ORDER BY {order}) TO STDOUT'
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield from converted(table, copy.rows())

    def last_number(self, table: StoredTable) -> int | None:
        if table.key_kind != "integer":
            return None
        sequence = sequence_of(self._connection, table)
        if sequence is None:
            return None
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")
            return cursor.fetchone()[0]


def sequence_of(connection: BaseDatabaseWrapper, table: StoredTable) -> str | None:
    """The sequence that numbers the rows of the table on PostgreSQL, as it is written in SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table.name}"', table.key])
        return cursor.fetchone()[0]


@contextlib.contextmanager
def snapshot(using: str) -> Iterator[Snapshot]:
    """The database at this moment. Nobody has to wait: neither who saves for this, nor this for them."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        # A connection of its own, because transactions of the application take the one lock of a writer.
        own = sqlite3.connect(connection.settings_dict["NAME"], timeout=30, isolation_level=None)
        with contextlib.closing(own):
            own.execute("PRAGMA query_only = ON")
            own.execute("BEGIN")
            # The moment is that of the first read.
            own.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield SQLiteSnapshot(own.execute)
        return
    with transaction.atomic(using=using):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        set_for_long_work(connection)
        yield PostgreSQLSnapshot(connection)


def within_transaction(using: str) -> Snapshot:
    """What the current transaction sees, with what it has changed itself."""
    connection = connections[using]
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return SQLiteSnapshot(connection.connection.execute)
    set_for_long_work(connection)
    return PostgreSQLSnapshot(connection)


def set_for_long_work(connection: BaseDatabaseWrapper) -> None:
    """For this transaction on PostgreSQL: no limits, which are those of a page, and times as a backup has them."""
    with connection.cursor() as cursor:
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET LOCAL {limit} = 0")
        cursor.execute("SET LOCAL timezone = 'UTC'")
        cursor.execute("SET LOCAL datestyle = 'ISO, YMD'")
