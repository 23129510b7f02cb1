"""What changed in a person's teams since they were here: results, targets, and actions that others gave them."""

import datetime
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ..models import Action, Event, Membership, Result, Review, Target, Team, Unit, User
from ..models.framework_texts import filled, joined
from ..planning.target_progress import GradedTarget, graded
from ..web.dates import day

#: So many are listed, the newest first.
MOST = 10
#: So many of one kind are looked at.
LOOKED_AT = 30
NEW_RESULT = ["assessment.closed", "assessment.imported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentChange:
    """Something that happened at a moment, in words, and where to read more."""

    at: datetime.datetime
    title: str
    detail: str
    address: str


def changes_for(user: User, since: datetime.datetime | None) -> list[RecentChange]:
    """The newest first; nothing before a first visit. Of the teams that the person belongs to or manages.

    What the person did themselves is no news. Everything is read from frozen results, targets and actions, never from
    answers, so that an anonymous assessment tells nothing here that its result does not tell. Ten queries at most.
    """
    if since is None:
        return []
    teams = _teams(user)
    if not teams:
        return []
    closings = _closings(user, teams, since)
    changes = _results(closings)
    changes += _targets(teams, since, closings)
    changes += _actions(user, since)
    return sorted(changes, key=lambda change: change.at, reverse=True)[:MOST]


def _teams(user: User) -> set[UUID]:
    memberships = list(Membership.objects.filter(user=user).values_list("team_id", "unit_id"))
    own = {team for team, _unit in memberships if team}
    managed = [unit for _team, unit in memberships if unit]
    if managed:
        own |= set(Team.objects.filter(unit__in=Unit.objects.subtree_ids(managed)).values_list("pk", flat=True))
    return own


# ------------------------------------------------------------------ results


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A result that counts, and when it came to be."""

    at: datetime.datetime
    result: Result
    is_reviewed: bool


def _closings(user: User, teams: set[UUID], since: datetime.datetime) -> list[Closing]:
    """Of each assessment the newest closing by somebody else."""
    events = Event.objects.filter(team__in=teams, kind__in=NEW_RESULT, at__gt=since, assessment__isnull=False)
    by_others = events.filter(~Q(actor=user) | Q(actor=None)).order_by("pk")
    closed = dict(by_others.values_list("assessment", "at"))
    results = Result.objects.current_only().filter(assessment__in=list(closed)).select_related("team")
    reviewed = set(Review.objects.filter(assessment__in=list(closed)).values_list("assessment", flat=True))
    return [
        Closing(at=closed[result.assessment_id], result=result, is_reviewed=result.assessment_id in reviewed)
        for result in results.defer("outcomes", "cells").wired()
    ]


def _results(closings: list[Closing]) -> list[RecentChange]:
    return [_result(closing) for closing in closings]


def _result(closing: Closing) -> RecentChange:
    result = closing.result
    if result.level is None:
        level = _("No level")
    elif result.edition.uses_levels:
        level = filled(_("Level {number}, {name}"), number=result.level, name=result.level_name)
    else:
        level = result.level_name
    if few := result.few_responded:
        level = filled(_("{level} (only {few})"), level=level, few=few)
    closed_on = day(result.team.day_of(closing.at))
    sentence = _("The review was closed on {date}") if closing.is_reviewed else _("Closed on {date}")
    return RecentChange(
        at=closing.at,
        title=filled(_("New result of {team}: {level}"), team=result.team, level=level),
        detail=joined(" · ", [sentence.format(date=closed_on), result.framework.title]),
        address=result.get_absolute_url(),
    )


# ------------------------------------------------------------------ targets


def _targets(teams: set[UUID], since: datetime.datetime, closings: list[Closing]) -> list[RecentChange]:
    """Targets that a new result reached, and those whose due date passed without."""
    # The furthest time zones are a day away from this one.
    before, after = (moment.date() for moment in (since, datetime.datetime.now(tz=datetime.UTC)))
    one_day = datetime.timedelta(days=1)
    is_due = Q(due__range=(before - one_day, after + one_day))
    with_result = Q(team__in={closing.result.team_id for closing in closings})
    targets = list(Target.objects.for_grading().filter(team__in=teams).filter(is_due | with_result)[:LOOKED_AT])
    if not targets:
        return []
    rows = Result.objects.current_only().filter(team__in={target.team_id for target in targets})
    results = rows.defer("cells", "warnings").chronological().wired()
    new = {closing.result.pk: closing.at for closing in closings}
    known = [result for result in results if result.pk not in new]
    was_met = {target.target.pk for target in graded(targets, with_shares=False, results=known) if target.is_met}
    changes = []
    for target in graded(targets, with_shares=False, results=results):
        moments = [closing.at for closing in closings if closing.result.team_id == target.target.team_id]
        if target.outdated:
            continue
        if target.is_met and target.target.pk not in was_met and moments:
            changes.append(_target(target, _("Target reached by {team}: {target}"), at=max(moments)))
        elif target.is_over and not target.is_met and (due := _end(target.target)) > since:
            missed, unknown = (
                _("Target missed by {team}: {target}"),
                _("Target of {team} is past its due date: {target}"),
            )
            changes.append(_target(target, missed if target.is_missed else unknown, at=due))
    return changes


def _end(target: Target) -> datetime.datetime:
    """The moment at which the due date is over where the team is."""
    next_day = target.due + datetime.timedelta(days=1)
    return datetime.datetime.combine(next_day, datetime.time.min, tzinfo=ZoneInfo(target.team.time_zone))


def _target(graded_target: GradedTarget, sentence: str, *, at: datetime.datetime) -> RecentChange:
    target = graded_target.target
    return RecentChange(
        at=at,
        title=filled(sentence, team=target.team, target=graded_target.title),
        detail=joined(" · ", [_("Due {due}").format(due=day(target.due)), target.framework.title]),
        address=f"{reverse('team-targets', args=[target.team_id])}?framework={target.framework.key}",
    )


# ------------------------------------------------------------------ actions


def _actions(user: User, since: datetime.datetime) -> list[RecentChange]:
    """Actions of teams in which the person still answers, that somebody else gave them."""
    own = Membership.objects.answering().filter(user=user).values("team")
    actions = Action.objects.pending().filter(owner=user, team__in=own, assigned_at__gt=since)
    return [_action(action) for action in actions.select_related("team", "framework").order_by("-pk")[:LOOKED_AT]]


def _action(action: Action) -> RecentChange:
    if action.assigned_at is None:
        raise ValueError("nobody else assigned this action")
    text = Truncator(" ".join(action.text.split())).chars(120)
    due = [_("Due {due}").format(due=day(action.due))] if action.due else []
    return RecentChange(
        at=action.assigned_at,
        title=_("An action is yours now: {text}").format(text=text),
        detail=" · ".join([str(action.team), *due]),
        address=f"{reverse('team-roadmap', args=[action.team_id])}?framework={action.framework.key}",
    )
