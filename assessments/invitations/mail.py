"""Sending what waits in the outbox, and putting the reminders there whose time has come.

A mail is claimed by one process, made and sent outside of any transaction. Its link works before it leaves. A process
that dies in between leaves the mail to the next one.
"""

import contextlib
import datetime
import logging
import smtplib
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from ..models import Assessment, Mail, Participation
from ..models.assessments import minutes
from ..models.participation import link_to

log = logging.getLogger("maturity")

#: The server is there and does not want this one mail.
ADDRESS_REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError)
#: At this hour of the team's day reminders become due: two days before the last day, and on the day after it.
HOUR = datetime.time(9)
BEFORE, AFTER = datetime.timedelta(days=2), datetime.timedelta(days=1)
SUBJECTS = {
    Mail.Kind.INVITATION: "{team}: your view is wanted",
    Mail.Kind.REMINDER: "{team}: a reminder to answer",
    Mail.Kind.DUE_SOON: "{team}: please answer by {due}",
    Mail.Kind.OVERDUE: "{team}: your answers are still wanted",
}


@dataclass(slots=True)
class Sent:
    """What one round did."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0


def reached(assessment: Assessment, now: datetime.datetime) -> Mail.Kind | None:
    """The reminder whose time has come by the clock where the team is; None before, or where there is no last day."""
    if assessment.due is None or assessment.opened_at is None:
        return None
    zone = ZoneInfo(assessment.team.time_zone)
    soon = datetime.datetime.combine(assessment.due - BEFORE, HOUR, tzinfo=zone)
    late = datetime.datetime.combine(assessment.due + AFTER, HOUR, tzinfo=zone)
    ended = datetime.datetime.combine(assessment.due + AFTER, datetime.time(), tzinfo=zone)
    if now >= late:
        return Mail.Kind.OVERDUE
    # Who was only just asked need not be told that time is short.
    return Mail.Kind.DUE_SOON if assessment.opened_at < soon <= now < ended else None


def queue_due(now: datetime.datetime | None = None):
    """Puts the reminders whose time has come into the outbox; to each person once of each kind."""
    for assessment in Assessment.objects.open().filter(due__isnull=False).select_related("team"):
        try:
            kind = reached(assessment, now or timezone.now())
        except OverflowError:
            log.warning("Assessment %s has a last day that no clock reaches: nobody is reminded.", assessment.pk)
            continue
        if kind:
            Mail.objects.queue_once(Mail.objects.people_to_remind(assessment), kind)


def send_waiting(*, assessment: Assessment | None = None, most: int | None = None) -> Sent:
    """Sends what waits, oldest first. Stops where the mail server is not there; one bad address holds up nobody."""
    done = Sent()
    waiting = Mail.objects.waiting()
    if assessment is not None:
        waiting = waiting.filter(assessment=assessment)
    connection = get_connection()
    # One conversation for all of them; where it cannot be begun, the first mail says so.
    with contextlib.suppress(OSError):
        connection.open()
    try:
        _send_each(list(waiting.values_list("pk", flat=True)[:most]), connection, done)
    finally:
        with contextlib.suppress(OSError):
            connection.close()
    return done


def _send_each(keys: list[int], connection, done: Sent):
    for pk in keys:
        if not Mail.objects.claim(pk):
            continue
        rows = Mail.objects.select_related("participation__user", "participation__invitation")
        mail = rows.select_related("assessment__team", "assessment__edition__framework").filter(pk=pk).first()
        if mail is None:
            continue
        if not _is_wanted(mail):
            mail.delete()
            done.dropped += 1
            continue
        try:
            _send(mail, connection)
        except ADDRESS_REFUSED:
            done.failed += 1
        except OSError:
            done.failed += 1
            break
        else:
            done.sent += 1


def send_soon(assessment: Assessment):
    """Sends a first few at once where mail is set up; the rest, and what fails, is for `manage.py send_due`."""
    if settings.MAIL_ENABLED:
        transaction.on_commit(partial(send_waiting, assessment=assessment, most=10))


def _is_wanted(mail: Mail) -> bool:
    person = mail.participation
    return bool(person.address) and person.state != Participation.State.SUBMITTED


def _send(mail: Mail, connection):
    """Raises OSError, as all of smtplib's are, where the mail was not taken; it is then tried again later."""
    assessment, person = mail.assessment, mail.participation
    carries_link = mail.kind == Mail.Kind.INVITATION or not assessment.anonymous
    token = assessment.make_link(person) if carries_link else ""
    try:
        message(mail, token, connection).send()
    except OSError as error:
        log.warning("mail %s could not be sent: %s", mail.pk, error.__class__.__name__)
        mail.postpone()
        raise
    Mail.objects.filter(pk=mail.pk).update(sent_at=timezone.now(), claimed_at=None)


def message(mail: Mail, token: str, connection=None) -> EmailMultiAlternatives:
    """The mail as it goes out, plain and as HTML. Without a token it leads to the page of whoever signs in."""
    assessment, person = mail.assessment, mail.participation
    due = f"{assessment.due:%-d %B %Y}" if assessment.due else ""
    context = {
        "mail": mail,
        "assessment": assessment,
        "team": assessment.team,
        "person": person,
        "link": link_to(token) if token else "",
        "page": f"{settings.SITE_URL}{assessment.get_absolute_url()}answer/" if person.user_id else "",
        "minutes": minutes(len(assessment.criteria_asked())),
        "total": len(assessment.criteria_asked()),
    }
    subject = SUBJECTS[Mail.Kind(mail.kind)].format(team=assessment.team.name, due=due)
    plain = render_to_string("invitations/message.txt", context)
    mail_out = EmailMultiAlternatives(" ".join(subject.split()), plain, to=[person.address], connection=connection)
    mail_out.attach_alternative(render_to_string("invitations/message.html", context), "text/html")
    # Out-of-office answers to a machine help nobody.
    mail_out.extra_headers["Auto-Submitted"] = "auto-generated"
    return mail_out
