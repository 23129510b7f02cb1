"""Bringing a sealed result in the browser: what is in it is seen first, nothing in it is believed."""

import html
import json
import re
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse

from assessments.frameworks.format.schema import FrameworkFile
from assessments.frameworks.import_forms import packed
from assessments.models import Assessment, Edition, Event, Provenance, SealKey, TrustedKey
from assessments.sealed.canonical import canonical
from assessments.sealed.forms import MAX_UPLOAD
from assessments.sealed.making import seal_result
from assessments.sealed.signing import own_public_key, own_signature

from ..factories import make_membership, make_team, make_user
from .test_sealed_files import BOMBS, closed, resigned

pytestmark = pytest.mark.django_db

ELSEWHERE = {"SECRET_KEY": "another-secret-key-of-another-installation", "SITE_URL": "https://elsewhere.example"}


@pytest.fixture
def foreign(team, lead):
    """A sealed file of another installation, of an anonymous assessment with one criterion withheld."""
    answers = ["F F L N - F P N"] * 4 + ["F F L N L F P N"]
    result = closed(team, lead, anonymous=True, answers=answers)
    with override_settings(**ELSEWHERE):
        data = seal_result(result, by=None, votes=True)
    # Sealing noted the key as one of this installation's own.
    SealKey.objects.all().delete()
    return data


@pytest.fixture
def there():
    return make_team(name="The other team")


@pytest.fixture
def admin_client(client):
    client.force_login(make_user(is_administrator=True))
    return client


def new_version(data, **settings):
    """The same result on a version of the framework that is not here, signed again."""
    value = json.loads(data)
    value["payload"]["framework"]["framework"].update(version="9.9.9")
    value["payload"]["digest"] = FrameworkFile.model_validate(value["payload"]["framework"]).digest
    with override_settings(**settings):
        value["signature"] = {
            "algorithm": "ed25519",
            "key": own_public_key(),
            "value": own_signature(canonical(value["payload"])),
        }
    return canonical(value) + b"\n"


def sent(client, team, data):
    """The page after choosing the file: status and text as it is read."""
    file = SimpleUploadedFile("r.maturity.json", data, content_type="application/json")
    response = client.post(reverse("team-import-result", args=[team.pk]), {"file": file})
    return response.status_code, read(response)


def confirmed(client, team, data, **more):
    return client.post(reverse("team-import-result", args=[team.pk]), {"packed": packed(data), **more}, follow=True)


def read(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


def test_what_is_in_the_file_is_seen_before_anything_is_stored(admin_client, foreign, there, result_of):
    status, page = sent(admin_client, there, foreign)
    assert status == 200
    for words in (
        "https://elsewhere.example with a key that is not known here, so anyone may have made this file",
        json.loads(foreign)["signature"]["key"],
        "is new here and comes along",
        "Calculated again, every figure is the same.",
        "1 criterion has fewer than four votes and counts as unanswered",
        "14 October 2026",
        f"Index {result_of.index_text}",
        f"Level or band {result_of.level} {result_of.level_name}",
    ):
        assert words in page
    assert not Provenance.objects.exists()
    assert not TrustedKey.objects.exists()


@pytest.fixture
def result_of(foreign):
    return Assessment.objects.get().results.get()


def test_an_unknown_key_needs_an_administrators_word_and_is_known_afterwards(client, foreign, there):
    lead_there = make_membership(team=there, role="lead").user
    client.force_login(lead_there)
    status, page = sent(client, there, foreign)
    assert (status, "Ask an administrator to import it." in page) == (422, True)
    assert "Add to the history" not in page
    assert confirmed(client, there, foreign, trust="on").status_code == 422

    client.force_login(make_user(is_administrator=True))
    assert confirmed(client, there, foreign).status_code == 422
    assert not Provenance.objects.exists()
    page = read(confirmed(client, there, foreign, trust="on"))
    assert "Imported the result of 14 October 2026 from https://elsewhere.example." in page
    assert "Imported from https://elsewhere.example, from a sealed file." in page
    assert TrustedKey.objects.get().installation == "https://elsewhere.example"
    assert {"key.trusted", "assessment.imported"} <= set(Event.objects.values_list("kind", flat=True))

    client.force_login(lead_there)
    assert "This very file was imported before" in sent(client, there, foreign)[1]
    assert "Nothing changed." in read(confirmed(client, there, foreign))
    assert Provenance.objects.count() == 1
    another = make_team()
    make_membership(team=another, user=lead_there, role="lead")
    status, page = sent(client, another, foreign)
    assert (status, "is here with the same content" in page) == (200, True)
    assert confirmed(client, another, foreign).status_code == 200
    assert Provenance.objects.count() == 2


def test_a_key_of_one_installation_cannot_speak_for_another(admin_client, foreign, there):
    confirmed(admin_client, there, foreign, trust="on")
    with override_settings(**ELSEWHERE):
        other = resigned(foreign, lambda payload: payload.update(installation="https://somebody.example"))
    status, page = sent(admin_client, make_team(), other)
    assert status == 422
    sentence = (
        "The key is that of https://elsewhere.example, but the file says that it comes from https://somebody.example"
    )
    assert sentence in page


def test_a_result_of_one_team_here_does_not_become_that_of_another(client, team, lead, there):
    """Its key is this installation's own, and so known; the lead of another team has the file from anyone."""
    data = seal_result(closed(team, lead), by=lead)
    client.force_login(make_membership(team=there, role="lead").user)
    status, page = sent(client, there, data)
    assert (status, "made here, by another team" in page) == (422, True)
    assert confirmed(client, there, data).status_code == 422
    assert not Provenance.objects.exists()


def test_a_version_that_is_not_here_comes_along_only_with_an_administrator(client, foreign, there):
    TrustedKey.objects.trust(json.loads(foreign)["signature"]["key"], installation=ELSEWHERE["SITE_URL"], by=None)
    new = new_version(foreign, **ELSEWHERE)
    client.force_login(make_membership(team=there, role="lead").user)
    status, page = sent(client, there, new)
    assert (status, "9.9.9 is not here yet. Ask an administrator to import this file." in page) == (422, True)
    assert confirmed(client, there, new).status_code == 422
    assert not Edition.objects.filter(version="9.9.9").exists()
    client.force_login(make_user(is_administrator=True))
    assert "is new here and comes along" in sent(client, there, new)[1]
    confirmed(client, there, new)
    edition = Edition.objects.get(version="9.9.9")
    assert (edition.origin, edition.status) == ("imported", "retired")


def test_figures_that_do_not_follow_are_named_and_nothing_comes_in(admin_client, foreign, there):
    with override_settings(**ELSEWHERE):
        wrong = resigned(foreign, lambda payload: payload["figures"]["whole"].update(level=3))
    status, page = sent(admin_client, there, wrong)
    assert (status, "figures.whole.level: 3 in the file" in page) == (422, True)
    assert confirmed(admin_client, there, wrong, trust="on").status_code == 422
    assert not Provenance.objects.exists()


def test_every_problem_is_told_at_once(client, foreign, there):
    with override_settings(**ELSEWHERE):
        late = resigned(foreign, lambda payload: payload["assessment"].update(date="2999-01-01"))
    client.force_login(make_membership(team=there, role="lead").user)
    page = sent(client, there, new_version(late, **ELSEWHERE))[1]
    for words in ("The key is not known here", "lies in the future", "is not here yet"):
        assert words in page


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_file_gets_a_sentence_at_once(admin_client, there, name):
    before = time.process_time()
    status, page = sent(admin_client, there, BOMBS[name][:MAX_UPLOAD] + b"\n")
    assert time.process_time() - before < 1
    assert status == 422
    assert "This cannot be imported" in page or "There is a problem" in page


def test_a_damaged_confirmation_stores_nothing(admin_client, there):
    for text in ("", "!!!", "AAAA", packed(b"no file")):
        response = admin_client.post(reverse("team-import-result", args=[there.pk]), {"packed": text})
        assert response.status_code == 422
    assert not Provenance.objects.exists()


def test_every_page_says_where_it_came_from_and_offers_no_reopening(client, foreign, there):
    client.force_login(make_user(is_administrator=True))
    confirmed(client, there, foreign, trust="on")
    assessment = there.assessments.get()
    client.force_login(make_membership(team=there, role="lead").user)
    result = assessment.results.get()
    addresses = [
        result.get_absolute_url(),
        assessment.get_absolute_url(),
        there.get_absolute_url(),
        reverse("team-map", args=[there.pk]),
        f"{reverse('team-compare', args=[there.pk])}?earlier={result.pk}&later={result.pk}",
    ]
    for address in addresses:
        page = client.get(address).content.decode()
        assert "mported from https://elsewhere.example" in page, address
        assert reverse("assessment-reopen", args=[assessment.pk]) not in page
    assert client.post(reverse("assessment-reopen", args=[assessment.pk]), {"reason": "Why not."}).status_code == 409


def test_what_was_withheld_stays_withheld(client, foreign, there):
    client.force_login(make_user(is_administrator=True))
    confirmed(client, there, foreign, trust="on")
    row = there.assessments.get().results.get().criteria.get(key="y1")
    assert (row.rating, row.votes) == ("", {})
