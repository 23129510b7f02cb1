"""What webhooks hear of because a day has come: answers that are due soon, actions that are overdue."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils import timezone

from ..models import Action, Assessment, Delivery, Team, Webhook
from ..web.dates import notice_day

#: How long before the due date.
BEFORE = datetime.timedelta(days=2)
#: What has been overdue for longer is not news, even if nothing was sent meanwhile.
NEWS = datetime.timedelta(days=7)
ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something to report, and since which day it is to be reported."""

    happening: Webhook.Happening
    key: str
    team: Team
    since: datetime.date
    assessment: Assessment | None = None
    facts: dict[str, Any]

    @property
    def has_come(self) -> bool:
        """At the same hour as the notices of that day."""
        return self.since <= notice_day(self.team.time_zone)


def queue_due_deliveries() -> None:
    """Queues what is due now, each thing once. One query if no webhook wants to hear of it."""
    webhooks = list(Webhook.objects.turned_on())
    for happening, things in ((Webhook.Happening.DUE_SOON, _answers), (Webhook.Happening.OVERDUE, _actions)):
        hearing = [webhook for webhook in webhooks if happening in webhook.happenings]
        if hearing:
            _queue(list(things()), hearing)


def _queue(things: list[Due], hearing: list[Webhook]) -> None:
    keys = {thing.key for thing in things}
    reported = set(Delivery.objects.filter(key__in=keys).values_list("webhook", "key"))
    for thing in things:
        webhooks = [
            webhook
            for webhook in hearing
            if webhook.team_id in {None, thing.team.pk}
            and (webhook.pk, thing.key) not in reported
            # What had come before the webhook was there is no news.
            and webhook.made_on <= thing.since
        ]
        if webhooks and thing.has_come:
            Delivery.objects.report(
                thing.happening,
                team=thing.team,
                assessment=thing.assessment,
                key=thing.key,
                webhooks=webhooks,
                **thing.facts,
            )


def _answers() -> Iterator[Due]:
    """Answers that are due in two days or less."""
    today = timezone.localdate()
    rows = Assessment.objects.open().filter(due__range=(today - ONE_DAY, today + BEFORE + ONE_DAY))
    for assessment in rows.select_related("team"):
        due = assessment.due
        if due is None or due < assessment.team.today():
            continue
        yield Due(
            happening=Webhook.Happening.DUE_SOON,
            key=f"due-soon:{assessment.pk}:{due}",
            team=assessment.team,
            since=due - BEFORE,
            assessment=assessment,
            facts={"due": due.isoformat()},
        )


def _actions() -> Iterator[Due]:
    """Actions of each team that were due on the same day, by number."""
    today = timezone.localdate()
    rows = Action.objects.pending().filter(due__range=(today - NEWS, today + ONE_DAY))
    counts = list(rows.order_by("team", "due").values_list("team", "due").annotate(count=Count("pk")))
    teams = Team.objects.in_bulk([team for team, _, _ in counts])
    for team, due, count in counts:
        yield Due(
            happening=Webhook.Happening.OVERDUE,
            key=f"overdue:{team}:{due}",
            team=teams[team],
            since=due + ONE_DAY,
            facts={"due": due.isoformat(), "count": count},
        )
