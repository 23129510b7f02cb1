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
    AgreedRating,
    Assessment,
    Criterion,
    CriterionResult,
    Edition,
    Event,
    Framework,
    Membership,
    OutsidePart,
    OutsideView,
    Participation,
    PartResult,
    Rating,
    Repeats,
    Respondent,
    Result,
    Room,
    RoomVote,
    Round,
    RoundTeam,
    Team,
    Unit,
    User,
)
from ..models.results import ResultRows
from ..models.rooms import free_code
from ..models.round_dates import quarter_name
from ..scoring.decisive import decisive_first
from .facts import write_facts
from .figures import write_figures
from .organisation import COMMENTS, NOT_APPLICABLE, QUARTERS, TEAMS, UNITS, DemoTeam, rating_position
from .plans import DemoPlans, earlier_edition

DOMAIN = "demo.example"
#: Who was there when the edition changed, and the quarter (from 0) in which it did.
STARTED_EARLIER, CHANGED_IN = {"Fraud detection"}, 4
#: How many people outside the team said how they see it, and how mature they find it beside what the team does.
OUTSIDERS, FROM_OUTSIDE = 6, -0.4
#: The unit with a round under way, its teams that have closed or are in review, and how many days ago it opened.
ROUND_OF, CLOSED_ALREADY, IN_REVIEW, OPENED_AGO = "Shop", {"Search ranking"}, {"Pricing", "Ads bidding"}, 3


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
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - made-up data
        self.today = today
        self.days = quarter_days(today)
        self.editions = {
            key: Framework.objects.get(key=key).editions.published()[0] for key in ("mlops", "devops", "ml-test-score")
        }
        self.earlier = earlier_edition(self.editions["mlops"])
        self.rows: dict[type, list] = {}
        #: What a team answers with, by its name.
        self.leanings: dict[str, dict[str, float]] = {}

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
        self.round(units[ROUND_OF], manager)
        for kind in self.order():
            kind._default_manager.bulk_create(self.rows.get(kind, []), batch_size=1000)
        DemoPlans(today=self.today, edition=self.editions["mlops"]).write()
        write_figures(today=self.today, seed=self.seed)
        write_facts(today=self.today, edition=self.editions["mlops"])
        Event.record("demo.created", by=admin)

    @staticmethod
    def order() -> list[type[Model]]:
        return [
            User,
            Team,
            Membership,
            Assessment,
            Round,
            RoundTeam,
            Participation,
            Respondent,
            Rating,
            Result,
            PartResult,
            CriterionResult,
            AgreedRating,
            Room,
            RoomVote,
            OutsideView,
            OutsidePart,
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
        self.leanings[team.name] = leaning
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
        if plan.live_now:
            self.live(team, people, edition, plan.course.at(plan.course.quarters), leaning)

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

    # ------------------------------------------------------------------ a round under way

    def round(self, unit: Unit, manager: User) -> None:
        """A round of a unit: one team has closed, two are in review, and the assessments that are open belong to it."""
        opened = self.today - datetime.timedelta(days=OPENED_AGO)
        row = self.add(
            Round(
                id=self.new_id(),
                unit=unit,
                edition=self.editions["mlops"],
                name=quarter_name(self.today),
                opens=opened,
                due=opened + datetime.timedelta(days=14),
                repeats=Repeats.QUARTERLY,
                day=opened.day,
                state=Round.State.RUNNING,
                drafted_by=manager,
                started_by=manager,
            )
        )
        for plan in TEAMS:
            if plan.unit == unit.name:
                assessment = self.in_round(plan, opened)
                self.add(RoundTeam(round=row, team=assessment.team, assessment=assessment, started_on=opened))

    def in_round(self, plan: DemoTeam, opened: datetime.date) -> Assessment:
        """The assessment of a team in the round: the one that is open already, or one that is further."""
        (team,) = (team for team in self.rows[Team] if team.name == plan.name)
        known = (team, self.people_of(team), self.editions["mlops"], opened)
        maturity = plan.course.at(plan.course.quarters)
        if plan.name in CLOSED_ALREADY:
            before = [result.closing for result in self.rows[Result] if result.team_id == team.pk]
            assessment = self.closed(*known, maturity, self.leanings[team.name], took=2)
            result = self.rows[Result][-1]
            result.closing = max(before) + 1
            self.from_outside(assessment, maturity, result)
            return assessment
        if plan.name in IN_REVIEW:
            assessment = self.reviewed(*known, maturity, self.leanings[team.name])
            self.from_outside(assessment, maturity)
            return assessment
        return next(row for row in self.rows[Assessment] if row.team_id == team.pk and row.is_open)

    def people_of(self, team: Team) -> list[User]:
        """Who answers for it, the lead first."""
        members = [row for row in self.rows[Membership] if row.team_id == team.pk]
        return [row.user for row in members if row.role in Membership.ANSWERING]

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
        self, team: Team, people: Any, edition: Edition, day: datetime.date, maturity: Any, leaning: Any, took: int = 9
    ) -> Assessment:
        """`took` is the number of days until it was closed."""
        closing = day + datetime.timedelta(days=took)
        closed_at = timezone.make_aware(datetime.datetime.combine(closing, datetime.time(16)))
        assessment = self.assessment(team, edition, day, people, status=Assessment.Status.CLOSED, closed_at=closed_at)
        votes = []
        for user in people:
            when = closed_at - datetime.timedelta(days=self.random.randint(1, min(7, took)))
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
        return assessment

    def reviewed(
        self, team: Team, people: Any, edition: Edition, day: datetime.date, maturity: Any, leaning: Any
    ) -> Assessment:
        """Everybody has submitted, and the review is still to be held."""
        assessment = self.assessment(team, edition, day, people, status=Assessment.Status.REVIEW)
        submitted = day + datetime.timedelta(days=2)
        for user in people:
            self.add(Participation(assessment=assessment, user=user, state="submitted", submitted_on=submitted))
            self.answers(assessment, user, edition, maturity, leaning, 1.0)
        return assessment

    def from_outside(self, assessment: Assessment, maturity: float, result: Result | None = None) -> None:
        """How people outside the team see it: gathered when answering ended, and frozen beside a result."""
        random = Random(f"{assessment.pk} outside")  # noqa: S311 - made-up data
        criteria = assessment.criteria_asked()
        instrument = assessment.instrument()
        said = []
        for _person in range(OUTSIDERS):
            mood = random.gauss(FROM_OUTSIDE, 0.3)
            said.append({criterion.key: self.seen_as(criterion, maturity + mood, random) for criterion in criteria})
        seen = scoring.seen_from_outside(instrument, said)
        parts = {key: {"people": part.people, "ratings": dict(part.ratings)} for key, part in seen.items()}
        self.add(OutsideView(assessment=assessment, questionnaire=assessment.questionnaire, seen=parts))
        if result is not None:
            settled = scoring.score(instrument, self.votes_in(assessment)).criteria
            for order, row in enumerate(scoring.beside_the_team(instrument, settled, seen)):
                self.add(OutsidePart.of(row, order, result))

    @staticmethod
    def seen_as(criterion: Criterion, maturity: float, random: Random) -> str:
        choices = list(criterion.scale.choices.all())
        level = criterion.level.number if criterion.level else 1
        return choices[rating_position(maturity, level, len(choices), random)].code

    def votes_in(self, assessment: Assessment) -> list[dict[str, str]]:
        """What the people of the team answered, by criterion key."""
        votes: dict[uuid.UUID, dict[str, str]] = {}
        for rating in self.rows[Rating]:
            if rating.assessment_id == assessment.pk:
                code = rating.choice.code if rating.choice else rating.answer
                votes.setdefault(rating.respondent_id, {})[rating.criterion.key] = code
        return list(votes.values())

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

    def live(self, team: Team, people: Any, edition: Edition, maturity: Any, leaning: Any) -> None:
        """A review in a live room, half through the questions that could change the level."""
        usual, self.random = self.random, Random(f"{team.pk} live")  # noqa: S311 - made-up data
        day = self.today - datetime.timedelta(days=10)
        assessment = self.assessment(team, edition, day, people, status=Assessment.Status.REVIEW)
        votes = []
        for user in people:
            done = day + datetime.timedelta(days=self.random.randint(1, 7))
            self.add(Participation(assessment=assessment, user=user, state="submitted", submitted_on=done))
            # They see it more differently than other teams, so that there is something to talk about.
            sees = maturity + self.random.gauss(0, 0.5)
            votes.append(self.answers(assessment, user, edition, sees, leaning, 1.0))
        criteria = {criterion.key: criterion for criterion in assessment.criteria_asked()}
        instrument = assessment.instrument()
        codes = {key: list(criterion.scale.by_code) for key, criterion in criteria.items()}
        score = scoring.score(instrument, votes)
        differing = [key for key in codes if score.criteria[key].discuss]
        order, decisive = decisive_first(instrument, score.criteria, assessment.rule, codes, open_questions=differing)
        # Half through the first dozen of what they see differently, which comes first.
        half = min(6, sum(score.criteria[key].rwg != 1 for key in order) // 2)
        for key in order[:half]:
            given = self.revotes(assessment, criteria[key], votes)
            scale = next(asked.scale for asked in instrument.criteria if asked.key == key)
            code = scoring.settle(given, scale).rating
            choice = criteria[key].scale.by_code[code] if code else None
            agreed = AgreedRating(assessment=assessment, criterion=criteria[key], choice=choice, by=people[0])
            agreed.keeps_median = choice is None
            self.add(agreed)
        present = criteria[order[half]]
        self.revotes(assessment, present, votes[:3], is_shown=False)
        self.add(
            Room(
                assessment=assessment,
                state=Room.State.VOTING,
                criterion=present,
                order=[criteria[key].pk for key in order],
                decisive=decisive,
                code=free_code(),
                version=1,
                step=1,
            )
        )
        self.random = usual

    def revotes(
        self, assessment: Assessment, criterion: Criterion, votes: list[dict[str, str]], *, is_shown: bool = True
    ) -> list[str]:
        """Votes in the room: nearer to the middle one than the first answers are."""
        respondents = [row for row in self.rows[Respondent] if row.assessment_id == assessment.pk]
        ladder = list(criterion.scale.by_code)
        places = sorted(ladder.index(said[criterion.key]) for said in votes if said[criterion.key] in ladder)
        middle = places[(len(places) - 1) // 2] if places else 0
        given = []
        for respondent, said in zip(respondents, votes, strict=False):
            code = said[criterion.key]
            if code in ladder:
                place = ladder.index(code)
                code = ladder[place + (middle > place) - (middle < place)]
            given.append(code)
            self.add(
                RoomVote(
                    id=self.new_id(),
                    assessment=assessment,
                    criterion=criterion,
                    round=1,
                    respondent=respondent,
                    code=code,
                    is_shown=is_shown,
                )
            )
        return given

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
