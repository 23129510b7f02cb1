"""The database itself freezes published editions: triggers refuse every change to them, from any source.

They are created after every run of `migrate`, not in a migration. SQLite drops the triggers of a table that a migration
rebuilds, and refuses to rebuild a table that triggers refer to; there the command `migrate` removes them and creates
them again within the single transaction of all migrations. On PostgreSQL they stay in place.
"""

import contextlib
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PARTS = ("level", "group", "dimension", "scale", "criterion", "symptom")
OTHERS = ("choice", "edition", "framework")
#: Columns that may still change: an edition can be retired, and outlive the one it was based on.
CHANGEABLE = ("status", "based_on_id")
MESSAGE = "A published edition never changes."


def freeze(using: str) -> None:
    """Creates the triggers, all of them or none; changes nothing if they already exist."""
    if is_frozen(using):
        return
    connection = connections[using]
    with transaction.atomic(using=using):
        thaw(using)
        _run(connection, _postgresql() if connection.vendor == "postgresql" else _sqlite().values())


def thaw(using: str) -> None:
    """Removes the triggers. Only for use within a transaction that creates them again."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        _run(connection, [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in _postgresql_bodies()])
    else:
        _run(connection, sqlite_drops())


@contextlib.contextmanager
def thawed(using: str) -> Iterator[None]:
    """For a migration that has to change published editions, within its transaction, so that nobody else can."""
    # On SQLite `migrate` has already removed the triggers, and later migrations need them to stay removed.
    is_to_freeze = connections[using].vendor == "postgresql" or is_frozen(using)
    with transaction.atomic(using=using):
        thaw(using)
        yield
        if is_to_freeze:
            freeze(using)


def is_frozen(using: str) -> bool:
    """Whether every trigger exists, is enabled and is up to date."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_TRIGGERS)
            return _postgresql_expected() <= set(cursor.fetchall())
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return _sqlite().items() <= dict(cursor.fetchall()).items()


def sqlite_drops() -> list[str]:
    return [f'DROP TRIGGER IF EXISTS "frozen_{kind}_{when}"' for kind in (*PARTS, *OTHERS) for when in WHEN]


WHEN = ("insert", "update", "delete")


def _run(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _table(kind: str) -> str:
    return apps.get_model("assessments", kind)._meta.db_table


def _sqlite() -> dict[str, str]:
    """The statements, by the name of the trigger."""
    edition, scale = _table("edition"), _table("scale")
    status_of = dict.fromkeys(PARTS, f'(SELECT "status" FROM "{edition}" WHERE "id" = {{row}}."edition_id")')
    status_of["choice"] = (
        f'(SELECT e."status" FROM "{edition}" e JOIN "{scale}" s ON s."edition_id" = e."id" '
        f'WHERE s."id" = {{row}}."scale_id")'
    )
    conditions = {}
    for kind, status in status_of.items():
        for when, rows in {"insert": ["NEW"], "update": ["OLD", "NEW"], "delete": ["OLD"]}.items():
            frozen = " OR ".join(f"COALESCE({status.format(row=row)}, 'draft') <> 'draft'" for row in rows)
            conditions[kind, when] = frozen
    fields = apps.get_model("assessments", "edition")._meta.concrete_fields
    columns = [field.column for field in fields if field.column not in CHANGEABLE]
    differs = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in columns)
    published = "OLD.\"status\" <> 'draft'"
    conditions["edition", "update"] = f"{published} AND (NEW.\"status\" = 'draft' OR {differs})"
    conditions["edition", "delete"] = published
    # The key of its framework is part of an edition.
    others = f'EXISTS (SELECT 1 FROM "{edition}" WHERE "framework_id" = OLD."id" AND "status" <> \'draft\')'
    conditions["framework", "update"] = f'OLD."key" <> NEW."key" AND {others}'
    return {
        f"frozen_{kind}_{when}": f'CREATE TRIGGER "frozen_{kind}_{when}" BEFORE {when.upper()} ON "{_table(kind)}" '
        f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        for (kind, when), condition in conditions.items()
    }


def _postgresql_bodies() -> dict[str, str]:
    """The bodies of the functions that the triggers call, by name."""
    edition, scale = _table("edition"), _table("scale")
    refuse = f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';"
    allow = "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"

    def body(status: str) -> str:
        return (
            f"BEGIN IF TG_OP <> 'INSERT' AND EXISTS ({status.format(row='OLD')}) THEN {refuse} END IF; "
            f"IF TG_OP <> 'DELETE' AND EXISTS ({status.format(row='NEW')}) THEN {refuse} END IF; {allow} END"
        )

    part = f"SELECT 1 FROM \"{edition}\" WHERE id = {{row}}.edition_id AND status <> 'draft'"
    choice = (
        f'SELECT 1 FROM "{edition}" e JOIN "{scale}" s ON s.edition_id = e.id '
        f"WHERE s.id = {{row}}.scale_id AND e.status <> 'draft'"
    )
    without = "".join(f" - '{column}'" for column in CHANGEABLE)
    whole = (
        f"BEGIN IF OLD.status <> 'draft' AND (TG_OP = 'DELETE' OR NEW.status = 'draft' "
        f"OR to_jsonb(NEW){without} <> to_jsonb(OLD){without}) THEN {refuse} END IF; {allow} END"
    )
    key = (
        f'BEGIN IF OLD.key <> NEW.key AND EXISTS (SELECT 1 FROM "{edition}" '
        f"WHERE framework_id = OLD.id AND status <> 'draft') THEN {refuse} END IF; RETURN NEW; END"
    )
    return {
        "frozen_part": body(part),
        "frozen_choice": body(choice),
        "frozen_edition": whole,
        # The key of its framework is part of an edition.
        "frozen_framework": key,
    }


#: For each kind, when its trigger runs, and which function.
POSTGRESQL = {
    **dict.fromkeys(PARTS, ("INSERT OR UPDATE OR DELETE", "frozen_part")),
    "choice": ("INSERT OR UPDATE OR DELETE", "frozen_choice"),
    "edition": ("UPDATE OR DELETE", "frozen_edition"),
    "framework": ("UPDATE", "frozen_framework"),
}
#: The type in pg_trigger: for each row, before, and on which statements.
POSTGRESQL_TYPE = {
    "INSERT OR UPDATE OR DELETE": 1 + 2 + 4 + 8 + 16,
    "UPDATE OR DELETE": 1 + 2 + 8 + 16,
    "UPDATE": 1 + 2 + 16,
}
POSTGRESQL_TRIGGERS = """
    SELECT tgname, relname, tgtype::int, prosrc FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgname LIKE 'frozen\\_%' AND tgenabled IN ('O', 'A') AND tgqual IS NULL AND pg_table_is_visible(pg_class.oid)
"""


def _postgresql() -> list[str]:
    functions = [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        for name, body in _postgresql_bodies().items()
    ]
    triggers = [
        f'CREATE TRIGGER "frozen_{kind}" BEFORE {when} ON "{_table(kind)}" FOR EACH ROW EXECUTE FUNCTION {function}()'
        for kind, (when, function) in POSTGRESQL.items()
    ]
    return [*functions, *triggers]


def _postgresql_expected() -> set[tuple]:
    """The rows that `POSTGRESQL_TRIGGERS` should return."""
    bodies = _postgresql_bodies()
    return {
        (f"frozen_{kind}", _table(kind), POSTGRESQL_TYPE[when], bodies[function])
        for kind, (when, function) in POSTGRESQL.items()
    }
