"""The Python client in one file, against a running server."""

import datetime
import importlib.util
import json
import sys
from pathlib import Path

import pytest

from assessments.models import Action, Assessment

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from .keys import make_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FILE = Path(__file__).parent.parent.parent / "clients" / "python" / "maturity_client.py"


@pytest.fixture(scope="module")
def module():
    specification = importlib.util.spec_from_file_location("maturity_client", FILE)
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def team():
    return make_team(unit=make_unit())


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def key(lead):
    return make_key(by=lead).text


@pytest.fixture
def client_of(module, live_server, key):
    return module.Maturity(live_server.url, key)


def test_an_assessment_from_the_start_to_its_result(client_of, team, lead):
    edition = toy.make_edition()
    assert client_of.me()["email"] == lead.email
    assert [row["id"] for row in client_of.teams()] == [str(team.pk)]
    assert [row["key"] for row in client_of.frameworks()] == [edition.framework.key]
    made = [
        client_of.start_assessment(str(team.pk), edition=str(edition.pk), due="2030-01-01", once="run-1")
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assessment = Assessment.objects.get()
    toy.rate(assessment, lead, "F F L N F F P N")
    assert client_of.end_answering(made[0]["id"])["status"] == "review"
    closed = client_of.close(made[0]["id"])
    result = client_of.result(closed["result"])
    assert [row["id"] for row in client_of.results(team=str(team.pk))] == [result["id"]]
    assert len(result["criteria"]) == 8


def test_a_list_is_read_to_its_end(client_of, team, lead, monkeypatch):
    edition = toy.make_edition()
    for number in range(205):
        Action.objects.plan(team=team, framework=edition.framework, criterion="x1", text=f"{number}", by=lead)
    assert [row["text"] for row in client_of.actions()] == [str(number) for number in range(205)]


def test_a_refusal_says_why(client_of, module, team, lead):
    edition = toy.make_edition()
    with pytest.raises(module.MaturityError) as refused:
        client_of.plan_action(str(team.pk), framework=edition.framework.key, criterion="zz", text="Do it.")
    assert (refused.value.status, refused.value.errors[0]["at"]) == (422, "criterion")
    made = client_of.plan_action(str(team.pk), framework=edition.framework.key, criterion="x1", text="Do it.")
    client_of.action(made["id"])
    client_of.change_action(made["id"], status="doing")
    client_of.action(made["id"])
    Action.objects.get().change(by=lead, seen=None, status="done")
    with pytest.raises(module.ChangedMeanwhile):
        client_of.change_action(made["id"], only_as_read=True, status="open")
    assert client_of.change_action(made["id"], text="Done.")["text"] == "Done."


def test_it_waits_when_it_is_told_to(client_of, module, monkeypatch):
    """Here it is told so at each try, and gives up after the last one."""
    from assessments.api import requests

    monkeypatch.setattr(requests, "LIMIT", 0)
    waited = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    with pytest.raises(module.MaturityError) as refused:
        client_of.me()
    assert refused.value.status == 429
    assert len(waited) == module.Maturity.TRIES - 1
    assert all(1 <= seconds <= 60 for seconds in waited)


def test_figures_members_and_a_reopened_assessment(client_of, module, team, lead):
    pk = str(team.pk)
    assert "lead-time" in [metric["key"] for metric in client_of.metrics(pk)]
    client_of.record(pk, "lead-time", "2026-01", 52.5, link="https://example.org/")
    assert client_of.record(pk, "lead-time", "2026-01", 40)["value"] == 40
    assert [row["month"] for row in client_of.measurements(pk)] == ["2026-01"]
    client_of.remove_figure(pk, "lead-time", "2026-01")
    assert list(client_of.measurements(pk, metric="lead-time")) == []

    member = client_of.add_member(pk, "ada@example.org", name="Ada", role="viewer")
    assert client_of.change_role(pk, member["id"], "member")["role"] == "member"
    client_of.remove_member(pk, member["id"])
    kinds = [event["kind"] for event in client_of.events(pk) if event["person"]["name"] == "Ada"]
    assert kinds == ["member.added", "member.role", "member.removed"]
    with pytest.raises(module.MaturityError) as refused:
        client_of.add_unit("Another")
    assert refused.value.status == 403

    first = toy.add_result(team=team, edition=toy.make_edition(), date=datetime.date(2026, 1, 1))
    reopened = client_of.reopen(str(first.assessment_id), reason="To add something.", to="review")
    assert reopened["status"] == "review"
    assert client_of.answer_again(reopened["id"])["status"] == "open"
    compared = client_of.compare(pk, earlier=str(first.pk), later=str(first.pk))
    assert compared["whole"]["level"]["change"] == 0
    assert {criterion["kind"] for criterion in compared["criteria"]} == {"same"}


def test_the_command_line_prints_a_row_a_line(module, live_server, key, team, monkeypatch, capsys):
    monkeypatch.setenv("MATURITY_URL", live_server.url)
    monkeypatch.setenv("MATURITY_KEY", key)
    assert module.main(["teams"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == team.name
    monkeypatch.setenv("MATURITY_KEY", make_key(by=make_user(), scopes=["teams:write"]).text)
    assert module.main(["teams"]) == 1
    assert "read" in capsys.readouterr().err


def test_it_needs_nothing_but_python():
    import ast

    tree = ast.parse(FILE.read_text())
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names)
