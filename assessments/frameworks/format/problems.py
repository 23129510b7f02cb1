"""What is wrong with a framework file or a ratings file: each problem with its place and its mend."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

MAX_QUOTED = 60
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
    """A file that cannot be used; `problems` holds everything found in it, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(problems, key=lambda problem: problem.line or 0)
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(given: object, choices: Collection[str]) -> str:
    """A mend for a word that is not among the choices: the closest one, else the choices themselves."""
    close = difflib.get_close_matches(str(given), choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    shown = ", ".join(f"'{choice}'" for choice in list(choices)[:12])
    if not shown:
        return ""
    return f"choose one of {shown}{' …' if len(choices) > 12 else ''}"


def shortened(given: object) -> str:
    """What somebody wrote, short enough to quote it in a sentence."""
    text = " ".join(str(given).split())
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


def what_is(value: object) -> str:
    """The kind of a value read from a file, in words."""
    if value is None:
        return "nothing"
    return next((name for kind, name in KINDS.items() if isinstance(value, kind)), "something else")
