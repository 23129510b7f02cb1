"""What goes into the outbox by itself: what happened a moment ago, and what is due by the day.

All of it is found in what is stored, so a request neither waits for it nor can forget it. Each notice is one row for
its person, kind, thing and day: two processes that find the same thing at the same moment queue it once.
"""

import datetime
import logging
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import DatabaseError, models
from django.db.models import Q
from django.utils import timezone

from ..models import Action, Assessment, Event, Mail, Result, Target, Team
from ..models.transitions import MOVES
from ..planning.target_progress import graded
from ..web.dates import notice_day
from . import recipients

log = logging.getLogger("maturity")

#: How far back it looks for what a process that did not run has missed.
HAPPENED_WITHIN = datetime.timedelta(days=2)
DUE_WITHIN = datetime.timedelta(days=6)

REVIEW_BEFORE = datetime.timedelta(days=1)
TARGET_BEFORE = datetime.timedelta(days=14)
ACTION_BEFORE = datetime.timedelta(days=3)
#: A target or an action is overdue on the day after its due date.
OVERDUE_AFTER = datetime.timedelta(days=1)


def queue_what_happened() -> None:
    """Queues notices about answering that has ended and results that are there."""
    _each(_queue_ended, _queue_results)


def queue_what_is_due() -> None:
    """Queues notices about reviews, targets, actions and the month. Once an hour is enough, in any time zone."""
    _each(_queue_reviews, _queue_targets, _queue_actions, _queue_digests)


def _each(*steps: Callable[[], None]) -> None:
    """One that fails keeps neither the others nor mails that wait from being sent."""
    for step in steps:
        try:
            step()
        except DatabaseError:
            raise
        except Exception:
            log.exception("Some notices cannot be queued.")


def _told(kind: Mail.Kind, things: Sequence[models.Model]) -> set[tuple[str, datetime.date | None]]:
    """Of which of these things, and about which day, there are notices already."""
    names = {Mail.name_of(thing) for thing in things}
    return set(Mail.objects.filter(kind=kind, about__in=names).values_list("about", "day"))


def _queue_ended() -> None:
    since = timezone.now() - HAPPENED_WITHIN
    in_review = Assessment.objects.filter(status=Assessment.Status.REVIEW)
    ended = Event.objects.filter(assessment__in=in_review, kind=MOVES["end answering"].event, at__gte=since)
    events = list(ended.select_related("assessment__team", "actor"))
    told = _told(Mail.Kind.ENDED, [event.assessment for event in events if event.assessment])
    for event in events:
        assessment = event.assessment
        if assessment is None:
            continue
        day = assessment.team.day_of(event.at)
        if (Mail.name_of(assessment), day) in told:
            continue
        people = [person for person in recipients.asked(assessment) if person.pk != event.actor_id]
        team = assessment.team
        Mail.objects.queue_notice(people, Mail.Kind.ENDED, about=assessment, day=day, team=team, by=event.actor)


def _queue_results() -> None:
    since = timezone.now() - HAPPENED_WITHIN
    rows = Result.objects.current_only().filter(created_at__gte=since, assessment__provenance=None)
    results = list(rows.filter(assessment__status=Assessment.Status.CLOSED).select_related("team", "closed_by"))
    told = _told(Mail.Kind.RESULT, results)
    for result in results:
        day, team = result.team.day_of(result.created_at), result.team
        if (Mail.name_of(result), day) in told:
            continue
        people = [person for person in recipients.everybody(team) if person.pk != result.closed_by_id]
        Mail.objects.queue_notice(people, Mail.Kind.RESULT, about=result, day=day, team=team, by=result.closed_by)


def _queue_reviews() -> None:
    for assessment in Assessment.objects.open().filter(_due_near(REVIEW_BEFORE)).select_related("team", "facilitator"):
        due, begins = assessment.due, _earlier(assessment.due, REVIEW_BEFORE)
        today = notice_day(assessment.team.time_zone)
        opened = assessment.team.day_of(assessment.opened_at) if assessment.opened_at else None
        # Who has only just started it knows when it is due.
        if due is None or begins is None or opened is None or not (opened < begins <= today <= due):
            continue
        people = recipients.who_lead_the_review(assessment)
        team = assessment.team
        Mail.objects.queue_notice(people, Mail.Kind.REVIEW_SOON, about=assessment, day=due, team=team)


def _queue_targets() -> None:
    near: list[tuple[Target, datetime.date]] = []
    for target in Target.objects.on_the_ladder_in_use().filter(_due_near(TARGET_BEFORE)).for_grading():
        day = _day_reached(target.due, TARGET_BEFORE, target.team)
        if day and target.team.day_of(target.set_at) < day:
            near.append((target, day))
    told = _told(Mail.Kind.TARGET, [target for target, _day in near])
    new = [(target, day) for target, day in near if (Mail.name_of(target), day) not in told]
    is_met = {row.target.pk: row.is_met for row in graded([target for target, _day in new], with_shares=False)}
    for target, day in new:
        if not is_met[target.pk]:
            people = recipients.leads(target.team)
            Mail.objects.queue_notice(people, Mail.Kind.TARGET, about=target, day=day, team=target.team)


def _queue_actions() -> None:
    """One mail for all actions of a person in a team that are due on the same day, or are late since the same day."""
    pending = Action.objects.pending().filter(_due_near(ACTION_BEFORE)).exclude(owner=None)
    by_day: dict[tuple[Team, datetime.date], list[Action]] = {}
    for action in pending.select_related("team", "owner"):
        if day := _day_reached(action.due, ACTION_BEFORE, action.team):
            by_day.setdefault((action.team, day), []).append(action)
    names = {Mail.name_of(team) for team, _day in by_day}
    rows = Mail.objects.filter(kind=Mail.Kind.ACTION, about__in=names).values_list("about", "day", "user")
    told = set(rows)
    for (team, day), actions in by_day.items():
        new = [action for action in actions if (Mail.name_of(team), day, action.owner_id) not in told]
        people = recipients.owners(new, team)
        Mail.objects.queue_notice(people, Mail.Kind.ACTION, about=team, day=day, team=team)


def _day_reached(due: datetime.date | None, before: datetime.timedelta, team: Team) -> datetime.date | None:
    """The day on which somebody hears of a due date: so long before it, or when it is over.

    It is today where the team is, or was a few days ago, when perhaps no process ran. None if it is neither.
    """
    today = notice_day(team.time_zone)
    days = (_earlier(due, -OVERDUE_AFTER), _earlier(due, before))
    # What is over by now is no longer due soon.
    reached = next((day for day in days if day and day <= today), None)
    return reached if reached and today <= reached + DUE_WITHIN else None


def _queue_digests() -> None:
    today = notice_day(settings.TIME_ZONE)
    first = today.replace(day=1)
    if today > first + DUE_WITHIN:
        return
    about = f"month:{(first - OVERDUE_AFTER):%Y-%m}"
    told = set(Mail.objects.filter(kind=Mail.Kind.DIGEST, about=about).values_list("user", flat=True))
    people = [person for person in recipients.digest_readers() if person.pk not in told]
    Mail.objects.queue_notice(people, Mail.Kind.DIGEST, about=about, day=first)


def _due_near(before: datetime.timedelta) -> Q:
    """Rows whose due date is near, in any time zone: the exact day is asked of each."""
    today = timezone.now().date()
    spare = datetime.timedelta(days=2)
    return Q(due__gte=today - DUE_WITHIN - OVERDUE_AFTER - spare, due__lte=today + before + spare)


def _earlier(due: datetime.date | None, before: datetime.timedelta) -> datetime.date | None:
    """So long before the due date; None at the ends of the calendar."""
    try:
        return due - before if due else None
    except OverflowError:
        return None
