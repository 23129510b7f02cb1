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
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = pytest.mark.browser

#: Pages that the table allows but that no link of the demo organisation leads to, and how to come by them.
BY_HAND = {
    "signed-in": "/signed-in/",
    "password-reset": "/password/reset/",
    "password-change": "/account/password/",
    "criterion-history": "/frameworks/mlops/criteria/people.developer-support/",
}
#: Looked at in test_review, by people who hold a link or are in a review; the demo organisation has neither.
ELSEWHERE = {"link", "review", "review-now", "account-erase"}
#: Fragments of pages.
FRAGMENTS = {"assessment-participation"}
#: Linked from the last of a row of pages only, so gone to from the first.
BEYOND = {"answer-dimension": "../../done/"}
#: No page itself, but the only way from the beginning of a questionnaire to its questions.
PASSES_ON = {"answer-next"}
#: No pages but files to be saved.
DOWNLOADS = {"edition-export", "portfolio-export", "result-export", "sealed-keys", "team-export"}
#: Pages that are the same for everybody, so that only the lead looks at them.
COMMON = {"frameworks", "edition", "edition-compare", "account", *BY_HAND}
#: How many of each kind the lead looks at, where their look depends on what they show; otherwise one will do.
SAMPLES = {"edition": 3, "team": 4, "result": 3, "assessment": 2, "answer-dimension": 2}


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
        self.seen, self.faults, self.waiting = {}, [], ["/teams/", *BY_HAND.values()]

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
        checks = [partial(assert_fits, width=320), partial(assert_fits, width=390), axe_in_both_schemes]
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


@pytest.mark.parametrize("persona", PLAYERS)
def test_every_page_of(persona, demo, open_page):
    page = open_page(address=demo.address)
    page.goto("/sign-in/")
    page.locator("summary").click()
    page.get_by_role("button", name=re.compile(f"^{PLAYERS[persona]}")).first.click()
    page.wait_for_url("**/teams/")
    names, samples = pages_of(persona) - COMMON, {}
    if persona == "lead":
        names, samples = pages_of(persona), SAMPLES
    walk = Walk(page, names, samples)
    if persona == "admin":
        walk.waiting[:0] = [draft_made_on(page), "/framework-import/"]
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
