"""The back office: for administrators, without answers, drafts only, and with its doings in the journal."""

import pytest
from django.urls import reverse

from assessments import admin as back_office
from assessments.models import Event

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


@pytest.fixture
def signed_in(client, admin):
    client.force_login(admin)
    return client


def page(row, name="change"):
    return reverse(f"admin:assessments_{row._meta.model_name}_{name}", args=[row.pk])


def test_answers_and_ways_to_them_are_not_registered():
    names = {model.__name__ for model in back_office.site._registry}
    assert not names & {
        "Respondent",
        "Rating",
        "AgreedRating",
        "Invitation",
        "Participation",
        "CriterionResult",
        "BrowserSession",
        "Session",
    }
    assert {
        "User",
        "Unit",
        "Team",
        "Membership",
        "Edition",
        "Level",
        "Criterion",
        "Assessment",
        "Result",
        "Event",
    } <= names


def test_only_administrators_come_in(client):
    assert client.get("/admin/").url.startswith("/admin/login/")
    assert client.get("/admin/login/").url.startswith("/sign-in/")
    client.force_login(make_user())
    assert client.get("/admin/", follow=True).status_code == 403


def test_every_list_and_page_opens(signed_in, admin):
    team, lead = make_team(), make_user()
    make_membership(user=lead, team=team, role="lead")
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F F N F F F N")
    assessment.close(by=lead)
    assessment.edition.make_draft(by=admin)
    for model in back_office.site._registry:
        name = model._meta.model_name
        assert signed_in.get(reverse(f"admin:assessments_{name}_changelist")).status_code == 200, name
        row = model.objects.first()
        if row:
            assert signed_in.get(page(row)).status_code == 200, name


def test_what_was_assessed_and_published_cannot_be_changed(signed_in):
    team, lead = make_team(), make_user()
    make_membership(user=lead, team=team, role="lead")
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F F N F F F N")
    result = assessment.close(by=lead)
    edition = assessment.edition
    rows = [assessment, result, Event.objects.first(), edition, edition.levels.first(), edition.criteria.first()]
    for row in rows:
        assert signed_in.post(page(row), {}).status_code == 403, row
        assert signed_in.post(page(row, "delete"), {"post": "yes"}).status_code == 403, row


def test_a_level_of_a_draft_is_changed_and_the_journal_knows(signed_in, admin):
    draft = toy.make_edition().make_draft(by=admin)
    level = draft.levels.get(number=1)
    data = {
        "seen": 0,
        "number": 1,
        "name": "Renamed",
        "also_called": "[]",
        "highlights": "[]",
        "technology": "[]",
    }
    response = signed_in.post(page(level), data)
    assert response.status_code == 302, response.context["errors"]
    level.refresh_from_db()
    assert (level.name, level.revision) == ("Renamed", 1)
    event = Event.objects.first()
    assert (event.kind, event.actor) == ("backoffice.changed", admin)
    assert "Renamed" not in str(event.data)


def test_a_stale_save_is_told_and_changes_nothing(signed_in, admin):
    draft = toy.make_edition().make_draft(by=admin)
    dimension = draft.dimensions.get(key="X")
    draft.change(dimension, by=admin, seen=0, name="Theirs")
    data = {"seen": 0, "order": 0, "key": "X", "name": "Mine", "about": ""}
    response = signed_in.post(page(dimension), data)
    assert "Someone else changed this" in response.content.decode()
    dimension.refresh_from_db()
    assert (dimension.name, dimension.revision) == ("Theirs", 1)
    assert 'name="seen" value="1"' in signed_in.get(page(dimension)).content.decode()
    assert signed_in.post(page(dimension), data | {"seen": 1}).status_code == 302


def test_after_other_choices_the_author_is_asked_again(signed_in, admin):
    draft = toy.make_edition().make_draft(by=admin)
    scale = draft.say_editorial(draft.scales.get(), by=admin, seen=0, editorial=True) or draft.scales.get()
    choices = list(scale.choices.all())
    data = {"seen": 0, "key": scale.key, "order": 0, "editorial": "on", "other_answers": "[]"}
    data |= {"choices-TOTAL_FORMS": 4, "choices-INITIAL_FORMS": 4}
    for n, choice in enumerate(choices):
        row = {"id": choice.pk, "scale": scale.pk, "code": choice.code, "value": choice.value, "name": choice.name}
        data |= {f"choices-{n}-{field}": value for field, value in (row | {"anchor": f"Other {n}."}).items()}
    assert signed_in.post(page(scale), data).status_code == 302
    scale.refresh_from_db()
    assert (scale.editorial, scale.choices.first().anchor) == (False, "Other 0.")


def test_a_criterion_cannot_refer_into_another_edition(signed_in, admin):
    draft, other = (toy.make_edition().make_draft(by=admin) for _ in range(2))
    row = draft.criteria.first()
    data = {"seen": 0, "order": 0, "key": row.key, "statement": "Same.", "dimension": other.dimensions.first().pk}
    data |= {"level": row.level_id, "scale": row.scale_id, "refs": "[]"}
    response = signed_in.post(page(row), data)
    assert "This belongs to another version." in response.content.decode()


def test_a_draft_with_everything_in_it_can_be_deleted(signed_in, admin):
    draft = toy.make_edition().make_draft(by=admin)
    assert signed_in.post(page(draft, "delete"), {"post": "yes"}).status_code == 302
    assert not type(draft).objects.filter(pk=draft.pk).exists()


def test_nobody_locks_themselves_out(signed_in, admin):
    signed_in.post(page(admin), {"email": admin.email, "name": "Still here"})
    admin.refresh_from_db()
    assert (admin.name, admin.is_administrator, admin.is_active) == ("Still here", True, True)


@pytest.mark.slow
class TestFilteringAList:
    """By what its filters offer. Django alone would compare any column with anything."""

    LISTS = [pytest.param(model, id=model._meta.model_name) for model in back_office.site._registry]

    @staticmethod
    def address(model) -> str:
        return reverse(f"admin:assessments_{model._meta.model_name}_changelist")

    @pytest.mark.parametrize(
        "query",
        [
            "password__startswith=pbkdf2",
            "password__regex=(a%2B)%2B%24",
            "password=x",
            "email__iregex=(a|a)*b",
            "name__contains=a",
            "id__gt=0",
            "pk=1",
            "last_login__isnull=1",
            "memberships__role=lead",
            "session_generation__gte=1",
            "is_administrator__gte=1",
            "is_administrator=1",
        ],
    )
    def test_of_accounts_by_anything_else_is_refused(self, signed_in, query):
        assert signed_in.get(f"/admin/assessments/user/?{query}").status_code == 400

    @pytest.mark.parametrize("model", LISTS)
    def test_by_any_column_is_refused(self, signed_in, model):
        """Also by those of rows that it refers to."""
        fields = model._meta.get_fields()
        lookups = [f"{field.name}__{how}" for field in fields for how in ("startswith", "regex", "gte")]
        for field in fields:
            if field.is_relation and field.related_model:
                lookups += [f"{field.name}__{other.name}__regex" for other in field.related_model._meta.get_fields()]
        for lookup in lookups:
            assert signed_in.get(f"{self.address(model)}?{lookup}=a").status_code == 400, lookup

    @pytest.mark.parametrize("model", LISTS)
    def test_by_what_is_offered_works(self, signed_in, admin, model):
        """Every link of every filter."""
        team, lead = make_team(), make_user()
        make_membership(user=lead, team=team, role="lead")
        toy.start(team=team, by=lead).edition.make_draft(by=admin)
        changes = signed_in.get(self.address(model)).context["cl"]
        links = [choice["query_string"] for spec in changes.filter_specs for choice in spec.choices(changes)]
        assert bool(links) == bool(changes.filter_specs)
        for link in links:
            assert signed_in.get(f"{self.address(model)}{link}").status_code == 200, link

    def test_that_offers_something_exists(self, signed_in, admin):
        assert 'href="?is_administrator__exact=1"' in signed_in.get("/admin/assessments/user/").content.decode()

    def test_by_a_search_of_thousands_of_words_answers(self, signed_in):
        words = "+".join(["a"] * 1500)
        assert signed_in.get(f"/admin/assessments/membership/?q={words}").status_code == 200


def test_generations_of_a_result_stand_in_their_order(signed_in):
    lead = make_membership(role="lead", team=make_team()).user
    assessment = toy.start(team=lead.memberships.get().team, by=lead)
    toy.rate(assessment, lead, "F F L N F F L N")
    for _ in range(5):
        assessment.close(by=lead)
        assessment.reopen(by=lead, reason="To look again.")
    changes = signed_in.get("/admin/assessments/result/").context["cl"]
    assert [result.generation for result in changes.result_list] == [5, 4, 3, 2, 1]
