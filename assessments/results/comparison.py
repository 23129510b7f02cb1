"""Two results of a team beside each other, read for showing; `scoring.comparison` works out the change."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from ..models import Criterion, Result
from ..models.frozen_scores import Recalled
from ..scoring import IndexScale, comparison
from ..scoring.comparison import Kind, Number, PartChange, Split

#: What became of criteria, in the order in which it is shown.
HEADINGS = {
    Kind.WORSE: gettext_lazy("Worse"),
    Kind.BETTER: gettext_lazy("Better"),
    Kind.NEWLY_APPLICABLE: gettext_lazy("Newly applicable"),
    Kind.NO_LONGER_APPLICABLE: gettext_lazy("No longer applicable"),
    Kind.REWORDED: gettext_lazy("Asked with another meaning"),
    Kind.ONLY_NEW: gettext_lazy("Only in the later result"),
    Kind.ONLY_OLD: gettext_lazy("Only in the earlier result"),
    Kind.SAME: gettext_lazy("The same"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A criterion with what became of it, in words; `was` tells what the earlier edition had different about it."""

    criterion: Criterion | None
    before: str
    after: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGroup:
    """Criteria of which the same became."""

    kind: Kind
    heading: str
    rows: list[ChangeRow]

    @property
    def is_open(self) -> bool:
        """Whether the page shows its rows at once."""
        return self.kind != Kind.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the split: a figure before and after, its change and where that comes from, ready to be shown.

    `sources` are the team's answers, the version and the criteria asked. `total` is 1, 0 or -1, as the whole change
    reads. `is_rounded` says that what is shown does not add up.
    """

    name: str
    before: str
    after: str
    sources: tuple[str, ...]
    change: str
    total: int
    is_rounded: bool

    @classmethod
    def of_level(cls, name: str, split: Split) -> "Figure":
        return cls(
            name=name,
            before=_number(split.before),
            after=_number(split.after),
            sources=_sources(split, 0),
            change=_signed(split.total, 0),
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
            sources=_sources(split, new.places),
            change=_signed(split.total, new.places),
            total=new.direction(split.total),
            is_rounded=_is_rounded(split, old, new),
        )


def _number(value: Number | None) -> str:
    return scoring.DASH if value is None else str(value)


def _signed(change: Number | None, places: int) -> str:
    return scoring.DASH if change is None else scoring.signed(change, places)


def _sources(split: Split, places: int) -> tuple[str, ...]:
    """Where the change comes from."""
    return tuple(_signed(change, places) for change in (split.team, split.edition, split.scope))


def _is_rounded(split: Split, old: IndexScale, new: IndexScale) -> bool:
    """Whether the parts as they are shown do not come to the change, or the change not to what is there after it."""
    if split.before is None or split.after is None or split.total is None:
        return False
    parts = [part for part in (split.team, split.edition, split.scope) if part is not None]
    parts_add_up = not parts or scoring.add_up(parts, split.total, new.places)
    return not (parts_add_up and new.adds_up(old.text(split.before), split.total, new.text(split.after)))


def _was(old: Criterion, new: Criterion, kind: Kind) -> str:
    """What the earlier version had differently: another wording only if it means something else, and another place."""
    parts = []
    if kind == Kind.REWORDED and old.statement != new.statement:
        parts.append(f"“{old.statement}”")
    if old.dimension.key != new.dimension.key:
        parts.append(_("in {dimension}").format(dimension=old.dimension.name))
    if old.level and new.level and old.level.number != new.level.number:
        parts.append(_("at level {number}").format(number=old.level.number))
    return ", ".join(parts)


class Beside:
    """A comparison of two results of one team and one framework. One query besides the two results."""

    def __init__(self, old: Result, new: Result) -> None:
        self.old = old
        self.new = new
        self.same_edition = old.edition_id == new.edition_id
        self.same_ladder = old.is_on_the_ladder_of(new)
        self.rule = new.rule
        self.sides = Recalled.all([old, new])
        before, after = (recalled.side for recalled in self.sides)
        self.comparison = comparison.compare(before, after, rule=self.rule, same_ladder=self.same_ladder)

    @property
    def uses_levels(self) -> bool:
        return self.new.edition.uses_levels

    @property
    def imported(self) -> list[Result]:
        """Those of the two that were not made here."""
        return [result for result in (self.old, self.new) if result.assessment.is_imported]

    @property
    def same_rule(self) -> bool:
        return self.old.rule == self.new.rule

    @property
    def same_questionnaire(self) -> bool:
        return self.old.questionnaire == self.new.questionnaire

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
        whole = self.comparison.whole
        if self.uses_levels:
            return [Figure.of_level(_("Level"), whole.level), self._index(_("Index"), whole.index)]
        return [
            Figure.of_level(_("Band, from 0"), whole.level),
            self._index(_("Smallest section score"), whole.index),
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
    def _splits(self) -> list[Split]:
        """Every split that the page shows parts of."""
        whole = self.comparison.whole
        return [whole.level, whole.index, *(part.index for part in self.comparison.dimensions)]

    @property
    def has_version_part(self) -> bool:
        """Whether some change comes from answers that count differently in the later version."""
        return any(split.edition for split in self._splits)

    @property
    def has_scope_part(self) -> bool:
        """Whether some change comes from criteria that only one of the two asks about."""
        return any(split.scope for split in self._splits)

    @cached_property
    def groups(self) -> list[ChangeGroup]:
        """Every criterion of either side, by what became of it."""
        groups = [
            ChangeGroup(
                kind=kind,
                heading=str(heading),
                rows=[self._row(change) for change in self.comparison.of_kind(kind)],
            )
            for kind, heading in HEADINGS.items()
        ]
        return [group for group in groups if group.rows]

    def _row(self, change: comparison.CriterionChange) -> ChangeRow:
        old = self.old.edition.contents.criterion_by_key.get(change.key)
        new = self.new.edition.contents.criterion_by_key.get(change.key)
        asked_before = change.key in self.sides[0].rows
        asked_after = change.key in self.sides[1].rows
        return ChangeRow(
            criterion=new or old,
            before=old.answer_name(change.before or "") if asked_before and old else scoring.DASH,
            after=new.answer_name(change.after or "") if asked_after and new else scoring.DASH,
            was=_was(old, new, change.kind) if old and new else "",
        )

    @property
    def fell(self) -> bool:
        """Whether the later result reads worse, as in `Standing`: level or index of the whole, level of a dimension."""
        figures = [*self.whole, *(level for name, level, index in self.dimensions)]
        return any(figure.total < 0 for figure in figures)
