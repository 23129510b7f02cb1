"""The demo organisation: the same for the same seed, plausible, and never mixed with real teams."""

import datetime
import io
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from assessments.demo import invented, large
from assessments.frameworks.storing import load_built_in
from assessments.models import (
    Assessment,
    CheckAtClosing,
    CheckState,
    CriterionResult,
    Framework,
    Measurement,
    Membership,
    OutsidePart,
    Participation,
    PartResult,
    Rating,
    Result,
    Room,
    RoundTeam,
    Target,
    Team,
    Unit,
    User,
)
from assessments.planning.target_progress import graded

from ..factories import make_team, make_user

pytestmark = pytest.mark.slow

TODAY = datetime.date(2026, 10, 20)
#: What is told of each kind; keys of rows that the database numbers are left out.
TOLD = {
    User: ["id", "email", "name", "is_administrator"],
    Team: ["id", "name", "unit__name"],
    Membership: ["user", "team", "unit__name", "role"],
    Assessment: ["id", "team", "date", "due", "status", "rule", "opened_at", "closed_at"],
    Participation: ["assessment", "user", "state", "submitted_on"],
    Rating: ["id", "respondent", "criterion__key", "answer", "choice__code", "reason", "comment"],
    Result: ["id", "assessment", "date", "level", "best", "index_exact", "alpha_exact", "respondents"],
    PartResult: ["result", "kind", "key", "level", "index_exact"],
    Measurement: ["team", "framework__key", "metric", "month", "value"],
    CheckState: ["team", "criterion", "source", "outcome", "value", "since", "observed_at"],
    CriterionResult: ["result", "key", "rating", "votes", "blocker"],
}


def run(**options) -> str:
    out = io.StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


class TestALargeOne:
    @pytest.fixture
    def made(self, db):
        load_built_in()
        return run(seed=3, today=TODAY, teams=13, years=2, dimensions=3)

    def test_has_what_was_asked_for(self, made):
        assert "13 teams" in made
        assert set(Team.objects.values_list("is_demo", flat=True)) == {True}
        results = Result.objects.select_related("edition")
        assert {len(result.edition.contents.dimensions) for result in results} == {3}
        by_team = Counter(results.values_list("team", flat=True))
        # A team that fell silent has half of them.
        assert len(by_team) == 13
        assert set(by_team.values()) <= {4, 8}

    def test_results_agree_with_the_ratings_of_the_latest_assessment(self, made):
        """Only that one has ratings, and closing it again would freeze the same."""
        rated = Assessment.objects.filter(ratings__isnull=False).distinct()
        assert rated.count() == 13
        for assessment in rated[:3]:
            frozen, score = assessment.results.current(), assessment.score()
            assert (frozen.level, frozen.index_exact) == (score.whole.outcomes["largely"].level, str(score.whole.index))
            stored = dict(frozen.criteria.values_list("key", "rating"))
            assert stored == {key: settled.rating for key, settled in score.criteria.items()}
            assert {p.key: p.level for p in frozen.parts.filter(kind="dimension")} == {
                key: part.outcomes["largely"].level for key, part in score.dimensions.items()
            }

    def test_its_targets_are_graded_by_the_results_since(self, made):
        targets = list(Target.objects.for_grading())
        assert len(targets) == 5
        for target in targets:
            assert target.baseline.team_id == target.team_id
            assert target.baseline.created_at < target.set_at
        assert all(each.grading.share is not None for each in graded(targets))

    def test_goes_on_where_it_was_stopped(self, db, monkeypatch):
        """What is there then is what one run would have made, whatever the second run asks for."""
        monkeypatch.setattr(large, "TOGETHER", 2)
        load_built_in()

        class StoppedError(Exception):
            pass

        def stop(teams):
            if teams == 4:
                raise StoppedError

        asked = {"seed": 3, "today": TODAY, "teams": 5, "years": 1, "dimensions": 3}
        with transaction.atomic():
            run(**asked)
            in_one_run = told()
            transaction.set_rollback(True)
        with pytest.raises(StoppedError):
            large.LargeDemo(**asked).write(told=stop)
        assert Team.objects.count() == 4
        out = run(seed=9, teams=50)
        assert "Goes on" in out
        assert "5 teams" in out
        assert told() == in_one_run
        assert "already exists" in run(**asked)

    def test_is_refused_beside_real_teams_and_beside_itself(self, made):
        assert "already exists" in run(teams=5)
        make_team()
        with pytest.raises(CommandError, match="real teams"):
            run(teams=5)

    @pytest.mark.parametrize("wrong", [{"teams": 0}, {"teams": 1, "years": 0}, {"teams": 1, "dimensions": 101}])
    def test_nothing_and_too_much_are_refused(self, db, wrong):
        load_built_in()
        with pytest.raises(CommandError, match="at least one team"):
            run(**wrong)

    def test_dimensions_beyond_the_named_ones_are_numbered(self, db):
        assert len(set(invented.names(30))) == 30


def told() -> dict:
    return {kind: sorted(map(str, kind.objects.values_list(*fields))) for kind, fields in TOLD.items()}


@dataclass(frozen=True, kw_only=True)
class Made:
    rows: dict
    courses: dict[str, list[tuple[datetime.date, int, float]]]
    units: list[str]
    open_teams: list[str]
    round: list[tuple[str, str]]
    #: The team of the live room, how many questions are decided and how many people have voted on the present one.
    room: tuple[str, int, int]
    #: Teams that people outside said something about, those with it beside a result, and what differs from that.
    outside: list[str]
    frozen_outside: set[str]
    unlike_outside: list[str]
    #: By team, the check that disagreed with its newest result, with its days; and the day of its newest facts.
    disagreeing: dict[str, tuple[str, int]]
    reporting: dict[str, datetime.date]
    said: Counter
    fewest: int
    unlike: list[Result]


def is_as_scored(result: Result) -> bool:
    """Whether a result is what closing would have frozen from the ratings that are stored."""
    score = result.assessment.score()
    own, respondents = score.whole.outcomes[result.rule], len(result.assessment.votes())
    ratings = {key: criterion.rating or "" for key, criterion in score.criteria.items()}
    return (
        (result.level, result.best, result.index_exact) == (own.level, own.best, str(score.whole.index))
        and dict(result.criteria.values_list("key", "rating")) == ratings
        and result.respondents == respondents
    )


def is_as_seen(part: OutsidePart) -> bool:
    """Whether it is what closing would have frozen from what people outside said."""
    assessment = part.result.assessment
    rows = assessment.outside_view.beside(assessment.instrument(), assessment.score())
    return part.beside in rows and len(rows) == part.result.outside_parts.count()


def room_of_the_demo() -> tuple[str, int, int]:
    room = Room.objects.running().select_related("assessment__team").get()
    return room.assessment.team.name, room.assessment.agreed_ratings.count(), room.votes().count()


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """What the command writes, read once as plain values; the rows themselves are taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_built_in()
        run(seed=7, today=TODAY)
        courses = {}
        results = Result.objects.filter(framework__key="mlops").order_by("date")
        for name, date, level, index in results.values_list("team__name", "date", "level", "index"):
            courses.setdefault(name, []).append((date, level, float(index)))
        view = Team.objects.filter(assessments__outside_view__isnull=False)
        read = Made(
            rows=told(),
            courses=courses,
            units=list(Unit.objects.values_list("name", flat=True)),
            open_teams=list(Assessment.objects.open().values_list("team__name", flat=True)),
            round=list(RoundTeam.objects.order_by("team__name").values_list("team__name", "assessment__status")),
            room=room_of_the_demo(),
            outside=list(view.order_by("name").values_list("name", flat=True)),
            frozen_outside=set(OutsidePart.objects.values_list("result__team__name", flat=True)),
            unlike_outside=[part.key for part in OutsidePart.objects.all() if not is_as_seen(part)],
            disagreeing={
                row.result.team.name: (row.outcome, row.days) for row in CheckAtClosing.objects.filter(contradicts=True)
            },
            reporting={row.team.name: timezone.localdate(row.observed_at) for row in CheckState.objects.all()},
            said=Counter(Rating.objects.values_list("answer", flat=True)),
            fewest=min(Result.objects.values_list("respondents", flat=True)),
            unlike=[result for result in results.order_by("date", "pk")[::12] if not is_as_scored(result)],
        )
        transaction.set_rollback(True)
    return read


class TestTheOrganisation:
    def test_has_three_units_and_twelve_teams(self, made):
        assert (len(made.units), len(made.courses)) == (3, 12)

    def test_has_two_years_of_quarterly_results(self, made):
        for name, course in made.courses.items():
            days = [date for date, _, _ in course]
            # In the round that is under way one team has closed already.
            least = 60 if name == "Search ranking" else 80
            assert all(least <= (later - day).days <= 100 for day, later in pairwise(days))
            # One team fell silent, so that somebody is due.
            assert TODAY - datetime.timedelta(days=500 if name == "Returns" else 190) < days[-1] < TODAY
        assert Counter(len(course) for course in made.courses.values()) == {9: 1, 8: 9, 4: 1, 2: 1}

    def test_most_teams_climb(self, made):
        climbers = [course for course in made.courses.values() if course[-1][1] > course[0][1]]
        assert len(climbers) >= 6
        assert any(level >= 3 for course in made.courses.values() for _, level, _ in course)

    def test_one_team_fell_back(self, made):
        def worst_fall(course):
            return min(later[2] - earlier[2] for earlier, later in pairwise(course))

        assert [name for name, course in made.courses.items() if worst_fall(course) < -0.5] == ["Ads bidding"]
        levels = [level for _, level, _ in made.courses["Ads bidding"]]
        assert any(later < earlier for earlier, later in pairwise(levels))

    def test_some_stall(self, made):
        assert {name for name, course in made.courses.items() if abs(course[-1][2] - course[0][2]) < 0.35} >= {
            "Churn",
            "Pricing",
        }

    def test_one_team_is_new_and_some_answer_now(self, made):
        assert [name for name, course in made.courses.items() if len(course) < 4] == ["Visual search"]
        assert set(made.open_teams) == {"Recommendations", "Visual search", "Vision inspection"}

    def test_a_live_room_is_half_through(self, made):
        team, decided, voted = made.room
        assert (team, voted) == ("Demand forecast", 3)
        assert 2 <= decided <= 6

    def test_people_outside_have_said_how_they_see_some_teams(self, made):
        assert made.outside == ["Ads bidding", "Pricing", "Search ranking"]
        assert made.frozen_outside == {"Search ranking"}
        assert made.unlike_outside == []

    def test_a_round_is_under_way(self, made):
        assert made.round == [
            ("Ads bidding", "review"),
            ("Pricing", "review"),
            ("Recommendations", "open"),
            ("Search ranking", "closed"),
            ("Visual search", "open"),
        ]

    def test_some_teams_have_a_year_of_figures(self, made):
        months = Counter(row.split(",")[0] for row in made.rows[Measurement] if "'lead-time'" in row)
        assert sorted(months.values()) == [13, 13, 13]

    def test_pipelines_of_some_teams_report_and_one_check_of_each_disagrees(self, made):
        assert made.disagreeing == {
            "Search ranking": ("failed", 12),
            "Pricing": ("failed", 20),
            "Recommendations": ("failed", 34),
            "Fraud detection": ("failed", 5),
        }
        # They go on, and the newest facts are of the day before.
        assert made.reporting == dict.fromkeys(made.disagreeing, TODAY - datetime.timedelta(days=1))

    def test_people_give_every_kind_of_answer(self, made):
        assert made.said["rated"] > 10_000
        assert made.said["NA"] > 100
        assert made.said["DK"] > 100

    def test_several_people_answer_each_time(self, made):
        assert made.fewest >= 3

    def test_results_are_what_closing_would_have_frozen(self, made):
        """They are written in bulk, and yet scored from the very ratings that are stored."""
        assert made.unlike == []


@pytest.mark.django_db
class TestTheCommand:
    @pytest.fixture(autouse=True)
    def frameworks(self):
        load_built_in()

    def test_makes_the_same_for_the_same_seed_and_day(self, made):
        run(seed=7, today=TODAY)
        again = told()
        for kind in TOLD:
            assert again[kind] == made.rows[kind], kind.__name__

    def test_makes_something_else_for_another_seed_and_leaves_what_is_there(self, made):
        run(seed=8, today=TODAY)
        rows = told()
        assert rows[Result] != made.rows[Result]
        assert "already exists" in run(seed=8, today=TODAY)
        assert "already exists" in run(seed=9, today=TODAY)
        assert told() == rows
        # Somebody has begun to work in it for real.
        make_team()
        with pytest.raises(CommandError, match="real teams"):
            run(seed=8, today=TODAY)

    @pytest.mark.parametrize("make", [make_team, make_user])
    def test_refuses_a_database_that_holds_something_real(self, make):
        make()
        with pytest.raises(CommandError, match=r"holds real teams or accounts.*Nothing was changed\."):
            run()
        assert not Team.objects.filter(is_demo=True).exists()
        assert not User.objects.filter(is_demo=True).exists()


@pytest.mark.django_db
def test_without_frameworks_the_command_says_what_to_run_first():
    with pytest.raises(CommandError, match="load_frameworks"):
        run()


@pytest.mark.django_db
def test_a_large_organisation_brings_its_framework_along():
    run(teams=2, years=1, dimensions=3)
    assert Team.objects.count() == 2
    assert Framework.objects.get().key == "delivery-3"


@pytest.mark.django_db
def test_what_fails_half_way_leaves_nothing(monkeypatch):
    load_built_in()
    monkeypatch.setattr(CriterionResult.objects.__class__, "bulk_create", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        run()
    assert not Team.objects.exists()
