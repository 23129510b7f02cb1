"""Editing a framework whose answers are levels: where levels begin, weights, short names, what decides the whole."""

import pytest

from assessments.frameworks.format.files import reads
from assessments.frameworks.publishing import Readiness, publish
from assessments.frameworks.storing import file_of, store
from assessments.models import Edition, EditRefused

from .. import toy
from ..factories import make_user
from .test_rubric_files import TIERS, UNREACHABLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    client.force_login(user)
    return user


@pytest.fixture
def draft(admin):
    return store(reads(TIERS, name="tiers.yaml"), origin=Edition.Origin.IMPORTED).edition.make_draft(by=admin)


def saved(client, draft, part, **changes):
    """Sends the form of a part with these fields changed, as its page offers it."""
    page = client.get(draft.url_of(part) if part else draft.get_editor_url())
    form = page.context["form"]
    data = {field.name: field.value() for field in form.visible()}
    data = {name: "" if value is None else value for name, value in data.items()}
    data |= {"revision": form.initial["revision"], **changes}
    lines = {name: "\n".join(value) if isinstance(value, list) else value for name, value in data.items()}
    return client.post(page.request["PATH_INFO"], {name: value for name, value in lines.items() if value is not False})


def test_where_a_level_begins_can_be_edited(client, draft):
    lowest, second, *_others = draft.levels.all()
    assert saved(client, draft, second, start="1.50").status_code == 302
    second.refresh_from_db()
    assert second.start == "1.5"
    assert "start" not in client.get(draft.url_of(lowest)).context["form"].fields
    refused = saved(client, draft, second, start="one")
    assert refused.status_code == 422
    assert "This is not a number" in refused.content.decode()


def test_weights_and_short_names_can_be_edited(client, draft):
    criterion, dimension = draft.criteria.get(key="a1"), draft.dimensions.get(key="B")
    assert saved(client, draft, criterion, weight="2/3", name="First one").status_code == 302
    assert saved(client, draft, dimension, weight="3").status_code == 302
    criterion.refresh_from_db()
    dimension.refresh_from_db()
    assert (criterion.weight, criterion.name, dimension.weight) == ("2/3", "First one", "3")
    assert saved(client, draft, criterion, weight="0").status_code == 422
    assert saved(client, draft, criterion, name="x" * 41).status_code == 422
    file = file_of(draft)
    assert [str(c.weight) for c in file.criteria] == ["2/3", "1", "2", "1", "1", "1"]


def test_what_decides_the_whole_can_be_edited(client, draft):
    assert saved(client, draft, None, rubric_result="lowest").status_code == 302
    draft.refresh_from_db()
    assert draft.scoring["result"] == "lowest"
    assert file_of(draft).instrument().rubric.result == "lowest"


def test_other_frameworks_are_not_asked_for_any_of_it(client, admin):
    edition = toy.make_edition()
    draft = edition.make_draft(by=admin)
    fields = client.get(draft.get_editor_url()).context["form"].fields
    assert "rubric_result" not in fields
    for part in (draft.levels.all()[1], draft.dimensions.first(), draft.criteria.first()):
        fields = client.get(draft.url_of(part)).context["form"].fields
        assert not {"start", "weight"} & fields.keys()
    assert "name" in fields


def test_moving_a_level_leaves_the_beginnings_where_they_are(client, draft, admin):
    second, third = draft.levels.all()[1:3]
    draft.change(second, by=admin, seen=second.revision, start="1.5")
    draft.move(third, by=admin, direction="up")
    assert [(level.number, level.name, level.start) for level in draft.levels.all()] == [
        (1, "Partial", ""),
        (2, "Repeatable", "1.5"),
        (3, "Informed", ""),
        (4, "Adaptive", ""),
    ]
    with pytest.raises(EditRefused, match="The lowest level cannot be removed"):
        draft.remove(draft.levels.first(), by=admin)


def test_the_values_of_a_scale_need_not_begin_at_zero(client, draft):
    scale = draft.scales.get()
    address = draft.url_of(scale)
    page = client.get(address)
    rows = page.context["choices"].initial
    data = {
        "revision": scale.revision,
        "na_name": "Not here",
        "dk_name": "",
        "choices-TOTAL_FORMS": len(rows),
        "choices-INITIAL_FORMS": len(rows),
    }
    for place, row in enumerate(rows):
        data |= {f"choices-{place}-{name}": row[name] for name in ("code", "value", "name", "anchor")}
    assert client.post(address, data).status_code == 302
    assert [choice.value for choice in scale.choices.all()] == [1, 2, 3, 4]


def test_publishing_checks_what_belongs_together(draft, admin):
    second = draft.levels.all()[1]
    draft.change(second, by=admin, seen=second.revision, start="3.5")
    sentences = [obstacle.sentence for obstacle in Readiness.of(draft).obstacles]
    assert any("levels must rise" in sentence for sentence in sentences)
    second.refresh_from_db()
    draft.change(second, by=admin, seen=second.revision, start="1.5")
    published = publish(draft, by=admin)
    assert (
        published.contents.rubric.edges[2]
        == reads(TIERS.replace("{level: 2,", "{level: 2, from: 1.5,"), name="x").instrument().rubric.edges[2]
    )


def test_a_band_that_no_result_can_reach_is_an_obstacle_in_the_editor(client, admin):
    data = reads(UNREACHABLE.replace("upto: 1, name: Some", "upto: 0.5, name: Some"), name="sums.yaml")
    edition = store(data, origin=Edition.Origin.IMPORTED).edition
    draft = edition.make_draft(by=admin)
    Edition.objects.filter(pk=draft.pk).update(
        scoring={
            **draft.scoring,
            "bands": [{"upto": "0", "name": "Low"}, {"upto": "1", "name": "A"}, {"upto": "2", "name": "B"}],
        }
    )
    draft.refresh_from_db()
    sentences = [obstacle.sentence for obstacle in Readiness.of(draft).obstacles]
    assert any("no result can reach the band “B”" in sentence and "“Data”" in sentence for sentence in sentences)


def test_an_edition_published_with_such_a_band_stays_readable(admin):
    edition = store(
        reads(UNREACHABLE.replace("upto: 1, name: Some", "upto: 0.5, name: Some"), name="sums.yaml"),
        origin=Edition.Origin.IMPORTED,
        publish=False,
    ).edition
    edition.scoring = {**edition.scoring, "bands": [{"upto": "1", "name": "A"}, {"upto": "2", "name": "B"}]}
    edition.save()
    edition.publish(digest="sha256:before")
    assert file_of(edition).scoring.bands[1].name == "B"
