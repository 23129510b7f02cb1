"""What a team's progress pages start from: the framework that is looked at, its newest full result, and its targets."""

from functools import cached_property
from typing import Any

from django.http import Http404

from ..models import Action, AdviserAnswers, Edition, Questionnaire, Result, Team
from ..models.frameworks import Contents
from ..models.frozen_scores import Recalled
from ..scoring import IndexScale
from .target_progress import GradedTarget, graded


class Aspiration:
    """One team and one framework. Everything is fetched when it is asked for, once."""

    def __init__(self, team: Team, framework_key: str = ""):
        """The framework that is named, else that of the newest full or else short result, else the first one there is.

        `short` is the newest short result of a team that has no full one; nothing here starts from it.
        """
        self.team = team
        self.editions = {edition.framework.key: edition for edition in Edition.objects.usable()}
        rows = Result.objects.current_only().filter(team=team)
        if framework_key:
            rows = rows.filter(framework__key=framework_key)
        rows = rows.select_related("framework", "edition", "assessment", "team").chronological()
        self.latest: Result | None = rows.filter(questionnaire=Questionnaire.FULL).last()
        short = rows.filter(questionnaire=Questionnaire.SHORT)
        self.short: Result | None = None if self.latest else short.last()
        newest = self.latest or self.short
        key = framework_key or (newest.framework.key if newest else next(iter(self.editions), ""))
        edition = self.editions.get(key) or (newest and newest.edition)
        if edition is None:
            raise Http404
        self.edition: Edition = edition

    @property
    def framework(self):
        return self.edition.framework

    @property
    def contents(self) -> Contents:
        return self.edition.contents

    @property
    def rule(self) -> str:
        """The rule under which the team's results are made."""
        return self.latest.rule if self.latest else self.contents.default_rule

    @property
    def next_level(self) -> int:
        """The level, or band, above the one that the team is at; the highest one where it is there."""
        floor = self.contents.rungs[0].number
        level = self.latest.level if self.latest else None
        return min(self.contents.top, (floor if level is None else level) + 1)

    @cached_property
    def targets(self) -> list[GradedTarget]:
        return graded(self.team.targets.filter(framework=self.framework).for_grading())

    @cached_property
    def recalled(self) -> Recalled | None:
        return Recalled.of(self.latest) if self.latest else None

    @cached_property
    def planned(self) -> frozenset[str]:
        """Keys of the criteria that somebody works on."""
        actions = Action.objects.pending().filter(team=self.team, framework=self.framework)
        return frozenset(actions.values_list("criterion", flat=True))

    def asks(self, key: str) -> bool:
        """Whether the edition in use has this criterion; only then work can be planned for it."""
        return key in self.contents.criterion_by_key

    @property
    def others(self) -> list[Edition]:
        """Other frameworks that the page can be about."""
        return [edition for key, edition in self.editions.items() if key != self.framework.key]

    # ------------------------------------------------------------------ the adviser

    @property
    def adviser(self) -> dict[str, Any] | None:
        return self.edition.blocks.get("adviser")

    @cached_property
    def remembered(self) -> AdviserAnswers | None:
        rows = AdviserAnswers.objects.filter(team=self.team, framework=self.framework)
        return rows.select_related("by").first()

    def rung_name(self, number: int | None) -> str:
        return next((rung.name for rung in self.contents.rungs if rung.number == number), "")

    @property
    def index_scale(self) -> IndexScale:
        """That of the newest full result, from which everything here starts."""
        return (self.latest.edition if self.latest else self.edition).contents.index_scale
