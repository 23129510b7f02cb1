"""`manage.py rebuild_standings` makes what the portfolio reads anew, from the results; see `models/standings.py`."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS

from assessments.models import standings


class Command(BaseCommand):
    help = "Makes the rows that the portfolio reads anew from the results. The database keeps them right by itself."

    def handle(self, **options: Any) -> None:
        standings.install(DEFAULT_DB_ALIAS)
        wrong = standings.differing(DEFAULT_DB_ALIAS)
        standings.rebuild(DEFAULT_DB_ALIAS)
        self.stdout.write(f"Rows that were wrong: {wrong}.")
