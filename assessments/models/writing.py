"""Transactions that lock the people they are by and about, so that nothing is stored about a person who was erased.

Erasing locks its person exclusively: what was written before is found and removed, and what comes later is refused.
Rows are locked in the same order everywhere, or two commands could wait for each other forever: administrators, people,
units and teams, assessments. Rows that are not about to be deleted are locked with `no_key`, so that other rows can
refer to them in the meantime.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction

from .refusals import PersonGone

if TYPE_CHECKING:
    from .accounts import User

#: Any number of writers share a person; erasing needs the person alone.
_SHARED = "FOR KEY SHARE"
_ALONE = "FOR UPDATE"


@contextmanager
def writing(by: "User | None", *about: "User | None") -> Iterator[None]:
    """A transaction for a command by one person, about others; for guests and for the system `by` is None.

    Raises PersonGone if one of them has been erased.
    """
    with transaction.atomic():
        hold_to_write(by, *about)
        yield


def hold_to_write(*people: "User | None") -> None:
    """The same within the current transaction, until it ends."""
    _hold(people, _SHARED)


def hold_to_erase(person: "User", *, by: "User") -> None:
    """Waits for everybody who writes something by or about this person, and keeps others from doing so.

    Raises PersonGone if one of the two has already been erased.
    """
    hold_to_write(by)
    _hold([person], _ALONE)


def still_there(model: type[models.Model], keys: Iterable[Any]) -> set[Any]:
    """Which of these rows there are, held until the transaction ends: they can be changed, but not deleted."""
    return _held(model, set(keys), _SHARED)


def _hold(people: Iterable["User | None"], strength: str) -> None:
    keys = {person.pk for person in people if person is not None and person.pk is not None}
    if len(_held(get_user_model(), keys, strength)) < len(keys):
        raise PersonGone


def _held(model: type[models.Model], keys: set[Any], strength: str) -> set[Any]:
    """Locks these rows in the order of their keys; returns the keys of those that there are."""
    if not keys:
        return set()
    table, key_field = model._meta.db_table, model._meta.pk
    marks = ", ".join("%s" for _ in keys)
    lock = strength if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id IN ({marks}) ORDER BY id {lock}",  # noqa: S608 - names of this program
            [key_field.get_db_prep_value(key, connection) for key in keys],
        )
        return {key_field.to_python(key) for (key,) in cursor.fetchall()}
