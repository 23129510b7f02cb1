"""From an empty database to a team that looks at its results, as its people do it; with script and without."""

import datetime
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"


class Journey:
    """One browser for each person. Without script, answers are saved with a button; all else is done alike."""

    def __init__(self, server, open_page, *, script: bool):
        self.server, self.script = server, script
        self.open = lambda: open_page(address=server.address, javascript=script)

    def first_administrator(self):
        self.server.wait_for_output("with this code: ")
        code = re.search(r"with this code: (\S+)", self.server.output)[1]
        page = self.open()
        page.goto("/")
        page.get_by_label("Code").fill("WRONG-CODE")
        fill(page, {"Your name": "Ada Admin", "Your email": "ada@example.org"})
        set_password(page, "Create account and sign in")
        expect(page.get_by_text("This is not the code that the server printed")).to_be_visible()
        expect(page.get_by_label("Your name")).to_have_value("Ada Admin")
        page.get_by_label("Code").fill(code)
        set_password(page, "Create account and sign in")
        expect(page.get_by_role("heading", name="Getting started")).to_be_visible()
        page.get_by_role("link", name="Teams", exact=True).click()
        expect(page.get_by_role("heading", name="Welcome", exact=True)).to_be_visible()
        return page

    def team(self, page) -> dict[str, str]:
        """Makes a unit and a team with a lead and a member; returns their links to set a password."""
        page.get_by_role("link", name="Create a unit").click()
        fill(page, {"Name": "Shop"})
        page.get_by_role("button", name="Create unit").click()
        expect(page.get_by_text("Created Shop.").first).to_be_visible()
        page.goto("/teams/new/")
        fill(page, {"Name": "Pricing"})
        page.get_by_role("button", name="Create team").click()
        expect(page.get_by_text("Created Pricing.").first).to_be_visible()
        return {name: self.member(page, name, role) for name, role in {"Lena": "Lead", "Mio": "Member"}.items()}

    def member(self, page, name: str, role: str) -> str:
        fill(page, {"Email": f"{name.lower()}@example.org", "Name": name})
        page.get_by_label("Role", exact=True).select_option(role)
        page.get_by_role("button", name="Add to team").click()
        expect(page.get_by_text(f"Give {name} this link to set a password")).to_be_visible()
        link = page.get_by_label("Link to set a password").input_value()
        page.goto(page.url)
        expect(page.get_by_label("Link to set a password")).to_have_count(0)
        return link

    def comes_in(self, link: str):
        page = self.open()
        page.goto(link)
        set_password(page, "Set password")
        expect(page.get_by_role("heading", name="Hello")).to_be_visible()
        return page

    def starts(self, page):
        page.get_by_role("link", name="Pricing", exact=True).click()
        expect(page.get_by_role("heading", name="Pricing", level=1)).to_be_visible()
        page.get_by_role("link", name="Start assessment").first.click()
        due = datetime.date.today() + datetime.timedelta(days=14)
        page.get_by_label("Due date").fill(due.isoformat())
        page.get_by_role("radio", name=re.compile("^Short")).check()
        page.get_by_role("button", name="Start and invite").click()
        # No email is set up, so the links are there to be passed on.
        expect(page.get_by_role("heading", name="2 personal links to pass on")).to_be_visible()
        page.get_by_role("link", name=re.compile("^Assessment of")).click()
        expect(page.get_by_role("heading", name="0 of 2 have submitted")).to_be_visible()

    def answers(self, page, *, dimensions: int, name: str):
        """Gives this answer to all questions of the first dimensions, from the entry on the start page."""
        page.goto("/")
        page.get_by_role("link", name="Answer: Pricing").click()
        page.get_by_role("link", name="Start answering").click()
        for _ in range(dimensions):
            page.wait_for_url(re.compile(r"/answer/to/[^/]+/"))
            here = urlsplit(page.url).path
            questions = page.locator(".question").all()
            for question in questions:
                self.answer(question, name)
            if not self.script:
                self.save(page, questions, name)
            page.locator("a[data-key=next-page]").click()
            expect(page).not_to_have_url(re.compile(re.escape(here)))

    def answer(self, question, name: str):
        question.locator(".rate").get_by_text(name, exact=True).click()
        if self.script:
            expect(question.locator(".saved-status")).to_have_text("Saved")
        expect(question.get_by_role("radio", name=name, exact=True)).to_be_checked()

    def save(self, page, questions, name: str):
        """Without script, one button saves the whole page, which then shows what is stored."""
        page.get_by_role("button", name=re.compile("^Save")).click()
        expect(page.get_by_text(f"{len(questions)} answers are saved.")).to_be_visible()
        for question in questions:
            expect(question.get_by_role("radio", name=name, exact=True)).to_be_checked()


def fill(page, values: dict[str, str]):
    for label, value in values.items():
        page.get_by_role("textbox", name=re.compile(f"^{label}")).fill(value)


def set_password(page, button: str):
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name=button).click()


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_from_an_empty_database_to_the_page_of_the_team(deployed, open_page, script):
    journey = Journey(deployed, open_page, script=script)
    links = journey.team(journey.first_administrator())

    lead = journey.comes_in(links["Lena"])
    journey.starts(lead)
    assessment = lead.url

    member = journey.comes_in(links["Mio"])
    journey.answers(member, dimensions=2, name="Largely achieved")
    member.goto(f"{assessment}answer/done/")
    expect(member.get_by_role("heading", name="8 of 32 answered")).to_be_visible()
    member.get_by_role("button", name="Submit my answers").click()
    expect(member.get_by_role("heading", name="Submitted")).to_be_visible()

    lead.goto(assessment)
    expect(lead.get_by_role("heading", name="1 of 2 have submitted")).to_be_visible()
    expect(lead.get_by_role("row", name=re.compile("Mio Submitted"))).to_be_visible()
    expect(lead.get_by_role("row", name=re.compile("Lena Not started"))).to_be_visible()
    lead.get_by_role("link", name="Close", exact=True).click()
    expect(lead.get_by_text("1 person has not submitted: Lena")).to_be_visible()
    expect(lead.get_by_text("24 of 32 criteria have no rating")).to_be_visible()
    lead.get_by_role("button", name="Close and show the result").click()
    expect(lead.get_by_role("heading", name=re.compile("^Result of"))).to_be_visible()
    expect(
        lead.get_by_role("region", name=re.compile("^Level ")).get_by_text("1 of 2 responded", exact=True)
    ).to_be_visible()
    expect(lead.get_by_role("heading", name=re.compile("What keeps the team from"))).to_be_visible()
    first_result = lead.url

    # Closing what is closed leads to the existing result; answering is refused and says since when.
    lead.goto(f"{assessment}close/")
    assert lead.url == first_result
    member.goto(f"{assessment}answer/")
    expect(member.get_by_text("This assessment is closed.")).to_be_visible()

    lead.get_by_role("link", name="Reopen").click()
    expect(lead.get_by_label("Why do you reopen it?")).to_be_visible()
    lead.get_by_role("button", name="Reopen").click()
    expect(lead.locator(".error")).to_be_visible()
    lead.get_by_label("Why do you reopen it?").fill("Mio had more to say.")
    lead.get_by_role("button", name="Reopen").click()
    expect(lead.get_by_text("closed before and is under revision")).to_be_visible()

    member.goto(f"{assessment}answer/next/")
    journey.answer(member.locator(".question").first, "Fully achieved")
    lead.goto(f"{assessment}close/")
    lead.get_by_role("button", name="Close and show the result").click()
    expect(lead.get_by_role("heading", name="Generations of this result")).to_be_visible()
    expect(lead.get_by_text("Mio had more to say.")).to_be_visible()
    assert lead.url != first_result
    lead.goto(first_result)
    expect(lead.get_by_text("This is generation 1, kept from before")).to_be_visible()

    member.goto("/teams/")
    member.get_by_role("link", name="Pricing", exact=True).click()
    expect(member.get_by_role("heading", name="History")).to_be_visible()
    expect(member.get_by_role("heading", name="All assessments")).to_be_visible()
