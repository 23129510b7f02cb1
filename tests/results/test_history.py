"""Results over time: which ones are joined, what is previous, what changed, and how it is drawn."""

import datetime
import re
from fractions import Fraction

import pytest
from django.utils.safestring import SafeString

from assessments import charts
from assessments.frameworks.storing import load_built_in
from assessments.models import Answer, Edition, Framework, Result, Target
from assessments.models.results import latest_by_team
from assessments.portfolio.portfolio import Portfolio
from assessments.portfolio.rows import Query
from assessments.results.comparison import Beside
from assessments.results.history import TableRow, TeamHistory, current_beside, latest_before
from assessments.results.report import Standing
from assessments.results.report_charts import history_chart, radar_chart, small_multiples
from assessments.scoring import IndexScale
from assessments.templatetags import maturity
from assessments.web.chart_words import note_of
from assessments.web.dates import is_stale, months_since

from .. import toy
from ..factories import make_membership, make_team, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


def day(n: int) -> datetime.date:
    """The first of a month, counted from January 2025."""
    return datetime.date(2025 + (n - 1) // 12, (n - 1) % 12 + 1, 1)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def add(team, edition):
    """Adds a result in the month given."""

    def add(month, codes="F F L N F F P N", **terms):
        return toy.add_result(**{"team": team, "edition": edition, "date": day(month), "codes": codes, **terms})

    return add


class TestPrevious:
    def test_is_the_latest_earlier_one(self, add):
        first, third, second = add(1), add(5), add(3)
        assert third.previous() == second
        assert second.previous() == first
        assert first.previous() is None

    def test_has_the_same_rule(self, add):
        first = add(1)
        add(2, rule="fully")
        assert add(3).previous() == first

    def test_has_the_same_questionnaire(self, add):
        first = add(1)
        short = add(2, codes="F F", questionnaire="short")
        assert add(3).previous() == first
        assert short.previous() is None
        assert add(4, codes="F L", questionnaire="short").previous() == short

    def test_has_the_same_framework_and_perhaps_another_edition(self, add, edition):
        first = add(1)
        add(2, edition=toy.make_edition())
        newer = toy.make_edition(key=edition.framework.key, version="1.1.0")
        assert add(3, edition=newer).previous() == first

    def test_is_of_the_same_team(self, add):
        add(1, team=make_team())
        assert add(2).previous() is None

    def test_of_two_on_one_day_the_one_closed_later_counts(self, add):
        morning = add(1)
        Result.objects.filter(pk=morning.pk).update(created_at=morning.created_at - datetime.timedelta(hours=5))
        evening = add(1)
        assert evening.previous() == morning
        assert add(2).previous() == evening

    def test_is_in_its_current_generation(self, add, lead, team):
        first = add(1)
        first.assessment.reopen(by=lead, reason="A mistake.")
        rate(first.assessment, lead, "x4", "F")
        again = first.assessment.close(by=lead)
        assert add(2).previous() == again

    def test_an_earlier_generation_of_itself_is_not_previous(self, add, lead):
        first = add(1)
        first.assessment.reopen(by=lead, reason="A mistake.")
        rate(first.assessment, lead, "x4", "F")
        assert first.assessment.close(by=lead).previous() is None


def rate(assessment, user, key, code, **answer):
    criterion = assessment.edition.contents.criterion_by_key[key]
    return assessment.save_rating(by=user, criterion=criterion, answer=Answer(code=code, **answer), mark=toy.mark())


class TestLines:
    def test_join_what_has_one_framework_one_rule_and_one_questionnaire(self, add, team):
        joined = [add(1), add(4)]
        add(2, rule="fully")
        add(3, codes="F F", questionnaire="short")
        past = TeamHistory.of(team, {"rule": "largely", "questionnaire": "full"})
        assert past.results == joined
        assert len(past.lines) == 3
        assert (past.latest, past.previous) == (joined[1], joined[0])

    def test_without_a_wish_the_line_of_the_newest_result_is_shown(self, add, team):
        add(1)
        newest = add(2, rule="fully")
        past = TeamHistory.of(team)
        assert (past.line.rule, past.results) == ("fully", [newest])

    def test_a_wish_that_fits_nothing_shows_what_comes_nearest(self, add, team, edition):
        add(1)
        add(2, rule="fully")
        past = TeamHistory.of(team, {"framework": edition.framework.key, "rule": "largely", "questionnaire": "short"})
        assert past.line.rule == "largely"
        assert TeamHistory.of(team, {"framework": "<script>", "rule": "'"}).line.rule == "fully"

    def test_stay_joined_when_an_edition_calls_its_rule_or_framework_by_another_name(self, add, team, edition):
        first = add(1)
        newer = toy.make_edition(key=edition.framework.key, version="1.1.0", published=False)
        first_rule, *others = newer.scoring["rules"]
        newer.scoring = newer.scoring | {"rules": [first_rule | {"name": "Mostly there"}, *others]}
        newer.save()
        newer.publish(digest="sha256:renamed")
        second = add(2, edition=newer)
        past = TeamHistory.of(team)
        assert past.results == [first, second]
        assert [line.rule_name for line in past.lines] == ["Mostly there"]

    def test_a_team_without_results_has_no_line(self, team):
        past = TeamHistory.of(team)
        assert (past.line, past.latest, past.previous, past.table, past.beside()) == (None, None, None, [], [])

    def test_a_short_result_stands_beside_and_is_never_joined(self, add, team):
        full = [add(1), add(3)]
        short = add(2, codes="F F", questionnaire="short")
        past = TeamHistory.of(team, {"questionnaire": "full"})
        assert past.beside() == [short]
        chart = history_chart(past, full[0].edition.contents)
        assert [dot.beside for dot in chart.dots] == [False, True, False]
        # One line from the first full result to the second, past the short one.
        assert chart.line.count("L") == 1
        assert note_of(chart.rows[1]) == "other questionnaire"

    def test_results_of_another_framework_are_in_the_table_but_not_beside(self, add, team):
        add(1)
        add(2, edition=toy.make_edition())
        past = TeamHistory.of(team)
        assert past.beside() == []
        assert [row.date for row in past.table] == [day(2), day(1)]


class TestUnderRevision:
    @pytest.fixture
    def reopened(self, add, lead):
        result = add(1)
        result.assessment.reopen(by=lead, reason="A mistake.")
        return result

    def test_the_result_stays_and_is_marked(self, reopened, team):
        past = TeamHistory.of(team)
        assert past.latest == reopened
        assert past.table[0].state == "under revision"
        chart = history_chart(past, reopened.edition.contents)
        assert chart.has_under_revision
        assert note_of(chart.rows[0]) == "under revision; reopened: A mistake."

    def test_the_next_generation_takes_its_place(self, reopened, team, lead):
        rate(reopened.assessment, lead, "x4", "F")
        second = reopened.assessment.close(by=lead)
        past = TeamHistory.of(team)
        assert past.results == [second]
        assert past.table[0].state == "closed, generation 2"

    def test_pages_say_so(self, client, reopened, team, lead):
        client.force_login(lead)
        for url in (team.get_absolute_url(), reopened.get_absolute_url()):
            assert "under revision" in client.get(url).content.decode().lower()


class TestChanges:
    def test_since_the_previous_result_setbacks_first(self, add):
        add(1, "F F L N F F P N")
        later = add(2, "F L L L F F P N")
        changes = Standing.of(later).changes
        assert [(c.criterion.key, c.before, c.after, c.points) for c in changes] == [
            ("x2", "Fully", "Largely", Fraction(-1, 3)),
            ("x4", "Not", "Largely", Fraction(2, 3)),
        ]

    def test_what_does_not_apply_any_more_is_neither_better_nor_worse(self, add):
        add(1, "F F L N F F P N")
        changes = Standing.of(add(2, "F F NA F F F P -")).changes
        assert [(c.criterion.key, c.after, c.points) for c in changes] == [
            ("x4", "Fully", 1),
            ("x3", "Does not apply", 0),
            ("y4", "Not answered", 0),
        ]

    def test_an_answer_that_is_missing_now_is_a_setback(self, add):
        add(1, "F F L N F F P N")
        [change] = Standing.of(add(2, "F F - N F F P N")).changes
        assert (change.before, change.after, change.points) == ("Largely", "Not answered", Fraction(-2, 3))

    def test_a_criterion_with_a_new_meaning_is_not_compared(self, add, edition):
        add(1, "F F L N F F P N")
        newer = toy.make_edition(key=edition.framework.key, version="1.1.0", published=False)
        newer.criteria.filter(key="x1").update(meaning=2)
        newer.publish(digest="sha256:newer")
        later = add(2, "N N L N F F P N", edition=newer)
        assert [c.criterion.key for c in Standing.of(later).changes] == ["x2"]

    def test_an_answer_that_the_scale_no_longer_has_is_shown_by_its_code(self, add, edition):
        add(1, "L F L N F F P N")
        newer = toy.make_edition(key=edition.framework.key, version="1.1.0", published=False)
        newer.scales.get().choices.filter(code="L").update(code="M", name="Mainly")
        newer.publish(digest="sha256:rescaled")
        changes = Standing.of(add(2, "F F M N F F P N", edition=newer)).changes
        assert [(c.criterion.key, c.before, c.after) for c in changes] == [
            ("x1", "L", "Fully"),
            ("x3", "L", "Mainly"),
        ]

    def test_there_are_none_without_a_previous_result(self, add):
        standing = Standing.of(add(1))
        assert (standing.changes, standing.level_change, standing.index_change) == ([], None, None)

    @pytest.mark.parametrize(
        ("before", "after", "level", "index"),
        [
            ("F F L N F F P N", "F F L N F F F N", 1, "+0.17"),
            ("F F L N F F F N", "F F L N F F P N", -1, "−0.17"),
            ("F F L N F F P N", "F F L N F F P N", 0, "±0.00"),
        ],
    )
    def test_of_level_and_index_carry_their_sign(self, add, before, after, level, index):
        add(1, before)
        standing = Standing.of(add(2, after))
        assert (standing.level_change, standing.index_change) == (level, index)

    def test_of_each_dimension_are_in_its_row(self, add):
        add(1, "F F L N F F P N")
        x, y = Standing.of(add(2, "F F L N F F F F")).dimensions
        assert (x.change, x.index_change) == (0, None)
        assert (y.level, y.change) == (3, 2)


def test_a_comparison_tells_what_the_earlier_edition_had_different(client, add, edition, team, lead):
    old = add(1)
    newer = toy.make_edition(key=edition.framework.key, version="2.0.0", published=False)
    newer.criteria.filter(key="x1").update(meaning=2, statement="Practice x1 is done twice.")
    newer.criteria.filter(key="x2").update(statement="Practice x2 is done, of course.")
    newer.criteria.filter(key="y3").update(
        level=newer.levels.get(number=3), dimension=newer.dimensions.get(key="X"), order=9
    )
    newer.publish(digest="sha256:newer")
    new = add(3, edition=newer)
    told = {row.criterion.key: row.was for group in Beside(old, new).groups for row in group.rows if row.was}
    assert told == {"x1": "“Practice x1 is done.”", "y3": "in Area Y, at level 2"}
    client.force_login(lead)
    page = client.get(f"/teams/{team.pk}/compare/").content.decode()
    assert "Before: in Area Y, at level 2" in page


def columns(client, team):
    """The heads of the two tables of a comparison that say where a change comes from."""
    page = client.get(f"/teams/{team.pk}/compare/").content.decode()
    found = []
    for table in ("split", "parts"):
        section = page.split(f'aria-labelledby="{table}"')[1].split("</section>")[0]
        heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", section)
        rows = section.split("</thead>")[1].split("</tr>")
        assert {len(re.findall("<t[hd] ", row)) for row in rows if "<td" in row} == {len(heads)}
        found.append([head for head in heads if head in SOURCES])
    assert found[0] == found[1]
    return found[0]


SOURCES = ["Your answers", "New version", "Added or removed criteria"]


def test_a_comparison_on_one_version_has_a_column_for_the_answers_alone(client, add, team, lead):
    add(1)
    add(2, "F F F N F F P N")
    client.force_login(lead)
    assert columns(client, team) == ["Your answers"]


def test_a_comparison_has_a_column_for_what_the_version_counts_differently(client, add, edition, team, lead):
    add(1)
    newer = toy.make_edition(key=edition.framework.key, version="2.0.0", published=False)
    newer.criteria.filter(key="y3").update(level=newer.levels.get(number=3))
    newer.publish(digest="sha256:newer")
    add(3, edition=newer)
    client.force_login(lead)
    assert columns(client, team) == ["Your answers", "New version"]


def test_a_comparison_has_a_column_for_what_only_one_of_the_two_asks(client, add, edition, team, lead):
    add(1)
    newer = toy.make_edition(key=edition.framework.key, version="2.0.0", published=False)
    newer.criteria.filter(key="y3").update(meaning=2)
    newer.publish(digest="sha256:newer")
    add(3, "F F L N F F F N", edition=newer)
    client.force_login(lead)
    assert columns(client, team) == ["Your answers", "Added or removed criteria"]


def test_comparing_stays_with_the_framework_and_with_the_two_results(client, add, team, lead):
    first, second = add(1), add(2)
    other = toy.make_edition()
    add(3, edition=other)
    newest = add(4, edition=other)
    client.force_login(lead)
    framework = f"?framework={first.framework.key}"
    page = client.get(f"{team.get_absolute_url()}{framework}").content.decode()
    assert f'href="/teams/{team.pk}/compare/{framework}"' in page
    assert f'href="/teams/{team.pk}/compare/?earlier={first.pk}&amp;later={second.pk}"' in page
    beside = client.get(f"/teams/{team.pk}/compare/{framework}").context["beside"]
    assert (beside.old, beside.new) == (first, second)
    response = client.get(f"/teams/{team.pk}/compare/")
    assert response.context["beside"].new == newest
    assert f'href="/teams/{team.pk}/targets/?framework={other.framework.key}"' in response.content.decode()


class TestTwoResultsOfOneMonth:
    """A month would tell neither which of them is meant."""

    def test_are_named_by_their_days(self, client, add, team, lead):
        add(1, "F F L N F F P N", date=datetime.date(2026, 3, 3))
        result = add(1, "F F L N F F F N", date=datetime.date(2026, 3, 24))
        client.force_login(lead)
        for url in (team.get_absolute_url(), result.get_absolute_url()):
            page = client.get(url).content.decode()
            assert "+0.17 since 3 March 2026" in page
            assert "Now and 3 March 2026" in page
            assert "Since 3 Mar 2026" in page
        page = client.get(f"/teams/{team.pk}/compare/").content.decode()
        head = '<th scope="col" role="columnheader">'
        assert f"{head}3 Mar 2026</th>{head}24 Mar 2026</th>" in page

    def test_those_of_two_months_are_named_by_them(self, client, add, team, lead):
        add(1, "F F L N F F P N", date=datetime.date(2025, 3, 24))
        add(1, "F F L N F F F N", date=datetime.date(2026, 3, 24))
        client.force_login(lead)
        assert "Now and March 2025" in client.get(team.get_absolute_url()).content.decode()
        page = client.get(f"/teams/{team.pk}/compare/").content.decode()
        head = '<th scope="col" role="columnheader">'
        assert f"{head}Mar 2025</th>{head}Mar 2026</th>" in page


class TestCouldBe:
    def test_is_shown_where_answers_are_missing(self, add):
        standing = Standing.of(add(1, "F F L N F F - N"))
        assert (standing.result.level, standing.result.could_be, standing.best_name) == (1, 2, "Step 2")
        assert (standing.index, standing.index_best, standing.coverage) == ("1.58", "1.83", "88%")
        x, y = standing.dimensions
        assert (x.could_be, x.index_best) == (None, None)
        assert (y.level, y.could_be, y.index, y.index_best) == (1, 2, "1.50", "2.00")
        assert [(step.number, step.reached, step.now, step.best) for step in standing.rungs] == [
            (0, True, False, False),
            (1, True, True, False),
            (2, False, False, True),
            (3, False, False, False),
        ]

    def test_is_not_shown_where_nothing_is_missing(self, add):
        standing = Standing.of(add(1, "F F L N F F P N"))
        assert (standing.result.could_be, standing.index_best) == (None, None)
        assert not any(step.best for step in standing.rungs)

    def test_pages_say_it(self, client, add, team, lead):
        result = add(1, "F F L N F F - N")
        client.force_login(lead)
        for url in (team.get_absolute_url(), result.get_absolute_url()):
            page = " ".join(client.get(url).content.decode().split())
            assert "could be" in page
            assert "1.83" in page


class TestStanding:
    def test_where_nothing_applies_there_is_no_level_and_no_blocker(self, add):
        edition = toy.make_edition(na=("x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4"))
        standing = Standing.of(add(1, "NA NA NA NA NA NA NA NA", edition=edition))
        assert (standing.result.level, standing.index, standing.blockers, standing.next_rung) == (None, None, [], "")
        assert not any(step.reached or step.now for step in standing.rungs)
        assert [step.vacuous for step in standing.rungs] == [False, True, True, True]

    def test_the_next_level_is_named_even_where_only_lower_levels_are_in_its_way(self, add):
        """Under ISO/IEC 33020 a level is claimed with half of the points and carries the next one only with 85 %."""
        standing = Standing.of(add(1, "F P F F F F F F", rule="iso33020"))
        assert [settled.criterion.level.number for settled in standing.blockers] == [1]
        assert (standing.result.level, standing.next_rung) == (1, "level 2, Step 2")

    def test_the_next_level_is_one_at_which_something_applies(self, add):
        edition = toy.make_edition(na=("x3", "y2", "y3"))
        standing = Standing.of(add(1, "F F NA L F NA NA P", edition=edition))
        assert (standing.result.level, standing.next_rung) == (1, "level 3, Step 3")
        assert (standing.vacuous, standing.result.warnings) == ([2], [2])

    def test_at_the_top_nothing_is_next(self, add):
        standing = Standing.of(add(1, "F F F F F F F F"))
        assert (standing.next_rung, standing.blockers) == ("", [])

    def test_other_rules_stand_beside_the_own_one(self, add):
        standing = Standing.of(add(1))
        assert standing.other_rules == [("ISO/IEC 33020", 2, 2), ("Fully achieved", 1, 1)]


class TestCharts:
    def test_figures_are_rounded_once_from_the_exact_fraction(self, add, team):
        """1.66495 is 1.66; rounded to four decimals first it would come out as 1.67."""
        result = add(1)
        exact = "166495/100000"
        Result.objects.filter(pk=result.pk).update(index_exact=exact, index="1.6650")
        result.parts.update(index_exact=exact, index="1.6650")
        add(2)
        past = TeamHistory.of(team)
        chart = history_chart(past, result.edition.contents)
        assert chart.rows[0].index == "1.66"
        assert "index 1.66" in chart.points[0].title
        multiples = small_multiples(past, result.edition.contents)
        assert [multiple.chart.cells[0] for multiple in multiples] == ["2 · 1.66", "1 · 1.66"]

    def test_each_dimension_has_its_line_once_there_are_two_results(self, add, team, edition):
        add(1)
        assert small_multiples(TeamHistory.of(team), edition.contents) == []
        add(2, "F F L N F F F F")
        multiples = small_multiples(TeamHistory.of(team), edition.contents)
        assert [(m.name, m.level, m.index) for m in multiples] == [("Area X", 2, "1.67"), ("Area Y", 3, "3.00")]

    def test_the_small_lines_have_one_axis_though_one_has_a_target(self, add, team, edition, lead):
        add(1)
        add(2, "F F L N F F F F")
        Target.objects.set(
            team=team, framework=edition.framework, dimension="Y", level=3, due=day(48), why="", by=lead, seen=0
        )
        x, y = small_multiples(TeamHistory.of(team), edition.contents, team.targets.all())
        assert y.chart.aims
        assert x.chart.line.split()[0].split(",")[0] == y.chart.line.split()[0].split(",")[0]
        assert re.findall(r"[ML ]([\d.]+),", x.chart.line) == re.findall(r"[ML ]([\d.]+),", y.chart.line)

    def test_level_and_index_are_drawn_in_order_of_time(self, add, team, edition):
        add(4, "F F F F F F F F")
        add(1, "F F L N F F P N")
        chart = history_chart(TeamHistory.of(team), edition.contents)
        assert [(row.date, row.level, row.index) for row in chart.rows] == [
            (day(1), "1", "1.67"),
            (day(4), "3", "3.00"),
        ]

    def test_radar_compares_now_with_previous(self, team, lead):
        edition = toy.make_edition()
        toy.add_result(team=team, edition=edition, date=day(1))
        standing = Standing.of(toy.add_result(team=team, edition=edition, date=day(4)))
        # Two dimensions have no area to draw.
        assert radar_chart(standing) is None

    def test_the_radar_tells_two_results_of_one_month_apart_by_their_days(self, team):
        load_built_in()
        edition = Framework.objects.get(key="mlops").default_edition()
        count = len(edition.contents.criteria)
        for number, codes in ((3, "P"), (24, "F")):
            on = datetime.date(2026, 11, number)
            result = toy.add_result(team=team, edition=edition, date=on, codes=" ".join([codes] * count))
        assert {shape.name for shape in radar_chart(Standing.of(result)).shapes} == {"Now", "3 November 2026"}


class TestSums:
    """A framework by sums: the band stands where a level would, the lowest section score where an index would."""

    @pytest.fixture
    def results(self, team):
        load_built_in()
        edition = Framework.objects.get(key="ml-test-score").default_edition()
        codes = ["manual " * 28, "auto " * 21 + "manual " * 6 + "none"]
        return [
            toy.add_result(team=team, edition=edition, date=day(month), codes=row, rule="")
            for month, row in zip((1, 4), codes, strict=True)
        ]

    def test_standing_names_the_band(self, results):
        standing = Standing.of(results[1])
        assert (standing.level_name, standing.index, standing.index_change) == ("Reasonable", "3.0", "−0.5")
        assert [row.level for row in standing.dimensions] == [None] * 4
        assert [row.index for row in standing.dimensions] == ["7.0", "7.0", "7.0", "3.0"]
        assert standing.next_rung == "Strong"
        assert {settled.criterion.dimension.key for settled in standing.blockers} == {"monitor"}

    def test_charts_show_one_decimal_and_no_level(self, results, team):
        past, contents = TeamHistory.of(team), results[0].edition.contents
        chart = history_chart(past, contents)
        assert [(row.level, row.index) for row in chart.rows] == [("–", "3.5"), ("–", "3.0")]
        assert chart.points[1].title == "1 April 2025: Reasonable, lowest section score 3.0"
        assert not chart.has_levels
        assert [multiple.index for multiple in small_multiples(past, contents)] == ["7.0", "7.0", "7.0", "3.0"]
        radar = radar_chart(Standing.of(results[1]))
        assert radar.rows[3][1] == ("3.0", "3.5")

    def test_pages_open(self, client, results, team, lead):
        client.force_login(lead)
        for url in (team.get_absolute_url(), results[1].get_absolute_url()):
            assert "Reasonable" in client.get(url).content.decode()


def test_the_newest_result_of_each_team(add, edition):
    other = make_team()
    add(1)
    newest, theirs = add(3), toy.add_result(team=other, edition=edition, date=day(2))
    nobody = make_team()
    assert latest_by_team([newest.team, other, nobody]) == {newest.team_id: newest, other.pk: theirs}


def test_the_previous_result_is_the_same_whether_read_or_looked_up():
    lead = Lead()
    for month, rule in ((1, "largely"), (2, "fully"), (3, "largely"), (3, "largely"), (5, "largely")):
        lead.closes(AT[month % 4], on=f"2025-0{month}-01", rule=rule)
    for result in lead.team.results.all():
        assert latest_before(result, current_beside(result)) == result.previous()


class TestPeriods:
    def test_a_period_leaves_out_what_is_older_but_never_the_newest(self, lead_of):
        old, newer, newest = (lead_of.closes(AT[1], on=day) for day in ("2015-01-01", "2015-06-01", "2016-01-01"))
        assert TeamHistory.of(lead_of.team).shown == [old, newer, newest]
        past = TeamHistory.of(lead_of.team, {"period": "1"})
        assert past.shown == [newest]
        assert past.table[-1].date == old.date
        assert [name for name, _, is_here in past.periods if is_here] == ["1 year"]

    def test_an_unknown_period_is_all_of_it(self, lead_of):
        lead_of.closes(AT[1], on="2015-01-01")
        assert TeamHistory.of(lead_of.team, {"period": "century"}).period.key == "all"

    @pytest.mark.parametrize(
        "day,today,months",
        [("2026-01-31", "2026-02-28", 1), ("2026-01-31", "2026-02-27", 0), ("2024-02-29", "2026-02-28", 24)],
    )
    def test_months_that_have_passed(self, day, today, months):
        assert months_since(datetime.date.fromisoformat(day), datetime.date.fromisoformat(today)) == months

    def test_a_result_is_stale_after_the_set_months(self, settings):
        settings.STALE_AFTER_MONTHS = 12
        day = datetime.date(2025, 5, 10)
        assert not is_stale(day, datetime.date(2026, 5, 9))
        assert is_stale(day, datetime.date(2026, 5, 10))

    def test_the_page_says_how_long_ago_it_was_confirmed(self, client, lead_of):
        lead_of.closes(AT[2], on="2015-01-01")
        client.force_login(lead_of.user)
        assert re.search(r"last confirmed \d{3} months ago", client.get(f"/teams/{lead_of.team.pk}/").content.decode())

    def test_another_edition_is_marked_and_noted(self, lead_of):
        lead_of.closes(AT[1], on="2025-01-01")
        newer = toy.make_edition(key=lead_of.edition.framework.key, version="2.0.0")
        lead_of.closes(AT[2], on="2025-06-01", edition=newer)
        past = TeamHistory.of(lead_of.team)
        assert past.table[0].note == "version changed from 1.0.0 to 2.0.0"
        chart = history_chart(past, newer.contents)
        assert [flag.letter for flag in chart.flags] == ["E"]

    def test_levels_begin_anew_though_the_edition_that_changed_the_ladder_was_skipped(self, lead_of):
        """2.0.0 changes the ladder, and the team goes from 1.0.0 right to 3.0.0."""
        key = lead_of.edition.framework.key
        old = lead_of.closes(AT[2], on="2025-01-01")
        skipped = toy.make_edition(key=key, version="2.0.0", published=False)
        Edition.objects.filter(pk=skipped.pk).update(new_ladder=True)
        skipped.publish(digest="sha256:ladder")
        newest = toy.make_edition(key=key, version="3.0.0")
        result = lead_of.closes(AT[1], on="2025-06-01", edition=newest)
        past = TeamHistory.of(lead_of.team)
        assert [past.breaks_ladder(each) for each in past.results] == [False, True]
        assert "new levels" in past.table[0].note
        standing = Standing.of(result)
        assert (standing.level_change, {row.change for row in standing.dimensions}) == (None, {None})
        assert not Beside(old, result).same_ladder
        query = Query(edition=newest, editions=[lead_of.edition, skipped, newest], rule="largely")
        row = Portfolio.of(make_user(is_administrator=True), query, []).named[0]
        assert (row.level, row.previous) == (1, None)
        again = lead_of.closes(AT[2], on="2025-08-01", edition=newest)
        assert Standing.of(again).level_change == 1

    def test_a_new_ladder_is_marked_also_where_its_edition_was_passed_over(self, lead_of):
        lead_of.closes(AT[1], on="2025-01-01")
        key = lead_of.edition.framework.key
        passed_over = toy.make_edition(key=key, version="2.0.0", published=False)
        passed_over.new_ladder = True
        passed_over.save()
        passed_over.publish(digest="sha256:new-ladder")
        newest = toy.make_edition(key=key, version="3.0.0")
        lead_of.closes(AT[2], on="2025-06-01", edition=newest)
        past = TeamHistory.of(lead_of.team)
        assert past.table[0].note == "version changed from 1.0.0 to 3.0.0, with new levels"
        assert history_chart(past, newest.contents).steps.count("M") == 2

    @pytest.fixture
    def lead_of(self):
        return Lead()


def test_what_people_wrote_is_escaped_where_rows_and_marks_are_joined():
    nasty = """<script>"'&"""
    point = charts.HistoryPoint(
        date=datetime.date(2026, 10, 14),
        level=1,
        index=1,
        scale=IndexScale.of_levels(range(5)),
        title=nasty,
        url="/x?a=1&b=2",
        notes=(nasty,),
    )
    chart = charts.history([point])
    row = TableRow(
        date=point.date, url=nasty, framework=nasty, level=nasty, index="1", respondents=nasty, state=nasty, note=nasty
    )
    for html in (maturity.history_dots(chart), maturity.history_rows(chart), maturity.assessment_rows([row])):
        assert isinstance(html, SafeString)
        assert "&lt;script&gt;&quot;&#x27;&amp;" in html
        assert nasty not in html
