"""What a team's planning pages start from: a framework, the team's newest full result in it, and its targets."""

from functools import cached_property
from typing import Any

from django.http import Http404

from ..models import Action, AdviserAnswers, Edition, Framework, Questionnaire, Result, Team
from ..models.frameworks import Contents, Rung
from ..models.frozen_scores import Recalled
from ..scoring import IndexScale
from .target_progress import GradedTarget, graded


class Aspiration:
    """One team and one framework. `of` finds them; everything else is fetched once, when it is first needed."""

    def __init__(
        self, team: Team, edition: Edition, *, editions: dict[str, Edition], latest: Result | None, short: Result | None
    ) -> None:
        """`editions` are those in use, by the key of their framework.

        `latest` is the newest full result. `short` is the newest short result of a team without a full one; nothing
        starts from it.
        """
        self.team = team
        self.edition = edition
        self.editions = editions
        self.latest = latest
        self.short = short

    @classmethod
    def of(cls, team: Team, framework_key: str = "") -> "Aspiration":
        """For the named framework, else that of the newest full result, else of the newest short one, else the first.

        Raises Http404 if there is no such framework.
        """
        editions = {edition.framework.key: edition for edition in Edition.objects.usable()}
        rows = Result.objects.current_only().filter(team=team)
        if framework_key:
            rows = rows.filter(framework__key=framework_key)
        rows = rows.select_related("framework", "edition", "assessment", "team").chronological()
        latest = rows.filter(questionnaire=Questionnaire.FULL).last()
        short = None if latest else rows.filter(questionnaire=Questionnaire.SHORT).last()

        newest = latest or short
        newest_key = newest.framework.key if newest else next(iter(editions), "")
        key = framework_key or newest_key
        edition = editions.get(key) or (newest.edition if newest else None)
        if edition is None:
            raise Http404
        return cls(team, edition, editions=editions, latest=latest, short=short)

    @property
    def framework(self) -> Framework:
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
        """The level, or band, above the one that the team is at; the highest one if it is there already."""
        level = self.latest.level if self.latest else None
        if level is None:
            level = self.contents.rungs[0].number
        return min(self.contents.top, level + 1)

    @cached_property
    def targets(self) -> list[GradedTarget]:
        return graded(self.team.targets.filter(framework=self.framework).for_grading())

    @cached_property
    def recalled(self) -> Recalled | None:
        return Recalled.of(self.latest) if self.latest else None

    @cached_property
    def planned(self) -> frozenset[str]:
        """Keys of the criteria with an action that is not done."""
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
        return self.contents.edition.blocks.get("adviser")

    @cached_property
    def remembered(self) -> AdviserAnswers | None:
        rows = AdviserAnswers.objects.filter(team=self.team, framework=self.framework)
        return rows.select_related("by").first()

    def rung(self, number: int) -> Rung:
        """The level, or band, with this number; the framework has one."""
        return next(rung for rung in self.contents.rungs if rung.number == number)

    @property
    def index_scale(self) -> IndexScale:
        """That of the newest full result, from which everything here starts."""
        edition = self.latest.edition if self.latest else self.edition
        return edition.contents.index_scale
