"""Files of ratings, for scoring without a database."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.scoring import DK, NA

from .document import Document, Place, read_document
from .problems import MAX_PROBLEMS, FrameworkFileError, Problem, did_you_mean, one_of, shortened, what_is
from .schema import CriterionEntry, FrameworkFile

UNANSWERED = "-"
SHAPES = gettext_lazy("write {criterion: code}, or respondents and agreed")

Ratings = dict[str, str]


def read_ratings(path: str | Path, framework_file: FrameworkFile) -> tuple[list[Ratings], Ratings]:
    """The answers of each respondent, and the agreed ones: codes by criterion key, without unanswered criteria.

    The file is `{criterion: code}`, or `{respondents: {name: {criterion: code}}, agreed: {criterion: code}}`; "-" and
    nothing mean unanswered. Raises FrameworkFileError with every key and code that the framework does not have.
    """
    reader = _Reader(read_document(path), framework_file)
    ratings = reader.ratings()
    if reader.problems:
        raise FrameworkFileError(reader.problems)
    return ratings


class _Reader:
    def __init__(self, document: Document, framework_file: FrameworkFile) -> None:
        self.document = document
        self.framework_file = framework_file
        self.criteria = {criterion.key: criterion for criterion in framework_file.criteria}
        self.says_where_na = any(criterion.na for criterion in framework_file.criteria)
        self.problems: list[Problem] = []

    def ratings(self) -> tuple[list[Ratings], Ratings]:
        whole = self.mapping((), self.document.value)
        if not {"respondents", "agreed"} & whole.keys():
            return [self.answers((), whole)], {}
        for name in whole.keys() - {"respondents", "agreed"}:
            message = _("'{name}' does not belong next to respondents and agreed").format(name=shortened(name))
            self.note((name,), message, str(SHAPES))
        people = self.mapping(("respondents",), whole.get("respondents") or {})
        agreed = self.mapping(("agreed",), whole.get("agreed") or {})
        return (
            [self.answers(("respondents", name), answers) for name, answers in people.items()],
            self.answers(("agreed",), agreed, without=DK),
        )

    def note(self, place: Place, message: str, mend: str) -> None:
        self.problems.append(self.document.problem(place, message, mend))
        if len(self.problems) > MAX_PROBLEMS:
            raise FrameworkFileError(self.problems)

    def mapping(self, place: Place, value: Any) -> dict:
        if isinstance(value, dict):
            return value
        message = _("this is {given}, but codes by criterion are expected").format(given=what_is(value))
        self.note(place, message, str(SHAPES))
        return {}

    def answers(self, place: Place, given: Any, *, without: str | None = None) -> Ratings:
        """The codes of one person, or the agreed ones; `without` names a code that is not for them."""
        answers = {}
        for key, value in self.mapping(place, given or {}).items():
            code = UNANSWERED if value is None else str(value)
            if key not in self.criteria:
                # Finding similar names takes time, so only the first problems get a suggestion.
                mend = _("see the framework")
                if len(self.problems) < 100:
                    mend = did_you_mean(key, list(self.criteria))
                self.note((*place, key), _("there is no criterion '{name}'").format(name=shortened(key)), mend)
            elif code != UNANSWERED:
                self.check((*place, key), value, self.codes(self.criteria[key], without=without))
                answers[key] = code
        return answers

    def check(self, place: Place, value: Any, codes: Mapping[str, str]) -> None:
        if isinstance(value, dict | list | bool) or str(value) not in codes:
            shown = str(value).lower() if isinstance(value, bool) else shortened(value)
            known = ", ".join(f"{code} ({name})" for code, name in codes.items())
            self.note(place, _("'{value}' is not an answer here").format(value=shown), one_of(known))

    def codes(self, criterion: CriterionEntry, *, without: str | None) -> dict[str, str]:
        """The answers that can be given to a criterion, with their names.

        "Does not apply" is offered if the criterion says when. If no criterion of the framework does, it is offered
        wherever the scale has it.
        """
        scale = self.framework_file.scale_of(criterion)
        names = {choice.code: choice.name for choice in scale.values}
        names |= {answer.code: answer.name for answer in scale.other_answers}
        if self.says_where_na and not criterion.na:
            names.pop(NA, None)
        names.pop(without or "", None)
        return names
