"""Writing very many rows of a model: COPY on PostgreSQL, many INSERTs at once elsewhere."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

BATCH = 50_000


class Bulk:
    """Rows of one model as plain tuples, in the order of `columns`."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        self.fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
        self.waiting: list[tuple] = []

    def row(self, instance: models.Model) -> tuple:
        """An unsaved instance as the database takes it."""
        return tuple(self._value(field, instance) for field in self.fields)

    @staticmethod
    def _value(field: Any, instance: Any) -> Any:
        value = getattr(instance, field.attname)
        if isinstance(field, models.JSONField):
            return json.dumps(value)
        return field.get_db_prep_save(value, connection)

    def value(self, attname: str, value: Any) -> Any:
        """A value of one column as the database takes it."""
        return self.fields[self.place(attname)].get_db_prep_save(value, connection)

    def place(self, attname: str) -> int:
        """Where a column stands in a row."""
        return [field.attname for field in self.fields].index(attname)

    def add(self, rows: Iterable[tuple]) -> None:
        self.waiting += rows
        if len(self.waiting) >= BATCH:
            self.write()

    def write(self) -> None:
        """Stores what waits."""
        if self.waiting:
            store = _copy if connection.vendor == "postgresql" else _insert
            store(self.model._meta.db_table, [str(field.column) for field in self.fields], self.waiting)
            self.waiting = []


def _columns(names: Sequence[str]) -> str:
    return ", ".join(map(connection.ops.quote_name, names))


def _copy(table: str, names: Sequence[str], rows: list[tuple]) -> None:
    with connection.cursor() as cursor:
        statement = f"COPY {connection.ops.quote_name(table)} ({_columns(names)}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


def _insert(table: str, names: Sequence[str], rows: list[tuple]) -> None:
    marks = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        # Names of tables and columns come from the models.
        statement = f"INSERT INTO {connection.ops.quote_name(table)} ({_columns(names)}) VALUES ({marks})"  # noqa: S608
        cursor.executemany(statement, rows)
