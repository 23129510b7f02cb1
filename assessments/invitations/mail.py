"""Reminders whose time has come, and the mails by which people are invited and reminded."""

import datetime
import logging
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from ..models import Assessment, Mail
from ..models.assessments import minutes
from ..models.participation import link_to
from ..web.letters import write_letter

log = logging.getLogger("maturity")

#: At this hour of the team's day reminders become due: two days before the due date, and on the day after it.
HOUR = datetime.time(9)
BEFORE, AFTER = datetime.timedelta(days=2), datetime.timedelta(days=1)
SUBJECTS = {
    Mail.Kind.INVITATION: "{team}: you are invited to answer",
    Mail.Kind.REMINDER: "{team}: a reminder to answer",
    Mail.Kind.DUE_SOON: "{team}: please answer by {due}",
    Mail.Kind.OVERDUE: "{team}: you can still answer",
}
TEMPLATES = {
    Mail.Kind.INVITATION: "invitations/mail/invitation.txt",
    Mail.Kind.REMINDER: "invitations/mail/reminder.txt",
    Mail.Kind.DUE_SOON: "invitations/mail/due_soon.txt",
    Mail.Kind.OVERDUE: "invitations/mail/overdue.txt",
}


def reached(assessment: Assessment, now: datetime.datetime) -> Mail.Kind | None:
    """The reminder whose time has come by the clock of the team; None before, or if there is no due date."""
    if assessment.due is None or assessment.opened_at is None:
        return None
    zone = ZoneInfo(assessment.team.time_zone)
    soon = datetime.datetime.combine(assessment.due - BEFORE, HOUR, tzinfo=zone)
    late = datetime.datetime.combine(assessment.due + AFTER, HOUR, tzinfo=zone)
    ended = datetime.datetime.combine(assessment.due + AFTER, datetime.time(), tzinfo=zone)
    if now >= late:
        return Mail.Kind.OVERDUE
    # Anyone who was only just asked need not be told that time is short.
    return Mail.Kind.DUE_SOON if assessment.opened_at < soon <= now < ended else None


def queue_due() -> None:
    """Puts the reminders whose time has come into the outbox; to each person once of each kind and due date."""
    for assessment in Assessment.objects.open().filter(due__isnull=False).select_related("team"):
        try:
            kind = reached(assessment, timezone.now())
        except OverflowError:
            log.warning("Assessment %s has a due date that no clock reaches: nobody is reminded.", assessment.pk)
            continue
        if kind and assessment.due:
            Mail.objects.queue_once(Mail.objects.people_to_remind(assessment, kind), kind, assessment.due)


def assessment_letter(mail: Mail) -> EmailMessage | None:
    """The mail as it goes out, its link in force already; None if nobody needs it any more."""
    assessment, person, kind = mail.assessment, mail.participation, Mail.Kind(mail.kind)
    if assessment is None or person is None:
        return None
    # The due date was moved, or has passed, while the mail waited.
    if kind in Mail.BY_DATE and reached(assessment, timezone.now()) != kind:
        return None
    token = assessment.token_for_mail(mail)
    if token is None:
        return None
    total = len(assessment.criteria_asked())
    page = f"{settings.SITE_URL}{assessment.get_absolute_url()}answer/" if person.user else ""
    return write_letter(
        mail,
        to=person.address,
        subject=SUBJECTS[kind],
        template=TEMPLATES[kind],
        verbatim={"link": link_to(token) if token else "", "page": page},
        team=assessment.team.name,
        name=person.user.name if person.user else "",
        framework=assessment.edition.name,
        due=f"{assessment.due:%-d %B %Y}" if assessment.due else "",
        total=total,
        minutes=minutes(total),
        is_anonymous=assessment.anonymous,
    )
