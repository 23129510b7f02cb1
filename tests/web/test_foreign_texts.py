"""Every text of a framework says which language it is in: a walk through the demo organisation in English, with
frameworks in another language."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from assessments.frameworks import storing
from assessments.frameworks.format.files import read
from assessments.frameworks.format.schema import FrameworkFile
from assessments.frameworks.storing import load_built_in
from assessments.models import Action, Framework, User

from ..demo_people import PLAYERS
from ..pseudo_language import Data, Texts, pseudo_language, runs_outside
from .test_translatable import Reader

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

#: The made-up language of the frameworks: each of its vowels is long, so that a piece of a text shows it as well.
LANGUAGE = "fr"
LONG = str.maketrans("aeio", "āēīō")
#: Fields of a file whose texts people read, wherever they stand.
READ = {
    *("name", "purpose", "unit_of_assessment", "anchor", "about", "summary", "description", "highlights", "technology"),
    *(
        "fits",
        "statement",
        "evidence",
        "next",
        "na",
        "ask",
        "question",
        "principle",
        "why",
        "cautions",
        "topic",
        "note",
    ),
    "also_called",
}
#: Elements that stand alone.
VOID = {*("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")}


def is_long(text: str) -> bool:
    return any(letter in text for letter in "āēīō")


def lengthened(value: Any, field: str = "") -> Any:
    """The same data with the texts of `READ`, and the meanings of bands, in the made-up language."""
    if isinstance(value, dict):
        return {key: lengthened(item, "" if key == "in" else key) for key, item in value.items()}
    if isinstance(value, list):
        return [lengthened(item, field) for item in value]
    is_read = field in READ or field == "meaning"
    return value.translate(LONG) if is_read and isinstance(value, str) else value


def in_made_up_language(path: Any) -> FrameworkFile:
    data = lengthened(read(path).plain())
    data["framework"]["language"] = LANGUAGE
    return FrameworkFile.model_validate(data)


class Unmarked(HTMLParser):
    """The texts of frameworks on a page that nothing says the language of, each with where it stands.

    A sentence of the page around a name of a framework is in the page's language, so it is not found in an attribute,
    or in an element without others inside: no part of it could say another. Nor is what people may go on writing.
    """

    def __init__(self, html: str):
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.path: list[tuple[str, str]] = []
        self.feed(html)

    @property
    def language(self) -> str:
        return self.path[-1][1] if self.path else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.path.append((tag, given.get("lang", self.language)))
        for name in Texts.SAID & given.keys():
            outside, _ = runs_outside(given[name], 0)
            self.see(f"{tag}[{name}]", " ".join(outside) if "⟦" not in given[name] else "")
        if tag in VOID:
            self.path.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.path.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in [name for name, _ in self.path]:
            while self.path.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        path = [tag for tag, _ in self.path]
        is_whole = path and path[-1] in {"option", "title"} and ("⟦" in data or "head" in path)
        if path and path[-1] not in {"script", "style", "textarea"} and not is_whole:
            self.see(" ".join(path[-3:]), data)

    def see(self, where: str, text: str) -> None:
        if is_long(text) and self.language != LANGUAGE:
            self.found.append((where, " ".join(text.split())))


class ForeignReader(Reader):
    def read(self, where: str, response: Any) -> str | None:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return None
        page = response.content.decode()
        found = Unmarked(page).found
        # What people plan is theirs, even if it began with a text of the framework.
        planned = list(Action.objects.values_list("text", flat=True)) if found else []
        for place, text in found:
            if not any(text.strip(": …") in action for action in planned):
                self.missed.setdefault((place, text), where)
        return page


@pytest.fixture
def foreign_demo(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(storing, "read", in_made_up_language)
    load_built_in()
    call_command("demo", verbosity=0)
    Action.objects.update(text="Just do it.")
    assert is_long(Framework.objects.get(key="mlops").name)


@pytest.mark.usefixtures("foreign_demo")
@pytest.mark.parametrize("persona", [*PLAYERS, "anonymous"])
def test_every_text_of_a_framework_says_its_language(persona):
    user = User.objects.get(name=PLAYERS[persona]) if persona in PLAYERS else None
    reader = ForeignReader(user, Data([]))
    with pseudo_language(), override_settings(DEMO=True):
        reader.go()
    assert len(reader.seen) > (5 if user is None else 15)
    missed = sorted(f"{where}: {place}: {text}" for (place, text), where in reader.missed.items())
    assert not missed, f"{len(missed)} texts\n" + "\n".join(missed)


@pytest.mark.parametrize(
    "page, found",
    [
        ('<p lang="fr">Dātā</p> <p>Atlas</p>', []),
        ('<p lang="fr">Dātā</p> <p>Dātā</p>', ["Dātā"]),
        ('<p>⟦<span lang="fr">Dātā</span> and more⟧</p>', []),
        ("<p>⟦Dātā and more⟧</p>", ["⟦Dātā and more⟧"]),
        ('<input title="Dātā"><i title="⟦Move Dātā⟧"></i>', ["Dātā"]),
        ('<option>Dātā</option><option lang="fr">Dātā</option><option>⟦Dātā now⟧</option>', ["Dātā"]),
        ("<script>Dātā</script><textarea>Dātā</textarea><head><title>Dātā</title></head>", []),
        ('<p><svg lang="fr"><path d="M0"/><text>Dātā</text></svg><br>Dātā</p>', ["Dātā"]),
    ],
)
def test_a_text_that_says_no_language_is_seen(page, found):
    assert [text for _, text in Unmarked(page).found] == found
