"""What is due for a person, as entries of a calendar: only what they may see at the moment of reading."""

import datetime
from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from ..models import Action, Assessment, Membership, Participation, Target, User
from ..planning.target_progress import graded
from ..web.calendar_files import CalendarDay, calendar_file

#: So many of one kind at most.
MOST = 300


def calendar_of(user: User) -> list[CalendarDay]:
    """Everything that is due for this person."""
    return [*_answers(user), *_reviews(user), *_actions(user), *_targets(user)]


def file_of(days: list[CalendarDay], *, made_at: datetime.datetime) -> bytes:
    """These days as a file for calendar programs."""
    return calendar_file(_("Maturity: what is due"), days, made_at=made_at)


def _answers(user: User) -> Iterator[CalendarDay]:
    """Answers that the person has not submitted yet; in an anonymous assessment until it ends.

    People share their calendars, and an entry that goes would say that somebody has submitted.
    """
    teams = Membership.objects.answering().filter(user=user).values("team")
    rows = Assessment.objects.asking(user).for_person(user).filter(team__in=teams, due__isnull=False)
    for assessment in rows.select_related("team", "edition")[:MOST]:
        is_submitted = assessment.my_state == Participation.State.SUBMITTED
        if assessment.due is None or (is_submitted and not assessment.anonymous):
            continue
        values = {"team": assessment.team.name, "framework": assessment.edition.name}
        yield CalendarDay(
            key=f"answer-{assessment.pk}",
            day=assessment.due,
            title=_("Answer for {team}, {framework}").format(**values),
            url=settings.SITE_URL + reverse("answer", args=[assessment.pk]),
            revision=assessment.revision,
        )


def _reviews(user: User) -> Iterator[CalendarDay]:
    """Reviews that the person leads: they begin when answering ends, on the due date."""
    rows = Assessment.objects.led_by(user).filter(due__isnull=False).select_related("team", "edition")
    for assessment in rows[:MOST]:
        if assessment.is_draft or assessment.due is None:
            continue
        values = {"team": assessment.team.name, "framework": assessment.edition.name}
        sentence = _("Review with {team}, {framework}")
        if assessment.is_open:
            sentence = _("Answers of {team} are due, then the review, {framework}")
        yield CalendarDay(
            key=f"review-{assessment.pk}",
            day=assessment.due,
            title=sentence.format(**values),
            url=settings.SITE_URL + assessment.get_absolute_url(),
            revision=assessment.revision,
        )


def _actions(user: User) -> Iterator[CalendarDay]:
    """The person's own actions that are not done, in teams for which they still plan."""
    teams = Membership.objects.answering().filter(user=user).values("team")
    rows = Action.objects.pending().filter(owner=user, team__in=teams, due__isnull=False)
    for action in rows.select_related("team", "framework")[:MOST]:
        if action.due is None:
            continue
        page = reverse("team-roadmap", args=[action.team_id])
        yield CalendarDay(
            key=f"action-{action.pk}",
            day=action.due,
            title=_("{team}: {action}").format(team=action.team.name, action=action.text),
            text=_("Status: {status}").format(status=action.get_status_display()),
            url=f"{settings.SITE_URL}{page}?framework={action.framework.key}#action-{action.pk}",
            revision=action.revision,
        )


def _targets(user: User) -> Iterator[CalendarDay]:
    """Targets of the teams that the person is in, until their day."""
    teams = user.memberships.filter(team__isnull=False).values("team")
    targets = Target.objects.filter(team__in=teams).for_grading().order_by("due", "pk")
    for progress in graded(targets[:MOST], with_shares=False):
        if progress.is_over or progress.outdated:
            continue
        target = progress.target
        page = reverse("team-targets", args=[target.team_id])
        yield CalendarDay(
            key=f"target-{target.pk}",
            day=target.due,
            title=_("{team}: target {target}").format(team=target.team.name, target=progress.title),
            url=f"{settings.SITE_URL}{page}?framework={target.framework.key}",
            revision=target.revision,
        )
