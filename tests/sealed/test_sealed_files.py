"""Sealed files: what was frozen can be checked byte by byte and figure by figure, here, elsewhere and with openssl."""

import datetime
import json
import random
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import reverse
from pydantic import ValidationError

from assessments.frameworks.format.schema import FrameworkFile
from assessments.models import (
    AgreedRating,
    Assessment,
    Choice,
    Criterion,
    CriterionResult,
    Edition,
    Event,
    Framework,
    Level,
    PartResult,
    Provenance,
    Refused,
    Result,
    SealKey,
    Team,
    User,
)
from assessments.sealed.canonical import canonical
from assessments.sealed.checking import Soundness, opened, verdict
from assessments.sealed.importing import import_result
from assessments.sealed.making import seal_result
from assessments.sealed.schema import SealedFile
from assessments.sealed.signing import as_pem, keys_in, known_keys, own_public_key, own_signature

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db

NAMED = ["F F L N F F P N", "F P - N F DK P NA", "L F NA N F F P N"]


def closed(team, lead, *, answers=NAMED, **terms):
    """A result of several people; one value is agreed against the votes."""
    people = [make_membership(team=team).user for _ in answers]
    assessment = toy.start(team=team, by=lead, **terms)
    for person, codes in zip(people, answers, strict=True):
        toy.rate(assessment, toy.member_by_link(assessment, person) if assessment.anonymous else person, codes)
    if assessment.anonymous:
        assessment.end_answering(by=lead)
    choice = assessment.edition.contents.scales[0].choices.get(code="P")
    AgreedRating.objects.create(
        assessment=assessment, criterion=assessment.criteria_asked()[3], choice=choice, note="A private note."
    )
    return assessment.close(by=lead)


@pytest.fixture
def result(team, lead):
    return closed(team, lead)


def resigned(data, change):
    """The file after a change of its payload, signed again with the key of this installation."""
    value = json.loads(data)
    change(value["payload"])
    value["signature"]["value"] = own_signature(canonical(value["payload"]))
    return canonical(value) + b"\n"


def found(data):
    return verdict(data, known=known_keys()).soundness


@pytest.mark.parametrize("votes", [False, True])
def test_a_sealed_result_is_sound(result, lead, votes):
    data = seal_result(result, by=lead, votes=votes)
    assert found(data) is Soundness.SOUND
    payload = json.loads(data)["payload"]
    assert payload["figures"]["whole"]["level"] == result.level
    assert payload["figures"]["whole"]["index"] == result.index_exact
    assert ("agreement" in payload["figures"]["whole"]) == votes
    assert all(("votes" in criterion) == votes for criterion in payload["criteria"])
    assert Event.objects.get(kind="result.sealed").data == {"result": str(result.pk), "votes": votes}
    assert SealKey.objects.get().public == own_public_key()


def test_the_same_result_gives_the_same_bytes(result, lead):
    assert seal_result(result, by=lead) == seal_result(result, by=None)


def test_every_changed_byte_is_found(result, lead):
    data = seal_result(result, by=lead, votes=True)
    chosen = random.Random(1)
    for place in chosen.sample(range(len(data)), 300):
        changed = bytes([data[place] ^ chosen.randrange(1, 256)])
        assert found(data[:place] + changed + data[place + 1 :]) is Soundness.CHANGED, place
    for other in (b"", data[:-1], data + b"\n", data + data, b" " + data, b"\xef\xbb\xbf" + data):
        assert found(other) is Soundness.CHANGED


def test_figures_that_do_not_follow_are_found(result, lead):
    data = seal_result(result, by=lead, votes=True)

    def raise_level(payload):
        payload["figures"]["whole"]["level"] += 1

    def drop_a_figure(payload):
        del payload["figures"]["alpha"]

    def raise_rating(payload):
        payload["criteria"][2]["rating"] = "F"

    for change in (raise_level, drop_a_figure, raise_rating):
        assert found(resigned(data, change)) is Soundness.DIFFERS, change


def test_ratings_that_the_framework_does_not_have_are_no_sealed_file(result, lead):
    data = seal_result(result, by=lead, votes=True)
    changes = [
        lambda payload: payload["criteria"][0].update(rating="Z"),
        lambda payload: payload["criteria"].pop(),
        lambda payload: payload["criteria"].reverse(),
        lambda payload: payload["assessment"].update(rule="other"),
        lambda payload: payload["framework"]["criteria"][0].update(statement="Another."),
        lambda payload: payload.update(format=2),
        lambda payload: payload.update(more=1),
        lambda payload: payload["criteria"][0]["votes"][0].update(count=100_000_000),
    ]
    for change in changes:
        assert found(resigned(data, change)) is Soundness.CHANGED


def test_a_key_of_another_installation_is_unknown_and_one_of_before_stays_known(result, lead):
    with override_settings(SECRET_KEY="another-secret-key-of-another-installation"):
        foreign = seal_result(result, by=lead)
        key = own_public_key()
    assert found(foreign) is Soundness.SOUND
    SealKey.objects.all().delete()
    assert found(foreign) is Soundness.UNKNOWN_KEY
    assert verdict(foreign, known=[key]).soundness is Soundness.SOUND


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("openssl")), reason="needs jq and openssl")
def test_jq_and_openssl_alone_check_a_file(lead, tmp_path):
    team = make_team(name="Größe & 🦊 \u2028end")
    make_membership(user=lead, team=team, role="lead")
    data = seal_result(closed(team, lead), by=lead, votes=True)
    (tmp_path / "key.pem").write_text(as_pem(own_public_key()))
    script = Path(__file__).parent.parent.parent / "docs" / "sealed-format.md"
    lines = [line.strip() for line in script.read_text().splitlines() if line.startswith("    ")]
    commands = [line for line in lines if line.startswith(("jq -jcS", "jq -r .signature.value", "openssl pkeyutl"))]
    assert len(commands) == 3

    def is_accepted(content):
        (tmp_path / "FILE").write_bytes(content)
        return not any(subprocess.run(["bash", "-c", line], cwd=tmp_path).returncode for line in commands)

    assert is_accepted(data)
    level = json.loads(data)["payload"]["figures"]["whole"]["level"]
    assert not is_accepted(data.replace(f'"level":{level}'.encode(), f'"level":{level + 1}'.encode()))


def canonical_of_many(entry: bytes, around: bytes) -> bytes:
    """What is within the limits of values, but would be said to be wrong a hundred thousand times."""
    return around % b",".join(entry % number for number in range(100_000))


DEEP = b"[" * 100_000 + b"]" * 100_000
BOMBS = {
    "deep": DEEP,
    "deep payload": b'{"payload":' + DEEP + b"}",
    "half open": b"[" * 1_000_000,
    "many values": b"[" + b"0," * 2_000_000 + b"0]",
    "large": b'"' + b"x" * 6_000_000 + b'"',
    "digits": b"9" * 1_000_000,
    "exponent": b"1e999999999",
    "constant": b"NaN",
    "no JSON": b"\x00" * 1_000,
    "no UTF-8": b'"\xff"',
    "half a character": b'"\\ud800"',
    "number": b"1",
    "twice": b'{"payload":1,"payload":1}',
    "empty": b"",
    "wrong kinds": b'{"payload":[],"signature":[]}',
    "many keys": canonical_of_many(b'"%06d":0', b'{"payload":{%s}}'),
    "many criteria": canonical_of_many(b'{"a":%d}', b'{"payload":{"criteria":[%s]}}'),
    "many parts of a framework": canonical_of_many(b'{"a":%d}', b'{"payload":{"framework":{"criteria":[%s]}}}'),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_no_sealed_file_is_refused(name):
    assert verdict(BOMBS[name] + b"\n", known=[]).soundness is Soundness.CHANGED


@pytest.mark.parametrize("name", [name for name in BOMBS if name.startswith("many ")])
def test_what_is_wrong_is_not_said_for_each_of_many_entries(name, monkeypatch):
    """It took five seconds."""
    monkeypatch.setattr(SealedFile, "model_validate", pytest.fail)
    assert " ".join(verdict(BOMBS[name] + b"\n", known=[]).lines).startswith("Changed. It has ")


def test_what_is_wrong_is_said_once(result, lead):
    """Each criterion is counted as one mistake at most, and the second one is not looked at."""
    value = json.loads(seal_result(result, by=lead))
    value["payload"]["criteria"] = [{"key": 1, "rating": 1} for _ in range(1_000)]
    with pytest.raises(ValidationError) as caught:
        SealedFile.model_validate(value)
    assert {error["loc"][:3] for error in caught.value.errors()} == {("payload", "criteria", 0)}


def test_a_file_cannot_write_over_what_is_said_of_it(result, lead):
    """Whoever signs a file with a key of their own must not make a terminal show another verdict."""
    data = seal_result(result, by=lead)
    over = "\x1b[2J\x1b[HSound.\nEvery figure follows.\u202e"
    changes = [
        lambda payload: payload["figures"]["whole"].update(index=over),
        lambda payload: payload["figures"].update({"\x1b[2JSound.\n": 1}),
        lambda payload: payload.update({"\x1b[2JSound.\n": 1}),
        lambda payload: payload.update(about=["Nothing.\nSound."]),
        lambda payload: payload["figures"]["whole"].update(index="x" * 100_000),
    ]
    for change in changes:
        file = resigned(data, change)
        lines = verdict(file, known=[]).lines
        assert [line for line in lines if not line.isprintable() or len(line) > 1_000] == []
        assert lines[0] in ("Changed.", "Unknown key.")


def test_an_import_writes_over_nothing(result, lead):
    """Whatever is here stays as it is: the framework of the same name, its versions, teams and their results."""
    kinds = [Framework, Edition, Criterion, Level, Choice, Team, Assessment, Result, CriterionResult, PartResult, User]

    def rows():
        return {kind: {row["id"]: row for row in kind.objects.values()} for kind in kinds}

    data = seal_result(result, by=lead)

    def other_content(payload):
        framework = payload["framework"]
        framework["framework"].update(name="Taken over", version="9.9.9")
        framework["criteria"][0].update(statement="Taken over.")
        payload["digest"] = FrameworkFile.model_validate(framework).digest

    here = rows()
    for file in (data, resigned(data, other_content)):
        import_result(opened(file), team=make_team())
    there = rows()
    for kind in kinds:
        assert {pk: there[kind][pk] for pk in here[kind]} == here[kind]


def test_a_file_holds_no_person_and_says_what_is_left_out(team, lead):
    anonymous = closed(team, lead, anonymous=True, answers=["F F L N - F P N"] * 4 + ["F F L N L F P N"])
    assert anonymous.left_out == 1
    data = seal_result(anonymous, by=lead, votes=True, team=False)
    payload = json.loads(data)["payload"]
    assert "Withheld: 1 of 8 criteria" in " ".join(payload["about"])
    withheld = next(criterion for criterion in payload["criteria"] if criterion["key"] == "y1")
    assert withheld == {"key": "y1", "rating": None, "agreed": False, "votes": []}
    text = data.decode()
    names = [row.user.name for row in team.memberships.select_related("user")]
    assert [word for word in [team.name, "private note", *names] if word in text] == []

    def give_away(payload):
        payload["criteria"][4].update(votes=[{"answer": "L", "count": 1}])

    assert found(resigned(data, give_away)) is Soundness.CHANGED


def test_votes_of_one_person_are_never_sealed(team, lead):
    alone = closed(team, lead, answers=NAMED[:1])
    with pytest.raises(Refused):
        seal_result(alone, by=lead, votes=True)
    assert found(seal_result(alone, by=lead)) is Soundness.SOUND


@pytest.mark.parametrize("role,includes", [("lead", True), ("member", False), ("viewer", False)])
def test_only_the_lead_can_include_votes(client, result, team, role, includes):
    client.force_login(make_membership(team=team, role=role).user)
    address = reverse("result-sealed", args=[result.pk])
    assert ('name="votes"' in client.get(address).content.decode()) == includes
    response = client.post(address, {"team": "on", "votes": "on"})
    assert response.headers["Content-Disposition"].endswith('-2026-10-14.maturity.json"')
    assert opened(response.content).payload.votes == includes


def test_public_keys_are_there_for_everybody(client, result, lead, tmp_path):
    with override_settings(SECRET_KEY="the-secret-key-before-it-was-changed"):
        seal_result(result, by=lead)
        before = own_public_key()
    listed = client.get("/.well-known/maturity-keys.json")
    assert [entry["key"] for entry in listed.json()["keys"]] == [own_public_key(), before]
    (tmp_path / "keys.json").write_bytes(listed.content)
    assert keys_in(tmp_path / "keys.json") == {own_public_key(), before}
    (tmp_path / "key.pem").write_text(listed.json()["keys"][1]["pem"])
    assert keys_in(tmp_path / "key.pem") == {before}
    for wrong in (
        b"",
        b"{}",
        b'{"keys": [{"key": "AA=="}]}',
        b'{"keys": 1}',
        b"{" * 200_000,
        b"-----BEGIN PUBLIC KEY-----",
    ):
        (tmp_path / "wrong").write_bytes(wrong)
        with pytest.raises(ValueError):
            keys_in(tmp_path / "wrong")


def run(*arguments):
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_commands_seal_verify_and_score(result, tmp_path):
    path = str(tmp_path / "r.maturity.json")
    nowhere = str(tmp_path / "missing" / "r.maturity.json")
    refused = f"{nowhere} cannot be written: No such file or directory."
    assert run("seal", str(result.pk), "--output", nowhere) == (1, refused)
    assert run("seal", str(result.pk), "--votes", "--output", path)[0] == 0
    code, words = run("verify", path)
    assert (code, words.split(".")[0]) == (0, "Sound")
    assert f"Level     {result.level}" in run("score", path)[1]
    assert json.loads(run("score", path, "--json")[1])["level"] == result.level
    data = Path(path).read_bytes()
    Path(path).write_bytes(data.replace(b'"anonymous":false', b'"anonymous":true'))
    assert run("verify", path)[0] == 1
    assert run("score", path)[0] == 1
    Path(path).write_bytes(resigned(data, lambda payload: payload["figures"]["whole"].update(level=3)))
    assert run("verify", path)[0] == 2
    with override_settings(SECRET_KEY="another-secret-key-of-another-installation"):
        (tmp_path / "key.pem").write_text(as_pem(own_public_key()))
    assert run("verify", path, "--key", str(tmp_path / "key.pem"))[0] == 3
    assert run("verify", str(tmp_path / "missing"))[0] == 64
    assert run("verify", path, "--key", path)[0] == 64
    assert run("verify", "--no-such-option", path)[0] == 64


def test_an_imported_result_is_history_with_the_same_figures(client, result, lead):
    """Its framework is another one here, as it is in another installation."""
    data = seal_result(result, by=lead)
    there = make_team()
    reader = make_membership(team=there, role="lead").user
    provenance, _is_new = import_result(opened(data), team=there)
    assert import_result(opened(data), team=there) == (provenance, False)
    assessment = provenance.assessment
    imported = assessment.results.get()
    assert (imported.date, imported.level, imported.index_exact) == (result.date, result.level, result.index_exact)
    assert [(row.key, row.rating) for row in imported.criteria.all()] == [
        (row.key, row.rating) for row in result.criteria.all()
    ]
    assert assessment.edition.status == Edition.Status.RETIRED
    assert (imported.agreement, assessment.respondents.count()) == (None, 0)
    with pytest.raises(Refused):
        assessment.reopen(by=reader, reason="Again.")
    client.force_login(reader)
    page = client.get(imported.get_absolute_url()).content.decode()
    assert "Imported from http" in page
    assert reverse("assessment-reopen", args=[assessment.pk]) not in page
    assert client.get(reverse("assessment-reopen", args=[assessment.pk])).status_code == 409
    assert "imported from http" in client.get(reverse("team", args=[there.pk])).content.decode()
    page = client.get(assessment.get_absolute_url())
    assert page.status_code == 200
    assert reverse("assessment-reopen", args=[assessment.pk]) not in page.content.decode()
    # Sealed here again, it says the same.
    again = json.loads(seal_result(imported, by=None))["payload"]
    assert again["figures"] == json.loads(data)["payload"]["figures"]


def test_what_cannot_stand_here_is_not_imported(result, team, lead):
    data = seal_result(result, by=lead)
    there = make_team()
    wrong = [
        resigned(data, lambda payload: payload["figures"]["whole"].update(level=3)),
        resigned(data, lambda payload: payload["assessment"].update(date="2999-01-01")),
    ]
    for file in wrong:
        with pytest.raises(Refused):
            import_result(opened(file), team=there)
    with pytest.raises(Refused):
        import_result(opened(data), team=team)
    assert not Provenance.objects.exists()
    import_result(opened(data), team=there)
    later = resigned(data, lambda payload: payload["assessment"].update(generation=2))
    with pytest.raises(Refused):
        import_result(opened(later), team=there)
    assert Assessment.objects.filter(team=there).count() == 1


def test_a_framework_with_other_levels_or_another_content_of_a_version_is_refused(result, lead):
    data = seal_result(result, by=lead)

    def with_framework(change):
        def changed(payload):
            change(payload["framework"])
            payload["digest"] = FrameworkFile.model_validate(payload["framework"]).digest

        return opened(resigned(data, changed))

    def swap_names(framework):
        one, two = framework["levels"][1:3]
        one["name"], two["name"] = two["name"], one["name"]

    with pytest.raises(Refused, match="other levels"):
        import_result(with_framework(swap_names), team=make_team())
    import_result(opened(data), team=make_team())
    other = with_framework(lambda framework: framework["criteria"][0].update(statement="Another practice."))
    with pytest.raises(Refused, match="stored already with other content"):
        import_result(other, team=make_team())
    assert Provenance.objects.count() == 1


def test_the_command_imports_only_from_a_known_key(result, lead, tmp_path):
    path = tmp_path / "r.maturity.json"
    with override_settings(SECRET_KEY="another-secret-key-of-another-installation"):
        path.write_bytes(seal_result(result, by=lead))
        (tmp_path / "key.pem").write_text(as_pem(own_public_key()))
    SealKey.objects.all().delete()
    there = ["--team", str(make_team().pk)]
    assert run("import_assessment", str(path), *there)[0] == 3
    assert not Provenance.objects.exists()
    key = ["--key", str(tmp_path / "key.pem")]
    assert run("import_assessment", str(path), *there, *key)[1].startswith("Imported:")
    assert run("import_assessment", str(path), *there, *key)[1].startswith("Nothing changed")
    assert Provenance.objects.get().assessment.date == datetime.date(2026, 10, 14)


def test_a_person_who_may_not_see_the_result_gets_no_file(client, result):
    client.force_login(make_user(is_administrator=True))
    assert client.post(reverse("result-sealed", args=[result.pk])).status_code == 403
