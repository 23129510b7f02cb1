"""The first things on the portfolio: a sentence made from its figures, and the teams that need attention."""

import datetime
import html
import re

import pytest
from django.db import connection
from django.utils import timezone

from assessments.models import Action, Result, Target, Unit
from assessments.portfolio.attention import Attention
from assessments.portfolio.blockers import HoldingBack
from assessments.portfolio.concerns import Concerns
from assessments.portfolio.portfolio import Portfolio
from assessments.portfolio.portfolio_in_words import PortfolioInWords
from assessments.portfolio.rows import Query

from .. import toy
from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def lead(edition):
    return Lead(name="Pricing", edition=edition)


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


def ago(days: int) -> str:
    return str(TODAY - datetime.timedelta(days=days))


def seen(user, edition, **query) -> Portfolio:
    asked = Query(edition=edition, editions=[edition], rule="largely", **query)
    return Portfolio.of(user, asked, Unit.objects.as_tree())


def kinds(user, edition, **query) -> dict[str, list[str]]:
    teams = Attention(seen(user, edition, **query)).teams
    for needing in teams:
        assert list(needing.kinds) == [reason.kind for reason in needing.reasons]
    return {needing.row.team.name: list(needing.kinds) for needing in teams}


def target(lead: Lead, *, level: int, due: int, dimension: str = "") -> Target:
    """Set a year before, due that many days from today."""
    return lead.team.targets.create(
        framework=lead.edition.framework,
        rule="largely",
        dimension=dimension,
        level=level,
        due=TODAY + datetime.timedelta(days=due),
        set_at=timezone.now() - datetime.timedelta(days=360),
        set_by=lead.user,
    )


def plan(lead: Lead, *, still_for: int = 0) -> Action:
    action = Action.objects.plan(
        team=lead.team, framework=lead.edition.framework, by=lead.user, criterion="y3", text="Do it."
    )
    Action.objects.filter(pk=action.pk).update(status_at=timezone.now() - datetime.timedelta(days=still_for))
    return action


class TestReasons:
    def test_a_team_without_a_result_is_not_counted(self, admin, edition, lead):
        assert kinds(admin, edition) == {}

    def test_a_level_that_fell(self, admin, edition, lead):
        lead.closes(AT[3], on=ago(90))
        lead.closes(AT[1], on=ago(5))
        [needing] = Attention(seen(admin, edition)).teams
        assert [(reason.kind, reason.sentence) for reason in needing.reasons] == [("down", "Level fell from 3 to 1.")]

    def test_an_index_that_fell(self, admin, edition, lead):
        lead.closes("F F F F F F P P", on=ago(90))
        lead.closes("F F F P F F P P", on=ago(5))
        [needing] = Attention(seen(admin, edition)).teams
        assert re.fullmatch(r"Index fell from [\d.]+ to [\d.]+\.", needing.reasons[0].sentence)

    @pytest.mark.parametrize(
        ("index", "before", "told"),
        [("199/100", "2", ["down"]), ("399/200", "2", ["down"]), ("1999/1000", "2", []), ("2", "2", []), ("", "2", [])],
    )
    def test_an_index_that_fell_by_less_than_is_shown_is_no_reason(self, admin, edition, lead, index, before, told):
        lead.closes(AT[1], on=ago(90))
        lead.closes(AT[1], on=ago(5))
        with connection.cursor() as cursor:
            stands = "UPDATE assessments_standing SET index_exact = %s, previous_index_exact = %s WHERE until IS NULL"
            cursor.execute(stands, [index, before])
        portfolio = seen(admin, edition)
        [row] = portfolio.rows
        assert list(Concerns(portfolio).kinds(row)) == [reason.kind for reason in Concerns(portfolio).of(row)] == told

    def test_each_missed_target_is_a_reason_and_its_team_counts_once(self, admin, edition, lead):
        lead.closes(AT[1], on=ago(5))
        target(lead, level=2, due=-3)
        target(lead, level=3, due=-2, dimension="Y")
        attention = Attention(seen(admin, edition))
        [needing] = attention.teams
        assert needing.losses == len(needing.reasons) == len({reason.sentence for reason in needing.reasons}) == 2
        assert attention.counts == {"attention": 1, "missed": 1}

    def test_a_result_as_good_as_before_is_no_reason(self, admin, edition, lead):
        lead.closes(AT[1], on=ago(90))
        lead.closes(AT[1], on=ago(5))
        assert kinds(admin, edition) == {}

    @pytest.mark.parametrize(
        ("level", "due", "dimension", "is_missed"),
        [
            (2, -3, "", True),
            (1, -3, "", False),
            (2, 3, "", False),
            (2, -400, "", False),
            (3, -3, "Y", True),
            (2, -3, "X", False),
        ],
    )
    def test_a_target_that_was_missed(self, admin, edition, lead, level, due, dimension, is_missed):
        lead.closes(AT[1], on=ago(5))
        target(lead, level=level, due=due, dimension=dimension)
        assert kinds(admin, edition) == ({"Pricing": ["missed"]} if is_missed else {})

    def test_a_later_target_takes_the_place_of_a_missed_one(self, admin, edition, lead):
        lead.closes(AT[1], on=ago(5))
        target(lead, level=2, due=-3)
        target(lead, level=2, due=30)
        assert kinds(admin, edition) == {}

    def test_a_result_that_is_too_old(self, admin, edition, lead):
        lead.closes(AT[3], on=ago(500))
        assert kinds(admin, edition) == {"Pricing": ["overdue"]}

    @pytest.mark.parametrize(
        ("codes", "still_for", "told"),
        [(AT[1], None, ["no-actions"]), (AT[3], None, []), (AT[1], 10, []), (AT[1], 100, ["stale"])],
    )
    def test_actions_that_are_missing_or_do_not_move(self, edition, lead, codes, still_for, told):
        lead.closes(codes, on=ago(5))
        if still_for is not None:
            plan(lead, still_for=still_for)
        assert kinds(lead.user, edition) == ({"Pricing": told} if told else {})

    def test_people_who_disagree(self, edition, lead):
        plan(lead)
        assessment = toy.start(team=lead.team, by=lead.user, edition=edition)
        toy.rate(assessment, lead.user, "N N N N N N N N")
        toy.rate(assessment, make_membership(team=lead.team).user, "F F F F F F F F")
        assessment.close(by=lead.user)
        [needing] = Attention(seen(lead.user, edition)).teams
        assert [(reason.kind, reason.sentence) for reason in needing.reasons] == [
            ("disagree", "Answers differ on 8 of 8 criteria.")
        ]


class TestWhoIsTold:
    @pytest.fixture
    def disagreeing(self, edition, lead):
        assessment = toy.start(team=lead.team, by=lead.user, edition=edition)
        toy.rate(assessment, lead.user, "N N N N N N N N")
        toy.rate(assessment, make_membership(team=lead.team).user, "F F F F F F F F")
        assessment.close(by=lead.user)

    def test_actions_and_votes_of_their_own_teams_only(self, admin, edition, lead, disagreeing, settings):
        settings.OTHER_TEAMS = "names"
        assert kinds(lead.user, edition) == {"Pricing": ["no-actions", "disagree"]}
        assert kinds(admin, edition) == {}
        assert kinds(make_user(), edition) == {}

    def test_names_only_where_teams_are_shown_by_name(self, client, edition, lead, settings):
        lead.closes(AT[3], on=ago(90))
        lead.closes(AT[1], on=ago(5))
        outsider = make_user()
        for mode, told in (("names", True), ("distribution", False), ("nothing", False)):
            settings.OTHER_TEAMS = mode
            assert bool(kinds(outsider, edition)) == told
            client.force_login(outsider)
            assert ("Pricing" in client.get("/portfolio/").content.decode()) == told

    def test_what_a_person_may_not_open_has_no_link(self, edition, lead, settings):
        settings.OTHER_TEAMS = "names"
        lead.closes(AT[3], on=ago(90))
        lead.closes(AT[1], on=ago(5))
        [needing] = Attention(seen(make_user(), edition)).teams
        assert needing.to_open is None

    def test_no_index_and_no_due_date_of_a_team_that_may_not_be_opened(self, admin, edition, lead, settings):
        """As in the exported file, which has neither."""
        settings.OTHER_TEAMS = "names"
        lead.closes("F F F F F F P P", on=ago(90))
        lead.closes("F F F P F F P P", on=ago(5))
        target(lead, level=3, due=-3)
        assert kinds(admin, edition) == {"Pricing": ["down", "missed"]}
        assert kinds(make_user(), edition) == {}

    def test_every_link_can_be_opened(self, client, edition, lead):
        lead.closes(AT[3], on=ago(600))
        lead.closes(AT[1], on=ago(500))
        target(lead, level=2, due=-3)
        [needing] = Attention(seen(lead.user, edition)).teams
        assert [reason.kind for reason in needing.reasons] == ["down", "missed", "overdue", "no-actions"]
        client.force_login(lead.user)
        for reason in needing.reasons:
            assert client.get(reason.address).status_code == 200

    def test_of_a_past_day_there_is_nothing_to_act_on(self, admin, edition, lead):
        lead.closes(AT[3], on=ago(500))
        assert kinds(admin, edition, as_of=TODAY - datetime.timedelta(days=1)) == {}

    def test_the_most_serious_stand_first(self, admin, edition, lead):
        Lead(name="Ads", edition=edition).closes(AT[3], on=ago(500))
        lead.closes(AT[3], on=ago(90))
        lead.closes(AT[1], on=ago(5))
        assert list(kinds(admin, edition)) == ["Pricing", "Ads"]

    def test_the_most_pressing_are_told_and_a_link_leads_to_all(self, client, admin, edition, lead, monkeypatch):
        monkeypatch.setattr("assessments.portfolio.attention.LISTED", 1)
        Lead(name="Ads", edition=edition).closes(AT[3], on=ago(500))
        lead.closes(AT[3], on=ago(90))
        lead.closes(AT[1], on=ago(5))
        client.force_login(admin)
        page = client.get("/portfolio/", {"framework": edition.framework.key, "sort": "Y"}).content.decode()
        told = page[page.index('id="attention"') : page.index('id="levels"')]
        assert "2 of 2" in told
        assert "Pricing" in told
        assert "Ads" not in told
        [address] = re.findall(r'<a href="([^"]*)#levels">\s*and 1 more</a>', told)
        assert "sort=Y" in address
        response = client.get(f"/portfolio/{html.unescape(address)}")
        assert {row.team.name for row in response.context["page"].object_list} == {"Pricing", "Ads"}


class TestSentence:
    def words(self, user, edition, **query) -> PortfolioInWords:
        return PortfolioInWords(seen(user, edition, **query))

    def test_without_a_level_it_says_so(self, admin, edition):
        assert self.words(admin, edition).headline == "No team has a level here yet."

    def test_counts_the_teams_that_are_at_a_level_and_those_that_were(self, admin, edition):
        for name, before, now in (("A", 1, 2), ("B", 1, 2), ("C", 2, 3), ("D", None, 1)):
            team = Lead(name=name, edition=edition)
            if before is not None:
                team.closes(AT[before], on=ago(600))
            team.closes(AT[now], on=ago(5))
        words = self.words(admin, edition)
        assert re.fullmatch(r"3 of 4 teams are at level 2 or higher, up from 1 on .*\.", words.headline)
        changes = "Compared with their previous result, 3 teams are at a higher level and no team is at a lower level."
        assert words.changes == changes

    def test_agrees_with_the_counts_of_the_page(self, client, admin, edition):
        for number, level in enumerate([0, 1, 1, 3, 3]):
            Lead(name=f"Team {number}", edition=edition).closes(AT[level], on=ago(5))
        client.force_login(admin)
        response = client.get(f"/portfolio/?framework={edition.framework.key}")
        level = response.context["words"].level
        there = Result.objects.filter(level__gte=level).count()
        assert f"{there} of 5 teams are at level {level} or higher." in response.content.decode()

    def test_of_several_teams_one_is_and_two_are(self, admin, edition):
        Lead(name="A", edition=edition).closes(AT[1], on=ago(5))
        assert self.words(admin, edition).headline == "1 of 1 team is at level 1 or higher."
        for name in ("B", "C"):
            Lead(name=name, edition=edition).closes(AT[0], on=ago(5))
        assert self.words(admin, edition).headline == "1 of 3 teams is at level 1 or higher."

    def test_a_lowest_level_is_no_achievement(self, admin, edition):
        for number in range(3):
            Lead(name=f"Team {number}", edition=edition).closes(AT[0], on=ago(5))
        assert self.words(admin, edition).headline == "0 of 3 teams are at level 1 or higher."

    def test_teams_without_a_name_are_not_compared_with_a_day(self, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        for number in range(5):
            team = Lead(name=f"Team {number}", edition=edition)
            team.closes(AT[1], on=ago(600))
            team.closes(AT[2], on=ago(5))
        words = self.words(make_user(), edition)
        assert words.headline == "5 of 5 teams are at level 2 or higher."
        assert words.changes == ""

    def test_changes_and_needs_of_some_teams_are_not_told_as_those_of_all(self, client, edition, settings):
        settings.OTHER_TEAMS = "distribution"
        for number in range(5):
            Lead(name=f"Team {number}", edition=edition).closes(AT[2], on=ago(5))
        own = Lead(name="Own", edition=edition)
        own.closes(AT[2], on=ago(600))
        own.closes(AT[1], on=ago(5))
        words = self.words(own.user, edition)
        assert words.headline == "5 of 6 teams are at level 2 or higher."
        changes = "no team is at a higher level and 1 team is at a lower level."
        assert words.changes == f"Among your teams, compared with their previous result, {changes}"
        client.force_login(own.user)
        page = client.get("/portfolio/", {"framework": edition.framework.key}).content.decode()
        assert "1 of your teams needs attention." in page
        report = client.get("/portfolio/report/", {"framework": edition.framework.key}).content.decode()
        assert "of your teams need attention" in report

    def test_stands_above_the_filters(self, client, admin, edition):
        Lead(name="Ads", edition=edition).closes(AT[2], on=ago(5))
        client.force_login(admin)
        page = client.get("/portfolio/", {"framework": edition.framework.key}).content.decode()
        assert page.index('id="summary"') < page.index('class="filterbar"')


class TestHeatmap:
    def test_a_cell_leads_to_the_answers_of_its_dimension(self, client, edition, lead):
        result = lead.closes(AT[1], on=ago(5))
        client.force_login(lead.user)
        page = client.get(f"/portfolio/?framework={edition.framework.key}").content.decode()
        for anchor in ("", "#answers-X", "#answers-Y"):
            assert f'<a href="{result.get_absolute_url()}{anchor}"><b>' in page

    def test_a_head_sorts_and_turns_the_order(self, client, admin, edition):
        for name, level in (("Low", 1), ("High", 3)):
            Lead(name=name, edition=edition).closes(AT[level], on=ago(5))
        client.force_login(admin)
        order = {}
        for sort in ("Y", "-Y"):
            response = client.get("/portfolio/", {"framework": edition.framework.key, "sort": sort})
            order[sort] = [row.team.name for row in response.context["page"].object_list]
        assert order == {"Y": ["Low", "High"], "-Y": ["High", "Low"]}
        page = response.content.decode()
        assert re.search(r'aria-sort="descending">\s*<a href="[^"]*sort=Y#levels">Area Y</a>', page)
        assert re.search(r'<a href="[^"]*sort=overall#levels">Overall</a>', page)


class TestFilters:
    @pytest.fixture
    def page(self, client, admin, edition):
        Lead(name="Steady", edition=edition).closes(AT[2], on=ago(5))
        pricing = Lead(name="Pricing", edition=edition)
        pricing.closes(AT[3], on=ago(90))
        pricing.closes(AT[1], on=ago(5))
        client.force_login(admin)

        def read(**query):
            response = client.get("/portfolio/", {"framework": edition.framework.key, **query})
            assert response.status_code == 200
            return response

        return read

    @pytest.mark.parametrize(
        ("show", "names"),
        [
            ("", ["Pricing", "Steady"]),
            ("attention", ["Pricing"]),
            ("down", ["Pricing"]),
            ("overdue", []),
            ("x", ["Pricing", "Steady"]),
        ],
    )
    def test_the_table_shows_teams_with_a_reason(self, page, show, names):
        assert [row.team.name for row in page(show=show).context["page"].object_list] == names

    def test_pages_keep_the_order_and_the_figures_of_all_teams(self, page, monkeypatch):
        monkeypatch.setattr("assessments.portfolio.views.PAGE", 1)
        first, second = page(sort="-overall"), page(sort="-overall", page=2)
        names = [[row.team.name for row in each.context["page"].object_list] for each in (first, second)]
        assert names == [["Steady"], ["Pricing"]]
        assert re.search(r'href="[^"]*sort=-overall[^"]*page=2">Next page', first.content.decode())
        for each in (first, second):
            assert each.context["portfolio"].counts == {1: 1, 2: 1}
            assert "2 teams with a result" in each.content.decode()

    def test_figures_stay_those_of_all_teams(self, page):
        assert page(show="down").context["words"].headline == page().context["words"].headline

    def test_on_a_past_day_the_table_shows_all_teams(self, page):
        seen = page(show="down", as_of=ago(1)).context
        assert [row.team.name for row in seen["page"].object_list] == ["Pricing", "Steady"]
        assert seen["reasons"] == []

    def test_chips_count_the_teams_and_lead_back(self, page):
        [attention, down] = page(show="down").context["reasons"]
        assert (attention.label, attention.count, attention.is_current) == ("Needs attention", 1, False)
        assert (down.label, down.count, down.is_current) == ("Went down", 1, True)
        assert "show" not in down.query

    def test_a_choice_keeps_the_others_in_the_address(self, page, edition):
        chips = {chip.name: chip for chip in page(sort="Y", rule="fully").context["chips"]}
        assert (chips["rule"].shown, chips["rule"].is_set) == ("Fully achieved", True)
        assert (chips["unit"].shown, chips["unit"].is_set) == ("All", False)
        by_label = {choice.label: choice.query for choice in chips["rule"].choices}
        assert "sort=Y" in by_label["ISO/IEC 33020"]
        assert "rule=iso33020" in by_label["ISO/IEC 33020"]
        assert "rule" not in by_label["Largely achieved"]

    def test_another_framework_leaves_out_what_means_something_else_there(self, page, edition):
        toy.make_edition()
        [chip] = [chip for chip in page(sort="Y", rule="fully").context["chips"] if chip.name == "framework"]
        here, other = sorted(chip.choices, key=lambda choice: not choice.is_current)
        assert edition.framework.key in here.query
        assert "sort" not in other.query
        assert "rule" not in other.query

    def test_what_makes_no_sense_is_said(self, page):
        assert "Rule: Select a valid choice" in page(rule="none").content.decode()


def test_few_teams_and_many_are_counted_alike(admin, edition, monkeypatch):
    """What is read already is counted here, and what is not by the database."""
    for number, codes in enumerate([AT[0], AT[1], AT[1], AT[3], "F P F F F N F F"]):
        Lead(name=f"Team {number}", edition=edition).closes(codes, on=ago(5))
    few, many = seen(admin, edition), seen(admin, edition)
    few.with_parts(few.named)
    assert few.dimension_counts == many.dimension_counts
    counted = HoldingBack(few)
    expected = (counted.dimensions, counted.criteria)
    monkeypatch.setattr("assessments.portfolio.blockers.FEW", 0)
    assert (HoldingBack(many).dimensions, HoldingBack(many).criteria) == expected
    assert counted.dimensions
