"""A framework whose answers are levels on every page: from the questionnaire to the portfolio and the files."""

import datetime
from fractions import Fraction
from pathlib import Path

import pytest
from django.urls import reverse

from assessments.frameworks.format.files import read, reads
from assessments.frameworks.storing import BUILT_IN, file_of, store
from assessments.models import Answer, Edition, Target
from assessments.results.history import TeamHistory
from assessments.results.report import Standing
from assessments.results.report_charts import history_chart, radar_chart
from assessments.scoring import IndexScale
from assessments.sealed.checking import Soundness, verdict
from assessments.sealed.making import seal_result
from assessments.sealed.signing import known_keys

from .. import toy
from ..factories import make_membership, make_user

pytestmark = pytest.mark.django_db

TIERS = (Path(__file__).parent.parent / "data" / "rubric-example.yaml").read_text()
BENT = TIERS.replace("{level: 2,", "{level: 2, from: 1.5,").replace("{level: 3,", "{level: 3, from: 2.5,")
BENT = BENT.replace("{level: 4,", "{level: 4, from: 3.5,").replace("weight: 2,", "weight: 2, name: The third,")


@pytest.fixture
def edition():
    return store(reads(BENT, name="tiers.yaml"), origin=Edition.Origin.IMPORTED).edition


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def results(team, edition, lead):
    earlier = toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 10), codes="1 2 1 2 2 NA", rule="")
    latest = toy.add_result(team=team, edition=edition, date=datetime.date(2026, 4, 10), codes="3 3 2 2 4 1", rule="")
    return earlier, latest


def page(client, user, name, *args, **query) -> str:
    client.force_login(user)
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, (name, response.status_code)
    return response.content.decode() if "Content-Disposition" not in response else ""


def test_an_edition_is_the_file_it_was_stored_from(edition):
    file = reads(BENT, name="tiers.yaml")
    assert file_of(edition).digest == file.digest == edition.digest
    assert edition.contents.rubric == file.instrument().rubric
    assert edition.contents.index_scale == IndexScale.of(file.instrument())


def test_a_result_says_level_and_score_of_the_highest_value(client, lead, results):
    text = page(client, lead, "result", results[1].pk)
    # A comes to 10/4, B to 3, C to 1.
    assert results[1].index_text == "2.17"
    assert "Level 2 of 4, Informed" in text
    assert "Index 2.17 of 4" in text
    assert "1 criterion to level 3, in C." in text
    assert "What the answers come to on the framework’s scale" in text
    assert "Levels 2–4" in text


def test_a_result_can_be_compared_drawn_and_planned_from(client, lead, team, edition, results):
    due = datetime.date(2099, 1, 1)
    Target.objects.set(team=team, framework=edition.framework, level=3, due=due, why="", by=lead)
    key = edition.framework.key
    for name, args, query in [
        ("team", [team.pk], {}),
        ("team-map", [team.pk], {"dimension": "A"}),
        ("team-compare", [team.pk], {"old": results[0].pk, "new": results[1].pk}),
        ("team-targets", [team.pk], {"framework": key}),
        ("team-roadmap", [team.pk], {"framework": key}),
        ("team-export", [team.pk], {}),
        ("result-export", [results[1].pk], {}),
        ("result-sealed", [results[1].pk], {}),
        ("edition", [key, edition.pk], {}),
        ("frameworks", [], {}),
        ("portfolio", [], {"framework": key}),
        ("plan", [], {"framework": key}),
    ]:
        page(client, lead, name, *args, **query)


def test_the_map_names_criteria_by_their_short_names(client, lead, team, results):
    text = page(client, lead, "team-map", team.pk)
    assert '<span class="clamp">The third</span>' in text
    assert '<span class="clamp">a1</span>' in text


def test_what_if_finds_the_smallest_set_of_changes(client, lead, team, edition, results):
    text = page(client, lead, "team-what-if", team.pk, framework=edition.framework.key, level=3)
    # The whole lacks 1/3: raising c1 by one step is enough.
    assert "c1" in text
    whole = page(client, lead, "team-what-if", team.pk, framework=edition.framework.key, level=3, all="yes")
    assert "2.50" in whole


def test_charts_draw_levels_where_they_begin(team, edition, results):
    chart = history_chart(TeamHistory.of(team), edition.contents)
    assert [(row.level, row.index) for row in chart.rows] == [("2", "1.63"), ("2", "2.17")]
    assert [point.height for point in chart.points] == [Fraction(3, 2), Fraction(3, 2)]
    radar = radar_chart(Standing.of(results[1]))
    assert radar.shapes[0].name == "Now"


def test_sealed_files_of_rubrics_are_sound(results):
    assert verdict(seal_result(results[1], by=None), known=known_keys()).soundness == Soundness.SOUND


def test_answers_stand_with_their_full_texts(client, team, edition, lead):
    assessment = toy.start(team=team, by=lead, edition=edition, rule="")
    text = page(client, lead, "answer-dimension", assessment.pk, "A")
    assert '<div class="rate cards">' in text
    assert "<b>Informed</b> <span>Agreed by those in charge but not everywhere.</span>" in text
    for criterion in edition.contents.criteria:
        assessment.save_rating(by=lead, criterion=criterion, answer=Answer(code="3"), mark=toy.mark(page="one"))
    assessment.end_answering(by=lead)
    assert page(client, lead, "review", assessment.pk)
    result = assessment.close(by=lead)
    assert (result.level, result.index_text, result.rule) == (3, "3.00", "")
    again = toy.start(team=team, by=lead, edition=edition, rule="", date=datetime.date(2026, 11, 1))
    assert "Last time" in page(client, lead, "answer-dimension", again.pk, "A")


def test_a_draft_can_be_edited_and_published(client, edition):
    admin = make_user(is_administrator=True)
    draft = edition.make_draft(by=admin)
    assert [level.start for level in draft.levels.all()] == ["", "1.5", "2.5", "3.5"]
    assert draft.criteria.get(key="a3").weight == "2"
    text = page(client, admin, "draft-edit", edition.framework.key, draft.pk)
    assert "No team can reach" not in text
    page(client, admin, "draft-part", edition.framework.key, draft.pk, "criterion", draft.criteria.get(key="a3").pk)


def test_the_built_in_health_check_asks_ten_questions_with_five_described_answers():
    file = read(BUILT_IN / "health-check.yaml")
    assert len(file.criteria) == 10
    assert all(len(scale.values) == 5 and all(choice.anchor for choice in scale.values) for scale in file.scales)
    anchors = [choice.anchor for scale in file.scales for choice in scale.values]
    assert len(set(anchors)) == 50
    assert all(criterion.name and criterion.evidence and criterion.next for criterion in file.criteria)
