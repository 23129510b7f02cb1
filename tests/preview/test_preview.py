"""A draft before anyone answers it: its questions and a result of made-up answers, and nothing is stored."""

import datetime

import pytest
from django.urls import reverse

from assessments.frameworks.editor.begin_forms import BlankForm
from assessments.frameworks.storing import begin
from assessments.models import Assessment, Edition, Result
from assessments.preview.made_up import answers_at, random_answers

from .. import toy
from ..factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    client.force_login(user)
    return user


@pytest.fixture
def draft(admin):
    return toy.make_edition().make_draft(by=admin)


def url(draft, name, *arguments):
    return reverse(name, args=[draft.framework.key, draft.pk, *arguments])


def test_the_draft_leads_to_its_preview(client, draft):
    for page in ("draft-edit", "draft-grid"):
        assert f'href="{url(draft, "draft-preview")}"' in client.get(url(draft, page)).content.decode()


def test_every_dimension_shows_its_questions(client, draft):
    for dimension in draft.dimensions.all():
        text = client.get(url(draft, "draft-preview-dimension", dimension.key)).content.decode()
        for criterion in draft.criteria.all():
            assert (criterion.statement in text) == (criterion.dimension_id == dimension.pk)
    assert client.get(url(draft, "draft-preview-dimension", "nowhere")).status_code == 404


def test_the_preview_has_no_form_to_send_answers_with(client, draft):
    text = client.get(url(draft, "draft-preview")).content.decode()
    assert 'type="radio"' in text
    assert "django_htmx/" in client.get(url(draft, "draft-grid")).content.decode()
    assert "django_htmx/" not in text
    assert '<form class="answers"' not in text


def test_a_changed_answer_is_shown_at_once(client, draft):
    """Questions are kept by digest, which a draft does not have."""
    address = url(draft, "draft-preview")
    assert "Largely" in client.get(address).content.decode()
    draft.scales.get().choices.filter(code="L").update(name="For the most part")
    assert "For the most part" in client.get(address).content.decode()


def test_an_empty_draft_says_that_it_has_no_questions(client, draft):
    draft.criteria.all().delete()
    assert "No questions yet" in client.get(url(draft, "draft-preview")).content.decode()
    assert "to fix before you publish" in client.get(url(draft, "draft-preview-result")).content.decode()


@pytest.mark.parametrize(("step", "level"), [(0, 0), (1, 0), (2, 3), (3, 3)])
def test_the_same_answer_everywhere_is_scored_like_a_real_one(client, draft, step, level):
    seen = client.get(url(draft, "draft-preview-result"), {"answers": step})
    assert seen.status_code == 200
    result = seen.context["result"]
    codes = " ".join(["NPLF"[step]] * draft.criteria.count())
    real = toy.add_result(team=make_team(), edition=draft.based_on, date=datetime.date(2026, 3, 2), codes=codes)
    assert result.level == real.level == level
    assert result.index_exact == real.index_exact


def test_random_answers_stay_the_same_for_the_same_number(draft):
    contents = draft.contents
    first = random_answers(contents, 1)
    assert first == random_answers(contents, 1)
    assert any(random_answers(contents, seed) != first for seed in range(2, 6))
    assert first.keys() == {criterion.key for criterion in contents.criteria}


def test_a_shorter_scale_is_answered_in_proportion(draft):
    short = draft.scales.get()
    yes_no = type(short).objects.create(edition=draft, key="yes-no", order=1)
    for value, code in enumerate("NY"):
        yes_no.choices.create(code=code, value=value, name=code)
    draft.criteria.filter(key="x1").update(scale=yes_no)
    assert answers_at(draft.contents, 0)["x1"] == "N"
    assert answers_at(draft.contents, 3) == dict.fromkeys(random_answers(draft.contents, 1), "F") | {"x1": "Y"}


@pytest.mark.parametrize("asked", [{"answers": "99"}, {"answers": "random", "seed": "x"}, {"answers": ""}])
def test_what_is_no_answer_is_answered_by_chance(client, draft, asked):
    assert client.get(url(draft, "draft-preview-result"), asked).status_code == 200


def test_nothing_is_stored(client, draft):
    before = draft.revision
    for name in ("draft-preview", "draft-preview-result"):
        assert client.get(url(draft, name)).status_code == 200
        assert client.post(url(draft, name)).status_code == 405
    assert not Assessment.objects.exists()
    assert not Result.objects.exists()
    assert Edition.objects.get(pk=draft.pk).revision == before


def test_a_published_edition_has_no_preview(client, draft):
    for name in ("draft-preview", "draft-preview-result"):
        assert client.get(url(draft.based_on, name)).status_code == 409


@pytest.mark.parametrize("method", ["min-of-sums", "rubric"])
def test_every_method_has_a_result(client, admin, method):
    form = BlankForm({"name": "Ours", "method": method, "levels": "Low\nHigh", "dimensions": "A\nB"})
    assert form.is_valid(), form.errors
    edition = begin(form.data_to_store(), by=admin)
    for dimension in edition.dimensions.all():
        row = edition.criteria.model(edition=edition, dimension=dimension, key=f"c{dimension.pk}", statement="One.")
        row.scale = edition.scales.first()
        edition.add(row, by=admin)
    seen = client.get(url(edition, "draft-preview-result"))
    assert seen.status_code == 200
    assert "form" in seen.context, seen.context["readiness"].obstacles
