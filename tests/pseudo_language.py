"""A language for tests: each message comes out longer and between marks, so text without marks was not translated."""

import contextlib
import gettext
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from django.test import override_settings
from django.utils import translation
from django.utils.translation import trans_real

CODE = "en-xa"
BEGIN, END = "⟦", "⟧"
#: Between a message's context and the message, in what Django asks a catalogue for.
CONTEXT = "\x04"


#: How long the longest words are that a message is made longer by; a line can break between them.
LONGEST_WORD = 12


def marked(message: str) -> str:
    """The message as this language has it: 40% longer, at least by one letter, and between marks."""
    message = message.rpartition(CONTEXT)[2]
    added = "~" * max(1, len(message) * 2 // 5)
    words = [added[start : start + LONGEST_WORD] for start in range(0, len(added), LONGEST_WORD)]
    return f"{BEGIN}{message}{' '.join(words)}{END}"


class PseudoLanguage(gettext.NullTranslations):
    """What Django keeps of a language, without a catalogue."""

    domain = "django"

    def to_language(self) -> str:
        return CODE

    def gettext(self, message: str) -> str:
        return marked(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return marked(msgid1 if n == 1 else msgid2)


@contextlib.contextmanager
def pseudo_language() -> Iterator[None]:
    """Everything inside is shown in the pseudo-language."""
    with override_settings(LANGUAGES=[("en", "English"), (CODE, "Pseudo")], LANGUAGE_CODE=CODE):
        # Changed settings make Django forget its languages, before and after.
        trans_real._translations[CODE] = PseudoLanguage()
        translation.activate(CODE)
        yield


class Texts(HTMLParser):
    """What a page says to people: its text outside marks, and what is said in attributes, each with where it stands."""

    SAID = {"title", "aria-label", "aria-description", "aria-valuetext", "alt", "placeholder", "label"}

    def __init__(self, html: str):
        super().__init__()
        self.outside: list[tuple[str, str]] = []
        self.depth = 0
        self.path: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.path.append(tag)
        attributes = dict(attrs)
        for name, value in attrs:
            if not value:
                continue
            is_button = tag == "input" and name == "value" and attributes.get("type") in {"submit", "button"}
            is_for_scripts = name.startswith("data-") and " " in value.strip()
            if name in self.SAID or is_button or is_for_scripts:
                runs, _ = runs_outside(value, 0)
                self.outside += [(f"{tag}[{name}]", run) for run in runs]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.path.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self.path:
            while self.path.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        # Commands in a block of code, and keys at the head of a row, are typed as they stand.
        is_typed = self.path[-1:] == ["code"] and (self.path[-2] == "pre" or "th" in self.path)
        if self.path and (self.path[-1] in {"script", "style"} or is_typed):
            return
        runs, self.depth = runs_outside(data, self.depth)
        where = " ".join(self.path[-3:])
        self.outside += [(where, run) for run in runs]


def runs_outside(text: str, depth: int) -> tuple[list[str], int]:
    """The pieces of a text that stand outside marks, and how many marks are open behind it."""
    runs: list[str] = [""]
    for letter in text:
        if letter == BEGIN:
            depth += 1
            runs.append("")
        elif letter == END:
            depth = max(0, depth - 1)
        elif not depth:
            runs[-1] += letter
    return [run for run in (" ".join(run.split()) for run in runs) if run], depth


#: What stands between two values on one line.
BETWEEN = re.compile(r"\s*(?:[·,:;()/→←–—|]|\.\s|\.$|…)\s*")
WORD = re.compile(r"[A-Za-zÀ-ž]{2,}|\b[A-Za-z]\b")


NUMBERED = re.compile(r"(?:\d+ )?(.*?)(?: \d+(?:\.\d+)+)?")


class Data:
    """What was written by people and frameworks, which is shown as it is in every language."""

    def __init__(self, values: Iterable[str]):
        lines = {line for value in values for line in (value, *value.splitlines(), *BETWEEN.split(value))}
        self.values = {" ".join(line.split()).casefold() for line in lines}
        self.whole = "\n".join(self.values)

    def has(self, text: str) -> bool:
        text = " ".join(text.split()).casefold().strip("“”\"'*_` ")
        # An answer, with how many gave it.
        name = text.rstrip("0123456789 ")
        return bool({text, name} & self.values) or (len(text) >= 15 and text in self.whole)

    def _has_numbered(self, text: str) -> bool:
        """A level with its number (`2 Automated training`), or a framework with its version (`MLOps 1.1.0`)."""
        name = NUMBERED.fullmatch(text)
        return name is not None and self.has(name[1])

    def covers(self, text: str) -> bool:
        """Whether each piece of the text with letters is data."""
        if not WORD.search(text) or self.has(text) or self._has_numbered(text):
            return True
        return all(self.has(piece) for piece in BETWEEN.split(text) if WORD.search(piece))
