"""Figures beside levels: on one time axis, in words, and never in a level."""

import datetime
import re
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import charts, scoring
from assessments.measurements import definitions
from assessments.measurements.team_figures import TeamFigures
from assessments.models import CriterionResult, Measured, Measurement, PartResult, Result, Target
from assessments.planning.target_progress import graded
from assessments.scoring import IndexScale

from ..factories import make_membership, make_team, make_user
from ..progress import AT, Lead
from .making import record

LEVELS = IndexScale.of_levels(range(5))
METRICS = {metric.key: metric for metric in definitions.BUILT_IN}


class TestBetterOrWorse:
    @pytest.mark.parametrize(
        ("metric", "before", "after", "moved"),
        [
            ("lead-time", "50", "45", 1),
            ("lead-time", "50", "45.1", 0),
            ("lead-time", "50", "55", -1),
            ("lead-time", "0", "0.1", -1),
            ("lead-time", "0", "0", 0),
            ("deployment-frequency", "10", "11", 1),
            ("deployment-frequency", "10", "9", -1),
            ("change-failure-rate", "10", "9", 1),
            ("change-failure-rate", "10", "9.5", 0),
            # Of a share that should be large, what is missing counts.
            ("reliability", "99.8", "99.9", 1),
            ("reliability", "99.8", "99.81", 0),
            ("reliability", "99.9", "99.8", -1),
            ("reliability", "100", "99.9", -1),
        ],
    )
    def test_a_tenth_of_what_it_was_counts(self, metric, before, after, moved):
        assert METRICS[metric].moved(Decimal(before), Decimal(after)) == moved

    def test_of_answers_each_step_counts(self):
        entry = {
            "key": "pace",
            "name": "Pace",
            "ask": "?",
            "kind": "choice",
            "values": {str(n): "x" for n in range(30)},
        }
        (metric,) = definitions.of_framework(_Contents([entry]))
        assert metric.moved(Decimal(20), Decimal(21)) == 1
        assert metric.moved(Decimal(21), Decimal(20)) == -1


class _Contents:
    """As much of the contents of an edition as its metrics need."""

    def __init__(self, metrics):
        self.edition = self
        self.blocks = {"metrics": metrics}
        self.framework = None


def history(*days, until=None):
    points = [
        charts.HistoryPoint(
            date=datetime.date.fromisoformat(day), level=1, index=Fraction(1), scale=LEVELS, title="", url=""
        )
        for day in days
    ]
    return charts.history(points, until=until and datetime.date.fromisoformat(until))


def drawn(months, *, below, edges=()):
    points = [
        charts.MeasuredPoint(month=datetime.date.fromisoformat(f"{month}-01"), value=Fraction(value), title=month)
        for month, value in months.items()
    ]
    return charts.measured(points, below=below, edges=edges)


class TestChart:
    def test_a_month_stands_where_its_middle_is_on_the_axis_of_the_history(self):
        below = history("2026-01-15", "2026-03-15", "2026-05-15")
        chart = drawn({"2026-01": 4, "2026-03": 2, "2026-05": 3}, below=below)
        assert [dot.x for dot in chart.dots] == [dot.x for dot in below.dots]
        assert list(chart.results) == [dot.x for dot in below.dots]
        assert (chart.width, chart.left, chart.right) == (below.width, below.left, below.right)

    def test_a_missing_month_interrupts_the_line(self):
        chart = drawn(
            {"2026-01": 4, "2026-02": 2, "2026-04": 3, "2026-05": 3}, below=history("2026-01-01", "2026-06-01")
        )
        assert chart.line.count("M") == 2
        assert len(chart.dots) == 4

    def test_months_beside_the_axis_are_left_out_and_those_at_its_ends_are_on_it(self):
        below = history("2026-02-20", "2026-04-03")
        chart = drawn({f"2026-0{n}": n for n in range(1, 7)}, below=below)
        assert [dot.title for dot in chart.dots] == ["2026-02", "2026-03", "2026-04"]
        assert chart.dots[0].x == below.dots[0].x
        assert chart.dots[-1].x == below.dots[-1].x
        assert drawn({"2025-01": 4}, below=below) is None

    def test_the_height_is_the_value_from_zero(self):
        chart = drawn({"2026-01": 4, "2026-02": 2, "2026-03": 0}, below=history("2026-01-01", "2026-06-01"))
        top, middle, bottom = (dot.y for dot in chart.dots)
        assert bottom == chart.bottom
        assert middle == pytest.approx((top + bottom) / 2, abs=0.1)

    def test_only_edges_below_the_highest_value_are_drawn(self):
        edges = [(Fraction(24), "High"), (Fraction(168), "Medium")]
        chart = drawn({"2026-01": 50}, below=history("2026-01-01"), edges=edges)
        assert [edge.name for edge in chart.edges] == ["High"]

    def test_nothing_but_zero_is_drawn_too(self):
        assert len(drawn({"2026-01": 0}, below=history("2026-01-01")).dots) == 1


@pytest.fixture
def lead(db):
    lead = Lead()
    lead.closes(AT[1], on="2026-01-20")
    lead.closes(AT[2], on="2026-06-20")
    return lead


def sentence(lead) -> str:
    earlier, later = Result.objects.current_only().filter(team=lead.team).chronological().select_related("edition")
    return TeamFigures.beside(lead.team, later.edition.contents).not_followed(later, earlier)


class TestInWords:
    def test_a_level_that_rose_without_its_figure(self, lead):
        record(lead.team, "lead-time", "2026-01", "50", by=lead.user)
        record(lead.team, "lead-time", "2026-06", "52", by=lead.user)
        assert sentence(lead) == (
            "The level rose from 1 to 2. This figure did not get better: "
            "Lead time for changes (50 hours, then 52 hours, about the same)."
        )

    def test_only_figures_that_did_not_get_better_are_named(self, lead):
        for metric, before, after in (("lead-time", 50, 20), ("recovery-time", 2, 9), ("deployment-frequency", 4, 4)):
            record(lead.team, metric, "2026-01", before, by=lead.user)
            record(lead.team, metric, "2026-06", after, by=lead.user)
        said = sentence(lead)
        assert "These figures did not get better" in said
        assert "Deployment frequency (4 a month, then 4 a month, about the same)" in said
        assert "Failed deployment recovery time (2 hours, then 9 hours, worse)" in said
        assert "Lead time" not in said

    def test_nothing_is_said_if_figures_followed(self, lead):
        record(lead.team, "lead-time", "2026-01", "50", by=lead.user)
        record(lead.team, "lead-time", "2026-06", "20", by=lead.user)
        assert sentence(lead) == ""

    @pytest.mark.parametrize("months", [("2026-01", "2026-04"), ("2025-11", "2026-06"), ("2026-02", "2026-06")])
    def test_nothing_is_said_of_what_is_not_known_for_both(self, lead, months):
        for month in months:
            record(lead.team, "lead-time", month, "50", by=lead.user)
        assert sentence(lead) == ""

    def test_the_month_before_stands_for_one_that_is_not_known_yet(self, lead):
        for month in ("2025-12", "2026-05"):
            record(lead.team, "lead-time", month, "50", by=lead.user)
        assert "50 hours, then 50 hours" in sentence(lead)

    def test_nothing_is_said_if_the_level_did_not_rise(self, lead):
        lead.closes(AT[2], on="2026-09-20")
        for month in ("2026-06", "2026-09"):
            record(lead.team, "lead-time", month, "50", by=lead.user)
        earlier, later = Result.objects.filter(team=lead.team).chronological().select_related("edition")[1:]
        assert TeamFigures.beside(lead.team, later.edition.contents).not_followed(later, earlier) == ""

    def test_nothing_is_said_across_two_rules(self, lead):
        for month in ("2026-01", "2026-06"):
            record(lead.team, "lead-time", month, "50", by=lead.user)
        Result.objects.filter(team=lead.team, date="2026-01-20").update(rule="fully")
        assert sentence(lead) == ""


class TestOnPages:
    @pytest.fixture
    def figures(self, lead):
        for month, value in (("2026-01", "50"), ("2026-03", "60"), ("2026-06", "52"), ("2026-08", "30")):
            record(lead.team, "lead-time", month, value, by=lead.user)

    def pages(self, lead):
        earlier, later = Result.objects.filter(team=lead.team).chronological()
        compare = f"/teams/{lead.team.pk}/compare/?earlier={earlier.pk}&later={later.pk}"
        return [lead.team.get_absolute_url(), later.get_absolute_url(), compare]

    @pytest.mark.parametrize("role", ["lead", "member", "viewer"])
    def test_who_sees_results_sees_them_and_the_sentence(self, client, lead, figures, role):
        client.force_login(make_membership(team=lead.team, role=role).user)
        for page in self.pages(lead):
            content = client.get(page).content.decode()
            assert "Lead time for changes" in content, page
            assert "The level rose from 1 to 2" in content, page

    def test_who_sees_only_levels_does_not(self, client, lead, figures):
        client.force_login(make_user(is_administrator=True))
        for page in self.pages(lead)[:2]:
            content = client.get(page).content.decode()
            assert "Lead time for changes" not in content
            assert "The level rose" not in content

    def test_the_axis_of_levels_reaches_to_the_newest_figure(self, client, lead, figures):
        client.force_login(lead.user)
        content = client.get(lead.team.get_absolute_url()).content.decode()
        titles = re.findall(r"<title>(\w+ 2026: [^<]+)</title>", content)
        assert len(titles) == 4
        assert any("30 hours, High" in title for title in titles)

    def test_a_page_without_figures_is_as_before(self, client, lead):
        client.force_login(lead.user)
        for page in self.pages(lead):
            assert 'id="figures"' not in client.get(page).content.decode()

    def test_a_new_figure_is_on_the_next_page_though_pages_are_kept(self, client, lead):
        client.force_login(make_membership(team=lead.team, role="viewer").user)
        for page in self.pages(lead)[:2]:
            client.get(page)
        record(lead.team, "lead-time", "2026-06", "52", by=lead.user)
        for page in self.pages(lead)[:2]:
            assert "52 hours" in client.get(page).content.decode(), page
        record(lead.team, "lead-time", "2026-06", "53", by=lead.user, seen=1)
        for page in self.pages(lead)[:2]:
            assert "53 hours" in client.get(page).content.decode(), page


def frozen(team) -> list:
    """Everything that a level, an index or a target comes to, as it is stored and as it is worked out."""
    rows = [list(kind.objects.order_by("pk").values()) for kind in (Result, PartResult, CriterionResult, Target)]
    again = [
        scoring.score(result.assessment.instrument(), [{"x1": "F"}]).whole
        for result in team.results.select_related("assessment__edition")
    ]
    targets = [(target.target.pk, target.title, target.grading) for target in graded(team.targets.for_grading())]
    return [rows, again, targets]


def test_no_figure_changes_a_level_a_result_or_a_target(lead):
    Target.objects.set(
        team=lead.team,
        framework=lead.edition.framework,
        level=3,
        due=datetime.date(2030, 1, 1),
        why="Faster.",
        by=lead.user,
        rule="largely",
    )
    before = frozen(lead.team)
    random = Random(15)
    for _ in range(300):
        metric = random.choice(definitions.BUILT_IN)
        month = datetime.date(2026, random.randint(1, 9), 1)
        value = Decimal(random.randint(0, 100_000)) / 1000
        measured = Measured(framework=None, metric=metric.key, month=month, value=value)
        row = Measurement.objects.record(measured, team=lead.team, by=lead.user, seen=None)
        if random.random() < 0.2:
            row.remove(by=lead.user, seen=None)
    assert lead.team.measurements.exists()
    assert frozen(lead.team) == before
    # The next result comes out as one without figures does.
    other = Lead(edition=lead.edition)
    figures = ("level", "best", "index_exact", "alpha_exact", "outcomes", "cells")
    with_figures, without = (who.closes(AT[2], on="2026-09-20") for who in (lead, other))
    assert [getattr(with_figures, name) for name in figures] == [getattr(without, name) for name in figures]


class TestInThePortfolio:
    @pytest.fixture
    def figures(self, lead):
        for month in ("2026-01", "2026-06"):
            record(lead.team, "lead-time", month, "50", by=lead.user)

    def said(self, client, lead, user) -> str:
        client.force_login(user)
        page = client.get(f"/portfolio/?framework={lead.edition.framework.key}").content.decode()
        return " ".join(re.sub(r"<[^>]*>", " ", page).split())

    def test_who_sees_results_is_told_which_figures_did_not_follow(self, client, lead, figures):
        manager = make_membership(unit=lead.team.unit, role="manager").user
        for user in (lead.user, manager):
            said = self.said(client, lead, user)
            assert "The level of 1 team with figures rose, and a figure did not get better" in said
            assert f"{lead.team} (Lead time for changes)" in said

    def test_who_sees_levels_alone_is_not(self, client, lead, figures):
        for user in (make_user(is_administrator=True), make_membership(team=make_team()).user):
            assert "did not get better" not in self.said(client, lead, user)

    def test_nothing_is_said_if_figures_followed(self, client, lead):
        record(lead.team, "lead-time", "2026-01", "50", by=lead.user)
        record(lead.team, "lead-time", "2026-05", "20", by=lead.user)
        assert "did not get better" not in self.said(client, lead, lead.user)

    def test_it_is_one_query_however_many_teams_rose(self, client, lead, figures):
        manager = make_membership(unit=lead.team.unit, role="manager").user
        client.force_login(manager)
        address = f"/portfolio/?framework={lead.edition.framework.key}"

        def queries() -> int:
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            return len([query for query in captured if "assessments_measurement" in query["sql"]])

        assert queries() == 1
        for _ in range(3):
            other = Lead(edition=lead.edition, unit=lead.team.unit)
            other.closes(AT[1], on="2026-01-20")
            other.closes(AT[2], on="2026-06-20")
            record(other.team, "lead-time", "2026-01", "50", by=other.user)
        assert queries() == 1
