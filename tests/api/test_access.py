"""Every operation for every persona and scope. One that is not in the table fails the test that walks them.

Codes: 2 done (200, 201 or 204), 0 forbidden (403), 4 not found (404), 9 refused by the state (409).
"""

import datetime
import json
import re

import pytest
from django.db import transaction

from assessments.api.service import api
from assessments.models import ApiKey

from ..permissions.test_access_matrix import World
from .asking import Program, problem
from .keys import make_key

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PERSONAS = ["admin", "manager", "lead", "member", "viewer", "outsider"]
#: (operation): one code per persona, in the order above. The team is the one of manager, lead, member and viewer.
EXPECTED = {
    "me": "222222",
    "people": "200000",
    "person": "200000",
    "units": "222222",
    "unit": "222224",
    "teams": "222222",
    "team": "222224",
    "memberships": "222224",
    "frameworks": "222222",
    "editions": "222222",
    "edition": "222222",
    "edition_file": "222222",
    "assessments": "222222",
    "assessment": "222224",
    "results": "222222",
    "result": "222224",
    "targets": "222222",
    "target": "222224",
    "actions": "222222",
    "action": "022224",
    "rounds": "222222",
    "round_": "224444",
    "webhooks": "222222",
    "webhook": "202004",
    "start": "002004",
    "set_due": "002004",
    "invite": "002004",
    "open_draft": "002004",
    "end_answering": "002004",
    "close": "002004",
    "set_target": "022004",
    "remove_target": "022004",
    "plan_action": "002204",
    "change_action": "002204",
    "checks": "022004",
    "push_checks": "022004",
    "push_report": "022004",
    "import_framework": "200000",
    "answer_again": "002004",
    "reopen": "002004",
    "discard": "002004",
    "compare": "022224",
    "metrics": "022224",
    "measurements": "022224",
    "measurement": "022224",
    "record_measurement": "022004",
    "remove_measurement": "022004",
    "add_unit": "200000",
    "change_unit": "200000",
    "remove_unit": "200000",
    "managers": "200000",
    "add_manager": "200000",
    "remove_manager": "200000",
    "add_team": "200000",
    "change_team": "202004",
    "add_member": "202004",
    "change_role": "202004",
    "remove_member": "202004",
    "events": "222224",
    "draft_round": "220000",
    "change_round": "224444",
    "discard_round": "224444",
    "start_round": "224444",
    "extend_round": "224444",
    "remind_round": "224444",
    "remind_leads": "224444",
    "close_round": "224444",
    "add_site_webhook": "200000",
    "add_team_webhook": "202004",
    "change_webhook": "202004",
    "remove_webhook": "202004",
    "turn_webhook_off": "202004",
    "turn_webhook_on": "202004",
    "send_test": "202004",
    "deliveries": "202004",
    "send_again": "202004",
}
LISTS = ("units", "teams", "editions", "assessments", "results", "targets", "actions", "rounds", "webhooks")
DONE = {200, 201, 204}


class ApiWorld(World):
    def __init__(self):
        super().__init__()
        self.keys = {persona: make_key(by=getattr(self, persona)) for persona in PERSONAS}

    def path(self, operation: str, path: str) -> str:
        webhook = self.webhook.pk
        pk = {
            "person": self.viewer.pk,
            "unit": self.team.unit_id,
            "edition": self.edition.pk,
            "edition_file": self.edition.pk,
            "result": self.result.pk,
            "target": self.target.pk,
            "remove_target": self.target.pk,
            "action": self.action.pk,
            "change_action": self.action.pk,
            "round_": self.round.pk,
            "webhook": self.webhook.pk,
            "assessment": self.open.pk,
            "set_due": self.open.pk,
            "invite": self.open.pk,
            "open_draft": self.draft.pk,
            "end_answering": self.open.pk,
            "close": self.open.pk,
            "answer_again": self.reviewed.pk,
            "reopen": self.result.assessment_id,
            "discard": self.open.pk,
            **dict.fromkeys(("change_unit", "managers", "add_manager", "remove_manager"), self.team.unit_id),
            "remove_unit": self.empty_unit.pk,
            **dict.fromkeys(("extend_round", "remind_round", "remind_leads", "close_round"), self.round.pk),
            **dict.fromkeys(("change_round", "discard_round", "start_round"), self.round_draft.pk),
            **dict.fromkeys(("change_webhook", "remove_webhook", "turn_webhook_off", "turn_webhook_on"), webhook),
            **dict.fromkeys(("send_test", "deliveries", "send_again"), webhook),
        }.get(operation, self.team.pk)
        membership = self.unit_manager if operation == "remove_manager" else self.newcomer
        values = {
            "pk": pk,
            "membership": membership.pk,
            "key": self.figure.metric,
            "month": f"{self.figure.month:%Y-%m}",
            "delivery": self.delivery.pk,
        }
        query = {
            "compare": f"?earlier={self.result.pk}&later={self.result.pk}",
            "push_report": "?kind=scorecard",
        }.get(operation, "")
        return path.format(**values).removeprefix("/api/v1/") + query

    def body(self, operation: str):
        framework = self.edition.framework.key
        days = {"opens": str(self.round.opens), "due": str(self.round.due)}
        webhook = {
            "name": "Program",
            "kind": "json",
            "address": "https://93.184.216.34/hook",
            "happenings": ["assessment.closed"],
        }
        return {
            "start": {"edition": str(self.other.pk)},
            "set_due": {"due": None},
            "invite": {"addresses": ["somebody@example.org"]},
            "set_target": {"framework": framework, "level": 2, "due": "2030-01-01", "why": "To try."},
            "plan_action": {"framework": framework, "criterion": "x1", "text": "Do it."},
            "push_checks": {
                "framework": framework,
                "facts": [{"criterion": "x1", "source": "scorecard", "outcome": "passed"}],
            },
            "push_report": {"framework": framework, "map": "Score >= 8 -> x1", "text": '{"checks": []}'},
            "change_action": {"status": "doing"},
            "import_framework": {"text": self.file},
            "reopen": {"reason": "To try."},
            "record_measurement": {"value": 7.5},
            "add_unit": {"name": "Another"},
            "change_unit": {"name": "Other name"},
            "add_manager": {"email": "manager@example.org"},
            "add_team": {"name": "Another", "unit": self.team.unit_id},
            "change_team": {"name": "Other name"},
            "add_member": {"email": "member@example.org"},
            "change_role": {"role": "member"},
            "draft_round": {"name": "Round", "edition": str(self.edition.pk), "unit": self.team.unit_id} | days,
            "change_round": {"name": "Other name"},
            "start_round": {"teams": [str(self.team.pk)]},
            "extend_round": {"due": str(self.round.due + datetime.timedelta(days=1))},
            "add_site_webhook": webhook,
            "add_team_webhook": webhook,
            "change_webhook": {"name": "Other name", "happenings": ["assessment.closed"]},
        }.get(operation)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    from assessments.frameworks.format.files import write
    from assessments.frameworks.storing import file_of

    from .. import toy

    with django_db_blocker.unblock(), transaction.atomic():
        world = ApiWorld()
        world.other = toy.make_edition()
        world.file = write(file_of(world.other)).replace("version: 1.0.0", "version: 2.0.0")
        yield world
        transaction.set_rollback(True)


def operations():
    """(operation, method, path, scope) of all that the description lists."""
    for path, methods in api.get_openapi_schema(path_prefix="api/v1/")["paths"].items():
        for method, details in methods.items():
            yield details["operationId"], method.upper(), path, details["x-scope"]


OPERATIONS = list(operations())


def test_every_operation_is_in_the_table():
    assert {operation for operation, *_ in OPERATIONS} == set(EXPECTED)
    assert len(OPERATIONS) == len(EXPECTED)


@pytest.mark.parametrize("operation,method,path,scope", OPERATIONS)
def test_each_persona_gets_what_the_table_says(world, operation, method, path, scope):
    seen = ""
    for persona in PERSONAS:
        with transaction.atomic():
            where, body = world.path(operation, path), world.body(operation)
            response = Program(world.keys[persona]).ask(where, method, body)
            transaction.set_rollback(True)
        seen += "2" if response.status_code in DONE else {403: "0", 404: "4", 409: "9"}[response.status_code]
        if response.status_code not in DONE:
            problem(response, response.status_code)
    assert seen == EXPECTED[operation]


@pytest.mark.parametrize("operation,method,path,scope", OPERATIONS)
def test_a_key_does_nothing_outside_its_scopes(world, operation, method, path, scope):
    """Not even for somebody who may, and it tells nothing about what is there."""
    others = [other for other in ApiKey.Scope.values if other != scope]
    key = make_key(by=world.admin if EXPECTED[operation][0] == "2" else world.lead, scopes=others)
    where, body = world.path(operation, path), world.body(operation)
    said = problem(Program(key).ask(where, method, body), 403)
    assert scope in said["detail"]
    assert Program(key).ask(_nowhere(where), method, body).json() == said


@pytest.mark.parametrize("operation,method,path,scope", OPERATIONS)
def test_nothing_works_without_a_key(world, operation, method, path, scope):
    """A session does not count, whoever is signed in."""
    nobody = Program(None)
    nobody.client.force_login(world.admin)
    said = nobody.ask(world.path(operation, path), method, world.body(operation))
    problem(said, 401)
    assert said.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("operation,method,path,scope", [one for one in OPERATIONS if EXPECTED[one[0]][5] == "4"])
def test_a_foreign_object_answers_like_a_missing_one(world, operation, method, path, scope):
    program = Program(world.keys["outsider"])
    where = world.path(operation, path)
    answers = [program.ask(each, method, world.body(operation)) for each in (where, _nowhere(where))]
    assert [problem(answer, 404) for answer in answers] == [answers[0].json()] * 2


def _nowhere(path: str) -> str:
    """The same address with ids of nothing."""
    path = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-4000-8000-000000000000", path)
    return re.sub(r"(?<=/)\d+(?=/|$)", "999999999", path)


def test_lists_have_what_their_owner_may_see_and_no_more(world):
    """Each row of a list can be opened by itself, and nothing that can be opened by the team is missing."""
    for persona in PERSONAS:
        program = Program(world.keys[persona])
        for rows in (
            "units",
            "teams",
            "editions",
            "assessments",
            "results",
            "targets",
            "actions",
            "rounds",
            "webhooks",
        ):
            for row in program.get(f"{rows}?limit=200")["items"]:
                assert program.ask(f"{rows}/{row['id']}").status_code == 200, (persona, rows, row)
    lead, outsider = (Program(world.keys[persona]) for persona in ("lead", "outsider"))
    assert str(world.result.pk) in json.dumps(lead.get("results"))
    assert outsider.get("results")["items"] == []
    assert outsider.get("actions")["items"] == []


def test_only_some_see_criteria(world):
    criteria = {
        persona: Program(world.keys[persona]).get(f"results/{world.result.pk}")["criteria"] for persona in PERSONAS[:5]
    }
    assert criteria["admin"] is None
    assert len(criteria["viewer"]) == 8
    assert [criteria[persona] for persona in ("manager", "lead", "member")] == [criteria["viewer"]] * 3
