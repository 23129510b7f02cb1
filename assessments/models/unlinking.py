"""Breaks every link from an anonymous answer to a person when answering ends.

While answering is open, anyone who reads the database can see when and in which order rows were written, both answers
and the people who gave them. So all of these rows are rewritten in one transaction and in random order, and the traces
of the old rows in the files of the database are cleared afterwards, outside of that transaction.
"""

import logging
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING

from django.db import DatabaseError, connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Count

from ..scoring import anonymity
from .connections import is_behind_pooler
from .participation import Invitation, InvitationLink, Participation
from .ratings import Rating, Respondent, SymptomAnswer

if TYPE_CHECKING:
    from psycopg.errors import Diagnostic

    from .assessments import AssessmentQuerySet

log = logging.getLogger("maturity")

#: Columns that get new values when answers are rewritten; all others are copied.
_ANEW = {"version": "1", "page": "''", "sequence": "0", "saved_at": "NULL"}
_COPY = """
    INSERT INTO {table} ({columns})
    WITH renamed (old_id, new_id) AS (VALUES {pairs})
    SELECT {values}
    FROM {table} old_row
    JOIN renamed ON renamed.old_id = old_row.respondent_id
    WHERE old_row.{about} IN ({kept})
    ORDER BY {random}
"""

#: Rewriting a table locks it for everyone. A table of this size takes about a second.
LARGEST_REWRITTEN = 100_000_000
#: How often to try removing dead rows, and the seconds between, before leaving it to the next round.
VACUUMS, BETWEEN_VACUUMS = 5, 0.1
TABLES = [
    *[model._meta.db_table for model in (Rating, SymptomAnswer, Respondent, Participation, Invitation, InvitationLink)],
    # Of `rooms`, which needs this module.
    "assessments_roomvote",
]


def unlink(assessment_id: uuid.UUID) -> None:
    """Rewrites all answers of an assessment and all rows about the people in it.

    Answers to a criterion with votes from fewer than four known people are deleted: they count as unanswered, and
    nobody may see them. The caller provides the transaction, which also ends answering.
    """
    known = Respondent.objects.filter(assessment=assessment_id, counts=True)
    criteria = _from_enough(Rating.objects.votes().filter(respondent__in=known), "criterion")
    symptoms = _from_enough(SymptomAnswer.objects.filter(respondent__in=known), "symptom")
    old = list(Respondent.objects.filter(assessment=assessment_id).values_list("pk", flat=True))
    ratings = Rating.objects.filter(respondent__in=old, criterion__in=criteria)
    answers = SymptomAnswer.objects.filter(respondent__in=old, symptom__in=symptoms)
    kept = ratings.order_by().values_list("respondent").union(answers.order_by().values_list("respondent"))
    renamed = {pk: uuid.uuid4() for (pk,) in kept}
    # All rows look the same: even people who used the shared link can no longer be distinguished.
    same = {"assessment_id": assessment_id, "is_anonymous": True, "counts": True}
    _insert_shuffled(Respondent, [Respondent(pk=pk, **same) for pk in renamed.values()])
    _copy(Rating, "criterion_id", criteria, renamed)
    _copy(SymptomAnswer, "symptom_id", symptoms, renamed)
    for model in (Rating, SymptomAnswer):
        _delete(model, "respondent_id", old)
    _delete(Respondent, "id", old)
    _write_people_anew(assessment_id)


def _from_enough(rows: models.QuerySet, about: str) -> list[int]:
    """Keys that at least four people have answered."""
    counted = rows.order_by().values(about).annotate(people=Count("pk"))
    return list(counted.filter(people__gte=anonymity.LEAST).values_list(about, flat=True))


def _copy(model: type[models.Model], about: str, kept: list[int], renamed: dict[uuid.UUID, uuid.UUID]) -> None:
    """Copies within the database, so that SQLite's single writer is not blocked for as long as Python would take."""
    if not kept or not renamed:
        return
    is_postgresql = connection.vendor == "postgresql"
    columns = [field.attname for field in model._meta.concrete_fields]
    new_id = "gen_random_uuid()" if is_postgresql else "lower(hex(randomblob(16)))"
    new_values = {"id": new_id, "respondent_id": "renamed.new_id", **_ANEW}
    statement = _COPY.format(
        table=model._meta.db_table,
        columns=", ".join(columns),
        values=", ".join(new_values.get(column, f"old_row.{column}") for column in columns),
        pairs=", ".join(["(%s, %s)"] * len(renamed)),
        about=about,
        kept=", ".join(["%s"] * len(kept)),
        random="gen_random_uuid()" if is_postgresql else "randomblob(16)",
    )
    ids = [_bound(pk) for pair in renamed.items() for pk in pair]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*ids, *kept])


def _bound(pk: uuid.UUID | int) -> str | uuid.UUID | int:
    return pk.hex if isinstance(pk, uuid.UUID) and not connection.features.has_native_uuid_field else pk


def _delete(model: type[models.Model], column: str, keys: Sequence[uuid.UUID | int]) -> None:
    """Deletes only these rows: rows that refer to them are rewritten before the transaction ends."""
    if not keys:
        return
    marks = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {model._meta.db_table} WHERE {column} IN ({marks})",  # noqa: S608 - names of columns
            [_bound(key) for key in keys],
        )


def _insert_shuffled(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    shuffled = list(rows)
    SystemRandom().shuffle(shuffled)
    model._default_manager.bulk_create(shuffled, batch_size=1000)


def _write_people_anew(assessment_id: uuid.UUID) -> None:
    """Rewrites the same rows with the same keys, all at the same time and in random order."""
    invitations = list(Invitation.objects.filter(assessment=assessment_id))
    links = list(InvitationLink.objects.filter(invitation__in=invitations))
    participations = list(Participation.objects.filter(assessment=assessment_id))
    for link in links:
        link.opening_key = link.sealed = ""
    kinds: list[tuple[type[models.Model], Sequence[models.Model]]] = [
        (Invitation, invitations),
        (Participation, participations),
        (InvitationLink, links),
    ]
    for model, rows in reversed(kinds):
        _delete(model, "id", [row.pk for row in rows])
    for model, rows in kinds:
        _insert_shuffled(model, rows)


# ---------------------------------------------------------------------- what the old rows leave


def clear_traces(assessments: "AssessmentQuerySet", *, seconds: int = 60) -> bool:
    """Clears the traces of old rows of ended anonymous assessments from the files of the database.

    Returns whether all traces are gone. If not, because somebody still reads an older state, it has to be repeated;
    `send_due` does that. Only outside of a transaction. On PostgreSQL without a pooler, each statement stops after
    `seconds`.
    """
    waiting = list(assessments.filter(has_traces=True).values_list("pk", flat=True))
    if not waiting:
        return True
    try:
        is_cleared = _cleared_postgresql(seconds) if connection.vendor == "postgresql" else _cleared_sqlite()
    except DatabaseError as error:
        log.info("Traces of ended anonymous assessments are not cleared yet: %s", error.__class__.__name__)
        return False
    if is_cleared:
        assessments.filter(pk__in=waiting).update(has_traces=False)
    return is_cleared


def clear_soon(assessments: "AssessmentQuerySet") -> None:
    """Clears traces after the transaction that ends answering; briefly, as somebody is waiting for the page."""
    transaction.on_commit(partial(clear_traces, assessments, seconds=5), robust=True)


def _cleared_sqlite() -> bool:
    """Rewrites the whole file and empties the log of changes next to it, which holds the earlier pages."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy, *_ = cursor.fetchone()
    return not is_busy


def _cleared_postgresql(seconds: int) -> bool:
    """Removes dead rows and, in tables that are not too large, the bytes that they leave in pages."""
    with connection.cursor() as cursor, _limited(cursor, seconds):
        # Everything deleted so far was deleted by a transaction with a lower number.
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        end = int(cursor.fetchone()[0])
        if not all(_without_dead_rows(cursor, table, end) for table in TABLES):
            return False
        for table in TABLES:
            cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
            is_small = cursor.fetchone()[0] <= LARGEST_REWRITTEN
            # This also replaces the sample values that the planner keeps.
            cursor.execute(f"VACUUM (FULL, ANALYZE) {table}" if is_small else f"ANALYZE {table}")
    return True


@contextmanager
def _limited(cursor: CursorWrapper, seconds: int) -> Iterator[None]:
    """Limits for statements that cannot run in a transaction.

    Behind a pooler, what is set for one connection would be met by somebody else on it, so there the limits of the
    account hold.
    """
    if is_behind_pooler(connection):
        yield
        return
    cursor.execute(f"SET statement_timeout = '{seconds}s'")
    cursor.execute("SET lock_timeout = '1s'")
    try:
        yield
    finally:
        cursor.execute("RESET statement_timeout")
        cursor.execute("RESET lock_timeout")


def _without_dead_rows(cursor: CursorWrapper, table: str, end: int) -> bool:
    """Removes rows that were deleted by transactions before `end`; returns whether all of them are gone.

    They are not while a transaction is running that started before. The short ones of a busy server end within moments.
    """
    for _ in range(VACUUMS):
        notices: list[str] = []
        with _notices_into(notices):
            # No page is skipped because somebody is reading it.
            cursor.execute(f"VACUUM (VERBOSE, DISABLE_PAGE_SKIPPING, INDEX_CLEANUP ON) {table}")
        if _is_past(end, notices, cursor, table):
            return True
        time.sleep(BETWEEN_VACUUMS)
    return False


def _is_past(end: int, notices: list[str], cursor: CursorWrapper, table: str) -> bool:
    """Whether everything before that transaction could be removed."""
    cutoff = re.search(r"(?:removable cutoff|oldest xmin): (\d+)", "\n".join(notices))
    if cutoff:
        # Transaction numbers wrap around after 2 ** 32; the second half of them lies in the past.
        return (int(cutoff[1]) - end) % 2**32 < 2**31
    # The server uses another language. On a busy server its count of dead rows says no for longer than it should.
    cursor.execute("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = %s::regclass", [table])
    return cursor.fetchone() == (0,)


@contextmanager
def _notices_into(notices: list[str]) -> Iterator[None]:
    """Collects the notices that PostgreSQL sends with the results of statements."""

    def collect(diagnostic: "Diagnostic") -> None:
        notices.append(f"{diagnostic.message_primary}\n{diagnostic.message_detail or ''}")

    connection.connection.add_notice_handler(collect)
    try:
        yield
    finally:
        connection.connection.remove_notice_handler(collect)
