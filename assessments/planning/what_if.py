"""What if: the smallest set of changes that gives a level, and what other ratings would come to.

Everything is computed from the newest result and from the address of the page; nothing is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from .. import scoring
from ..models import Criterion
from ..models.frozen_scores import Recalled
from ..scoring import NA, smallest_changes
from ..scoring.smallest_changes import Raise
from ..web.criterion_places import place_of
from .context import Aspiration


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededChange:
    """One of the smallest set of changes, with what it adds. `is_planned` and `is_asked` are as in a `Gap`.

    `is_rounded` is true if the index before the change and what it adds do not make the index after it, as shown.
    """

    criterion: Criterion
    before: str
    after: str
    adds: str
    index: str
    is_rounded: bool
    level: int | None
    is_planned: bool
    is_asked: bool

    @property
    def place(self) -> str:
        return place_of(self.criterion)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfOption:
    code: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """A criterion that can be rated otherwise: its rating in the result, and the choices.

    `field` names it in the address.
    """

    criterion: Criterion
    field: str
    present: str
    options: list[WhatIfOption]
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingGroup:
    """The criteria of a dimension that can be rated otherwise."""

    name: str
    fittings: list[Fitting]

    @property
    def changed(self) -> int:
        return sum(fitting.is_changed for fitting in self.fittings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A part before and after the changed ratings."""

    name: str
    level_before: int | None
    level_after: int | None
    index_before: str
    index_after: str

    @property
    def is_changed(self) -> bool:
        return (self.level_before, self.index_before) != (self.level_after, self.index_after)


class TryOn:
    """The newest full result of a team with some ratings changed.

    `goal` is the level to reach, `part` the key of a dimension, or empty for the whole.
    """

    def __init__(
        self,
        about: Aspiration,
        recalled: Recalled,
        data: Mapping[str, str],
        *,
        goal: int | None,
        part: str = "",
    ) -> None:
        self.about = about
        self.goal = goal
        self.part = part
        self.recalled = recalled
        self.result = recalled.result
        self.instrument = recalled.instrument
        self.ratings = recalled.ratings
        self.contents = self.result.edition.contents
        self.scales = {criterion.key: criterion.scale for criterion in self.instrument.criteria}
        #: Whether every needed change is made: one word, as an address cannot hold hundreds of ratings.
        self.takes_all = "all" in data
        self.tried = self._tried(data)

    def _tried(self, data: Mapping[str, str]) -> dict[str, str]:
        """The changed ratings by key. The address names criteria by their order, which keeps it short."""
        if self.takes_all:
            return {change.key: change.after for change in self.changes or ()}
        tried = {}
        for criterion in self.contents.criteria:
            if not self._applies(criterion):
                continue
            code = data.get(self._field(criterion), "")
            is_known = code in self.scales[criterion.key].codes
            if is_known and code != self.ratings[criterion.key]:
                tried[criterion.key] = code
        return tried

    def _applies(self, criterion: Criterion) -> bool:
        """Whether the result was asked about the criterion and it applies to the team."""
        return self.ratings.get(criterion.key, NA) != NA

    @staticmethod
    def _field(criterion: Criterion) -> str:
        return f"c{criterion.order}"

    @cached_property
    def changes(self) -> tuple[Raise, ...] | None:
        """The smallest set of changes; None if no rating could reach the level."""
        if self.goal is None:
            return None
        return smallest_changes.smallest_changes(
            self.instrument,
            self.ratings,
            rule=self.result.rule,
            goal=self.goal,
            dimension=self.part or None,
        )

    @property
    def is_out_of_reach(self) -> bool:
        return self.changes is None

    @property
    def is_reached(self) -> bool:
        return self.changes is not None and not self.changes

    @cached_property
    def needed(self) -> list[NeededChange]:
        steps = smallest_changes.steps(self.instrument, self.ratings, self.changes or (), rule=self.result.rule)
        return [self._needed(step) for step in steps]

    def _needed(self, step: smallest_changes.Step) -> NeededChange:
        change = step.change
        criterion = self.contents.criterion_by_key[change.key]
        index_scale = self.about.index_scale
        index = index_scale.text(step.index)
        adds_up = index_scale.adds_up(index_scale.text(step.before), step.adds, index)
        return NeededChange(
            criterion=criterion,
            before=criterion.answer_name(change.before or ""),
            after=criterion.answer_name(change.after),
            adds=index_scale.change(step.adds),
            index=index,
            is_rounded=step.adds_exactly and not adds_up,
            level=step.level,
            is_planned=criterion.key in self.about.planned,
            is_asked=self.about.asks(criterion.key),
        )

    @cached_property
    def address(self) -> str:
        """The query that shows the same again."""
        if self.takes_all:
            return self.address_of_all
        ratings = {}
        for key, code in self.tried.items():
            ratings[self._field(self.contents.criterion_by_key[key])] = code
        return self._address(ratings)

    @property
    def address_of_all(self) -> str:
        """The query that makes every needed change."""
        return self._address({"all": "yes"})

    def _address(self, more: Mapping[str, str]) -> str:
        known = {"framework": self.about.framework.key, "part": self.part, "level": self.goal or ""}
        return urlencode(known | dict(more))

    @property
    def by_dimension(self) -> list[FittingGroup]:
        """What can be rated otherwise, by dimension."""
        groups = []
        for dimension in self.contents.dimensions:
            fittings = [self._fitting(criterion) for criterion in dimension.asked if self._applies(criterion)]
            if fittings:
                groups.append(FittingGroup(name=dimension.name, fittings=fittings))
        return groups

    def _fitting(self, criterion: Criterion) -> Fitting:
        present = self.ratings[criterion.key] or ""
        chosen = self.tried.get(criterion.key, "")
        options = [
            WhatIfOption(code=choice.code, name=choice.name, chosen=choice.code == chosen)
            for choice in criterion.scale.choices.all()
        ]
        return Fitting(
            criterion=criterion,
            field=self._field(criterion),
            present=criterion.answer_name(present),
            options=options,
            is_changed=bool(chosen),
        )

    @cached_property
    def outlook(self) -> list[Outlook]:
        """The whole and each dimension, before and after."""
        asked = {criterion.dimension for criterion in self.instrument.criteria}
        outlook = [self._outlook(_("Overall"))]
        for dimension in self.contents.dimensions:
            if dimension.key in asked:
                outlook.append(self._outlook(dimension.name, dimension.key))
        return outlook

    def _outlook(self, name: str, dimension: str | None = None) -> Outlook:
        tally = smallest_changes.tally_of(self.instrument, self.ratings, dimension)
        level_before = self._level(tally, dimension)
        index_before = tally.index
        for key, code in self.tried.items():
            if criterion := tally.criteria.get(key):
                tally.rate(key, criterion.scale.points_of(code))
        return Outlook(
            name=name,
            level_before=level_before,
            level_after=self._level(tally, dimension),
            index_before=self.about.index_scale.text(index_before),
            index_after=self.about.index_scale.text(tally.index),
        )

    def _level(self, tally: scoring.Tally, dimension: str | None) -> int | None:
        """A section of a framework that is scored by sums has no level."""
        is_section = dimension is not None and not tally.by_levels
        return None if is_section else tally.level(self.result.rule)
