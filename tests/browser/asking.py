"""The questionnaire as somebody in front of it sees it."""

from playwright.sync_api import Locator, Page, expect


def question(page: Page, key: str) -> Locator:
    """The question about a criterion of the toy framework."""
    return page.locator(".question").filter(has=page.get_by_text(f"Practice {key} is done.", exact=True))


def choose(page: Page, key: str, name: str):
    question(page, key).locator(".rate").get_by_text(name, exact=True).click()


def status(page: Page, key: str) -> Locator:
    return question(page, key).locator(".saved-status")


def assert_chosen(page: Page, key: str, name: str):
    expect(question(page, key).get_by_role("radio", name=name, exact=True)).to_be_checked()


def assert_saved(page: Page, key: str):
    expect(status(page, key)).to_have_text("Saved")
