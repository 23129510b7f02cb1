"""Everything inside an edition, wired together in memory: what pages, scoring and histories look things up in."""

import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from .. import scoring

if TYPE_CHECKING:
    from .frameworks import Edition


class Rung:
    """A step of what a result is placed on: a level, or a band of a min-of-sums framework."""

    __slots__ = ("description", "name", "number")

    def __init__(self, number: int, name: str, description: str):
        self.number, self.name, self.description = number, name, description


class Contents:
    """An edition with everything in it, wired together from six queries; read-only.

    `ladder` is since when levels mean what they mean in it: editions with the same one can be compared by level. None
    before the first new ladder, and in drafts.
    """

    ladder: datetime.datetime | None = None

    def __init__(self, edition: "Edition"):
        self.edition = edition
        self.levels = list(edition.levels.all())
        self.groups = list(edition.groups.all())
        self.dimensions = list(edition.dimensions.all())
        self.scales = list(edition.scales.prefetch_related("choices"))
        self.criteria = list(edition.criteria.all())
        self.symptoms = list(edition.symptoms.all())
        levels = {level.pk: level for level in self.levels}
        groups = {group.pk: group for group in self.groups}
        scales = {scale.pk: scale for scale in self.scales}
        dimensions = {dimension.pk: dimension for dimension in self.dimensions}
        for dimension in self.dimensions:
            dimension.group = groups[dimension.group_id] if dimension.group_id else None
            dimension.asked = []
        for criterion in self.criteria:
            criterion.edition = edition
            criterion.level = levels[criterion.level_id] if criterion.level_id else None
            criterion.scale = scales[criterion.scale_id]
            criterion.dimension = dimensions[criterion.dimension_id]
            criterion.dimension.asked.append(criterion)
        for level in self.levels:
            level.edition = edition

    @cached_property
    def criterion_by_key(self):
        return {criterion.key: criterion for criterion in self.criteria}

    @cached_property
    def criterion_by_pk(self):
        return {criterion.pk: criterion for criterion in self.criteria}

    @cached_property
    def dimension_by_key(self):
        return {dimension.key: dimension for dimension in self.dimensions}

    @cached_property
    def rungs(self) -> list[Rung]:
        """The steps from the lowest to the highest: levels, or bands where there are no levels."""
        if self.edition.uses_levels:
            return [Rung(level.number, level.name, level.summary) for level in self.levels]
        return [Rung(i, band["name"], band.get("meaning", "")) for i, band in enumerate(self.edition.scoring["bands"])]

    @property
    def named_rungs(self) -> list[tuple[int, str]]:
        return [(rung.number, rung.name) for rung in self.rungs]

    @property
    def top(self) -> int:
        return self.rungs[-1].number

    @cached_property
    def index_scale(self) -> scoring.IndexScale:
        """What indexes, or section scores, of this edition are read on."""
        if self.edition.uses_levels:
            return scoring.IndexScale.of_levels([level.number for level in self.levels])
        return scoring.IndexScale.of_bands([scoring.Band.parsed(band) for band in self.edition.scoring["bands"]])

    @cached_property
    def rules(self) -> dict[str, str]:
        """Names of the scoring rules by key; empty where the framework is scored by sums."""
        return {rule["key"]: rule["name"] for rule in self.edition.scoring.get("rules", [])}

    @property
    def default_rule(self) -> str:
        return self.edition.scoring.get("default_rule") or ""

    @cached_property
    def quick_keys(self) -> set[str]:
        """Criteria of the short questionnaire; empty where the edition marks none."""
        return {criterion.key for criterion in self.criteria if criterion.quick}
