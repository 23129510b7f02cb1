"""What the first page that somebody opens sends over the wire, with nothing in the browser's cache."""

import re
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.any_database]

LIMIT, LIMIT_OF_SCRIPT = 100_000, 25_000


class Wire:
    """Bytes of bodies as they came over the wire, by kind: document, stylesheet, script, font, image."""

    def __init__(self, page):
        self.requests = []
        page.on("requestfinished", lambda request: self.requests.append(request))

    def weights(self) -> dict[str, int]:
        found = {}
        for request in self.requests:
            size = request.sizes()["responseBodySize"]
            found[request.resource_type] = found.get(request.resource_type, 0) + size
        return found


def load(page, path) -> dict[str, int]:
    wire = Wire(page)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    return wire.weights()


def assert_light(weights: dict[str, int]):
    assert {"document", "stylesheet", "script", "font"} <= weights.keys()
    assert sum(weights.values()) < LIMIT, weights
    assert weights["script"] < LIMIT_OF_SCRIPT, weights


def test_every_page_is_light_for_somebody_who_was_never_here(served_as_deployed, open_page, tmp_path):
    """Any page can be the first that somebody opens: a link in a mail leads to it."""
    with served_as_deployed(tmp_path, DEMO="1") as server:
        page = open_page(address=server.address)
        assert_light(load(page, "/sign-in/"))
        page.get_by_role("button", name=re.compile("^Jordan Okafor")).first.click()
        page.wait_for_url(re.compile(r":\d+/$"))
        for path in ["/teams/", *heavy_pages(page)]:
            assert_light(load(open_page(address=server.address, cookies=page.context.cookies()), path))


def heavy_pages(page) -> list[str]:
    """A team, its newest result, a framework and a page of questions, as the page of teams leads to them."""
    found = []
    for start, link in [
        ("/teams/", "th a[href^='/teams/']"),
        ("/teams/", "td a[href^='/results/']"),
        ("/frameworks/", "main a[href^='/frameworks/']"),
    ]:
        page.goto(start)
        found.append(page.locator(link).first.get_attribute("href"))
    page.goto("/")
    page.goto(page.locator("a[href^='/assessments/'][href$='/answer/next/']").first.get_attribute("href"))
    return [*found, urlsplit(page.url).path]
