"""Facts by the API: what is taken, what is refused, and reports of other programs."""

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from assessments.models import ApiKey, CheckState

from ..api.asking import Program, problem
from ..api.keys import make_key
from ..factories import make_membership, make_team
from .making import make_edition

pytestmark = pytest.mark.django_db

SCORECARD = json.dumps(
    {"score": 7, "checks": [{"name": "Branch-Protection", "score": 8}, {"name": "Fuzzing", "score": -1}]}
)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def edition():
    return make_edition()


@pytest.fixture
def program(lead):
    return Program(make_key(by=lead))


def fact(criterion="x1", **values):
    return {"criterion": criterion, "source": "scorecard", "outcome": "failed"} | values


def push(program, team, edition, *facts, **headers):
    body = {"framework": edition.framework.key, "facts": list(facts)}
    return program.post(f"teams/{team.pk}/checks", body, **headers)


def report(program, team, edition, *, kind="scorecard", **values):
    body = {"framework": edition.framework.key, "map": "Branch-Protection >= 8 -> x1", "text": SCORECARD} | values
    return program.post(f"teams/{team.pk}/reports?kind={kind}", body)


def test_facts_are_stored_and_read_again(program, team, edition):
    assert push(program, team, edition, fact(value="3 of 10"), fact("x2")).json() == {
        "received": 2,
        "stored": 2,
        "changed": 2,
    }
    assert CheckState.objects.first().key == ApiKey.objects.get()
    first, _second = program.get(f"teams/{team.pk}/checks?framework={edition.framework.key}")["items"]
    assert (first["criterion"], first["outcome"], first["value"]) == ("x1", "failed", "3 of 10")
    assert program.get(f"teams/{team.pk}/checks?framework=other")["items"] == []


def test_the_same_command_again_is_carried_out_once(program, team, edition):
    replies = [push(program, team, edition, fact(), Idempotency_Key="run-1") for _ in range(2)]
    assert replies[0].json() == replies[1].json()
    assert replies[1].headers["Idempotency-Replayed"] == "true"


def test_unknown_criteria_are_refused_with_near_ones(program, team, edition):
    said = problem(push(program, team, edition, fact(), fact("x9")), 422)
    assert [error["at"] for error in said["errors"]] == ["facts.1.criterion"]
    assert "Near to it are: x" in said["errors"][0]["message"]
    assert not CheckState.objects.exists()


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,1", "//x", "ftp://x.example/"])
def test_links_lead_to_web_addresses_only(program, team, edition, link):
    said = problem(push(program, team, edition, fact(link=link)), 422)
    assert [error["at"] for error in said["errors"]] == ["facts.0.link"]


@pytest.mark.parametrize(
    "values",
    [
        {"outcome": "maybe"},
        {"source": "a b"},
        {"observed_at": "2026-01-31T12:00:00"},
        {"observed_at": 1},
        {"observed_at": "soon"},
        {"value": "x" * 121},
        {"more": 1},
    ],
)
def test_what_is_not_as_described_is_refused(program, team, edition, values):
    problem(push(program, team, edition, fact(**values)), 422)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
@pytest.mark.parametrize("field", ["observed_at", "valid_until"])
def test_the_ends_of_the_calendar_are_refused(program, team, edition, field, moment):
    problem(push(program, team, edition, fact(**{field: moment})), 422)


def test_no_more_than_five_hundred(program, team, edition):
    assert push(
        program, team, edition, *[fact(source=f"s{n}", link=f"https://a.example/{'x' * 400}") for n in range(500)]
    )
    problem(push(program, team, edition, *[fact()] * 501), 422)
    problem(push(program, team, edition), 422)


def test_neither_a_draft_nor_another_framework(program, team, edition):
    draft = make_edition(published=False)
    for key in (draft.framework.key, "nothing"):
        body = {"framework": key, "facts": [fact()]}
        said = problem(program.post(f"teams/{team.pk}/checks", body), 422)
        assert [error["at"] for error in said["errors"]] == ["framework"]


def test_a_foreign_team_is_missing(program, edition):
    problem(push(program, make_team(), edition, fact()), 404)


def test_a_key_without_the_scope_stores_nothing(team, lead, edition):
    program = Program(make_key(by=lead, scopes=["read", "teams:write"]))
    problem(push(program, team, edition, fact()), 403)
    problem(report(program, team, edition), 403)
    assert not CheckState.objects.exists()


def test_people_who_answer_do_not_read_facts_by_the_api(team, edition):
    """They would see them before they answer."""
    member = Program(make_key(by=make_membership(team=team).user))
    problem(member.ask(f"teams/{team.pk}/checks"), 403)


def test_a_report_becomes_facts(program, team, edition):
    mapping = "Branch-Protection >= 8 -> x1\nFuzzing >= 1 -> x2\nscore >= 8 → x3"
    assert report(program, team, edition, map=mapping).json()["stored"] == 3
    outcomes = dict(CheckState.objects.values_list("criterion", "outcome"))
    assert outcomes == {"x1": "passed", "x2": "unknown", "x3": "failed"}


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ({"map": "nonsense"}, "map"),
        ({"text": "no JSON"}, "text"),
        ({"text": '{"checks": ' + "[" * 100_000 + "]" * 100_000 + "}"}, "text"),
        ({"kind": "junit", "map": "a -> x1", "text": "<!DOCTYPE a [<!ENTITY b 'c'>]><testsuite/>"}, "text"),
        ({"map": "Branch-Protection >= 8 -> x77"}, "0.criterion"),
    ],
)
def test_a_report_that_cannot_be_read_stores_nothing(program, team, edition, values, at):
    said = problem(report(program, team, edition, **values), 422)
    assert [error["at"] for error in said["errors"]] == [at]
    assert not CheckState.objects.exists()


def test_a_report_that_is_too_long_is_refused(program, team, edition):
    problem(report(program, team, edition, text="x" * 2_000_001), 422)
    problem(report(program, team, edition, text="x" * 6_000_000), 413)


@pytest.mark.slow
def test_ten_thousand_facts_take_less_than_a_minute(program, team, edition):
    began = time.process_time()
    now = timezone.now() - timedelta(days=1)
    for call in range(20):
        facts = [
            fact(f"x{n % 4 + 1}", source=f"s{n // 4}", observed_at=(now + timedelta(seconds=call)).isoformat())
            for n in range(500)
        ]
        assert push(program, team, edition, *facts).json()["stored"] == 500
    assert time.process_time() - began < 60
