"""Values of a row as both databases and a backup have them: the same content is the same text, wherever it was read.

By the kind of a column, in a backup:

- `integer`: a whole number; `boolean`: true or false; `text`: a text;
- `uuid`: 36 characters; `date`: 2026-01-31; `instant`: 2026-01-31T12:00:00.000000Z;
- `decimal:4`: a text with so many decimals;
- `json`: JSON in a text, its keys sorted, because PostgreSQL doesn't keep their order.
"""

import datetime
import json
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import models

from ..models import CachedValue
from .archive import Row, StoredTable

KINDS = {
    "AutoField": "integer",
    "BigAutoField": "integer",
    "BigIntegerField": "integer",
    "BooleanField": "boolean",
    "CharField": "text",
    "DateField": "date",
    "DateTimeField": "instant",
    "EmailField": "text",
    "IntegerField": "integer",
    "JSONField": "json",
    "PositiveBigIntegerField": "integer",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "integer",
    "SlugField": "text",
    "SmallIntegerField": "integer",
    "TextField": "text",
    "URLField": "text",
    "UUIDField": "uuid",
}
Conversion = Callable[[Any], Any]


def stored_tables() -> list[StoredTable]:
    """Every table of this version, with all of its columns, by name; without the cache, which is not worth keeping."""
    models_here = [model for model in apps.get_models(include_auto_created=True) if model is not CachedValue]
    tables = [_table_of(model) for model in models_here if model._meta.managed and not model._meta.proxy]
    return sorted(tables, key=lambda table: table.name)


def _table_of(model: type[models.Model]) -> StoredTable:
    meta = model._meta
    columns = [(str(field.column), kind_of(field)) for field in meta.local_concrete_fields]
    return StoredTable(name=meta.db_table, key=str(meta.pk.column), columns=columns)


def kind_of(column: models.Field) -> str:
    """Raises KeyError for a kind of column that backups don't know yet."""
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    if isinstance(column, models.DecimalField):
        return f"decimal:{column.decimal_places}"
    return KINDS[column.get_internal_type()]


def from_database(kind: str) -> Conversion | None:
    """Turns what either database returns into what a backup has; None if it is the same already."""
    if kind.startswith("decimal:"):
        places = int(kind.removeprefix("decimal:"))
        return lambda value: value if isinstance(value, str) else f"{value:.{places}f}"
    conversions: dict[str, Conversion | None] = {
        "boolean": _boolean,
        "date": str,
        "instant": _instant,
        "integer": int,
        "json": _sorted_json,
        "text": None,
        "uuid": _uuid,
    }
    return conversions[kind]


def to_sqlite(kind: str) -> Conversion | None:
    """Turns what a backup has into what Django stores in SQLite."""
    conversions: dict[str, Conversion] = {"boolean": int, "instant": _sqlite_instant, "uuid": _sqlite_uuid}
    return conversions.get(kind)


def conversions_for(table: StoredTable, of_kind: Callable[[str], Conversion | None]) -> list[tuple[int, Conversion]]:
    """Places in a row of the table, and what turns the value there; without those whose value stays as it is."""
    everywhere = [(place, of_kind(kind)) for place, (_, kind) in enumerate(table.columns)]
    return [(place, conversion) for place, conversion in everywhere if conversion is not None]


def convert(row: Row, conversions: list[tuple[int, Conversion]]) -> None:
    """Turns the values in the row; what is NULL stays."""
    for place, conversion in conversions:
        if row[place] is not None:
            row[place] = conversion(row[place])


def _boolean(value: Any) -> bool:
    return value in {"t", 1}


def _uuid(value: str) -> str:
    return value if len(value) == 36 else f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


def _instant(value: Any) -> str:
    """From `2026-01-31 12:00:00.5`, with `+00` at its end on PostgreSQL."""
    if isinstance(value, datetime.datetime):
        value = value.replace(tzinfo=None).isoformat(sep=" ")
    fraction = value[20:].removesuffix("+00") if value[19:20] == "." else ""
    return f"{value[:10]}T{value[11:19]}.{fraction:0<6}Z"


def _sqlite_instant(value: str) -> str:
    return value.replace("T", " ").removesuffix("Z").removesuffix(".000000")


def _sqlite_uuid(value: str) -> str:
    return value.replace("-", "")


def _sorted_json(value: str) -> str:
    return json.dumps(json.loads(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
