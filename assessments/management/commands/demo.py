import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from assessments.accounts.demo_accounts import holds_real_data
from assessments.demo.large import LargeDemo, unfinished_demo
from assessments.demo.writing import DemoWriter
from assessments.management.prepared import PreparedCommand
from assessments.models import Edition, Team, User


class Command(PreparedCommand):
    help = (
        "Fills an empty database with a made-up organisation: 3 units, 12 teams, two years of assessments; "
        "with --teams, a large one with a made-up framework."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=7, help="the same seed and day give the same data")
        parser.add_argument(
            "--today", type=datetime.date.fromisoformat, help="the day the history ends (default: today)"
        )
        parser.add_argument("--teams", type=int, help="create a large organisation with this many teams instead")
        parser.add_argument("--years", type=int, default=5, help="for a large organisation: years of quarterly results")
        parser.add_argument("--dimensions", type=int, default=20, help="for a large organisation: number of dimensions")

    def handle(self, *, seed: int, today: Any, teams: int | None, years: int, dimensions: int, **options: Any) -> None:
        if holds_real_data():
            raise CommandError(
                "This database holds real teams or accounts, which the demo organisation would mix with. "
                "Nothing was changed."
            )
        if unfinished := unfinished_demo():
            self.stdout.write("Goes on with the organisation that was begun, as it was asked for then.")
            today = datetime.date.fromisoformat(unfinished.pop("today"))
            LargeDemo(**unfinished, today=today).write(told=self._told)
            self._created()
            return
        if Team.objects.exists():
            self.stdout.write("The demo organisation already exists.")
            return
        if teams is None and not Edition.objects.published().exists():
            raise CommandError("There is no framework yet. Run “manage.py load_frameworks” first.")
        today = today or timezone.localdate()
        if teams is None:
            DemoWriter(seed=seed, today=today).write()
        elif min(teams, years, dimensions) < 1 or dimensions > 100:
            raise CommandError(
                "A large organisation needs at least one team, year and dimension, and at most 100 dimensions."
            )
        else:
            LargeDemo(seed=seed, today=today, teams=teams, years=years, dimensions=dimensions).write(told=self._told)
        self._created()

    def _told(self, teams: int) -> None:
        self.stdout.write(f"{teams} teams")
        self.stdout.flush()

    def _created(self) -> None:
        self.stdout.write(
            f"Created the demo organisation: {Team.objects.count()} teams, {User.objects.count()} accounts."
        )
