"""The backend that Django loads: its own for SQLite, but every transaction that writes takes a number.

SQLite writes what changes into a file beside the database, which ends in `-wal`, and at the next start it trusts that
the two belong together. After a backup was put in the place of the database, they don't. So each transaction names
itself and the one before it in the header of the database, where `wal.py` finds them without opening it: `user_version`
is a random number, and `application_id` the random number before.
"""

import re
import secrets
from typing import Any

from django.db.backends.sqlite3 import base

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)


def _take_number(connection: Any) -> None:
    (current,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA application_id = {current}")
    connection.execute(f"PRAGMA user_version = {1 + secrets.randbelow(2**31 - 1)}")


class NumberingCursor(base.SQLiteCursorWrapper):
    """A statement outside of any transaction is one by itself. Its number is taken before: it may still return rows."""

    def execute(self, query: Any, params: Any = None) -> Any:
        self._number_what_stands_alone(query)
        return super().execute(query, params)

    def executemany(self, query: Any, param_list: Any) -> Any:
        self._number_what_stands_alone(query)
        return super().executemany(query, param_list)

    def _number_what_stands_alone(self, query: str) -> None:
        if self.connection.in_transaction or not _WRITES.match(query):
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            _take_number(self.connection)
        finally:
            self.connection.execute("COMMIT")


class DatabaseWrapper(base.DatabaseWrapper):
    #: How many rows this connection had changed when its transaction began.
    changes_before = 0

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=NumberingCursor)

    def _start_transaction_under_autocommit(self) -> None:
        super()._start_transaction_under_autocommit()  # type: ignore[misc]
        self.changes_before = self.connection.total_changes

    def commit(self) -> None:
        connection = self.connection
        if connection is not None and connection.in_transaction and connection.total_changes != self.changes_before:
            with self.wrap_database_errors:
                _take_number(connection)
        super().commit()
