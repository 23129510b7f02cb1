"""The adviser of a draft, edited in forms."""

import pytest
from django.urls import reverse

from assessments.frameworks.format.files import read, reads
from assessments.frameworks.storing import BUILT_IN, file_of, store
from assessments.models import Edition

from .. import toy
from ..factories import make_user
from .test_framework_files import SMALL, SUMS
from .test_rules_forms import page, sent, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    client.force_login(user)
    return user


def draft_of(text, admin):
    return store(reads(text, name="some.yaml"), origin="imported").edition.make_draft(by=admin)


@pytest.fixture
def draft(admin):
    return draft_of(SMALL, admin)


@pytest.fixture
def mlops(admin):
    return store(read(BUILT_IN / "mlops.yaml"), origin="built-in").edition.make_draft(by=admin)


def adviser_of(draft):
    return file_of(Edition.objects.get(pk=draft.pk)).adviser


def form_at(client, address):
    return page(client, address).context["form"]


def test_everything_that_is_saved_unchanged_stays_as_it_is(client, mlops):
    digest = file_of(mlops).digest
    adviser = mlops.blocks["adviser"]
    pages = [url(mlops, "draft-adviser")]
    for kind in ("inputs", "rules", "adjustments"):
        pages += [url(mlops, "draft-advice", kind, entry["key"]) for entry in adviser[kind]]
    assert len(pages) == 16
    for address in pages:
        response = client.post(address, sent(form_at(client, address)))
        assert response.status_code == 302, address
    mlops.refresh_from_db()
    assert (file_of(mlops).digest, mlops.revision) == (digest, 0)


def test_an_adviser_is_made_from_nothing(client, admin):
    draft = toy.make_edition().make_draft(by=admin)
    text = page(client, draft.get_rules_url()).content.decode()
    assert "Add an adviser" in text
    values = {"question": "Which <b>level</b>?", "principle": "", "cautions": "One.\nTwo.", "confirm_3": "We looked."}
    assert client.post(url(draft, "draft-adviser"), values | {"revision": 0}).status_code == 302
    new = url(draft, "draft-advice-new", "inputs")
    questions = [
        {"ask": "How many models?", "type": "integer", "min": "0", "default": "1"},
        {"ask": "How often?", "type": "choice", "choices": "rare\noften", "default": "rare"},
        {"ask": "Is it live?", "type": "boolean", "default": "yes"},
    ]
    for question in questions:
        assert client.post(new, question).status_code == 302
    how_many, how_often, live = (question.key for question in adviser_of(draft).inputs)
    rule = {"level": "2", "why": "Many <i>models</i>.", "basis": "House", f"when_{how_many}_min": "3"}
    rule |= {f"when_{how_often}": ["often"], f"when_{live}": "yes"}
    assert client.post(url(draft, "draft-advice-new", "rules"), rule).status_code == 302
    assert client.post(url(draft, "draft-advice-new", "rules"), {"level": "1", "why": "Else."}).status_code == 302
    adjustment = {"at_least": "1", "at_most": "3", "why": "Limits.", f"when_{how_many}_max": "9"}
    assert client.post(url(draft, "draft-advice-new", "adjustments"), adjustment).status_code == 302
    adviser = adviser_of(draft)
    assert [(entry.level, entry.ask) for entry in adviser.confirm] == [(3, "We looked.")]
    assert adviser.cautions == ("One.", "Two.")
    assert adviser.inputs[2].default is True
    assert dict(adviser.rules[0].when) == {f"{how_many}_min": 3, how_often: ("often",), live: True}
    assert adviser.rules[0].basis == "House"
    assert dict(adviser.rules[1].when) == {}
    assert (adviser.adjustments[0].at_least, adviser.adjustments[0].at_most) == (1, 3)
    text = page(client, draft.get_rules_url()).content.decode()
    assert "Which &lt;b&gt;level" in text
    assert "Level 2: Many &lt;i&gt;models" in text
    assert "How many models? 3 or more" in text

    client.post(url(draft, "draft-advice-move", "rules", adviser.rules[1].key), {"direction": "up"})
    assert [rule.level for rule in adviser_of(draft).rules] == [1, 2]
    client.post(url(draft, "draft-advice-move", "rules", adviser.rules[1].key), {"direction": "up"})
    assert [rule.level for rule in adviser_of(draft).rules] == [1, 2]
    assert client.post(url(draft, "draft-adviser-remove")).status_code == 302
    assert adviser_of(draft) is None


@pytest.mark.parametrize(
    "kind,values,sentence",
    [
        ("inputs", {"ask": "", "type": "boolean"}, "This field is required."),
        ("inputs", {"ask": "Which?", "type": "choice"}, "Write the words, one on each line."),
        ("inputs", {"ask": "Which?", "type": "poem"}, "Select a valid choice"),
        ("inputs", {"ask": "Which?", "type": "integer", "default": "many"}, "This is no answer to the question."),
        ("inputs", {"ask": "Which?", "type": "choice", "choices": "a", "default": "b"}, "This is no answer"),
        ("inputs", {"ask": "Which?", "type": "integer", "min": "-1"}, "greater than or equal to 0"),
        ("rules", {"level": "7", "why": "So."}, "Select a valid choice"),
        ("rules", {"level": "1", "why": "So.", "when_models_min": "x"}, "whole number"),
        ("rules", {"level": "1", "why": "So.", "when_change": ["never"]}, "Select a valid choice"),
        ("rules", {"level": "1", "why": ""}, "This field is required."),
        ("inputs", {"ask": "Which\x07?", "type": "boolean"}, "control character"),
        ("adjustments", {"why": "So."}, "Choose a level that it raises or lowers the advice to."),
        ("adjustments", {"why": "So.", "at_least": "1", "at_most": "0"}, "This is lower than"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_stored(client, draft, kind, values, sentence):
    before = adviser_of(draft)
    response = client.post(url(draft, "draft-advice-new", kind), values)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert adviser_of(draft) == before


def test_a_question_that_rules_ask_for_is_not_pulled_from_under_them(client, draft):
    response = client.post(url(draft, "draft-advice-remove", "inputs", "models"))
    assert response.status_code == 409
    assert "1 rule has a condition on this question" in response.content.decode()
    address = url(draft, "draft-advice", "inputs", "models")
    response = client.post(address, sent(form_at(client, address)) | {"type": "boolean"})
    assert response.status_code == 422
    assert "is not a number, so it has no bounds" in response.content.decode()
    assert adviser_of(draft).inputs[0].type == "integer"


def test_a_rule_goes_with_the_worked_cases_that_name_it(client, draft):
    assert len(adviser_of(draft).cases) == 1
    assert client.post(url(draft, "draft-advice-remove", "rules", "A1")).status_code == 302
    adviser = adviser_of(draft)
    assert (adviser.rules, adviser.cases) == ((), ())
    assert client.post(url(draft, "draft-advice-remove", "rules", "A1")).status_code == 404
    assert client.post(url(draft, "draft-advice-remove", "inputs", "models")).status_code == 302


def test_somebody_elses_change_is_shown_and_ones_own_can_be_stored_over_it(client, draft):
    address = url(draft, "draft-advice", "rules", "A1")
    mine = sent(form_at(client, address)) | {"why": "Mine."}
    assert client.post(address, sent(form_at(client, address)) | {"why": "Theirs."}).status_code == 302
    response = client.post(address, mine)
    text = response.content.decode()
    assert response.status_code == 409
    assert "Theirs." in text
    assert "Mine." in text
    assert client.post(address, mine | {"overwrite": 1}).status_code == 302
    assert adviser_of(draft).rules[0].why == "Mine."


def test_one_that_was_removed_meanwhile_is_not_found(client, draft):
    address = url(draft, "draft-advice", "adjustments", "M1")
    data = sent(form_at(client, address))
    client.post(url(draft, "draft-advice-remove", "adjustments", "M1"))
    assert client.post(address, data).status_code == 404


def test_a_condition_that_is_changed_keeps_the_others_as_they_are_written(client, mlops):
    address = url(mlops, "draft-advice", "rules", "A4")
    data = sent(form_at(client, address)) | {"when_models_min": "12", "when_change": ["regular", "frequent"]}
    assert client.post(address, data).status_code == 302
    rule = next(rule for rule in adviser_of(mlops).rules if rule.key == "A4")
    assert dict(rule.when) == {
        "proven_min": 3,
        "models_min": 12,
        "change": ("regular", "frequent"),
        "feedback": True,
    }


def test_sums_have_no_adviser(client, admin):
    draft = draft_of(SUMS, admin)
    assert client.get(url(draft, "draft-adviser")).status_code == 409
    assert client.post(url(draft, "draft-advice-new", "inputs"), {"ask": "?", "type": "boolean"}).status_code == 409
    assert "adviser" not in Edition.objects.get(pk=draft.pk).blocks
    assert (
        reverse("draft-adviser", args=[draft.framework.key, draft.pk])
        not in page(client, draft.get_rules_url()).content.decode()
    )


def test_a_fault_of_the_adviser_leads_to_its_form(client, draft, admin):
    def change(adviser):
        adviser["rules"][0]["level"] = 9
        return adviser

    draft.change_adviser(by=admin, seen=None, change=change)
    text = page(client, url(draft, "draft-publish")).content.decode()
    assert f'<a href="{url(draft, "draft-advice", "rules", "A1")}">Fix</a>' in text
    assert "Rule of the adviser “Many.”: there is no level 9" in text
