"""Drafts are edited and published; what is published is frozen at every level, down to the database."""

import pytest
from django.db import IntegrityError, connection, transaction

from assessments.frameworks.editor.forms import CriterionForm
from assessments.frameworks.format.differences import compare
from assessments.frameworks.publishing import Readiness, publish
from assessments.frameworks.storing import file_of
from assessments.models import Choice, Conflict, Criterion, Edition, EditRefused, Event, Framework, Frozen, Level
from assessments.models.edition_editing import key_of, next_version

from .. import toy
from ..factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


@pytest.fixture
def draft(edition, admin):
    return edition.make_draft(by=admin)


def criterion(edition, key):
    return edition.criteria.get(key=key)


# ---------------------------------------------------------------------- frozen


def rows_of(edition):
    scale = edition.scales.first()
    return [
        edition.levels.first(),
        edition.dimensions.first(),
        scale,
        scale.choices.first(),
        edition.criteria.first(),
    ]


def test_the_model_refuses_to_change_a_published_edition(edition):
    for row in [edition, *rows_of(edition)]:
        with pytest.raises(Frozen):
            row.save()
        with pytest.raises(Frozen):
            row.delete()


def test_the_verbs_refuse_a_published_edition(edition, admin):
    row = criterion(edition, "x1")
    for verb in (
        lambda: edition.change(row, by=admin, seen=0, statement="Other"),
        lambda: edition.change_head(by=admin, seen=0, name="Other"),
        lambda: edition.move(row, by=admin, direction="up"),
        lambda: edition.remove(row, by=admin),
        lambda: edition.add(Level(name="More"), by=admin),
        lambda: edition.discard(by=admin),
    ):
        with pytest.raises(Frozen):
            verb()


def test_the_forms_refuse_a_published_edition(edition):
    row = edition.criteria.first()
    data = {"statement": "Other.", "dimension": row.dimension_id, "level": row.level_id, "revision": 0}
    form = CriterionForm(data, instance=row, edition=edition)
    assert form.errors["__all__"] == ["A published version cannot be changed. Create a new version instead."]


def refused_by_database(action):
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        action()


def test_the_database_refuses_to_change_a_published_edition(edition):
    for row in rows_of(edition):
        rows = type(row).objects.filter(pk=row.pk)
        field = "code" if isinstance(row, Choice) else "key" if hasattr(row, "key") else "name"
        refused_by_database(lambda rows=rows, field=field: rows.update(**{field: "Other"}))
        refused_by_database(lambda rows=rows: rows._raw_delete(rows.db))
    refused_by_database(lambda: Edition.objects.filter(pk=edition.pk).update(purpose="Other"))
    refused_by_database(lambda: Edition.objects.filter(pk=edition.pk).update(status="draft"))
    refused_by_database(lambda: Edition.objects.filter(pk=edition.pk)._raw_delete("default"))


def test_the_database_refuses_to_add_to_a_published_edition(edition, draft):
    refused_by_database(lambda: Level.objects.bulk_create([Level(edition=edition, number=9, name="More")]))
    refused_by_database(
        lambda: Choice.objects.bulk_create([Choice(scale=edition.scales.first(), code="Z", value=9, name="Z")])
    )
    # Nor can a part of a draft be slipped into it.
    refused_by_database(lambda: draft.levels.filter(number=3).update(edition=edition, number=9))


def test_the_database_refuses_raw_sql_as_well(edition):
    def run(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    refused_by_database(lambda: run("UPDATE assessments_criterion SET statement = 'Other'"))
    refused_by_database(lambda: run("DELETE FROM assessments_criterion"))
    refused_by_database(lambda: run("UPDATE assessments_framework SET key = 'other'"))
    if connection.vendor == "sqlite":
        refused_by_database(lambda: run("REPLACE INTO assessments_edition SELECT * FROM assessments_edition"))


def test_a_framework_may_get_another_name(edition):
    """Its key is in the digest of every edition, its name is not."""
    Framework.objects.update(name="Other")
    assert Framework.objects.get().name == "Other"


def test_a_published_edition_can_be_retired_and_nothing_else(edition):
    edition.status = Edition.Status.RETIRED
    edition.save(update_fields=["status"])
    assert Edition.objects.get().status == "retired"


# ---------------------------------------------------------------------- drafts


def test_a_draft_has_everything_of_its_edition(edition, draft):
    assert (draft.version, draft.origin, draft.status, draft.based_on) == ("1.1.0", "own", "draft", edition)
    found = compare(file_of(edition), file_of(draft))
    assert found.is_empty
    assert not set(edition.criteria.values_list("pk", flat=True)) & set(draft.criteria.values_list("pk", flat=True))


def test_making_a_draft_twice_goes_on_with_the_first(edition, draft, admin):
    assert edition.make_draft(by=admin) == draft


@pytest.mark.parametrize(
    "taken,version,following",
    [
        ({"1.0.0"}, "1.0.0", "1.1.0"),
        ({"1.0.0", "1.1.0"}, "1.0.0", "1.2.0"),
        ({"2.3"}, "2.3", "2.4"),
        ({"spring"}, "spring", "spring-2"),
        ({"spring", "spring-2"}, "spring", "spring-3"),
        ({"2"}, "2", "2-2"),
    ],
)
def test_the_next_version_is_free(taken, version, following):
    assert next_version(taken, version) == following


def test_a_change_is_stored_and_counted(draft, admin):
    stored = draft.change(criterion(draft, "x1"), by=admin, seen=0, statement="Other.")
    assert (stored.statement, stored.revision) == ("Other.", 1)
    event = Event.objects.first()
    assert (event.kind, event.data["part"], event.data["id"]) == ("draft.changed", "criterion", stored.pk)
    assert "Other." not in str(event.data)


def test_a_stale_change_is_told_and_nothing_is_lost(draft, admin):
    row = criterion(draft, "x1")
    draft.change(row, by=admin, seen=0, statement="First.")
    with pytest.raises(Conflict) as caught:
        draft.change(row, by=make_user(is_administrator=True), seen=0, statement="Second.")
    assert caught.value.stored.statement == "First."
    assert criterion(draft, "x1").statement == "First."


def test_trying_a_stored_change_again_is_not_stale(draft, admin):
    row = criterion(draft, "x1")
    for _ in range(2):
        stored = draft.change(row, by=admin, seen=0, statement="First.")
    assert stored.revision == 1


def test_a_new_criterion_never_gets_a_key_that_was_used_before(draft, admin):
    dimension, level, scale = draft.dimensions.first(), draft.levels.get(number=1), draft.scales.first()

    def add():
        return draft.add(Criterion(statement="Do it.", dimension=dimension, level=level, scale=scale), by=admin)

    first = add()
    assert first.key == "X.do-it"
    assert add().key == "X.do-it-2"


@pytest.mark.parametrize("words,key", [("Ein Straßenname für Ärzte", "ein-straenname-fur-arzte"), ("!!!", "")])
def test_keys_are_made_of_words(words, key):
    assert key_of(words) == key


def test_criteria_are_reordered_among_those_of_their_dimension_and_level(draft, admin):
    draft.move(criterion(draft, "x2"), by=admin, direction="up")
    assert list(draft.criteria.values_list("key", flat=True))[:3] == ["x2", "x1", "x3"]
    draft.move(criterion(draft, "x2"), by=admin, direction="up")
    assert list(draft.criteria.values_list("key", flat=True))[:3] == ["x2", "x1", "x3"]


def test_a_criterion_at_another_level_stands_with_those_of_that_level(draft, admin):
    def order():
        return list(draft.criteria.values_list("key", flat=True))

    draft.change(criterion(draft, "x1"), by=admin, seen=0, level=draft.levels.get(number=2))
    assert order() == ["x2", "x3", "x1", "x4", "y1", "y2", "y3", "y4"]
    draft.change(criterion(draft, "x4"), by=admin, seen=0, dimension=draft.dimensions.get(key="Y"))
    assert order() == ["x2", "x3", "x1", "y1", "y2", "y3", "y4", "x4"]
    new = Criterion(
        statement="New.",
        dimension=draft.dimensions.get(key="X"),
        level=draft.levels.get(number=1),
        scale=draft.scales.get(),
    )
    draft.add(new, by=admin)
    assert order() == ["x2", "X.new", "x3", "x1", "y1", "y2", "y3", "y4", "x4"]


def test_levels_are_reordered_above_the_floor(draft, admin):
    draft.move(draft.levels.get(number=1), by=admin, direction="down")
    assert [level.name for level in draft.levels.all()] == ["Step 0", "Step 2", "Step 1", "Step 3"]
    assert Edition.objects.get(pk=draft.pk).new_ladder
    with pytest.raises(EditRefused, match="lowest level cannot be moved"):
        draft.move(draft.levels.get(number=1), by=admin, direction="up")


def test_what_others_belong_to_is_not_removed(draft, admin):
    with pytest.raises(EditRefused, match="3 criteria belong to this"):
        draft.remove(draft.levels.get(number=1), by=admin)
    with pytest.raises(EditRefused, match="lowest level cannot be removed"):
        draft.remove(draft.levels.get(number=0), by=admin)


def test_removing_a_level_moves_those_above_it_down(draft, admin):
    draft.criteria.filter(level__number=2).delete()
    draft.remove(draft.levels.get(number=2), by=admin)
    assert [(level.number, level.name) for level in draft.levels.all()] == [(0, "Step 0"), (1, "Step 1"), (2, "Step 3")]


# ---------------------------------------------------------------------- publishing


def test_an_unchanged_draft_is_not_published(draft, admin):
    with pytest.raises(EditRefused, match="This draft changes nothing"):
        publish(draft, by=admin)


def test_unsaid_means_the_meaning_changed(draft, admin):
    draft.change(criterion(draft, "x1"), by=admin, seen=0, statement="Other.")
    draft.change(criterion(draft, "x2"), by=admin, seen=0, next="Other advice.")
    published = publish(draft, by=admin)
    assert [criterion(published, key).meaning for key in ("x1", "x2", "x3")] == [2, 1, 1]
    assert published.digest == file_of(published).digest


def test_an_editorial_change_keeps_the_meaning(draft, admin):
    row = draft.change(criterion(draft, "x1"), by=admin, seen=0, statement="Mended.")
    draft.say_editorial(row, by=admin, seen=1, editorial=True)
    assert criterion(publish(draft, by=admin), "x1").meaning == 1


def test_after_another_change_the_author_is_asked_again(draft, admin):
    row = draft.change(criterion(draft, "x1"), by=admin, seen=0, statement="Mended.")
    draft.say_editorial(row, by=admin, seen=1, editorial=True)
    draft.change(row, by=admin, seen=1, statement="Mended twice.")
    assert criterion(publish(draft, by=admin), "x1").meaning == 2


def test_other_choices_change_the_meaning_of_every_criterion_on_the_scale(draft, admin):
    scale = draft.scales.get()
    choices = list(scale.choices.values("code", "value", "name", "anchor"))
    choices[1]["anchor"] = "Up to half."
    draft.change_scale(scale, by=admin, seen=0, choices=choices, other_answers=scale.other_answers)
    published = publish(draft, by=admin)
    assert set(published.criteria.values_list("meaning", flat=True)) == {2}


def test_a_meaning_is_never_used_twice(edition, draft, admin):
    draft.change(criterion(draft, "x1"), by=admin, seen=0, statement="One way.")
    publish(draft, by=admin)
    other = edition.make_draft(by=admin)
    other.change(criterion(other, "x1"), by=admin, seen=0, statement="Another way.")
    assert criterion(publish(other, by=admin), "x1").meaning == 3


def obstacles(draft):
    return [obstacle.sentence for obstacle in Readiness.of(draft).obstacles]


def test_a_level_without_criteria_cannot_be_reached(draft, admin):
    draft.add(Level(name="Beyond"), by=admin)
    assert obstacles(draft) == ["No team can reach level 4, Beyond: it has no criteria."]


def test_an_empty_statement_is_told_with_its_criterion(draft, admin):
    row = criterion(draft, "x1")
    draft.change(row, by=admin, seen=0, statement="")
    (obstacle,) = Readiness.of(draft).obstacles
    assert "Statement" in obstacle.sentence
    assert obstacle.address == draft.url_of(row)


def test_a_rule_that_cannot_be_met_is_told(draft):
    draft.scoring["rules"][0]["at"] = {"more_than": "1"}
    draft.save()
    assert any("nothing can be more than 1" in sentence for sentence in obstacles(draft))


def test_overlapping_bands_are_told(admin):
    edition = toy.make_edition(published=False)
    edition.criteria.update(level=None)
    edition.levels.all().delete()
    edition.method = "min-of-sums"
    edition.scoring = {
        "section": "sum",
        "result": "min",
        "bands": [{"upto": "2", "name": "Low"}, {"upto": "1", "name": "Mid"}, {"upto": "9", "name": "High"}],
    }
    edition.save()
    assert any("bands must ascend and not overlap" in sentence for sentence in obstacles(edition))


def test_nothing_that_was_assessed_changes(edition, admin):
    from ..factories import make_membership, make_team

    team, lead = make_team(), make_user()
    make_membership(user=lead, team=team, role="lead")
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F F L N F F P N")
    result = assessment.close(by=lead)
    before = [
        list(type(row).objects.filter(pk=row.pk).values())
        for row in [result, *result.parts.all(), *result.criteria.all()]
    ]
    draft = edition.make_draft(by=admin)
    draft.change(criterion(draft, "x1"), by=admin, seen=0, statement="Other.")
    draft.remove(criterion(draft, "x2"), by=admin)
    publish(draft, by=admin)
    after = [
        list(type(row).objects.filter(pk=row.pk).values())
        for row in [result, *result.parts.all(), *result.criteria.all()]
    ]
    assert before == after


def test_a_ladder_that_is_as_before_is_no_new_one(draft, admin):
    """A level was added and removed again: nothing breaks in anybody's history."""
    draft.remove(draft.add(Level(name="Beyond"), by=admin), by=admin)
    draft.change(criterion(draft, "x1"), by=admin, seen=0, statement="Other.")
    assert not Edition.objects.get(pk=publish(draft, by=admin).pk).new_ladder


def test_a_level_taken_by_another_makes_a_new_ladder(draft, admin):
    """Also where it looks as if the level had only been given another name."""
    for row in draft.criteria.filter(level__number=3):
        draft.remove(row, by=admin)
    draft.remove(draft.levels.get(number=3), by=admin)
    level = draft.add(Level(name="Another"), by=admin)
    draft.change(criterion(draft, "x1"), by=admin, seen=0, level=level)
    assert Edition.objects.get(pk=publish(draft, by=admin).pk).new_ladder


def test_levels_reordered_behind_the_editor_make_a_new_ladder(draft, admin):
    """As the back office can."""
    draft.levels.filter(number=1).update(number=9)
    draft.levels.filter(number=2).update(number=1)
    draft.levels.filter(number=9).update(number=2)
    assert Edition.objects.get(pk=publish(draft, by=admin).pk).new_ladder
