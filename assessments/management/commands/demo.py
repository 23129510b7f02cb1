import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from assessments.demo.writing import DemoWriter
from assessments.models import Edition, Team, User


class Command(BaseCommand):
    help = "Fills an empty database with a made-up organisation: 3 units, 12 teams, two years of assessments."

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, default=7, help="the same seed and day give the same data")
        parser.add_argument(
            "--today", type=datetime.date.fromisoformat, help="the day the history ends (default: today)"
        )

    def handle(self, *, seed, today, **options):
        if Team.objects.filter(is_demo=False).exists() or User.objects.filter(is_demo=False).exists():
            raise CommandError(
                "This database holds real teams or accounts; the demo organisation would mix with them. "
                "Nothing was changed."
            )
        if Team.objects.exists():
            self.stdout.write("The demo organisation is there already.")
            return
        if not Edition.objects.published().exists():
            raise CommandError("There is no framework yet. Run “manage.py load_frameworks” first.")
        DemoWriter(seed=seed, today=today or timezone.localdate()).write()
        self.stdout.write(f"Made the demo organisation: {Team.objects.count()} teams, {User.objects.count()} accounts.")
