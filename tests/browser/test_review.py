"""A team of five: invited by mail, answered on phones, reviewed on one shared screen, agreed, closed; once anonymously.

Everybody has a browser of their own, all open at once; with script and without.
"""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from assessments.models import Assessment, Respondent
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_team, make_user
from .asking import question
from .conftest import SCREENS, assert_fits, assert_fits_on_paper, axe_in_both_schemes, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VOTES = {
    "ada": "Fully Fully Largely Not Fully Fully Fully Not",
    "grace": "Not Fully Largely Not Fully Fully Fully Not",
    "guest": "Fully Fully Largely Not Fully Fully Partly Not",
    "edith": "Fully Fully Largely Not Fully Fully Fully Not",
}


@pytest.fixture(autouse=True)
def mail_is_set_up(settings, live_server):
    settings.MAIL_ENABLED, settings.SITE_URL = True, live_server.url


@pytest.fixture(params=[True, False], ids=["with-script", "without-script"])
def script(request):
    return request.param


class Party:
    """The people around one assessment, and what each of them does in their own browser."""

    def __init__(self, open_page, sign_in, *, script: bool):
        self.open_page, self.sign_in, self.script = open_page, sign_in, script
        self.team = make_team(name="Pricing")
        self.lead = make_membership(team=self.team, role="lead", user=make_user(name="Lena")).user
        self.members = {
            name: make_membership(
                team=self.team, role="member", user=make_user(email=f"{name}@example.org", name=name.title())
            ).user
            for name in ("ada", "grace", "edith")
        }
        self.facilitator = make_user(name="Fay", email="fay@example.org")
        self.edition = toy.make_edition()

    def starts(self, *, anonymous: bool):
        page = self.sign_in(self.lead, javascript=self.script)
        page.goto(f"/teams/{self.team.pk}/assessments/new/?edition={self.edition.pk}")
        page.get_by_role("radio", name=re.compile("^Anonymous" if anonymous else "^Named")).check()
        page.get_by_text("Advanced: scoring rule and facilitator").click()
        page.get_by_role("textbox", name=re.compile("^Facilitator")).fill("fay@example.org")
        self.look(page)
        page.get_by_role("button", name="Start and invite").click()
        nobody = "Nobody’s submission is shown yet" if anonymous else "0 of 4 have submitted"
        expect(page.get_by_role("heading", name=nobody)).to_be_visible()
        return page

    def invites(self, page):
        """By mail: the members were invited at the start, and one more person is by address."""
        page.get_by_role("link", name="Invite", exact=True).click()
        expect(page.get_by_role("checkbox", name="Grace")).not_to_be_checked()
        page.get_by_role("textbox", name=re.compile("^Other people")).fill("Guest <guest@example.org>")
        self.look(page)
        page.get_by_role("button", name="Invite", exact=True).click()
        expect(page.get_by_text("Invited 1 person")).to_be_visible()
        self.look(page)
        send_waiting()
        return {m.to[0].partition("@")[0]: re.search(r"http\S+/i/\S+", m.body)[0] for m in mail.outbox}

    def answers(self, name: str, link: str, *, look: bool = False):
        """On a phone, from the mail to the word of thanks."""
        page = self.open_page(width=SCREENS["phone"], javascript=self.script)
        page.goto(link)
        page.goto(link)
        if look:
            self.look(page)
        page.get_by_role("button", name="Start").click()
        for key, choice in zip(toy.CRITERIA, VOTES[name].split(), strict=True):
            self.answer(page, key.split()[0], choice)
            if key.startswith("x4"):
                page.locator("a[data-key=next-page]").click()
        if look:
            self.look(page)
        page.locator("a[data-key=next-page]").click()
        expect(page.get_by_role("heading", name="Review and submit")).to_be_visible()
        page.get_by_role("link", name="What you notice").click()
        page.locator("fieldset", has_text="People dread releases.").get_by_text("Agree", exact=True).click()
        if look:
            self.look(page)
        page.get_by_role("button", name="Save and go to the overview").click()
        page.get_by_role("button", name="Submit my answers").click()
        expect(page.get_by_role("heading", name="Submitted")).to_be_visible()
        if look:
            self.look(page)
        return page

    def answer(self, page, key: str, name: str):
        one = question(page, key)
        one.locator(".rate").get_by_text(name, exact=True).click()
        if self.script:
            expect(one.locator(".saved-status")).to_have_text("Saved")
        else:
            # The page that comes looks like the one that goes.
            with page.expect_navigation():
                page.get_by_role("button", name="Save answers").click()
        expect(one.get_by_role("radio", name=name, exact=True)).to_be_checked()

    def sees(self, page, text: str):
        """By itself with script, after loading again without."""
        if not self.script:
            page.reload()
        expect(page.get_by_text(text).first).to_be_visible()

    def look(self, page):
        width = page.viewport_size["width"]
        if not self.script:
            return
        axe_in_both_schemes(page)
        for each in (320, width):
            assert_fits(page, each)
        page.set_viewport_size({"width": width, "height": 900})


@pytest.fixture
def party(open_page, sign_in, script):
    return Party(open_page, sign_in, script=script)


def test_a_team_answers_alone_and_agrees_together(party):
    lead = party.starts(anonymous=False)
    assessment = Assessment.objects.get()
    links = party.invites(lead)
    lead.goto(assessment.get_absolute_url())
    phones = {name: party.answers(name, links[name], look=name == "grace") for name in ("ada", "grace", "guest")}
    party.sees(lead, "3 of 5 have submitted")
    party.look(lead)
    expect(lead.get_by_role("row", name=re.compile("Grace Submitted .* 8 of 8"))).to_be_visible()
    assert Respondent.objects.count() == 3

    lead.get_by_role("link", name="End answering").click()
    expect(lead.get_by_text("2 people have not submitted: Edith")).to_be_visible()
    party.look(lead)
    lead.get_by_role("button", name="End answering and review").click()
    expect(lead.get_by_role("heading", name="What to talk about")).to_be_visible()

    screen = party.sign_in(party.facilitator, javascript=party.script)
    screen.goto(f"{assessment.get_absolute_url()}review/")
    expect(screen.get_by_text("Agreed 0 of 2")).to_be_visible()
    party.look(screen)
    member = party.sign_in(party.members["grace"], javascript=party.script, width=SCREENS["phone"])
    member.goto(f"{assessment.get_absolute_url()}review/")
    expect(member.get_by_text("2 questions to talk about")).to_be_visible()
    phones["guest"].goto(links["guest"] + "review/")

    screen.keyboard.press("n") if party.script else screen.get_by_role("button", name="Start").click()
    expect(screen.get_by_role("heading", name="Practice x1 is done.")).to_be_visible()
    party.look(screen)
    # Read from top to bottom: what it is about, what was said, what can be settled, how to go on, the agenda.
    read = screen.locator(".split.review").inner_text()
    order = [
        "Practice x1 is done.",
        "the median is Fully",
        "We agree on",
        "Save and go on",
        "Save decision",
        "Next",
        "All other questions",
    ]
    assert [read.index(words) for words in order] == sorted(read.index(words) for words in order)
    for phone, own in ((member, "Not"), (phones["guest"], "Fully")):
        party.sees(phone, "Practice x1 is done.")
        expect(phone.get_by_text(f"Your own answer: {own}")).to_be_visible()
    party.look(member)
    for name in ("Ada", "Grace", "Guest", "guest@example.org"):
        expect(screen.locator("main").get_by_text(name)).to_have_count(0)

    screen.get_by_role("radio", name=re.compile("^Largely")).check()
    screen.get_by_role("textbox", name=re.compile("^Note")).fill("Since March.")
    screen.get_by_role("button", name="Save decision").click()
    expect(screen.get_by_text("Agreed 1 of 2")).to_be_visible()
    party.sees(member, "Since March.")
    party.look(screen)
    screen.keyboard.press("ArrowRight") if party.script else screen.get_by_role("button", name="Next").click()
    expect(screen.get_by_role("heading", name="Practice y3 is done.")).to_be_visible()
    screen.get_by_role("radio", name=re.compile("^Keep the median")).check()
    screen.get_by_role("button", name="Save decision").click()
    expect(screen.get_by_text("Agreed 2 of 2")).to_be_visible()

    lead.goto(f"{assessment.get_absolute_url()}close/")
    expect(lead.get_by_text("You have agreed 2 of 2")).to_be_visible()
    party.look(lead)
    lead.get_by_role("button", name="Close and show the result").click()
    expect(lead.get_by_role("heading", name="How much people agree")).to_be_visible()
    lead.locator("summary", has_text="Area X").click()
    expect(lead.get_by_text("Agreed together: Since March.")).to_be_visible()
    expect(lead.get_by_text("guest@example.org").first).to_be_visible()
    party.look(lead)
    party.sees(member, "The review is over") if party.script else None


def test_one_key_settles_a_question_and_goes_on(sign_in, open_page):
    """What a facilitator does without the mouse: 1 to 4 decide, arrows move, and nothing happens while typing."""
    party = Party(open_page, sign_in, script=True)
    assessment = toy.start(team=party.team, by=party.lead, edition=party.edition)
    for user, codes in zip(
        party.members.values(), ["N F L N F F P N", "F F L N F F P N", "F F L N F F F N"], strict=True
    ):
        toy.rate(assessment, user, codes)
    assessment.end_answering(by=party.lead)
    screen = sign_in(party.lead)
    screen.goto(f"{assessment.get_absolute_url()}review/")
    screen.keyboard.press("ArrowRight")
    expect(screen.get_by_role("heading", name="Practice x1 is done.")).to_be_visible()
    settled(screen)
    # The picture and every answer are seen at once, in the same order.
    for part in (screen.locator(".chart.votes svg"), *screen.locator(".agree [data-key]").all()):
        expect(part).to_be_in_viewport(ratio=1)
    shown = [words.strip() for words in screen.locator(".chart.votes text[text-anchor=end]").all_text_contents()]
    offered = screen.locator(".agree [data-key]").all_inner_texts()
    assert all(words.startswith(answer) for answer, words in zip(shown, offered, strict=False))
    assert shown == ["Fully", "Largely", "Partly", "Not"]

    screen.keyboard.press("c")
    screen.keyboard.type("Since March, 2 of 3.")
    expect(screen.get_by_role("textbox", name=re.compile("^Note"))).to_have_value("Since March, 2 of 3.")
    screen.get_by_role("heading", name="Practice x1 is done.").click()
    screen.keyboard.press("3")
    expect(screen.get_by_role("heading", name="Practice y3 is done.")).to_be_visible()
    expect(screen.get_by_text("Agreed 1 of 2")).to_be_visible()
    settled(screen)
    screen.keyboard.press("m")
    expect(screen.get_by_text("Agreed 2 of 2")).to_be_visible()
    expect(screen.get_by_role("heading", name="All agreed")).to_be_visible()
    settled(screen)
    decided = {row.criterion.key: (row.code, row.keeps_median, row.note) for row in assessment.agreed_ratings.all()}
    assert decided == {"x1": ("L", False, "Since March, 2 of 3."), "y3": ("", True, "")}

    screen.keyboard.press("ArrowRight")
    expect(screen.get_by_role("heading", name="Practice x1 is done.")).to_be_visible()
    settled(screen)
    screen.keyboard.press("?")
    expect(screen.get_by_role("dialog")).to_be_visible()
    screen.keyboard.press("1")
    expect(screen.get_by_role("dialog")).to_be_visible()
    screen.keyboard.press("Escape")
    assert assessment.agreed_ratings.get(criterion__key="x1").code == "L"


def test_a_review_on_paper_says_what_there_is_to_talk_about(sign_in):
    lead, *others = (
        make_membership(team=team, role=role).user for team in [make_team()] for role in ("lead", "member")
    )
    assessment = toy.start(team=lead.memberships.get().team, by=lead)
    toy.rate(assessment, lead, "N F L N F F P N")
    toy.rate(assessment, others[0], "F F L N F F P N")
    assessment.end_answering(by=lead)
    page = sign_in(lead)
    page.goto(f"/assessments/{assessment.pk}/review/")
    assert_fits_on_paper(page)
    page.emulate_media(media="print")
    statement = assessment.edition.contents.criterion_by_key["x1"].statement
    expect(page.locator(".agenda")).to_contain_text(statement)
    expect(page.locator(".agenda")).to_be_visible()
    expect(page.locator(".agenda-filter")).to_be_hidden()


def test_a_team_answers_anonymously(party):
    lead = party.starts(anonymous=True)
    assessment = Assessment.objects.get()
    links = party.invites(lead)
    phones = {name: party.answers(name, links[name], look=name == "ada") for name in ("ada", "grace", "guest")}
    expect(phones["ada"].get_by_text("Thank you").first).to_be_visible()
    lead.goto(assessment.get_absolute_url())
    expect(lead.get_by_text("so they are counted but not named")).to_be_visible()
    expect(lead.get_by_text("Grace")).to_have_count(0)
    party.look(lead)

    # Edith does not use the mail: signed in, she takes a link.
    edith = party.sign_in(party.members["edith"], javascript=party.script, width=SCREENS["phone"])
    edith.goto(f"{assessment.get_absolute_url()}answer/")
    party.look(edith)
    edith.get_by_role("button", name="Get my personal link and start").click()
    expect(edith.get_by_text("Anonymous: no one using Maturity can see")).to_be_visible()
    own = edith.get_by_label("Your personal link").input_value()
    assert own != links["edith"]
    phone = party.open_page(width=SCREENS["phone"], javascript=party.script)
    phone.goto(own)
    phone.get_by_role("link", name="Start answering").click()
    party.answer(phone, "x1", "Fully")
    edith.goto(own)
    edith.get_by_role("link", name="Area X").click()
    expect(question(edith, "x1").get_by_role("radio", name="Fully")).to_be_checked()

    # Three who submitted, one of them a guest whom only the lead knows, are too few: the page offers no button.
    lead.goto(f"{assessment.get_absolute_url()}end/")
    expect(lead.get_by_role("button", name="End answering and review")).to_have_count(0)
    party.look(lead)


def test_links_that_lead_nowhere_say_so(party):
    assessment = toy.start(team=party.team, by=party.lead, edition=party.edition)
    guest = toy.guest(assessment, email="guest@example.org")
    shared = assessment.share(by=party.lead)
    page = party.open_page(javascript=party.script, expects="404")
    page.goto(f"/i/{shared}/")
    expect(page.get_by_role("textbox", name=re.compile("^Your name"))).to_be_visible()
    party.look(page)
    other = party.sign_in(party.facilitator, javascript=party.script)
    _, token = toy.invited(assessment, email="somebody@example.org")
    other.goto(f"/i/{token}/")
    expect(other.get_by_text("This link was made for somebody@example.org")).to_be_visible()
    party.look(other)
    assessment.revoke(guest.invitation, by=party.lead)
    page.goto(f"/i/{guest.token}/")
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    party.look(page)
    admin = party.sign_in(make_user(is_administrator=True), javascript=party.script)
    admin.goto(f"/accounts/{party.facilitator.pk}/delete/")
    party.look(admin)
