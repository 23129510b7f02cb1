"""Published editions are frozen by the database itself: triggers refuse every change to them, whoever asks.

They are set up after every run of `migrate` and taken away before it, not in a migration of their own: SQLite drops the
triggers of a table that a migration rebuilds, and refuses to rebuild a table that triggers refer to.
"""

from django.apps import apps
from django.db import connections

PARTS = ("level", "group", "dimension", "scale", "criterion", "symptom")
OTHERS = ("choice", "edition", "framework")
#: What may still change in a published edition: it can be retired, and outlive the one it was based on.
CHANGEABLE = ("status", "based_on_id")
MESSAGE = "A published edition never changes."


def freeze(using: str):
    """Sets the triggers up; done again, it changes nothing."""
    thaw(using)
    connection = connections[using]
    _run(connection, _postgresql() if connection.vendor == "postgresql" else _sqlite())


def thaw(using: str):
    connection = connections[using]
    if connection.vendor == "postgresql":
        _run(
            connection,
            [
                f"DROP FUNCTION IF EXISTS {name}() CASCADE"
                for name in ("frozen_part", "frozen_choice", "frozen_edition", "frozen_framework")
            ],
        )
    else:
        _run(connection, sqlite_drops())


def sqlite_drops() -> list[str]:
    return [f'DROP TRIGGER IF EXISTS "frozen_{kind}_{when}"' for kind in (*PARTS, *OTHERS) for when in WHEN]


WHEN = ("insert", "update", "delete")


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _table(kind: str) -> str:
    return apps.get_model("assessments", kind)._meta.db_table


def _sqlite() -> list[str]:
    edition, scale = _table("edition"), _table("scale")
    status_of = dict.fromkeys(PARTS, f'(SELECT "status" FROM "{edition}" WHERE "id" = {{row}}."edition_id")')
    status_of["choice"] = (
        f'(SELECT e."status" FROM "{edition}" e JOIN "{scale}" s ON s."edition_id" = e."id" '
        f'WHERE s."id" = {{row}}."scale_id")'
    )
    made = []
    for kind, status in status_of.items():
        for when, rows in {"insert": ["NEW"], "update": ["OLD", "NEW"], "delete": ["OLD"]}.items():
            frozen = " OR ".join(f"COALESCE({status.format(row=row)}, 'draft') <> 'draft'" for row in rows)
            made.append(_sqlite_trigger(kind, when, frozen))
    fields = apps.get_model("assessments", "edition")._meta.concrete_fields
    columns = [field.column for field in fields if field.column not in CHANGEABLE]
    differs = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in columns)
    published = "OLD.\"status\" <> 'draft'"
    made.append(_sqlite_trigger("edition", "update", f"{published} AND (NEW.\"status\" = 'draft' OR {differs})"))
    made.append(_sqlite_trigger("edition", "delete", published))
    # The key of its framework belongs to what an edition says.
    others = f'EXISTS (SELECT 1 FROM "{edition}" WHERE "framework_id" = OLD."id" AND "status" <> \'draft\')'
    made.append(_sqlite_trigger("framework", "update", f'OLD."key" <> NEW."key" AND {others}'))
    return made


def _sqlite_trigger(kind: str, when: str, condition: str) -> str:
    return (
        f'CREATE TRIGGER "frozen_{kind}_{when}" BEFORE {when.upper()} ON "{_table(kind)}" WHEN {condition} '
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )


def _postgresql() -> list[str]:
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
    bodies = {"frozen_part": body(part), "frozen_choice": body(choice), "frozen_edition": whole}
    bodies["frozen_framework"] = key
    made = [f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${text}$$" for name, text in bodies.items()]
    for kind in PARTS:
        made.append(_postgresql_trigger(kind, "INSERT OR UPDATE OR DELETE", "frozen_part"))
    made.append(_postgresql_trigger("choice", "INSERT OR UPDATE OR DELETE", "frozen_choice"))
    made.append(_postgresql_trigger("edition", "UPDATE OR DELETE", "frozen_edition"))
    # The key of its framework belongs to what an edition says.
    made.append(_postgresql_trigger("framework", "UPDATE", "frozen_framework"))
    return made


def _postgresql_trigger(kind: str, when: str, function: str) -> str:
    return (
        f'CREATE TRIGGER "frozen_{kind}" BEFORE {when} ON "{_table(kind)}" FOR EACH ROW EXECUTE FUNCTION {function}()'
    )
