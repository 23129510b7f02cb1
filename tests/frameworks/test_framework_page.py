"""A framework's own page: how other sources count and call its levels, and which level is right, for anyone."""

import datetime

import pytest
from django.urls import reverse

from assessments.frameworks.format.files import read
from assessments.frameworks.storing import BUILT_IN, file_of, store
from assessments.models import AdviserAnswers

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mlops():
    return store(read(BUILT_IN / "mlops.yaml"), origin="built-in").edition


@pytest.fixture
def framework_page(client, mlops):
    """Reads the page as somebody who belongs to no team."""
    client.force_login(make_user())

    def read_page(**answers):
        response = client.get(mlops.get_absolute_url(), answers)
        assert response.status_code == 200
        return response.content.decode()

    return read_page


MANY = {"production": "yes", "models": 30, "proven": 8, "change": "frequent", "stakes": "normal", "feedback": "yes"}


class TestOtherCounts:
    def test_each_level_says_how_other_sources_count_and_call_it(self, framework_page):
        text = framework_page()
        for number, name in [(0, "No Automation"), (1, "DevOps but no MLOps"), (4, "Full MLOps Automated Operations")]:
            assert f"Level {number} here is level {number + 1} in other sources. Also called: {name}." in text

    def test_the_sources_show_the_numbering_and_where_they_differ(self, framework_page):
        sources = framework_page().partition('<h2 id="sources">')[2]
        assert "Microsoft MLOps maturity model" in sources
        assert "Numbering" in sources
        assert '<th scope="row">2 · Automated training</th><td>3</td><td>Automated Training</td>' in sources
        assert "Cooperation at levels 1 and 2" in sources

    def test_a_result_explains_its_ladder_with_the_other_counts(self, client, mlops):
        lead, team = make_user(), make_team()
        make_membership(user=lead, team=team, role="lead")
        codes = " ".join("F" for _ in mlops.contents.criteria)
        result = toy.add_result(team=team, edition=mlops, date=datetime.date(2026, 3, 1), codes=codes)
        client.force_login(lead)
        for address in (result.get_absolute_url(), f"/teams/{team.pk}/"):
            text = client.get(address).content.decode()
            assert "What the levels mean" in text
            assert "Level 2 here is level 3 in other sources. Also called: Automated Training." in text

    def test_a_framework_without_other_counts_says_nothing_of_them(self, client):
        edition = toy.make_edition()
        client.force_login(make_user())
        text = client.get(edition.get_absolute_url()).content.decode()
        assert "in other sources" not in text.lower()
        assert "Sources" not in text

    def test_a_level_that_other_sources_count_alike_is_not_counted_otherwise(self):
        level = toy.make_edition().contents.levels[2]
        for alias, expected in (("", False), ("2", False), ("3", True), ("L2", True)):
            level.alias = alias
            assert level.is_counted_otherwise is expected


class TestAdviser:
    def test_every_rule_stands_there_with_its_conditions(self, framework_page):
        text = framework_page()
        assert "Which level is right for us?" in text
        assert "how many models are in production and from the use cases behind them" in text
        assert "How many different models are in production today? <b>10 or more</b>" in text
        assert "weekly or more. <b>Frequent</b>" in text
        assert "In all other cases." in text

    def test_anyone_gets_advice_and_nothing_is_stored(self, framework_page):
        text = framework_page(production="yes", models=5, proven=3, change="regular", stakes="normal", feedback="yes")
        advice = text.partition("<h3>Advice</h3>")[2]
        assert "<b>3</b>" in advice
        assert "Several proven use cases and a handful of models" in advice
        for note in ("A3<", "A3:", "house threshold", "Basis"):
            assert note not in text, "a note for authors"
        assert not AdviserAnswers.objects.exists()

    def test_only_the_highest_destination_is_to_be_confirmed(self, framework_page):
        ask = "neither would be enough for us"
        assert ask in framework_page(**MANY)
        assert ask not in framework_page(**{**MANY, "feedback": "no"})
        assert ask not in framework_page()

    def test_answers_that_are_missing_or_wrong_are_pointed_out(self, framework_page):
        text = framework_page(models="many")
        assert "Enter a whole number." in text
        assert "<h3>Advice</h3>" not in text

    def test_without_a_rule_for_the_answers_it_says_so(self, client):
        edition = toy.make_edition(published=False)
        question = {"key": "live", "type": "boolean", "ask": "Live?"}
        rule = {"key": "A", "when": {"live": True}, "level": 1, "why": "It is live."}
        edition.blocks = {"adviser": {"question": "Which level?", "inputs": [question], "rules": [rule]}}
        edition.save()
        edition.publish(digest="sha256:adviser")
        client.force_login(make_user())
        text = client.get(edition.get_absolute_url(), {"live": "no"}).content.decode()
        assert "The framework has no rule for these answers." in text


def test_the_list_leads_to_the_page(client, mlops):
    client.force_login(make_user())
    assert mlops.get_absolute_url() in client.get(reverse("frameworks")).content.decode()
    assert file_of(mlops).adviser.confirm[0].level == 4


def test_the_page_says_what_pipelines_can_report(framework_page, client):
    text = framework_page().partition("What pipelines can report")[2]
    assert '<a href="#quality.unit-tests">Unit tests of the app</a>' in text
    assert "Do tests run before a change is merged?" in text
    # It passed, and it failed.
    assert "<td>Partially achieved or more</td><td>Partially achieved or less</td>" in text
    assert "<td>–</td><td>Largely achieved or less</td>" in text
    client.force_login(make_user())
    assert "What pipelines can report" not in client.get(toy.make_edition().get_absolute_url()).content.decode()
