"""The editor's pages: saved as one goes, told when stale, published after checks; imports show first what they do."""

import io
import random
import zipfile
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments.frameworks.format.files import reads
from assessments.frameworks.import_forms import MAX_UPLOAD, OWN_FORMAT, packed
from assessments.frameworks.publishing import publish
from assessments.frameworks.storing import file_of
from assessments.models import Edition, Framework, Level

from .. import toy
from ..factories import make_membership, make_team, make_user
from .test_framework_files import SMALL
from .test_importers import with_an_empty_activity

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parent.parent / "data" / "importers"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


@pytest.fixture
def signed_in(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def draft(edition, admin):
    return edition.make_draft(by=admin)


def url(draft, name, *arguments):
    return reverse(name, args=[draft.framework.key, draft.pk, *arguments])


def posted(row, **changes):
    values = {
        "statement": row.statement,
        "evidence": row.evidence,
        "next": row.next,
        "na": row.na,
        "dimension": row.dimension_id,
        "level": row.level_id,
        "source": row.source,
        "refs": "\n".join(row.refs),
        "revision": row.revision,
    }
    return values | ({"quick": "on"} if row.quick else {}) | changes


@pytest.fixture
def x1(draft):
    return draft.criteria.get(key="x1")


def test_a_draft_is_made_and_opened(signed_in, edition):
    response = signed_in.post(url(edition, "draft-make"), follow=True)
    assert response.status_code == 200
    assert edition.successors.get().is_draft
    assert "Step 3" in response.content.decode()


def test_saving_as_one_goes_says_so_and_tells_the_new_revision(signed_in, draft, x1):
    response = signed_in.post(draft.url_of(x1), posted(x1, statement="Other."), **HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert "Saved" in text
    assert 'name="revision" value="1"' in text
    x1.refresh_from_db()
    assert x1.statement == "Other."


def test_saving_works_without_javascript(signed_in, draft, x1):
    response = signed_in.post(draft.url_of(x1), posted(x1, statement="Other."))
    assert response.url == draft.url_of(x1)
    x1.refresh_from_db()
    assert x1.statement == "Other."


def test_what_is_missing_is_told_and_not_saved(signed_in, draft, x1):
    response = signed_in.post(draft.url_of(x1), posted(x1, statement=" "), **HTMX)
    assert response.status_code == 422
    assert "Statement: This field is required." in response.content.decode()


def test_what_is_stored_is_shown_in_words(signed_in, draft, x1):
    other = make_user(is_administrator=True)
    draft.change(x1, by=other, seen=0, refs=["One", "Two"], quick=False, dimension=draft.dimensions.get(key="Y"))
    response = signed_in.post(draft.url_of(x1), posted(x1, statement="Mine."), **HTMX)
    text = response.content.decode()
    assert "<td>One<br>Two</td>" in text
    assert "<td>no</td>" in text
    assert "<td>Area Y</td>" in text


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_stale_save_shows_what_is_stored_and_can_be_saved_over(signed_in, draft, x1, headers):
    draft.change(x1, by=make_user(is_administrator=True), seen=0, statement="Theirs.")
    response = signed_in.post(draft.url_of(x1), posted(x1, statement="Mine."), **headers)
    text = response.content.decode()
    assert response.status_code == 409
    assert "Theirs." in text
    assert 'name="overwrite" value="1"' in text
    x1.refresh_from_db()
    assert x1.statement == "Theirs."
    signed_in.post(draft.url_of(x1), posted(x1, statement="Mine.", revision=0, overwrite=1), **headers)
    x1.refresh_from_db()
    assert x1.statement == "Mine."


def test_a_published_edition_has_no_editor(signed_in, edition):
    row = edition.criteria.first()
    for method, address in [
        ("get", url(edition, "draft-edit")),
        ("post", url(edition, "draft-part", "criterion", row.pk)),
        ("post", url(edition, "draft-remove", "criterion", row.pk)),
    ]:
        response = getattr(signed_in, method)(address, posted(row, statement="Other."))
        assert response.status_code == 409
        assert "A published version cannot be changed." in response.content.decode()


def test_a_part_of_another_draft_is_not_found(signed_in, draft, admin):
    other = toy.make_edition().make_draft(by=admin)
    assert signed_in.get(url(draft, "draft-part", "criterion", other.criteria.first().pk)).status_code == 404


def test_a_criterion_moves_to_another_level_and_dimension(signed_in, draft, x1):
    target = draft.dimensions.get(key="Y")
    level = draft.levels.get(number=3)
    signed_in.post(draft.url_of(x1), posted(x1, dimension=target.pk, level=level.pk))
    x1.refresh_from_db()
    assert (x1.dimension.key, x1.level.number) == ("Y", 3)


def test_levels_groups_dimensions_scales_and_criteria_are_added(signed_in, draft):
    scale = {
        "name": "Yes or no",
        "dk_name": "I do not know",
        "choices-TOTAL_FORMS": 2,
        "choices-INITIAL_FORMS": 0,
        "choices-0-code": "N",
        "choices-0-value": 0,
        "choices-0-name": "No",
        "choices-1-code": "Y",
        "choices-1-value": 1,
        "choices-1-name": "Yes",
    }
    for kind, data in {
        "level": {"name": "Step 4"},
        "group": {"name": "Together"},
        "dimension": {"name": "Area Z"},
        "scale": scale,
    }.items():
        assert signed_in.post(url(draft, "draft-new", kind), data).status_code == 302, kind
    data = {
        "statement": "Practice z1 is done.",
        "dimension": draft.dimensions.get(name="Area Z").pk,
        "level": draft.levels.get(number=4).pk,
        "scale": draft.scales.get(key="yes-or-no").pk,
    }
    assert signed_in.post(url(draft, "draft-new", "criterion"), data).status_code == 302
    file = file_of(draft)
    added = next(c for c in file.criteria if c.key == "area-z.practice-z1-is-done")
    assert (added.level, file.scale_of(added).values[1].name) == (4, "Yes")


def scale_data(scale, **changes):
    rows = list(scale.choices.values("code", "value", "name", "anchor"))
    data = {"na_name": "Does not apply", "dk_name": "", "revision": scale.revision}
    data |= {"choices-TOTAL_FORMS": len(rows), "choices-INITIAL_FORMS": len(rows)}
    for n, row in enumerate(rows):
        data |= {f"choices-{n}-{name}": value for name, value in row.items()}
    return data | changes


def test_choices_of_a_scale_are_changed(signed_in, draft):
    scale = draft.scales.get()
    signed_in.post(draft.url_of(scale), scale_data(scale, **{"choices-1-name": "In part", "choices-2-DELETE": "on"}))
    assert list(scale.choices.values_list("name", flat=True)) == ["Not", "In part", "Fully"]


@pytest.mark.parametrize(
    "changes,message",
    [
        ({"choices-1-value": "0"}, "the same value"),
        ({"choices-0-value": "5", "choices-0-code": "Z"}, "lowest choice is 0"),
        ({"choices-1-code": "NA"}, "not a rating"),
    ],
)
def test_choices_that_make_no_scale_are_refused(signed_in, draft, changes, message):
    scale = draft.scales.get()
    response = signed_in.post(draft.url_of(scale), scale_data(scale, **changes))
    assert response.status_code == 422
    assert message in response.content.decode()


def test_what_cannot_be_removed_says_why(signed_in, draft):
    scale = draft.scales.get()
    response = signed_in.post(url(draft, "draft-remove", "scale", scale.pk))
    assert response.status_code == 409
    assert "Move or remove them first" in response.content.decode()


def test_changes_are_listed_and_the_author_says_how_they_are_meant(signed_in, draft, x1, admin):
    draft.change(x1, by=admin, seen=0, statement="Practice x1 is really done.")
    page = signed_in.get(url(draft, "draft-changes")).content.decode()
    assert "<ins>really </ins>" in page or "<ins>really</ins>" in page
    assert "New meaning: teams are asked again" in page
    response = signed_in.post(
        url(draft, "draft-meaning", "criterion", x1.pk), {"editorial": "yes", "revision": 1}, **HTMX
    )
    assert "Editorial: same meaning" in response.content.decode()
    assert "Mark as new meaning" in signed_in.get(url(draft, "draft-changes")).content.decode()


def test_nobody_vouches_for_a_text_they_have_not_seen(signed_in, draft, x1, admin):
    draft.change(x1, by=admin, seen=0, statement="First.")
    draft.change(x1, by=admin, seen=1, statement="Second.")
    data = {"editorial": "yes", "revision": 1}
    assert signed_in.post(url(draft, "draft-meaning", "criterion", x1.pk), data, **HTMX).status_code == 409
    x1.refresh_from_db()
    assert not x1.editorial


def test_nobody_publishes_what_they_have_not_seen(signed_in, draft, x1, admin):
    draft.change(x1, by=admin, seen=0, statement="First.")
    digest = signed_in.get(url(draft, "draft-publish")).context["readiness"].file.digest
    draft.change(x1, by=admin, seen=1, statement="Second.")
    response = signed_in.post(url(draft, "draft-publish"), {"digest": digest})
    assert response.status_code == 409
    assert "was changed since you opened this page" in response.content.decode()
    assert Edition.objects.get(pk=draft.pk).is_draft


def test_impact_shows_what_last_results_would_come_to(signed_in, edition, draft, admin):
    team, lead = make_team(name="Ants"), make_user()
    make_membership(user=lead, team=team, role="lead")
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F F F N F F F N")
    assert assessment.close(by=lead).level == 2
    draft.change(draft.criteria.get(key="y2"), by=admin, seen=0, statement="Something else.")
    page = " ".join(signed_in.get(url(draft, "draft-impact")).content.decode().split())
    assert "Ants" in page
    assert "1 of 1 team<" in page
    assert "1 team lower" in page
    assert "1 changed" in page
    assert '<span class="n">1</span>' in page
    assert "could be 2" in page


def test_impact_goes_a_hundred_teams_at_a_time(signed_in, edition, draft, monkeypatch):
    monkeypatch.setattr("assessments.frameworks.impact.STEP", 2)
    for n in range(3):
        team, lead = make_team(name=f"Team {n}"), make_user()
        make_membership(user=lead, team=team, role="lead")
        assessment = toy.start(team=team, by=lead, edition=edition)
        toy.rate(assessment, lead, "F F F N F F F N")
        assessment.close(by=lead)
    first = signed_in.get(url(draft, "draft-impact")).content.decode()
    assert "2 of 3 teams" in first
    assert "?from=2" in first
    second = signed_in.get(url(draft, "draft-impact") + "?from=2", **HTMX).content.decode()
    assert second.lstrip().startswith("<tbody")
    assert "3 of 3 teams" in second
    assert "?from=" not in second


def test_publishing_needs_every_obstacle_mended(signed_in, draft, admin):
    draft.change(draft.criteria.get(key="x1"), by=admin, seen=0, statement="")
    page = signed_in.get(url(draft, "draft-publish")).content.decode()
    assert "1 problem to fix before you publish" in page
    assert '<button class="btn primary">Publish' not in page
    assert signed_in.post(url(draft, "draft-publish")).status_code == 409
    assert Edition.objects.get(pk=draft.pk).is_draft


def test_publishing_leads_to_the_frozen_edition(signed_in, draft, x1, admin):
    draft.change(x1, by=admin, seen=0, statement="Other.")
    response = signed_in.post(url(draft, "draft-publish"), follow=True)
    assert "It cannot be changed any more." in response.content.decode()
    assert Edition.objects.get(pk=draft.pk).status == "published"
    assert draft.framework.default_edition().pk == draft.pk


def test_editions_are_compared_and_one_criterion_is_followed(client, edition, draft, x1, admin):
    draft.change(x1, by=admin, seen=0, statement="Practice x1 is certainly done.")
    client.force_login(make_user())
    page = reverse("criterion-history", args=[edition.framework.key, "x1"])
    # Drafts are for administrators.
    assert "certainly" not in client.get(page).content.decode()
    assert "certainly" not in client.get(url(edition, "edition-compare")).content.decode()
    client.force_login(admin)
    assert "certainly" in client.get(page).content.decode()
    assert "certainly" in client.get(url(draft, "edition-compare")).content.decode()


def test_whether_editions_share_a_ladder_is_what_was_found_at_publishing(signed_in, edition, draft, admin):
    """Not what the names of levels look like: a level can be taken out and another put in its place."""
    for row in draft.criteria.filter(level__number=3):
        draft.remove(row, by=admin)
    draft.remove(draft.levels.get(number=3), by=admin)
    another = draft.add(Level(name="Another"), by=admin)
    draft.change(draft.criteria.get(key="x1"), by=admin, seen=0, level=another)
    second = publish(draft, by=admin)
    draft = Edition.objects.get(pk=second.pk).make_draft(by=admin)
    draft.change(draft.levels.get(number=3), by=admin, seen=0, name="Renamed")
    third = publish(draft, by=admin)

    def breaks(one, other):
        page = signed_in.get(url(one, "edition-compare"), {"with": str(other.pk)}).content.decode()
        return "<b>New ladder.</b>" in page

    assert breaks(second, edition)
    assert breaks(third, edition)
    assert breaks(edition, third)
    assert not breaks(third, second)
    # As the results of teams are compared.
    assert Edition.objects.get(pk=third.pk).contents.ladder == Edition.objects.get(pk=second.pk).contents.ladder


# ---------------------------------------------------------------------- files


def upload(name, content, kind="maturity", **more):
    return {"file": SimpleUploadedFile(name, content), "kind": kind, **more}


def hidden(response):
    return {field.name: field.value() for field in response.context["confirm"].hidden_fields()}


def test_importing_shows_first_what_it_would_do(signed_in):
    content = (DATA / "dsomm.yaml").read_bytes()
    response = signed_in.post(reverse("framework-import"), upload("model.yaml", content, "dsomm"))
    assert "4 criteria" in response.content.decode()
    assert not Framework.objects.exists()
    done = signed_in.post(reverse("framework-import"), hidden(response))
    draft = Edition.objects.get()
    assert done.url == draft.get_editor_url()
    assert draft.is_draft


def test_samm_is_imported_from_a_zip(signed_in):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in (DATA / "samm").rglob("*.yml"):
            archive.write(path, f"model/{path.relative_to(DATA / 'samm')}")
    response = signed_in.post(reverse("framework-import"), upload("model.zip", packed.getvalue(), "samm", label="2.1"))
    assert "18 of 18 questions included." in response.content.decode()
    signed_in.post(reverse("framework-import"), hidden(response))
    assert Edition.objects.get().criteria.count() == 18


def test_a_partial_import_asks_to_be_confirmed(signed_in):
    planned = signed_in.post(reverse("framework-import"), upload("dsomm.yaml", with_an_empty_activity(), "dsomm"))
    assert "4 of 5 activities included." in planned.content.decode()

    refused = signed_in.post(reverse("framework-import"), hidden(planned))
    assert refused.status_code == 422
    assert "Select this to import without the rest." in refused.content.decode()
    assert not Edition.objects.exists()

    done = signed_in.post(reverse("framework-import"), {**hidden(refused), "partial": "on"}, follow=True)
    assert "as a draft. 4 of 5 activities included." in done.content.decode()
    assert Edition.objects.get().criteria.count() == 4


def test_the_preview_names_groups_that_could_be_levels_and_takes_what_is_chosen(signed_in):
    content = (DATA / "ciso" / "yesno.yaml").read_bytes()
    page = signed_in.post(reverse("framework-import"), upload("yesno.yaml", content, "ciso"))
    assert "The library has 2 implementation groups: L1, L2." in page.content.decode()
    assert page.context["confirm"]["levels"].value() == "L1, L2"

    page = signed_in.post(reverse("framework-import"), {**hidden(page), "levels": "none", "again": "yes"})
    assert "In place" in page.content.decode()
    assert "FD Feeding" in page.content.decode()
    assert not Edition.objects.exists(), "it was only looked at"
    wrong = signed_in.post(reverse("framework-import"), {**hidden(page), "levels": "L1, L9"})
    assert wrong.status_code == 422
    assert "There is no implementation group 'L9'; the groups are L1, L2" in unescape(wrong.content.decode())
    assert hidden(wrong) == hidden(page), "the file is still there"

    signed_in.post(reverse("framework-import"), {**hidden(page), "levels": "none"})
    assert [level.name for level in Edition.objects.get().levels.all()] == ["Not started", "In place"]


@pytest.mark.parametrize(
    "kind,content",
    [
        ("maturity", SMALL.replace("  version: 1.0.0\n", "").encode()),
        ("dsomm", (DATA / "dsomm.yaml").read_bytes().replace(b"  version: 1.2.0\n", b"")),
        ("ciso", (DATA / "ciso.yaml").read_bytes().replace(b"\nversion: 2\n", b"\n")),
    ],
)
def test_a_missing_version_can_be_given_on_the_page(signed_in, kind, content):
    asked = signed_in.post(reverse("framework-import"), upload("file.yaml", content, kind))
    assert asked.status_code == 422
    assert "“Version” on the page" in asked.content.decode()
    planned = signed_in.post(reverse("framework-import"), upload("file.yaml", content, kind, label="7.1"))
    assert planned.context["plan"].file.framework.version == "7.1"


@pytest.mark.parametrize("label", ["1\x7f", "1\ufffe"])
@pytest.mark.parametrize("kind,path", [("dsomm", "dsomm.yaml"), ("ciso", "ciso.yaml")])
def test_a_version_that_nobody_can_read_is_refused(signed_in, kind, path, label):
    response = signed_in.post(reverse("framework-import"), upload(path, (DATA / path).read_bytes(), kind, label=label))
    assert response.status_code == 422
    assert "there is a control character" in response.content.decode()


@pytest.mark.parametrize(
    "kind,content,message",
    [
        ("maturity", b"format: 1\nframework: {key: x}\n", "line 2"),
        ("maturity", b"a: [", "not YAML"),
        ("dsomm", b"a: 1\n", "no dimensions with activities"),
        ("samm", b"no zip", "this ZIP cannot be unpacked"),
        ("ciso", b"objects: {}\n", "holds no framework"),
    ],
)
def test_a_broken_file_says_what_to_mend(signed_in, kind, content, message):
    response = signed_in.post(reverse("framework-import"), upload("broken.yaml", content, kind))
    assert response.status_code == 422
    assert message in response.content.decode()


def test_a_file_that_was_tampered_with_on_the_way_is_refused(signed_in):
    data = {"name": "x", "packed": "!!!", "kind": "dsomm", "label": ""}
    assert signed_in.post(reverse("framework-import"), data).status_code == 422


def test_a_file_as_large_as_may_be_comes_through_its_confirmation(signed_in):
    """One that cannot be packed, so that base64 and the form make it larger; it is no framework, which is told."""
    content = random.Random(7).randbytes(MAX_UPLOAD)
    data = {"name": "large.yaml", "packed": packed(content), "kind": OWN_FORMAT, "label": ""}
    response = signed_in.post(
        reverse("framework-import"), urlencode(data), content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert "large.yaml" in page
    assert "did not arrive" not in page


def test_a_script_in_an_imported_text_is_shown_as_text(signed_in):
    content = (DATA / "dsomm.yaml").read_text()
    content = content.replace("Bent nails.", "<b style='color:red' hx-get='/x'>Bent</b> [x](javascript:alert(1))")
    response = signed_in.post(reverse("framework-import"), upload("m.yaml", content.encode(), "dsomm"))
    signed_in.post(reverse("framework-import"), hidden(response))
    draft = Edition.objects.get()
    page = signed_in.get(draft.get_absolute_url()).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b style" not in page
    assert "<b hx-get" not in page
    assert 'href="javascript' not in page


def test_export_gives_back_the_same_digest(signed_in, edition):
    response = signed_in.get(url(edition, "edition-export"))
    assert response.headers["Content-Disposition"].endswith('-1.0.0.yaml"')
    assert reads(response.content, name="x.yaml").digest == file_of(edition).digest


# ---------------------------------------------------------------------- cost


def test_pages_of_the_editor_cost_few_queries_however_much_is_in_them(
    signed_in, draft, x1, django_assert_max_num_queries, edition
):
    pages = [url(draft, name) for name in ("draft-edit", "draft-changes", "draft-impact", "draft-publish")]
    pages += [draft.url_of(x1), draft.url_of(x1.dimension), url(draft, "draft-new", "criterion")]
    pages += [url(draft, "edition-compare"), reverse("frameworks")]
    for page in pages:
        signed_in.get(page)
        # session, user, edition, everything in the draft (8), and at most the edition before and counts
        with django_assert_max_num_queries(15):
            assert signed_in.get(page).status_code == 200


def test_a_criterion_that_was_removed_is_told_as_retired(signed_in, edition, draft, x1, admin):
    page = reverse("criterion-history", args=[edition.framework.key, "x1"])
    for symptom in draft.symptoms.all():
        symptom.delete()
    draft.remove(x1, by=admin)
    assert "Removed in" not in signed_in.get(page).content.decode()
    publish(draft, by=admin)
    assert "Removed in Toy 1.1.0." in signed_in.get(page).content.decode()


def test_what_only_looks_like_a_number_is_no_error_of_the_server(signed_in, draft, x1):
    """`"²".isdigit()` is true, and int() refuses it."""
    level = draft.levels.get(number=1)
    posted_level = {"name": level.name, "alias": "²", "revision": 0}
    assert signed_in.post(draft.url_of(level), posted_level, **HTMX).status_code == 200
    assert signed_in.get(url(draft, "draft-changes")).status_code == 200
    assert signed_in.get(url(draft, "draft-impact") + "?from=²").status_code == 200
    for revision in ("²", "1" * 5000):
        data = {"editorial": "yes", "revision": revision}
        assert signed_in.post(url(draft, "draft-meaning", "criterion", x1.pk), data, **HTMX).status_code == 409
