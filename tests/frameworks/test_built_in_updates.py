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
NEWEST = {"devops": "1.2.0", "ml-test-score": "1.2.0", "mlops": "1.3.0"}


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
    assert first[key].framework.default_edition().version == NEWEST[key]


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
    after = read(FIRST.parent / "built-in-1.2.0" / "mlops.yaml" if key == "mlops" else BUILT_IN / f"{key}.yaml")
    found = compare(before, after)
    assert found.parts == ()
    assert [change.key for change in found.references] == [criterion.key for criterion in after.criteria]
    assert {text.field for change in found.changed for text in change.texts} == {"name"}
    names = [criterion.name for criterion in after.criteria]
    assert len(set(names)) == len(names)


def test_version_1_3_of_mlops_adds_checks_and_changes_nothing_else():
    before, after = read(FIRST.parent / "built-in-1.2.0" / "mlops.yaml"), read(BUILT_IN / "mlops.yaml")
    found = compare(before, after)
    assert (found.added, found.removed, found.changed, found.new_ladder) == ((), (), (), False)
    assert {(part.kind, part.how) for part in found.parts} == {("check", "added")}
    assert len(found.parts) == len(after.checks) == 30
    assert before.checks == ()
    # A check says what it asks, and a passed one alone shows that the practice is there, not that all of it is.
    assert all(check.asks and check.asks.endswith("?") for check in after.checks)
    assert {check.passed_at_least for check in after.checks} == {None, "P", "L"}
    assert {check.failed_at_most for check in after.checks} == {None, "P", "L"}


def test_the_version_before_and_the_one_with_checks_are_one_history():
    """Answers come over without a question whether they still mean the same."""
    before = store(read(FIRST.parent / "built-in-1.2.0" / "mlops.yaml"), origin=Edition.Origin.BUILT_IN).edition
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead, edition=before, questionnaire="short")
    for key in before.contents.quick_keys:
        criterion = before.contents.criterion_by_key[key]
        assessment.save_rating(by=lead, criterion=criterion, answer=Answer(code="F"), mark=toy.mark(page="one"))
    assessment.close(by=lead)
    load_built_in()
    after = before.framework.default_edition()
    assert after.version == "1.3.0"
    moving = MovingOn.of(team, after)
    carried_over = {key for key, hint in moving.hints.items() if hint.state.value == "carried over"}
    assert (carried_over, moving.retired) == (set(before.contents.quick_keys), [])
