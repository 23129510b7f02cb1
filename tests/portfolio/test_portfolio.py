"""The portfolio: newest results, days and time zones, what people may see of teams that are not theirs, its cost."""

import csv
import datetime
import io
import re
import zipfile
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments.models import Answer, Edition, Target, Unit
from assessments.portfolio.blockers import CRITERIA_ON_THE_PAGE, HoldingBack
from assessments.portfolio.export import portfolio_book, portfolio_table
from assessments.portfolio.forms import PortfolioForm
from assessments.portfolio.portfolio import Portfolio
from assessments.portfolio.rows import APART, Query
from assessments.results.export import team_table
from assessments.web.dates import past_days
from assessments.web.spreadsheets import csv_chunks
from assessments.web.workbooks import xlsx_chunks

from .. import toy
from ..factories import make_membership, make_unit, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


def seen(user, edition, **query):
    editions = list(edition.framework.editions.frozen())
    return Portfolio.of(
        user, Query(edition=edition, editions=editions, rule="largely", **query), Unit.objects.as_tree()
    )


def cells(page: str) -> list[str]:
    """What is to be seen in the cells of the heatmap of one team."""
    page = re.sub(r'<span class="visually-hidden">.*?</span>', "", page)
    found = re.findall(r'<td class="(?:l\d+|cx)(?: whole)?" data-of="[^"]*">(.*?)</td>', page)
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in found]


def levels(portfolio):
    return {row.team.name: row.level for row in portfolio.named}


class TestNewestResults:
    def test_the_newest_one_on_or_before_the_day(self, admin, edition):
        lead = Lead(name="One", edition=edition)
        lead.closes(AT[1], on="2026-03-31")
        lead.closes(AT[2], on="2026-09-01")
        for day, level in (("2026-03-30", None), ("2026-03-31", 1), ("2026-08-31", 1), ("2026-09-01", 2)):
            assert levels(seen(admin, edition, as_of=datetime.date.fromisoformat(day))) == {"One": level}

    def test_a_row_tells_what_the_results_say(self, admin, edition):
        lead = Lead(name="One", edition=edition)
        for day, codes in (("2025-10-01", AT[2]), ("2026-03-31", AT[1]), ("2026-09-01", "F P F F F N F F")):
            lead.closes(codes, on=day)
        newest, previous, _first = lead.team.results.current_only().newest_first()
        [row] = seen(admin, edition).rows
        told = ("pk", "edition_id", "level", "index_exact", "date")
        more = ("agreement_exact", "discuss", "asked", "respondents", "participants")
        assert [getattr(row.newest, name) for name in told + more] == [getattr(newest, name) for name in told + more]
        assert [getattr(row.previous, name) for name in told] == [getattr(previous, name) for name in told]
        assert (row.level_here, row.level_fell) == (newest.level, newest.level < previous.level)

    def test_a_row_that_is_told_the_same_is_not_made_again(self, admin, edition):
        lead = Lead(name="One", edition=edition)
        lead.closes(AT[1], on="2026-03-31")
        [row], [again] = seen(admin, edition).rows, seen(lead.user, edition).rows
        assert row is again
        lead.team.name = "Two"
        lead.team.save()
        assert [row.team.name for row in seen(admin, edition).rows] == ["Two"]
        lead.closes(AT[2], on="2026-04-30")
        assert [row.level for row in seen(admin, edition).rows] == [2]

    def test_today_is_today_where_the_team_is(self, admin, edition):
        """East of here it is tomorrow already; a result of that day is in, and is not when the day is named."""
        zone = ZoneInfo("Pacific/Kiritimati")
        lead = Lead(name="East", edition=edition, time_zone="Pacific/Kiritimati")
        there = timezone.localdate(timezone=zone)
        lead.closes(AT[2], on=str(there))
        assert levels(seen(admin, edition)) == {"East": 2}
        day_before = there - datetime.timedelta(days=1)
        assert levels(seen(admin, edition, as_of=day_before)) == {"East": None}
        assert levels(seen(admin, edition, as_of=there)) == {"East": 2}

    def test_a_result_dated_in_the_future_does_not_count_yet(self, admin, edition):
        Lead(name="Typo", edition=edition).closes(AT[2], on="2099-01-01")
        assert levels(seen(admin, edition)) == {"Typo": None}

    def test_the_current_generation_counts(self, admin, edition):
        lead = Lead(name="Again", edition=edition)
        assessment = lead.closes(AT[1], on="2026-05-01").assessment
        assessment.reopen(by=lead.user, reason="A mistake.")
        assessment.refresh_from_db()
        criterion = edition.contents.criterion_by_key["y3"]
        mark = toy.mark(page="later", version=1)
        assessment.save_rating(by=lead.user, criterion=criterion, answer=Answer(code="L"), mark=mark)
        assert levels(seen(admin, edition)) == {"Again": 1}
        assessment.close(by=lead.user)
        assert levels(seen(admin, edition)) == {"Again": 2}

    def test_another_rule_and_another_questionnaire_are_other_lines(self, admin, edition):
        lead = Lead(name="Lines", edition=edition)
        lead.closes(AT[3], on="2026-05-01", rule="fully")
        lead.closes("F F", on="2026-06-01", questionnaire="short")
        assert levels(seen(admin, edition)) == {"Lines": None}
        assert levels(seen(admin, edition, questionnaire="short")) == {"Lines": 1}

    def test_units_are_rolled_up_by_distribution_and_lower_median(self, admin, edition):
        top = make_unit(name="Top")
        below = make_unit(name="Below", parent=top)
        for number, level in enumerate((0, 1, 2, 3)):
            Lead(unit=below if number else top, edition=edition).closes(AT[level], on="2026-05-01")
        Lead(unit=below, edition=edition)
        rows = {row.unit.name: row for row in seen(admin, edition).unit_rows}
        assert (rows["Top"].teams, rows["Top"].median, rows["Top"].counts) == (4, 1, {0: 1, 1: 1, 2: 1, 3: 1})
        assert (rows["Below"].teams, rows["Below"].median) == (3, 2)

    def test_sorting_by_a_dimension_puts_the_lowest_first(self, admin, edition):
        for level in (2, 0, 3):
            Lead(name=f"At {level}", edition=edition).closes(AT[level], on="2026-05-01")
        Lead(name="Without", edition=edition)
        names = [row.team.name for row in seen(admin, edition, sort="X").sorted()]
        assert names == ["At 0", "At 2", "At 3", "Without"]
        assert [row.team.name for row in seen(admin, edition).sorted()] == ["At 0", "At 2", "At 3", "Without"]

    def test_what_holds_most_teams_back(self, admin, edition):
        for _ in range(4):
            Lead(edition=edition).closes(AT[1], on="2026-05-01")
        portfolio = seen(admin, edition)
        assert [(each.key, each.teams) for each in HoldingBack(portfolio).criteria] == [("y3", 4)]
        assert [(each.key, each.teams) for each in HoldingBack(portfolio).dimensions] == [("Y", 4)]

    def test_what_holds_as_many_back_stands_in_the_order_of_the_framework(self, admin, edition):
        for codes in ("F F L N F P F N", "P F L N F F F N", "F F L N F P F N", "P P L N F F F N"):
            Lead(edition=edition).closes(codes, on="2026-05-01")
        portfolio = seen(admin, edition)
        assert [(each.name, each.teams) for each in HoldingBack(portfolio).dimensions] == [("Area X", 2), ("Area Y", 2)]
        assert HoldingBack(portfolio).most == HoldingBack(portfolio).dimensions
        found = [(each.key, each.teams, each.about) for each in HoldingBack(portfolio).criteria]
        assert found == [("x1", 2, "Area X · level 1"), ("y2", 2, "Area Y · level 2"), ("x2", 1, "Area X · level 1")]

    def test_stale_and_unassessed_teams_are_due(self, admin, edition, settings):
        settings.STALE_AFTER_MONTHS = 6
        day = datetime.date(2026, 12, 1)
        Lead(name="Fresh", edition=edition).closes(AT[1], on="2026-11-01")
        Lead(name="Old", edition=edition).closes(AT[1], on="2026-06-01")
        Lead(name="Never", edition=edition)
        portfolio = seen(admin, edition, as_of=day)
        assert [(row.team.name, row.months) for row in portfolio.due] == [("Old", 6)]
        assert [row.team.name for row in portfolio.unassessed] == ["Never"]
        assert (portfolio.assessed, len(portfolio.counted)) == (1, 3)

    def test_targets_are_those_of_the_day_the_rule_and_the_ladder(self, admin, edition):
        lead = Lead(edition=edition)
        lead.closes(AT[2], on="2026-03-01")
        terms = {"team": lead.team, "framework": edition.framework, "by": lead.user, "why": "Why.", "level": 2}
        target = Target.objects.set(**terms, rule="largely", due=datetime.date(2100, 1, 1))
        Target.objects.filter(pk=target.pk).update(set_at=datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC))
        Target.objects.set(**terms, rule="fully", dimension="X", due=datetime.date(2100, 1, 1))
        assert seen(admin, edition).at_target == (1, 1)
        assert seen(admin, edition, as_of=datetime.date(2026, 6, 1)).at_target == (1, 1)
        assert seen(admin, edition, as_of=datetime.date(2026, 5, 31)).at_target == (0, 0)
        (row,) = (portfolio := seen(admin, edition)).with_parts(portfolio.named)
        assert row.targets == {"": 2}
        newer = toy.make_edition(key=edition.framework.key, version="2.0.0", published=False)
        Edition.objects.filter(pk=newer.pk).update(new_ladder=True)
        newer.publish(digest="sha256:ladder")
        assert seen(admin, newer).at_target == (0, 0)

    def test_levels_of_another_ladder_are_counted_apart(self, client, admin, edition):
        """Two teams on the old ladder, one of which has moved to the new one since, and one that began there."""
        framework = f"/portfolio/?framework={edition.framework.key}&as_of=2026-09-30"
        stays, moves = Lead(name="Stays", edition=edition), Lead(name="Moves", edition=edition)
        for lead in (stays, moves):
            lead.closes(AT[3], on="2026-02-01")
        client.force_login(admin)
        assert "other levels" not in client.get(framework).content.decode()
        newer = toy.make_edition(key=edition.framework.key, version="2.0.0", published=False)
        Edition.objects.filter(pk=newer.pk).update(new_ladder=True)
        newer.publish(digest="sha256:ladder")
        reworded = toy.make_edition(key=edition.framework.key, version="2.1.0")
        moves.closes(AT[1], on="2026-08-01", edition=newer)
        Lead(name="Begins", edition=reworded).closes(AT[2], on="2026-08-01")
        day = datetime.date(2026, 9, 30)

        portfolio = seen(admin, reworded, as_of=day)
        then = {str(day): counts for day, counts in portfolio.over_time}
        assert then["2026-03-31"] == then["2026-06-30"] == {APART[0]: 2}
        assert then["2026-09-30"] == {APART[0]: 1, 1: 1, 2: 1}
        assert (portfolio.apart, portfolio.counts, portfolio.median) == (1, {1: 1, 2: 1}, 1)
        assert {row.name: (row.median, row.counts) for row in portfolio.dimension_rows} == {
            "Area X": (2, {2: 2}),
            "Area Y": (1, {1: 1, 2: 1}),
        }
        assert levels(portfolio) == {"Begins": 2, "Moves": 1, "Stays": 3}
        for sort in ("overall", "X"):
            assert seen(admin, reworded, sort=sort).sorted()[-1].team.name == "Stays"
        old = seen(admin, edition, only_edition=True, as_of=day)
        assert [counts for _, counts in old.over_time][-3:] == [{3: 1}, {3: 1}, {3: 1}]
        page = client.get(framework).content.decode()
        assert "1 team has its newest result on a version whose levels differ from those of 2.1.0" in page
        assert re.search(r"In the end: 1 at 1, 1 at 2, 1 on other levels", page)

    def test_days_are_ends_of_quarters_and_the_day_itself(self):
        days = past_days(datetime.date(2026, 2, 10))
        assert [str(day) for day in days[-3:]] == ["2025-09-30", "2025-12-31", "2026-02-10"]
        assert days == sorted(days)


class TestWhoSeesWhat:
    @pytest.fixture
    def organisation(self, edition):
        """Six teams in one unit and three in another; the member is in the first."""
        self.big, self.small = make_unit(name="Big"), make_unit(name="Small")
        for unit, number in ((self.big, 6), (self.small, 3)):
            for n in range(number):
                Lead(name=f"{unit.name} {n}", unit=unit, edition=edition).closes(AT[n % 3], on="2026-05-01")
        team = self.big.teams.get(name="Big 0")
        return make_membership(team=team).user

    def test_names(self, organisation, edition, settings):
        settings.OTHER_TEAMS = "names"
        portfolio = seen(organisation, edition)
        assert len(portfolio.named) == 9
        assert sum(row.team in portfolio.linked for row in portfolio.named) == 1

    def test_nothing(self, organisation, edition, settings):
        settings.OTHER_TEAMS = "nothing"
        portfolio = seen(organisation, edition)
        assert [row.team.name for row in portfolio.rows] == ["Big 0"]

    def test_a_distribution_without_names(self, organisation, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        portfolio = seen(organisation, edition)
        assert [row.team.name for row in portfolio.named] == ["Big 0"]
        assert (len(portfolio.counted), sum(portfolio.counts.values())) == (9, 9)

    def test_one_filter_subtracted_from_another_singles_nobody_out(self, organisation, edition, settings):
        """All nine minus the six would be the three: so the six are not counted by themselves."""
        settings.OTHER_TEAMS = "distribution"
        everything = seen(organisation, edition)
        one_unit = seen(organisation, edition, unit=self.big.pk)
        assert sum(everything.counts.values()) == 9
        assert sum(one_unit.counts.values()) == 1
        assert one_unit.leaves_others_out
        assert sum(seen(organisation, edition, unit=self.small.pk).counts.values()) == 0
        counted = {row.unit.name: sum(row.counts.values()) for row in everything.unit_rows}
        assert counted == {"Big": 1, "Small": 0}

    def test_a_unit_with_too_few_others_shows_own_teams_only(self, organisation, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        rows = {row.unit.name: row for row in seen(organisation, edition).unit_rows}
        assert (rows["Big"].teams, rows["Big"].is_hidden) == (1, False)
        assert (rows["Small"].teams, rows["Small"].median, rows["Small"].is_hidden) == (0, None, True)
        own = Lead(name="New", unit=self.small, edition=edition)
        rows = {row.unit.name: row for row in seen(own.user, edition).unit_rows}
        assert (rows["Small"].teams, rows["Small"].median, rows["Small"].is_hidden) == (0, None, False)

    def test_neither_a_day_nor_an_edition_can_be_subtracted(self, organisation, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        for query in ({"as_of": datetime.date(2026, 5, 2)}, {"only_edition": True}):
            assert sum(seen(organisation, edition, **query).counts.values()) == 1
        newest = seen(organisation, edition).over_time[-1][1]
        assert sum(newest.values()) == 1

    def test_four_unknown_teams_are_enough(self, organisation, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        Lead(name="Small 3", unit=self.small, edition=edition).closes(AT[1], on="2026-05-01")
        assert sum(seen(organisation, edition, unit=self.small.pk).counts.values()) == 4
        assert sum(seen(organisation, edition, unit=self.big.pk).counts.values()) == 6

    def test_criteria_of_others_are_told_in_a_crowd_only(self, client, organisation, edition, settings):
        """Of other teams people may know levels, and administrators too; what single criteria came to is a result."""
        settings.OTHER_TEAMS = "names"
        admin = make_user(is_administrator=True)
        for user in (admin, organisation):
            everyone = seen(user, edition)
            assert HoldingBack(everyone).withheld is None
            assert sum(each.teams for each in HoldingBack(everyone).criteria) > 9
            for query in ({"unit": self.small.pk}, {"as_of": datetime.date(2026, 6, 1)}):
                portfolio = seen(user, edition, **query)
                own = user == organisation and "unit" not in query
                assert {each.teams for each in HoldingBack(portfolio).criteria} == ({1} if own else set())
                assert HoldingBack(portfolio).dimensions[0].teams > 1
                assert HoldingBack(portfolio).withheld
        manager = make_membership(unit=self.small, role="manager").user
        assert HoldingBack(seen(manager, edition, unit=self.small.pk)).criteria[0].teams == 1
        # To an administrator no team is another one.
        for user, in_unit, on_day in (
            (organisation, "There are fewer than four other teams in this unit", "other teams count only for today"),
            (admin, "There are fewer than four teams in this unit", "they are shown only for today"),
        ):
            client.force_login(user)
            for address, told in ((f"sort=X&unit={self.small.pk}", in_unit), ("sort=X&as_of=2026-06-01", on_day)):
                page = client.get(f"/portfolio/?{address}").content.decode()
                assert "criteria are shown only for groups of four or more" in page
                assert re.search(rf'{told}[^<]*<a href="\?sort=X">', page)

    def test_a_file_tells_no_more_criteria_than_the_page(self, organisation, edition, settings):
        """Administrators do not know the results of teams one by one; whoever does gets every count."""
        settings.OTHER_TEAMS = "names"
        for team in self.big.teams.all():
            Lead(team=team, edition=edition).closes("N N N N N N N N", on="2026-06-01")

        def told(user):
            table = portfolio_book(seen(user, edition)).table("criteria")
            return [count for *_about, count, _next, _language in table.rows if count]

        assert len(HoldingBack(seen(organisation, edition)).criteria) > CRITERIA_ON_THE_PAGE
        assert len(told(make_user(is_administrator=True))) == CRITERIA_ON_THE_PAGE
        manager = make_user()
        for unit in (self.big, self.small):
            make_membership(user=manager, unit=unit, role="manager")
        assert len(told(manager)) > CRITERIA_ON_THE_PAGE

    def test_criteria_are_told_by_edition_where_no_team_can_be_singled_out(self, client, organisation, edition):
        admin = make_user(is_administrator=True)
        newer = toy.make_edition(key=edition.framework.key, version="2.0.0")
        leads = [Lead(team=team, edition=newer) for team in self.big.teams.order_by("name")]
        by_edition = {"only_edition": True}
        assert HoldingBack(seen(admin, edition, **by_edition)).criteria == HoldingBack(seen(admin, edition)).criteria
        # All but three of one edition, then all but four, then all but five, who leave four.
        for number, tells in ((1, False), (3, False), (4, True), (5, True), (6, False)):
            for lead in leads[:number]:
                if not lead.team.results.filter(edition=newer).exists():
                    lead.closes(AT[1], on="2026-06-01")
            for each in (edition, newer):
                portfolio = seen(admin, each, **by_edition)
                assert (HoldingBack(portfolio).withheld is None) == tells, (number, each)
                assert bool(HoldingBack(portfolio).criteria) == tells
        client.force_login(admin)
        page = client.get("/portfolio/?edition=1.0.0&sort=X").content.decode()
        assert re.search(r'not shown by version\.\s*<a href="\?sort=X">Show all versions</a>', page)
        # Who leads the three that are left may see them, and tells the six others apart from nobody.
        for team in self.small.teams.all():
            make_membership(user=admin, team=team)
        assert HoldingBack(seen(admin, newer, **by_edition)).withheld is None

    def test_teams_on_another_ladder_hold_nothing_back_and_hide_nobody(self, organisation, edition, settings):
        """Six of nine teams move to the new ladder: of those who stay three are left, who are no crowd."""
        settings.OTHER_TEAMS = "names"
        admin = make_user(is_administrator=True)
        newer = toy.make_edition(key=edition.framework.key, version="2.0.0", published=False)
        Edition.objects.filter(pk=newer.pk).update(new_ladder=True)
        newer.publish(digest="sha256:ladder")
        newer.refresh_from_db()
        for team in self.big.teams.all():
            Lead(team=team, edition=newer).closes(AT[1], on="2026-06-01")
        old, new = seen(admin, edition), seen(admin, newer)
        assert (old.apart, new.apart) == (6, 3)
        assert HoldingBack(old).dimensions[0].teams in (1, 2, 3)
        assert HoldingBack(new).dimensions[0].teams == 6
        assert HoldingBack(new).withheld is None
        assert {each.teams for each in HoldingBack(new).criteria} == {6}
        assert HoldingBack(old).withheld
        assert HoldingBack(old).criteria == []
        # Whoever may open all teams on the ladder is told of them, whatever others there are.
        manager = make_membership(unit=self.small, role="manager").user
        assert HoldingBack(seen(manager, edition)).withheld is None

    def test_too_few_teams_in_the_whole_organisation_are_told_as_that(self, client, edition, settings):
        """Neither a unit nor "Show all units" would help."""
        settings.OTHER_TEAMS = "names"
        unit = Lead(edition=edition).team.unit
        for number in (0, 1):
            Lead(edition=edition, unit=unit).closes(AT[number], on="2026-05-01")
        user = make_user()
        client.force_login(user)
        for address, query in (("", {}), (f"?unit={unit.pk}", {"unit": unit.pk})):
            assert HoldingBack(seen(user, edition, **query)).withheld == "organisation"
            page = client.get(f"/portfolio/{address}").content.decode()
            assert "There are fewer than four teams in the organisation." in page
            assert "in this unit" not in page
            assert "Show all units</a>" not in page

    def test_what_is_told_of_named_teams_only_says_so(self, client, organisation, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        client.force_login(organisation)
        page = client.get(f"/portfolio/?framework={edition.framework.key}").content.decode()
        assert "none of your assessed teams has a target" in page
        assert "every team has" not in page

    def test_where_all_teams_are_the_persons_nothing_is_said_of_others(self, client, organisation, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        client.force_login(make_membership(unit=self.small, role="manager").user)
        address, told = f"/portfolio/?framework={edition.framework.key}", "Totals include all teams, anonymously"
        assert told in client.get(address).content.decode()
        assert told not in client.get(f"{address}&unit={self.small.pk}").content.decode()

    def test_the_page_names_nobody_else(self, client, organisation, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        client.force_login(organisation)
        for address in (f"/portfolio/?framework={edition.framework.key}", "/portfolio/export/", "/plan/"):
            page = client.get(address).getvalue().decode()
            assert not re.search(r"Big [1-9]|Small \d", page), address

    def test_a_manager_sees_the_teams_of_the_unit_by_name(self, organisation, edition, settings):
        settings.OTHER_TEAMS = "nothing"
        manager = make_membership(unit=self.small, role="manager").user
        assert [row.team.name for row in seen(manager, edition).named] == ["Small 0", "Small 1", "Small 2"]


class TestPage:
    def test_a_change_is_told_in_words_and_editions_are_marked(self, client, admin, edition):
        lead = Lead(edition=edition)
        lead.closes(AT[1], on="2026-03-01")
        lead.closes(AT[2], on="2026-06-01")
        newer = toy.make_edition(key=edition.framework.key, version="2.0.0")
        client.force_login(admin)
        page = client.get(f"/portfolio/?framework={edition.framework.key}").content.decode()
        assert newer.version in page
        assert "version 1.0.0" in page
        # Overall, X, Y: what can be seen, not only what is read out.
        assert cells(page) == ["2 ▲ +1", "2", "2 ▲ +1"]

    def test_going_back_and_a_first_result_are_told_as_what_they_are(self, client, admin, edition):
        lead = Lead(edition=edition)
        client.force_login(admin)
        address = f"/portfolio/?framework={edition.framework.key}"
        lead.closes(AT[3], on="2026-03-01")
        assert cells(client.get(address).content.decode()) == ["3", "3", "3"]
        lead.closes(AT[1], on="2026-06-01")
        assert cells(client.get(address).content.decode()) == ["1 ▼ −2", "2 ▼ −1", "1 ▼ −2"]

    def test_what_holds_teams_back_leads_to_them_and_to_the_criterion(self, client, edition):
        lead = Lead(edition=edition)
        lead.closes(AT[1], on="2026-05-01")
        client.force_login(lead.user)
        address = f"?framework={edition.framework.key}"
        page = client.get(f"/portfolio/{address}&sort=overall&page=1").content.decode()
        assert re.search(rf'<a href="{re.escape(address)}&amp;sort=Y#levels">\s*Area Y<', page)
        assert "holds most teams back: 1" in page
        Lead(edition=edition, team=lead.team).closes("F P L N F F F N", on="2026-06-01")
        Lead(edition=edition, unit=lead.team.unit).closes(AT[1], on="2026-05-01")
        make_membership(user=lead.user, unit=lead.team.unit, role="manager")
        page = client.get(f"/portfolio/{address}").content.decode()
        assert re.search(r"Area X</b>\s*<small>\s*and 1 other hold most teams back: 1 each", page)
        assert f'<a href="{edition.get_absolute_url()}#y3">Practice y3 is done.</a>' in page

    def test_an_address_that_makes_no_sense_is_a_page(self, client, admin, edition):
        client.force_login(admin)
        wrong = "?framework=none&unit=x&edition=9&as_of=yesterday&sort=q&rule=z&questionnaire=w&page=-3"
        assert client.get(f"/portfolio/{wrong}").status_code == 200

    def test_editions_that_are_called_alike_can_be_told_apart(self, client, admin, edition):
        imported = toy.make_edition(key=edition.framework.key, version="1.0.0", published=False, origin="imported")
        toy.make_edition(key=edition.framework.key, version="2.0.0")
        imported.publish(digest="sha256:imported")
        Lead(name="One", edition=edition).closes(AT[1], on="2026-06-01")
        Lead(name="Two", edition=imported).closes(AT[1], on="2026-06-01")
        client.force_login(admin)
        form = client.get("/portfolio/").context["form"]
        offered = {label: value for value, label in form.fields["edition"].choices}
        assert offered.keys() == {"Any", "2.0.0", "1.0.0, Own", "1.0.0, Imported"}
        # Addresses that were kept have the version alone.
        assert (offered["2.0.0"], offered["1.0.0, Own"]) == ("2.0.0", "1.0.0")
        for label, found, team in (("1.0.0, Own", edition, "One"), ("1.0.0, Imported", imported, "Two")):
            page = client.get("/portfolio/", {"edition": offered[label]})
            assert page.context["query"].edition == found
            assert [row.team.name for row in page.context["portfolio"].rows] == [team]
            assert re.search(rf'aria-current="true">\s*{re.escape(label)}</a>', page.content.decode())

    def test_without_a_framework_there_is_a_page(self, client, admin):
        client.force_login(admin)
        assert client.get("/portfolio/").status_code == 200
        assert client.get("/portfolio/export/").status_code == 200

    def test_a_name_is_text(self, client, admin, edition):
        Lead(name="<script>x</script>", edition=edition).closes(AT[1], on="2026-06-01")
        client.force_login(admin)
        assert b"<script>x" not in client.get(f"/portfolio/?framework={edition.framework.key}").content

    def test_cost_does_not_grow_with_results(self, client, admin, edition, django_assert_max_num_queries):
        lead = Lead(edition=edition)
        for month in range(1, 9):
            lead.closes(AT[month % 4], on=f"2026-0{month}-01")
        client.force_login(admin)
        address = f"/portfolio/?framework={edition.framework.key}&sort=X"
        client.get(address)
        with django_assert_max_num_queries(12):
            client.get(address)

    def test_without_a_choice_it_is_of_the_framework_that_most_teams_have_a_result_in(
        self, client, admin, edition, django_assert_max_num_queries
    ):
        many = toy.make_edition(key="many-teams")
        for _ in range(2):
            Lead(edition=many).closes(AT[1], on="2026-01-01")
        often = Lead(edition=edition)
        for month in range(1, 5):
            often.closes(AT[1], on=f"2026-0{month}-01")
        client.force_login(admin)
        assert client.get("/portfolio/").context["query"].edition == many
        # As many as with a framework in the address: which one it is comes with the editions.
        with django_assert_max_num_queries(12):
            client.get("/portfolio/")

    def test_the_choice_of_a_framework_looks_at_results_once_and_not_once_per_team(self, edition):
        """Where it asked for each team whether it has a result, ten thousand teams took half a minute."""
        toy.make_edition()
        with CaptureQueriesContext(connection) as queries:
            PortfolioForm.of({}, units=[])
        assert not [query["sql"] for query in queries if "EXISTS" in query["sql"].upper()]

    def test_a_team_with_results_by_another_rule_only_is_not_said_to_have_none(self, client, admin, edition):
        Lead(name="Strict", edition=edition).closes(AT[1], on="2026-06-01", rule="fully")
        client.force_login(admin)
        page = client.get(f"/portfolio/?framework={edition.framework.key}").content.decode()
        assert "only a result by another rule with" in page
        assert "never assessed" not in page

    def test_a_team_with_short_results_only_is_not_said_to_have_none(self, client, admin, edition):
        Lead(name="Quick", edition=edition).closes("F F", on="2026-06-01", questionnaire="short")
        client.force_login(admin)
        address = f"/portfolio/?framework={edition.framework.key}"
        page = client.get(address).content.decode()
        assert "No team that you can see by name has a result." in page
        assert "only a short result with" in page
        assert "never assessed" not in page
        Lead(name="Never", edition=edition)
        page = client.get(address).content.decode()
        assert "never assessed" in page

    def test_without_any_result_nobody_is_said_to_be_at_the_top(self, client, admin, edition):
        Lead(name="Never", edition=edition)
        client.force_login(admin)
        address = f"/portfolio/?framework={edition.framework.key}"
        top, nothing = "every team with a result is at the highest level", "nothing holds a team back"
        page = client.get(address).content.decode()
        assert top not in page
        assert nothing not in page
        assert len(re.findall(r"no result yet\s*</small>", page)) == 3
        assert '<p class="muted">No result yet.</p>' in page.split('id="holding"')[1].split("</section>")[0]
        Lead(name="Top", edition=edition).closes(AT[3], on="2026-06-01")
        page = client.get(address).content.decode()
        assert top in page
        assert nothing in page


class TestExport:
    def test_a_name_that_looks_like_a_formula_stays_text(self, admin, edition):
        Lead(name="=1+1", edition=edition).closes(AT[2], on="2026-06-01")
        table = portfolio_table(seen(admin, edition))
        rows = list(csv.reader(io.StringIO(b"".join(csv_chunks(table)).decode("utf-8-sig"))))
        assert rows[1][0] == "'=1+1"
        assert rows[0][:3] == ["Team", "Unit", "Assessed"]
        with zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks([table])))) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet

    def test_a_team_has_every_result_with_its_parts(self, edition):
        lead = Lead(edition=edition)
        lead.closes(AT[1], on="2026-03-01")
        lead.closes(AT[2], on="2026-06-01")
        table = team_table(lead.team)
        assert [(row[0].isoformat(), row[5], row[6]) for row in table.rows] == [
            ("2026-03-01", "Overall", 1),
            ("2026-03-01", "Area X", 2),
            ("2026-03-01", "Area Y", 1),
            ("2026-06-01", "Overall", 2),
            ("2026-06-01", "Area X", 2),
            ("2026-06-01", "Area Y", 2),
        ]


class TestFiguresOfNothing:
    """ "0 of 0" would look like teams that have missed something."""

    def stats(self, client, person, edition):
        client.force_login(person)
        page = client.get(f"/portfolio/?framework={edition.framework.key}").content.decode()
        return " ".join(re.sub(r"<[^>]*>", " ", page.split('aria-label="Summary"')[1].split("</section>")[0]).split())

    def test_without_any_result(self, client, admin, edition):
        Lead(edition=edition)
        stats = self.stats(client, admin, edition)
        assert "0 of 0" not in stats
        assert stats.count("– no result yet") == 3

    def test_without_a_target(self, client, admin, edition):
        Lead(edition=edition).closes(AT[1], on="2026-05-01")
        stats = self.stats(client, admin, edition)
        assert "0 of 0" not in stats
        assert "– no assessed team has a target" in stats

    def test_of_a_persons_own_teams(self, client, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        for _number in range(5):
            lead = Lead(edition=edition)
            lead.closes(AT[1], on="2026-05-01")
        assert "– none of your assessed teams has a target" in self.stats(client, lead.user, edition)

    def test_in_the_report(self, client, admin, edition):
        Lead(edition=edition)
        client.force_login(admin)
        report = client.get("/portfolio/report/", {"framework": edition.framework.key})
        assert report.status_code == 200
        assert "0 of 0" not in report.content.decode()
