"""Where a team stood in one line of history from one of its results to the next: one row for each result that counts.

So a page over ten thousand teams reads a row of each, however many results they have; numbering all results by team
took 180 ms for 38,000 of them. Everything here is derived: the database itself keeps the rows, by triggers that make
those of a line anew whenever a result in it comes, goes or counts no longer, from any source and any version of the
program. Table and triggers are made after every run of `migrate`, as those that freeze editions are, and are in no
backup. `manage.py rebuild_standings` makes all rows anew.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .results import Result

TABLE = "assessments_standing"
RESULTS = Result._meta.db_table
LINE = ("team_id", "framework_id", "rule", "questionnaire")
#: What a row tells of its result, and of the result before it; ids are their hexadecimal digits.
OF_RESULT = ("level", "index_exact", "date", "agreement_exact", "discuss", "asked", "respondents", "participants")
BEFORE = ("level", "index_exact", "date")
#: Advisory locks that all teams share, as a database has room for a few thousand of them.
LOCKS = 1024
#: The number that tells these locks from those of other programs.
OF_STANDINGS = 610_215

#: The id of the framework that most teams have a result in, among those with an edition of this status. Counted over
#: all results it took 29 ms for ten thousand teams with four each, and 138 with twenty.
MOST_USED_FRAMEWORK = f"""
    SELECT framework_id FROM {TABLE}
    WHERE until IS NULL AND framework_id IN (SELECT framework_id FROM assessments_edition WHERE status = %s)
    GROUP BY framework_id ORDER BY COUNT(DISTINCT team_id) DESC, framework_id LIMIT 1
"""  # noqa: S608
#: The newest first; the same as in `Result.objects.newest_first`.
_ORDER = "date DESC, closing DESC, id DESC"
#: A line's results as rows of the table. `until` is the day of the next one. `history` has of each result up to this
#: one its day and level, and the edition where it is not that of the one after: `2026-09-14/3/5fe3…`.
_ROWS = """
SELECT {line}, result, edition, {of_result}, assessment_id, until, previous, previous_edition, {before},
    {joined}(entry, ' ') OVER (PARTITION BY {line} ORDER BY place DESC) AS history
FROM (
    SELECT {line}, {of_result}, assessment_id, {id} AS result, {edition_id} AS edition,
        LAG(date) OVER line AS until,
        LEAD({id}) OVER line AS previous, LEAD({edition_id}) OVER line AS previous_edition, {leads},
        ROW_NUMBER() OVER line AS place,
        {day} || '/' || COALESCE(CAST(level AS text), '')
            || CASE WHEN edition_id = LAG(edition_id) OVER line THEN '' ELSE '/' || {edition_id} END AS entry
    FROM {results} r
    WHERE is_current AND former_team = '' {which}
    WINDOW line AS (PARTITION BY {line} ORDER BY {order})
) numbered
"""


def columns() -> tuple[str, ...]:
    """In the order of `_ROWS`."""
    before = (f"previous_{name}" for name in BEFORE)
    return (
        *(*LINE, "result", "edition", *OF_RESULT, "assessment_id"),
        *("until", "previous", "previous_edition", *before, "history"),
    )


def install(using: str) -> None:
    """Makes the table, its triggers and its rows, all or nothing; changes nothing if they are there.

    Where a database is at an early migration, results lack what the rows tell, and there are none.
    """
    if is_installed(using):
        return
    connection = connections[using]
    with _taking_its_time(using):
        remove(using)
        with connection.cursor() as cursor:
            there = {column.name for column in connection.introspection.get_table_description(cursor, RESULTS)}
        if not {field.column for field in Result._meta.concrete_fields} <= there:
            return
        _run(connection, [_table(connection), *_indexes().values()])
        if connection.vendor == "postgresql":
            # Nobody writes results between the triggers and the rows.
            _run(connection, [*_postgresql(connection), f"COMMENT ON TABLE {TABLE} IS '{_digest(connection)}'"])
        else:
            _run(connection, _sqlite(connection).values())
        _fill(connection)


def remove(using: str) -> None:
    """Removes all of it; on SQLite a migration cannot rebuild a table that triggers refer to."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        _run(connection, [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in _postgresql_bodies(connection)])
    else:
        _run(connection, sqlite_drops())
    _run(connection, [f"DROP TABLE IF EXISTS {TABLE}"])


def lock_of(team: str) -> str:
    """The number of a team's lock, in PostgreSQL's words."""
    return f"ABS(MOD(hashtextextended({team}::text, 0), {LOCKS}))::int"


def is_kept(using: str) -> bool:
    """Whether the table has what this version reads, and triggers keep it: perhaps those of a newer version."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0", [TABLE])
            there = {name for (name,) in cursor.fetchall()}
            cursor.execute(_ENABLED, [RESULTS])
        else:
            cursor.execute("SELECT name FROM pragma_table_info(%s)", [TABLE])
            there = {name for (name,) in cursor.fetchall()}
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        triggers = {name for (name,) in cursor.fetchall()}
    expected = [f"standing_{when}" for when in _TRANSITIONS if connection.vendor == "postgresql" or when != "truncate"]
    return set(columns()) <= there and set(expected) <= triggers


def is_installed(using: str) -> bool:
    """Whether table and triggers are there, enabled and those of this version."""
    if not is_kept(using):
        return False
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_STATE, [TABLE, RESULTS])
            comment, triggers = cursor.fetchone()
            expected = {f"{name} {body}" for name, body in _postgresql_bodies(connection).items()}
            return comment == _digest(connection) and set(triggers or ()) == expected
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        made = {TABLE: _table(connection), **_indexes(), **_sqlite(connection)}
        return made.items() <= dict(cursor.fetchall()).items()


def rebuild(using: str) -> None:
    """Makes all rows anew."""
    connection = connections[using]
    with _taking_its_time(using):
        if connection.vendor == "postgresql":
            _run(connection, [f"LOCK TABLE {RESULTS} IN SHARE ROW EXCLUSIVE MODE"])
        _run(connection, [f"DELETE FROM {TABLE}"])  # noqa: S608
        _fill(connection)


def differing(using: str) -> int:
    """How many rows are not what the results say, missing ones included."""
    connection = connections[using]
    stored = f"SELECT {', '.join(columns())} FROM {TABLE}"  # noqa: S608
    derived = f"SELECT * FROM ({_rows(connection)}) derived"  # noqa: S608
    with _taking_its_time(using), connection.cursor() as cursor:
        found = 0
        for one, other in ((stored, derived), (derived, stored)):
            cursor.execute(f"SELECT COUNT(*) FROM ({one} EXCEPT {other}) differing")  # noqa: S608
            found = max(found, cursor.fetchone()[0])
    return found


def sqlite_drops() -> list[str]:
    return [f"DROP TRIGGER IF EXISTS standing_{when}" for when in ("insert", "update", "delete")]


@contextlib.contextmanager
def _taking_its_time(using: str) -> Iterator[None]:
    """A transaction without the limits of a page: 190,000 rows take 5 s."""
    connection = connections[using]
    with transaction.atomic(using=using):
        if connection.vendor == "postgresql":
            _run(connection, [f"SET LOCAL {limit} = 0" for limit in ("statement_timeout", "lock_timeout")])
        yield


def _fill(connection: BaseDatabaseWrapper) -> None:
    """Makes all rows, and lets PostgreSQL look at how many there are, so that it plans for them at once."""
    _run(connection, [f"INSERT INTO {TABLE} {_rows(connection)}"])
    if connection.vendor == "postgresql":
        _run(connection, [f"ANALYZE {TABLE}"])


def _run(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _rows(connection: BaseDatabaseWrapper, which: str = "") -> str:
    is_postgresql = connection.vendor == "postgresql"
    digits = "REPLACE(CAST({} AS text), '-', '')" if is_postgresql else "{}"
    return _ROWS.format(
        line=", ".join(LINE),
        of_result=", ".join(OF_RESULT),
        before=", ".join(f"previous_{name}" for name in BEFORE),
        leads=", ".join(f"LEAD({name}) OVER line AS previous_{name}" for name in BEFORE),
        joined="STRING_AGG" if is_postgresql else "GROUP_CONCAT",
        id=digits.format("id"),
        edition_id=digits.format("edition_id"),
        day="TO_CHAR(date, 'YYYY-MM-DD')" if is_postgresql else "date",
        results=RESULTS,
        which=which,
        order=_ORDER,
    )


def _table(connection: BaseDatabaseWrapper) -> str:
    def type_of(name: str) -> str:
        return str(Result._meta.get_field(name).db_type(connection))

    texts = ("result", "edition", "previous", "previous_edition", "history")
    types = {name: type_of(name.removeprefix("previous_")) for name in columns() if name not in {*texts, "until"}}
    types |= {**dict.fromkeys(texts, "text"), "until": type_of("date")}
    types["result"] += " PRIMARY KEY"
    return f"CREATE TABLE {TABLE} ({', '.join(f'{name} {types[name]}' for name in columns())})"


def _indexes() -> dict[str, str]:
    """The statements, by the name of the index."""
    columns_of = {
        "standing_line": f"({', '.join(LINE)})",
        "standing_days": "(framework_id, rule, questionnaire, until, date)",
        "standing_now": "(framework_id, team_id) WHERE until IS NULL",
    }
    return {name: f"CREATE INDEX {name} ON {TABLE} {of}" for name, of in columns_of.items()}


def _sqlite(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The statements, by the name of the trigger."""

    def anew(row: str) -> str:
        here = " AND ".join(f"{name} = {row}.{name}" for name in LINE)
        return f"DELETE FROM {TABLE} WHERE {here}; INSERT INTO {TABLE} {_rows(connection, f'AND {here}')};"  # noqa: S608

    def trigger(name: str, when: str, *rows: str) -> str:
        return f"CREATE TRIGGER {name} AFTER {when} ON {RESULTS} BEGIN {' '.join(map(anew, rows))} END"

    changes = ", ".join(["is_current", "former_team", "date", *LINE])
    return {
        "standing_insert": trigger("standing_insert", "INSERT", "NEW"),
        "standing_update": trigger("standing_update", f"UPDATE OF {changes}", "OLD", "NEW"),
        "standing_delete": trigger("standing_delete", "DELETE", "OLD"),
    }


_ENABLED = "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgenabled IN ('O', 'A')"
#: The comment that names the version of all of it, and the functions whose triggers are there and enabled.
_POSTGRESQL_STATE = """
    SELECT obj_description(to_regclass(%s), 'pg_class'), (
        SELECT array_agg(proname || ' ' || prosrc) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE tgrelid = to_regclass(%s) AND tgname LIKE 'standing\\_%%' AND tgenabled IN ('O', 'A')
    )
"""


def _postgresql_bodies(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The bodies of the functions that the triggers call, by name; each runs once for a statement."""
    line = ", ".join(LINE)
    here = " AND ".join(f"r.{name} = touched.{name}" for name in LINE)
    there = " AND ".join(f"s.{name} = touched.{name}" for name in LINE)

    def body(*transitions: str) -> str:
        touched = " UNION ".join(f"SELECT DISTINCT {line} FROM {rows}" for rows in transitions)  # noqa: S608
        # Who closes another assessment of that team at the same time waits, and then sees this result.
        return f"""BEGIN
            PERFORM pg_advisory_xact_lock({OF_STANDINGS}, place) FROM (
                SELECT DISTINCT {lock_of("team_id")} AS place FROM ({touched}) touched ORDER BY place
            ) places;
            DELETE FROM {TABLE} s USING ({touched}) touched WHERE {there};
            INSERT INTO {TABLE} SELECT one.* FROM ({touched}) touched CROSS JOIN LATERAL (
                {_rows(connection, f"AND {here}")}
            ) one;
            RETURN NULL;
        END"""  # noqa: S608

    return {
        "standing_insert": body("new_rows"),
        "standing_update": body("old_rows", "new_rows"),
        "standing_delete": body("old_rows"),
        "standing_truncate": f"BEGIN DELETE FROM {TABLE}; RETURN NULL; END",  # noqa: S608
    }


_TRANSITIONS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
    "truncate": "",
}


def _postgresql(connection: BaseDatabaseWrapper) -> list[str]:
    functions = [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        for name, body in _postgresql_bodies(connection).items()
    ]
    triggers = [
        f"CREATE TRIGGER standing_{when} AFTER {when.upper()} ON {RESULTS} {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION standing_{when}()"
        for when, rows in _TRANSITIONS.items()
    ]
    return [*functions, *triggers]


def _digest(connection: BaseDatabaseWrapper) -> str:
    """Names this definition of table, indexes and triggers."""
    definition = "\n".join([_table(connection), *_indexes().values(), *_postgresql(connection)])
    return hashlib.sha256(definition.encode()).hexdigest()
