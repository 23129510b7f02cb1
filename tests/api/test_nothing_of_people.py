"""What people answer, write, and whether they do, does not come out by the API: not in words, names or numbers."""

import json

import pytest

from assessments.api.service import api
from assessments.models import Answer, Assessment

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from .asking import Program, everything
from .keys import make_key

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Names of fields that would say something about the people who answer.
FORBIDDEN = {
    *("votes", "respondents", "participants", "answered_by", "participation", "participations", "respondent"),
    *("comment", "comments", "evidence", "note", "notes", "agreement", "alpha", "rwg", "spread", "share", "split"),
    *("distribution", "submitted", "started", "waiting", "pulse", "left_out", "discuss", "closed_by", "created_by"),
    *("facilitator", "message", "secret", "token", "address"),
}


def paths_of(team, assessment, result):
    """Every address that can be read, for one team."""
    rows = {"teams": team.pk, "assessments": assessment.pk, "units": team.unit_id}
    if result:
        rows["results"] = result.pk
    paths = []
    for path, methods in api.get_openapi_schema(path_prefix="api/v1/")["paths"].items():
        if "get" not in methods:
            continue
        path = path.removeprefix("/api/v1/")
        kind = path.split("/")[0]
        if "{" not in path:
            paths.append(path)
        elif kind in rows:
            compared = f"?earlier={result.pk}&later={result.pk}" if result and path.endswith("/compare") else ""
            month = path.replace("{key}", "lead-time").replace("{month}", "2026-01")
            paths.append(month.replace("{pk}", str(rows[kind])) + compared)
    return paths


@pytest.fixture(params=[False, True], ids=["named", "anonymous"])
def asked(request):
    """An open assessment of a team with four who answer, and keys of everybody around it."""
    team = make_team(unit=make_unit())
    lead = make_membership(team=team, role="lead").user
    members = [make_membership(team=team).user for _ in range(4)]
    watchers = [
        make_user(is_administrator=True),
        make_membership(unit=team.unit, role="manager").user,
        lead,
        members[0],
        make_membership(team=team, role="viewer").user,
    ]
    assessment = toy.start(team=team, by=lead, edition=toy.make_edition(), anonymous=request.param)
    assessment.facilitator = lead
    return team, assessment, lead, members, [make_key(by=watcher) for watcher in watchers]


def seats(assessment: Assessment, people):
    if assessment.anonymous:
        return [toy.member_by_link(assessment, person) for person in people]
    return people


def answer(assessment, seat, *, comment: str, evidence: str):
    """All questions, with words at the first one; submitted."""
    toy.rate(assessment, seat, "F F L N F F P N")
    x1 = assessment.edition.contents.criterion_by_key["x1"]
    said = Answer(code="F", comment=comment, evidence=evidence)
    assessment.save_rating(by=seat, criterion=x1, answer=said, mark=toy.mark(page="page-2", sequence=9, version=1))
    assessment.submit(by=seat)


def test_while_people_answer_the_api_says_the_same_before_and_after(asked):
    team, assessment, _lead, members, keys = asked
    paths = paths_of(team, assessment, None)
    assert len(paths) > 12
    before = [everything(Program(key), paths) for key in keys]
    for seat in seats(assessment, members[:2]):
        answer(assessment, seat, comment="Nobody cares.", evidence="https://example.org/words")
    toy.guest(assessment, email="guest@example.org")
    assert [everything(Program(key), paths) for key in keys] == before


def test_what_people_wrote_and_how_they_voted_never_comes_out(asked):
    team, assessment, lead, members, keys = asked
    everybody = seats(assessment, members)
    for number, seat in enumerate(everybody):
        answer(assessment, seat, comment=f"Words-{number}.", evidence=f"https://example.org/words-{number}")
    toy.invited(assessment, email="invited@example.org")
    assessment.end_answering(by=lead)
    words = ["Words-", "words-", "invited@example.org"]
    for result in (None, assessment.close(by=lead)):
        paths = paths_of(team, assessment, result)
        for key in keys:
            for path, content in everything(Program(key), paths).items():
                text = content.decode()
                assert [word for word in words if word in text] == [], path
                if path != "openapi.json" and text.startswith("{") and '"type":"about:blank"' not in text:
                    assert names_in(json.loads(text)) & FORBIDDEN == set(), path


def names_in(value) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for one in value.values() for name in names_in(one)}
    return {name for one in value for name in names_in(one)} if isinstance(value, list) else set()


def test_no_field_that_the_api_describes_is_about_who_answers():
    schemas = api.get_openapi_schema(path_prefix="api/v1/")["components"]["schemas"]
    shown = {name for title, schema in schemas.items() if title.endswith("Json") for name in schema["properties"]}
    assert shown & FORBIDDEN == set()


def test_emails_of_people_are_for_administrators(asked):
    team, assessment, _lead, members, keys = asked
    admin, *others = keys
    assert members[0].email in Program(admin).ask("people?limit=200").content.decode()
    for key in others:
        for path, content in everything(Program(key), paths_of(team, assessment, None)).items():
            known = {key.owner.email} if path == "me" else set()
            assert [person.email for person in members if person.email in content.decode()] in ([], list(known)), path


def test_who_is_nobody_of_the_team_gets_nothing_of_it():
    team = make_team(unit=make_unit())
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead, edition=toy.make_edition())
    answer(assessment, lead, comment="Words.", evidence="https://example.org/")
    result = assessment.close(by=lead)
    key = make_key(by=make_user())
    for path, content in everything(Program(key), paths_of(team, assessment, result)).items():
        assert str(team.pk) not in content.decode(), path
        assert str(result.pk) not in content.decode(), path
