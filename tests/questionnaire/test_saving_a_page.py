"""Without script: one button saves every answer that was changed on the page."""

import re

import pytest
from django.urls import reverse

from assessments.models import Rating

from .. import toy
from ..factories import make_membership, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return make_membership(team=make_team(), role="lead").user


@pytest.fixture
def assessment(lead):
    return toy.start(team=lead.memberships.get().team, by=lead)


@pytest.fixture
def signed_in(client, lead, assessment):
    client.force_login(lead)
    return client


def address(assessment):
    return reverse("answer-dimension", args=[assessment.pk, "X"])


def loaded(client, assessment) -> dict[str, str]:
    """What a browser would send from the page as it is now."""
    return fields(client.get(address(assessment)).content.decode())


def fields(html: str) -> dict[str, str]:
    form = html.split('class="answers"')[1].split("</form>")[0]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    texts = re.findall(r'name="((?:comment)-\d+)"[^>]*>([^<]*)</textarea>', form)
    lines = re.findall(r'name="((?:reason|evidence)-\d+)"[^>]*?value="([^"]*)"', form)
    chosen = re.findall(r'name="(code-\d+)" value="([^"]+)" checked', form)
    return dict(hidden + texts + lines + chosen)


def name(assessment, key, field="code"):
    return f"{field}-{assessment.edition.contents.criterion_by_key[key].pk}"


def stored():
    return {rating.criterion.key: rating.code for rating in Rating.objects.select_related("criterion", "choice")}


def test_one_button_saves_all_that_was_changed_and_nothing_else(signed_in, assessment):
    data = loaded(signed_in, assessment)
    data |= {name(assessment, "x1"): "F", name(assessment, "x3"): "N", name(assessment, "x4", "comment"): "a\r\nb"}
    response = signed_in.post(address(assessment), data)
    assert response.status_code == 302
    assert "3 answers are saved." in signed_in.get(response.url).content.decode()
    assert stored() == {"x1": "F", "x3": "N", "x4": ""}
    versions = set(Rating.objects.values_list("criterion__key", "version", "page"))
    data = loaded(signed_in, assessment) | {name(assessment, "x2"): "L"}
    assert signed_in.post(address(assessment), data).status_code == 302
    assert set(Rating.objects.exclude(criterion__key="x2").values_list("criterion__key", "version", "page")) == versions


def test_what_fails_is_marked_and_everything_entered_stays(signed_in, assessment):
    data = loaded(signed_in, assessment)
    data |= {
        name(assessment, "x1"): "F",
        name(assessment, "x2"): "L",
        name(assessment, "x2", "evidence"): "nonsense",
        name(assessment, "x2", "comment"): "Typed with care.",
        name(assessment, "x3"): "NA",
    }
    response = signed_in.post(address(assessment), data)
    html = response.content.decode()
    assert response.status_code == 422
    for part in ("1 answer is saved.", "2 answers are not saved yet.", "Typed with care.", "Say in a few words why"):
        assert part in html
    assert stored() == {"x1": "F"}
    # Corrected on the page that came back, both are saved.
    again = fields(html)
    assert again[name(assessment, "x2")] == "L"
    again |= {name(assessment, "x2", "evidence"): "", name(assessment, "x3", "reason"): "There is none."}
    assert signed_in.post(address(assessment), again).status_code == 302
    assert stored() == {"x1": "F", "x2": "L", "x3": "NA"}


def test_another_tab_saved_newer_and_both_are_kept(signed_in, assessment):
    old, newer = loaded(signed_in, assessment), loaded(signed_in, assessment)
    signed_in.post(address(assessment), newer | {name(assessment, "x1"): "F", name(assessment, "x2"): "F"})
    # The old page changes x1 too and has not touched x2.
    response = signed_in.post(address(assessment), old | {name(assessment, "x1"): "N", name(assessment, "x4"): "P"})
    html = response.content.decode()
    assert response.status_code == 409
    assert "There: <b>Fully</b>. Here: <b>Not</b>." in html
    assert html.count("changed on another page") == 1
    assert stored() == {"x1": "F", "x2": "F", "x4": "P"}
    assert signed_in.post(address(assessment), fields(html)).status_code == 302
    assert stored()["x1"] == "N"


def test_a_page_that_was_sent_is_not_called_saved_when_it_is_sent_again(signed_in, assessment):
    data = loaded(signed_in, assessment) | {name(assessment, "x1"): "F"}
    signed_in.post(address(assessment), data)
    for change in ({name(assessment, "x1"): "N"}, {name(assessment, "x1", "comment"): "More."}):
        assert signed_in.post(address(assessment), data | change).status_code == 409
    assert stored() == {"x1": "F"}


def test_another_reason_on_a_page_that_was_sent_is_not_called_saved(signed_in, assessment):
    data = loaded(signed_in, assessment) | {name(assessment, "x3"): "NA", name(assessment, "x3", "reason"): "None."}
    assert signed_in.post(address(assessment), data).status_code == 302
    data |= {name(assessment, "x3", "reason"): "Another reason."}
    response = signed_in.post(address(assessment), data)
    assert response.status_code == 409
    assert "Another reason." in response.content.decode()


def test_signed_out_shows_what_was_changed_and_not_what_is_stored(signed_in, assessment):
    data = loaded(signed_in, assessment) | {name(assessment, "x1"): "F", name(assessment, "x4"): "N"}
    signed_in.post(address(assessment), data)
    data = loaded(signed_in, assessment) | {name(assessment, "x2", "evidence"): "https://example.org/proof"}
    signed_in.logout()
    html = signed_in.post(address(assessment), data).content.decode()
    assert "This answer is not saved yet." in html
    assert "https://example.org/proof" in html


def test_signed_out_without_a_change_just_asks_to_sign_in(signed_in, assessment):
    data = loaded(signed_in, assessment)
    signed_in.logout()
    response = signed_in.post(address(assessment), data)
    assert response.status_code == 302
    assert response.url.startswith("/sign-in/")


def test_closed_meanwhile_or_signed_out_everything_entered_is_shown(signed_in, assessment, lead):
    data = loaded(signed_in, assessment)
    data |= {name(assessment, "x1"): "F", name(assessment, "x2", "comment"): "Not to be lost."}
    signed_in.logout()
    response = signed_in.post(address(assessment), data)
    assert response.status_code == 401
    assert "Not to be lost." in response.content.decode()
    toy.rate(assessment, lead, "- - - - F F F F")
    assessment.close(by=lead)
    signed_in.force_login(lead)
    response = signed_in.post(address(assessment), data)
    html = response.content.decode()
    assert response.status_code == 409
    for part in ("was closed on", "Not to be lost.", "Fully", "Practice x1 is done.", "These 2 answers were not saved"):
        assert part in html
    assert set(stored()) == {"y1", "y2", "y3", "y4"}


def test_a_guest_saves_a_page_and_nothing_of_another_page(client, assessment, lead):
    guest = toy.guest(assessment, email="guest@example.org")
    page = reverse("guest-answer-dimension", args=[guest.token, "X"])
    data = fields(client.get(page).content.decode())
    y1 = assessment.edition.contents.criterion_by_key["y1"].pk
    data |= {name(assessment, "x1"): "F", f"code-{y1}": "F", f"shown-{y1}": "", f"version-{y1}": "0"}
    assert client.post(page, data).status_code == 302
    assert stored() == {"x1": "F"}


@pytest.mark.parametrize("saved", ["-1", "x", "9" * 5000, "²"])
def test_no_nonsense_is_said_to_be_saved(signed_in, assessment, saved):
    html = signed_in.get(address(assessment), {"saved": saved}).content.decode()
    assert "notice success" not in html
