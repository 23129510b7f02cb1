"""Units and teams that several people change, fill and delete at the same moment."""

from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from assessments.models import Conflict, Event, Membership, Refused, Team, Unit

from ..at_once import at_once
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 6


def told(outcome: Any) -> bool:
    """Whether somebody was told with a sentence; any other error would be one of the page."""
    assert not isinstance(outcome, Exception) or isinstance(outcome, (Refused, ValidationError)), repr(outcome)
    return isinstance(outcome, Exception)


def test_of_two_changes_at_once_one_is_in_conflict():
    admin = make_user(is_administrator=True)
    team, unit, membership = make_team(), make_unit(), make_membership(team=make_team(), role="member")
    for seen in range(ROUNDS):
        for row in (team, unit):
            names = [f"{seen} {n}" for n in range(2)]
            outcomes = at_once(*(partial(row.change, by=admin, seen=seen, name=name) for name in names))
            assert [type(outcome) for outcome in outcomes].count(Conflict) == 1
        roles = ["lead", "viewer"] if seen % 2 else ["member", "viewer"]
        Membership.objects.filter(pk=membership.pk).update(role="lead" if roles[0] == "member" else "member")
        own = [Membership.objects.get(pk=membership.pk) for _ in roles]
        outcomes = at_once(
            *(
                partial(row.team.change_role, row, role, by=admin, seen=row.revision)
                for row, role in zip(own, roles, strict=True)
            )
        )
        assert [type(outcome) for outcome in outcomes].count(Conflict) == 1
    for row in (team, unit):
        row.refresh_from_db()
        assert row.revision == ROUNDS


@pytest.mark.parametrize("what", ["change", "add_manager", "remove"])
def test_a_unit_is_deleted_beside_something_else(what):
    admin = make_user(is_administrator=True)
    commands = {
        "change": lambda unit: unit.change(by=admin, seen=0, name=f"Other {unit.pk}"),
        "add_manager": lambda unit: unit.add_manager(email=f"kim{unit.pk}@example.org", name="", by=admin),
        "remove": lambda unit: unit.remove(by=admin),
    }
    for _ in range(ROUNDS):
        unit = make_unit()
        first, second = (Unit.objects.get(pk=unit.pk) for _ in range(2))
        outcomes = at_once(partial(first.remove, by=admin), partial(commands[what], second))
        assert not told(outcomes[0])
        told(outcomes[1])
        assert not Unit.objects.filter(pk=unit.pk).exists()
        assert Event.objects.filter(kind="unit.deleted", data__unit=unit.pk).count() == 1


def test_a_team_comes_to_a_unit_that_is_deleted():
    admin = make_user(is_administrator=True)
    for round_ in range(ROUNDS):
        unit = make_unit()
        team = Team(name=f"New {round_}", unit_id=unit.pk)
        removed, added = at_once(partial(unit.remove, by=admin), partial(team.add, by=admin))
        is_there = Unit.objects.filter(pk=unit.pk).exists()
        assert Team.objects.filter(name=f"New {round_}").exists() is is_there
        # The database refuses a team without a unit; the form says so when it is checked once more.
        assert isinstance(added, Team) if is_there else isinstance(added, (IntegrityError, Unit.DoesNotExist))
        assert told(removed) is is_there


def test_units_that_are_moved_below_each_other_stay_a_tree():
    admin = make_user(is_administrator=True)
    for _ in range(ROUNDS):
        first, second = make_unit(), make_unit()
        at_once(
            partial(first.change, by=admin, seen=0, parent=second),
            partial(second.change, by=admin, seen=0, parent=first),
        )
        parents = Unit.objects.filter(pk__in=[first.pk, second.pk]).values_list("parent", flat=True)
        assert list(parents).count(None) == 1


def test_the_last_two_leads_do_not_leave_at_the_same_moment():
    for _ in range(ROUNDS):
        team = make_team()
        leads = [make_membership(team=team, role="lead") for _ in range(2)]
        outcomes = at_once(*(partial(team.remove_member, own, by=own.user) for own in leads))
        assert sum(map(told, outcomes)) == 1
        assert team.memberships.filter(role="lead").count() == 1
