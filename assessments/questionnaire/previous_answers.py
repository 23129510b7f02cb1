"""From a team's last result to its next assessment: what is carried over, asked anew, new, and retired."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..models import Assessment, Criterion, CriterionResult, Edition, Result, Team


class State(StrEnum):
    CARRIED = "carried over"
    RECONFIRM = "reconfirm"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What is known of one criterion from the last result. `answer` is what it came to then; empty where unanswered.

    It is shown beside the question and never filled in.
    """

    criterion: Criterion
    state: State
    answer: str = ""
    date: datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    key: str
    statement: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingOn:
    previous: Result
    hints: dict[str, Hint]
    retired: list[Retired]

    @classmethod
    def of(cls, team: Team, edition: Edition, *, before: Assessment | None = None, criteria=None) -> "MovingOn | None":
        """What the team's newest result with this framework means for an edition; None without one. Two queries.

        `before` is the assessment that is moved on with: its own result, if it was reopened, is not looked at.
        """
        previous = _newest(team, edition, before)
        if previous is None:
            return None
        rows = {row.key: row for row in previous.criteria.all()}
        old = previous.edition.contents.criterion_by_key
        contents = edition.contents
        asked = contents.criteria if criteria is None else criteria
        hints = {c.key: _hint(c, rows.get(c.key), old.get(c.key), previous) for c in asked}
        retired = [
            Retired(key=key, statement=old[key].statement, answer=_answer(old[key], row, previous))
            for key, row in rows.items()
            if key not in contents.criterion_by_key
        ]
        return cls(previous=previous, hints=hints, retired=retired)

    def by_state(self) -> dict[str, list[Hint]]:
        """The criteria of each state, in the order of the edition."""
        return {state.value: [hint for hint in self.hints.values() if hint.state == state] for state in State}

    @property
    def carried(self) -> list[Hint]:
        return self.by_state()[State.CARRIED]

    @property
    def reconfirm(self) -> list[Hint]:
        return self.by_state()[State.RECONFIRM]

    @property
    def new(self) -> list[Hint]:
        return self.by_state()[State.NEW]

    def some(self, criteria: Iterable[Criterion]) -> list[Hint]:
        return [self.hints[criterion.key] for criterion in criteria]


def _newest(team: Team, edition: Edition, before: Assessment | None) -> Result | None:
    results = Result.objects.current_only().filter(team=team, framework=edition.framework_id)
    if before is not None:
        results = results.exclude(assessment=before.pk).filter(date__lte=before.date)
    return results.select_related("edition", "assessment").newest_first().first()


def _hint(criterion, row: CriterionResult | None, old: Criterion | None, previous: Result) -> Hint:
    if row is None or old is None:
        return Hint(criterion=criterion, state=State.NEW)
    state = State.CARRIED if row.meaning == criterion.meaning else State.RECONFIRM
    return Hint(criterion=criterion, state=state, answer=_answer(old, row, previous), date=previous.date)


def _answer(criterion: Criterion, row: CriterionResult, previous: Result) -> str:
    """The name of what a criterion came to. Of anonymous answers nothing is told."""
    return criterion.answer_name(row.rating) if row.rating and not previous.assessment.anonymous else ""
