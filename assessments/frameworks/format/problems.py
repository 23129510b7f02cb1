"""Problems of a framework file or a ratings file, each with its place and how to fix it."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: A file with more problems than this is far from right; finding all of them takes long and helps nobody.
MAX_PROBLEMS = 200
MAX_QUOTED = 60
MAX_LISTED = 12
ADD_THE_VERSION = gettext_lazy(
    "add it, or enter it when you import: “Version” on the page, --label VERSION in the command"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem; `mend` says how to fix it. `line` counts from 1 and is None if the file could not be opened."""

    file: str
    line: int | None
    path: str
    message: str
    mend: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        sentence = f"{self.message}; {self.mend}" if self.mend else self.message
        return ": ".join(part for part in (place, self.path, sentence) if part)


class FrameworkFileError(ValueError):
    """A file that cannot be used; `problems` holds what is wrong with it, in the order of the file.

    The search stops after MAX_PROBLEMS, and the last one says so.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        first = list(islice(problems, MAX_PROBLEMS + 1))
        self.problems = sorted(first[:MAX_PROBLEMS], key=lambda problem: problem.line or 0)
        if len(first) > MAX_PROBLEMS:
            message = _("there are more problems than the {count} listed here").format(count=MAX_PROBLEMS)
            self.problems.append(
                Problem(file=first[0].file, line=None, path="", message=message, mend=_("fix these first"))
            )
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(given: object, choices: Collection[str]) -> str:
    """How to fix a word that is not among the choices: suggests the closest one, or else the choices."""
    close = closest(given, choices)
    if close is not None:
        return _("did you mean '{name}'?").format(name=shortened(close))
    known = listed(choices, quote="'")
    return one_of(known) if known else ""


def closest(given: object, choices: Collection[str]) -> str | None:
    """The choice that is written most like this, if one is much like it."""
    return next(iter(difflib.get_close_matches(str(given)[:MAX_QUOTED], choices, n=1, cutoff=0.6)), None)


def one_of(names: str) -> str:
    """How to fix a value that is none of these names."""
    return _("choose one of {names}").format(names=names)


def listed(names: Iterable[object], *, quote: str = "") -> str:
    """The first few of these names, for a sentence."""
    first = list(islice(names, MAX_LISTED + 1))
    shown = ", ".join(f"{quote}{shortened(name)}{quote}" for name in first[:MAX_LISTED])
    return f"{shown} …" if len(first) > MAX_LISTED else shown


def shortened(given: object) -> str:
    """A value from a file, short enough to quote in a sentence, without characters that control a terminal."""
    text = " ".join(str(given)[: 4 * MAX_QUOTED].split())
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


def what_is(value: object) -> str:
    """The kind of a value read from a file, in words."""
    if value is None:
        return _("nothing")
    kinds = {
        dict: _("a mapping"),
        list: _("a list"),
        str: _("text"),
        bool: _("true or false"),
        int: _("a whole number"),
    }
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), _("something else"))


def not_as_expected(value: object, expected: str) -> str:
    """The message for a value of the wrong kind."""
    return _("this is {given}, but {expected} is expected").format(given=what_is(value), expected=expected)
