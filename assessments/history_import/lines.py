"""One answer of an earlier assessment as a file gives it: plain text, before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class HistoryFileError(ValueError):
    """The file as a whole cannot be used; str() is the sentence to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLine:
    """`where` says which line or question it is, in words. An empty `respondent` means that it was agreed on.

    `words_only`: the answer is a text and never a code. `of` is what the line says of the framework, version, rule and
    questionnaire that it belongs to.
    """

    where: str
    team: str
    date: str
    criterion: str
    answer: str
    respondent: str = ""
    comment: str = ""
    evidence: str = ""
    words_only: bool = False
    of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryProblem:
    where: str
    sentence: str


@dataclass(slots=True, kw_only=True)
class GivenHistory:
    """All that a file says. `notes` tell what was made of it, `unanswered` how many lines have no answer."""

    lines: list[GivenLine] = field(default_factory=list)
    problems: list[HistoryProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unanswered: int = 0

    def problem(self, where: str, sentence: str) -> None:
        self.problems.append(HistoryProblem(where=where, sentence=sentence))


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideFile:
    """Team and day that somebody gave beside the file, for a file of one assessment; both may be empty."""

    team: str = ""
    date: str = ""
