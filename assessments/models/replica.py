"""Which database a query goes to, if there is a copy of it that can only be read (`DATABASE_REPLICA_URL`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS

REPLICA = "replica"
#: Read from the database itself, so that anyone who was removed from a team sees nothing from then on.
CURRENT = "assessments.Membership"
_reads_from_replica: ContextVar[bool] = ContextVar("reads_from_replica", default=False)


@contextmanager
def asking_replica(yes: bool) -> Iterator[None]:
    """Until the end of the block, this thread reads from the replica, or else from the database itself."""
    token = _reads_from_replica.set(yes)
    try:
        yield
    finally:
        _reads_from_replica.reset(token)


def is_asking_replica() -> bool:
    return _reads_from_replica.get()


class Router:
    """Without `asking_replica`, everything stays where Django has it. What is written never goes to the replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        if not _reads_from_replica.get():
            return None
        return DEFAULT_DB_ALIAS if model._meta.label == CURRENT else REPLICA

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return DEFAULT_DB_ALIAS if _reads_from_replica.get() else None

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        return True if {one._state.db, other._state.db} <= {DEFAULT_DB_ALIAS, REPLICA} else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None
