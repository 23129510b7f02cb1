"""What programs change in units, teams, members, rounds, figures and webhooks, and what they cannot."""

import datetime

import pytest
from django.utils import timezone

from assessments.models import (
    ApiReply,
    Event,
    Mail,
    Measurement,
    Membership,
    Round,
    Team,
    Unit,
    User,
    Webhook,
)

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from .asking import Program, problem
from .keys import make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team(unit=make_unit())


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def program(lead):
    return Program(make_key(by=lead))


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


@pytest.fixture
def ruling(admin):
    return Program(make_key(by=admin))


HOOK = {
    "name": "Program",
    "kind": "json",
    "address": "https://1.1.1.1/secret-path",
    "happenings": ["assessment.closed"],
}


def test_a_unit_is_added_moved_and_deleted(ruling, admin):
    top = ruling.post("units", {"name": "Top"})
    assert top.status_code == 201
    below = ruling.post("units", {"name": "Below", "parent": top.json()["id"]}).json()
    assert problem(ruling.post("units", {"name": "below", "parent": top.json()["id"]}), 409)["errors"]
    path = f"units/{below['id']}"
    read = ruling.ask(path).headers["ETag"]
    assert ruling.ask(path, "PATCH", {"name": "Under"}, If_Match=read).json()["parent"] == top.json()["id"]
    problem(ruling.ask(path, "PATCH", {"name": "Over"}, If_Match=read), 412)
    # Not below itself.
    problem(ruling.ask(f"units/{top.json()['id']}", "PATCH", {"parent": below["id"]}), 422)
    problem(ruling.ask(f"units/{top.json()['id']}", "DELETE"), 409)
    assert ruling.ask(path, "PATCH", {"parent": None}).json()["parent"] is None
    assert ruling.ask(path, "DELETE").status_code == 204
    assert not Unit.objects.filter(pk=below["id"]).exists()
    assert Event.objects.filter(kind="unit.changed", actor=admin).count() == 2


def test_managers_of_a_unit(ruling, team):
    made = ruling.post(f"units/{team.unit_id}/managers", {"email": "ada@example.org", "name": "Ada"})
    assert (made.status_code, made.json()["role"]) == (201, "manager")
    assert [row["id"] for row in ruling.get(f"units/{team.unit_id}/managers")["items"]] == [made.json()["id"]]
    problem(ruling.ask(f"units/{make_unit().pk}/managers/{made.json()['id']}", "DELETE"), 404)
    assert ruling.ask(f"units/{team.unit_id}/managers/{made.json()['id']}", "DELETE").status_code == 204
    assert not Membership.objects.filter(pk=made.json()["id"]).exists()


def test_a_team_is_added_renamed_and_moved(ruling, program, team, lead):
    made = ruling.post("teams", {"name": "Search", "unit": team.unit_id, "about": "Finds."}).json()
    assert Team.objects.get(pk=made["id"]).about == "Finds."
    # A name that is taken may be free another time; with something else that is wrong it is not.
    problem(ruling.post("teams", {"name": "search", "unit": team.unit_id}), 409)
    problem(ruling.post("teams", {"name": "search", "unit": team.unit_id, "time_zone": "Nowhere"}), 422)
    said = problem(ruling.post("teams", {"name": "Other", "unit": team.unit_id, "time_zone": "Nowhere"}), 422)
    assert [error["at"] for error in said["errors"]] == ["time_zone"]
    path = f"teams/{team.pk}"
    assert program.ask(path, "PATCH", {"name": "Ranking", "about": ""}).json()["name"] == "Ranking"
    # A lead renames the team, and does not move it.
    elsewhere = make_unit()
    problem(program.ask(path, "PATCH", {"unit": elsewhere.pk}), 403)
    assert ruling.ask(path, "PATCH", {"unit": elsewhere.pk}).json()["unit"] == elsewhere.pk
    # Nothing can be set that is not offered.
    for field in ("is_demo", "id", "created_at", "revision"):
        assert problem(program.ask(path, "PATCH", {field: 1}), 422)["errors"][0]["at"] == field


def test_members_come_get_another_role_and_go(program, team, lead, settings):
    settings.MAIL_ENABLED = True
    path = f"teams/{team.pk}/memberships"
    made = program.post(path, {"email": "ada@example.org", "name": "Ada"}, Idempotency_Key="once")
    assert program.post(path, {"email": "ada@example.org", "name": "Ada"}, Idempotency_Key="once").json() == made.json()
    assert Mail.objects.filter(kind=Mail.Kind.NEW_ACCOUNT).count() == 1
    assert "set" not in made.content.decode()
    mine = lead.memberships.get()
    problem(program.ask(f"{path}/{mine.pk}", "DELETE"), 409)
    problem(program.ask(f"{path}/{mine.pk}", "PATCH", {"role": "viewer"}), 409)
    problem(program.ask(f"{path}/{made.json()['id']}", "PATCH", {"role": "manager"}), 422)
    foreign = make_membership(team=make_team())
    problem(program.ask(f"{path}/{foreign.pk}", "DELETE"), 404)
    assert program.ask(f"{path}/{made.json()['id']}", "PATCH", {"role": "lead"}).json()["role"] == "lead"
    assert program.ask(f"{path}/{mine.pk}", "DELETE").status_code == 204
    problem(program.ask(path), 404)
    User.objects.get(email="ada@example.org")


def test_figures_are_recorded_replaced_and_removed(program, team, lead):
    path = f"teams/{team.pk}/metrics/lead-time/2026-01"
    problem(program.ask(path), 404)
    assert program.ask(path, "PUT", {"value": 52.5, "link": "https://example.org/"}).json()["value"] == 52.5
    row = Measurement.objects.get()
    assert (row.source, row.by, row.month) == ("api", lead, datetime.date(2026, 1, 1))
    read = program.ask(path).headers["ETag"]
    assert program.ask(path, "PUT", {"value": 40}, If_Match=read).json()["value"] == 40
    problem(program.ask(path, "PUT", {"value": 41}, If_Match=read), 412)
    problem(program.ask(f"teams/{team.pk}/metrics/lead-time/2026-02", "PUT", {"value": 41}, If_Match="*"), 412)
    for wrong, at in (({"value": -1}, "value"), ({"value": "1"}, "value"), ({"value": True}, "value"), ({}, "value")):
        assert problem(program.ask(path, "PUT", wrong), 422)["errors"][0]["at"] == at
    for where, at in (("nothing/2026-01", "key"), ("lead-time/2999-01", "month"), ("lead-time/1999-01", "")):
        said = problem(program.ask(f"teams/{team.pk}/metrics/{where}", "PUT", {"value": 1}), 422)
        assert not at or [error["at"] for error in said["errors"]] == [at]
    said = problem(program.ask(f"teams/{team.pk}/metrics/change-failure-rate/2026-01", "PUT", {"value": 101}), 422)
    assert [error["at"] for error in said["errors"]] == ["value"]
    assert program.ask(path, "DELETE").status_code == 204
    problem(program.ask(path, "DELETE"), 404)
    kinds = list(Event.objects.filter(kind__startswith="measurement").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["measurement.recorded", "measurement.corrected", "measurement.removed"]


def test_a_round_is_drafted_started_extended_and_closed(team):
    manager = make_membership(unit=team.unit, role="manager").user
    make_membership(team=team, role="lead")
    program, edition, today = Program(make_key(by=manager)), toy.make_edition(), timezone.localdate()
    terms = {"name": "Autumn", "edition": str(edition.pk), "opens": str(today), "due": str(today)}
    # Only administrators ask the whole organisation, and a manager nobody else's unit.
    assert problem(program.post("rounds", terms), 422)["errors"][0]["at"] == "unit"
    assert problem(program.post("rounds", terms | {"unit": make_unit().pk}), 422)["errors"][0]["at"] == "unit"
    made = program.post("rounds", terms | {"unit": team.unit_id})
    path = f"rounds/{made.json()['id']}"
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    later = str(today + datetime.timedelta(days=9))
    assert program.ask(path, "PATCH", {"due": later, "anonymous": True}).json()["due"] == later
    problem(program.post(f"{path}/remind"), 409)
    problem(program.post(f"{path}/start", {"teams": [str(make_team().pk)]}), 422)
    assert program.post(f"{path}/start", {"teams": [str(team.pk)]}).json()["state"] == "running"
    row = Round.objects.get()
    assert (row.anonymous, row.started_by) == (True, manager)
    assert row.resume() == 1
    problem(program.ask(path, "DELETE"), 409)
    problem(program.ask(path, "PATCH", {"name": "Winter"}), 409)
    problem(program.post(f"{path}/extend", {"due": str(today)}), 422)
    assert program.post(f"{path}/extend", {"due": str(today + datetime.timedelta(days=20))}).json() == {"teams": 1}
    assert program.post(f"{path}/remind").json() == {"teams": 1}
    assert program.post(f"{path}/remind-leads").json() == {"teams": 0}
    assert program.post(f"{path}/close").json()["state"] == "closed"
    draft = program.post("rounds", terms | {"unit": team.unit_id}).json()
    assert program.ask(f"rounds/{draft['id']}", "DELETE").status_code == 204


def test_the_secret_of_a_webhook_is_told_once(program, team):
    made = program.post(f"teams/{team.pk}/webhooks", HOOK, Idempotency_Key="once")
    row = Webhook.objects.get()
    assert (made.status_code, made.json()["secret"]) == (201, row.secret())
    assert row.address() == HOOK["address"]
    again = program.post(f"teams/{team.pk}/webhooks", HOOK, Idempotency_Key="once")
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", made.json() | {"secret": None})
    assert row.secret() not in str(list(ApiReply.objects.values()))
    path = f"webhooks/{row.pk}"
    for answer in (program.ask(path), program.ask("webhooks"), program.ask(path, "PATCH", {"name": "Other"})):
        assert row.secret() not in answer.content.decode()
        assert "secret-path" not in answer.content.decode()


def test_a_webhook_is_switched_tested_and_deleted(program, team):
    made = program.post(f"teams/{team.pk}/webhooks", HOOK).json()
    path = f"webhooks/{made['id']}"
    assert program.post(f"{path}/off").json()["is_on"] is False
    problem(program.post(f"{path}/test"), 409)
    assert program.post(f"{path}/on").json()["is_on"] is True
    program.post(f"{path}/test")
    (delivery,) = program.get(f"{path}/deliveries")["items"]
    assert (delivery["happening"], delivery["state"], delivery["tries"]) == ("test", "waiting", 0)
    assert program.post(f"{path}/deliveries/{delivery['id']}/again").status_code == 200
    problem(program.post(f"{path}/deliveries/{delivery['id'] + 1}/again"), 404)
    assert program.ask(path, "DELETE").status_code == 204
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "wrong,at",
    [
        ({"address": "https://127.0.0.1/"}, "address"),
        ({"address": "http://1.1.1.1/"}, "address"),
        ({"address": "https://169.254.169.254/latest"}, "address"),
        ({"address": "https://[::ffff:10.0.0.1]/"}, "address"),
        ({"happenings": ["round.started"]}, "happenings"),
    ],
)
def test_a_webhook_that_may_not_be_is_refused(program, team, wrong, at):
    said = problem(program.post(f"teams/{team.pk}/webhooks", HOOK | wrong), 422)
    assert [error["at"] for error in said["errors"]] == [at]
    assert not Webhook.objects.exists()


def test_an_assessment_is_reopened_answered_again_and_discarded(program, team, lead):
    edition = toy.make_edition()
    closed = toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1)).assessment
    problem(program.ask(f"assessments/{closed.pk}", "DELETE"), 409)
    problem(program.post(f"assessments/{closed.pk}/answer-again"), 409)
    problem(program.post(f"assessments/{closed.pk}/reopen", {"reason": ""}), 422)
    said = program.post(f"assessments/{closed.pk}/reopen", {"reason": "To add something.", "to": "review"}).json()
    assert said["status"] == "review"
    draft = toy.start(team=team, by=lead, edition=toy.make_edition())
    assert program.ask(f"assessments/{draft.pk}", "DELETE").status_code == 204
    problem(program.ask(f"assessments/{draft.pk}"), 404)


def test_two_results_beside_each_other(program, team):
    edition = toy.make_edition()
    first, second = (toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, day)) for day in (1, 2))
    compared = program.get(f"teams/{team.pk}/compare?earlier={first.pk}&later={second.pk}")
    whole = compared["whole"]
    assert (whole["level"]["before"], whole["level"]["after"]) == (first.level, second.level)
    assert f"{whole['index']['after']:.2f}" == second.index_text
    assert len(compared["criteria"]) == 8
    foreign = toy.add_result(team=make_team(), edition=edition, date=datetime.date(2026, 1, 1))
    problem(program.ask(f"teams/{team.pk}/compare?earlier={foreign.pk}&later={second.pk}"), 404)
    other = toy.add_result(team=team, edition=toy.make_edition(), date=datetime.date(2026, 1, 3))
    problem(program.ask(f"teams/{team.pk}/compare?earlier={other.pk}&later={second.pk}"), 422)
    problem(program.ask(f"teams/{team.pk}/compare"), 422)


def test_events_tell_of_members_and_of_nothing_that_people_answer(program, team, lead):
    member = make_user()
    team.add_member(email=member.email, name="", role="member", by=lead)
    assessment = toy.start(team=team, by=lead, edition=toy.make_edition())
    toy.rate(assessment, member, "F F L N F F P N")
    assessment.submit(by=member)
    events = program.get(f"teams/{team.pk}/events")["items"]
    assert {event["kind"] for event in events} == {"member.added"}
    assert events[-1]["person"]["id"] == str(member.pk)
    parts = program.get(f"teams/{team.pk}/events?limit=1")
    assert len(parts["items"]) == 1
