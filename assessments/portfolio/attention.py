"""Teams that need attention, each with its reasons and where to go.

Of teams by name only. What follows from an index or a due date is shown for teams that the person may open, what
follows from single answers or actions for teams whose results they may see.
"""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Action, PartResult
from ..models.results import as_fraction
from ..results.report import agrees_hardly
from ..web.dates import day, shifted
from .portfolio import Portfolio
from .rows import ATTENTION, TeamRow

#: An action that did not move for so long is stale.
STILL = datetime.timedelta(days=90)
#: So many teams are listed at first, and so many for one reason.
LISTED, MOST_LISTED = 12, 100
#: A target that was missed longer ago is left to the history.
MONTHS = 12
DOWN, MISSED, OVERDUE, STALE, NO_ACTIONS, DISAGREE = "down", "missed", "overdue", "stale", "no-actions", "disagree"
#: How serious a reason is, as it is drawn: a loss, a warning, or neither.
LOSS, WARNING, NEITHER = "loss", "warning", "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Why a team needs attention: in two words, in a sentence, and what to open (empty if the person may not)."""

    kind: str
    weight: str
    label: str
    sentence: str
    address: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needing:
    """A team with its reasons, the most serious first."""

    row: TeamRow
    reasons: tuple[Concern, ...]

    @property
    def losses(self) -> int:
        return sum(reason.weight == LOSS for reason in self.reasons)

    @property
    def to_open(self) -> Concern | None:
        """The first reason that leads somewhere."""
        return next((reason for reason in self.reasons if reason.address), None)


class Attention:
    """Over the named teams of a portfolio that have a result; of a past day there is nothing to act on.

    Two queries at most: open actions, and levels of dimensions whose target was missed.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.contents = portfolio.contents
        self.framework = portfolio.query.edition.framework

    @cached_property
    def teams(self) -> list[Needing]:
        """The most serious first, else by name."""
        if self.portfolio.query.as_of:
            return []
        needing = []
        for row in self.portfolio.named:
            reasons = tuple(self._reasons(row)) if row.newest else ()
            if reasons:
                needing.append(Needing(row=row, reasons=reasons))
        return sorted(needing, key=lambda team: (-team.losses, team.row.team.name))

    @property
    def shown(self) -> list[Needing]:
        """Those that the page lists: for one reason if that is asked for, and not endlessly many."""
        show = self.portfolio.query.show
        if not show:
            return self.teams[:LISTED]
        return [team for team in self.teams if self._has(team, show)][:MOST_LISTED]

    @staticmethod
    def _has(team: Needing, show: str) -> bool:
        return show == ATTENTION or any(reason.kind == show for reason in team.reasons)

    @property
    def counts(self) -> dict[str, int]:
        """How many teams have a reason of each kind, and how many have any."""
        counts = Counter(kind for team in self.teams for kind in {reason.kind for reason in team.reasons})
        return {ATTENTION: len(self.teams), **counts} if self.teams else {}

    def asked_for(self, rows: list[TeamRow]) -> list[TeamRow]:
        """Those of the rows that the query wants to be shown, in the same order."""
        show = self.portfolio.query.show
        if not show:
            return rows
        kept = {team.row.team.pk for team in self.teams if self._has(team, show)}
        return [row for row in rows if row.team.pk in kept]

    def _reasons(self, row: TeamRow) -> Iterable[Concern]:
        yield from self._went_down(row)
        if self.portfolio.viewer.may_open(row.team):
            yield from self._missed(row)
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
        sentence = self._fall(row)
        if not sentence or row.newest is None or row.previous is None:
            return
        if self.portfolio.viewer.sees_result(row.team):
            pair = f"earlier={row.previous.pk}&later={row.newest.pk}"
            address = f"{reverse('team-compare', args=[row.team.pk])}?{pair}"
        else:
            address = self._address(row, "team")
        yield Concern(
            kind=DOWN, weight=LOSS, label=_("Went down"), sentence=sentence, address=address, link=_("See what changed")
        )

    def _fall(self, row: TeamRow) -> str:
        """How level or index fell since the previous result; empty if neither reads lower."""
        if row.newest is None or row.previous is None:
            return ""
        now, before = row.newest.level, row.previous.level
        if now is not None and before is not None and now < before:
            if not self.contents.edition.uses_levels:
                now_name, before_name = self.contents.rung_name(now), self.contents.rung_name(before)
                return _("Fell from {before} to {now}.").format(before=before_name, now=now_name)
            return _("Level fell from {before} to {now}.").format(before=before, now=now)
        rounded, rounded_before = row.newest.index, row.previous.index
        if rounded is None or rounded_before is None or rounded >= rounded_before:
            return ""
        index, earlier = as_fraction(row.newest.index_exact), as_fraction(row.previous.index_exact)
        scale = self.contents.index_scale
        if row.is_apart or index is None or earlier is None or index >= earlier or not scale.direction(index - earlier):
            return ""
        # As in the exported file: of other teams there are levels, and no index.
        if not self.portfolio.viewer.may_open(row.team):
            return ""
        return _("Index fell from {before} to {now}.").format(before=scale.text(earlier), now=scale.text(index))

    def _missed(self, row: TeamRow) -> Iterable[Concern]:
        for dimension, level, due in self._missed_targets.get(row.team.pk, ()):
            now = row.level_here
            if dimension:
                now = self._dimension_levels.get((row.newest.pk, dimension)) if row.newest else None
            if row.is_apart or now is None or now >= level:
                continue
            values = {"level": level, "date": day(due), "now": now}
            if not self.contents.edition.uses_levels:
                values |= {"level": self.contents.rung_name(level), "now": self.contents.rung_name(now)}
            if dimension:
                values["dimension"] = self.contents.dimension_by_key[dimension].name
                sentence = _("{dimension}: target {level} by {date}, still at {now}.")
            else:
                sentence = _("Target {level} by {date}, still at {now}.")
            yield Concern(
                kind=MISSED,
                weight=LOSS,
                label=_("Target missed"),
                sentence=sentence.format(**values),
                address=self._address(row, "team-targets"),
                link=_("Open target"),
            )

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
        results = [row.newest.pk for row in self.portfolio.named if row.newest and row.team.pk in teams]
        if not results:
            return {}
        rows = PartResult.objects.filter(result__in=results, kind=PartResult.Kind.DIMENSION).order_by()
        return {(result, key): level for result, key, level in rows.values_list("result_id", "key", "level")}

    def _overdue(self, row: TeamRow) -> Iterable[Concern]:
        if row.is_stale:
            sentence = ngettext("Last assessed {count} month ago.", "Last assessed {count} months ago.", row.months)
            yield Concern(
                kind=OVERDUE,
                weight=WARNING,
                label=_("Overdue"),
                sentence=sentence.format(count=row.months),
                address=self._address(row, "team"),
                link=_("Open team"),
            )

    def _actions(self, row: TeamRow) -> Iterable[Concern]:
        pending, still = self._pending.get(row.team.pk, (0, 0))
        is_at_the_top = row.level_here is None or row.level_here >= self.contents.top
        if not pending and not is_at_the_top:
            yield Concern(
                kind=NO_ACTIONS,
                weight=NEITHER,
                label=_("No actions"),
                sentence=_("Nothing is planned."),
                address=self._address(row, "team-roadmap"),
                link=_("Open roadmap"),
            )
        elif still:
            days = STILL.days
            sentence = ngettext(
                "{count} action has not moved for {days} days.",
                "{count} actions have not moved for {days} days.",
                still,
            )
            yield Concern(
                kind=STALE,
                weight=WARNING,
                label=_("Stale actions"),
                sentence=sentence.format(count=still, days=days),
                address=self._address(row, "team-roadmap"),
                link=_("Open actions"),
            )

    @cached_property
    def _pending(self) -> dict[UUID, tuple[int, int]]:
        """Of each team whose results the person may see: how many actions are open, and how many of them are stale."""
        seen = [row.team.pk for row in self.portfolio.named if self.portfolio.viewer.sees_result(row.team)]
        if not seen:
            return {}
        actions = Action.objects.filter(team__in=seen, framework=self.framework, status__in=Action.PENDING)
        is_still = Q(status_at__lt=timezone.now() - STILL)
        counts = actions.order_by().values("team").annotate(n=Count("pk"), still=Count("pk", filter=is_still))
        return {row["team"]: (row["n"], row["still"]) for row in counts}

    def _disagree(self, row: TeamRow) -> Iterable[Concern]:
        result = row.newest
        if result is None or not result.discuss or not agrees_hardly(as_fraction(result.agreement_exact)):
            return
        sentence = ngettext(
            "{count} of {asked} criteria to discuss.", "{count} of {asked} criteria to discuss.", result.discuss
        )
        yield Concern(
            kind=DISAGREE,
            weight=NEITHER,
            label=_("People disagree"),
            sentence=sentence.format(count=result.discuss, asked=result.asked),
            address=f"{reverse('result', args=[result.pk])}#agreement",
            link=_("See the votes"),
        )
