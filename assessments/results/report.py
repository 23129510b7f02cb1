"""Where a team stands by one result, beside the one before it: what the team page and the result page show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import scoring
from ..charts import ProfileBar, level_step, profile_bar
from ..models import Criterion, CriterionResult, Dimension, Group, PartResult, Result
from ..models.framework_texts import filled
from ..models.results import Figures, as_fraction
from ..planning.target_progress import GradedTarget, next_by_part
from ..web.dates import last_confirmed, short_month
from ..web.figures import percent
from .history import Line

#: How Krippendorff's alpha is read (Content Analysis, 2004).
RELIABLE = scoring.Threshold(kind="at_least", value=Fraction(4, 5))
TENTATIVE = scoring.Threshold(kind="at_least", value=Fraction(667, 1000))
BY_CHANCE = scoring.Threshold(kind="more_than", value=Fraction(0))
ALPHA_EDGES = (RELIABLE, TENTATIVE, BY_CHANCE)
#: How rwg is read (LeBreton and Senter, 2008): strong agreement, moderate, and weak or none.
STRONG = scoring.Threshold(kind="more_than", value=Fraction(7, 10))
MODERATE = scoring.Threshold(kind="more_than", value=Fraction(1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """A step of the ladder as it is drawn for one result."""

    number: int
    name: str
    description: str
    step: int
    reached: bool
    now: bool
    best: bool
    vacuous: bool
    flag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """One dimension or group: level, best case, index, partial progress, and the change against the previous result."""

    key: str
    name: str
    kind: str
    level: int | None
    could_be: int | None
    index: str | None
    index_best: str | None
    bar: ProfileBar | None
    change: int | None
    index_change: str | None
    answered: int
    asked: int
    agreement: str | None
    agreement_in_words: str
    discuss: int
    target: GradedTarget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A criterion that came out differently than in the previous result."""

    criterion: Criterion
    before: str
    after: str
    points: Fraction

    @property
    def is_better(self) -> bool:
        return self.points > 0

    @property
    def is_worse(self) -> bool:
        return self.points < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A criterion with what it came to."""

    criterion: Criterion
    row: CriterionResult
    name: str

    @property
    def is_blocker(self) -> bool:
        """Whether it keeps the team from the next level."""
        return self.row.blocker is not None

    @property
    def in_words(self) -> str:
        """How much the votes agree, such as `75% say the same, up to 1 step apart, agreement 80%`; else empty."""
        agreement = as_fraction(self.row.rwg_exact)
        share = as_fraction(self.row.share_exact)
        if agreement is None or share is None:
            return ""
        spread = self.row.spread or 0
        if spread:
            sentence = ngettext(
                "{share} say the same, up to {steps} step apart, agreement {agreement}",
                "{share} say the same, up to {steps} steps apart, agreement {agreement}",
                spread,
            )
        else:
            sentence = _("{share} say the same, nobody differs, agreement {agreement}")
        return sentence.format(share=percent(share), steps=spread, agreement=percent(agreement))

    @property
    def distribution(self) -> list[tuple[str, int]]:
        """Votes per answer, in the order of the scale, as (name of the answer, number)."""
        return [
            (self.criterion.answer_name(code), self.row.votes[code])
            for code in [*self.criterion.scale.by_code, scoring.NA, scoring.DK]
            if self.row.votes.get(code)
        ]


def settled_by(result: Result, settled: Settled) -> str:
    """What decided on the rating; or why there is none, if that is because too few people voted."""
    if settled.row.is_agreed:
        return _("agreed")
    if settled.row.rating:
        return _("median")
    return _("fewer than four people voted on this") if result.left_out else ""


def agreement_in_words(share: Fraction | None) -> str:
    """How much people agree by rwg from 0 to 1; empty without a figure."""
    if share is None:
        return ""
    if STRONG.met_by(share):
        return _("People agree strongly")
    if MODERATE.met_by(share):
        return _("People agree somewhat")
    return _("People hardly agree")


def agrees_hardly(share: Fraction | None) -> bool:
    """Whether people hardly agree by rwg; without a figure that is not known."""
    return share is not None and not MODERATE.met_by(share)


Number = TypeVar("Number", int, Fraction)


def _difference(now: Number | None, before: Number | None) -> Number | None:
    return None if now is None or before is None else now - before


class Standing:
    """A result, read for showing. Three queries, however long the history is. `targets` are shown beside it.

    One that is not `is_newest` does not age: another has taken its place.
    """

    #: Whether nothing of it is stored, so that no other address can show it.
    is_made_up = False

    def __init__(
        self,
        result: Result,
        previous: Result | None,
        targets: Sequence[GradedTarget] = (),
        *,
        is_newest: bool = True,
    ) -> None:
        self.result = result
        self.previous = previous
        self.is_newest = is_newest
        self.targets = {part: target for part, target in next_by_part(targets).items() if not target.outdated}
        self.contents = result.edition.contents
        self.results = [result, previous] if previous else [result]

    @classmethod
    def of(cls, result: Result, targets: Sequence[GradedTarget] = ()) -> "Standing":
        return cls(result, result.previous(), targets)

    @property
    def line_query(self) -> str:
        """The history that the result belongs to, as pages of the team have it in their address."""
        return Line.of(self.result).query

    @property
    def uses_levels(self) -> bool:
        return self.contents.edition.uses_levels

    @cached_property
    def rungs(self) -> list[LadderStep]:
        result = self.result
        top = self.contents.top
        level = -1 if result.level is None else result.level
        best = level if result.best is None else result.best
        return [
            LadderStep(
                number=rung.number,
                name=rung.name,
                description=rung.description,
                step=level_step(rung.number, top),
                reached=rung.number <= level,
                now=rung.number == level,
                best=level < best == rung.number,
                vacuous=rung.number in self.vacuous,
                flag=self._flag(rung.number),
            )
            for rung in self.contents.rungs
        ]

    def _flag(self, number: int) -> str:
        graded = self.targets.get("")
        if graded is None or graded.target.level != number:
            return ""
        return _("target {month}").format(month=short_month(graded.target.due))

    @property
    def rule_name(self) -> str:
        return self.contents.rules.get(self.result.rule, "")

    @property
    def vacuous(self) -> list[int]:
        """Levels at which nothing applies."""
        return self.result.outcomes[self.result.rule]["vacuous"]

    @property
    def applicability_percent(self) -> str:
        share = scoring.exact(self.contents.edition.scoring.get("applicability_warning_below", "0.7"))
        return percent(share)

    @property
    def _agreement(self) -> Fraction | None:
        return as_fraction(self.result.agreement_exact)

    @property
    def agreement(self) -> str | None:
        """Agreement of the whole in percent; None if no criterion has two votes."""
        return None if self._agreement is None else percent(self._agreement)

    @property
    def agreement_in_words(self) -> str:
        """How much people agree on the typical criterion; empty if no criterion has two votes."""
        return agreement_in_words(self._agreement)

    @property
    def alpha_in_brief(self) -> str:
        """How alike people see the whole, in a few words."""
        alpha = as_fraction(self.result.alpha_exact)
        if alpha is None:
            return _("Nothing to compare")
        if RELIABLE.met_by(alpha):
            return _("People see the team alike")
        if TENTATIVE.met_by(alpha):
            return _("People mostly see the team alike")
        if BY_CHANCE.met_by(alpha):
            return _("People see the team differently")
        return _("People differ more than by chance")

    @property
    def alpha(self) -> str | None:
        """Krippendorff's alpha of the whole, with two decimals, or more beside an edge of how it is read."""
        alpha = as_fraction(self.result.alpha_exact)
        return None if alpha is None else scoring.told_apart(alpha, 2, ALPHA_EDGES).replace("-", "−")

    @property
    def alpha_in_words(self) -> str:
        """What follows from how alike people see the whole, beside `alpha_in_brief`; empty if nothing does."""
        alpha = as_fraction(self.result.alpha_exact)
        if alpha is None:
            return _("Nobody differs, or too few people answered the same questions to compare them.")
        if RELIABLE.met_by(alpha):
            return ""
        if TENTATIVE.met_by(alpha):
            return _("Check single criteria with care.")
        if self._agreement is not None and STRONG.met_by(self._agreement):
            return _(
                "Alpha is low all the same: most votes are alike, so the few that differ weigh heavily in it. Discuss "
                "the criteria on which people differ before you rely on them."
            )
        if BY_CHANCE.met_by(alpha):
            return _("Rely on it where the team has agreed together; people saw the rest differently.")
        return _("Find out what people understood differently.")

    @property
    def other_rules(self) -> list[tuple[str, int | None, int | None]]:
        """Every other rule of the edition as (name, level, best case)."""
        outcomes = self.result.outcomes
        return [
            (name, outcomes[key]["level"], outcomes[key]["best"])
            for key, name in self.contents.rules.items()
            if key != self.result.rule and key in outcomes
        ]

    @property
    def headline(self) -> str:
        """The level, or the name of the band."""
        if self.result.level is None:
            return scoring.DASH
        return str(self.result.level) if self.uses_levels else self.level_name

    @property
    def best_headline(self) -> str:
        """The same in the best case; empty if that is no other."""
        if self.result.could_be is None:
            return ""
        return str(self.result.could_be) if self.uses_levels else self.best_name

    @property
    def has_range(self) -> bool:
        """Whether something is shown that could be better if every question were answered."""
        return bool(self.best_headline or self.index_best)

    @property
    def level_name(self) -> str:
        return self.contents.rung_name(self.result.level)

    @property
    def best_name(self) -> str:
        return self.contents.rung_name(self.result.best)

    def shown(self, text: str) -> str | None:
        """An exact figure as it is read: two decimals for an index, one for a section score."""
        return self.contents.index_scale.text(as_fraction(text)) if text else None

    @property
    def index(self) -> str | None:
        return self.shown(self.result.index_exact)

    @property
    def index_best(self) -> str | None:
        """The index in the best case, where it reads otherwise than the index."""
        best = self.shown(self.result.index_best_exact)
        return None if best == self.index else best

    @property
    def index_change(self) -> str | None:
        """The change of the index since the previous result, with its sign; None where it cannot be compared."""
        change = self._index_difference(self.result, self.previous)
        return None if change is None else self.contents.index_scale.change(change)

    def _index_difference(self, now: Figures, before: Figures | None) -> Fraction | None:
        if before is None or not self.compares_index:
            return None
        return _difference(as_fraction(now.index_exact), as_fraction(before.index_exact))

    @cached_property
    def compares_index(self) -> bool:
        """Whether there is a previous result, and its index is on the same scale."""
        return self.previous is not None and self.result.index_compares_to(self.previous)

    @property
    def level_change(self) -> int | None:
        return _difference(self.result.level, self._on_ladder.level) if self._on_ladder else None

    @property
    def is_on_another_version(self) -> bool:
        """Whether the previous result stands on another version of the framework."""
        return self.previous is not None and self.previous.edition_id != self.result.edition_id

    @cached_property
    def _on_ladder(self) -> Result | None:
        """The previous result, where its levels mean the same."""
        return self.previous if self.previous and self.previous.is_on_the_ladder_of(self.result) else None

    @property
    def fell(self) -> bool:
        """Whether level or index of the whole, or the level of a dimension, reads lower than in the previous result."""
        index = self._index_difference(self.result, self.previous)
        if self.contents.index_scale.direction(index) < 0:
            return True
        changes = [self.level_change, *(row.change for row in self.dimensions)]
        return any(change is not None and change < 0 for change in changes)

    @property
    def last_confirmed(self) -> str:
        """How long ago, if that is too long; empty for a result that a newer one has taken the place of."""
        return last_confirmed(self.result.date, self.result.team.today()) if self.is_newest else ""

    @property
    def coverage(self) -> str:
        return percent(self.result.coverage)

    @property
    def top_score(self) -> str:
        """The highest index or section score that there is."""
        return self.contents.index_scale.top_text

    # ------------------------------------------------------------------ parts

    @cached_property
    def _parts(self) -> Mapping[tuple, PartResult]:
        rows = PartResult.objects.filter(result__in=self.results)
        return {(row.result_id, row.kind, row.key): row for row in rows}

    def _rows(self, kind: str, parts: Iterable[Group | Dimension]) -> list[ProfileRow]:
        return [self._row(kind, part) for part in parts if (self.result.pk, kind, part.key) in self._parts]

    def _row(self, kind: str, part: Group | Dimension) -> ProfileRow:
        now = self._parts[self.result.pk, kind, part.key]
        before: Figures | None = self.previous and self._parts.get((self.previous.pk, kind, part.key))
        index = self.shown(now.index_exact)
        best = self.shown(now.index_best_exact)
        change = self._index_difference(now, before)
        agreement = as_fraction(now.agreement_exact)
        target = self.targets.get(part.key) if kind == PartResult.Kind.DIMENSION else None
        return ProfileRow(
            key=part.key,
            name=part.name,
            kind=kind,
            level=now.level,
            could_be=now.could_be,
            index=index,
            index_best=None if best == index else best,
            bar=self._bar(now, target) if self.uses_levels else None,
            change=_difference(now.level, before.level) if before and self._on_ladder else None,
            index_change=self.contents.index_scale.change(change) if change else None,
            answered=now.settled,
            asked=now.asked,
            target=target,
            agreement=None if agreement is None else percent(agreement),
            agreement_in_words=agreement_in_words(agreement),
            discuss=now.discuss,
        )

    def _bar(self, now: PartResult, target: GradedTarget | None) -> ProfileBar:
        """A dimension without a target of its own has to reach that of the whole."""
        aim = target or self.targets.get("")
        cells = [
            (level.number, as_fraction(now.cells.get(str(level.number), ""))) for level in self.contents.levels[1:]
        ]
        return profile_bar(cells, reached=now.level, top=self.contents.top, target=aim.target.level if aim else None)

    @cached_property
    def dimensions(self) -> list[ProfileRow]:
        return self._rows(PartResult.Kind.DIMENSION, self.contents.dimensions)

    @cached_property
    def groups(self) -> list[ProfileRow]:
        return self._rows(PartResult.Kind.GROUP, self.contents.groups)

    def indexes(self, result: Result) -> list[Fraction | None]:
        """Index of each dimension shown, for one of the two results; None where there is none."""
        parts = [self._parts.get((result.pk, PartResult.Kind.DIMENSION, row.key)) for row in self.dimensions]
        return [as_fraction(part.index_exact) if part else None for part in parts]

    # ------------------------------------------------------------------ criteria

    @cached_property
    def _criteria(self) -> dict:
        """Rows of both results, by result and key."""
        rows: dict = {result.pk: {} for result in self.results}
        for row in CriterionResult.objects.filter(result__in=self.results):
            rows[row.result_id][row.key] = row
        return rows

    @cached_property
    def criteria(self) -> list[Settled]:
        """Every criterion asked, in the order of the framework."""
        rows = self._criteria[self.result.pk]
        return [
            Settled(
                criterion=criterion,
                row=rows[criterion.key],
                name=criterion.answer_name(rows[criterion.key].rating),
            )
            for criterion in self.contents.criteria
            if criterion.key in rows
        ]

    @cached_property
    def by_dimension(self) -> list[tuple]:
        """The criteria as (dimension, list of Settled)."""
        collected: dict = {}
        for settled in self.criteria:
            collected.setdefault(settled.criterion.dimension, []).append(settled)
        return list(collected.items())

    @cached_property
    def blockers(self) -> list[Settled]:
        """What keeps the team from the next level, in the order of the scoring document."""
        blocking = [settled for settled in self.criteria if settled.row.blocker is not None]
        return sorted(blocking, key=lambda settled: settled.row.blocker or 0)

    @property
    def next_rung(self) -> str:
        """The level or band that the blockers keep the team from; empty at the top.

        It may lie above every blocker: a rule can ask more of a level from above than it asked at the level itself.
        """
        rung = self._next
        if rung is None:
            return ""
        if not self.uses_levels:
            return rung.name
        return filled(_("level {number}, {name}"), number=rung.number, name=rung.name)

    @property
    def next_number_or_name(self) -> str:
        """The same in short: the number of a level, or the name of a band."""
        rung = self._next
        if rung is None:
            return ""
        return str(rung.number) if self.uses_levels else rung.name

    @property
    def _next(self) -> LadderStep | None:
        if not self.blockers:
            return None
        reached = self.result.level or 0
        return next(rung for rung in self.rungs if rung.number > reached and not rung.vacuous)

    @cached_property
    def changes(self) -> list[Change]:
        """Criteria that both results have in the same meaning and that came out differently, setbacks first."""
        if self.previous is None:
            return []
        earlier = self._criteria[self.previous.pk]
        changes = []
        for settled in self.criteria:
            before = earlier.get(settled.row.key)
            if before is None or before.meaning != settled.row.meaning or before.rating == settled.row.rating:
                continue
            difference = _difference(as_fraction(settled.row.points_exact), as_fraction(before.points_exact))
            changes.append(
                Change(
                    criterion=settled.criterion,
                    before=settled.criterion.answer_name(before.rating),
                    after=settled.name,
                    points=difference or Fraction(0),
                )
            )
        return sorted(changes, key=lambda change: (change.points >= 0, change.points == 0))
