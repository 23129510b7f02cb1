"""What a team can do next: the first criteria that keep it from its next level, and which of them are planned."""

from dataclasses import dataclass
from functools import cached_property

from ..models import Action, Criterion, Result
from ..models.frameworks import contents_in_use
from ..planning.forms import proposed
from .report import Settled, Standing

#: How many steps a page begins with.
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """A criterion that keeps the team from its next level, with the work that the framework suggests."""

    settled: Settled
    is_planned: bool
    is_asked: bool

    @property
    def criterion(self) -> Criterion:
        return self.settled.criterion

    @property
    def text(self) -> str:
        """What to do, as an action for it would begin."""
        return proposed(self.criterion)

    @property
    def language(self) -> str:
        """The language of the text."""
        return getattr(self.criterion.next or self.criterion.statement, "lang", "")

    @property
    def says_more(self) -> bool:
        """Whether the framework suggests a step, so that the statement is something else."""
        return bool(self.criterion.next)


class WorkPlanned:
    """For which criteria of a result's framework the team plans work, and for which it could. Two queries."""

    def __init__(self, result: Result) -> None:
        actions = Action.objects.pending().filter(team=result.team_id, framework=result.framework_id)
        self.keys = frozenset(actions.values_list("criterion", flat=True))
        self.contents = contents_in_use(result.framework_id) or result.edition.contents

    def asks(self, key: str) -> bool:
        """Whether the version in use still has the criterion; for others no work can be planned."""
        return key in self.contents.criterion_by_key

    @property
    def drawn_from(self) -> tuple[object, ...]:
        """All that is shown of it, as plain values."""
        return (sorted(self.keys), str(self.contents.edition.pk))


class NextSteps:
    """The first steps towards the next level by a result, in the order of the scoring document."""

    def __init__(self, standing: Standing, planned: WorkPlanned) -> None:
        self.standing = standing
        self.planned = planned

    @cached_property
    def steps(self) -> list[NextStep]:
        return [
            NextStep(
                settled=settled,
                is_planned=settled.criterion.key in self.planned.keys,
                is_asked=self.planned.asks(settled.criterion.key),
            )
            for settled in self.standing.blockers[:SHOWN]
        ]

    @property
    def count(self) -> int:
        """How many criteria there are in all."""
        return len(self.standing.blockers)

    @property
    def are_all_shown(self) -> bool:
        return self.count <= SHOWN
