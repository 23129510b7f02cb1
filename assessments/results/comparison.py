"""Two results of a team beside each other, read for showing; `comparing` works out what the change is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .. import scoring
from ..models import Criterion, Result
from ..models.frozen_scores import Recalled
from ..scoring import IndexScale, comparison
from ..scoring.comparison import Kind, Number, PartChange, Split

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

    criterion: Criterion | None
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
    """One line of the split: a figure before and after, and the parts of its change, ready to be shown.

    `total` is 1, 0 or -1, as the whole change reads. `is_rounded` tells that what is shown does not add up.
    """

    name: str
    before: str
    after: str
    parts: tuple[str, ...]
    total: int
    is_rounded: bool

    @classmethod
    def of_level(cls, name: str, split: Split) -> "Figure":
        return cls(
            name=name,
            before=_number(split.before),
            after=_number(split.after),
            parts=tuple(_changes(split, 0)),
            total=scoring.direction(split.total, 0),
            is_rounded=False,
        )

    @classmethod
    def of_index(cls, name: str, split: Split, old: IndexScale, new: IndexScale) -> "Figure":
        """Where the two scales end at different tops, each figure names its own."""
        return cls(
            name=name,
            before=old.text(split.before) if split.is_comparable else old.text_of_top(split.before),
            after=new.text(split.after) if split.is_comparable else new.text_of_top(split.after),
            parts=tuple(_changes(split, new.places)),
            total=new.direction(split.total),
            is_rounded=_is_rounded(split, new.places),
        )


def _number(value: Number | None) -> str:
    return scoring.DASH if value is None else str(value)


def _changes(split: Split, places: int) -> Iterator[str]:
    """What the change is made of, and all of it."""
    for change in (split.team, split.edition, split.scope, split.total):
        yield scoring.DASH if change is None else scoring.signed(change, places)


def _is_rounded(split: Split, places: int) -> bool:
    """Whether the parts as they are shown do not come to the change, or the change not to what is there after it."""
    if split.before is None or split.after is None or split.total is None:
        return False
    parts = [part for part in (split.team, split.edition, split.scope) if part is not None]
    parts_add_up = not parts or scoring.add_up(parts, split.total, places)
    return not (parts_add_up and scoring.add_up([split.before, split.total], split.after, places))


def _was(old: Criterion, new: Criterion, kind: Kind) -> str:
    """Another wording only where it means something else; a place in the framework always weighs."""
    parts = [f"“{old.statement}”"] if kind == Kind.REWORDED and old.statement != new.statement else []
    if old.dimension.key != new.dimension.key:
        parts.append(f"in {old.dimension.name}")
    if old.level and new.level and old.level.number != new.level.number:
        parts.append(f"at level {old.level.number}")
    return ", ".join(parts)


class Beside:
    """A comparison of two results of one team and one framework. One query besides the two results."""

    def __init__(self, old: Result, new: Result):
        self.old, self.new = old, new
        self.same_edition = old.edition_id == new.edition_id
        self.same_ladder = old.is_on_the_ladder_of(new)
        self.rule = new.rule
        self.sides = Recalled.all([old, new])
        before, after = (recalled.side for recalled in self.sides)
        self.comparison = comparison.compare(before, after, rule=self.rule, same_ladder=self.same_ladder)

    @property
    def rule_name(self) -> str:
        return self.new.edition.contents.rules.get(self.rule, "")

    @property
    def same_scale(self) -> bool:
        return self.new.index_compares_to(self.old)

    def _index(self, name: str, split: Split) -> Figure:
        return Figure.of_index(name, split, self.old.index_scale, self.new.index_scale)

    @cached_property
    def whole(self) -> list[Figure]:
        whole, by_levels = self.comparison.whole, self.new.edition.uses_levels
        return [
            Figure.of_level("Level" if by_levels else "Band, from 0", whole.level),
            self._index("Index" if by_levels else "Smallest section score", whole.index),
        ]

    @cached_property
    def dimensions(self) -> list[tuple[str, Figure, Figure]]:
        """Every dimension of either side as (name, level, index)."""
        return [
            (self._dimension_name(part), Figure.of_level("", part.level), self._index("", part.index))
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
                rows=[self._row(each) for each in self.comparison.of_kind(kind)],
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
            before=old.answer_name(change.before or "") if asked_before and old else "–",
            after=new.answer_name(change.after or "") if asked_after and new else "–",
            was=_was(old, new, change.kind) if old and new else "",
        )

    @property
    def fell(self) -> bool:
        """Whether the later result reads worse, as in `Standing`: level or index of the whole, level of a dimension."""
        figures = [*self.whole, *(level for _, level, _ in self.dimensions)]
        return any(figure.total < 0 for figure in figures)
