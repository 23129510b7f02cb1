"""Scoring rules, bands, symptoms and adviser rules, edited in the browser as they stand in the file."""

import pytest
from django.urls import reverse

from assessments.frameworks.format.files import reads
from assessments.frameworks.storing import file_of, store

from ..factories import make_user
from .test_framework_files import SMALL

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    client.force_login(user)
    return user


@pytest.fixture
def draft(admin):
    return store(reads(SMALL, name="small.yaml"), origin="imported").edition.make_draft(by=admin)


@pytest.fixture
def address(draft):
    return reverse("draft-rules-text", args=[draft.framework.key, draft.pk])


def test_what_is_shown_can_be_saved_unchanged(client, draft, address):
    form = client.get(address).context["form"]
    digest = file_of(draft).digest
    data = {"text": form.initial["text"], "revision": draft.revision}
    assert client.post(address, data).status_code == 302
    draft.refresh_from_db()
    assert (file_of(draft).digest, draft.revision) == (digest, 0)


def test_rules_symptoms_and_adviser_can_be_changed(client, draft, address):
    text = client.get(address).context["form"].initial["text"]
    text = text.replace("more_than: '0.85'", "more_than: 0.9").replace("Nobody talks.", "Silence <b>reigns</b>.")
    text = text.replace("Many.", "Very many.")
    assert client.post(address, {"text": text, "revision": 0}).status_code == 302
    draft.refresh_from_db()
    file = file_of(draft)
    assert str(file.scoring.rules[0].at.more_than) == "9/10"
    assert [symptom.statement for symptom in file.symptoms] == ["Silence <b>reigns</b>."]
    assert file.adviser.rules[0].why == "Very many."
    assert "Silence &lt;b&gt;" in client.get(address).content.decode()


@pytest.mark.parametrize(
    "old,new,sentence",
    [
        ("default_rule: most", "default_rule: least", "Line 2"),
        ("people.one", "people.none", "people.none"),
        ("Nobody talks.", "'Nobody", "this is not YAML"),
        ("scoring:", "skoring:", "skoring"),
        ("more_than: '0.85'", "more_than: much", "Line"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_stays(client, draft, address, old, new, sentence):
    text = client.get(address).context["form"].initial["text"]
    assert old in text
    response = client.post(address, {"text": text.replace(old, new), "revision": 0})
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    draft.refresh_from_db()
    assert draft.revision == 0


def test_somebody_elses_change_is_shown_beside_ones_own(client, draft, address, admin):
    text = client.get(address).context["form"].initial["text"]
    assert client.post(address, {"text": text.replace("Many.", "Theirs."), "revision": 0}).status_code == 302
    response = client.post(address, {"text": text.replace("Many.", "Mine."), "revision": 0})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Theirs." in page
    assert "Mine." in page
    overwritten = {"text": text.replace("Many.", "Mine."), "revision": 0, "overwrite": 1}
    assert client.post(address, overwritten).status_code == 302
    draft.refresh_from_db()
    assert file_of(draft).adviser.rules[0].why == "Mine."
