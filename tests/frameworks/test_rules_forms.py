"""Scoring and symptoms of a draft, edited in forms."""

import pytest
from django.urls import reverse

from assessments.frameworks.format.files import reads
from assessments.frameworks.storing import file_of, store

from .. import toy
from ..factories import make_user
from .test_framework_files import SMALL, SUMS
from .test_rubric_files import TIERS

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


def url(draft, name, *more):
    return reverse(name, args=[draft.framework.key, draft.pk, *more])


def sent(form):
    """What the form sends if nothing is changed in it."""
    data = {field.html_name: field.value() for field in form}
    rows = getattr(form, "rows", None)
    if rows is not None:
        data |= {field.html_name: field.value() for field in rows.management_form}
        data |= {field.html_name: field.value() for row in rows for field in row}
    return {name: value for name, value in data.items() if value is not None and value is not False}


def page(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return response


# ---------------------------------------------------------------------- symptoms


def test_a_symptom_is_added_changed_moved_and_removed(client, draft, admin):
    new = url(draft, "draft-new", "symptom")
    values = {"statement": "Nobody <b>asks</b>.", "level": "0", "cleared_by": ["data.one"], "refs": "a\nb"}
    assert client.post(new, values).status_code == 302
    first, added = draft.symptoms.all()
    assert (added.statement, added.level, added.cleared_by, added.refs) == (
        "Nobody <b>asks</b>.",
        0,
        ["data.one"],
        ["a", "b"],
    )
    draft.refresh_from_db()
    assert draft.revision == 1
    text = page(client, draft.get_rules_url()).content.decode()
    assert text.index("Nobody talks.") < text.index("Nobody &lt;b&gt;asks")
    client.post(url(draft, "draft-move", "symptom", added.pk), {"direction": "up"})
    assert [symptom.pk for symptom in draft.symptoms.all()] == [added.pk, first.pk]

    form = page(client, draft.url_of(added)).context["form"]
    changed = sent(form) | {"statement": "Nobody tells.", "level": 1, "cleared_by": [], "refs": ""}
    assert client.post(draft.url_of(added), changed).status_code == 302
    assert file_of(draft).symptoms[0].statement == "Nobody tells."
    assert file_of(draft).symptoms[0].cleared_by == ()

    response = client.post(url(draft, "draft-remove", "symptom", added.pk))
    assert response.url == draft.get_rules_url()
    assert list(draft.symptoms.all()) == [first]
    draft.refresh_from_db()
    assert draft.revision == 4


def test_a_symptom_saved_unchanged_keeps_the_order_of_what_clears_it(client, draft, admin):
    symptom = draft.symptoms.get()
    draft.change(symptom, by=admin, seen=0, cleared_by=["data.one", "people.one"])
    form = page(client, draft.url_of(symptom)).context["form"]
    offered = [key for key, _name in form.fields["cleared_by"].choices]
    assert offered == ["data.one", "people.one"]
    data = sent(form) | {"refs": "", "cleared_by": offered}
    assert client.post(draft.url_of(symptom), data).status_code == 302
    symptom.refresh_from_db()
    assert symptom.revision == 1


@pytest.mark.parametrize(
    "wrong", [{"statement": ""}, {"level": "7"}, {"level": "many"}, {"cleared_by": ["data.none"]}, {"statement": " "}]
)
def test_a_wrong_symptom_is_refused_and_stays_as_entered(client, draft, wrong):
    values = {"statement": "Kept as entered.", "level": "0", "cleared_by": ["data.one"]} | wrong
    response = client.post(url(draft, "draft-new", "symptom"), values)
    assert response.status_code == 422
    assert draft.symptoms.count() == 1
    if "statement" not in wrong:
        assert "Kept as entered." in response.content.decode()


def test_who_has_the_text_open_is_told_of_a_changed_symptom(client, draft, admin):
    address = url(draft, "draft-rules-text")
    form = page(client, address).context["form"]
    draft.change(draft.symptoms.get(), by=admin, seen=0, statement="Theirs.")
    mine = {"text": form.initial["text"].replace("Nobody talks.", "Mine."), "revision": form.initial["revision"]}
    response = client.post(address, mine)
    assert response.status_code == 409
    assert "Theirs." in response.content.decode()


def test_a_symptom_stays_the_same_row_if_the_text_is_saved(client, draft, admin):
    address = url(draft, "draft-rules-text")
    symptom = draft.symptoms.get()
    text = page(client, address).context["form"].initial["text"].replace("Nobody talks.", "Silence.")
    assert client.post(address, {"text": text, "revision": 0}).status_code == 302
    stored = draft.symptoms.get()
    assert (stored.pk, stored.statement, stored.revision) == (symptom.pk, "Silence.", 1)


def test_sums_have_no_symptoms(client, admin):
    draft = draft_of(SUMS, admin)
    assert "symptom/new" not in page(client, draft.get_rules_url()).content.decode()


# ---------------------------------------------------------------------- scoring


@pytest.mark.parametrize("text", [SMALL, SUMS, TIERS])
def test_scoring_that_is_saved_unchanged_stays_as_it_is(client, admin, text):
    draft = draft_of(text, admin)
    digest = file_of(draft).digest
    address = url(draft, "draft-scoring")
    assert client.post(address, sent(page(client, address).context["form"])).status_code == 302
    draft.refresh_from_db()
    assert (file_of(draft).digest, draft.revision) == (digest, 0)


def test_numbers_written_in_another_way_are_no_change(client, admin):
    draft = toy.make_edition().make_draft(by=admin)
    address = url(draft, "draft-scoring")
    scoring = draft.scoring
    assert client.post(address, sent(page(client, address).context["form"])).status_code == 302
    draft.refresh_from_db()
    assert (draft.scoring, draft.revision) == (scoring, 0)


def test_rules_are_changed_added_and_removed(client, draft):
    address = url(draft, "draft-scoring")
    data = sent(page(client, address).context["form"])
    new = {"name": "Strict <i>", "unit": "criterion", "at_kind": "at_least", "at": "1.0", "below": "0.90"}
    data |= {f"rules-1-{name}": value for name, value in new.items()} | {"rules-1-below_kind": "more_than"}
    data |= {"default": "1", "rules-0-at": "3/4", "warning": "0.5", "spread": "3"}
    data.pop("split")
    response = client.post(address, data)
    assert response.url == draft.get_rules_url()
    draft.refresh_from_db()
    scoring = file_of(draft).scoring
    assert [rule.key for rule in scoring.rules] == ["most", "strict-i"]
    assert str(scoring.rules[0].at.more_than) == "3/4"
    assert (str(scoring.rules[1].at.at_least), str(scoring.rules[1].below.more_than)) == ("1", "9/10")
    assert scoring.default_rule == "strict-i"
    assert (scoring.discuss_when.spread_min, scoring.discuss_when.split_median) == (3, False)
    assert str(scoring.applicability_warning_below) == "1/2"
    text = page(client, draft.get_rules_url()).content.decode()
    assert "Strict &lt;i&gt;" in text
    assert "at least 1 of the points at the level itself, and more than 0.9 at" in text

    data = sent(page(client, address).context["form"]) | {"rules-0-DELETE": "on"}
    assert client.post(address, data).status_code == 302
    assert [rule.key for rule in file_of(type(draft).objects.get(pk=draft.pk)).scoring.rules] == ["strict-i"]


@pytest.mark.parametrize(
    "changed,sentence",
    [
        ({"rules-0-at": "much"}, "This is not a number"),
        ({"rules-0-at": "1.5"}, "This is more than 1."),
        ({"rules-0-at": ""}, "This field is required."),
        ({"rules-0-at": "1"}, "Nothing can be more than 1."),
        ({"rules-0-DELETE": "on"}, "At least one rule is needed."),
        ({"rules-0-unit": "team"}, "Select a valid choice"),
        ({"default": "1"}, "Choose one of the rules that stay."),
        ({"default": "x"}, "Select a valid choice"),
        ({"spread": "0"}, "greater than or equal to 1"),
        ({"rules-TOTAL_FORMS": "x"}, "problem"),
    ],
)
def test_wrong_rules_are_refused_and_stay_as_entered(client, draft, changed, sentence):
    address = url(draft, "draft-scoring")
    data = sent(page(client, address).context["form"]) | {"rules-0-name": "Kept as entered."} | changed
    response = client.post(address, data)
    text = response.content.decode()
    assert response.status_code == 422
    assert sentence in text
    draft.refresh_from_db()
    assert draft.revision == 0
    if "rules-TOTAL_FORMS" not in changed:
        assert "Kept as entered." in text


def test_bands_are_sorted_and_their_ends_are_exact(client, admin):
    draft = draft_of(SUMS, admin)
    address = url(draft, "draft-scoring")
    form = page(client, address).context["form"]
    place = form.rows.initial_form_count()
    data = sent(form) | {f"bands-{place}-upto": "1/3", f"bands-{place}-name": "A third", f"bands-{place}-meaning": ""}
    assert client.post(address, data).status_code == 302
    draft.refresh_from_db()
    bands = draft.scoring["bands"]
    assert {"upto": "1/3", "name": "A third"} in bands
    assert len(bands) == place + 1
    assert "A third" in page(client, draft.get_rules_url()).content.decode()
    data = sent(page(client, address).context["form"]) | {"bands-0-upto": "1/3"}
    response = client.post(address, data)
    if bands[0]["upto"] != "1/3":
        assert response.status_code == 422
        assert "Two bands end at the same number." in response.content.decode()


def test_a_rubric_shows_where_its_levels_begin(client, admin):
    draft = draft_of(TIERS, admin)
    text = page(client, draft.get_rules_url()).content.decode()
    for level in draft.levels.all():
        assert draft.url_of(level) in text
    assert "rules-0" not in page(client, url(draft, "draft-scoring")).content.decode()


# ---------------------------------------------------------------------- what stands in the way of publishing


def test_a_fault_leads_to_the_form_that_has_it(client, draft, admin):
    rules = [{**draft.scoring["rules"][0], "at": {"more_than": "1"}}]
    draft.change_scoring(by=admin, seen=None, scoring={"default_rule": "gone", "rules": rules})
    draft.change(draft.symptoms.get(), by=admin, seen=0, level=9)
    text = page(client, url(draft, "draft-publish")).content.decode()
    scoring = url(draft, "draft-scoring")
    for address in (f"{scoring}#id_rules-0-at", f"{scoring}#id_default", draft.url_of(draft.symptoms.get())):
        assert f'<a href="{address}">Fix</a>' in text
    assert "Rule “Most”: nothing can be more than 1" in text
    form = page(client, scoring).content.decode()
    assert 'id="id_rules-0-at"' in form
    assert 'id="id_default"' in form


def test_a_band_that_cannot_be_reached_leads_to_it(client, admin):
    draft = draft_of(SUMS, admin)
    bands = [*draft.scoring["bands"], {"upto": "99", "name": "Beyond"}, {"upto": "100", "name": "Far beyond"}]
    draft.change_scoring(by=admin, seen=None, scoring=draft.scoring | {"bands": bands})
    text = page(client, url(draft, "draft-publish")).content.decode()
    assert f'href="{url(draft, "draft-scoring")}#id_bands-{len(bands) - 1}-name">Fix' in text
