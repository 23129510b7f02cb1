"""On a phone one tap answers a question and leads on to the next one, and the introduction is read once."""

import pytest
from playwright.sync_api import expect

from assessments.frameworks.storing import load_built_in
from assessments.models import Edition

from .. import toy
from ..factories import make_membership, make_team, make_user
from .asking import assert_saved, choose, question
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.any_database]


@pytest.fixture
def member(transactional_db):
    return make_user(email="mira@example.org")


def start(member, edition, **terms):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    make_membership(user=member, team=team)
    return toy.start(team=team, by=lead, edition=edition, **terms)


def test_all_questions_of_the_built_in_framework_take_fewer_than_seventy_taps(sign_in, member):
    load_built_in()
    edition = Edition.objects.published().get(framework__key="mlops")
    assessment = start(member, edition, rule=edition.contents.default_rule)
    assert len(assessment.criteria_asked()) == 67
    page = sign_in(member, width=390, touch=True)
    page.goto(f"/assessments/{assessment.pk}/answer/")
    taps = 0

    def tap(target):
        nonlocal taps
        taps += 1
        target.tap()

    tap(page.get_by_role("link", name="Start answering"))
    for part in range(len(edition.contents.dimensions)):
        expect(page.locator("#toc-" + edition.contents.dimensions[part].key.replace(".", "\\."))).to_have_attribute(
            "aria-current", "step"
        )
        page.wait_for_load_state()
        questions = page.locator(".question")
        for place in range(questions.count()):
            tap(questions.nth(place).get_by_text("Largely achieved", exact=True).first)
    expect(page.get_by_role("heading", name="67 of 67 answered")).to_be_visible()
    tap(page.get_by_role("button", name="Submit my answers"))
    expect(page.get_by_role("heading", name="Submitted")).to_be_visible()
    assert taps < 70
    page.goto(f"/assessments/{assessment.pk}/answer/")
    expect(page.get_by_text("Before you answer")).to_have_count(0)


def test_progress_and_what_the_ratings_mean_stay_in_view(sign_in, member):
    assessment = start(member, toy.make_edition())
    page = sign_in(member, width=390, touch=True)
    page.goto(f"/assessments/{assessment.pk}/answer/to/X/")
    axe_in_both_schemes(page)
    question(page, "x4").scroll_into_view_if_needed()
    page.mouse.wheel(0, 2000)
    expect(page.locator("#progress")).to_be_in_viewport()
    assert_fits(page, 320)


def test_going_on_by_itself_can_be_switched_off_and_stays_off(sign_in, member):
    assessment = start(member, toy.make_edition())
    page = sign_in(member, width=390, touch=True)
    page.goto(f"/assessments/{assessment.pk}/answer/to/X/")
    page.get_by_label("After an answer, go on to the next question, and from the last one to the next page").uncheck()
    page.reload()
    for key in ("x1", "x2", "x3", "x4"):
        choose(page, key, "Fully")
        assert_saved(page, key)
    page.wait_for_timeout(1000)
    assert page.url.endswith("/answer/to/X/")


def test_choosing_with_the_keyboard_never_leaves_the_page(sign_in, member):
    assessment = start(member, toy.make_edition())
    page = sign_in(member, width=390, touch=True)
    page.goto(f"/assessments/{assessment.pk}/answer/to/X/")
    for key in ("x1", "x2", "x3", "x4"):
        question(page, key).get_by_role("radio").first.focus()
        page.keyboard.press("Space")
        assert_saved(page, key)
    page.wait_for_timeout(1000)
    assert page.url.endswith("/answer/to/X/")


def test_the_steps_take_one_line_on_questions_and_leave_room_for_a_result(sign_in, member):
    assessment = start(member, toy.make_edition())
    page = sign_in(member, width=390, touch=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/assessments/{assessment.pk}/answer/to/X/")
    steps = page.get_by_role("list", name="Steps of an assessment")
    expect(steps.locator("[aria-current=step]")).to_have_text("Answer")
    assert steps.bounding_box()["height"] < 32
    assert_fits(page, 320)

    for user in [person.user for person in assessment.team.memberships.all()]:
        toy.rate(assessment, user, "F F L N F F P N")
    result = assessment.close(by=assessment.team.memberships.get(role="lead").user)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(result.get_absolute_url())
    expect(steps).to_be_hidden()
    expect(page.locator("#summary")).to_be_in_viewport(ratio=1)
    expect(page.locator(".summary .fact", has_text="People agree")).to_be_in_viewport(ratio=0.6)
    page.set_viewport_size({"width": 1280, "height": 844})
    expect(steps).to_be_visible()
