"""Two results of a team beside each other, read for showing; `comparing` works out what the change is made of."""

from dataclasses import dataclass
from functools import cached_property

from .. import scoring
from ..models import Criterion, Result
from ..models.frozen_scores import Recalled
from ..models.results import as_fraction
from ..scoring import comparison
from ..scoring.comparison import Kind, PartChange, Split
from .report import answer_name

#: What became of criteria, in the order in which it is shown.
HEADINGS = {
    Kind.WORSE: "Worse",
    Kind.BETTER: "Better",
    Kind.NEWLY_APPLICABLE: "Newly applicable",
    Kind.NO_LONGER_APPLICABLE: "No longer applicable",
    Kind.REWORDED: "Asked with another meaning",
    Kind.ONLY_NEW: "Only in the later result",
    Kind.ONLY_OLD: "Only in the earlier result",
    Kind.SAME: "The same",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A criterion with what became of it, in words; `was` tells what the earlier edition had different about it."""

    criterion: Criterion
    before: str
    after: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Criteria of which the same became."""

    kind: Kind
    heading: str
    rows: list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the split: a figure before and after, and the parts of its change, ready to be shown."""

    name: str
    before: str
    after: str
    parts: tuple[str, ...]
    total: int

    @classmethod
    def of(cls, name: str, split: Split, places: int) -> "Figure":
        changes = (split.team, split.edition, split.scope, split.total)
        return cls(
            name=name,
            before=_shown(split.before, places),
            after=_shown(split.after, places),
            parts=tuple(_signed(change, places) for change in changes),
            total=0 if not split.total else 1 if split.total > 0 else -1,
        )


def _shown(value, places: int) -> str:
    return "–" if value is None else scoring.rounded(scoring.exact(value), places) or "–"


def _signed(value, places: int) -> str:
    """With its sign; what rounds to nothing is shown as no change."""
    if value is None:
        return "–"
    text = scoring.rounded(scoring.exact(abs(value)), places) or ""
    return f"{'±' if not float(text) else '+' if value > 0 else '−'}{text}"


def _was(old: Criterion, new: Criterion, kind: Kind) -> str:
    """Another wording only where it means something else; a place in the framework always weighs."""
    parts = [f"“{old.statement}”"] if kind == Kind.REWORDED and old.statement != new.statement else []
    if old.dimension.key != new.dimension.key:
        parts.append(f"in {old.dimension.name}")
    if old.level and new.level and old.level.number != new.level.number:
        parts.append(f"at level {old.level.number}")
    return ", ".join(parts)


class Beside:
    """A comparison of two results of one team and one framework. One query besides the two results.

    `hidden` are criteria of which nothing is shown, because too few people have answered them anonymously.
    """

    def __init__(self, old: Result, new: Result):
        self.old, self.new = old, new
        self.same_edition = old.edition_id == new.edition_id
        self.same_ladder = old.is_on_the_ladder_of(new)
        self.rule = new.rule
        self.sides = Recalled.all([old, new])
        self.hidden = frozenset().union(*(recalled.hidden for recalled in self.sides))
        before, after = (recalled.side for recalled in self.sides)
        self.comparison = comparison.compare(before, after, rule=self.rule, same_ladder=self.same_ladder)

    @property
    def rule_name(self) -> str:
        return self.new.edition.contents.rules.get(self.rule, "")

    @property
    def places(self) -> int:
        return self.new.places

    @property
    def whole(self) -> list[Figure]:
        index, level = self.comparison.whole.index, self.comparison.whole.level
        if self.hidden:
            index = Split(before=as_fraction(self.old.index_exact), after=as_fraction(self.new.index_exact))
            level = (
                Split(before=self.old.level, after=self.new.level)
                if self.same_ladder
                else Split(before=None, after=None)
            )
        by_levels = self.new.edition.uses_levels
        return [
            Figure.of("Level" if by_levels else "Band, from 0", level, 0),
            Figure.of("Index" if by_levels else "Smallest section score", index, self.places),
        ]

    @property
    def dimensions(self) -> list[tuple[str, Figure, Figure]]:
        """Every dimension of either side as (name, level, index); none where criteria are hidden."""
        if self.hidden:
            return []
        return [
            (self._dimension_name(part), Figure.of("", part.level, 0), Figure.of("", part.index, self.places))
            for part in self.comparison.dimensions
        ]

    def _dimension_name(self, part: PartChange) -> str:
        for result in (self.new, self.old):
            if dimension := result.edition.contents.dimension_by_key.get(part.key):
                return dimension.name
        return part.key

    @cached_property
    def groups(self) -> list[Group]:
        """Every criterion of either side, by what became of it."""
        groups = [
            Group(
                kind=kind,
                heading=heading,
                rows=[self._row(each) for each in self.comparison.of_kind(kind) if each.key not in self.hidden],
            )
            for kind, heading in HEADINGS.items()
        ]
        return [group for group in groups if group.rows]

    def _row(self, change: comparison.CriterionChange) -> Row:
        old = self.old.edition.contents.criterion_by_key.get(change.key)
        new = self.new.edition.contents.criterion_by_key.get(change.key)
        asked_before, asked_after = (change.key in recalled.rows for recalled in self.sides)
        return Row(
            criterion=new or old,
            before=answer_name(old, change.before or "") if asked_before else "–",
            after=answer_name(new, change.after or "") if asked_after else "–",
            was=_was(old, new, change.kind) if old and new else "",
        )

    @property
    def fell(self) -> bool:
        """Whether the later result is worse in anything."""
        parts = (self.comparison.whole, *self.comparison.dimensions)
        changes = [split.total for part in parts for split in (part.level, part.index)]
        return any(change is not None and change < 0 for change in changes)
