"""What some of the demo teams want to reach and do for it, and an edition of the framework that is no longer used."""

import datetime
from dataclasses import dataclass
from itertools import pairwise

from django.utils import timezone

from ..frameworks.format.schema import FrameworkFile
from ..frameworks.storing import file_of, store
from ..models import Action, AdviserAnswers, Criterion, Edition, Result, SetbackReason, Target, Team, User

#: Criteria that came with the edition in use, and one that stood at another level before.
NEW_SINCE = ("data.lineage", "people.agreed-signals")
MOVED = {"monitoring.central-metrics": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A target of a demo team: days from today, when it was set and when it is due; `rise` over the level then."""

    team: str
    set_ago: int
    due_in: int
    why: str
    rise: int = 1
    dimension: str = ""


WISHES = [
    Wish(team="Recommendations", set_ago=200, due_in=120, why="Several proven use cases wait for faster releases."),
    Wish(
        team="Recommendations",
        set_ago=200,
        due_in=-20,
        dimension="monitoring",
        why="We hear of failures from customers.",
    ),
    Wish(team="Fraud detection", set_ago=300, due_in=-30, why="The supervisor asks for models that can be made again."),
    Wish(team="Pricing", set_ago=300, due_in=-60, why="Releases by hand take a week."),
    Wish(team="Ads bidding", set_ago=250, due_in=60, why="Bids must follow the market within a day."),
    Wish(team="Demand forecast", set_ago=150, due_in=200, why="Every warehouse gets a model of its own next year."),
    Wish(team="Document reading", set_ago=150, due_in=90, why="Two more document types are to come."),
]
#: How far the actions of a team are, in the order in which they are planned.
STATES = [Action.Status.DOING, Action.Status.OPEN, Action.Status.DONE, Action.Status.OPEN]
ANSWERS = {"production": True, "models": 6, "proven": 3, "change": "regular", "stakes": "normal", "feedback": True}
REASON = "Two of four people left in spring, and nobody kept the training pipeline running."


def earlier_edition(edition: Edition) -> Edition:
    """The same framework as it was a year earlier: retired, with two criteria fewer and one at another level."""
    data = file_of(edition).model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    head = data["framework"]
    data = {"format": 1, **data, "framework": {**head, "version": "0.9.0"}}
    for block in ("traceability", "source_differences", "sources"):
        data.pop(block, None)
    data["criteria"] = [
        {**row, "level": MOVED.get(row["key"], row.get("level"))}
        for row in data["criteria"]
        if row["key"] not in NEW_SINCE
    ]
    for row in data.get("symptoms", []):
        row["cleared_by"] = [key for key in row.get("cleared_by", []) if key not in NEW_SINCE]
    file = FrameworkFile.model_validate(data)
    stored = store(file, origin=Edition.Origin.IMPORTED, publish=False).edition
    published = (edition.published_at or timezone.now()) - datetime.timedelta(days=700)
    frozen = {"status": Edition.Status.RETIRED, "digest": file.digest, "published_at": published}
    # As if it had come before all that are there.
    frozen["publication"] = 0
    Edition.objects.filter(pk=stored.pk).update(**frozen)
    return Edition.objects.get(pk=stored.pk)


class DemoPlans:
    """Written after the rows that it refers to."""

    def __init__(self, *, today: datetime.date, edition: Edition) -> None:
        self.today, self.edition = today, edition
        self.teams = {team.name: team for team in Team.objects.filter(is_demo=True)}
        rows = Result.objects.filter(framework=edition.framework_id).chronological()
        self.results: dict = {}
        for result in rows:
            self.results.setdefault(result.team_id, []).append(result)

    def write(self) -> None:
        for wish in WISHES:
            self._target(wish)
        for name in ("Recommendations", "Ads bidding", "Fraud detection"):
            self._actions(self.teams[name])
        team = self.teams["Recommendations"]
        AdviserAnswers.objects.create(
            team=team, framework_id=self.edition.framework_id, answers=ANSWERS, by=self._lead(team), at=self._ago(200)
        )
        self._setback(self.teams["Ads bidding"])

    def _ago(self, days: int) -> datetime.datetime:
        day = self.today - datetime.timedelta(days=days)
        return timezone.make_aware(datetime.datetime.combine(day, datetime.time(10)))

    def _lead(self, team: Team) -> User:
        return team.memberships.get(role="lead").user

    def _target(self, wish: Wish) -> None:
        team, at = self.teams[wish.team], self._ago(wish.set_ago)
        before = [result for result in self.results[team.pk] if result.date <= at.date()]
        baseline = before[-1] if before else None
        start = baseline and baseline.level
        if baseline and wish.dimension:
            start = baseline.parts.get(kind="dimension", key=wish.dimension).level
        Target.objects.create(
            team=team,
            framework_id=self.edition.framework_id,
            dimension=wish.dimension,
            level=min(self.edition.contents.top, (start or 0) + wish.rise),
            rule=self.edition.contents.default_rule,
            due=self.today + datetime.timedelta(days=wish.due_in),
            why=wish.why,
            baseline=baseline,
            set_by=self._lead(team),
            set_at=at,
            publication=self.edition.publication or 0,
        )

    def _actions(self, team: Team) -> None:
        """Actions from what blocked the team half a year ago, and from what blocks it now."""
        results, by_key = self.results[team.pk], self.edition.contents.criterion_by_key
        people = [membership.user for membership in team.memberships.answering().select_related("user")]
        for result, ago in ((results[-3], 180), (results[-1], 20)):
            blockers = result.criteria.filter(blocker__isnull=False).order_by("blocker")[: len(STATES)]
            for place, row in enumerate(blockers):
                if row.key in by_key:
                    self._action(team, by_key[row.key], people[place % len(people)], place, ago)

    def _action(self, team: Team, criterion: Criterion, owner: User, place: int, ago: int) -> None:
        Action.objects.create(
            team=team,
            framework_id=self.edition.framework_id,
            criterion=criterion.key,
            text=criterion.next or criterion.statement,
            owner=owner if place != 1 else None,
            due=self.today + datetime.timedelta(days=25 * place + 90 - ago),
            status=STATES[place],
            status_at=self._ago(ago - 10),
            created_by=self._lead(team),
            created_at=self._ago(ago),
        )

    def _setback(self, team: Team) -> None:
        results = self.results[team.pk]
        for before, after in pairwise(results):
            if (after.level or 0) < (before.level or 0):
                SetbackReason.objects.create(result=after, text=REASON, by=self._lead(team))
                return
