"""Transactions that hold the people they are by and about, so that nothing of a person is stored once they are erased.

Erasing holds its person as well, and nobody else does so at that time: what was written before is found and forgotten,
what comes later is refused. Rows are held in one order everywhere, or two commands could wait for each other for ever:
administrators, people, units and teams, assessments. Whatever is not about to be deleted is held with `no_key`, so that
rows of others can refer to it meanwhile.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from .refusals import PersonGone

#: Of any number of writers at once, and of none beside one who erases.
_SHARED, _ALONE = "FOR KEY SHARE", "FOR UPDATE"


@contextmanager
def writing(by: Any, *about: Any) -> Iterator[None]:
    """A transaction of a command by one person, about others; for guests and for the system `by` is nobody.

    Raises PersonGone if one of them has been erased.
    """
    with transaction.atomic():
        hold_to_write(by, *about)
        yield


def hold_to_write(*people: Any) -> None:
    """The same within a transaction that there is, until it ends."""
    _hold(people, _SHARED)


def hold_to_erase(person: Any, *, by: Any) -> None:
    """Waits for everybody who writes something by or about this person, and keeps others from it.

    Raises PersonGone if one of the two has been erased already.
    """
    hold_to_write(by)
    _hold([person], _ALONE)


def _hold(people: Iterable[Any], strength: str) -> None:
    wanted = {person.pk for person in people if person is not None and person.pk is not None}
    if not wanted:
        return
    table, key = get_user_model()._meta.db_table, get_user_model()._meta.pk
    marks = ", ".join("%s" for _ in wanted)
    lock = strength if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id IN ({marks}) ORDER BY id {lock}",  # noqa: S608 - names of this program
            [key.get_db_prep_value(pk, connection) for pk in wanted],
        )
        if len(cursor.fetchall()) < len(wanted):
            raise PersonGone
