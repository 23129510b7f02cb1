"""Creates the issues of actions that wait for it, and reads the state of those that are there.

An issue is claimed before it is sent and sent once. If the answer does not say what became of it, a person looks.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone, translation

from ..models import Issue, Tracker
from ..models.trackers import IssueText, TrackerProblem
from ..planning.issue_text import issue_text
from ..trackers.tracker_api import TrackerFailed, create_issue, state_of

log = logging.getLogger("maturity")

#: Seconds after which a round begins nothing more, so that mails do not wait for trackers that hang.
ROUND = 20.0
#: What lies with one issue, not with its tracker. GitHub redirects from one that was moved into another project.
_OF_THE_ISSUE = {
    TrackerProblem.MISSING,
    TrackerProblem.CONTENT,
    TrackerProblem.NOT_HTTP,
    TrackerProblem.REDIRECT,
}


@dataclass(slots=True)
class Created:
    """What one round did."""

    created: int = 0
    failed: int = 0


def create_waiting(*, goes_on: Callable[[], bool] = lambda: True) -> Created:
    """Creates queued issues until none is left, the round has taken long enough, or `goes_on` says no."""
    done = Created()
    until = time.monotonic() + ROUND
    while goes_on() and time.monotonic() < until and (issue := Issue.objects.claim()):
        if _create(issue):
            done.created += 1
        elif not issue.action.link:
            done.failed += 1
    return done


def _create(issue: Issue) -> bool:
    action = issue.action
    if action.link:
        issue.is_not_wanted()
        return False
    tracker = Tracker.objects.with_token().filter(team=action.team_id).first()
    if tracker is None:
        issue.was_not_created(TrackerProblem.NO_TRACKER, None)
        return False
    try:
        number = create_issue(tracker, _text(issue))
    except TrackerFailed as failure:
        log.warning("Issue %s was not created: %s %s", issue.pk, failure.problem, failure.status or "")
        end = issue.may_be_created if failure.may_be_done else issue.was_not_created
        end(failure.problem, failure.status)
        return False
    issue.was_created(tracker.link_to(number), kind=tracker.kind)
    return True


def _text(issue: Issue) -> IssueText:
    action = issue.action
    edition = action.framework.default_edition()
    criterion = edition.contents.criterion_by_key.get(action.criterion) if edition else None
    with translation.override(settings.LANGUAGE_CODE):
        return issue_text(action, criterion)


def read_states(*, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Reads the state of issues whose hour has come, and returns how many. A tracker that fails rests for an hour."""
    read = 0
    until = time.monotonic() + ROUND
    while goes_on() and time.monotonic() < until and (issue := Issue.objects.claim_to_read()):
        read += _read(issue)
    return read


def _read(issue: Issue) -> bool:
    team = issue.action.team
    tracker = team.tracker
    number = tracker.number_in(issue.link)
    if not number:
        # It leads elsewhere in the tracker, to a list for example.
        return False
    try:
        said = state_of(tracker, number)
    except TrackerFailed as failure:
        log.warning("Issue %s was not read: %s %s", issue.pk, failure.problem, failure.status or "")
        issue.was_not_read(failure.problem, failure.status)
        if failure.problem not in _OF_THE_ISSUE:
            tracker.read_badly(failure.problem, failure.status)
        return False
    tracker.read_well()
    since = None
    if said.state in Issue.OVER:
        # Without a day that can be believed, the first on which it was seen so.
        known = issue.since if issue.state == said.state else None
        since = team.day_of(said.since) if said.since else known or team.day_of(timezone.now())
    issue.was_read(said.state, since, kind=tracker.kind)
    return True
