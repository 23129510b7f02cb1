"""Every text that a person reads can be translated: a walk through the demo organisation in a made-up language."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from zoneinfo import available_timezones

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models, transaction
from django.test import Client, override_settings
from django.urls import Resolver404, resolve

from assessments.charts.radar import wrapped
from assessments.frameworks.storing import load_built_in
from assessments.models import Dimension, Edition, Level, User

from ..demo_people import PLAYERS
from ..pseudo_language import Data, Texts, pseudo_language

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

#: What stays as it is in every language, and why.
EXCEPTIONS = {
    "maturity": "the name of the product",
    "m": "a key of the keyboard",
    "csv": "the name of a file format",
    "xlsx": "the name of a file format",
    "excel": "the name of a product",
    "yaml": "the name of a file format",
    "json": "the name of a file format",
    "rwg": "the name of a statistic",
    "ciso assistant": "the name of a product",
    "owasp dsomm": "the name of a model",
    "owasp samm": "the name of a model",
    "utc": "a time zone has one name",
    "mit": "the name of a licence",
    "https://": "the beginning of an address",
    "ada@example.org, grace@example.org": "emails, to show how a list of them is written",
    "c": "a key to press",
    "j": "a key to press",
    "k": "a key to press",
}
#: Of pages that look alike, so many are looked at.
SAMPLES = 2
#: Not in any language but that of operators, and of those who write programs.
ASIDE = ("/admin/", "/static/", "/sign-out/", "/api/")


def strings(value: object) -> Iterator[str]:
    """All texts in a value of a column, those inside JSON as well."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def written() -> Iterator[str]:
    """Everything that the database holds as text."""
    yield from EXCEPTIONS
    for zone in available_timezones():
        yield zone
        yield zone.replace("_", " ")
    for model in apps.get_app_config("assessments").get_models():
        fields = [field.attname for field in model._meta.concrete_fields if not isinstance(field, models.ForeignKey)]
        for row in model._base_manager.values_list(*fields):
            yield from strings(json.loads(json.dumps(row, default=str)))
    yield from map(str, Edition.objects.all())
    # A level is shown by its number and its name.
    for number, name in Level.objects.values_list("number", "name"):
        yield f"{number} {name}"
    # A radar breaks the name of a dimension into lines.
    for name in Dimension.objects.values_list("name", flat=True):
        yield from wrapped(name)


def name_of(path: str) -> str | None:
    try:
        return resolve(urlsplit(path).path).url_name
    except Resolver404:
        return None


class Forms(HTMLParser):
    """The links and forms of a page: of each form where it goes and what it sends as it stands."""

    def __init__(self, html: str):
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append((given.get("method", "get").lower(), given.get("action", ""), {}))
        elif self.forms and given.get("name"):
            self._field(tag, given)
        elif tag == "option" and self.forms and self.select:
            fields = self.forms[-1][2]
            if "selected" in given or self.select not in fields:
                fields[self.select] = given.get("value", "")

    def _field(self, tag: str, given: dict[str, str]) -> None:
        fields = self.forms[-1][2]
        if tag == "select":
            self.select = given["name"]
        elif tag == "button" or given.get("type") in {"submit", "file"}:
            fields.setdefault(given["name"], given.get("value", ""))
        elif tag == "textarea" or given.get("type") not in {"radio", "checkbox"} or "checked" in given:
            fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


class Reader:
    """One person's way through the pages, who sends every form as it stands and empty, and keeps nothing of it."""

    def __init__(self, user: User | None, data: Data):
        self.client = Client()
        self.data = data
        self.missed: dict[tuple[str, str], str] = {}
        self.seen: dict[tuple[str, str], set[str]] = {}
        self.waiting = [
            "/",
            "/search/?q=re",
            "/teams/",
            "/portfolio/",
            "/frameworks/",
            "/account/",
            "/sign-in/",
            "/password/reset/",
        ]
        self.waiting.append("/nowhere/")
        if user:
            self.client.force_login(user)

    def go(self) -> None:
        while self.waiting:
            path = self.waiting.pop(0)
            if self.is_new("GET", path):
                self.look("GET", path)

    def is_new(self, method: str, path: str) -> bool:
        name = name_of(path)
        known = self.seen.setdefault((method, str(name)), set())
        is_new = path not in known and len(known) < SAMPLES and not path.startswith(ASIDE)
        if is_new:
            known.add(path)
        return is_new

    def look(self, method: str, path: str) -> None:
        response = self.client.get(path, follow=True)
        page = self.read(path, response)
        if page is None:
            return
        forms = Forms(page)
        here = response.redirect_chain[-1][0] if response.redirect_chain else path
        self.waiting[:0] = [target for link in forms.links if (target := self.inside(here, link))]
        for method, action, fields in forms.forms:
            target = self.inside(here, action) or here
            if method == "get":
                self.waiting.append(target)
            elif self.is_new("POST", target):
                self.send(target, fields)
                self.send(target, dict.fromkeys(fields, ""))

    def send(self, path: str, fields: dict[str, str]) -> None:
        with transaction.atomic():
            self.read(f"POST {path}", self.client.post(path, fields, follow=True))
            transaction.set_rollback(True)

    @staticmethod
    def inside(here: str, link: str) -> str | None:
        parts = urlsplit(urljoin(here, link))
        return None if parts.netloc or parts.scheme else parts._replace(fragment="").geturl()

    def read(self, where: str, response) -> str | None:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return None
        page = response.content.decode()
        for place, text in Texts(page).outside:
            if not self.data.covers(text):
                self.missed.setdefault((place, text), f"{where} ({name_of(where.removeprefix('POST '))})")
        return page


@pytest.mark.parametrize("persona", [*PLAYERS, "anonymous"])
def test_no_text_is_missed(persona):
    load_built_in()
    call_command("demo", verbosity=0)
    data = Data(written())
    user = User.objects.get(name=PLAYERS[persona]) if persona in PLAYERS else None
    reader = Reader(user, data)
    with pseudo_language(), override_settings(DEMO=True):
        reader.go()
    pages = sum(map(len, reader.seen.values()))
    print(f"{persona}: {pages} pages and forms of {len(reader.seen)} kinds")
    assert len(reader.seen) > (5 if user is None else 15)
    missed = sorted(f"{where}: {place}: {text}" for (place, text), where in reader.missed.items())
    assert not missed, f"{len(missed)} texts\n" + "\n".join(missed)


@pytest.mark.parametrize(
    "page, missed",
    [
        ("<p>⟦Save~~⟧ Atlas</p>", []),
        ("<p>⟦Save⟧ and go</p>", ["and go"]),
        ("<p>⟦A <b>bold⟧</b> word⟧</p>", ["word"]),
        ("<p title='Close'>⟦x ⟦y⟧ z⟧</p>", ["Close"]),
        ("<p>12% · 3</p><script>var word</script>", []),
    ],
)
def test_what_stands_outside_marks_is_seen(page, missed):
    data = Data(["Atlas"])
    assert [text for _, text in Texts(page).outside if not data.covers(text)] == missed


def test_messages_have_room_to_be_longer():
    with pseudo_language():
        from django.utils.translation import gettext, ngettext, pgettext

        assert re.fullmatch(r"⟦Save a draft~{4}⟧", gettext("Save a draft"))
        assert ngettext("one", "many", 2) == "⟦many~⟧"
        assert "May~" in pgettext("month", "May")
