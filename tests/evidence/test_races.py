"""Facts that come at the same moment as others, or as a closing."""

import pytest

from assessments.models import CheckAtClosing, CheckState, Pushed, Result

from .. import toy
from ..at_once import at_once
from ..factories import make_membership, make_team
from .making import fact, make_edition, push

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_of_facts_that_come_at_once_the_newest_stays():
    lead = make_membership(team=make_team(), role="lead")
    edition = make_edition()
    facts = [fact(outcome="failed" if number else "passed", ago=number) for number in range(6)]
    outcomes = at_once(*(lambda one=one: push(lead.team, edition, one, by=lead.user) for one in facts))
    assert [type(outcome) for outcome in outcomes] == [Pushed] * 6
    assert CheckState.objects.get().observed_at == facts[0].observed_at
    assert CheckState.objects.get().outcome == "passed"


def test_a_closing_keeps_what_was_known_before_or_after_and_its_figures():
    lead = make_membership(team=make_team(), role="lead")
    edition = make_edition()
    push(lead.team, edition, fact("x1", ago=3), fact("x3", ago=3), by=lead.user)
    assessment = toy.start(team=lead.team, by=lead.user, edition=edition)
    toy.rate(assessment, lead.user, "F F L N F F P N")
    level = assessment.score().whole.outcomes["largely"].level

    def report():
        return push(lead.team, edition, fact("x1", "passed", ago=1), fact("x3", "passed", ago=1), by=lead.user)

    result, pushed = at_once(lambda: assessment.close(by=lead.user), report)
    assert isinstance(result, Result)
    assert isinstance(pushed, Pushed)
    assert result.level == level
    # Both or neither: what comes in one call is known at once.
    assert set(CheckAtClosing.objects.values_list("outcome", flat=True)) in ({"failed"}, {"passed"})
    assert CheckAtClosing.objects.count() == 2
