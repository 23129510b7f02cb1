"""The API: keys and their limits, errors, lists in parts, what has not changed, and commands that are repeated."""

import datetime
import json
import re

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from assessments.api import reading, requests
from assessments.api.service import api
from assessments.models import Action, ApiCalls, ApiKey, ApiReply, Assessment, Edition, Event, LinkGuess, Mail, Target

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
def edition():
    return toy.make_edition()


def action(edition, **values):
    return {"framework": edition.framework.key, "criterion": "x1", "text": "Do it."} | values


# ---------------------------------------------------------------------- keys


def test_me_tells_whose_key_it_is(program, lead):
    me = program.get("me")
    assert (me["id"], me["email"]) == (str(lead.pk), lead.email)
    assert me["key"]["name"] == "pipeline"
    assert ApiKey.objects.get().last_used_on == timezone.localdate()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic bWF0", "Bearer mat_nobody", "mat_x", "Bearer ü"])
def test_anything_else_is_no_key(header):
    response = Client().get("/api/v1/me", headers={"Authorization": header})
    problem(response, 401)


def test_a_key_is_dead_with_the_next_request(program, lead):
    admin = make_user(is_administrator=True)
    program.get("me")
    lead.change_account(by=admin, seen=None, is_active=False)
    problem(program.ask("me"), 401)
    lead.change_account(by=admin, seen=None, is_active=True)
    problem(program.ask("me"), 401)


def test_a_key_is_dead_once_it_is_revoked(program, lead):
    program.get("me")
    ApiKey.objects.get().revoke(by=lead)
    problem(program.ask("me"), 401)


def test_a_key_loses_what_its_owner_loses(program, team, lead):
    another = make_membership(team=team, role="lead").user
    program.get(f"teams/{team.pk}")
    team.remove_member(lead.memberships.get(), by=another)
    problem(program.ask(f"teams/{team.pk}"), 404)


def test_a_key_works_only_from_its_networks(lead):
    key = make_key(by=lead, networks=["192.0.2.0/24", "2001:db8::/32"])
    for address, status in {
        "192.0.2.9": 200,
        "::ffff:192.0.2.9": 200,
        "2001:db8::7": 200,
        "192.0.3.9": 401,
        "127.0.0.1": 401,
        "": 401,
    }.items():
        client = Client(REMOTE_ADDR=address)
        assert Program(key, client).ask("me").status_code == status, address


def test_who_guesses_keys_has_to_wait(settings):
    settings.LINK_LIMIT_PER_ADDRESS = 3
    client = Client(REMOTE_ADDR="192.0.2.9")
    statuses = [client.get("/api/v1/me", headers={"Authorization": f"Bearer mat_{n}"}).status_code for n in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert LinkGuess.objects.count() == 3


def test_the_key_is_in_no_row_and_no_line_of_the_log(program, lead, edition, caplog, team):
    key = ApiKey.objects.get()
    program.post(f"teams/{team.pk}/actions", action(edition), Idempotency_Key="once")
    program.ask("nowhere")
    text = program.headers["Authorization"].removeprefix("Bearer mat_")
    rows = [list(model.objects.values()) for model in (ApiKey, ApiCalls, ApiReply, Event)]
    assert key.start.removeprefix("mat_") in str(rows)
    assert text not in str(rows)
    assert text not in caplog.text


# ---------------------------------------------------------------------- limits


def test_six_hundred_calls_a_minute_pass_and_the_headers_say_so(program, monkeypatch):
    monkeypatch.setattr(requests, "LIMIT", 3)
    left = [program.ask("me").headers["RateLimit"].split(";")[1] for _ in range(3)]
    assert left == ["r=2", "r=1", "r=0"]
    refused = program.ask("me")
    problem(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == '"calls";q=3;w=60'
    # A minute after the first call, a new one begins.
    ApiCalls.objects.update(since=ApiCalls.objects.get().since - 60_000)
    program.get("me")
    # A clock that is set back gives no long wait.
    ApiCalls.objects.update(since=ApiCalls.objects.get().since + 600_000, calls=9)
    program.get("me")


def test_a_call_that_was_overtaken_counts_in_the_same_minute(program):
    """Two calls at once: the later one was counted first, so the minute began after the earlier one had come."""
    program.get("me")
    ApiCalls.objects.update(since=ApiCalls.objects.get().since + 5_000)
    reply = program.ask("me")
    assert reply.headers["RateLimit"] == '"calls";r=598;t=60'
    assert ApiCalls.objects.get().calls == 2


def test_the_limit_is_six_hundred():
    assert requests.LIMIT == 600


def test_keys_are_counted_one_by_one(program, lead, monkeypatch):
    monkeypatch.setattr(requests, "LIMIT", 1)
    program.get("me")
    Program(make_key(by=lead)).get("me")


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize("path", ["", "nowhere", "me/", "teams/x", "teams/\0", "teams/1/2/3"])
def test_what_is_not_there_is_a_problem(program, path):
    response = program.ask(path)
    problem(response, 400 if "\0" in path else 404)


def test_another_method_is_a_problem_that_names_those_that_work(program):
    response = program.ask("me", "DELETE")
    problem(response, 405)
    assert response.headers["Allow"] == "GET"


def test_head_is_a_get_without_a_body(program):
    response = program.ask("me", "HEAD")
    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize("body", ["{", "[1", "\xff", '{"a": 1e999}', "[]", "null", '{"text": "\\ud800"}'])
def test_a_body_that_is_not_right_is_a_problem(program, team, body):
    response = program.client.post(
        f"/api/v1/teams/{team.pk}/actions",
        body.encode("latin-1"),
        content_type="application/json",
        headers=program.headers,
    )
    problem(response, response.status_code)
    assert response.status_code in {400, 422}


def operations():
    """(method, path with a NUL where a variable stands) of all that the description lists."""
    for path, methods in api.get_openapi_schema(path_prefix="api/v1/")["paths"].items():
        for method in methods:
            yield method.upper(), path.removeprefix("/api/v1/")


@pytest.mark.parametrize("method,path", list(operations()))
def test_what_a_database_cannot_store_is_a_problem_and_no_fault(program, caplog, method, path):
    """Wherever it stands in an address or a body, whoever asks; the log gets no trace."""
    pk = "00000000-0000-4000-8000-000000000000" if "{pk}" in path and "units" not in path else "1"
    plain = re.sub(r"{pk}", pk, path)
    known = re.sub(r"{\w+}", "1", plain)
    for address in (re.sub(r"{\w+}", "%00", path), re.sub(r"{\w+}", "x%00", plain), f"{known}?after=%00&x=a%00b"):
        if "%00" in address:
            problem(program.ask(address, method), 400)
    for text in ("\0", "a\0b", "\ud800", "\udfff", "x\ud834"):
        for body in ({"name": text}, {"facts": [{"source": text}]}, {text: 1}, [text], text):
            said = program.ask(known, method, body)
            # What reads no body has nothing to refuse.
            assert said.status_code in {200, 201, 204, 400, 403, 404, 409, 422}, said.content
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_a_letter_of_two_halves_is_a_letter(program, team, edition):
    text = "\U0001d11e \\ud834 \\u0000"
    assert program.post(f"teams/{team.pk}/actions", action(edition, text=text)).json()["text"] == text


def test_an_address_that_is_too_long_is_a_problem(program):
    assert program.ask(f"me?x={'y' * 7_900}").status_code == 200
    problem(program.ask(f"me?x={'y' * 8_100}"), 414)
    problem(program.ask(f"nowhere/{'y' * 8_100}"), 414)


def test_a_body_that_is_too_long_is_a_problem(program, team, edition):
    response = program.post(f"teams/{team.pk}/actions", action(edition, text="x" * 400_000))
    problem(response, 413)


def test_faults_of_the_server_and_of_the_database_are_problems(program, monkeypatch):
    program.client.raise_request_exception = False

    def fails(error):
        def shown(*arguments):
            raise error

        return shown

    monkeypatch.setattr(reading, "shown", fails(ValueError("a secret")))
    response = program.ask("me")
    assert "a secret" not in json.dumps(problem(response, 500))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    monkeypatch.setattr(reading, "shown", fails(OperationalError("a secret")))
    response = program.ask("me")
    problem(response, 503)
    assert response.headers["Retry-After"] == "5"


def test_each_wrong_value_is_named(program, team, edition):
    response = program.post(f"teams/{team.pk}/actions", {"framework": edition.framework.key, "due": "soon", "x": 1})
    said = problem(response, 422)
    assert {error["at"] for error in said["errors"]} == {"criterion", "text", "due", "x"}
    said = problem(program.post(f"teams/{team.pk}/actions", action(edition, criterion="zz")), 422)
    assert [error["at"] for error in said["errors"]] == ["criterion"]
    said = problem(program.post(f"teams/{team.pk}/actions", action(edition, due="1999-01-01")), 422)
    assert [error["at"] for error in said["errors"]] == ["due"]


# ---------------------------------------------------------------------- reading


def test_a_list_comes_in_parts_without_gaps(program, team, edition, lead):
    for number in range(7):
        Action.objects.plan(team=team, framework=edition.framework, criterion="x1", text=f"{number}", by=lead)
    texts, after = [], ""
    while after is not None:
        part = program.get(f"actions?limit=3{after and f'&after={after}'}")
        assert len(part["items"]) <= 3
        texts += [row["text"] for row in part["items"]]
        after = part["next"]
    assert texts == list("0123456")
    problem(program.ask("actions?limit=201"), 422)
    problem(program.ask("actions?after=x"), 422)


@pytest.mark.parametrize("since", ["0", "1e3", "2026-1-1", "2026-02-30", "today", "20260101"])
def test_a_day_is_written_as_a_day(program, since):
    problem(program.ask(f"results?since={since}"), 422)


def test_a_number_is_no_word_and_a_word_is_no_number(program, team, edition):
    body = {"framework": edition.framework.key, "level": "2", "due": 0, "why": "To try."}
    said = problem(program.post(f"teams/{team.pk}/targets", body), 422)
    assert {error["at"] for error in said["errors"]} == {"level", "due"}
    assert program.post(f"teams/{team.pk}/targets", body | {"level": 2.0, "due": "2030-01-01"}).json()["level"] == 2
    start = {"edition": str(edition.pk), "anonymous": "no", "as_draft": 1}
    said = problem(program.post(f"teams/{team.pk}/assessments", start), 422)
    assert {error["at"] for error in said["errors"]} == {"anonymous", "as_draft"}


def test_lists_can_be_narrowed(program, team, edition, lead):
    other = make_membership(user=lead, team=make_team(), role="lead").team
    for number, where in enumerate((team, other)):
        toy.add_result(team=where, edition=edition, date=datetime.date(2026, 1, 1 + number))
    assert len(program.get("results")["items"]) == 2
    assert [row["team"] for row in program.get(f"results?team={team.pk}")["items"]] == [str(team.pk)]
    assert [row["team"] for row in program.get("results?since=2026-01-02")["items"]] == [str(other.pk)]
    assert program.get("results?framework=another")["items"] == []
    assert program.get("assessments?status=open")["items"] == []
    assert len(program.get("assessments?status=closed")["items"]) == 2


def test_a_result_says_what_its_page_says(program, team, edition):
    row = toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1))
    result = program.get(f"results/{row.pk}")
    assert (result["level"], result["level_name"], result["best"]) == (row.level, row.level_name, row.best)
    assert f"{result['index']:.2f}" == row.index_text
    assert [part["key"] for part in result["parts"]] == [part.key for part in row.parts.all()]
    assert {one["key"]: one["rating"] for one in result["criteria"]} == dict(row.criteria.values_list("key", "rating"))
    assert any(one["is_blocker"] for one in result["criteria"])


def test_what_has_not_changed_is_not_sent_again(program, team, edition):
    first = program.ask(f"teams/{team.pk}")
    etag = first.headers["ETag"]
    for tag in (etag, f"W/{etag}", f'"x", {etag}'):
        again = program.ask(f"teams/{team.pk}", If_None_Match=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    assert program.ask(f"teams/{team.pk}", If_None_Match='"x"').status_code == 200


def test_a_page_of_a_list_takes_the_same_number_of_queries_for_any_number_of_rows(
    program, team, edition, lead, django_assert_max_num_queries
):
    for day in (1, 2, 3, 4):
        toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, day))
    program.get("results")
    for path in ("results", "assessments", "editions", "teams", "actions", "targets"):
        # The key, its count, and up to five for the list itself.
        with django_assert_max_num_queries(7):
            assert program.get(path) is not None


def test_a_version_comes_as_a_file_that_can_be_imported_again(program, edition):
    admin = Program(make_key(by=make_user(is_administrator=True)))
    text = program.ask(f"editions/{edition.pk}/file").content.decode()
    changed = text.replace("version: 1.0.0", "version: 3.0.0")
    made = admin.post("frameworks/import", {"text": changed}).json()
    assert (made["is_new"], made["version"], made["status"]) == (True, "3.0.0", "draft")
    again = admin.post("frameworks/import", {"text": changed}).json()
    assert again == made | {"is_new": False}
    said = problem(admin.post("frameworks/import", {"text": "framework: {}"}), 422)
    assert said["errors"]
    assert Edition.objects.count() == 2


# ---------------------------------------------------------------------- changing


def test_an_assessment_from_the_start_to_its_result(program, team, edition, lead, settings):
    member = make_membership(team=team).user
    made = program.post(f"teams/{team.pk}/assessments", {"edition": str(edition.pk), "due": "2030-01-01"})
    assert made.status_code == 201
    path = made.headers["Location"].split("/api/v1/")[1]
    assessment = Assessment.objects.get()
    assert program.get(path) == made.json()
    assert (made.json()["status"], made.json()["due"], assessment.created_by) == ("open", "2030-01-01", lead)
    problem(program.post(f"{path}/close"), 409)

    assert program.post(f"{path}/invitations", {"addresses": ["ada@example.org"]}).json() == {"invited": 1}
    assert Mail.objects.count() == 1
    assert program.ask(path, "PATCH", {"due": "2031-01-01"}).json()["due"] == "2031-01-01"
    problem(program.ask(path, "PATCH", {"due": "2001-01-01"}), 422)

    toy.rate(assessment, member, "F F L N F F P N")
    assert program.post(f"{path}/end").json()["status"] == "review"
    closed = program.post(f"{path}/close").json()
    assert closed["status"] == "closed"
    assert program.get(f"results/{closed['result']}")["assessment"] == str(assessment.pk)
    assert program.post(f"{path}/close").json() == closed
    problem(program.post(f"{path}/end"), 409)
    kinds = set(Event.objects.filter(actor=lead).values_list("kind", flat=True))
    assert {"assessment.opened", "assessment.invited"} <= kinds


def test_a_draft_is_opened(program, team, edition):
    body = {"edition": str(edition.pk), "as_draft": True, "members": [], "message": "Please."}
    path = f"assessments/{program.post(f'teams/{team.pk}/assessments', body).json()['id']}"
    assert program.get(path)["status"] == "draft"
    assert program.post(f"{path}/open").json()["status"] == "open"
    assert Assessment.objects.get().participations.count() == 0


@pytest.mark.parametrize(
    "wrong,at",
    [
        ({"edition": "00000000-0000-4000-8000-000000000000"}, "edition"),
        ({"rule": "none"}, "rule"),
        ({"due": "2001-01-01"}, "due"),
        ({"date": "2999-01-01"}, "date"),
        ({"addresses": ["nobody"]}, "addresses"),
        ({"members": ["00000000-0000-4000-8000-000000000000"]}, "members"),
        ({"anonymous": True}, "anonymous"),
    ],
)
def test_what_is_wrong_with_a_start_is_named(program, team, edition, wrong, at):
    said = problem(program.post(f"teams/{team.pk}/assessments", {"edition": str(edition.pk)} | wrong), 422)
    assert [error["at"] for error in said["errors"]] == [at]
    assert not Assessment.objects.exists()


def test_a_second_start_with_the_same_framework_is_refused(program, team, edition):
    assert program.post(f"teams/{team.pk}/assessments", {"edition": str(edition.pk)}).status_code == 201
    problem(program.post(f"teams/{team.pk}/assessments", {"edition": str(edition.pk)}), 409)


def test_a_target_is_set_replaced_and_removed(program, team, edition, lead):
    body = {"framework": edition.framework.key, "level": 2, "due": "2030-01-01", "why": "To try."}
    made = program.post(f"teams/{team.pk}/targets", body)
    assert made.status_code == 201
    again = program.post(f"teams/{team.pk}/targets", body | {"level": 1}).json()
    assert (again["id"], again["level"]) == (made.json()["id"], 1)
    path = f"targets/{again['id']}"
    problem(program.ask(path, "DELETE", If_Match=made.headers["ETag"]), 412)
    assert program.ask(path, "DELETE", If_Match=program.ask(path).headers["ETag"]).status_code == 204
    assert not Target.objects.exists()
    assert Event.objects.filter(kind="target.given_up", actor=lead).count() == 1
    for wrong, at in (({"level": 99}, "level"), ({"dimension": "none"}, "dimension"), ({"due": "2001-01-01"}, "due")):
        said = problem(program.post(f"teams/{team.pk}/targets", body | wrong), 422)
        assert [error["at"] for error in said["errors"]] == [at]


def test_an_action_is_changed_by_who_has_read_its_newest_state(program, team, edition, lead):
    made = program.post(f"teams/{team.pk}/actions", action(edition, owner=str(lead.pk), due="2030-01-01")).json()
    path = f"actions/{made['id']}"
    read = program.ask(path).headers["ETag"]
    changed = program.ask(path, "PATCH", {"status": "doing"}, If_Match=f"W/{read}")
    assert changed.json() == made | {"status": "doing"}
    problem(program.ask(path, "PATCH", {"status": "done"}, If_Match=read), 412)
    assert program.ask(path, "PATCH", {"owner": None}, If_Match="*").json()["owner"] is None
    problem(program.ask(path, "PATCH", {"status": "dropped"}), 422)
    assert program.ask(path, "PATCH", {"status": "dropped", "reason": "No."}).json()["reason"] == "No."
    stranger = str(make_user().pk)
    assert problem(program.ask(path, "PATCH", {"owner": stranger}), 422)["errors"][0]["at"] == "owner"


def test_a_command_that_is_repeated_is_carried_out_once(program, team, edition, lead):
    first, second = (
        program.post(f"teams/{team.pk}/actions", action(edition), Idempotency_Key="night-1") for _ in range(2)
    )
    assert (first.status_code, first.content, first.headers["Location"]) == (
        second.status_code,
        second.content,
        second.headers["Location"],
    )
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Action.objects.count() == 1
    # Another request under the same name is a mistake; another key has names of its own.
    problem(program.post(f"teams/{team.pk}/actions", action(edition, text="Other."), Idempotency_Key="night-1"), 409)
    Program(make_key(by=lead)).post(f"teams/{team.pk}/actions", action(edition), Idempotency_Key="night-1")
    assert Action.objects.count() == 2
    # What was refused can be sent again.
    wrong = action(edition, criterion="zz")
    problem(program.post(f"teams/{team.pk}/actions", wrong, Idempotency_Key="night-2"), 422)
    assert program.post(f"teams/{team.pk}/actions", action(edition), Idempotency_Key="night-2").status_code == 201
    ApiReply.objects.update(made_at=timezone.now() - datetime.timedelta(hours=25))
    program.post(f"teams/{team.pk}/actions", action(edition), Idempotency_Key="night-1")
    assert Action.objects.count() == 4
    assert ApiReply.objects.filter(key=ApiKey.objects.earliest("pk")).count() == 1


# ---------------------------------------------------------------------- description


def test_the_description_is_openapi_3_1_and_names_every_error_as_a_problem(client):
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["openapi"] == "3.1.0"
    assert schema["components"]["securitySchemes"] == {"KeyAuth": {"type": "http", "scheme": "bearer"}}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["security"] == [{"KeyAuth": []}], path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


def test_states_of_assessments_and_of_actions_are_described_apart(client):
    schema = client.get("/api/v1/openapi.json").json()

    def states(path):
        parameters = schema["paths"][f"/api/v1/{path}"]["get"]["parameters"]
        (described,) = [one["schema"] for one in parameters if one["name"] == "status"]
        (option,) = [one for one in described["anyOf"] if one.get("type") != "null"]
        return schema["components"]["schemas"][option["$ref"].rsplit("/", 1)[-1]] if "$ref" in option else option

    assert states("actions")["enum"] == ["open", "doing", "done", "dropped"]
    assert states("assessments")["enum"] == ["draft", "open", "review", "closed"]


def test_no_two_kinds_are_described_under_one_name(client):
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert schemas["Kind"]["enum"] == ["group", "dimension"]
    assert "slack" in schemas["NewWebhook"]["properties"]["kind"]["enum"]
    assert "better" in schemas["ComparedCriterionJson"]["properties"]["kind"]["enum"]


def test_the_bounds_of_a_level_are_described(client):
    level = client.get("/api/v1/openapi.json").json()["components"]["schemas"]["NewTarget"]["properties"]["level"]
    assert (level["type"], level["minimum"], level["maximum"]) == ("integer", 1, 1000)


def test_every_reference_of_the_description_leads_somewhere(client):
    schema = client.get("/api/v1/openapi.json").json()
    references = set()

    def collect(value):
        if isinstance(value, dict):
            references.update({value["$ref"]} if "$ref" in value else ())
            value = list(value.values())
        for one in value if isinstance(value, list) else ():
            collect(one)

    collect(schema)
    assert references
    assert references <= {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}


def test_the_page_lists_every_operation_without_a_script(client):
    response = client.get("/api/")
    page = response.content.decode()
    for path in api.get_openapi_schema()["paths"]:
        assert path in page
    assert "swagger" not in page.lower()
    assert "'unsafe" not in response.headers["Content-Security-Policy"]


def test_what_a_person_does_by_program_is_theirs_in_the_journal(program, team, edition, lead):
    program.post(f"teams/{team.pk}/actions", action(edition))
    assert Event.objects.get(kind="action.planned").actor == lead


def test_patterns_of_the_description_mean_the_same_in_every_language(client):
    r"""What \s and \S are, Python, Rust and JavaScript do not agree about."""
    text = client.get("/api/v1/openapi.json").content.decode()
    assert "[^\\\\x00]" in text
    assert not re.search(r"\\\\[sSwWdD]", text)


def test_every_text_that_is_taken_says_that_it_has_no_null_character(client):
    """One without a pattern could be sent one, as described, and would be refused."""
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    taken = {name: schema for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert len(taken) > 20
    missing = []

    def look(where, schema):
        if schema.get("type") == "string" and not {"pattern", "enum", "const", "format"} & schema.keys():
            missing.append(where)
        for inner in [*schema.get("anyOf", []), *filter(None, [schema.get("items")])]:
            look(where, inner)

    for name, schema in taken.items():
        for field, value in schema["properties"].items():
            look(f"{name}.{field}", value)
    assert missing == []


def test_a_number_may_be_written_with_a_point_and_never_as_a_text(program, team):
    admin = Program(make_key(by=make_user(is_administrator=True)))
    made = admin.post("teams", {"name": "Another", "unit": float(team.unit_id)})
    assert made.json()["unit"] == team.unit_id
    problem(admin.post("teams", {"name": "One more", "unit": str(team.unit_id)}), 422)
