"""`manage.py send_due` sends invitations and reminders whose time has come; safe to run twice at a time."""

import time

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from ...invitations.mail import queue_due, send_waiting


class Command(BaseCommand):
    help = "Send invitations and reminders whose time has come; for cron, or with --every for a process of its own."

    def add_arguments(self, parser):
        parser.add_argument("--every", type=int, metavar="SECONDS", help="go on, with this pause in between")

    def handle(self, *args, every=None, **options):
        if not settings.MAIL_ENABLED:
            self.stdout.write("Mail is not set up, so nothing is sent. Set EMAIL_URL; README.md tells how.")
        while True:
            if settings.MAIL_ENABLED:
                self.round(goes_on=bool(every))
            if not every:
                return
            time.sleep(every)

    def round(self, *, goes_on):
        try:
            queue_due()
            done = send_waiting()
        except DatabaseError as error:
            if not goes_on:
                raise
            self.stderr.write(f"The database did not answer ({error.__class__.__name__}); trying again later.")
            close_old_connections()
            return
        if done.sent or done.failed:
            waits = " The mail server did not take the next one; it is tried again later." if done.failed else ""
            self.stdout.write(f"{done.sent} {'mail' if done.sent == 1 else 'mails'} sent.{waits}")
