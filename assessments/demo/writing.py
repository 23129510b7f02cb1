"""Writing the demo organisation in bulk: rows are built in memory from a seed and stored a kind at a time."""

import datetime
import unicodedata
import uuid
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from .. import scoring
from ..models import (
    Assessment,
    Criterion,
    CriterionResult,
    Edition,
    Event,
    Framework,
    Membership,
    Participation,
    PartResult,
    Rating,
    Respondent,
    Result,
    Team,
    Unit,
    User,
)
from ..models.results import ResultRows
from .organisation import COMMENTS, NOT_APPLICABLE, QUARTERS, TEAMS, UNITS, DemoTeam, rating_position
from .plans import DemoPlans, earlier_edition

DOMAIN = "demo.example"
#: Who was there when the edition changed, and the quarter (from 0) in which it did.
STARTED_EARLIER, CHANGED_IN = {"Fraud detection"}, 4


def address(name: str) -> str:
    """An address made from a name: letters only, so that it can be typed."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return ".".join(plain.split()) + f"@{DOMAIN}"


def quarter_days(today: datetime.date) -> list[datetime.date]:
    """A day in the middle of each of the last quarters, oldest first, all before today."""
    month_index = today.year * 12 + (today.month - 1) // 3 * 3
    days = []
    for back in range(QUARTERS, 0, -1):
        year, month = divmod(month_index - 3 * back + 1, 12)
        days.append(datetime.date(year, month + 1, 14))
    return days


class DemoWriter:
    """Collects the rows of the whole organisation. The same seed and day give the same rows."""

    def __init__(self, *, seed: int, today: datetime.date) -> None:
        self.random = Random(seed)  # noqa: S311 - made-up data
        self.today = today
        self.days = quarter_days(today)
        self.editions = {
            key: Framework.objects.get(key=key).editions.published()[0] for key in ("mlops", "devops", "ml-test-score")
        }
        self.earlier = earlier_edition(self.editions["mlops"])
        self.rows: dict[type, list] = {}

    def new_id(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def add(self, row: Any) -> Any:
        self.rows.setdefault(type(row), []).append(row)
        return row

    @transaction.atomic
    def write(self) -> None:
        units = {name: Unit.objects.create(name=name, is_demo=True) for name in UNITS}
        admin = self.person("Dana Whitfield", is_administrator=True)
        manager = self.person("Sven Halvorsen")
        viewer = self.person("Maya Fontaine")
        self.add(Membership(user=manager, unit=units["Shop"], role=Membership.Role.MANAGER))
        for plan in TEAMS:
            self.team(plan, units[plan.unit], viewer if plan.name == "Recommendations" else None)
        for kind in self.order():
            kind._default_manager.bulk_create(self.rows.get(kind, []), batch_size=1000)
        DemoPlans(today=self.today, edition=self.editions["mlops"]).write()
        Event.record("demo.created", by=admin)

    @staticmethod
    def order() -> list[type[Model]]:
        return [
            User,
            Team,
            Membership,
            Assessment,
            Participation,
            Respondent,
            Rating,
            Result,
            PartResult,
            CriterionResult,
        ]

    def person(self, name: str, **fields: Any) -> User:
        user = User(id=self.new_id(), email=address(name), name=name, is_demo=True, is_confirmed=True, **fields)
        user.set_unusable_password()
        return self.add(user)

    def team(self, plan: DemoTeam, unit: Unit, viewer: User | None) -> None:
        team = self.add(Team(id=self.new_id(), unit=unit, name=plan.name, about=plan.about, is_demo=True))
        people = [self.person(name) for name in plan.people]
        for place, user in enumerate(people):
            role = Membership.Role.MEMBER if place else Membership.Role.LEAD
            self.add(Membership(user=user, team=team, role=role, reads_comments_since=None))
        if viewer:
            self.add(Membership(user=viewer, team=team, role=Membership.Role.VIEWER, reads_comments_since=None))
        edition, earlier = self.editions["mlops"], self.earlier
        leaning = {d.key: self.random.uniform(-0.45, 0.45) for d in edition.contents.dimensions}
        for quarter, day in self.quarters(plan):
            maturity = plan.course.at(quarter - (QUARTERS - plan.course.quarters))
            used = earlier if quarter < CHANGED_IN and plan.name in STARTED_EARLIER else edition
            self.closed(team, people, used, day, maturity, leaning)
        for place, key in enumerate(plan.frameworks[1:]):
            for day in self.days[-2 - place :: 2]:
                self.closed(team, people, self.editions[key], day, 1.6 + 0.2 * place, {})
        self.number_closings(team, edition)
        if plan.open_now is not None:
            maturity = plan.course.at(plan.course.quarters)
            self.open(team, people, edition, maturity, leaning, plan.open_now)

    def number_closings(self, team: Team, edition: Edition) -> None:
        """Counts the closings of a team; of those of one day the one with this edition was the last."""
        results = [result for result in self.rows[Result] if result.team_id == team.pk]
        results.sort(key=lambda result: (result.date, result.edition_id == edition.pk))
        for number, result in enumerate(results, 1):
            result.closing = number

    def quarters(self, plan: DemoTeam) -> list[tuple[int, datetime.date]]:
        """The quarters in which a team assessed itself, as (number, day)."""
        every = list(enumerate(self.days))[-plan.course.quarters :]
        return every[: len(every) - plan.course.silent]

    # ------------------------------------------------------------------ assessments

    def assessment(self, team: Team, edition: Edition, day: datetime.date, people: Any, **fields: Any) -> Assessment:
        opened = timezone.make_aware(datetime.datetime.combine(day, datetime.time(9)))
        return self.add(
            Assessment(
                id=self.new_id(),
                team=team,
                edition=edition,
                date=day,
                due=day + datetime.timedelta(days=14),
                rule=edition.contents.default_rule,
                created_by=people[0],
                opened_at=opened,
                **fields,
            )
        )

    def closed(
        self, team: Team, people: Any, edition: Edition, day: datetime.date, maturity: Any, leaning: Any
    ) -> None:
        closed_at = timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=9), datetime.time(16)))
        assessment = self.assessment(team, edition, day, people, status=Assessment.Status.CLOSED, closed_at=closed_at)
        votes = []
        for user in people:
            when = closed_at - datetime.timedelta(days=self.random.randint(1, 7))
            self.add(Participation(assessment=assessment, user=user, state="submitted", submitted_on=when.date()))
            votes.append(self.answers(assessment, user, edition, maturity, leaning, 1.0))
        score = scoring.score(assessment.instrument(), votes)
        known: dict[str, Any] = {
            "id": self.new_id(),
            "created_at": closed_at,
            "respondents": len(people),
            "participants": len(people),
        }
        frozen = ResultRows.of(assessment, score, by=people[0], **known)
        for row in (frozen.result, *frozen.parts, *frozen.criteria):
            self.add(row)

    def open(self, team: Team, people: Any, edition: Edition, maturity: Any, leaning: Any, share: Any) -> None:
        day = self.today - datetime.timedelta(days=3)
        assessment = self.assessment(team, edition, day, people, status=Assessment.Status.OPEN)
        done = timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(11)))
        for place, user in enumerate(people):
            if place == 1:
                self.add(Participation(assessment=assessment, user=user, state="submitted", submitted_on=done.date()))
                self.answers(assessment, user, edition, maturity, leaning, 1.0)
            elif place == len(people) - 1:
                self.add(Participation(assessment=assessment, user=user))
            else:
                self.add(Participation(assessment=assessment, user=user, state="started"))
                self.answers(assessment, user, edition, maturity, leaning, share)

    def answers(
        self, assessment: Assessment, user: User, edition: Edition, maturity: Any, leaning: Any, share: Any
    ) -> dict[str, str]:
        """One person's ratings; returns their codes by criterion key."""
        respondent = self.add(Respondent(id=self.new_id(), assessment=assessment, user=user))
        mood = self.random.gauss(0, 0.12)
        criteria = assessment.criteria_asked()
        votes = {}
        for criterion in criteria[: max(1, round(len(criteria) * share))]:
            rating = self.rating(
                assessment, respondent, criterion, maturity + mood + leaning.get(criterion.dimension.key, 0)
            )
            votes[criterion.key] = rating.choice.code if rating.choice else rating.answer
        return votes

    def rating(self, assessment: Assessment, respondent: Respondent, criterion: Criterion, maturity: Any) -> Rating:
        chance = self.random.random()
        # Whether a practice applies is the team's, not the person's: everybody in a team agrees on it.
        applies = not criterion.na or Random(f"{assessment.team_id}{criterion.key}").random() > 0.12  # noqa: S311
        row = Rating(id=self.new_id(), assessment=assessment, respondent=respondent, criterion=criterion, version=1)
        row.saved_at = assessment.opened_at
        if not applies:
            row.answer, row.reason = scoring.NA, self.random.choice(NOT_APPLICABLE)
        elif chance < 0.025:
            row.answer = scoring.DK
        else:
            choices = list(criterion.scale.choices.all())
            level = criterion.level.number if criterion.level else 1 + len(criterion.key) % 3
            row.answer, row.choice = "rated", choices[rating_position(maturity, level, len(choices), self.random)]
        if chance > 0.97:
            row.comment = self.random.choice(COMMENTS)
        return self.add(row)
