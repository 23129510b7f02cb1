import contextlib
from collections.abc import Iterator
from typing import Any

from django.core.management.commands import migrate
from django.db import connections, transaction


@contextlib.contextmanager
def all_or_nothing(using: str) -> Iterator[None]:
    """On SQLite, one transaction for all migrations: an interrupted run changes nothing, and nobody sees it halfway.

    While it runs, the triggers that protect published editions are removed, see `models/edition_triggers.py`.
    PostgreSQL does not need this: the triggers stay, and each migration has its own transaction.
    """
    connection = connections[using]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    # Tables are rebuilt with foreign keys off, which cannot be switched within a transaction.
    connection.disable_constraint_checking()
    try:
        with transaction.atomic(using=using):
            yield
    finally:
        connection.enable_constraint_checking()


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with all_or_nothing(options["database"]):
            super().handle(*args, **options)
