"""A large made-up organisation: many teams with years of quarterly results, written in bulk.

Scoring each of 20,000 results would take minutes. So a library of answers is scored once, a few for each step of
maturity, and every result takes what fits it. Individual ratings are written for the latest assessment of each team
only; earlier ones have their results alone.

It is written in steps of some hundred teams, each a transaction of its own, so that one can see how far it is and go on
after it was stopped. What a step writes depends on its number and the seed alone.
"""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from .. import scoring
from ..models import (
    Action,
    Assessment,
    CriterionResult,
    Edition,
    Event,
    Membership,
    Participation,
    PartResult,
    Rating,
    Respondent,
    Result,
    Target,
    Team,
    Unit,
    User,
)
from ..models.results import ResultRows
from .bulk import Bulk
from .invented import edition as invented_edition
from .organisation import rating_position
from .writing import DOMAIN, address

DIVISIONS = ["Retail", "Logistics", "Finance", "Care", "Energy", "Mobility", "Media", "Public", "Industry", "Research"]
DEPARTMENTS = ["North", "South", "East", "West", "Central"]
#: Respondents of each assessment, steps of maturity in the library, and variants of each step.
PEOPLE, STEPS, VARIANTS = 3, 44, 5
#: Teams in one transaction.
TOGETHER = 500
#: Kinds of the entries in the journal before the first team and after the last one.
BEGUN, CREATED = "demo.begun", "demo.created"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """What three people might answer, and the rows that come of it, without the ids of a result."""

    result: Result
    parts: list[tuple]
    criteria: list[tuple]
    #: Of each person. Copied, as making a row for each rating anew takes long.
    ratings: list[list[tuple]]


@dataclass(frozen=True, kw_only=True)
class Start:
    """A result from which a target may start."""

    result: uuid.UUID
    level: int
    at: datetime.datetime


class LargeDemo:
    """Writes the whole organisation; the same seed and day give the same rows."""

    def __init__(self, *, seed: int, today: datetime.date, teams: int, years: int, dimensions: int) -> None:
        self.random = Random(seed)  # noqa: S311 - made-up data
        self.seed, self.today, self.teams, self.years, self.dimensions = seed, today, teams, years, dimensions
        self.days = [today - datetime.timedelta(days=91 * back + 10) for back in range(years * 4)][::-1]
        kinds = (User, Team, Membership, Assessment, Participation, Respondent, Rating, Result, PartResult)
        self.bulk = {kind: Bulk(kind) for kind in (*kinds, CriterionResult, Target, Action)}

    def new_id(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def add(self, row: Any) -> Any:
        bulk = self.bulk[type(row)]
        bulk.add([bulk.row(row)])
        return row

    def write(self, *, told: Callable[[int], None] = lambda teams: None) -> None:
        """Goes on where an earlier run was stopped; `told` is called with the number of teams after each step."""
        self.edition = Edition.objects.get(pk=invented_edition(self.dimensions).pk)
        self.choices = {c.code: c.pk for scale in self.edition.contents.scales for c in scale.choices.all()}
        self.library = [[self._pattern(step) for _ in range(VARIANTS)] for step in range(STEPS)]
        if not unfinished_demo():
            self._begin()
        units = list(Unit.objects.filter(is_demo=True, parent__isnull=False).order_by("pk"))
        admin = User.objects.get(is_demo=True, is_administrator=True)
        while (made := Team.objects.count()) < self.teams:
            self.random = Random(f"{self.seed} {made}")  # noqa: S311 - made-up data
            with transaction.atomic():
                self._take_time()
                for number in range(made, min(made + TOGETHER, self.teams)):
                    self._team(number, units[number % len(units)], admin)
                for bulk in self.bulk.values():
                    bulk.write()
            told(min(made + TOGETHER, self.teams))
        Event.record(CREATED, by=None, teams=self.teams)
        self._analyze()

    @staticmethod
    def _take_time() -> None:
        """A step may take longer than a page."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")

    @staticmethod
    def _analyze() -> None:
        """Tells the database how its tables look now; otherwise it plans for the empty ones they were."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
                cursor.execute("ANALYZE")
                cursor.execute("RESET statement_timeout")

    # ------------------------------------------------------------------ answers, scored once

    def _pattern(self, step: int) -> Pattern:
        maturity = 0.1 + step * 0.1
        leaning = {d.key: self.random.uniform(-0.6, 0.6) for d in self.edition.contents.dimensions}
        votes = [self._votes(maturity + self.random.gauss(0, 0.1), leaning) for _ in range(PEOPLE)]
        stand_in = Assessment(team=Team(), edition=self.edition, date=self.days[-1], rule="largely")
        score = scoring.score(stand_in.instrument(), votes)
        rows = ResultRows.of(stand_in, score, by=None, respondents=PEOPLE, participants=PEOPLE)
        ratings = self.bulk[Rating]
        return Pattern(
            result=rows.result,
            parts=[self.bulk[PartResult].row(row) for row in rows.parts],
            criteria=[self.bulk[CriterionResult].row(row) for row in rows.criteria],
            ratings=[[ratings.row(row) for row in self._rated(codes)] for codes in votes],
        )

    def _rated(self, codes: dict[str, str]) -> list[Rating]:
        """What one person answered, without assessment and person."""
        return [
            Rating(criterion=criterion, answer="rated", choice_id=self.choices[codes[criterion.key]], version=1)
            for criterion in self.edition.contents.criteria
        ]

    def _votes(self, maturity: float, leaning: dict[str, float]) -> dict[str, str]:
        return {
            criterion.key: "NPLF"[
                rating_position(
                    maturity + leaning[criterion.dimension.key],
                    criterion.level.number if criterion.level else 1,
                    4,
                    self.random,
                )
            ]
            for criterion in self.edition.contents.criteria
        }

    def _fitting(self, maturity: float) -> Pattern:
        step = max(0, min(STEPS - 1, round((maturity - 0.1) * 10)))
        return self.random.choice(self.library[step])

    # ------------------------------------------------------------------ teams and their years

    def _begin(self) -> None:
        """Everything but teams, with a note of what was asked for."""
        with transaction.atomic():
            units = []
            for division in DIVISIONS:
                above = Unit.objects.create(name=division, is_demo=True)
                units += [Unit.objects.create(name=f"{division} {d}", parent=above, is_demo=True) for d in DEPARTMENTS]
            self._person("Dana Whitfield", is_administrator=True)
            manager = self._person("Sven Halvorsen")
            self.bulk[User].write()
            self.add(Membership(user=manager, unit=units[0].parent, role=Membership.Role.MANAGER))
            self.bulk[Membership].write()
            asked: dict[str, Any] = {
                "teams": self.teams,
                "years": self.years,
                "dimensions": self.dimensions,
                "seed": self.seed,
            }
            Event.record(BEGUN, by=None, **asked, today=self.today.isoformat())

    def _person(self, name: str, **fields: Any) -> User:
        user = User(id=self.new_id(), email=address(name), name=name, is_demo=True, is_confirmed=True, **fields)
        user.set_unusable_password()
        return self.add(user)

    def _team(self, number: int, unit: Unit, admin: User) -> None:
        team = Team(id=self.new_id(), unit=unit, name=f"Team {number + 1:04}", about="Made up.", is_demo=True)
        people = []
        for place in range(PEOPLE):
            name = f"Person {number + 1:04}-{place + 1}"
            email = f"p{number + 1:04}.{place + 1}@{DOMAIN}"
            user = User(id=self.new_id(), email=email, name=name, is_demo=True, is_confirmed=True)
            user.set_unusable_password()
            people.append(self.add(user))
        # Users and teams stand in the database before what refers to them.
        self.add(team)
        for place, user in enumerate(people):
            role = Membership.Role.MEMBER if place else Membership.Role.LEAD
            self.add(Membership(user=user, team=team, role=role, reads_comments_since=None))
        start = self._years(team, people)
        if number % 3 == 0:
            self._plans(team, people[0], start)

    def _years(self, team: Team, people: list[User]) -> Start:
        """Every quarter of a team; returns what it had a year before its newest result."""
        maturity, gain = self.random.uniform(0.3, 2.6), self.random.uniform(-0.01, 0.12)
        # One team in twelve stopped assessing itself more than a year ago.
        days = self.days[: len(self.days) // 2] if self.random.random() < 1 / 12 else self.days
        starts = []
        for place, day in enumerate(days):
            pattern = self._fitting(maturity + gain * place + self.random.gauss(0, 0.1))
            result = self._closed(team, people, day, pattern, closing=place + 1, is_latest=place == len(days) - 1)
            starts.append(Start(result=result.pk, level=result.level or 0, at=result.created_at))
        return starts[-5:][0]

    def _closed(
        self,
        team: Team,
        people: list[User],
        day: datetime.date,
        pattern: Pattern,
        *,
        closing: int,
        is_latest: bool,
    ) -> Result:
        at = timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=7), datetime.time(15)))
        assessment = Assessment(
            id=self.new_id(), team=team, edition=self.edition, date=day, rule="largely", created_by=people[0]
        )
        assessment.status, assessment.opened_at, assessment.closed_at = Assessment.Status.CLOSED, at, at
        self.add(assessment)
        result = pattern.result
        result.pk, result.assessment, result.team_id, result.date = self.new_id(), assessment, team.pk, day
        result.created_at, result.closing, result.closed_by = at, closing, people[0]
        self.add(result)
        key = self.bulk[Result].row(result)[self.bulk[Result].place("id")]
        for kind, rows in ((PartResult, pattern.parts), (CriterionResult, pattern.criteria)):
            place = self.bulk[kind].place("result_id")
            self.bulk[kind].add([(*row[:place], key, *row[place + 1 :]) for row in rows])
        if is_latest:
            self._ratings(assessment, people, pattern, at)
        return result

    def _ratings(self, assessment: Assessment, people: list[User], pattern: Pattern, at: datetime.datetime) -> None:
        bulk = self.bulk[Rating]
        places = [bulk.place(name) for name in ("id", "assessment_id", "respondent_id", "saved_at")]
        for user, rows in zip(people, pattern.ratings, strict=True):
            self.add(Participation(assessment=assessment, user=user, state="submitted", submitted_on=at.date()))
            respondent = self.add(Respondent(id=self.new_id(), assessment=assessment, user=user))
            known = bulk.row(Rating(assessment=assessment, respondent=respondent, saved_at=at))
            values = [known[place] for place in places]
            for answer in rows:
                row = list(answer)
                for place, value in zip(places, values, strict=True):
                    row[place] = value
                row[places[0]] = bulk.value("id", self.new_id())
                bulk.add([tuple(row)])

    def _plans(self, team: Team, lead: User, start: Start) -> None:
        """A target a level above where the team was, and two actions, all from a week after that result."""
        level, at = min(self.edition.contents.top, start.level + 1), start.at + datetime.timedelta(days=7)
        due = self.days[-1] + datetime.timedelta(days=self.random.choice([-40, 60, 120, 240]))
        known = {"team": team, "framework_id": self.edition.framework_id}
        self.add(
            Target(
                **known,
                level=level,
                rule="largely",
                due=due,
                why="Made up.",
                set_by=lead,
                set_at=at,
                publication=self.edition.publication or 0,
                baseline_id=start.result,
            )
        )
        for criterion in self.random.sample(self.edition.contents.criteria, 2):
            text = criterion.next or criterion.statement
            action = Action(**known, criterion=criterion.key, text=text, owner=lead, due=due, created_by=lead)
            action.created_at = action.status_at = at
            self.add(action)


def unfinished_demo() -> dict[str, Any] | None:
    """What was asked for of a large organisation that is not all there, as `LargeDemo` takes it, with its day as text.

    None without one.
    """
    begun = Event.objects.filter(kind=BEGUN).first()
    if begun is None or Event.objects.filter(kind=CREATED).exists():
        return None
    asked: dict[str, Any] = begun.data
    return asked
