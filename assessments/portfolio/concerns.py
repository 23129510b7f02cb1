"""Why a team may need attention: what the reasons are, whether a team has them, and where to go.

What follows from an index or a due date is told of teams that the person may open, what follows from single answers or
actions of teams whose results they may see.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Action, PartResult
from ..models.framework_texts import filled
from ..models.results import as_fraction
from ..results.report import agrees_hardly
from ..web.dates import day, shifted
from .many_ids import ManyIds
from .portfolio import Portfolio
from .rows import ConcernKind, TeamRow
from .team_rows import newest_ids

#: An action that did not move for so long is stale.
STILL = datetime.timedelta(days=90)
#: A target that was missed longer ago is left to the history.
MONTHS = 12
#: How serious a reason is, as it is drawn: a loss, a warning, or neither.
LOSS, WARNING, NEITHER = "loss", "warning", "neither"
WEIGHTS = {
    ConcernKind.DOWN: LOSS,
    ConcernKind.MISSED: LOSS,
    ConcernKind.OVERDUE: WARNING,
    ConcernKind.STALE: WARNING,
    ConcernKind.NO_ACTIONS: NEITHER,
    ConcernKind.DISAGREE: NEITHER,
}
#: What the link of a reason says.
LINKS = {
    ConcernKind.DOWN: gettext_lazy("See what changed"),
    ConcernKind.MISSED: gettext_lazy("Open target"),
    ConcernKind.OVERDUE: gettext_lazy("Open team"),
    ConcernKind.STALE: gettext_lazy("Open actions"),
    ConcernKind.NO_ACTIONS: gettext_lazy("Open roadmap"),
    ConcernKind.DISAGREE: gettext_lazy("See the votes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Why a team needs attention: in two words, in a sentence, and what to open (empty if the person may not).

    Sentence and address are made when they are asked for: of a thousand teams most are only counted.
    """

    kind: ConcernKind
    tell: Callable[[], str]
    lead: Callable[[], str]

    @property
    def weight(self) -> str:
        return WEIGHTS[self.kind]

    @property
    def label(self) -> str:
        return str(self.kind.label)

    @property
    def link(self) -> str:
        return str(LINKS[self.kind])

    @property
    def sentence(self) -> str:
        return self.tell()

    @property
    def address(self) -> str:
        return self.lead()


class Concerns:
    """The reasons of each named team of a portfolio that has a result.

    Two queries at most: open actions, and levels of dimensions whose target was missed.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.contents = portfolio.contents
        self.framework = portfolio.query.edition.framework

    def of(self, row: TeamRow) -> Iterable[Concern]:
        """The most serious first."""
        yield from self._went_down(row)
        if row.team.pk in self._missed_targets and self.portfolio.viewer.may_open(row.team):
            yield from self._missed(row)
        if row.is_stale:
            yield from self._overdue(row)
        if self.portfolio.viewer.sees_result(row.team):
            yield from self._actions(row)
            yield from self._disagree(row)

    def _address(self, row: TeamRow, name: str) -> str:
        if not self.portfolio.viewer.may_open(row.team):
            return ""
        return f"{reverse(name, args=[row.team.pk])}?framework={self.framework.key}"

    # ------------------------------------------------------------------ the reasons

    def _went_down(self, row: TeamRow) -> Iterable[Concern]:
        tell = self._fall(row)
        if tell:
            yield Concern(kind=ConcernKind.DOWN, tell=tell, lead=partial(self._what_changed, row))

    def _what_changed(self, row: TeamRow) -> str:
        if not self.portfolio.viewer.sees_result(row.team) or row.newest is None or row.previous is None:
            return self._address(row, "team")
        pair = f"earlier={row.previous.pk}&later={row.newest.pk}"
        return f"{reverse('team-compare', args=[row.team.pk])}?{pair}"

    def _fall(self, row: TeamRow) -> Callable[[], str] | None:
        """What says how level or index fell since the previous result; None if neither reads lower."""
        if row.newest is None or row.previous is None:
            return None
        now, before = row.newest.level, row.previous.level
        if now is not None and before is not None and now < before:
            return partial(self._level_fell, before, now)
        # As in the exported file: of other teams there are levels, and no index.
        if row.is_apart or not self.portfolio.viewer.may_open(row.team):
            return None
        if row.newest.index_exact == row.previous.index_exact:
            return None
        index, earlier = as_fraction(row.newest.index_exact), as_fraction(row.previous.index_exact)
        if index is None or earlier is None or index >= earlier:
            return None
        if not self.contents.index_scale.direction(index - earlier):
            return None
        return partial(self._index_fell, earlier, index)

    def _level_fell(self, before: int, now: int) -> str:
        if self.contents.edition.uses_levels:
            return _("Level fell from {before} to {now}.").format(before=before, now=now)
        names = {"before": self.contents.rung_name(before), "now": self.contents.rung_name(now)}
        return filled(_("Fell from {before} to {now}."), **names)

    def _index_fell(self, before: Fraction, now: Fraction) -> str:
        scale = self.contents.index_scale
        return _("Index fell from {before} to {now}.").format(before=scale.text(before), now=scale.text(now))

    def _missed(self, row: TeamRow) -> Iterable[Concern]:
        for dimension, level, due in self._missed_targets.get(row.team.pk, ()):
            now = row.level_here
            if dimension:
                now = self._dimension_levels.get((row.newest.pk, dimension)) if row.newest else None
            if row.is_apart or now is None or now >= level:
                continue
            tell = partial(self._target_missed, dimension, level, due, now)
            yield Concern(kind=ConcernKind.MISSED, tell=tell, lead=partial(self._address, row, "team-targets"))

    def _target_missed(self, dimension: str, level: int, due: datetime.date, now: int) -> str:
        values: dict[str, object] = {"level": level, "date": day(due), "now": now}
        if not self.contents.edition.uses_levels:
            values |= {"level": self.contents.rung_name(level), "now": self.contents.rung_name(now)}
        if not dimension:
            return filled(_("Target {level} by {date}, still at {now}."), **values)
        values["dimension"] = self.contents.dimension_by_key[dimension].name
        return filled(_("{dimension}: target {level} by {date}, still at {now}."), **values)

    @cached_property
    def _missed_targets(self) -> dict[UUID, list[tuple[str, int, datetime.date]]]:
        """By team: what is past its due date, if nothing later is set for the same part."""
        today = self.portfolio.today
        last: dict[tuple[UUID, str], tuple[int, datetime.date]] = {}
        for team, dimension, level, due in self.portfolio.targets_set:
            last.setdefault((team, dimension), (level, due))
        missed: dict[UUID, list[tuple[str, int, datetime.date]]] = {}
        for (team, dimension), (level, due) in last.items():
            is_known = not dimension or dimension in self.contents.dimension_by_key
            if is_known and shifted(today, -MONTHS) <= due < today:
                missed.setdefault(team, []).append((dimension, level, due))
        return missed

    @cached_property
    def _dimension_levels(self) -> dict[tuple, int | None]:
        """Levels of dimensions of the teams that missed a target for one."""
        teams = {
            team for team, targets in self._missed_targets.items() if any(dimension for dimension, *_rest in targets)
        }
        results = newest_ids(row for row in self.portfolio.named if row.team.pk in teams)
        rows = PartResult.objects.filter(result__in=results, kind=PartResult.Kind.DIMENSION).order_by()
        return {(result, key): level for result, key, level in rows.values_list("result_id", "key", "level")}

    def _overdue(self, row: TeamRow) -> Iterable[Concern]:
        tell = partial(self._last_assessed, row.months)
        yield Concern(kind=ConcernKind.OVERDUE, tell=tell, lead=partial(self._address, row, "team"))

    @staticmethod
    def _last_assessed(months: int) -> str:
        sentence = ngettext("Last assessed {count} month ago.", "Last assessed {count} months ago.", months)
        return sentence.format(count=months)

    def _actions(self, row: TeamRow) -> Iterable[Concern]:
        pending, still = self._pending.get(row.team.pk, (0, 0))
        is_at_the_top = row.level_here is None or row.level_here >= self.contents.top
        roadmap = partial(self._address, row, "team-roadmap")
        if not pending and not is_at_the_top:
            yield Concern(kind=ConcernKind.NO_ACTIONS, tell=self._nothing_planned, lead=roadmap)
        elif still:
            yield Concern(kind=ConcernKind.STALE, tell=partial(self._still, still), lead=roadmap)

    @staticmethod
    def _nothing_planned() -> str:
        return _("Nothing is planned.")

    @staticmethod
    def _still(actions: int) -> str:
        sentence = ngettext(
            "{count} action has not moved for {days} days.",
            "{count} actions have not moved for {days} days.",
            actions,
        )
        return sentence.format(count=actions, days=STILL.days)

    @cached_property
    def _pending(self) -> dict[UUID, tuple[int, int]]:
        """Of each team whose results the person may see: how many actions are open, and how many of them are stale."""
        seen = [row.team.pk for row in self.portfolio.named if self.portfolio.viewer.sees_result(row.team)]
        actions = Action.objects.pending().filter(team__in=ManyIds(seen), framework=self.framework)
        is_still = Q(status_at__lt=timezone.now() - STILL)
        counts = actions.order_by().values("team").annotate(n=Count("pk"), still=Count("pk", filter=is_still))
        return {row["team"]: (row["n"], row["still"]) for row in counts}

    def _disagree(self, row: TeamRow) -> Iterable[Concern]:
        result = row.newest
        if result is None or not result.discuss or not agrees_hardly(as_fraction(result.agreement_exact)):
            return
        tell = partial(self._answers_differ, result.discuss, result.asked)
        yield Concern(kind=ConcernKind.DISAGREE, tell=tell, lead=partial(self._votes, result.pk))

    @staticmethod
    def _answers_differ(discuss: int, asked: int) -> str:
        sentence = ngettext(
            "Answers differ on {count} of {asked} criteria.", "Answers differ on {count} of {asked} criteria.", discuss
        )
        return sentence.format(count=discuss, asked=asked)

    @staticmethod
    def _votes(result: UUID) -> str:
        return f"{reverse('result', args=[result])}#agreement"
