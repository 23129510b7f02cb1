"""What pages and files say about figures: never more than what is so."""

import csv
import datetime
import io
import re
import zipfile
from fractions import Fraction

import pytest
from django.utils import timezone

from assessments.models import Edition, PartResult, Result, Unit
from assessments.planning.target_progress import graded
from assessments.portfolio.export import portfolio_book, portfolio_table
from assessments.portfolio.portfolio import Portfolio
from assessments.portfolio.rows import Query
from assessments.results.comparison import Beside, Figure
from assessments.results.export import team_table
from assessments.results.history import TeamHistory
from assessments.results.report import Standing
from assessments.results.report_charts import history_chart, radar_chart, small_multiples
from assessments.scoring import IndexScale
from assessments.scoring.comparison import Split
from assessments.scoring.target_grading import Grade
from assessments.web.spreadsheets import csv_chunks
from assessments.web.tables import Table
from assessments.web.workbooks import xlsx_chunks

from .. import toy
from ..factories import make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    """What is to be read on a page, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


@pytest.fixture
def lead():
    return Lead()


def lower_edition(before: Edition) -> Edition:
    """The next version of the toy framework, which ends at level 2: what was asked at level 3 is asked there."""
    edition = toy.make_edition(key=before.framework.key, version="2.0.0", published=False)
    top, second = edition.levels.get(number=3), edition.levels.get(number=2)
    edition.criteria.filter(level=top).update(level=second)
    top.delete()
    Edition.objects.filter(pk=edition.pk).update(new_ladder=True)
    edition.refresh_from_db()
    edition.publish(digest="sha256:lower")
    return edition


class TestAnotherTopLevel:
    """3.00 of 3 and then 2.00 of 2: nothing got worse."""

    @pytest.fixture
    def pair(self, lead):
        return lead.closes(AT[3], on="2026-01-01"), lead.closes(
            AT[3], on="2026-04-01", edition=lower_edition(lead.edition)
        )

    def test_indexes_are_not_compared(self, pair):
        earlier, later = pair
        assert (earlier.index_text, later.index_text) == ("3.00", "2.00")
        standing = Standing.of(later)
        assert standing.previous == earlier
        assert (standing.index_change, standing.level_change) == (None, None)
        assert [row.index_change for row in standing.dimensions] == [None, None]

    def test_nobody_is_asked_why_it_fell_back(self, client, lead, pair):
        client.force_login(lead.user)
        for url in (lead.team.get_absolute_url(), pair[1].get_absolute_url(), f"/teams/{lead.team.pk}/compare/"):
            page = text_of(client.get(url))
            assert "went down" not in page
            assert "−1.00" not in page

    def test_comparing_names_both_scales(self, client, lead, pair):
        index = Beside(*pair).whole[1]
        assert (index.before, index.after) == ("3.00 of 3", "2.00 of 2")
        assert (index.sources, index.change) == (("–", "–", "–"), "–")
        client.force_login(lead.user)
        page = text_of(client.get(f"/teams/{lead.team.pk}/compare/"))
        assert "neither levels nor indexes can be compared" in page
        assert "The index can" not in page

    def test_charts_do_not_join_them(self, lead, pair):
        past = TeamHistory.of(lead.team)
        chart = history_chart(past, pair[1].edition.contents)
        assert chart.line == ""
        assert [row.index for row in chart.rows] == ["3.00 of 3", "2.00"]
        assert all(0 < dot.y < chart.bottom for dot in chart.dots)
        assert [multiple.chart.line for multiple in small_multiples(past, pair[1].edition.contents)] == ["", ""]
        lead.closes(AT[2], on="2026-06-01", edition=pair[1].edition)
        joined = history_chart(TeamHistory.of(lead.team), pair[1].edition.contents)
        assert joined.line.count("M") == 1

    def test_the_radar_leaves_the_earlier_one_out(self, pair, monkeypatch):
        monkeypatch.setattr(Standing, "dimensions", [*Standing.of(pair[1]).dimensions] * 2)
        assert [shape.name for shape in radar_chart(Standing.of(pair[1])).shapes] == ["Now"]

    def test_the_same_top_on_a_new_edition_is_compared(self, lead):
        earlier = lead.closes(AT[3], on="2026-01-01")
        newer = toy.make_edition(key=lead.edition.framework.key, version="1.1.0")
        assert earlier.index_compares_to(lead.closes(AT[2], on="2026-04-01", edition=newer))


class TestChangesThatRoundToNothing:
    @pytest.fixture
    def pair(self, lead):
        """The index falls by a thousandth."""
        results = [lead.closes(AT[1], on=f"2026-0{month}-01") for month in (1, 4)]
        for result, exact in zip(results, ("1667/1000", "1666/1000"), strict=True):
            Result.objects.filter(pk=result.pk).update(index_exact=exact)
            PartResult.objects.filter(result=result, key="X").update(index_exact=exact)
        return [Result.objects.get(pk=result.pk) for result in results]

    def test_are_no_fall(self, client, lead, pair):
        standing = Standing.of(pair[1])
        assert (standing.index_change, standing.fell) == ("±0.00", False)
        assert [row.index_change for row in standing.dimensions] == ["±0.00", None]
        client.force_login(lead.user)
        page = text_of(client.get(lead.team.get_absolute_url()))
        assert "±0.00 since January 2026" in page
        assert "went down" not in page
        assert "−0.00" not in page

    def test_are_no_fall_in_a_comparison_either(self):
        scale = IndexScale.of_levels([0, 1, 2, 3])
        nothing = Split(before=Fraction("1.667"), after=Fraction("1.666"), team=Fraction("-0.001"))
        figure = Figure.of_index("Index", nothing, scale, scale)
        assert (figure.sources[0], figure.change, figure.total) == ("±0.00", "±0.00", 0)

    def test_falling_means_the_same_on_every_page(self, lead, client):
        """The index of one dimension alone is lower, of which no page asks why."""
        lead.closes("F F F N F P P N", on="2026-01-01")
        later = lead.closes("F F L N F F F N", on="2026-04-01")
        assert not Standing.of(later).fell
        assert not Beside(later.previous(), later).fell
        client.force_login(lead.user)
        assert "The result went down" not in text_of(client.get(f"/teams/{lead.team.pk}/compare/"))


class TestPartsThatDoNotAddUp:
    def test_say_that_they_are_rounded(self, client, lead):
        lead.closes("F F L N F F - N", on="2026-01-01")
        lead.closes(AT[1], on="2026-04-01")
        client.force_login(lead.user)
        page = text_of(client.get(f"/teams/{lead.team.pk}/compare/"))
        # 1.58 and 0.08 make 1.66.
        assert "Index 1.58 1.67 +0.08 ▲ better: +0.08 rounded" in page

    def test_are_silent_where_they_do(self, client, lead):
        lead.closes("F F P N F F N N", on="2026-01-01")
        lead.closes("F F P N F F F N", on="2026-04-01")
        client.force_login(lead.user)
        page = text_of(client.get(f"/teams/{lead.team.pk}/compare/"))
        assert "Index 1.42 1.67 +0.25 ▲ better: +0.25" in page
        assert "rounded" not in page

    def test_in_parts_of_a_change_too(self):
        scale, third = IndexScale.of_levels([0, 1, 2, 3]), Fraction(1, 3)
        split = Split(before=Fraction(1), after=Fraction(2), team=third, edition=third, scope=third)
        assert Figure.of_index("Index", split, scale, scale).is_rounded

    def test_are_told_where_a_figure_has_more_decimals_to_stay_below_a_level(self):
        """1.99 and 0.01 read as 2.00, but 1.996 is what is shown."""
        scale = IndexScale.of_levels([0, 1, 2, 3])
        split = Split(before=Fraction("1.99"), after=Fraction("1.996"), team=Fraction("0.006"))
        figure = Figure.of_index("Index", split, scale, scale)
        assert (figure.before, figure.change, figure.after) == ("1.99", "+0.01", "1.996")
        assert figure.is_rounded


class TestIndexBelowALevel:
    def test_is_told_apart_from_it_everywhere(self, client, lead):
        result = lead.closes(AT[1], on="2026-01-01")
        Result.objects.filter(pk=result.pk).update(index_exact="1998/1000", index_best_exact="1998/1000")
        client.force_login(lead.user)
        for url in ("/teams/", lead.team.get_absolute_url(), result.get_absolute_url()):
            assert "1.998" in text_of(client.get(url))
        (row, *_) = team_table(lead.team).rows
        assert f"{row[8]:f}" == "1.998"


class TestTargetsOnTheWay:
    def test_are_never_all_of_the_way(self, client):
        """Nothing applies at level 2, so it cannot be claimed, though everything up to it is as it should be."""
        lead = Lead(edition=toy.make_edition(na=("x3", "y2", "y3")))
        today = lead.team.today()
        lead.team.targets.create(
            framework=lead.edition.framework,
            rule="largely",
            level=2,
            due=today + datetime.timedelta(days=60),
            set_at=timezone.now() - datetime.timedelta(days=60),
            set_by=lead.user,
        )
        lead.closes("F F NA N F NA NA N", on=str(today - datetime.timedelta(days=5)))
        (target,) = graded(lead.team.targets.for_grading())
        assert (target.grading.grade, target.grading.share, target.percent) == (Grade.ON_THE_WAY, 1, "99%")
        client.force_login(lead.user)
        page = text_of(client.get(f"/teams/{lead.team.pk}/targets/"))
        assert "99% of the way" in page
        assert "100 %" not in page


class TestAge:
    def test_a_superseded_result_does_not_age(self, client, lead):
        old = lead.closes(AT[1], on="2020-01-01")
        client.force_login(lead.user)
        assert "last confirmed" in text_of(client.get(old.get_absolute_url()))
        newer = lead.closes(AT[2], on="2021-01-01")
        assert "last confirmed" not in text_of(client.get(old.get_absolute_url()))
        assert "last confirmed" in text_of(client.get(newer.get_absolute_url()))

    def test_an_earlier_generation_does_not_age(self, client, lead):
        first = lead.closes(AT[1], on="2020-01-01")
        first.assessment.reopen(by=lead.user, reason="A mistake.")
        again = first.assessment.close(by=lead.user)
        client.force_login(lead.user)
        assert "last confirmed" not in text_of(client.get(first.get_absolute_url()))
        assert "last confirmed" in text_of(client.get(again.get_absolute_url()))

    def test_a_result_in_another_line_takes_nothing_of_its_age(self, client, lead):
        full = lead.closes(AT[1], on="2020-01-01")
        lead.closes("F F", on="2021-01-01", questionnaire="short")
        client.force_login(lead.user)
        assert "last confirmed" in text_of(client.get(full.get_absolute_url()))


class TestDays:
    def test_the_last_bar_of_the_portfolio_is_today(self, client, monkeypatch):
        """In Kiritimati it is the next day already, and what is dated then there is in."""
        evening = datetime.datetime(2026, 12, 31, 20, tzinfo=datetime.UTC)
        lead = Lead(time_zone="Pacific/Kiritimati")
        lead.closes(AT[1], on="2026-12-30")
        lead.closes(AT[2], on="2027-01-01")
        monkeypatch.setattr(timezone, "now", lambda: evening)
        admin = make_user(is_administrator=True)
        query = Query(edition=lead.edition, editions=[lead.edition], rule="largely")
        days = Portfolio.of(admin, query, Unit.objects.as_tree()).over_time
        assert [(str(day), dict(counts)) for day, counts in days[-2:]] == [("2026-09-30", {}), ("2026-12-31", {2: 1})]
        assert portfolio_book(Portfolio.of(admin, query, [lead.team.unit])).name.endswith("-2026-12-31")

    def test_what_happened_in_a_team_is_told_by_its_own_clock(self, client):
        lead = Lead(time_zone="Pacific/Auckland")
        result = lead.closes(AT[1], on="2026-03-03")
        at = datetime.datetime(2026, 3, 2, 20, tzinfo=datetime.UTC)
        Result.objects.filter(pk=result.pk).update(created_at=at)
        result.assessment.reopen(by=lead.user, reason="A mistake.")
        result.assessment.reopenings.update(at=at)
        client.force_login(lead.user)
        assert "closed 3 March 2026" in text_of(client.get(result.get_absolute_url()))
        assert "3 Mar 2026: reopened" in client.get(lead.team.get_absolute_url()).content.decode()


class TestFiles:
    @pytest.fixture
    def table(self, lead):
        lead.closes("F F NA N F F - N", on="2026-03-01")
        return team_table(lead.team)

    def test_answered_means_the_same_as_on_the_page(self, client, lead, table):
        head, overall = table.head, table.rows[0]
        found = dict(zip(head, overall, strict=True))
        assert (found["Answered"], found["Asked"], found["Of these not applicable"]) == (7, 8, 1)
        client.force_login(lead.user)
        page = text_of(client.get(lead.team.get_absolute_url()))
        assert "7 of 8 criteria answered 1 does not apply" in page

    def test_a_whole_number_has_no_exponent(self):
        table = Table(title="", head=["Index"], rows=[[IndexScale.of_levels(range(12)).number(10)]])
        assert list(csv.reader(io.StringIO(b"".join(csv_chunks(table)).decode("utf-8-sig"))))[1] == ["10"]

    def test_excel_has_dates_and_numbers(self, table):
        with zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks([table])))) as book:
            sheet, styles = (book.read(f"xl/{part}.xml").decode() for part in ("worksheets/sheet1", "styles"))
        cells = dict(re.findall(r'<c r="([A-Z]+2)"((?: [a-z]="\w+")*)><v>', sheet))
        values = dict(re.findall(r'<c r="([A-Z]+2)"[^>]*><v>([^<]*)', sheet))
        # 1 March 2026, counted from the start of 1900, in a format of days.
        assert (values["A2"], "yyyy-mm-dd" in styles) == ("46082", True)
        assert cells["A2"] == ' s="2"'
        # The index is a number, as are level and counts.
        assert float(values["I2"]) == pytest.approx(float(Result.objects.get().index))
        assert all("t=" not in cells[f"{column}2"] for column in "GHIJKL")

    def test_the_portfolio_has_them_too(self, lead):
        lead.closes(AT[3], on="2026-03-01")
        query = Query(edition=lead.edition, editions=[lead.edition], rule="largely")
        seen = Portfolio.of(make_user(is_administrator=True), query, [lead.team.unit])
        found = dict(zip((table := portfolio_table(seen)).head, next(iter(table.rows)), strict=True))
        assert (found["Assessed"], found["Index"]) == (datetime.date(2026, 3, 1), 3)
