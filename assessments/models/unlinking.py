"""Breaking what leads from an anonymous answer to a person, when answering ends.

While answering is open, the database shows anyone who reads it when and in which order rows were written, of answers as
well as of the people who gave them. So all of these rows are written once more, in one transaction and in random order,
and what the old ones leave in the files of the database is cleared afterwards, outside of that transaction.
"""

import logging
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from random import SystemRandom
from typing import Any

from django.db import DatabaseError, connection, models, transaction
from django.db.models import Count

from ..scoring import anonymity
from .participation import Invitation, InvitationLink, Participation
from .ratings import Rating, Respondent, SymptomAnswer

log = logging.getLogger("maturity")

#: What is written anew for what the respondents of an assessment said; anything else is copied.
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

#: Rewriting a table keeps everyone out of it. One of this size takes about a second.
LARGEST_REWRITTEN = 100_000_000
#: So often dead rows are tried to be removed, so many seconds apart, before it is left to the next round.
VACUUMS, BETWEEN_VACUUMS = 5, 0.1
TABLES = [
    model._meta.db_table for model in (Rating, SymptomAnswer, Respondent, Participation, Invitation, InvitationLink)
]


def unlink(assessment_id: uuid.UUID) -> None:
    """Writes everything that leads to answers of an assessment, and to the people in it, once more.

    Answers to what fewer than four known people have voted on go: they count as unanswered, and nobody may see them.
    Without a transaction around it, which also ends the answering, this would not be one.
    """
    known = Respondent.objects.filter(assessment=assessment_id, counts=True)
    criteria = _from_enough(Rating.objects.votes().filter(respondent__in=known), "criterion")
    symptoms = _from_enough(SymptomAnswer.objects.filter(respondent__in=known), "symptom")
    old = list(Respondent.objects.filter(assessment=assessment_id).values_list("pk", flat=True))
    ratings = Rating.objects.filter(respondent__in=old, criterion__in=criteria)
    answers = SymptomAnswer.objects.filter(respondent__in=old, symptom__in=symptoms)
    kept = ratings.order_by().values_list("respondent").union(answers.order_by().values_list("respondent"))
    renamed = {pk: uuid.uuid4() for (pk,) in kept}
    # All of them alike: even who came by the shared link is not told any more.
    same = {"assessment_id": assessment_id, "is_anonymous": True, "counts": True}
    _insert_shuffled(Respondent, [Respondent(pk=pk, **same) for pk in renamed.values()])
    _copy(Rating, "criterion_id", criteria, renamed)
    _copy(SymptomAnswer, "symptom_id", symptoms, renamed)
    for model in (Rating, SymptomAnswer):
        _delete(model, "respondent_id", old)
    _delete(Respondent, "id", old)
    _write_people_anew(assessment_id)


def _from_enough(rows: models.QuerySet, about: str) -> list[int]:
    """Keys of what at least four people have said something about."""
    counted = rows.order_by().values(about).annotate(people=Count("pk"))
    return list(counted.filter(people__gte=anonymity.LEAST).values_list(about, flat=True))


def _copy(model: type[models.Model], about: str, kept: list[int], renamed: dict[uuid.UUID, uuid.UUID]) -> None:
    """In the database itself, so that the one writer of SQLite is not held for as long as Python would take."""
    if not kept or not renamed:
        return
    is_postgresql = connection.vendor == "postgresql"
    columns = [field.attname for field in model._meta.concrete_fields]
    new_id = "gen_random_uuid()" if is_postgresql else "lower(hex(randomblob(16)))"
    anew = {"id": new_id, "respondent_id": "renamed.new_id", **_ANEW}
    statement = _COPY.format(
        table=model._meta.db_table,
        columns=", ".join(columns),
        values=", ".join(anew.get(column, f"old_row.{column}") for column in columns),
        pairs=", ".join(["(%s, %s)"] * len(renamed)),
        about=about,
        kept=", ".join(["%s"] * len(kept)),
        random="gen_random_uuid()" if is_postgresql else "randomblob(16)",
    )
    ids = [_bound(pk) for pair in renamed.items() for pk in pair]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*ids, *kept])


def _bound(pk: Any) -> Any:
    return pk.hex if isinstance(pk, uuid.UUID) and not connection.features.has_native_uuid_field else pk


def _delete(model: type[models.Model], column: str, keys: list[Any]) -> None:
    """Rows alone: what refers to them is written anew before the transaction ends."""
    if not keys:
        return
    marks = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {model._meta.db_table} WHERE {column} IN ({marks})",  # noqa: S608 - names of columns
            [_bound(key) for key in keys],
        )


def _insert_shuffled(model: Any, rows: list[Any]) -> None:
    SystemRandom().shuffle(rows)
    model.objects.bulk_create(rows, batch_size=1000)


def _write_people_anew(assessment_id: uuid.UUID) -> None:
    """The same rows under the same keys, but written at the same moment and in an order that tells nothing."""
    invitations = list(Invitation.objects.filter(assessment=assessment_id))
    links = list(InvitationLink.objects.filter(invitation__in=invitations))
    participations = list(Participation.objects.filter(assessment=assessment_id))
    for link in links:
        link.opening_key = link.sealed = ""
    kinds: list[tuple[Any, list[Any]]] = [
        (Invitation, invitations),
        (Participation, participations),
        (InvitationLink, links),
    ]
    for model, rows in reversed(kinds):
        _delete(model, "id", [row.pk for row in rows])
    for model, rows in kinds:
        _insert_shuffled(model, rows)


# ---------------------------------------------------------------------- what the old rows leave


def clear_traces(assessments: "models.QuerySet[Any]", *, seconds: int = 60) -> bool:
    """Clears what old rows of ended anonymous ones of these assessments have left in the files of the database.

    Returns whether nothing is left of them. If something is, because somebody still reads from before the end, this is
    to be repeated; `send_due` does. Outside of any transaction only. PostgreSQL gives up a table after `seconds`.
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


def clear_soon(assessments: "models.QuerySet[Any]") -> None:
    """Once the transaction is through that ended the answering; somebody waits for the page meanwhile."""
    transaction.on_commit(partial(clear_traces, assessments, seconds=5), robust=True)


def _cleared_sqlite() -> bool:
    """Writes the whole file anew, and empties the log of changes beside it, which holds what pages were before."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy, *_ = cursor.fetchone()
    return not is_busy


def _cleared_postgresql(seconds: int) -> bool:
    """Removes dead rows and, from tables that are not too large, the bytes that they leave within pages."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{seconds}s'")
        cursor.execute("SET lock_timeout = '1s'")
        try:
            # Whatever was deleted so far was deleted by a transaction with a lower number.
            cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
            end = int(cursor.fetchone()[0])
            if not all(_without_dead_rows(cursor, table, end) for table in TABLES):
                return False
            for table in TABLES:
                cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
                is_small = cursor.fetchone()[0] <= LARGEST_REWRITTEN
                # Samples of values that the planner keeps are taken anew as well.
                cursor.execute(f"VACUUM (FULL, ANALYZE) {table}" if is_small else f"ANALYZE {table}")
        finally:
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")
    return True


def _without_dead_rows(cursor: Any, table: str, end: int) -> bool:
    """Removes what was deleted by transactions before `end`; whether all of it is gone.

    It is not as long as a transaction runs that began before. The short ones of a busy server end within moments.
    """
    for _ in range(VACUUMS):
        notices: list[str] = []
        with _notices_into(notices):
            # No page is passed over because somebody looks at it.
            cursor.execute(f"VACUUM (VERBOSE, DISABLE_PAGE_SKIPPING, INDEX_CLEANUP ON) {table}")
        if _is_past(end, notices, cursor, table):
            return True
        time.sleep(BETWEEN_VACUUMS)
    return False


def _is_past(end: int, notices: list[str], cursor: Any, table: str) -> bool:
    """Whether everything before that transaction could be removed."""
    cutoff = re.search(r"(?:removable cutoff|oldest xmin): (\d+)", "\n".join(notices))
    if cutoff:
        # In an order of numbers that begins anew after 2 ** 32: the second half of them lies in the past.
        return (int(cutoff[1]) - end) % 2**32 < 2**31
    # The server speaks another language. On a busy one its count of dead rows says no for longer than it is so.
    cursor.execute("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = %s::regclass", [table])
    return cursor.fetchone() == (0,)


@contextmanager
def _notices_into(notices: list[str]) -> Iterator[None]:
    """Collects what PostgreSQL reports beside the answers to statements."""

    def collect(diagnostic: Any) -> None:
        notices.append(f"{diagnostic.message_primary}\n{diagnostic.message_detail or ''}")

    connection.connection.add_notice_handler(collect)
    try:
        yield
    finally:
        connection.connection.remove_notice_handler(collect)
