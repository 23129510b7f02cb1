from typing import Any

from django.conf import settings
from django.urls import reverse

from assessments.accounts.demo_accounts import demo_accounts, demo_is_open, holds_real_data
from assessments.management.prepared import PreparedCommand
from assessments.models import User
from assessments.models.accounts import setup_code


class Command(PreparedCommand):
    help = "Prints the address and how to sign in: demo accounts, or the code for the first administrator."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"\nMaturity is at {settings.SITE_URL}")
        if not User.objects.exists():
            self.say_setup()
        elif demo_is_open():
            self.say_accounts()
        elif not holds_real_data():
            self.stdout.write("This database only holds the demo organisation. Start with DEMO=1 to sign in to it.")
        self.stdout.flush()

    def say_setup(self) -> None:
        self.stdout.write(
            f"No accounts yet. Open {settings.SITE_URL}{reverse('setup')} and create the first administrator\n"
            f"with this code: {setup_code()}"
        )

    def say_accounts(self) -> None:
        self.stdout.write("The sign-in page lists the demo accounts; one click signs in:")
        accounts = demo_accounts()
        for account in accounts.first:
            self.stdout.write(f"  {account.email}  {account.name}, {account.role}")
        self.stdout.write(f"  and {len(accounts.others)} more")
