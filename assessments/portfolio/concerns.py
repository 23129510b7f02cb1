"""Why a team may need attention: what the reasons are, whether a team has them, and where to go.

What follows from an index or a due date is told of teams that the person may open, what follows from single answers or
actions of teams whose results they may see.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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
LOSSES = tuple(kind for kind, weight in WEIGHTS.items() if weight == LOSS)
#: What the link of a reason says.
LINKS = {
    ConcernKind.DOWN: gettext_lazy("See what changed"),
    ConcernKind.MISSED: gettext_lazy("Open target"),
    ConcernKind.OVERDUE: gettext_lazy("Open team"),
    ConcernKind.STALE: gettext_lazy("Open actions"),
    ConcernKind.NO_ACTIONS: gettext_lazy("Open roadmap"),
    ConcernKind.DISAGREE: gettext_lazy("See the votes"),
}
#: The page that a reason leads to, if it is one of the team.
PAGES = {
    ConcernKind.MISSED: "team-targets",
    ConcernKind.OVERDUE: "team",
    ConcernKind.STALE: "team-roadmap",
    ConcernKind.NO_ACTIONS: "team-roadmap",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Why a team needs attention: in two words, in a sentence, and what to open (empty if the person may not)."""

    kind: ConcernKind
    sentence: str
    address: str

    @property
    def weight(self) -> str:
        return WEIGHTS[self.kind]

    @property
    def label(self) -> str:
        return str(self.kind.label)

    @property
    def link(self) -> str:
        return str(LINKS[self.kind])


class Concerns:
    """The reasons of each named team of a portfolio that has a result.

    Most of many teams are only counted, by the kinds of their reasons. Sentences and addresses are made for the few
    that are listed.

    Two queries at most: open actions, and levels of dimensions whose target was missed.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.viewer = portfolio.viewer
        self._sees_any_result = self.viewer.sees_any_result
        self.contents = portfolio.contents
        self._scale = self.contents.index_scale
        self.framework = portfolio.query.edition.framework

    # ------------------------------------------------------------------ whether there are reasons

    def kinds(self, row: TeamRow) -> tuple[ConcernKind, ...]:
        """The kind of each reason, the most serious first; missed targets are a reason each."""
        kinds = []
        if self._fell(row):
            kinds.append(ConcernKind.DOWN)
        if row in self._missed_targets:
            kinds += [ConcernKind.MISSED] * len(self._missed(row))
        if row.is_stale:
            kinds.append(ConcernKind.OVERDUE)
        if self._sees_any_result and self.viewer.sees_result(row.team):
            kinds += self._seen_in_the_result(row)
        return tuple(kinds)

    def _seen_in_the_result(self, row: TeamRow) -> Iterator[ConcernKind]:
        """What only people know who see more of the team than levels."""
        pending, still = self._pending.get(row.team.pk, (0, 0))
        is_at_the_top = row.level_here is None or row.level_here >= self.contents.top
        if not pending and not is_at_the_top:
            yield ConcernKind.NO_ACTIONS
        elif still:
            yield ConcernKind.STALE
        result = row.newest
        if result and result.discuss and agrees_hardly(as_fraction(result.agreement_exact)):
            yield ConcernKind.DISAGREE

    def _fell(self, row: TeamRow) -> bool:
        """Whether the level is lower than in the previous result, or else the index reads lower."""
        # As in the exported file: of other teams there are levels, and no index.
        return row.level_fell or (row.index_fell and self.viewer.may_open(row.team))

    def _missed(self, row: TeamRow) -> list[tuple[str, int, datetime.date, int]]:
        """Targets that are past due and not reached, as (dimension, level, due date, level now)."""
        if row.is_apart or not self.viewer.may_open(row.team):
            return []
        missed = []
        for dimension, level, due in self._missed_targets.get(row, ()):
            now = row.level_here
            if dimension:
                now = self._dimension_levels.get((row.newest.digits, dimension)) if row.newest else None
            if now is not None and now < level:
                missed.append((dimension, level, due, now))
        return missed

    @cached_property
    def _missed_targets(self) -> dict[TeamRow, list[tuple[str, int, datetime.date]]]:
        """By team with a result: what is past its due date, if nothing later is set for the same part."""
        today = self.portfolio.today
        since = shifted(today, -MONTHS)
        last: dict[tuple[UUID, str], tuple[int, datetime.date]] = {}
        for team, dimension, level, due in self.portfolio.targets_set:
            last.setdefault((team, dimension), (level, due))
        missed: dict[TeamRow, list[tuple[str, int, datetime.date]]] = {}
        for (team, dimension), (level, due) in last.items():
            is_known = not dimension or dimension in self.contents.dimension_by_key
            row = self.portfolio.row_of.get(team) if is_known and since <= due < today else None
            if row:
                missed.setdefault(row, []).append((dimension, level, due))
        return missed

    @cached_property
    def _dimension_levels(self) -> dict[tuple, int | None]:
        """Levels of dimensions of the teams that missed a target for one."""
        missed = self._missed_targets.items()
        rows = [row for row, targets in missed if any(dimension for dimension, *_rest in targets)]
        parts = PartResult.objects.filter(result__in=newest_ids(rows), kind=PartResult.Kind.DIMENSION).order_by()
        return {(result.hex, key): level for result, key, level in parts.values_list("result_id", "key", "level")}

    @cached_property
    def _pending(self) -> dict[UUID, tuple[int, int]]:
        """Of each team whose results the person may see: how many actions are open, and how many of them are stale."""
        seen = ManyIds(row.team.pk for row in self.portfolio.seen)
        actions = Action.objects.pending().filter(team__in=seen, framework=self.framework)
        is_still = Q(status_at__lt=timezone.now() - STILL)
        counts = actions.order_by().values("team").annotate(n=Count("pk"), still=Count("pk", filter=is_still))
        return {row["team"]: (row["n"], row["still"]) for row in counts}

    # ------------------------------------------------------------------ in words

    def of(self, row: TeamRow) -> Iterator[Concern]:
        """Each reason, in the order of `kinds`."""
        for kind in dict.fromkeys(self.kinds(row)):
            address = self._address(kind, row)
            for sentence in self._sentences(kind, row):
                yield Concern(kind=kind, sentence=sentence, address=address)

    def _address(self, kind: ConcernKind, row: TeamRow) -> str:
        if kind == ConcernKind.DISAGREE and row.newest:
            return f"{reverse('result', args=[row.newest.pk])}#agreement"
        if kind == ConcernKind.DOWN and row.newest and row.previous and self.viewer.sees_result(row.team):
            pair = f"earlier={row.previous.pk}&later={row.newest.pk}"
            return f"{reverse('team-compare', args=[row.team.pk])}?{pair}"
        if not self.viewer.may_open(row.team):
            return ""
        return f"{reverse(PAGES.get(kind, 'team'), args=[row.team.pk])}?framework={self.framework.key}"

    def _sentences(self, kind: ConcernKind, row: TeamRow) -> Iterator[str]:
        """One, or of missed targets one each."""
        match kind:
            case ConcernKind.DOWN:
                yield self._fall(row)
            case ConcernKind.MISSED:
                for missed in self._missed(row):
                    yield self._target_missed(*missed)
            case ConcernKind.OVERDUE:
                sentence = ngettext("Last assessed {count} month ago.", "Last assessed {count} months ago.", row.months)
                yield sentence.format(count=row.months)
            case ConcernKind.STALE:
                yield self._still(row)
            case ConcernKind.NO_ACTIONS:
                yield _("Nothing is planned.")
            case ConcernKind.DISAGREE:
                yield self._answers_differ(row)

    def _fall(self, row: TeamRow) -> str:
        """How the level fell since the previous result, or else the index."""
        if row.newest is None or row.previous is None:
            return ""
        if row.level_fell:
            return self._level_in_words(row.previous.level, row.newest.level)
        scale = self._scale
        before, now = as_fraction(row.previous.index_exact), as_fraction(row.newest.index_exact)
        return _("Index fell from {before} to {now}.").format(before=scale.text(before), now=scale.text(now))

    def _level_in_words(self, before: int | None, now: int | None) -> str:
        if self.contents.edition.uses_levels:
            return _("Level fell from {before} to {now}.").format(before=before, now=now)
        names = {"before": self.contents.rung_name(before), "now": self.contents.rung_name(now)}
        return filled(_("Fell from {before} to {now}."), **names)

    def _target_missed(self, dimension: str, level: int, due: datetime.date, now: int) -> str:
        values: dict[str, object] = {"level": level, "date": day(due), "now": now}
        if not self.contents.edition.uses_levels:
            values |= {"level": self.contents.rung_name(level), "now": self.contents.rung_name(now)}
        if not dimension:
            return filled(_("Target {level} by {date}, still at {now}."), **values)
        values["dimension"] = self.contents.dimension_by_key[dimension].name
        return filled(_("{dimension}: target {level} by {date}, still at {now}."), **values)

    def _still(self, row: TeamRow) -> str:
        _pending, still = self._pending[row.team.pk]
        sentence = ngettext(
            "{count} action has not moved for {days} days.",
            "{count} actions have not moved for {days} days.",
            still,
        )
        return sentence.format(count=still, days=STILL.days)

    @staticmethod
    def _answers_differ(row: TeamRow) -> str:
        discuss, asked = (row.newest.discuss, row.newest.asked) if row.newest else (0, 0)
        sentence = ngettext(
            "Answers differ on {count} of {asked} criteria.", "Answers differ on {count} of {asked} criteria.", discuss
        )
        return sentence.format(count=discuss, asked=asked)
