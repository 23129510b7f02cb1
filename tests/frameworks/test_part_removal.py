"""A dimension or level that is removed takes its criteria along, and both can be put back."""

import pytest

from assessments.frameworks.storing import data_of
from assessments.models import Edition, Symptom

from .. import toy
from ..factories import make_user
from .test_rules_forms import page, url

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    client.force_login(user)
    return user


@pytest.fixture
def draft(admin):
    draft = toy.make_edition().make_draft(by=admin)
    for n in range(4):
        values = {"statement": f"Level {n} hurts.", "cleared_by": ["x3", "y1"] if n == 1 else []}
        Symptom.objects.create(edition=draft, key=f"t{n}", order=10 + n, level=n, **values)
    return draft


def contents(draft):
    """Everything in it, whatever the order in which criteria clear a symptom."""
    data = data_of(Edition.objects.get(pk=draft.pk).contents)
    for symptom in data["symptoms"]:
        symptom["cleared_by"] = set(symptom.get("cleared_by", []))
    return data


def part(draft, kind):
    if kind == "dimension":
        return draft.dimensions.get(key="X")
    return draft.levels.get(number=int(kind[-1]))


@pytest.mark.parametrize("kind,count", [("dimension", 4), ("level 1", 3), ("level 2", 3), ("level 3", 2)])
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_it_comes_back_with_its_criteria_where_it_was(client, draft, kind, count, headers):
    before = contents(draft)
    row = part(draft, kind)
    name = kind.split()[0]
    assert f"{count} criteria go with it" in page(client, draft.url_of(row)).content.decode()
    assert client.post(url(draft, "draft-remove", name, row.pk)).status_code == 302
    assert draft.criteria.count() == 8 - count
    shown = page(client, draft.get_editor_url()).content.decode()
    assert f"with {count} criteria" in shown
    key = "X" if name == "dimension" else str(row.number)
    for _click in range(2):
        response = client.post(url(draft, "draft-undo"), {"kind": name, "key": key}, **headers)
        assert response.status_code in (200, 302)
    assert contents(draft) == before
    assert draft.url_of(row) in page(client, draft.get_editor_url()).content.decode()
    assert "Undo" not in page(client, draft.get_grid_url()).content.decode()


def test_the_last_removed_comes_back_first(client, draft):
    before = contents(draft)
    client.post(url(draft, "draft-remove", "criterion", draft.criteria.get(key="x1").pk))
    client.post(url(draft, "draft-remove", "level", draft.levels.get(number=2).pk))
    client.post(url(draft, "draft-remove", "level", draft.levels.get(number=2).pk))
    client.post(url(draft, "draft-remove", "dimension", draft.dimensions.get(key="X").pk))
    for _n in range(4):
        kept = page(client, draft.get_grid_url()).context["removed"]
        client.post(url(draft, "draft-undo"), {"kind": kept["kind"], "key": kept["key"]})
    assert contents(draft) == before


def test_what_it_belonged_to_must_be_there(client, draft):
    level = draft.levels.get(number=3)
    client.post(url(draft, "draft-remove", "dimension", draft.dimensions.get(key="X").pk))
    client.post(url(draft, "draft-remove", "level", level.pk))
    response = client.post(url(draft, "draft-undo"), {"kind": "dimension", "key": "X"}, **HTMX)
    assert response.status_code == 409
    assert "What it belonged to has been removed." in response.content.decode()
    assert not draft.dimensions.filter(key="X").exists()
    for kind, key in (("level", "3"), ("dimension", "X")):
        client.post(url(draft, "draft-undo"), {"kind": kind, "key": key}, **HTMX)
    assert draft.criteria.filter(dimension__key="X").count() == 4


def test_a_key_that_was_taken_since_is_told(client, draft, admin):
    added = draft.add(draft.dimensions.model(name="Once"), by=admin)
    client.post(url(draft, "draft-remove", "dimension", added.pk))
    draft.add(draft.dimensions.model(name="Once"), by=admin)
    response = client.post(url(draft, "draft-undo"), {"kind": "dimension", "key": added.key}, **HTMX)
    assert response.status_code == 409
    assert "has its key" in response.content.decode()


def test_a_group_that_is_gone_by_then_is_left_out(client, draft, admin):
    group = draft.add(draft.groups.model(name="Both"), by=admin)
    x = draft.dimensions.get(key="X")
    draft.change(x, by=admin, seen=0, group=group)
    client.post(url(draft, "draft-remove", "dimension", x.pk))
    draft.remove(group, by=admin)
    client.post(url(draft, "draft-undo"), {"kind": "dimension", "key": "X"})
    assert draft.dimensions.get(key="X").group is None


def test_the_lowest_level_stays(client, draft):
    lowest = draft.levels.get(number=0)
    assert client.post(url(draft, "draft-remove", "level", lowest.pk)).status_code == 409
    assert "Undo" not in page(client, draft.get_editor_url()).content.decode()


@pytest.mark.parametrize("kind,key", [("", ""), ("level", "x"), ("scale", "nplf"), ("dimension", "X")])
def test_what_was_not_removed_is_not_put_back(client, draft, kind, key):
    before = contents(draft)
    assert client.post(url(draft, "draft-undo"), {"kind": kind, "key": key}).status_code == 302
    assert contents(draft) == before


def test_a_session_keeps_no_more_than_it_should(client, draft, admin, monkeypatch):
    monkeypatch.setattr("assessments.frameworks.editor.grid_answers.MAX_CRITERIA", 5)
    for key in ("X", "Y"):
        client.post(url(draft, "draft-remove", "dimension", draft.dimensions.get(key=key).pk))
    assert [kept["key"] for kept in client.session["removed_parts"]] == ["Y"]
