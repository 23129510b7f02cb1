"""Beginning a framework in the browser: blank, as a copy, or from a table with a preview of what it becomes."""

import pytest
from django.urls import reverse

from assessments.frameworks.storing import data_of
from assessments.models import Criterion, Edition, Framework

from .. import toy
from ..factories import make_user

pytestmark = pytest.mark.django_db

BLANK = {
    "name": "Our model",
    "method": "levels",
    "levels": "Start\nBegun\nDone",
    "dimensions": "People\nData <script>",
    "once": "t1",
}
TABLE = "Level\tDimension\tCriterion\tHow to check\n1\tPeople\tThey talk.\tAsk.\n2 Good\tData\tIt is <b>kept</b>.\t\n"


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    client.force_login(user)
    return user


def post(client, way="", **data):
    return client.post(reverse(f"framework-new{way}"), data)


def test_a_blank_framework_becomes_a_draft(client, admin):
    response = post(client, **BLANK)
    draft = Edition.objects.get()
    assert response.url == draft.get_grid_url()
    assert (draft.framework.key, draft.version, draft.origin, draft.is_draft) == ("our-model", "0.1.0", "own", True)
    assert [(level.number, level.name) for level in draft.levels.all()] == [(0, "Start"), (1, "Begun"), (2, "Done")]
    assert [row.name for row in draft.dimensions.all()] == ["People", "Data <script>"]
    assert "Data &lt;script&gt;" in client.get(draft.get_editor_url()).content.decode()


@pytest.mark.parametrize("method,numbers", [("rubric", [1, 2, 3]), ("min-of-sums", [])])
def test_each_method_begins_with_what_it_needs(client, admin, method, numbers):
    assert post(client, **BLANK | {"method": method}).status_code == 302
    draft = Edition.objects.get()
    assert [level.number for level in draft.levels.all()] == numbers
    scale = draft.scales.get()
    for dimension in draft.dimensions.all():
        draft.add(Criterion(edition=draft, dimension=dimension, scale=scale, statement="It is done."), by=admin)
    if method == "rubric":
        assert [choice.name for choice in scale.choices.all()] == ["Start", "Begun", "Done"]
        assert client.get(reverse("draft-publish", args=[draft.framework.key, draft.pk])).context["readiness"].is_ready
    else:
        assert [band["name"] for band in draft.scoring["bands"]] == ["Start", "Begun", "Done"]


def test_a_double_click_begins_one_framework(client, admin):
    assert post(client, **BLANK).url == post(client, **BLANK).url
    assert Framework.objects.count() == 1


def test_two_frameworks_of_one_name_get_two_keys(client, admin):
    post(client, **BLANK)
    post(client, **BLANK | {"once": "t2"})
    assert {framework.key for framework in Framework.objects.all()} == {"our-model", "our-model-2"}


@pytest.mark.parametrize(
    "changes,sentence",
    [
        ({"levels": "One"}, "Write at least 2 lines."),
        ({"dimensions": ""}, "This field is required."),
        ({"dimensions": "A\na"}, "Two lines are the same."),
        ({"key": "No Spaces"}, "Write small letters"),
        ({"key": "taken"}, "There is a framework with this key already."),
        ({"levels": "One\n" + "x" * 121}, "longer than 120 letters"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(client, admin, changes, sentence):
    Framework.objects.create(key="taken", name="Taken")
    response = post(client, **BLANK | changes)
    text = response.content.decode()
    assert response.status_code == 422
    assert sentence in text
    assert "Our model" in text
    assert not Edition.objects.exists()


def test_a_copy_has_a_key_of_its_own_and_no_history(client, admin):
    edition = toy.make_edition()
    edition = edition.make_draft(by=admin)
    Criterion.objects.filter(edition=edition, key="x1").update(meaning=4)
    response = post(client, "-copy", edition=edition.pk, name="Copied", key="copied", once="t1")
    draft = Edition.objects.get(framework__key="copied")
    assert response.url == draft.get_grid_url()
    assert draft.based_on is None
    before, after = data_of(edition.contents), data_of(draft.contents)
    for data in (before, after):
        data.pop("framework")
        for criterion in data["criteria"]:
            criterion.pop("meaning")
    assert before == after
    assert set(draft.criteria.values_list("meaning", flat=True)) == {1}


def table(client, **changes):
    return post(client, "-table", **{"name": "Pasted", "method": "levels", "table": TABLE, "once": "t1"} | changes)


def test_a_table_is_shown_before_anything_is_stored(client, admin):
    page = table(client)
    text = " ".join(page.content.decode().split())
    assert not Framework.objects.exists()
    assert "2 criteria" in text
    assert "Level 1" in text
    assert "Good" in text
    assert "People" in text
    response = table(client, create="yes", shown=page.context["hash"])
    draft = Edition.objects.get()
    assert response.url == draft.get_grid_url()
    rows = draft.criteria.values_list("level__number", "dimension__name", "statement", "evidence")
    assert list(rows) == [(1, "People", "They talk.", "Ask."), (2, "Data", "It is <b>kept</b>.", "")]


def test_only_what_was_seen_is_stored(client, admin):
    seen = table(client).context["hash"]
    page = table(client, create="yes", shown=seen, table=TABLE + "3\tData\tMore.\n")
    assert page.status_code == 200
    assert page.context["table"].summary == "3 criteria"
    assert not Framework.objects.exists()


def test_problems_are_told_by_line_and_nothing_is_left_out_unasked(client, admin):
    broken = TABLE + "\tData\t\tAsk.\n"
    page = table(client, table=broken)
    assert "Line 4" in page.content.decode()
    seen = page.context["hash"]
    refused = table(client, table=broken, create="yes", shown=seen)
    assert refused.status_code == 422
    assert "Level Dimension Criterion How to check 1 People" in refused.content.decode()
    assert not Framework.objects.exists()
    assert table(client, table=broken, create="yes", shown=seen, without="on").status_code == 302
    assert Criterion.objects.count() == 2


def test_a_table_for_a_rubric_needs_the_names_of_its_levels(client, admin):
    text = "Dimension,Criterion\nPeople,They talk."
    assert table(client, table=text, method="rubric").status_code == 422
    page = table(client, table=text, method="rubric", levels="Low\nHigh")
    response = table(client, table=text, method="rubric", levels="Low\nHigh", create="yes", shown=page.context["hash"])
    assert response.status_code == 302
    assert Edition.objects.get().levels.count() == 2
