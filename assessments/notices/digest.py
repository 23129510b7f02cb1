"""The monthly digest: what changed in somebody's teams, what is open or overdue, and which assessments run."""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Action, Assessment, Mail, Result, Target, Team, User
from ..planning.target_progress import GradedTarget, graded
from . import recipients
from .words import NoticeWords, level_in_words, link_to

#: More lines than these are counted: a mail is read in a minute.
MOST_LINES = 12
TARGETS_WITHIN = datetime.timedelta(days=31)
Row = TypeVar("Row")


def digest_letter(mail: Mail, person: User) -> NoticeWords | None:
    """To a lead or manager, about the month before; None if there is nothing to say."""
    teams = recipients.teams_of(person)
    if mail.day is None or not teams or not person.is_confirmed:
        return None
    last_day = mail.day - datetime.timedelta(days=1)
    sections = {
        "results": results_of(teams, since=last_day.replace(day=1), before=mail.day),
        "targets": open_targets(teams, today=mail.day),
        "actions": overdue_actions(teams),
        "running": running_assessments(teams),
    }
    if not any(sections.values()):
        return None
    return NoticeWords(
        subject=_("Your teams in {month}"),
        template="notices/mail/digest.txt",
        links={"page": link_to(reverse("home"), _("Open the start page"))},
        facts={
            "month": date_format(last_day, "F Y"),
            "teams": ngettext("{number} team", "{number} teams", len(teams)).format(number=len(teams)),
            **sections,
        },
    )


def results_of(teams: Sequence[Team], *, since: datetime.date, before: datetime.date) -> list[str]:
    """What was closed from one day to another, by team, each with the result before it."""
    zone = ZoneInfo(settings.TIME_ZONE)
    begin, end = (datetime.datetime.combine(day, datetime.time(), tzinfo=zone) for day in (since, before))
    rows = Result.objects.current_only().filter(team__in=teams, created_at__gte=begin, created_at__lt=end)
    # Years that come in from a file are no news of this month.
    rows = rows.filter(assessment__provenance__batch=None)
    results = rows.select_related("team", "edition__framework").order_by("team__name", "date", "closing")
    return _lines(list(results), _change_in_words)


def _change_in_words(result: Result) -> str:
    """`Payments: MLOps maturity, level 2 Repeatable (before: level 1 Initial)`."""
    previous = result.previous()
    values = {
        "team": result.team.name,
        "framework": result.edition.title,
        "level": level_in_words(result) or _("no level"),
        "before": (level_in_words(previous) or _("no level")) if previous else "",
    }
    if previous is None:
        return _("{team}: {framework}, {level}, the first result").format_map(values)
    if not result.is_on_the_ladder_of(previous):
        return _("{team}: {framework}, {level}; the levels have changed since the result before").format_map(values)
    if values["level"] == values["before"]:
        return _("{team}: {framework}, {level}, as before").format_map(values)
    return _("{team}: {framework}, {level} (before: {before})").format_map(values)


def open_targets(teams: Sequence[Team], *, today: datetime.date) -> list[str]:
    """Targets that were missed in the last month or are due in the next, and are not met."""
    near = {"due__gte": today - TARGETS_WITHIN, "due__lte": today + TARGETS_WITHIN}
    rows = Target.objects.on_the_ladder_in_use().filter(team__in=teams, **near).for_grading()
    targets = graded(rows.order_by("team__name", "due", "pk"), with_shares=False)
    return _lines([target for target in targets if not target.is_met], _target_in_words)


def _target_in_words(target: GradedTarget) -> str:
    values = {
        "team": target.target.team.name,
        "target": target.title,
        "due": date_format(target.target.due),
        "state": target.state,
    }
    return _("{team}: {target}, due {due}, {state}").format_map(values)


def overdue_actions(teams: Sequence[Team]) -> list[str]:
    """How many actions of each team are late."""
    rows = Action.objects.pending().filter(team__in=teams, due__isnull=False).select_related("team")
    late = Counter(action.team for action in rows.order_by("team__name", "pk") if action.is_overdue)
    return _lines(list(late.items()), _late_in_words)


def _late_in_words(team_and_number: tuple[Team, int]) -> str:
    team, number = team_and_number
    words = ngettext("{team}: {number} action is overdue", "{team}: {number} actions are overdue", number)
    return words.format(team=team.name, number=number)


def running_assessments(teams: Sequence[Team]) -> list[str]:
    """Assessments that are under way, without a word about who has answered."""
    rows = Assessment.objects.unfinished().filter(team__in=teams).select_related("team", "edition")
    return _lines(list(rows.order_by("team__name", "date", "number")), _state_in_words)


def _state_in_words(assessment: Assessment) -> str:
    values = {
        "team": assessment.team.name,
        "framework": assessment.edition.title,
        "due": date_format(assessment.due) if assessment.due else "",
    }
    if assessment.is_draft:
        return _("{team}: {framework}, a draft").format_map(values)
    if assessment.is_in_review:
        return _("{team}: {framework}, in review").format_map(values)
    if assessment.is_overdue:
        return _("{team}: {framework}, answers were due on {due}").format_map(values)
    if assessment.due:
        return _("{team}: {framework}, answers are due on {due}").format_map(values)
    return _("{team}: {framework}, open for answers").format_map(values)


def _lines(rows: Sequence[Row], in_words: Callable[[Row], str]) -> list[str]:
    """The first rows in words, and how many more there are."""
    lines = [in_words(row) for row in rows[:MOST_LINES]]
    more = len(rows) - len(lines)
    if more:
        lines.append(ngettext("and {number} more", "and {number} more", more).format(number=more))
    return lines
