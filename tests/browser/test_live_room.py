"""A live room with one facilitator and six phones at once, each in a browser of its own."""

import re

import pytest
from playwright.sync_api import expect

from assessments.models import AgreedRating, Room, RoomVote

from .. import toy
from ..factories import make_membership, make_team, make_user
from .conftest import SCREENS, assert_fits, axe_in_both_schemes, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Meeting:
    """A lead with the shared screen, four members and two people with a personal link; all have answered."""

    def __init__(self, sign_in, open_page):
        self.team = make_team(name="Pricing")
        self.lead = make_membership(team=self.team, role="lead", user=make_user(name="Lena")).user
        self.members = [make_membership(team=self.team, role="member", user=make_user()).user for _ in range(4)]
        self.assessment = toy.start(team=self.team, by=self.lead)
        guests = [toy.guest(self.assessment, email=f"guest{n}@example.org") for n in range(2)]
        for who, codes in zip(self.members, ["N F L N F F P N", *["F F L N F F P N"] * 3], strict=True):
            toy.rate(self.assessment, who, codes)
        self.assessment.end_answering(by=self.lead)
        self.screen = sign_in(self.lead)
        self.phones = [sign_in(user, width=SCREENS["phone"], expects="409") for user in self.members]
        for guest in guests:
            phone = open_page(width=SCREENS["phone"])
            phone.goto(f"/i/{guest.token}/answer/done/")
            self.phones.append(phone)

    def opens(self):
        self.screen.goto(f"/assessments/{self.assessment.pk}/review/")
        self.screen.get_by_role("link", name="Live room").click()
        self.screen.get_by_role("button", name="Start the live room").click()
        expect(self.screen.locator(".room-tally")).to_have_text("0 of 7 have voted")

    def join(self):
        code = Room.objects.get().code
        for phone in self.phones[:4]:
            phone.goto(f"/live/{code}/")
        for phone in self.phones[4:]:
            phone.reload()
            phone.get_by_role("link", name="Vote in the live room").click()
        for phone in self.phones:
            expect(phone.get_by_role("heading", level=1)).to_have_text(self.question)

    @property
    def question(self) -> str:
        return self.screen.locator("h1").inner_text()

    def presses(self, key: str):
        """On the screen, as it hears keys once what came last is taken in."""
        settled(self.screen)
        self.screen.keyboard.press(key)


@pytest.fixture
def meeting(sign_in, open_page):
    return Meeting(sign_in, open_page)


def test_six_phones_vote_at_once_and_one_key_decides(meeting):
    meeting.opens()
    meeting.join()
    screen, phones = meeting.screen, meeting.phones
    axe_in_both_schemes(screen)
    for phone in phones:
        phone.get_by_role("button", name="Largely", exact=False).click(no_wait_after=True)
    # Seen on the shared screen within two seconds of the last vote: it asks each second.
    expect(screen.locator("#room")).to_have_attribute("hx-trigger", "every 1s")
    expect(screen.locator(".room-tally")).to_have_text("6 of 7 have voted")
    for phone in phones:
        expect(phone.get_by_role("status")).to_contain_text("6 of 7 voted")
    phones[0].get_by_role("button", name="Partly", exact=False).click()
    expect(phones[0].get_by_role("button", name="Partly", exact=False)).to_have_attribute("aria-pressed", "true")
    assert_fits(phones[0], width=320)
    axe_in_both_schemes(phones[0])

    first = meeting.question
    meeting.presses("r")
    expect(screen.locator(".room-lanes")).to_have_attribute("aria-label", re.compile("Votes now: .*Largely 5"))
    for phone in phones:
        expect(phone.get_by_text("Votes are shown")).to_be_visible()
    axe_in_both_schemes(screen)
    assert_fits(screen, width=390)
    screen.set_viewport_size({"width": SCREENS["desktop"], "height": 900})

    meeting.presses("c")
    screen.keyboard.type("3, n and f are letters of a note.")
    screen.keyboard.press("Escape")
    screen.keyboard.press("3")
    expect(screen.locator("h1")).not_to_have_text(first)
    agreed = AgreedRating.objects.get()
    assert (agreed.code, agreed.note) == ("L", "3, n and f are letters of a note.")
    for phone in phones:
        expect(phone.get_by_role("heading", level=1)).to_have_text(meeting.question)
        expect(phone.get_by_role("status")).to_contain_text("0 of 7 voted")

    meeting.presses("ArrowLeft")
    expect(screen.locator("h1")).to_have_text(first)
    expect(screen.get_by_text("Decided:")).to_be_visible()
    # The keys that turn the pages of the review turn these too.
    meeting.presses("n")
    expect(screen.locator("h1")).not_to_have_text(first)
    meeting.presses("p")
    expect(screen.locator("h1")).to_have_text(first)
    meeting.presses("ArrowRight")
    expect(screen.locator(".room-tally")).to_be_visible()
    meeting.presses("f")
    screen.wait_for_function("document.fullscreenElement !== null")
    meeting.presses("ArrowRight")
    expect(screen.locator(".room-place")).to_contain_text("Question 3")
    assert screen.evaluate("document.fullscreenElement !== null")
    assert RoomVote.objects.count() == 6


def test_pages_on_the_way_in(meeting, sign_in, open_page):
    meeting.screen.goto(f"/assessments/{meeting.assessment.pk}/live/")
    expect(meeting.screen.get_by_role("button", name="Start the live room")).to_be_visible()
    axe_in_both_schemes(meeting.screen)
    assert_fits(meeting.screen, width=320)
    meeting.opens()
    code = Room.objects.get().code
    stranger = open_page(width=SCREENS["phone"])
    stranger.goto(f"/live/{code}/")
    expect(stranger.get_by_role("link", name="Sign in to vote")).to_be_visible()
    axe_in_both_schemes(stranger)
    assert_fits(stranger, width=320)
    member = sign_in(meeting.members[0], width=SCREENS["phone"], expects="404")
    member.goto("/live/000000/" if code != "000000" else "/live/000001/")
    expect(member.get_by_role("alert")).to_contain_text("no live room")
    axe_in_both_schemes(member)
    assert_fits(member, width=320)
    member.get_by_label("Code on the screen").fill(f"{code[:3]} {code[3:]}")
    member.get_by_role("button", name="Join").click()
    expect(member.get_by_role("heading", level=1)).to_have_text(meeting.question)


def test_without_script_there_are_forms_and_a_link_to_refresh(meeting, sign_in):
    meeting.opens()
    screen = sign_in(meeting.lead, javascript=False)
    screen.goto(f"/assessments/{meeting.assessment.pk}/live/")
    phone = sign_in(meeting.members[0], width=SCREENS["phone"], javascript=False)
    phone.goto(f"/assessments/{meeting.assessment.pk}/live/vote/")
    phone.get_by_role("button", name="Largely", exact=False).click()
    expect(phone.get_by_text("Your vote is in")).to_be_visible()
    screen.get_by_role("link", name="Refresh").click()
    expect(screen.locator(".room-tally")).to_have_text("1 of 7 have voted")
    first = meeting.question
    screen.get_by_role("button", name="Reveal").click()
    screen.get_by_role("button", name=re.compile("^Keep the median")).click()
    expect(screen.get_by_role("heading", level=1)).not_to_have_text(first)
    assert AgreedRating.objects.get().code == "L"
    phone.get_by_role("link", name="Refresh").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(screen.locator("h1").inner_text())
