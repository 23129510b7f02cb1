"""`manage.py send_due` does the work that is waiting in the database. It may run twice at once, and stop at any time.

It finds what happened and what is due, starts the teams of rounds that wait, drafts the rounds that repeat, sends the
mails in the outbox and the messages to webhooks, creates issues in trackers and reads their state, and clears the
traces of ended anonymous assessments from the files of the database until nothing is left. As a process that keeps
running, it also tidies up once a day.
"""

import logging
import os
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from ...invitations.mail import queue_due
from ...models import Assessment, Mail, unlinking
from ...notices.queueing import queue_what_happened, queue_what_is_due
from ...operations.stale_plans import drop_plans, is_about_stale_plan
from ...operations.tidying import tidy
from ...outbox.deliveries import deliver_waiting
from ...outbox.issues import create_waiting, read_states
from ...outbox.sending import send_waiting
from ...rounds import schedule
from ...webhooks.due import queue_due_deliveries
from ..prepared import refuse_unless_prepared

log = logging.getLogger("maturity")


class Command(BaseCommand):
    help = "Sends waiting mails and does other waiting work: for cron, or as a process with --every."

    #: Seconds between rounds that also look for reminders that are due, which costs more than reading the outbox, and
    #: clear the files of the database, which may need several tries.
    REST_EVERY = 60
    #: Seconds between rounds that look for what is due by the day: often enough for every time zone.
    DUE_EVERY = 60 * 60
    #: Seconds between rounds that remove what nobody needs any more.
    TIDY_EVERY = 24 * 60 * 60

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stopping = threading.Event()
        self.parent: int | None = None
        self.rest_at = float("-inf")
        self.looked_at = float("-inf")
        self.tidied_at = float("-inf")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, metavar="SECONDS", help="keep running, with this pause between rounds")
        parser.add_argument("--child-of", type=int, metavar="PID", help="stop when this process has ended")

    def handle(self, *args: Any, every: Any = None, child_of: Any = None, **options: Any) -> None:
        self.parent = child_of
        # With --every it waits for `prepare` instead, as the server beside it does.
        if not every:
            refuse_unless_prepared()
        if not settings.MAIL_ENABLED and child_of is None:
            self.stdout.write("Mail is not set up, so no mail is sent. Set EMAIL_URL; README.md says how.")
        if every:
            # A mail that is being sent is finished first.
            signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
            signal.signal(signal.SIGINT, lambda *_: self.stopping.set())
        while self.goes_on():
            self.round(is_last=not every)
            if not every:
                return
            self.stopping.wait(every)

    def goes_on(self) -> bool:
        return not self.stopping.is_set() and self.parent in {None, os.getppid()}

    def round(self, *, is_last: bool) -> None:
        """Work of one kind that fails does not keep that of the others from being done."""
        is_time_for_the_rest = time.monotonic() - self.rest_at >= self.REST_EVERY
        failure: Exception | None = None
        for work in (self.do_the_rest, self.send_mails, self.send_deliveries, self.talk_to_trackers):
            try:
                work(looks_for_due=is_time_for_the_rest, is_last=is_last)
            except DatabaseError as error:
                failure = failure or error
                if is_about_stale_plan(error):
                    drop_plans()
                if not is_last:
                    log.warning("The database did not answer (%s). Trying again later.", error.__class__.__name__)
                break
            except Exception as error:
                failure = failure or error
                if not is_last:
                    log.exception("Some of the waiting work failed. Trying again later.")
        if not is_last:
            close_old_connections()
        elif failure is not None:
            raise failure

    def do_the_rest(self, *, looks_for_due: bool, is_last: bool) -> None:
        if not looks_for_due:
            return
        self.rest_at = time.monotonic()
        unlinking.clear_traces(Assessment.objects.all())
        if started := schedule.go_on(self.goes_on):
            self.stdout.write(f"{started} {'team' if started == 1 else 'teams'} started in rounds.")
        if not is_last:
            self.tidy_daily()

    def tidy_daily(self) -> None:
        if time.monotonic() - self.tidied_at < self.TIDY_EVERY:
            return
        self.tidied_at = time.monotonic()
        try:
            tidy()
        except OSError as error:
            log.warning("Old entries of the journal stay: the file cannot be written (%s).", error.strerror)

    def send_mails(self, *, looks_for_due: bool, is_last: bool) -> None:
        if not settings.MAIL_ENABLED:
            return
        if looks_for_due:
            queue_due()
            queue_what_happened()
            if time.monotonic() - self.looked_at >= self.DUE_EVERY:
                queue_what_is_due()
                self.looked_at = time.monotonic()
            Mail.objects.drop_pointless()
        done = send_waiting(goes_on=self.goes_on)
        if done.sent:
            self.stdout.write(f"{done.sent} {'mail' if done.sent == 1 else 'mails'} sent.")
        if done.postponed:
            self.stdout.write("The mail server did not accept every mail. Mails it may accept later are tried again.")

    def send_deliveries(self, *, looks_for_due: bool, is_last: bool) -> None:
        if looks_for_due:
            queue_due_deliveries()
        done = deliver_waiting(goes_on=self.goes_on)
        if done.sent:
            self.stdout.write(f"{done.sent} {'message' if done.sent == 1 else 'messages'} sent to webhooks.")
        if done.postponed:
            self.stdout.write("A webhook did not accept every message. Messages it may accept later are tried again.")

    def talk_to_trackers(self, *, looks_for_due: bool, is_last: bool) -> None:
        done = create_waiting(goes_on=self.goes_on)
        if done.created:
            self.stdout.write(f"{done.created} {'issue' if done.created == 1 else 'issues'} created.")
        if done.failed:
            self.stdout.write("A tracker did not create every issue. The pages of the actions say why.")
        if looks_for_due:
            read_states(goes_on=self.goes_on)
