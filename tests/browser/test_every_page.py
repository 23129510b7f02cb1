"""Every page of the demo organisation, for everybody: axe in light and dark, no sideways scrolling, a silent console.

Each person walks from link to link. Which pages they must come by is said by the table of the access matrix, so a page
that nothing leads to, or that was added without a place in that table, fails.
"""

import re
from functools import partial
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve

from ..demo_people import PLAYERS
from ..permissions.test_access_matrix import EXPECTED, PERSONAS
from .conftest import assert_fits, assert_fits_on_paper, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.any_database]

#: Pages that the table allows but that no link of the demo organisation leads to, and how to come by them.
BY_HAND = {
    "search": "/search/?q=re",
    "signed-in": "/signed-in/",
    "password-reset": "/password/reset/",
    "password-change": "/account/password/",
    "criterion-history": "/frameworks/mlops/criteria/people.developer-support/",
}
#: Looked at in test_review, test_sharing, test_webhooks, test_live_room, test_outside and test_stopping_mails, by
#: people with a link or in a review.
REVIEWING = {"review", "review-now", "room", "room-join", "room-code", "room-vote"}
OUTSIDE = {"outside", "outside-answer", "outside-dimension"}
ELSEWHERE = {*REVIEWING, *OUTSIDE, "link", "account-erase", "mails-stop", "share", "webhook", "webhook-edit"}
#: The page of one's own account, by the name under which a library looks for it.
ELSEWHERE |= {"account_reauthenticate"}
#: Looked at in test_second_factor, on the way of signing in and of changing something.
ELSEWHERE |= {"second-factor", "two-factor-codes", "two-factor-remove", "two-factor-confirm", "two-factor-passkey-name"}
ELSEWHERE |= {"sign-in-passkey", "account-second-factor-remove"}
#: Nobody there comes by a provider.
ELSEWHERE |= {"account-group"}
#: Fragments of pages.
FRAGMENTS = {"assessment-participation", "room-now", "room-vote-now"}
#: Linked from the last of a row of pages only, so gone to from the first.
BEYOND = {"answer-dimension": "../../done/"}
#: No page itself, but the only way from the beginning of a questionnaire to its questions.
PASSES_ON = {"answer-next"}
#: No pages but files to be saved.
DOWNLOADS = {
    "badge",
    "calendar-feed",
    "edition-export",
    "people-export",
    "portfolio-chart",
    "portfolio-export",
    "portfolio-slides",
    "result-chart",
    "result-export",
    "result-slides",
    "sealed-keys",
    "team-chart",
    "team-export",
    "team-figures-export",
    "team-roadmap-calendar",
    "team-roadmap-export",
    "translation-file",
}
#: Pages that are the same for everybody, so that only the lead looks at them.
COMMON = {"frameworks", "edition", "edition-compare", "account", "account-own-erase", "calendar", *BY_HAND}
COMMON |= {"api-keys", "api-documentation", "sessions", "two-factor", "two-factor-app", "two-factor-passkey"}
#: How many of each kind the lead looks at, where their look depends on what they show; otherwise one will do.
SAMPLES = {"edition": 3, "team": 4, "result": 3, "assessment": 4, "answer-dimension": 2}


@pytest.fixture(scope="module")
def demo(served_as_deployed, tmp_path_factory):
    with served_as_deployed(tmp_path_factory.mktemp("demo"), DEMO="1") as server:
        yield server


def name_of(path: str) -> str | None:
    try:
        return resolve(urlsplit(path).path).url_name
    except Resolver404:
        return None


def links(page) -> list[str]:
    """The pages of this site that the page links to, from drawings as well."""
    found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    whole = [urlsplit(urljoin(page.url, link)) for link in found]
    here = urlsplit(page.url).netloc
    return [link._replace(scheme="", netloc="", fragment="").geturl() for link in whole if link.netloc == here]


class Walk:
    """One person's way through the pages with these names."""

    def __init__(self, page, names: set[str], samples: dict[str, int]):
        self.page, self.names, self.samples = page, names, samples
        self.seen, self.faults, self.waiting = {}, [], ["/", "/teams/", *BY_HAND.values()]

    def go(self):
        while self.waiting:
            path = self.waiting.pop(0)
            if self.is_wanted(path):
                response = self.page.goto(path)
                assert response.status == 200, (response.status, path)
                self.arrive(path, urlsplit(self.page.url).path)
                self.look()

    def arrive(self, *paths: str):
        for path in paths:
            self.seen.setdefault(name_of(path), set()).add(path)
            # Depth first: from one team's page on to its results, in all the frameworks that it uses.
            self.waiting[:0] = [*links(self.page), urljoin(path, BEYOND.get(name_of(path), ""))]

    def is_wanted(self, path: str) -> bool:
        name = name_of(path)
        known = self.seen.get(name, set())
        return name in self.names | PASSES_ON and path not in known and len(known) < self.samples.get(name, 1)

    def look(self):
        checks = [
            partial(assert_fits, width=320),
            partial(assert_fits, width=390),
            axe_in_both_schemes,
            assert_fits_on_paper,
        ]
        for check in checks:
            try:
                check(self.page)
            except AssertionError as fault:
                self.faults.append(str(fault).partition("\nassert")[0])
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def assert_faultless(self):
        assert not self.faults, "\n".join(self.faults)


def pages_of(persona: str) -> set[str]:
    """The names of all URLs at which the table lets this person see a page."""
    place = PERSONAS.index(persona)
    pages = {name for (name, method), codes in EXPECTED.items() if method == "GET" and codes[place] == "2"}
    return {name for name in pages - ELSEWHERE - FRAGMENTS - DOWNLOADS if not name.startswith("guest-")}


def draft_made_on(page) -> str:
    """The editor of a draft: the demo organisation has none, and a button makes it."""
    page.goto("/frameworks/mlops/")
    page.get_by_role("button", name="Create new version").click()
    page.wait_for_url("**/edit/")
    return urlsplit(page.url).path


def round_drafted_on(page) -> str:
    """The teams of a round that is not started yet: the demo organisation only has one under way."""
    page.goto("/rounds/new/")
    page.get_by_role("button", name="Choose teams").click()
    page.wait_for_url("**/teams/")
    return urlsplit(page.url).path


def history_imported_on(page) -> str:
    """An earlier assessment that came in from a file; the demo organisation has none."""
    page.goto("/imported-history/")
    lines = b"team,date,criterion,answer\nFraud detection,2021-03-31,data.versioned,F\n"
    page.locator("[name=file]").set_input_files({"name": "history.csv", "mimeType": "text/csv", "buffer": lines})
    line = page.locator("[name=line] option", has_text="MLOps").first.get_attribute("value")
    page.locator("[name=line]").select_option(line)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Import 1 assessment").click()
    page.wait_for_url(re.compile(r"/imported-history/[0-9a-f-]{36}/$"))
    return urlsplit(page.url).path


def translation_begun_on(page) -> str:
    """A framework beside its translation; the demo organisation has none. It leads to all translations."""
    page.goto("/frameworks/mlops/")
    page.get_by_role("link", name="Languages").click()
    page.wait_for_url("**/languages/")
    page.get_by_label("Language").fill("de")
    page.get_by_role("button", name="Translate").click()
    page.wait_for_url("**/languages/de/")
    return urlsplit(page.url).path


#: What the gallery of frameworks leads an administrator to: only the lead walks through that.
FROM_THE_GALLERY = ["/framework-import/", "/framework-new/", "/framework-new/copy/", "/framework-new/table/"]


@pytest.mark.parametrize("persona", PLAYERS)
def test_every_page_of(persona, demo, open_page):
    page = open_page(address=demo.address)
    page.goto("/sign-in/")
    page.locator("summary").click()
    page.get_by_role("button", name=re.compile(f"^{PLAYERS[persona]}")).first.click()
    page.wait_for_url(re.compile(r":\d+/$"))
    names, samples = pages_of(persona) - COMMON, {}
    if persona == "lead":
        names, samples = pages_of(persona), SAMPLES
    if "round-teams" in names:
        # A draft and the one under way look different.
        samples = {"round": 2}
    walk = Walk(page, names, samples)
    if "round-teams" in names:
        walk.waiting[:0] = [round_drafted_on(page)]
    if persona == "admin":
        made = [draft_made_on(page), history_imported_on(page), translation_begun_on(page)]
        walk.waiting[:0] = [*made, *FROM_THE_GALLERY]
    walk.go()
    assert names - walk.seen.keys() == set(), "nothing leads to these pages"
    walk.assert_faultless()


def test_every_page_before_signing_in(demo, open_page):
    page = open_page(address=demo.address, expects="404|410")
    walk = Walk(page, set(), {})
    for path in ("/sign-in/", "/password/reset/", "/password/set/bm9ib2R5/wrong-token/", "/nowhere/"):
        page.goto(path)
        walk.look()
    walk.assert_faultless()
