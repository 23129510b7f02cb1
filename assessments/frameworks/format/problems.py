"""What is wrong with a framework file or a ratings file: each problem with its place and its mend."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

#: A file with more problems than this is not nearly right; looking for all of them takes long and helps nobody.
MAX_PROBLEMS = 200
MAX_QUOTED = 60
MAX_LISTED = 12
ADD_THE_VERSION = "add it, or give it when you import: “Version” on the page, --label VERSION in the command"
KINDS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a whole number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. `line` counts from 1 and is None where the file could not be opened."""

    file: str
    line: int | None
    path: str
    message: str
    mend: str = ""

    def __str__(self):
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        sentence = f"{self.message}; {self.mend}" if self.mend else self.message
        return ": ".join(part for part in (place, self.path, sentence) if part)


class FrameworkFileError(ValueError):
    """A file that cannot be used; `problems` holds what was found in it, in the order of the file.

    After MAX_PROBLEMS of them no more are looked for, and the last one says so.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        first = list(islice(problems, MAX_PROBLEMS + 1))
        self.problems = sorted(first[:MAX_PROBLEMS], key=lambda problem: problem.line or 0)
        if len(first) > MAX_PROBLEMS:
            message, mend = f"there are more problems than the {MAX_PROBLEMS} listed here", "fix these first"
            self.problems.append(Problem(file=first[0].file, line=None, path="", message=message, mend=mend))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(given: object, choices: Collection[str]) -> str:
    """A mend for a word that is not among the choices: the closest one, else the choices themselves."""
    close = difflib.get_close_matches(str(given)[:MAX_QUOTED], choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{shortened(close[0])}'?"
    known = listed(choices, quote="'")
    return f"choose one of {known}" if known else ""


def listed(names: Iterable[object], *, quote: str = "") -> str:
    """The first few of these names, for a sentence."""
    first = list(islice(names, MAX_LISTED + 1))
    shown = ", ".join(f"{quote}{shortened(name)}{quote}" for name in first[:MAX_LISTED])
    return f"{shown} …" if len(first) > MAX_LISTED else shown


def shortened(given: object) -> str:
    """What somebody wrote, short enough to quote it in a sentence, without letters that do something to a terminal."""
    text = " ".join(str(given)[: 4 * MAX_QUOTED].split())
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


def what_is(value: object) -> str:
    """The kind of a value read from a file, in words."""
    if value is None:
        return "nothing"
    return next((name for kind, name in KINDS.items() if isinstance(value, kind)), "something else")
