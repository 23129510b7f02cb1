"""The grid of a draft: lists are pasted, criteria added, moved, copied, removed and put back; nothing is lost."""

import pytest
from django.urls import reverse

from assessments.models import Conflict, Criterion, Level, Symptom

from .. import toy
from ..factories import make_user

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


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


def keys(draft, dimension="X"):
    rows = draft.criteria.filter(dimension__key=dimension)
    return [(row.level.number, row.key) for row in rows.select_related("level")]


def statements(draft, dimension="X"):
    rows = draft.criteria.filter(dimension__key=dimension).select_related("level")
    return [(row.level.number, row.statement) for row in rows]


@pytest.fixture
def x(draft):
    return draft.dimensions.get(key="X")


def test_the_grid_shows_every_criterion_in_its_cell(client, draft):
    page = client.get(url(draft, "draft-grid"))
    text = page.content.decode()
    for criterion in draft.criteria.all():
        assert f'href="{draft.url_of(criterion)}"' in text
    assert text.count('class="spot"') == draft.dimensions.count() * (draft.levels.count() - 1)


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_pasted_list_makes_one_criterion_each(client, draft, x, headers):
    address = url(draft, "draft-paste", x.pk)
    text = "2\tSecond.\tAsk.\n1 \tFirst.\n2\tThird <script>.\n"
    seen = client.post(address, {"text": text, "preview": "yes"}, **headers)
    assert [(level.number, count) for level, count in seen.context["found"].counts()][:2] == [(1, 1), (2, 2)]
    before = draft.criteria.count()
    client.post(address, {"text": text, "once": "t1"}, **headers)
    client.post(address, {"text": text, "once": "t1"}, **headers)
    assert draft.criteria.count() == before + 3
    added = [row for row in statements(draft) if row[1] in ("First.", "Second.", "Third <script>.")]
    assert added == [(1, "First."), (2, "Second."), (2, "Third <script>.")]
    assert draft.criteria.get(statement="Second.").evidence == "Ask."
    assert "Third &lt;script&gt;." in client.get(url(draft, "draft-grid")).content.decode()


@pytest.mark.parametrize(
    "text,sentence", [("1 One.\n9 Two.", "no level “9”"), ("One.\nTwo.", "names no level"), (" ", "")]
)
def test_a_list_with_a_problem_adds_nothing_and_stays(client, draft, x, text, sentence):
    before = draft.criteria.count()
    response = client.post(url(draft, "draft-paste", x.pk), {"text": text, "once": "t1"}, **HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert " ".join(text.split()) in page
    assert draft.criteria.count() == before


def test_lines_without_a_level_can_be_given_one(client, draft, x):
    level = draft.levels.get(number=2)
    client.post(url(draft, "draft-paste", x.pk), {"text": "One.\nTwo.", "level": level.pk, "once": "t1"})
    assert {(2, "One."), (2, "Two.")} <= set(statements(draft))


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_cell_takes_every_line_as_it_is(client, draft, x, headers):
    level = draft.levels.get(number=1)
    data = {"text": "2 people know it.\n- Another.", "level": level.pk, "here": "on", "once": "t1"}
    response = client.post(url(draft, "draft-paste", x.pk), data, **headers)
    assert {(1, "2 people know it."), (1, "Another.")} <= set(statements(draft))
    if headers:
        assert f'id="cell-{x.pk}-{level.pk}"' in response.content.decode()
    else:
        assert response.url.startswith(url(draft, "draft-grid"))


def test_a_cell_says_what_is_wrong(client, draft, x):
    data = {"text": "x" * 2001, "level": draft.levels.get(number=1).pk, "here": "on", "once": "t1"}
    response = client.post(url(draft, "draft-paste", x.pk), data, **HTMX)
    assert response.status_code == 422
    assert "2001 letters" in response.content.decode()


def move(client, draft, key, *, dimension, level, before="", revision=None, **headers):
    row = draft.criteria.get(key=key)
    data = {
        "criterion": row.pk,
        "revision": row.revision if revision is None else revision,
        "dimension": draft.dimensions.get(key=dimension).pk,
        "level": draft.levels.get(number=level).pk,
        "before": before and draft.criteria.get(key=before).pk,
    }
    return client.post(url(draft, "draft-place"), data, **(headers or HTMX))


def test_a_criterion_moves_to_another_cell_and_in_front_of_another(client, draft):
    assert move(client, draft, "x1", dimension="Y", level=1, before="y1").status_code == 200
    assert keys(draft, "Y")[:2] == [(1, "x1"), (1, "y1")]
    move(client, draft, "x1", dimension="Y", level=1)
    in_cell = [key for level, key in keys(draft, "Y") if level == 1]
    assert in_cell[-1] == "x1"
    orders = list(draft.criteria.values_list("order", flat=True))
    assert orders == sorted(set(orders))


def test_a_move_from_an_old_page_is_told_and_not_made(client, draft, admin):
    row = draft.criteria.get(key="x1")
    draft.change(row, by=admin, seen=0, statement="Theirs.")
    response = move(client, draft, "x1", dimension="Y", level=1, revision=0)
    assert response.status_code == 409
    text = response.content.decode()
    assert "Someone else changed this" in text
    assert "Theirs." in text
    row.refresh_from_db()
    assert row.dimension.key == "X"
    with pytest.raises(Conflict):
        draft.place(row, by=admin, seen=0, dimension=draft.dimensions.get(key="Y"), level=row.level)


def test_a_criterion_cannot_move_out_of_its_draft(client, draft):
    other = toy.make_edition()
    row = draft.criteria.get(key="x1")
    data = {"criterion": row.pk, "revision": 0, "dimension": other.dimensions.first().pk, "level": row.level_id}
    assert client.post(url(draft, "draft-place"), data, **HTMX).status_code == 422
    data = {
        "criterion": row.pk,
        "revision": 0,
        "dimension": row.dimension_id,
        "level": Level.objects.get(edition=draft, number=0).pk,
    }
    assert client.post(url(draft, "draft-place"), data, **HTMX).status_code == 422


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_copy_stands_after_it_with_a_key_of_its_own(client, draft, headers):
    row = draft.criteria.get(key="x1")
    address = url(draft, "draft-duplicate", row.pk)
    client.post(address, {"once": "t1"}, **headers)
    client.post(address, {"once": "t1"}, **headers)
    copies = draft.criteria.filter(statement=row.statement)
    first, second = copies
    assert first == row
    assert second.key != row.key
    assert second.order == row.order + 1


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_what_is_removed_can_be_put_back_where_it_was(client, draft, headers):
    row = draft.criteria.get(key="x1")
    Symptom.objects.create(edition=draft, key="s", order=0, level=0, statement="Quiet.", cleared_by=["x1", "x2"])
    before = list(draft.criteria.values())
    client.post(url(draft, "draft-remove", "criterion", row.pk), **headers)
    assert not draft.criteria.filter(key="x1").exists()
    assert "Undo" in client.get(url(draft, "draft-grid")).content.decode()
    for _click in range(2):
        client.post(url(draft, "draft-undo"), {"key": "x1"}, **headers)
    after = list(draft.criteria.values())
    for rows in (before, after):
        for values in rows:
            values.pop("id")
    assert after == before
    assert set(draft.symptoms.get(key="s").cleared_by) == {"x1", "x2"}
    assert "Undo" not in client.get(url(draft, "draft-grid")).content.decode()


def test_what_has_nowhere_to_go_back_to_is_told(client, draft, admin):
    x = draft.dimensions.get(key="X")
    for row in draft.criteria.filter(dimension=x):
        client.post(url(draft, "draft-remove", "criterion", row.pk))
    draft.remove(x, by=admin)
    response = client.post(url(draft, "draft-undo"), {"key": "x1"}, **HTMX)
    assert response.status_code == 409
    assert "What it belonged to has been removed." in response.content.decode()


def test_what_was_removed_from_one_draft_is_not_put_back_into_another(client, draft, admin):
    client.post(url(draft, "draft-remove", "criterion", draft.criteria.get(key="x1").pk))
    other = toy.make_edition().make_draft(by=admin)
    count = Criterion.objects.count()
    client.post(url(other, "draft-undo"), {"key": "x1"}, **HTMX)
    assert Criterion.objects.count() == count


def test_the_panel_is_a_page_of_its_own_without_script(client, draft):
    row = draft.criteria.get(key="x1")
    page, panel = client.get(draft.url_of(row)), client.get(draft.url_of(row), **HTMX)
    assert "<html" in page.content.decode()
    assert "<html" not in panel.content.decode()
    assert 'id="panel-content"' in panel.content.decode()


def test_saving_in_the_panel_puts_the_new_text_into_its_cell(client, draft):
    row = draft.criteria.get(key="x1")
    level = draft.levels.get(number=2)
    data = {"statement": "New words.", "dimension": row.dimension_id, "level": level.pk, "revision": 0}
    current = {"HTTP_HX_CURRENT_URL": f"http://testserver{url(draft, 'draft-grid')}"}
    text = client.post(draft.url_of(row), data, **HTMX, **current).content.decode()
    assert f'id="cell-{row.dimension_id}-{level.pk}"' in text
    assert f'id="cell-{row.dimension_id}-{row.level_id}"' in text
    assert "New words." in text
