"""Mails that invite and remind people, when reminders are due, and what to do about mails that did not arrive."""

import datetime
import logging
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Assessment, Mail, OutsideInvitation
from ..models.assessments import minutes
from ..models.outside import OutsideSeat
from ..models.participation import link_to
from ..web.letters import Link, Undelivered, write_letter

log = logging.getLogger("maturity")

#: Reminders go out at this hour in the team's time zone: two days before the due date, and on the day after it.
HOUR = datetime.time(9)
BEFORE = datetime.timedelta(days=2)
AFTER = datetime.timedelta(days=1)
SUBJECTS = {
    Mail.Kind.INVITATION: gettext_lazy("{team}: you are invited to answer"),
    Mail.Kind.REMINDER: gettext_lazy("{team}: a reminder to answer"),
    Mail.Kind.DUE_SOON: gettext_lazy("{team}: please answer by {due}"),
    Mail.Kind.OVERDUE: gettext_lazy("{team}: you can still answer"),
    Mail.Kind.OUTSIDE: gettext_lazy("{team}: you are asked for your view from outside"),
}
TEMPLATES = {
    Mail.Kind.INVITATION: "invitations/mail/invitation.txt",
    Mail.Kind.REMINDER: "invitations/mail/reminder.txt",
    Mail.Kind.DUE_SOON: "invitations/mail/due_soon.txt",
    Mail.Kind.OVERDUE: "invitations/mail/overdue.txt",
    Mail.Kind.OUTSIDE: "invitations/mail/outside.txt",
}


def reached(assessment: Assessment, now: datetime.datetime) -> Mail.Kind | None:
    """The reminder that is due by the clock of the team; None if none is due yet, or if there is no due date."""
    if assessment.due is None or assessment.opened_at is None:
        return None
    zone = ZoneInfo(assessment.team.time_zone)
    soon = datetime.datetime.combine(assessment.due - BEFORE, HOUR, tzinfo=zone)
    late = datetime.datetime.combine(assessment.due + AFTER, HOUR, tzinfo=zone)
    ended = datetime.datetime.combine(assessment.due + AFTER, datetime.time(), tzinfo=zone)
    if now >= late:
        return Mail.Kind.OVERDUE
    # People who were only just asked need no reminder that time is short.
    return Mail.Kind.DUE_SOON if assessment.opened_at < soon <= now < ended else None


def queue_due() -> None:
    """Queues the reminders that are due: to each person once of each kind and due date."""
    for assessment in Assessment.objects.open().filter(due__isnull=False).select_related("team"):
        try:
            kind = reached(assessment, timezone.now())
        except OverflowError:
            log.warning("Assessment %s has a due date that no clock reaches: nobody is reminded.", assessment.pk)
            continue
        if kind and assessment.due:
            Mail.objects.queue_once(Mail.objects.people_to_remind(assessment, kind), kind, assessment.due)


def assessment_letter(mail: Mail) -> EmailMessage | None:
    """The mail to send, with its link already stored; None if it is no longer needed."""
    assessment = mail.assessment
    person = mail.participation
    kind = Mail.Kind(mail.kind)
    if assessment is not None and mail.outsider is not None:
        return _outside_letter(mail, assessment, mail.outsider)
    if assessment is None or person is None:
        return None
    # The due date was moved, or has passed, while the mail was queued.
    if kind in Mail.BY_DATE and reached(assessment, timezone.now()) != kind:
        return None
    token = assessment.token_for_mail(mail)
    if token is None:
        return None
    total = len(assessment.criteria_asked())
    page = f"{settings.SITE_URL}{assessment.get_absolute_url()}answer/" if person.user else ""
    author = str(assessment.created_by or "")
    return write_letter(
        mail,
        to=person.address,
        subject=str(SUBJECTS[kind]),
        template=TEMPLATES[kind],
        links={
            "link": Link(link_to(token), _("Answer now")) if token else None,
            "page": Link(page, _("Open the questionnaire")) if page else None,
        },
        facts={
            "team": assessment.team.name,
            "name": person.user.name if person.user else "",
            "framework": assessment.edition.title,
            "round": str(assessment.in_round() or ""),
            "due": date_format(assessment.due) if assessment.due else "",
            "total": total,
            "minutes": minutes(total),
            "is_anonymous": assessment.anonymous,
            "message": assessment.message,
            "author": author,
            "inviter": str(mail.by or author),
        },
    )


def _outside_letter(mail: Mail, assessment: Assessment, outsider: OutsideInvitation) -> EmailMessage | None:
    """The invitation of somebody outside the team; None if the link would lead nowhere."""
    view = outsider.view
    if not view.is_open or not outsider.email or not OutsideSeat.of_invitation(outsider).lets_in():
        return None
    total = len(view.criteria_asked())
    return write_letter(
        mail,
        to=outsider.email,
        subject=str(SUBJECTS[Mail.Kind.OUTSIDE]),
        template=TEMPLATES[Mail.Kind.OUTSIDE],
        links={"link": Link(outsider.address, _("Answer now"))},
        facts={
            "team": assessment.team.name,
            "framework": assessment.edition.title,
            "due": date_format(assessment.due) if assessment.due else "",
            "total": total,
            "minutes": minutes(total),
            "inviter": str(mail.by or assessment.created_by or ""),
        },
    )


def undelivered_invitations(assessment: Assessment) -> list[Undelivered]:
    """Mails of an assessment that did not arrive, as its lead sees them."""
    rows = []
    for mail in assessment.mails.undelivered():
        row = Undelivered(
            who=mail.participation.who if mail.participation else _("Outside the team"),
            email=mail.email,
            problem=mail.get_problem_display(),
            reply=mail.reply,
            advice=_advice(mail, assessment),
        )
        rows.append(row)
    return rows


def _advice(mail: Mail, assessment: Assessment) -> str:
    """What the lead can do. Anyone who comes by a shared link does not count towards the four of an anonymous one."""
    if mail.outsider is not None:
        return _(
            "Check the email for typos. If it is wrong, revoke the invitation and invite the correct email. If it is"
            " right, invite them again later, or give them the link for people outside the team."
        )
    has_account = mail.participation is not None and mail.participation.user_id is not None
    if mail.is_refused and has_account:
        return _("Check the email for typos and ask an administrator to correct the account. Then invite them again.")
    if mail.is_refused and assessment.anonymous:
        return _(
            "Check the email for typos. If it is wrong, revoke the invitation and invite the correct email. If it is"
            " right, invite them again later. Do not use the shared link: it does not count towards the four people"
            " that an anonymous assessment needs."
        )
    if mail.is_refused:
        return _(
            "Check the email for typos. If it is wrong, revoke the invitation and invite the correct email. If it is"
            " right, invite them again later or share the link."
        )
    if mail.problem == Mail.Problem.INTERRUPTED:
        return _("Ask whether it arrived. If not, invite them again.")
    if assessment.anonymous:
        return _("Invite them again. If this happens again, tell an administrator.")
    return _("Invite them again or share the link. If this happens again, tell an administrator.")
