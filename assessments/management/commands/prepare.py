import contextlib
import fcntl
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

# Any number that no other program uses on this database.
LOCK = 0x4D617475


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Servers that start together take turns: two migrations at once would break each other.

    On SQLite this includes opening the file, because the first process to do so sets its journal mode.
    """
    if connection.vendor == "sqlite":
        settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (settings.DATA_DIR / "prepare.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            connect()
            yield
        return
    connect()
    with connection.cursor() as cursor:
        # A migration, or waiting for one, may take longer than a page ever should.
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
            cursor.execute("RESET lock_timeout")
            cursor.execute("RESET statement_timeout")


def connect() -> None:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise CommandError(f"The database does not answer: {str(error).strip()}") from error


class Command(BaseCommand):
    help = "Brings the database up to date: migrations, built-in frameworks and, with DEMO=1, the demo organisation."
    requires_system_checks = ()

    def handle(self, *, verbosity: int, **options: Any) -> None:
        with one_at_a_time():
            call_command("migrate", interactive=False, verbosity=max(verbosity - 1, 0))
            call_command("load_frameworks", verbosity=verbosity)
            if settings.DEMO:
                self.fill_demo(verbosity)

    def fill_demo(self, verbosity: int) -> None:
        try:
            call_command("demo", verbosity=verbosity)
        except CommandError as error:
            raise CommandError(f"{error} Start with DEMO=0 to use this database.") from error
