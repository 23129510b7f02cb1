"""`manage.py doctor` looks at an installation and says what is wrong with it.

It ends with 0 if everything is fine or only to be looked at, and with 1 if there is a problem.
"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from assessments.operations.examination import CHECKS, Severity, examine

MARKS = {Severity.FINE: "ok     ", Severity.WARNING: "look at", Severity.PROBLEM: "PROBLEM"}


class Command(BaseCommand):
    help = "Looks at settings, proxy, mail, database, clock, disk and permissions, and says what is wrong."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", choices=list(CHECKS), help="only this check; its problem is the exit code")
        parser.add_argument("--mail-to", metavar="EMAIL", default="", help="send a mail to this address")

    def handle(self, *, only: str | None, mail_to: str, **options: Any) -> None:
        problems = 0
        for name in [only] if only else CHECKS:
            for finding in examine(name, recipient=mail_to):
                self.stdout.write(f"{MARKS[finding.severity]}  {name}: {finding.sentence}")
                problems += finding.severity == Severity.PROBLEM
        if problems:
            sys.exit(1)
