from typing import Any

from django.core.management.base import CommandError, CommandParser

from assessments.management.prepared import PreparedCommand
from assessments.models import Event, User
from assessments.models.second_factors import SecondFactors


class Command(PreparedCommand):
    help = "Prints a link that signs in as somebody, once, within three days: the way back in if nothing else works."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the email of the account")
        parser.add_argument(
            "--remove-second-factor", action="store_true", help="it is lost: the link signs in without one"
        )

    def handle(self, *, email: str, remove_second_factor: bool, **options: Any) -> None:
        person = User.objects.at_address(email)
        if person is None:
            raise CommandError(f"There is no account with the email {email}.")
        if not person.may_sign_in:
            raise CommandError("This account cannot sign in. An administrator has to allow it first.")
        if remove_second_factor:
            SecondFactors(person).take_away(by=None)
        Event.record("account.link", by=None, person=str(person.pk))
        self.stdout.write(person.sign_in_link())
        self.stdout.write("It works once, for three days. Whoever opens it is signed in, so do not pass it on.")
        if SecondFactors(person).exist():
            self.stdout.write("The account has a second factor, for which the link asks. Lost? --remove-second-factor")
