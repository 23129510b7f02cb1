"""The framework as a grid with where a team stands on it, and without a team."""

import datetime
import re
from fractions import Fraction
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import charts
from assessments.frameworks.rubric_grid import rubric_grid
from assessments.models import Action
from assessments.results import rubric_map
from assessments.results.report import Standing
from assessments.results.rubric_map import RubricMap

from .. import toy
from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return Lead()


def page(client, lead, user=None, **query) -> str:
    client.force_login(user or lead.user)
    response = client.get(f"/teams/{lead.team.pk}/map/", query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def states(result, **chosen) -> dict:
    rows = RubricMap(Standing(result, None), chosen).rows
    return {row.dimension.key: [cell.state for cell in row.cells] for row in rows}


class TestGrid:
    def test_every_criterion_is_in_one_cell(self, lead):
        grid = rubric_grid(lead.edition.contents)
        assert [level.number for level in grid.columns] == [1, 2, 3]
        found = {
            dimension.key: [[criterion.key for criterion in cell.criteria] for cell in cells]
            for dimension, cells in grid.rows
        }
        assert found == {"X": [["x1", "x2"], ["x3"], ["x4"]], "Y": [["y1"], ["y2", "y3"], ["y4"]]}

    def test_a_framework_is_read_as_a_grid_too(self, client, lead):
        client.force_login(make_user())
        text = client.get(lead.edition.get_absolute_url()).content.decode()
        grid = text.partition('<table class="rubric">')[2].partition("</table>")[0]
        links = re.findall(r'href="#([^"]+)"', grid)
        assert links == ["d-X", "x1", "x2", "x3", "x4", "d-Y", "y1", "y2", "y3", "y4"]
        assert all(f'id="{link}"' in text for link in links)
        assert "reached" not in grid


class TestStates:
    def test_follow_from_the_level_of_each_dimension(self, lead):
        result = lead.closes("F F F F F P P P", on="2026-03-01")
        assert dict(result.parts.filter(kind="dimension").values_list("key", "level")) == {"X": 3, "Y": 1}
        assert states(result) == {"X": ["reached"] * 3, "Y": ["reached", "next", "later"]}

    def test_a_short_questionnaire_shows_what_it_asked(self, client, lead):
        lead.closes("F F", on="2026-03-01", questionnaire="short")
        text = page(client, lead)
        assert text.count("Not asked") == 4
        assert "Practice x1 is done." in text
        assert "Practice x2 is done." not in text


class TestPage:
    def test_before_the_first_result_it_says_so(self, client, lead):
        assert "No result yet" in page(client, lead)

    def test_votes_are_circles_for_those_who_may_see_votes(self, client, lead):
        lead.closes(AT[1], on="2026-03-01")
        viewer = make_membership(team=lead.team, role="viewer").user
        assert 'aria-label="Votes: Fully 1"' in page(client, lead)
        text = page(client, lead, viewer)
        assert "Votes:" not in text
        assert "<small>Fully</small>" in text

    def test_an_open_cell_has_history_next_step_and_actions(self, client, lead):
        lead.closes("F F P N F F P N", on="2026-01-01")
        lead.closes(AT[1], on="2026-03-01")
        Action.objects.plan(
            team=lead.team, framework=lead.edition.framework, by=lead.user, criterion="x3", text="Write it down."
        )
        text = page(client, lead, dimension="X", level="2")
        panel = text.partition("<aside")[2]
        assert "Practice x3 is done." in panel
        assert "Practice x4 is done." not in panel
        assert "1 January 2026</a>: Partly" in panel
        assert "Write it down." in panel
        assert "#answer-x3" in panel
        assert (
            'id="answer-x3"'
            in client.get(lead.team.results.get(is_current=True, date="2026-03-01").get_absolute_url()).content.decode()
        )

    def test_what_is_not_planned_can_be_planned_by_who_may(self, client, lead):
        lead.closes(AT[1], on="2026-03-01")
        viewer = make_membership(team=lead.team, role="viewer").user
        assert "actions/new/y3/" in page(client, lead, dimension="Y", level="2")
        assert "actions/new/" not in page(client, lead, viewer, dimension="Y", level="2")

    def test_nothing_is_planned_for_what_cannot_improve_or_is_no_longer_asked(self, client, lead, monkeypatch):
        lead.closes("F N NA N F L F N", on="2026-03-01")
        assert "actions/new/x2/" in page(client, lead, dimension="X", level="1")
        assert "actions/new/x1/" not in page(client, lead, dimension="X", level="1")
        assert "actions/new/x3/" not in page(client, lead, dimension="X", level="2")
        monkeypatch.setattr(rubric_map, "contents_in_use", lambda framework: SimpleNamespace(criterion_by_key={}))
        assert "actions/new/" not in page(client, lead, dimension="X", level="1")

    @pytest.mark.parametrize("query", [{"dimension": "X"}, {"dimension": "no", "level": "1"}, {"level": "x"}])
    def test_an_address_that_names_no_cell_opens_none(self, client, lead, query):
        lead.closes(AT[1], on="2026-03-01")
        assert "<aside" not in page(client, lead, **query)

    def test_few_anonymous_votes_are_not_drawn(self, client, lead):
        assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition, anonymous=True)
        people = [lead.user, *(make_membership(team=lead.team).user for _ in range(4))]
        for number, user in enumerate(people):
            assessment.ask(user)
            toy.rate(
                assessment, toy.member_by_link(assessment, user), "F F F F F F F F" if number < 3 else "F F F F F F F -"
            )
        assessment.close(by=lead.user)
        text = page(client, lead, dimension="Y", level="3")
        assert text.count('aria-label="Votes: Fully 5"') == 7
        assert text.count("No votes to show") == 1
        assert "Not answered" in text.partition("<aside")[2]

    @pytest.mark.parametrize("number", [2, 12])
    def test_its_queries_do_not_grow_with_the_history(self, client, lead, number):
        for month in range(number):
            toy.add_result(
                team=lead.team,
                edition=lead.edition,
                date=datetime.date(2020, 1, 1) + datetime.timedelta(days=30 * month),
                codes="F F L N F F P N",
            )
        page(client, lead, dimension="X", level="2")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/teams/{lead.team.pk}/map/?dimension=X&level=2")
        expected = 2 + 2  # The session and its user; the team with its unit, and the person's roles.
        expected += 2  # Every current result of the team, and the whole of the newest.
        expected += 2  # Its parts and its criteria.
        expected += 3  # Earlier ratings of the open cell, actions for it, and which version is in use.
        assert len(captured) == expected


class TestCircles:
    def test_one_for_each_vote_filled_by_its_points(self):
        row = charts.vote_dots([(Fraction(0), 1), (Fraction(1, 3), 2), (Fraction(1), 1)])
        assert [bool(dot.fill) for dot in row.dots] == [False, True, True, True]
        assert [dot.x for dot in row.dots] == [6, 18, 30, 42]
        assert (row.width, row.has_numbers) == (48, False)

    def test_many_votes_are_counted_instead(self):
        row = charts.vote_dots([(Fraction(0), 20), (Fraction(1), 11)])
        assert [dot.count for dot in row.dots] == [20, 11]
        assert row.has_numbers
        first, second = row.dots
        assert second.x - first.x >= 24
