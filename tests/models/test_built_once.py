"""Queries that are built once say the same as the queryset that they are built from."""

import datetime
import sys
import threading
import uuid

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef
from django.test.utils import CaptureQueriesContext

from assessments.models import Membership, Result, Team, Unit, User
from assessments.models.built_once import BuiltOnce

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


def test_a_row_has_its_columns_those_beside_it_and_what_was_worked_out():
    member = make_membership(team=make_team())
    teams = BuiltOnce(
        lambda pk, user: (
            Team.objects.filter(pk=pk)
            .select_related("unit")
            .annotate(is_own=Exists(Membership.objects.filter(team=OuterRef("pk"), user=user)))
        ),
        uuid.UUID,
        uuid.UUID,
    )
    for user, is_own in ((member.user, True), (make_user(), False)):
        team = teams.first(member.team.pk, user.pk)
        assert team == member.team
        assert {field.attname: getattr(team, field.attname) for field in Team._meta.concrete_fields} == {
            field.attname: getattr(member.team, field.attname) for field in Team._meta.concrete_fields
        }
        assert bool(team.is_own) is is_own
        with CaptureQueriesContext(connection) as asked:
            assert team.unit == member.team.unit
        assert not asked


def test_what_stands_beside_it_may_be_missing():
    unit = Unit.objects.create(name="On top")
    units = BuiltOnce(lambda name: Unit.objects.filter(name=name).select_related("parent"), str)
    assert units.first("On top") == unit
    assert units.first("On top").parent is None


def test_columns_that_are_left_out_are_read_when_they_are_asked_for():
    user = make_user(name="Ada")
    person = BuiltOnce(lambda pk: User.objects.filter(pk=pk).only("email"), uuid.UUID).first(user.pk)
    assert person.get_deferred_fields() >= {"name"}
    assert person.name == "Ada"


def test_other_values_other_rows():
    teams = BuiltOnce(lambda pk: Team.objects.filter(pk=pk), uuid.UUID)
    one, other = make_team(name="One"), make_team(name="Other")
    assert [teams.first(team.pk).name for team in (one, other, one)] == ["One", "Other", "One"]
    assert teams.first(uuid.uuid4()) is None


def test_nothing_of_an_answer_is_kept():
    team = make_team(name="Before")
    teams = BuiltOnce(lambda pk: Team.objects.filter(pk=pk), uuid.UUID)
    teams.first(team.pk)
    Team.objects.filter(pk=team.pk).update(name="After")
    assert teams.first(team.pk).name == "After"


def test_tuples_by_uuid_number_text_and_day():
    result = toy.add_result(team=make_team(), edition=toy.make_edition(), date=datetime.date(2026, 3, 1))
    results = BuiltOnce(
        lambda team, framework, former, day: (
            Result.objects.filter(team=team, framework=framework, former_team=former, date__lte=day)
            .order_by("date")
            .values_list("pk", "team_id", "date", "created_at", "is_current")
        ),
        uuid.UUID,
        int,
        str,
        datetime.date,
    )
    values = (result.team_id, result.framework_id, "")
    expected = (result.pk, result.team_id, result.date, result.created_at, True)
    assert results.rows(*values, result.date) == [expected]
    assert results.rows(*values, result.date - datetime.timedelta(days=1)) == []
    assert results.rows(result.team_id, result.framework_id + 1, "", result.date) == []


def test_a_value_that_the_statement_does_not_have_is_a_fault():
    teams = BuiltOnce(lambda pk, unused: Team.objects.filter(pk=pk), uuid.UUID, str)
    with pytest.raises(ValueError, match="not in its statement"):
        teams.first(uuid.uuid4(), "")


def test_threads_that_build_the_same_statement_make_the_same_one():
    """A query of rows with related ones is changed while its statement is made."""

    def build(pk):
        return Result.objects.select_related("team__unit", "assessment").filter(pk=pk)

    made, interval = set(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(100):
            query = BuiltOnce(build, uuid.UUID)
            query._queryset = build(uuid.uuid4())
            threads = [threading.Thread(target=query._statement, args=["default"]) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            made.add(query._statement("default")._sql)
    finally:
        sys.setswitchinterval(interval)
    alone = BuiltOnce(build, uuid.UUID)._statement("default")._sql
    assert made == {alone}
