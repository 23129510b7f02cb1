"""Saving over HTTP: with htmx and without, and everything that can be wrong with a save."""

import re

import pytest
from django.urls import reverse

from assessments.models import Participation, Rating, answering_sql

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def member(team):
    return make_membership(team=team, role="member").user


@pytest.fixture
def assessment(team, lead, member):
    return toy.start(team=team, by=lead)


@pytest.fixture
def signed_in(client, member):
    client.force_login(member)
    return client


def url(assessment, key="x1"):
    criterion = assessment.edition.contents.criterion_by_key[key]
    return reverse("answer-save", args=[assessment.pk, criterion.dimension.key, criterion.pk])


def form(user, code="L", **fields):
    return {"code": code, "page": "p1", "sequence": 1, "version": 0, "who": user.pk, **fields}


def test_an_htmx_save_gets_the_status_and_the_counts(signed_in, assessment, member):
    response = signed_in.post(url(assessment), form(member), **HTMX)
    html = response.content.decode()
    assert response.status_code == 200
    assert 'data-state="saved"' in html
    assert "Saved" in html
    assert "1 of 8 answered" in html
    assert 'hx-swap-oob="true"' in html
    assert "<html" not in html
    assert "HX-Request" in response.headers["Vary"]


def test_a_plain_save_leads_back_to_the_question(signed_in, assessment, member):
    criterion = assessment.edition.contents.criterion_by_key["x1"]
    response = signed_in.post(url(assessment), form(member))
    assert response.status_code == 302
    assert response.url.endswith(f"/answer/to/X/#c-{criterion.pk}")


def test_does_not_apply_waits_for_its_reason_and_keeps_what_was_stored(signed_in, assessment, member):
    signed_in.post(url(assessment, "x3"), form(member, "F"))
    response = signed_in.post(url(assessment, "x3"), form(member, "NA", sequence=2), **HTMX)
    assert response.status_code == 422
    assert "Say in a few words why it does not apply" in response.content.decode()
    assert Rating.objects.get().choice.code == "F"
    signed_in.post(url(assessment, "x3"), form(member, "NA", sequence=3, reason="None here."), **HTMX)
    assert (Rating.objects.get().answer, Rating.objects.get().reason) == ("NA", "None here.")


@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({"code": "NA", "reason": "x"}, "not one of the answers"),
        ({"code": "Z"}, "not one of the answers"),
        ({"evidence": "javascript:alert(1)"}, "https://"),
        ({"evidence": "nonsense"}, "https://"),
        ({"comment": "x" * 4001}, "4000"),
        ({"sequence": "many"}, "whole number"),
        ({"page": ""}, "required"),
    ],
)
def test_bad_input_gets_a_sentence_and_stores_nothing(signed_in, assessment, member, fields, sentence):
    response = signed_in.post(url(assessment), form(member) | fields, **HTMX)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Rating.objects.exists()


@pytest.mark.parametrize("link", ["wiki.example.org/x", "https://wiki.example.org/x"])
def test_a_link_may_be_given_without_its_scheme(signed_in, assessment, member, link):
    assert signed_in.post(url(assessment), form(member, evidence=link), **HTMX).status_code == 200
    assert Rating.objects.get().evidence == "https://wiki.example.org/x"


def test_without_script_the_page_comes_back_with_what_was_typed(signed_in, assessment, member):
    response = signed_in.post(url(assessment), form(member, evidence="nonsense", comment="Typed with care."))
    html = response.content.decode()
    assert response.status_code == 422
    assert "<html" in html
    assert "Typed with care." in html
    assert 'value="nonsense"' in html


def test_a_conflict_shows_both_values_and_the_next_save_settles_it(signed_in, assessment, member):
    signed_in.post(url(assessment), form(member, "F", page="p1"), **HTMX)
    response = signed_in.post(url(assessment), form(member, "N", page="p2"), **HTMX)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Fully" in html
    assert "Not" in html
    assert re.search(r'name="version-\d+" value="1"', html)
    assert Rating.objects.get().choice.code == "F"
    assert signed_in.post(url(assessment), form(member, "N", page="p2", version=1), **HTMX).status_code == 200
    assert Rating.objects.get().choice.code == "N"


def test_a_closed_assessment_answers_409_and_says_since_when(signed_in, assessment, member, lead):
    toy.rate(assessment, member, "F F L N F F P N")
    assessment.close(by=lead)
    for extra in (HTMX, {}):
        response = signed_in.post(url(assessment), form(member, "N", sequence=9), **extra)
        assert response.status_code == 409
        assert "was closed on" in response.content.decode()
    assert signed_in.post(reverse("answer-submit", args=[assessment.pk])).status_code == 409
    assert Rating.objects.get(criterion__key="x1").choice.code == "F"


def test_signed_out_with_htmx_is_401_with_the_way_back_and_not_a_redirect(client, assessment, member):
    response = client.post(url(assessment), form(member), **HTMX)
    assert response.status_code == 401
    assert "Sign in in a new tab" in response.content.decode()
    assert "HX-Redirect" not in response.headers


def test_signed_out_without_script_keeps_what_was_entered(client, assessment, member):
    response = client.post(url(assessment), form(member, comment="Not to be lost."))
    assert response.status_code == 401
    assert "Not to be lost." in response.content.decode()


def test_other_signed_out_htmx_requests_lead_the_whole_page_to_sign_in(client, assessment):
    page = reverse("answer", args=[assessment.pk])
    response = client.get(page, HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=f"http://testserver{page}")
    assert response.headers["HX-Redirect"] == f"/sign-in/?next={page}"


def test_a_page_left_by_somebody_else_does_not_store_into_my_answers(signed_in, assessment, lead):
    response = signed_in.post(url(assessment), form(lead), **HTMX)
    assert response.status_code == 409
    assert "Someone else" in response.content.decode()
    assert not Rating.objects.exists()


def test_a_criterion_of_another_edition_or_dimension_is_not_found(signed_in, assessment, member):
    foreign = toy.make_edition().criteria.first()
    own = assessment.edition.contents.criterion_by_key["y1"]
    for pk in (foreign.pk, own.pk):
        path = reverse("answer-save", args=[assessment.pk, "X", pk])
        assert signed_in.post(path, form(member), **HTMX).status_code == 404
    assert not Rating.objects.exists()


def test_a_short_questionnaire_shows_and_takes_only_its_criteria(signed_in, team, lead, member):
    short = toy.start(team=team, by=lead, questionnaire="short")
    html = signed_in.get(reverse("answer-dimension", args=[short.pk, "X"])).content.decode()
    assert "Practice x1" in html
    assert "Practice x2" not in html
    assert signed_in.post(url(short, "x2"), form(member), **HTMX).status_code == 404


def test_the_page_shows_stored_answers_and_nothing_is_preset(signed_in, assessment, member):
    page = reverse("answer-dimension", args=[assessment.pk, "X"])
    assert " checked" not in signed_in.get(page).content.decode()
    signed_in.post(url(assessment), form(member, "L", comment="As before."))
    html = signed_in.get(page).content.decode()
    assert html.count(" checked") == 1
    assert "As before." in html


def test_next_unanswered_goes_on_from_the_dimension_and_ends_where_one_submits(signed_in, assessment, member):
    following = reverse("answer-next", args=[assessment.pk])
    contents = assessment.edition.contents
    # At its first question the page begins with what the dimension is about.
    assert signed_in.get(following + "?from=Y").url.endswith("/answer/to/Y/")
    toy.rate(assessment, member, "F F F F F - F F")
    assert signed_in.get(following).url.endswith(f"/answer/to/Y/#c-{contents.criterion_by_key['y2'].pk}")
    toy.rate(assessment, member, "- - - - - DK - -")
    assert signed_in.get(following).url == reverse("answer-done", args=[assessment.pk])


def test_the_introduction_is_shown_until_the_first_answer_and_then_the_page_to_submit(signed_in, assessment, member):
    introduction = reverse("answer", args=[assessment.pk])
    assert "Before you answer" in signed_in.get(introduction).content.decode()
    signed_in.post(url(assessment), form(member))
    assert signed_in.get(introduction).url == reverse("answer-done", args=[assessment.pk])


def test_review_and_submit_lists_every_section_with_what_is_missing(signed_in, assessment, member):
    for key in ("x1", "x2", "x3", "x4"):
        signed_in.post(url(assessment, key), form(member, comment="So." if key == "x1" else ""))
    signed_in.post(url(assessment, "y1"), form(member, "DK"))
    page = " ".join(signed_in.get(reverse("answer-done", args=[assessment.pk])).content.decode().split())
    assert "3 questions have no answer. You can answer them now, or submit without them." in page
    [area_x, area_y] = re.findall(r"<li>\s*<a href=[^>]*/answer/to/.*?</li>", page)
    assert "4 of 4 answered" in area_x
    assert "1 comment" in area_x
    assert "Complete" in area_x
    assert "1 of 4 answered" in area_y
    assert "comment" not in area_y
    assert "3 missing" in area_y


def test_without_an_answer_there_is_nothing_to_submit(signed_in, assessment):
    page = signed_in.get(reverse("answer-done", args=[assessment.pk])).content.decode()
    assert "You have not answered any questions yet." in page
    assert "Submit my answers" not in page


def test_what_is_submitted_says_so_and_what_happens_next(signed_in, assessment, member):
    signed_in.post(url(assessment), form(member))
    page = signed_in.post(reverse("answer-submit", args=[assessment.pk]), follow=True).content.decode()
    assert "Your answers are submitted." in page
    assert "What happens next:" in page
    assert "Submit my answers" not in page


def test_submitting_thanks_and_is_seen_by_the_lead(signed_in, client, assessment, member, lead):
    signed_in.post(url(assessment), form(member))
    assert signed_in.post(reverse("answer-submit", args=[assessment.pk]), follow=True).status_code == 200
    assert assessment.participations.get(user=member).state == Participation.State.SUBMITTED
    client.force_login(lead)
    assert "1 of 2 have submitted" in client.get(assessment.get_absolute_url()).content.decode()


def test_text_is_text(signed_in, assessment, member):
    signed_in.post(url(assessment), form(member, comment="</textarea><script>alert(1)</script>"))
    html = signed_in.get(reverse("answer-dimension", args=[assessment.pk, "X"])).content.decode()
    assert "<script>alert" not in html


def test_a_page_costs_few_queries_however_much_is_answered(
    signed_in, assessment, member, django_assert_max_num_queries
):
    page = reverse("answer-dimension", args=[assessment.pk, "X"])
    signed_in.get(page)
    toy.rate(assessment, member, "F F F F F F F F")
    # session, user, assessment with the role, team, what is answered, the ratings of this dimension, the last result
    with django_assert_max_num_queries(7):
        signed_in.get(page)


def test_a_save_costs_few_queries(signed_in, assessment, member, django_assert_max_num_queries):
    signed_in.post(url(assessment), form(member), **HTMX)
    # session, user, assessment with the role, savepoint, lock, rating with respondent and membership, upsert, release,
    # what is answered
    with django_assert_max_num_queries(9):
        signed_in.post(url(assessment), form(member, "F", sequence=2), **HTMX)


@pytest.mark.parametrize("extra", [HTMX, {}])
def test_an_answer_to_what_was_discarded_meanwhile_is_shown_and_not_stored(
    signed_in, assessment, member, monkeypatch, extra
):
    def discarded_first(locked, who):
        assessment.discard(by=None)
        return lock(locked, who)

    lock = answering_sql.lock
    monkeypatch.setattr(answering_sql, "lock", discarded_first)
    answer = signed_in.post(url(assessment), {**form(member, "F"), "comment": "My own words."}, **extra)
    assert answer.status_code == 409
    assert "was discarded, so nothing was saved" in answer.content.decode()
    if not extra:
        assert "My own words." in answer.content.decode()
        assert "/answer/to/" not in answer.content.decode()
    assert not Rating.objects.exists()


def test_somebody_without_an_account_in_the_team_cannot_save(client, assessment):
    stranger = make_user()
    client.force_login(stranger)
    assert client.post(url(assessment), form(stranger), **HTMX).status_code == 404


def test_a_version_of_thousands_of_digits_is_refused_like_any_other_wrong_one(signed_in, assessment, member):
    for version in ("x", "1" * 5000):
        assert signed_in.post(url(assessment), form(member, version=version), **HTMX).status_code == 422


@pytest.mark.parametrize("extra", [HTMX, {}])
def test_a_refused_save_does_not_make_the_corrected_one_stale(signed_in, assessment, member, extra):
    signed_in.post(url(assessment, "x3"), form(member, "F", page="before"), **HTMX)
    refused = signed_in.post(url(assessment, "x3"), form(member, "NA", page="now", version=1), **extra)
    assert refused.status_code == 422
    assert re.search(r'name="version-\d+" value="1"', refused.content.decode())
    data = form(member, "NA", page="now", version=1, sequence=2, reason="Not here.")
    assert signed_in.post(url(assessment, "x3"), data, **extra).status_code in {200, 302}
    assert Rating.objects.get().answer == "NA"


@pytest.mark.parametrize("extra", [HTMX, {}])
def test_a_closed_assessment_answers_409_to_a_wrong_answer_too(signed_in, assessment, member, lead, extra):
    toy.rate(assessment, member, "F F L N F F P N")
    assessment.close(by=lead)
    response = signed_in.post(url(assessment), form(member, "NONSENSE", sequence=9), **extra)
    assert response.status_code == 409
    assert "was closed on" in response.content.decode()


@pytest.mark.parametrize(
    ("code", "name"), [("L", "Largely"), ("DK", "I do not know"), ("", "No answer"), ("?", "No answer")]
)
def test_what_is_refused_without_script_is_shown_by_name(signed_in, assessment, member, lead, code, name):
    toy.rate(assessment, lead, "F F - - - - - -")
    assessment.close(by=lead)
    page = signed_in.post(url(assessment), form(member, code, comment="Half of it.")).content.decode()
    assert f"<dt>Answer</dt><dd>{name}</dd>" in page
    assert "<dd>Half of it.</dd>" in page


def test_without_script_an_older_page_sent_again_is_told_and_not_called_saved(signed_in, assessment, member):
    assert signed_in.post(url(assessment), form(member, "F")).status_code == 302
    response = signed_in.post(url(assessment), form(member, "N"))
    assert response.status_code == 409
    assert "changed on another page" in response.content.decode()
    assert Rating.objects.get().choice.code == "F"
