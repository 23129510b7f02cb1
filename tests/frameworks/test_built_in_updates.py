"""A database that holds the first version of the built-in frameworks gets the next one beside it."""

from pathlib import Path

import pytest

from assessments.frameworks.format.differences import compare
from assessments.frameworks.format.files import read
from assessments.frameworks.storing import BUILT_IN, file_of, load_built_in, store
from assessments.models import Answer, Edition, Result
from assessments.questionnaire.previous_answers import MovingOn

from .. import toy
from ..factories import make_membership, make_team

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FIRST = Path(__file__).parent.parent / "data" / "built-in-1.0.0"
KEYS = ["devops", "ml-test-score", "mlops"]


@pytest.fixture
def first() -> dict[str, Edition]:
    stored = [store(read(path), origin=Edition.Origin.BUILT_IN).edition for path in sorted(FIRST.glob("*.yaml"))]
    return {edition.framework.key: edition for edition in stored}


@pytest.mark.parametrize("key", KEYS)
def test_the_next_version_becomes_the_default_and_the_first_stays_as_it_was(first, key):
    digest = first[key].digest
    load_built_in()
    first[key].refresh_from_db()
    assert (first[key].status, first[key].digest) == (Edition.Status.PUBLISHED, digest)
    assert file_of(first[key]).digest == digest
    assert first[key].framework.default_edition().version == "1.2.0"


@pytest.mark.parametrize("key", KEYS)
def test_every_changed_question_says_whether_its_meaning_changed(key):
    """If it did, `meaning` is 2; in the others only the wording changed."""
    before = {criterion.key: criterion for criterion in read(FIRST / f"{key}.yaml").criteria}
    after = {criterion.key: criterion for criterion in read(BUILT_IN / f"{key}.yaml").criteria}
    assert before.keys() == after.keys()
    reworded = {name for name in after if after[name].statement != before[name].statement}
    changed = {name for name in after if after[name].meaning != before[name].meaning}
    assert changed < reworded
    assert {after[name].meaning for name in changed} == {2}


def test_a_result_stays_and_only_changed_questions_are_asked_again(first):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead, edition=first["devops"])
    for criterion in first["devops"].contents.criteria:
        assessment.save_rating(by=lead, criterion=criterion, answer=Answer(code="F"), mark=toy.mark(page="one"))
    result = assessment.close(by=lead)
    frozen = Result.objects.filter(pk=result.pk).values().get()

    load_built_in()
    moving = MovingOn.of(team, first["devops"].framework.default_edition())

    assert Result.objects.filter(pk=result.pk).values().get() == frozen
    again = {key for key, hint in moving.hints.items() if hint.state.value == "reconfirm"}
    assert again == {
        "code.unit-tests",
        "code.quick-feedback",
        "delivery.database",
        "operations.basic-monitoring",
        "operations.user-view",
    }
    assert {hint.state.value for key, hint in moving.hints.items() if key not in again} == {"carried over"}
    assert moving.retired == []


@pytest.mark.parametrize("key", KEYS)
def test_version_1_2_adds_short_names_and_changes_nothing_else(key):
    before = read(FIRST.parent / "built-in-1.1.0" / f"{key}.yaml")
    after = read(BUILT_IN / f"{key}.yaml")
    found = compare(before, after)
    assert found.parts == ()
    assert [change.key for change in found.references] == [criterion.key for criterion in after.criteria]
    assert {text.field for change in found.changed for text in change.texts} == {"name"}
    names = [criterion.name for criterion in after.criteria]
    assert len(set(names)) == len(names)
