"""A real browser for tests: pages that fail their test on any error in the console, and servers to look at.

    def test_member_sees_the_team(sign_in, live_server):        # rows made with the factories, on the test database
        page = sign_in(make_user())
        page.goto("/teams/")

    def test_as_deployed(open_page, deployed):                   # gunicorn, compressed files, a database of its own
        page = open_page(address=deployed.address)

`open_page` and `sign_in` take `scheme="dark"`, `width=390`, `javascript=False`, `touch=True`, and `expects="409"` (a
regular expression) for what the browser itself writes into the console when the server refuses something on purpose.
One browser is shared by all tests of a process; every page has a context, so cookies and storage, of its own.

A click or a key returns before what it leads to is there: the next page, a fragment, a row in the database. Wait for
that first, with `expect`, `page.wait_for_url` or `page.expect_navigation`; `count()`, `all()`, `is_visible()`, `url`,
`evaluate` and keys take the page as it is, and `wait_for_load_state` right after a click is content with the old page.
`settled` waits until htmx has taken in what it brought, and `wait_until` for what no locator shows. Limits are long, as
they cost a test that passes nothing.
"""

import contextlib
import os
import re
import shutil
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import expect

from ..accounts.second_factors import signs_in_now
from ..servers import collect_static, free_port, scratch_database, serving

#: Far more than anything takes, even on a busy machine.
expect.set_options(timeout=30_000)
ACTIONS_WITHIN = 60_000

# Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

NAMES = ("chromium", "chromium-browser", "google-chrome")
SCREENS = {"desktop": 1280, "phone": 390, "narrow": 320}
#: The rules whose outcome depends on colours; the others need no second look in the other scheme.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium; one that Playwright would download may not be to be had. Root needs --no-sandbox."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("There is no Chromium; scripts/find-browser tells how to install one.")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": found, "args": arguments}


class Console:
    """What went wrong in a page: errors in the console, scripts that failed, violations of the CSP, broken requests."""

    def __init__(self, page, expects: str):
        self.expects, self.errors = expects, []
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.errors.append(f"{error} at {page.url}"))
        page.on("response", lambda r: r.status >= 500 and self.errors.append(f"{r.status} {r.url}"))

    def heard(self, message):
        # A remark about time: on a busy machine a font is drawn later than the browser thinks it should be.
        is_remark = "was preloaded using link preload but not used" in message.text
        if not is_remark and message.type in {"error", "warning"}:
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def unexpected(self) -> list[str]:
        return [error for error in self.errors if not (self.expects and re.search(self.expects, error))]


@pytest.fixture
def open_page(browser, request):
    """Opens a page in a context of its own. `address` is what relative paths in `goto` lead to."""
    opened = []

    def open_(
        *, address=None, scheme="light", width=SCREENS["desktop"], javascript=True, touch=False, expects="", cookies=()
    ):
        context = browser.new_context(
            base_url=address or request.getfixturevalue("live_server").url,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            has_touch=touch,
            is_mobile=touch,
            reduced_motion="reduce",
        )
        context.set_default_timeout(ACTIONS_WITHIN)
        context.add_cookies(list(cookies))
        consoles = []
        # Pages that are opened from this one are watched as well.
        context.on("page", lambda page: consoles.append(Console(page, expects)))
        opened.append((context, consoles))
        return context.new_page()

    yield open_
    complaints = []
    for context, consoles in opened:
        context.close()
        complaints += [error for console in consoles for error in console.unexpected()]
    assert not complaints, "The console was not silent:\n" + "\n".join(complaints)


@pytest.fixture
def sign_in(request, transactional_db, open_page):
    """Opens a page on which `user` is signed in; by cookie, so that it costs nothing.

    The pages are closed before the database is emptied: one that saves on leaving must find its session.
    """

    def sign_in_(user, *, address=None, **options):
        address = address or request.getfixturevalue("live_server").url
        client = Client()
        signs_in_now(client, user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        session = {"name": cookie.key, "value": cookie.value, "url": address}
        return open_page(address=address, cookies=[session], **options)

    return sign_in_


def settled(page):
    """Waits until the page is loaded, and whatever htmx has brought answers to clicks and keys."""
    page.wait_for_load_state()
    # htmx settles 20 ms after it has put something in place; a later timer with a longer delay comes after that.
    page.evaluate("() => new Promise(done => setTimeout(done, 50))")


def wait_until(page, holds, *, seconds: float = 30):
    """Waits for what `holds` tells, which may be in the database or on the network; the page lives on meanwhile."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"It never came to be on {page.url}."
        page.wait_for_timeout(50)


def axe(page, *, rules: list[str] | None = None):
    """Fails unless axe finds nothing on the page, once it is loaded."""
    page.wait_for_load_state()
    options = {"resultTypes": ["violations"]} | ({"runOnly": {"type": "rule", "values": rules}} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    lines = [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
    assert not found, f"axe on {page.url}:\n" + "\n".join(lines)


def axe_in_both_schemes(page):
    """Fails unless axe finds nothing in light, and in dark nothing that colours decide."""
    page.emulate_media(color_scheme="light")
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page, rules=COLOUR_RULES)
    page.emulate_media(color_scheme="light")


#: Texts that stand in so narrow a place that they run down the page letter by letter.
SQUEEZED = """() => [...document.querySelectorAll("main *")].filter(element => {
    const text = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join("");
    const box = element.getBoundingClientRect();
    return text.length > 8 && box.width > 0 && box.width < 40 && box.height > 5 * box.width;
}).map(element => element.textContent.trim().slice(0, 40))"""


def assert_fits(page, width: int):
    """Fails if the page has to be scrolled sideways at this width. 320 is also 1280 at 400 % zoom."""
    page.wait_for_load_state()
    page.set_viewport_size({"width": width, "height": 800})
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} px wider than {width} px"
    squeezed = page.evaluate(SQUEEZED)
    assert not squeezed, f"{page.url} has text in a column of a few letters at {width} px: {squeezed}"


#: Of what stands beyond the edge of the sheet, which nothing can be scrolled to: drawings are cut by their own box.
OFF_THE_SHEET = """width => [...document.body.querySelectorAll('*:not(svg *)')].filter(element => {
  const box = element.getBoundingClientRect()
  const hidden = element.closest('.visually-hidden, .skip') || getComputedStyle(element).visibility === 'hidden'
  return box.width > 1 && box.height > 1 && !hidden && (box.right > width + 1 || box.left < -1)
}).map(element => `${element.tagName} ${element.getAttribute('class')}: ${element.textContent.trim().slice(0, 40)}`)"""
#: What A4 has between the margins of print.css, in CSS pixels: upright, and for the portfolio on its side. Letter is
#: wider upright, and narrower on its side.
UPRIGHT, ON_ITS_SIDE = 688, 965


def assert_fits_on_paper(page):
    """Fails if anything is cut off at the edge of a sheet of A4 or Letter."""
    page.wait_for_load_state()
    page.emulate_media(media="print")
    width = ON_ITS_SIDE if page.locator(".heat").count() else UPRIGHT
    page.set_viewport_size({"width": width, "height": 900})
    cut_off = page.evaluate(OFF_THE_SHEET, width)
    page.emulate_media(media="screen")
    assert not cut_off, f"{page.url} does not fit on paper of {width} px: {cut_off[:5]}"


@pytest.fixture(scope="session")
def static_root(tmp_path_factory):
    """Static files as they are deployed: collected, named by content, compressed."""
    return collect_static(tmp_path_factory.mktemp("browser") / "static")


@pytest.fixture(scope="session")
def served_as_deployed(static_root):
    """Starts servers as they are deployed, each on an empty database of the kind that this run is on.

    `with served_as_deployed(folder, DEMO="1") as server`.
    """

    @contextlib.contextmanager
    def start(home, *, port=None, **variables):
        port = port or free_port()
        variables = {"STATIC_ROOT": str(static_root), "SITE_URL": f"http://127.0.0.1:{port}", **variables}
        with contextlib.ExitStack() as stack:
            if "DATABASE_URL" not in variables and connection.vendor == "postgresql":
                variables["DATABASE_URL"] = stack.enter_context(scratch_database())
            yield stack.enter_context(serving(home, port=port, **variables))

    return start


@pytest.fixture
def deployed(served_as_deployed, tmp_path):
    """A server as it is deployed, on an empty database."""
    with served_as_deployed(tmp_path) as server:
        yield server


@pytest.fixture
def on_test_database(served_as_deployed, tmp_path, transactional_db):
    """Starts servers as they are deployed on the test database: factories fill it, models tell what was stored."""

    def start(*, port=None):
        known = connection.settings_dict
        address = f"sqlite:///{known['NAME']}"
        if connection.vendor == "postgresql":
            address = f"postgresql://{known['USER']}@{known['HOST']}:{known['PORT'] or 5432}/{known['NAME']}"
        return served_as_deployed(
            tmp_path, port=port, DATABASE_URL=address, SECRET_KEY=settings.SECRET_KEY, MIGRATE="0"
        )

    return start
