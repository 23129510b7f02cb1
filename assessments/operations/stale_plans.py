"""Statements that PostgreSQL has planned for a connection, after an upgrade has changed their table.

It refuses to run such a plan if the types of its columns changed, and goes on refusing as long as the connection lives.
"""

from collections.abc import Iterator

import psycopg
from django.db import connections


def is_about_stale_plan(error: BaseException | None) -> bool:
    return any(
        isinstance(cause, psycopg.errors.FeatureNotSupported) and cause.diag.source_function == "RevalidateCachedQuery"
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def drop_plans() -> None:
    """Ends the connections that this process has at rest, and each other one when it's given back."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor == "postgresql":
            pool = getattr(connection, "pool", None)
            if pool is not None:
                pool.drain()
            connection.close()
