"""Two people enter a value for the same month at the same moment: one is stored, and the other is told."""

import pytest

from assessments.models import Conflict, Event, Measurement

from ..at_once import at_once
from ..factories import make_membership, make_team
from .making import record

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_one_value_a_month_is_stored_and_the_others_meet_it():
    lead = make_membership(team=make_team(), role="lead")

    def enter(value: int):
        return lambda: record(lead.team, "lead-time", "2026-01", value, by=lead.user)

    outcomes = at_once(*(enter(value) for value in range(6)))
    stored = [outcome for outcome in outcomes if isinstance(outcome, Measurement)]
    assert len(stored) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 5
    assert Measurement.objects.get().value == stored[0].value
    assert Event.objects.filter(kind="measurement.recorded").count() == 1
