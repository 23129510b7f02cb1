"""A team that answers in a live room: one facilitator with the shared screen, and phones, each in its own browser."""

import re

import pytest
from playwright.sync_api import expect

from assessments.models import Rating, Room, RoomVote

from .. import toy
from ..factories import make_membership, make_team, make_user
from .conftest import SCREENS, assert_fits, axe_in_both_schemes, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def question(screen):
    return screen.locator("h1").inner_text()


def test_phones_answer_change_their_answers_and_go_on_in_review(sign_in, open_page):
    team = make_team(name="Pricing")
    lead = make_membership(team=team, role="lead", user=make_user(name="Lena")).user
    members = [make_membership(team=team, role="member", user=make_user()).user for _ in range(2)]
    assessment = toy.start(team=team, by=lead)
    guest = toy.guest(assessment, email="guest@example.org")

    screen = sign_in(lead)
    screen.goto(f"/assessments/{assessment.pk}/")
    screen.get_by_role("link", name="Answer together").click()
    expect(screen.get_by_role("button", name="Start the live room")).to_be_visible()
    axe_in_both_schemes(screen)
    screen.get_by_role("button", name="Start the live room").click()
    expect(screen.locator(".room-tally")).to_have_text("0 of 4 have answered")

    code = Room.objects.get().code
    phones = [sign_in(user, width=SCREENS["phone"]) for user in members]
    by_link = open_page(width=SCREENS["phone"])
    by_link.goto(f"/i/{guest.token}/answer/")
    expect(by_link.get_by_role("link", name="Answer in the live room")).to_be_visible()
    phones.append(by_link)
    for phone in phones:
        # The phone that came by a personal link is known as well.
        phone.goto(f"/live/{code}/")
        expect(phone.get_by_role("heading", level=1)).to_have_text(question(screen))

    for phone in phones:
        phone.get_by_role("button", name="Largely", exact=False).click()
        expect(phone.get_by_role("button", name="Largely", exact=False)).to_have_attribute("aria-pressed", "true")
    expect(screen.locator(".room-tally")).to_have_text("3 of 4 have answered")
    assert_fits(by_link, width=320)
    axe_in_both_schemes(by_link)
    axe_in_both_schemes(screen)

    screen.keyboard.press("r")
    expect(screen.locator(".room-lanes")).to_have_attribute("aria-label", re.compile("Answers: .*Largely 3"))
    for phone in phones:
        expect(phone.get_by_text("Answers are shown")).to_be_visible()
    axe_in_both_schemes(screen)
    screen.keyboard.press("3")
    settled(screen)
    screen.keyboard.press("v")
    expect(screen.locator(".room-tally")).to_be_visible()
    phones[0].get_by_role("button", name="Fully", exact=False).click()
    expect(phones[0].get_by_role("button", name="Fully", exact=False)).to_have_attribute("aria-pressed", "true")
    assert sorted(rating.code for rating in Rating.objects.select_related("choice")) == ["F", "L", "L"]

    first = question(screen)
    settled(screen)
    screen.keyboard.press("ArrowRight")
    expect(screen.locator("h1")).not_to_have_text(first)
    for phone in phones:
        expect(phone.get_by_role("heading", level=1)).to_have_text(question(screen))
        expect(phone.get_by_role("status")).to_contain_text("0 of 4 answered")
    while Room.objects.get().criterion_id != Room.objects.get().order[-1]:
        before = question(screen)
        settled(screen)
        screen.keyboard.press("ArrowRight")
        expect(screen.locator("h1")).not_to_have_text(before)
    expect(by_link.get_by_text("This is the last question.")).to_be_visible()
    axe_in_both_schemes(by_link)
    assert_fits(screen, width=390)
    screen.set_viewport_size({"width": SCREENS["desktop"], "height": 900})

    screen.get_by_role("button", name="End answering and go on in review").click()
    expect(screen.locator(".room-tally")).to_have_text("0 of 4 have voted")
    for phone in phones:
        expect(phone.get_by_role("heading", level=1)).to_have_text(question(screen))
        expect(phone.get_by_role("status")).to_contain_text("0 of 4 voted")
    phones[1].get_by_role("button", name="Fully", exact=False).click()
    expect(screen.locator(".room-tally")).to_have_text("1 of 4 have voted")
    assert RoomVote.objects.count() == 1
    assert Rating.objects.count() == 3
