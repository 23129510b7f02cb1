"""Commands that need the database in the state that this version of Maturity uses."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from ..operations.fitting import fit_of


def refuse_unless_prepared() -> None:
    """Raises CommandError, which says what to do, if the database does not answer or `prepare` has not run."""
    try:
        fit = fit_of(DEFAULT_DB_ALIAS)
    except DatabaseError as error:
        raise CommandError(f"The database does not answer: {str(error).strip()}") from error
    if fit.too_new:
        raise CommandError(fit.hindrance)
    if fit.needed:
        raise CommandError(
            "The database is not prepared for this version of Maturity. Run “python manage.py prepare” first."
        )


class PreparedCommand(BaseCommand):
    """Says what to do, instead of a traceback, if the database does not answer or `prepare` has not run."""

    def execute(self, *args: Any, **options: Any) -> Any:
        refuse_unless_prepared()
        return super().execute(*args, **options)
