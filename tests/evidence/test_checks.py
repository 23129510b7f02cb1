"""Facts of pipelines: the newest counts, none changes a figure, and where they and ratings disagree."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments.models import CheckAtClosing, CheckChange, CheckState, Event, Fact, FactsRefused
from assessments.models.checks import LONGEST, MOST_FACTS

from .. import toy
from ..factories import make_membership, make_team
from .making import fact, make_edition, push

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def edition():
    return make_edition()


def problems(team, edition, *facts, by):
    with pytest.raises(FactsRefused) as refused:
        push(team, edition, *facts, by=by)
    assert not CheckState.objects.exists()
    return refused.value.problems


def test_a_fact_is_stored_once_and_its_changes_are_kept(team, lead, edition):
    assert push(team, edition, fact(ago=3), by=lead).changed == 1
    assert push(team, edition, fact(ago=2), by=lead).changed == 0
    pushed = push(team, edition, fact(outcome="passed", ago=1), by=lead)
    assert (pushed.received, pushed.stored, pushed.changed) == (1, 1, 1)
    state = CheckState.objects.get()
    assert state.outcome == "passed"
    assert state.since == state.observed_at
    assert [change.outcome for change in CheckChange.objects.all()] == ["failed", "passed"]
    assert Event.objects.filter(kind="checks.changed").count() == 2


def test_an_outcome_that_goes_on_keeps_since_when_it_is_so(team, lead, edition):
    push(team, edition, fact(ago=12), by=lead)
    began = CheckState.objects.get().observed_at
    push(team, edition, fact(ago=1), by=lead)
    assert CheckState.objects.get().since == began


@pytest.mark.parametrize("ago", [2, 5])
def test_a_late_older_fact_changes_nothing(team, lead, edition, ago):
    known = fact(outcome="passed", ago=2, value="9 of 10")
    push(team, edition, known, by=lead)
    before = CheckState.objects.values().get()
    late = fact(outcome="failed", ago=ago)
    late = Fact(
        **{**{f: getattr(late, f) for f in late.__slots__}, "observed_at": min(late.observed_at, known.observed_at)}
    )
    assert push(team, edition, late, by=lead).stored == 0
    assert CheckState.objects.values().get() == before
    assert CheckChange.objects.count() == 1


def test_of_several_in_one_call_the_newest_counts(team, lead, edition):
    push(team, edition, fact(outcome="passed", ago=1), fact(outcome="failed", ago=3), by=lead)
    assert CheckState.objects.get().outcome == "passed"


def test_sources_stand_beside_each_other(team, lead, edition):
    push(team, edition, fact(), fact(source="own", outcome="passed"), by=lead)
    assert CheckState.objects.count() == 2


def test_an_unknown_criterion_is_refused_and_near_ones_are_named(team, lead, edition):
    [(place, sentence)] = problems(team, edition, fact(), fact("x11"), by=lead)
    assert place == "1.criterion"
    assert "x1" in sentence
    assert "Near to it" in sentence
    [(_place, sentence)] = problems(team, edition, fact("qqqqqqq"), by=lead)
    assert sentence == "The framework has no criterion with this key."


def test_a_criterion_of_another_framework_or_of_a_draft_is_unknown(team, lead, edition):
    draft = toy.make_edition(key=edition.framework.key, version="2", published=False)
    draft.criteria.filter(key="x4").update(key="only-in-the-draft")
    assert problems(team, edition, fact("only-in-the-draft"), by=lead)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "ftp://a.example",
        "//a.example",
        "https://",
        " https:x",
    ],
)
def test_only_web_addresses_are_links(team, lead, edition, link):
    assert [place for place, _sentence in problems(team, edition, fact(link=link), by=lead)] == ["0.link"]


def test_times_that_make_no_sense_are_refused(team, lead, edition):
    assert problems(team, edition, fact(ago=-1), by=lead)[0][0] == "0.observed_at"
    assert problems(team, edition, fact(ago=LONGEST.days + 1), by=lead)[0][0] == "0.observed_at"
    assert problems(team, edition, fact(valid=0), by=lead)[0][0] == "0.valid_until"
    assert problems(team, edition, fact(valid=LONGEST.days + 1), by=lead)[0][0] == "0.valid_until"
    push(team, edition, fact(valid=LONGEST.days), by=lead)


@pytest.mark.parametrize("number", [0, MOST_FACTS + 1])
def test_neither_none_nor_too_many(team, lead, edition, number):
    assert problems(team, edition, *[fact()] * number, by=lead)


def test_the_database_holds_what_a_fact_is(team, lead, edition):
    push(team, edition, fact(), by=lead)
    state = CheckState.objects.get()
    for wrong in ({"outcome": "maybe"}, {"valid_until": state.observed_at}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CheckState.objects.update(**wrong)
    state.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        state.save(force_insert=True)


# ---------------------------------------------------------------------- closing


def closed(team, lead, edition, codes="F F L N F F P N"):
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, codes)
    return assessment, assessment.close(by=lead)


def test_closing_keeps_what_was_known_and_does_not_change_its_mind(team, lead, edition):
    push(team, edition, fact(ago=12, value="3 of 10"), fact("x2"), by=lead)
    assessment, result = closed(team, lead, edition)
    rows = {row.criterion: row for row in result.checks.all()}
    assert (rows["x1"].contradicts, rows["x1"].days, rows["x1"].value) == (True, 12, "3 of 10")
    # The framework does not say what a fact means there.
    assert not rows["x2"].contradicts
    push(team, edition, fact(outcome="passed"), by=lead)
    assert CheckAtClosing.objects.get(result=result, criterion="x1").outcome == "failed"
    assessment.reopen(by=lead, reason="Again.")
    again = assessment.close(by=lead)
    assert not again.checks.filter(contradicts=True).exists()
    assert result.checks.get(criterion="x1").contradicts


@pytest.mark.parametrize(
    ("pushed", "codes", "expected"),
    [
        (fact, "F", True),
        (fact, "L", True),
        (fact, "P", False),
        (fact, "N", False),
        (fact, "-", False),
        (fact, "DK", False),
        (lambda: fact(outcome="passed"), "P", True),
        (lambda: fact(outcome="passed"), "L", False),
        (lambda: fact(outcome="unknown"), "F", False),
        (lambda: fact(ago=10, valid=9), "F", False),
        (lambda: fact(source="another"), "F", False),
        (lambda: fact("x3"), "F", False),
    ],
)
def test_what_contradicts_a_rating(team, lead, edition, pushed, codes, expected):
    push(team, edition, pushed(), by=lead)
    _assessment, result = closed(team, lead, edition, f"{codes} F NA N F F P N")
    assert result.checks.filter(contradicts=True).exists() == expected


def test_what_is_not_asked_is_not_kept(team, lead, edition):
    push(team, edition, fact("x1"), fact("x3"), by=lead)
    assessment = toy.start(team=team, by=lead, edition=edition, questionnaire="short")
    toy.rate(assessment, lead, "F F")
    assert [row.criterion for row in assessment.close(by=lead).checks.all()] == ["x1"]


def test_facts_go_with_their_team_and_move_when_it_is_merged(lead, team, edition):
    other = make_team()
    admin = make_membership(team=other, role="lead").user
    push(team, edition, fact("x1", "failed"), fact("x2"), by=lead)
    push(other, edition, fact("x1", "passed"), by=admin)
    team.merge_into(other, by=admin)
    assert {(row.criterion, row.outcome) for row in other.checks.all()} == {("x1", "passed"), ("x2", "failed")}
    assert CheckState.objects.count() == 2


def test_the_sentence_counts_whole_days(team, lead, edition):
    now = timezone.now()
    push(team, edition, fact(ago=1.9), by=lead)
    _assessment, result = closed(team, lead, edition)
    assert result.checks.get().days == 1
    assert result.checks.get().observed_at < now - datetime.timedelta(days=1)
