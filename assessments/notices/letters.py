"""The letters of notices, by kind: what they say, and whether their person should still get them.

A new kind gets an entry in `LETTERS`: a function from the mail to its `NoticeWords`, or to None if the person should
not get it any more. It asks everything again, because a mail may have waited.
"""

from collections.abc import Callable

from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..models import Action, Assessment, Mail, Result, Round, Target, User
from ..permissions.access import roles_in_round
from ..permissions.roles import Permission, may_in_team
from ..planning.target_progress import graded
from ..web.letters import Fact, write_letter
from . import recipients
from .digest import digest_letter
from .queueing import ACTION_BEFORE, OVERDUE_AFTER
from .words import NoticeWords, key_of, level_in_words, link_to


def notice_letter(mail: Mail) -> EmailMessage | None:
    """The notice to send; None if it is no longer true, or no longer for this person."""
    person = mail.user
    if person is None or not person.may_sign_in or person.is_demo:
        return None
    words = LETTERS[Mail.Kind(mail.kind)](mail, person)
    if words is None:
        return None
    return write_letter(
        mail,
        to=person.email,
        subject=words.subject,
        template=words.template,
        links=words.links,
        facts={
            "name": person.name,
            "inviter": str(mail.by or ""),
            "lacks_password": person.lacks_password,
            **words.facts,
        },
    )


def _assessment(mail: Mail) -> Assessment | None:
    rows = Assessment.objects.select_related("team", "edition__framework", "created_by", "facilitator")
    return rows.filter(pk=key_of(mail)).first()


def _words_about(assessment: Assessment, *, subject: str, template: str, **facts: Fact) -> NoticeWords:
    """What every letter about an assessment knows, beside these facts."""
    return NoticeWords(
        subject=subject,
        template=template,
        links={"page": link_to(assessment.get_absolute_url(), _("Open the assessment"))},
        facts={
            "team": assessment.team.name,
            "framework": assessment.edition.title,
            "due": date_format(assessment.due) if assessment.due else "",
            **facts,
        },
    )


def round_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To the leads of a team, about the assessment that a round has started for it."""
    assessment = _assessment(mail)
    if assessment is None or assessment.is_closed or person not in recipients.leads(assessment.team_id):
        return None
    round_ = assessment.in_round()
    return _words_about(
        assessment,
        subject=_("{team}: a round has started"),
        template="notices/mail/round.txt",
        inviter=str(mail.by or assessment.created_by or ""),
        round=str(round_ or ""),
        latest=date_format(round_.latest_due) if round_ else "",
    )


def waiting_round_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To the leads of a team whose assessment is past its due date in a round and goes on only with them."""
    assessment = _assessment(mail)
    if assessment is None or not assessment.waits_for_lead or person not in recipients.leads(assessment.team_id):
        return None
    return _words_about(
        assessment,
        subject=_("{team}: the round waits for you"),
        template="notices/mail/round_waits.txt",
        round=str(assessment.in_round() or ""),
        is_in_review=assessment.is_in_review,
    )


def next_round_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To the person who started a round, about the draft of the next one, as long as they may start it."""
    draft = Round.objects.drafts().select_related("unit", "edition", "follows").filter(pk=key_of(mail)).first()
    if draft is None or not may_in_team(roles_in_round(person, draft), Permission.RUN_ROUNDS):
        return None
    return NoticeWords(
        subject=_("{round} is drafted"),
        template="notices/mail/next_round.txt",
        links={"page": link_to(draft.get_absolute_url(), _("Choose teams"))},
        facts={
            "round": draft.name,
            "before": str(draft.follows or ""),
            "framework": draft.edition.title,
            "opens": date_format(draft.opens),
            "due": date_format(draft.due),
        },
    )


def ended_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To everybody who was asked, also in an anonymous assessment, and without a word about who answered."""
    assessment = _assessment(mail)
    if assessment is None or not assessment.is_in_review or person not in recipients.asked(assessment):
        return None
    return _words_about(
        assessment,
        subject=_("{team}: answering has ended"),
        template="notices/mail/ended.txt",
        facilitator=str(assessment.facilitator or ""),
    )


def review_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To those who lead the review, shortly before the answers are due."""
    assessment = _assessment(mail)
    if assessment is None or assessment.due is None or not assessment.is_open:
        return None
    # The due date was moved, or has passed, while the mail was queued.
    if assessment.due != mail.day or assessment.is_overdue:
        return None
    if person not in recipients.who_lead_the_review(assessment):
        return None
    return _words_about(
        assessment,
        subject=_("{team}: the review is near"),
        template="notices/mail/review_soon.txt",
        is_facilitator=person == assessment.facilitator,
    )


def result_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To everybody in the team. The level is only in it if the email is proven to be theirs."""
    rows = Result.objects.current_only().select_related("team", "assessment", "edition__framework")
    result = rows.filter(pk=key_of(mail)).first()
    if result is None or not result.assessment.is_closed or person not in recipients.everybody(result.team_id):
        return None
    return NoticeWords(
        subject=_("{team}: the result is there"),
        template="notices/mail/result.txt",
        links={"page": link_to(result.get_absolute_url(), _("See the result"))},
        facts={
            "team": result.team.name,
            "framework": result.edition.title,
            "date": date_format(result.date),
            "level": level_in_words(result) if person.is_confirmed else "",
        },
    )


def target_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To the leads of the team; nobody is written to about a target that is met or was moved."""
    rows = Target.objects.on_the_ladder_in_use().filter(pk=key_of(mail))
    target = next(iter(graded(rows.for_grading(), with_shares=False)), None)
    if target is None or target.is_met or mail.day is None:
        return None
    team = target.target.team
    if person not in recipients.leads(team):
        return None
    is_over = mail.day > target.target.due
    return NoticeWords(
        subject=_("{team}: a target is missed") if is_over else _("{team}: a target is due soon"),
        template="notices/mail/target.txt",
        links={"page": link_to(reverse("team-targets", args=[team.pk]), _("Open the targets"))},
        facts={
            "team": team.name,
            "target": target.title,
            "due": date_format(target.target.due),
            "is_over": is_over,
            "state": target.state,
        },
    )


def action_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To somebody about their own actions in a team: those that are due soon, and those that are late."""
    team, day = mail.team, mail.day
    if team is None or day is None or not recipients.belongs_to(person, team):
        return None
    mine = Action.objects.pending().filter(team=team, owner=person)
    soon, late = (list(mine.filter(due=due)) for due in (day + ACTION_BEFORE, day - OVERDUE_AFTER))
    if not (soon or late):
        return None
    return NoticeWords(
        subject=_("{team}: your actions are due"),
        template="notices/mail/action.txt",
        links={"page": link_to(reverse("team-roadmap", args=[team.pk]), _("Open the roadmap"))},
        facts={
            "team": team.name,
            "soon": [action.text for action in soon],
            "soon_day": date_format(day + ACTION_BEFORE),
            "late": [action.text for action in late],
            "late_day": date_format(day - OVERDUE_AFTER),
        },
    )


LETTERS: dict[Mail.Kind, Callable[[Mail, User], NoticeWords | None]] = {
    Mail.Kind.ROUND: round_letter,
    Mail.Kind.ROUND_WAITS: waiting_round_letter,
    Mail.Kind.ROUND_DRAFTED: next_round_letter,
    Mail.Kind.ENDED: ended_letter,
    Mail.Kind.REVIEW_SOON: review_letter,
    Mail.Kind.RESULT: result_letter,
    Mail.Kind.TARGET: target_letter,
    Mail.Kind.ACTION: action_letter,
    Mail.Kind.DIGEST: digest_letter,
}
