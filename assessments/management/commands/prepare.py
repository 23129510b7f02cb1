import contextlib
import fcntl
from collections.abc import Iterator
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing

from assessments.apps import freeze_after_migration
from assessments.models import Installation
from assessments.models.connections import is_behind_pooler
from assessments.operations.fitting import OTHER_KEY, Fit, fit_of, named

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
    parameters = connection.get_connection_params()
    parameters.pop("pool", None)
    # The lock lives in a transaction of its own, which a pooler keeps on one connection.
    with psycopg.connect(**parameters) as guard:
        for limit in settings.DATABASE_LIMITS:
            guard.execute(f"SET LOCAL {limit} = 0")
        guard.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        with unlimited():
            yield


@contextlib.contextmanager
def unlimited() -> Iterator[None]:
    """A migration may take longer than a page ever should. Behind a pooler, others would get what is set here."""
    if is_behind_pooler(connection):
        yield
        return
    with connection.cursor() as cursor:
        for limit in settings.DATABASE_LIMITS:
            cursor.execute(f"SET {limit} = 0")
        try:
            yield
        finally:
            for limit in settings.DATABASE_LIMITS:
                cursor.execute(f"RESET {limit}")


def limit_the_account() -> None:
    """What connections without a pooler say when they begin."""
    with connection.cursor() as cursor:
        for limit, milliseconds in settings.DATABASE_LIMITS.items():
            database = connection.ops.quote_name(connection.settings_dict["NAME"])
            cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {limit} = {int(milliseconds)}")


def connect() -> None:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise CommandError(f"The database does not answer: {str(error).strip()}") from error


class Command(BaseCommand):
    help = "Brings the database up to date: migrations, built-in frameworks and, with DEMO=1, the demo organisation."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--phase",
            choices=["before", "after"],
            help="for an upgrade without a stop: the part before the first new server starts, or the rest after the "
            "last old one has ended. Without it, everything at once.",
        )

        parser.add_argument(
            "--new-secret-key", action="store_true", help="SECRET_KEY was changed on purpose: do not warn of it."
        )

    def handle(self, *, verbosity: int, phase: str | None = None, new_secret_key: bool = False, **options: Any) -> None:
        with one_at_a_time():
            fit = fit_of(DEFAULT_DB_ALIAS)
            if fit.too_new:
                raise CommandError(f"{fit.hindrance} Nothing was changed.")
            if phase == "before" and not fit.is_new:
                self.migrate_before(fit, verbosity)
                return
            if phase == "after" and fit.needed:
                raise CommandError("The first part has not run. Run “manage.py prepare --phase before” first.")
            self.migrate(verbosity)
            if connection.vendor == "postgresql" and is_behind_pooler(connection):
                limit_the_account()
            if new_secret_key:
                Installation.objects.take_key()
            elif not Installation.objects.shares_key():
                self.stderr.write(OTHER_KEY)
            call_command("load_frameworks", verbosity=verbosity)
            if settings.DEMO:
                self.fill_demo(verbosity)

    def migrate_before(self, fit: Fit, verbosity: int) -> None:
        """What servers of the old version don't mind. Frameworks come later: they may have what those can't read."""
        if not fit.needed:
            # Triggers and standings of this version, which belong to no migration.
            freeze_after_migration(DEFAULT_DB_ALIAS)
            self.stdout.write("Nothing has to be done before the new version starts.")
        elif fit.before is None:
            raise CommandError(
                f"This upgrade cannot be made while servers of the old version run ({named(fit.needed)}). "
                f"Stop them all, then run “manage.py prepare” without --phase."
            )
        else:
            for target in fit.before:
                self.migrate(verbosity, *target)

    def migrate(self, verbosity: int, *target: str) -> None:
        try:
            call_command("migrate", *target, interactive=False, verbosity=max(verbosity - 1, 0))
        except MigrationSchemaMissing as error:
            raise CommandError(
                "This account may not create tables in the database. Let it own the database: "
                f"ALTER DATABASE {connection.settings_dict['NAME']} OWNER TO {connection.settings_dict['USER']}."
            ) from error

    def fill_demo(self, verbosity: int) -> None:
        try:
            call_command("demo", verbosity=verbosity)
        except CommandError as error:
            raise CommandError(f"{error} Start with DEMO=0 to use this database.") from error
