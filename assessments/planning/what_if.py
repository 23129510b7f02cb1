"""Trying ratings on: the smallest set of changes for a wanted level, and what other ratings would come to.

Everything is computed from the newest result and from the address of the page; nothing is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from .. import scoring
from ..models import Criterion
from ..scoring import NA, smallest_changes
from ..scoring.smallest_changes import Raise
from .context import Aspiration


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededChange:
    """One of the smallest set of changes, with what it adds; planned and asked as in a gap of the roadmap.

    `is_rounded` tells that the index before it and what it adds do not come to the index after it as they are shown.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    code: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """A criterion that can be tried on: its rating in the result, and the choices. `field` names it in the address."""

    criterion: Criterion
    field: str
    present: str
    options: list[Option]
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A part before and with the ratings that are tried on."""

    name: str
    level_before: int | None
    level_after: int | None
    index_before: str
    index_after: str

    @property
    def is_changed(self) -> bool:
        return (self.level_before, self.index_before) != (self.level_after, self.index_after)


class TryOn:
    """The newest full result of a team with other ratings on top. `wanted` is a level, `part` a dimension or empty."""

    def __init__(self, about: Aspiration, data: Mapping[str, str], *, wanted: int | None, part: str = ""):
        recalled = about.recalled
        if about.latest is None or recalled is None:
            raise ValueError("There is no result to try anything on.")
        self.about, self.wanted, self.part = about, wanted, part
        self.result, self.recalled = about.latest, recalled
        self.instrument, self.ratings = recalled.instrument, recalled.ratings
        self.contents = self.result.edition.contents
        self.scales = {criterion.key: criterion.scale for criterion in self.instrument.criteria}
        #: Whether the whole smallest set is tried on: said in one word, as an address cannot hold hundreds of ratings.
        self.takes_all = "all" in data
        self.tried = self._tried(data)

    def _tried(self, data: Mapping[str, str]) -> dict[str, str]:
        """What is tried on, by key. The address names criteria by their place, which keeps it short."""
        if self.takes_all:
            return {change.key: change.after for change in self.changes or ()}
        tried = {}
        for criterion in self.contents.criteria:
            code = data.get(self._field(criterion), "")
            known = criterion.key in self.ratings and self.ratings[criterion.key] != NA
            if known and code in self.scales[criterion.key].codes and code != self.ratings[criterion.key]:
                tried[criterion.key] = code
        return tried

    @staticmethod
    def _field(criterion: Criterion) -> str:
        return f"c{criterion.order}"

    @cached_property
    def changes(self) -> tuple[Raise, ...] | None:
        """The smallest set of changes; None where no rating could reach the level."""
        if self.wanted is None:
            return None
        return smallest_changes.smallest_changes(
            self.instrument, self.ratings, rule=self.result.rule, wanted=self.wanted, dimension=self.part or None
        )

    @cached_property
    def needed(self) -> list[NeededChange]:
        steps = smallest_changes.steps(self.instrument, self.ratings, self.changes or (), rule=self.result.rule)
        return [self._needed(step) for step in steps]

    def _needed(self, step: smallest_changes.Step) -> NeededChange:
        criterion, change = self.contents.criterion_by_key[step.change.key], step.change
        places = self.about.index_scale.places
        return NeededChange(
            criterion=criterion,
            before=criterion.answer_name(change.before or ""),
            after=criterion.answer_name(change.after),
            adds=self.about.index_scale.change(step.adds),
            index=self.about.index_scale.text(step.index),
            is_rounded=step.adds_exactly and not scoring.add_up([step.before, step.adds], step.index, places),
            level=step.level,
            is_planned=criterion.key in self.about.planned,
            is_asked=self.about.asks(criterion.key),
        )

    @cached_property
    def address(self) -> str:
        """The query that shows the same again."""
        if self.takes_all:
            return self.address_of_all
        return self._address(
            {self._field(self.contents.criterion_by_key[key]): code for key, code in self.tried.items()}
        )

    @property
    def address_of_all(self) -> str:
        """The query with which the whole smallest set is tried on."""
        return self._address({"all": "yes"})

    def _address(self, more: Mapping[str, str]) -> str:
        known = {"framework": self.about.framework.key, "part": self.part, "level": self.wanted or ""}
        return urlencode({**known, **more})

    @property
    def by_dimension(self) -> list[tuple[str, list[Fitting], int]]:
        """What can be tried on as (name of the dimension, criteria, how many of them are changed)."""
        found = []
        for dimension in self.contents.dimensions:
            fittings = [self._fitting(c) for c in dimension.asked if self.ratings.get(c.key, NA) != NA]
            if fittings:
                found.append((dimension.name, fittings, sum(each.is_changed for each in fittings)))
        return found

    def _fitting(self, criterion: Criterion) -> Fitting:
        present = self.ratings[criterion.key] or ""
        chosen = self.tried.get(criterion.key, "")
        return Fitting(
            criterion=criterion,
            field=self._field(criterion),
            present=criterion.answer_name(present),
            options=[
                Option(code=choice.code, name=choice.name, chosen=choice.code == chosen)
                for choice in criterion.scale.choices.all()
            ],
            is_changed=bool(chosen),
        )

    @cached_property
    def outlook(self) -> list[Outlook]:
        """The whole and each dimension, before and after."""
        asked = {criterion.dimension for criterion in self.instrument.criteria}
        dimensions = [dimension for dimension in self.contents.dimensions if dimension.key in asked]
        return [self._outlook("Overall"), *(self._outlook(each.name, each.key) for each in dimensions)]

    def _outlook(self, name: str, dimension: str | None = None) -> Outlook:
        tally = smallest_changes.tally_of(self.instrument, self.ratings, dimension)
        before, index_before = self._level(tally, dimension), tally.index
        for key, code in self.tried.items():
            if criterion := tally.criteria.get(key):
                tally.rate(key, smallest_changes.points_of(criterion, code))
        return Outlook(
            name=name,
            level_before=before,
            level_after=self._level(tally, dimension),
            index_before=self.about.index_scale.text(index_before),
            index_after=self.about.index_scale.text(tally.index),
        )

    def _level(self, tally: scoring.Tally, dimension: str | None) -> int | None:
        """A section of a framework that is scored by sums has no level."""
        is_section = dimension is not None and not tally.by_levels
        return None if is_section else tally.level(self.result.rule)
