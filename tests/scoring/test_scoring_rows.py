"""What is stored is scored like the file it came from: rows and files give the engine the same input."""

import pytest

from assessments import scoring
from assessments.frameworks.storing import load_built_in
from assessments.models import AgreedRating, Edition
from assessments.models.assessments import instrument_of
from assessments.scoring.as_json import score_as_json

from .. import toy
from ..factories import make_membership, make_team
from ..instruments import VECTORS, answers, built_in
from ..instruments import toy as toy_instrument

pytestmark = pytest.mark.django_db
ALL = ["x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4"]


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def member(team):
    return make_membership(team=team, role="member").user


@pytest.mark.parametrize("name", ["mlops", "devops", "ml-test-score"])
def test_a_stored_edition_is_the_same_instrument_as_its_file(name):
    load_built_in()
    assert instrument_of(Edition.objects.get(framework__key=name)) == built_in(name)


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in VECTORS["levels"]])
def test_closing_freezes_the_figures_of_the_vectors(team, lead, member, row):
    assessment = toy.start(team=team, by=lead, edition=toy.make_edition(na=ALL))
    toy.rate(assessment, member, row["ratings"])
    result = assessment.close(by=lead)
    expect = row["expect"]
    assert scoring.rounded(fraction(result.index_exact), 2) == expect["index"]
    assert scoring.rounded(fraction(result.index_best_exact), 2) == expect.get("index_if_F", expect["index"])
    assert {part.key: scoring.rounded(fraction(part.index_exact), 2) for part in result.parts.all()} == expect[
        "dimension_index"
    ]
    for rule in ("largely", "iso33020", "fully"):
        outcome = result.outcomes[rule]
        best = expect[rule].get("level_if_F", expect[rule]["level"])
        assert (outcome["level"], outcome["best"]) == (expect[rule]["level"], best)
        assert outcome["vacuous"] == expect.get("vacuous", [])
        assert sorted(outcome["blockers"]) == sorted(expect[rule]["blockers"])
        assert {part.key: part.outcomes[rule]["level"] for part in result.parts.all()} == expect[rule]["profile"]
    blocking = result.criteria.filter(blocker__isnull=False).order_by("blocker")
    assert [criterion.key for criterion in blocking] == result.outcomes["largely"]["blockers"]


def fraction(text: str):
    return scoring.exact(text) if text else None


def test_several_people_and_agreed_ratings_come_out_as_from_a_file(team, lead, member):
    assessment = toy.start(team=team, by=lead, edition=toy.make_edition(na=ALL))
    rows = ["F L NA DK - F P N", "L N NA F DK F N F"]
    for user, row in zip((lead, member), rows, strict=True):
        toy.rate(assessment, user, row)
    criteria = assessment.edition.contents.criterion_by_key
    agree(assessment, criteria["x2"], "F")
    agree(assessment, criteria["y3"], "NA")
    from_rows = score_as_json(assessment.instrument(), assessment.score(), "iso33020")
    agreed = {"x2": "F", "y3": "NA"}
    from_file = scoring.score(toy_instrument(), [answers(row) for row in rows], agreed)
    assert from_rows == score_as_json(toy_instrument(), from_file, "iso33020")
    assert from_rows["criteria"]["y3"]["rating"] == "NA"


def agree(assessment, criterion, code):
    choice = criterion.scale.by_code.get(code)
    reason = "" if choice else "Not here."
    AgreedRating.objects.create(assessment=assessment, criterion=criterion, choice=choice, reason=reason)


def test_what_the_team_has_agreed_on_is_not_unanswered(team, lead, member):
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, member, "F F DK - - F F N")
    agree(assessment, assessment.edition.contents.criterion_by_key["x4"], "L")
    result = assessment.close(by=lead)
    assert list(result.criteria.filter(rating="").values_list("key", flat=True)) == ["x3", "y1"]


def test_a_short_questionnaire_asks_and_scores_the_marked_criteria_only(team, lead, member):
    assessment = toy.start(team=team, by=lead, questionnaire="short")
    toy.rate(assessment, member, "F L")
    result = assessment.close(by=lead)
    assert [criterion.key for criterion in result.criteria.all()] == ["x1", "y1"]
    # Levels 2 and 3 are not asked: they can be neither claimed nor in the way.
    assert (result.level, result.asked, result.outcomes["largely"]["vacuous"]) == (1, 2, [2, 3])
    assert result.outcomes["largely"]["blockers"] == []
