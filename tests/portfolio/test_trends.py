"""How the organisation came to be as it is: movement between levels, a slider through the quarters, distributions.

Every figure is worked out a second time here, from the stored results one by one.
"""

import datetime
import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from statistics import median_low

import pytest
from django.utils import timezone

from assessments import charts
from assessments.models import PartResult, Result, Target, Team, Unit
from assessments.portfolio.export import portfolio_book
from assessments.portfolio.portfolio import MOST_UNITS, Portfolio
from assessments.portfolio.quarters import day_of_quarter, quarter_number
from assessments.portfolio.rows import APART, Query
from assessments.web.dates import past_days

from .. import toy
from ..factories import make_membership, make_unit, make_user
from ..progress import AT, Lead

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TODAY = timezone.localdate()


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


def ago(days: int) -> str:
    return str(TODAY - datetime.timedelta(days=days))


def seen(user, edition, **query) -> Portfolio:
    editions = list(edition.framework.editions.frozen())
    asked = Query(edition=edition, editions=editions, rule="largely", **query)
    return Portfolio.of(user, asked, Unit.objects.as_tree())


@pytest.fixture
def organisation(edition):
    """Seven teams in three units that go up and down for two years, one that began late and one without a result."""
    top, other = make_unit(name="Top"), make_unit(name="Other")
    below = make_unit(name="Below", parent=top)
    for number in range(7):
        lead = Lead(name=f"Team {number}", unit=[top, below, other][number % 3], edition=edition)
        for turn, days in enumerate(range(700 - 40 * number, 0, -130)):
            lead.closes(AT[(number + turn * (1 + number % 3)) % 4], on=ago(days))
    Lead(name="Late", unit=other, edition=edition).closes(AT[2], on=ago(3))
    Lead(name="Never", unit=below, edition=edition)


def newest_on(team: Team, day: datetime.date) -> Result | None:
    """Looked for among all results of the team, one by one."""
    until = [result for result in team.results.filter(is_current=True) if result.date <= day]
    return max(until, key=lambda result: (result.date, result.closing), default=None)


def level_on(team: Team, day: datetime.date) -> int | None:
    newest = newest_on(team, day)
    return newest.level if newest else None


class Tables(HTMLParser):
    """The texts in the cells of every table of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.is_inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.is_inside = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.is_inside = False

    def handle_data(self, data):
        if self.is_inside:
            self.tables[-1][-1][-1] = f"{self.tables[-1][-1][-1]} {data.strip()}".strip()


def section(page: str, name: str) -> str:
    return page[page.index(f'id="{name}"') :].split("</section>")[0]


class TestMovement:
    def test_figures_are_those_of_the_results(self, admin, edition, organisation):
        portfolio = seen(admin, edition)
        teams = list(Team.objects.all())
        for day, counts in portfolio.over_time:
            levels = [level_on(team, day) for team in teams]
            assert counts == Counter(level for level in levels if level is not None), day
        for (before, after), moved in zip(itertools.pairwise(past_days(TODAY)), portfolio.moves, strict=True):
            pairs = [(level_on(team, before), level_on(team, after)) for team in teams]
            assert moved == Counter(pair for pair in pairs if None not in pair), after

    def test_picture_words_and_table_say_the_same(self, client, admin, edition, organisation):
        client.force_login(admin)
        response = client.get(f"/portfolio/?framework={edition.framework.key}")
        movement = response.context["movement"]
        page = section(response.content.decode(), "movement")
        [table] = Tables(page).tables
        days = past_days(TODAY)
        assert len(table) == 1 + len(days)
        for place, row in enumerate(table[1:]):
            levels = [level_on(team, days[place]) for team in Team.objects.all()]
            told = [level for level in levels if level is not None]
            assert list(map(int, row[1:6])) == [*(told.count(level) for level in range(4)), len(told)]
            if place:
                before = [level_on(team, days[place - 1]) for team in Team.objects.all()]
                both = [(then, now) for then, now in zip(before, levels, strict=True) if None not in (then, now)]
                up, down = sum(now > then for then, now in both), sum(now < then for then, now in both)
                assert list(map(int, row[6:9])) == [up, down, len(both) - up - down]
                passage = movement.passages[place - 1]
                assert (passage.up, passage.down, passage.new) == (up, down, len(told) - len(both))
                if up:
                    assert f"▲ {up}</tspan>" in page
        last = movement.passages[-1]
        up = "1 team went up" if last.up == 1 else f"{last.up} teams went up"
        assert up in page or "No team has moved" in page
        for column in movement.columns:
            for box in column.boxes:
                assert box.teams == sum(level_on(team, column.date) == box.number for team in Team.objects.all())

    def test_of_teams_without_a_name_nothing_moves(self, organisation, edition, settings):
        """Days can be subtracted from each other, so a crowd on both would not be enough."""
        settings.OTHER_TEAMS = "distribution"
        team = Team.objects.get(name="Team 1")
        portfolio = seen(make_membership(team=team).user, edition)
        for moved in portfolio.moves:
            assert sum(moved.values()) <= 1
        assert sum(portfolio.counts.values()) == 8
        nobody = seen(make_user(), edition)
        assert not any(nobody.moves)
        assert [counts for _day, counts in nobody.over_time] == [{}] * 8

    def test_a_new_ladder_is_no_step_up_or_down(self, admin, edition):
        lead = Lead(edition=edition)
        lead.closes(AT[3], on=ago(200))
        newer = toy.make_edition(key=edition.framework.key, version="2.0.0", published=False)
        type(newer).objects.filter(pk=newer.pk).update(new_ladder=True)
        newer.publish(digest="sha256:ladder")
        newer.refresh_from_db()
        lead.closes(AT[1], on=ago(5), edition=newer)
        portfolio = seen(admin, newer)
        assert sum((Counter(moved) for moved in portfolio.moves), Counter())[APART[0], 1] == 1
        drawn = charts.movement(portfolio.over_time, portfolio.moves, newer.contents.named_rungs, top=3, apart=APART)
        assert {(passage.up, passage.down) for passage in drawn.passages} == {(0, 0)}


class TestDistributions:
    def test_strips_figures_and_medians_are_those_of_the_results(self, client, admin, edition, organisation):
        client.force_login(admin)
        page = client.get(f"/portfolio/?framework={edition.framework.key}").content.decode()
        strips, figures = Tables(section(page, "distributions")).tables
        said = dict(re.findall(r'role="img" tabindex="0" aria-label="([^:"]*): ([^"]*)"', page))
        expected = {}
        newest = {team: newest_on(team, TODAY) for team in Team.objects.select_related("unit__parent")}
        for dimension in edition.contents.dimensions:
            parts = PartResult.objects.filter(result__in=[r for r in newest.values() if r], key=dimension.key)
            expected[dimension.name] = [part.level for part in parts]
        for unit in Unit.objects.all():
            inside = [team for team in newest if unit in (team.unit, team.unit.parent)]
            expected[unit.name] = [newest[team].level for team in inside if newest[team]]
        for name, levels in expected.items():
            counts = [levels.count(level) for level in range(4)]
            [row] = [row for row in figures if row[0] == name]
            assert row[1:] == [str(len(levels)), str(median_low(levels)), *map(str, counts)]
            told = [f"{teams} at level {level}" for level, teams in enumerate(counts) if teams]
            assert said[name] == ", ".join(told)
            [row] = [row for row in strips if row[0] == name]
            assert row[1].split() == [str(teams) for teams in counts if teams]
            assert row[2] == str(median_low(levels))

    def test_a_row_leads_to_its_teams(self, client, admin, edition, organisation):
        client.force_login(admin)
        page = section(client.get("/portfolio/?rule=largely&unit=1").content.decode(), "distributions")
        assert re.search(r'<a href="\?rule=largely&amp;unit=1&amp;sort=X#levels">Area X</a>', page)
        unit = Unit.objects.get(name="Below")
        assert "Below" not in page or f"?rule=largely&amp;unit={unit.pk}" in page

    def test_a_unit_that_may_not_be_broken_down_has_neither_strip_nor_figures(self, client, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        big, small = make_unit(name="Big"), make_unit(name="Small")
        for unit, number in ((big, 6), (small, 2)):
            for level in range(number):
                Lead(unit=unit, edition=edition).closes(AT[level % 4], on=ago(5))
        client.force_login(make_user())
        page = section(client.get(f"/portfolio/?framework={edition.framework.key}").content.decode(), "distributions")
        assert re.search(r"Small</a>\s*</th>\s*<td colspan=\"2\"><small>too few teams to show", page)
        assert "Small:" not in page
        assert not [row for row in Tables(page).tables[1] if row[0] == "Small"]


class TestSlider:
    def test_each_stop_shows_the_organisation_as_it_was(self, client, admin, edition, organisation):
        client.force_login(admin)
        address = f"/portfolio/?framework={edition.framework.key}"
        slider = client.get(address).context["slider"]
        assert [stop.number for stop in slider.stops] == list(range(slider.first, slider.last + 1))
        assert (slider.value, slider.stops[-1].is_current) == (quarter_number(TODAY), True)
        first = min(result.date for result in Result.objects.all())
        known = [day for day in past_days(TODAY)[:-1] if day >= first]
        assert len(slider.stops) == 1 + len(known)
        for stop, day in zip(slider.stops[:-1], known, strict=True):
            page = client.get(f"/portfolio/?{stop.query}")
            assert page.context["query"].as_of == day
            shown = {row.team.name: row.level for row in page.context["portfolio"].named}
            assert shown == {team.name: level_on(team, day) for team in Team.objects.all()}
            assert page.context["slider"].value == stop.number

    def test_the_earliest_stop_leads_further_back(self, client, admin, edition):
        lead = Lead(edition=edition)
        for year in range(1, 6):
            lead.closes(AT[year % 4], on=ago(365 * year))
        client.force_login(admin)
        address = f"/portfolio/?framework={edition.framework.key}"
        slider = client.get(address).context["slider"]
        assert len(slider.stops) == 8
        further = client.get(f"/portfolio/?{slider.stops[0].query}").context["slider"]
        assert len(further.stops) == 15
        assert len(further.links) <= 9
        assert further.links[-1].number == further.last

    def test_a_position_becomes_a_day_in_the_address(self, client, admin, edition):
        client.force_login(admin)
        last = past_days(TODAY)[-2]
        query = f"framework={edition.framework.key}&sort=X&page=2"
        response = client.get(f"/portfolio/?{query}&quarter={quarter_number(last)}")
        assert response.status_code == 302
        assert response["Location"] == f"/portfolio/?framework={edition.framework.key}&sort=X&as_of={last}#levels"
        today = client.get(f"/portfolio/?{query}&as_of={last}&quarter={quarter_number(TODAY)}")
        assert today["Location"] == f"/portfolio/?framework={edition.framework.key}&sort=X#levels"

    @pytest.mark.parametrize("text", ["", "x", "-5", "0", "9" * 30, "99999", "1e3"])
    def test_a_position_that_makes_no_sense_is_today(self, client, admin, edition, text):
        assert day_of_quarter(text) == ""
        client.force_login(admin)
        assert client.get(f"/portfolio/?quarter={text}", follow=True).status_code == 200

    def test_without_a_past_there_is_no_slider(self, client, admin, edition):
        client.force_login(admin)
        Lead(edition=edition).closes(AT[1], on=str(TODAY))
        page = client.get(f"/portfolio/?framework={edition.framework.key}")
        assert page.context["slider"] is None
        assert 'id="quarter"' not in page.content.decode()


class TestFile:
    def test_a_file_has_the_teams_that_the_page_shows(self, client, admin, edition):
        Lead(name="Steady", edition=edition).closes(AT[2], on=ago(5))
        falling = Lead(name="Falling", edition=edition)
        falling.closes(AT[3], on=ago(90))
        falling.closes(AT[1], on=ago(5))
        for show, names in (("", {"Steady", "Falling"}), ("down", {"Falling"}), ("attention", {"Falling"})):
            book = portfolio_book(seen(admin, edition, show=show))
            assert {row[0] for row in book.tables[0].rows} == names


class TestOnePopulation:
    """The same teams behind the sentence, the counts, the table, the chart and the file."""

    @pytest.fixture
    def page(self, client, admin, edition):
        """Of six teams one has never been assessed, and one came to no level."""
        for name, level in (("Low", 1), ("Middle", 2), ("High", 3), ("Old", 0)):
            Lead(name=name, edition=edition).closes(AT[level], on=ago(500 if name == "Old" else 30))
        Lead(name="Blank", edition=edition).closes("NA NA NA NA NA NA NA NA", on=ago(30))
        never = Lead(name="Never", edition=edition)
        terms = {"team": never.team, "framework": edition.framework, "by": never.user, "why": "Why.", "level": 2}
        Target.objects.set(**terms, rule="largely", due=TODAY + datetime.timedelta(days=30))
        client.force_login(admin)

        def read(**query):
            return client.get("/portfolio/", {"framework": edition.framework.key, **query})

        return read

    def test_only_teams_with_a_result_are_counted_anywhere(self, page):
        response = page()
        portfolio, text = response.context["portfolio"], response.content.decode()
        assert "5 teams with a result in" in text
        listed = [row.team.name for row in response.context["page"].object_list]
        assert listed == ["Blank", "High", "Low", "Middle", "Old"]
        assert sum(row.teams for row in portfolio.unit_rows) == len(portfolio.with_result) == 5
        levels = [level_on(team, TODAY) for team in Team.objects.all()]
        placed = [level for level in levels if level is not None]
        assert sum(portfolio.counts.values()) == len(placed)
        assert sum(response.context["movement"].columns[-1].counts) == len(placed)
        assert f"of {len(placed)} teams are at level" in text
        assert portfolio.without_level == 5 - len(placed) == 1
        assert "1 team has a result that came to no level" in text
        assert portfolio.at_target == (0, 0)
        assert response.context["attention"].portfolio.named_with_result == 5

    def test_teams_without_a_result_are_listed_apart_and_are_not_due(self, page):
        text = section(page().content.decode(), "due")
        due, unassessed = text.split('id="unassessed"')
        assert "Old" in due
        assert "Never" not in due
        assert "Never" in unassessed
        assert "These teams are in no figure on this page." in unassessed

    def test_a_reason_that_no_team_has_leaves_an_empty_table_that_says_so(self, page):
        assert "No team is listed for this reason." in page(show="missed").content.decode()
        before = page(as_of="2001-01-01").content.decode()
        assert "had a result by 1 January 2001." in " ".join(before.split())

    def test_columns_of_team_and_day_sort_too(self, page):
        def order(sort):
            return [row.team.name for row in page(sort=sort).context["page"].object_list]

        assert order("assessed")[0] == "Old"
        assert order("-assessed")[-1] == "Old"
        text = page(sort="assessed").content.decode()
        assert re.search(r'aria-sort="ascending">\s*<a href="[^"]*sort=-assessed#levels">Assessed</a>', text)
        assert re.search(r'<a href="\?framework=[^"&]*#levels">Team</a>', text)
        assert re.search(r'aria-sort="ascending">\s*<a href="[^"]*#levels">Team</a>', page().content.decode())

    def test_a_plan_says_whose_it_is(self, client, admin, edition, page):
        member = make_membership(team=Team.objects.get(name="Low")).user
        client.force_login(member)
        told = "This plan covers 1 team: the one whose page you can open."
        assert told in " ".join(client.get("/plan/").content.decode().split())
        client.force_login(admin)
        plan = " ".join(client.get("/plan/").content.decode().split())
        assert "This plan covers" not in plan
        assert "6 teams" in plan


def test_dimensions_may_be_called_as_what_else_teams_are_sorted_by(client, admin):
    edition = toy.make_edition(published=False)
    for before, key in (("X", "assessed"), ("Y", "overall")):
        edition.dimensions.filter(key=before).update(key=key)
    edition.publish(digest="sha256:called-alike")
    for name, codes in (("Old", "F F F F N N N N"), ("New", "N N N N F F F F")):
        Lead(name=name, edition=edition).closes(codes, on=ago(30 if name == "New" else 60))
    client.force_login(admin)

    def page(sort):
        return client.get("/portfolio/", {"framework": edition.framework.key, "sort": sort})

    def order(sort):
        return [row.team.name for row in page(sort).context["page"].object_list]

    assert order("dimension:assessed") == ["New", "Old"]
    assert order("-dimension:assessed") == ["Old", "New"]
    assert order("dimension:overall") == ["Old", "New"]
    assert order("assessed") == ["Old", "New"]
    sorted_by_dimension = page("dimension:assessed")
    assert [head.order for head in sorted_by_dimension.context["headings"]].count("ascending") == 1
    assert re.search(
        r'aria-sort="ascending">\s*<a href="[^"]*sort=-dimension:assessed#levels">Area X</a>',
        sorted_by_dimension.content.decode(),
    )


def test_the_page_lists_as_many_steps_of_the_tree_as_there_is_room_for(client, admin, edition):
    def listed(**query):
        portfolio = seen(admin, edition, **query)
        return [row.unit.name for row in portfolio.listed_unit_rows], portfolio.other_units

    top = make_unit(name="Top")
    below = [make_unit(name=f"Below {number:02}", parent=top) for number in range(3)]
    deep = [make_unit(name=f"Deep {number:02}", parent=below[number % 3]) for number in range(MOST_UNITS - 4)]
    assert listed() == ([unit.name for unit in Unit.objects.as_tree()], 0)
    deep.append(make_unit(name="One too many", parent=below[0]))
    assert listed() == (["Top", "Below 00", "Below 01", "Below 02"], len(deep))
    names, others = listed(unit=below[0].pk)
    assert (names[0], len(names), others) == ("Below 00", 1 + sum(unit.parent_id == below[0].pk for unit in deep), 0)
    wide = make_unit(name="Wide")
    for number in range(MOST_UNITS):
        make_unit(name=f"Child {number:02}", parent=wide)
    assert listed() == (["Top", "Wide"], 3 + len(deep) + MOST_UNITS)
    names, others = listed(unit=wide.pk)
    assert (names[:2], len(names), others) == (["Wide", "Child 00"], MOST_UNITS, 1)
    Lead(name="Seen", unit=wide, edition=edition).closes(AT[2], on=ago(30))
    client.force_login(admin)
    page = client.get("/portfolio/", {"framework": edition.framework.key}).content.decode()
    assert f"{3 + len(deep) + MOST_UNITS} more units are not listed." in page
