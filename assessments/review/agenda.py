"""What a team looks at in its review: the agenda, and one criterion with its votes, in a picture and in words.

Nothing here carries a name: it is made for a screen that everybody sees.
"""

from dataclasses import dataclass
from functools import cached_property
from random import SystemRandom

from .. import charts, scoring
from ..models import AgreedRating, Assessment, Criterion, Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What somebody wrote, without who and without their vote."""

    reason: str
    comment: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A value the group can agree on, and the level that the whole would then have."""

    code: str
    name: str
    level: int | None
    changes: bool
    checked: bool


class Item:
    """One criterion of the review."""

    def __init__(self, agenda: "Agenda", criterion: Criterion):
        self.agenda, self.criterion = agenda, criterion
        self.settled = agenda.score.criteria[criterion.key]
        self.agreed: AgreedRating | None = agenda.agreed.get(criterion.pk)

    @property
    def is_settled(self) -> bool:
        return self.agreed is not None

    @property
    def has_too_few_votes(self) -> bool:
        """Whether it counts as unanswered because fewer than four people voted anonymously; the group may agree."""
        return self.agenda.assessment.anonymous and not self.settled.votes

    @cached_property
    def median(self) -> str:
        """The code that the votes lead to; empty where nobody voted."""
        votes = (code for code, n in self.settled.votes.items() for _ in range(n))
        return scoring.settle(votes, self.agenda.scales[self.criterion.key]).rating or ""

    @property
    def median_name(self) -> str:
        return self.criterion.answer_name(self.median)

    @property
    def agreed_name(self) -> str:
        """What it was settled on, in words."""
        if self.agreed is None:
            return ""
        kept = f"the median stays: {self.median_name}"
        return kept if self.agreed.keeps_median else self.criterion.answer_name(self.agreed.code)

    @cached_property
    def rows(self) -> list[tuple[str, int, bool]]:
        """(Answer, people who gave it, whether it is the median), every choice of the scale and what else was said."""
        votes = self.settled.votes
        codes = [*reversed(self.criterion.scale.by_code), *(c for c in (scoring.NA, scoring.DK) if votes.get(c))]
        return [(self.criterion.answer_name(code), votes.get(code, 0), code == self.median) for code in codes]

    @property
    def chart(self) -> charts.Votes:
        return charts.votes(self.rows)

    @property
    def in_words(self) -> str:
        """The same as a sentence: `Largely 3, Partly 1; the median is Largely. People are two steps apart.`"""
        said = ", ".join(f"{name} {number}" for name, number, _ in self.rows if number)
        if not said:
            return "Nobody voted on this."
        return f"{said}; the median is {self.median_name}. {apart(self.settled)}"

    @property
    def agreement(self) -> str:
        """rwg in percent; empty below two votes."""
        rwg = self.settled.rwg
        return "" if rwg is None else f"{scoring.percent(rwg)} %"

    @cached_property
    def options(self) -> list[Option]:
        """Every value that can be agreed, with what it would do to the level."""
        codes = [*self.criterion.scale.by_code, *([scoring.NA] if self.criterion.na else [])]
        return [
            Option(
                code=code,
                name=self.criterion.answer_name(code),
                level=(level := self.agenda.level_if(self.criterion, code)),
                changes=level != self.agenda.level,
                checked=self.agreed is not None and self.agreed.code == code,
            )
            for code in codes
        ]

    @property
    def can_change_the_level(self) -> bool:
        return any(option.changes for option in self.options)

    @cached_property
    def remarks(self) -> list[Remark]:
        """Comments, reasons and evidence, in an order that tells nothing."""
        if self.has_too_few_votes or self.agenda.hides_comments:
            return []
        rows = Rating.objects.filter(assessment=self.agenda.assessment, criterion=self.criterion)
        said = []
        for reason, comment, evidence in rows.values_list("reason", "comment", "evidence"):
            if reason and self.agenda.assessment.anonymous:
                # Told like any comment: marked as a reason, it would be a vote with words to it.
                said.append(Remark(reason="", comment=reason, evidence=""))
                reason = ""
            if reason or comment or evidence:
                said.append(Remark(reason=reason, comment=comment, evidence=evidence))
        SystemRandom().shuffle(said)
        return said

    def own_answer(self, ratings) -> str:
        """What the person answered whose ratings these are; empty without one."""
        mine = ratings.filter(criterion=self.criterion).select_related("choice").first()
        return self.criterion.answer_name(mine.code) if mine and mine.answer else ""


def apart(settled: scoring.CriterionResult) -> str:
    """How far the ratings lie apart; a single one has nothing to differ from."""
    if settled.spread is None:
        return ""
    if sum(number for code, number in settled.votes.items() if code not in {scoring.NA, scoring.DK}) == 1:
        return "Only one person rated it."
    if settled.spread == 0:
        return "Everyone who rated it says the same."
    return f"People are up to {settled.spread} {'step' if settled.spread == 1 else 'steps'} apart."


class Agenda:
    """What to talk about, the least agreed first; everything else after it, in the order of the framework."""

    def __init__(self, assessment: Assessment, *, hides_comments: bool = False):
        self.assessment, self.contents = assessment, assessment.edition.contents
        self.hides_comments = hides_comments
        self.score = assessment.score()
        self.instrument = assessment.instrument()
        self.scales = {c.key: c.scale for c in self.instrument.criteria}
        rows = assessment.agreed_ratings.select_related("choice")
        self.agreed = {row.criterion_id: row for row in rows}

    @cached_property
    def items(self) -> list[Item]:
        """Worth talking about: `discuss` of the scoring document, lowest agreement first."""
        found = [item for item in self._all if item.settled.discuss]
        return sorted(found, key=lambda item: 1 if item.settled.rwg is None else item.settled.rwg)

    @cached_property
    def others(self) -> list[Item]:
        return [item for item in self._all if not item.settled.discuss]

    @cached_property
    def _all(self) -> list[Item]:
        return [Item(self, criterion) for criterion in self.assessment.criteria_asked()]

    @property
    def ordered(self) -> list[Item]:
        return self.items + self.others

    @property
    def done(self) -> int:
        return sum(item.is_settled for item in self.items)

    @property
    def unanswered(self) -> int:
        """Questions that count as zero, as no vote counts and nothing is agreed."""
        return self.score.whole.unanswered

    @property
    def can_compare(self) -> bool:
        """Whether two people rated the same question anywhere: only then they can be alike or differ."""
        return any(item.settled.rwg is not None for item in self._all)

    def item(self, criterion_pk: int | None) -> Item | None:
        return next((item for item in self._all if item.criterion.pk == criterion_pk), None)

    def place(self, item: Item) -> int:
        return self.ordered.index(item)

    def next(self, item: Item) -> Item | None:
        after = self.ordered[self.place(item) + 1 :]
        return after[0] if after else None

    def previous(self, item: Item) -> Item | None:
        place = self.place(item)
        return self.ordered[place - 1] if place else None

    # ------------------------------------------------------------------ levels

    @property
    def level(self) -> int | None:
        return self.score.whole.outcomes[self.assessment.rule].level

    def level_if(self, criterion: Criterion, code: str) -> int | None:
        changes = {criterion.key: code}
        return scoring.level_if(self.instrument, self.score.criteria, self.assessment.rule, changes)

    def rung_name(self, number: int | None) -> str:
        return next((rung.name for rung in self.contents.rungs if rung.number == number), "")

    def called(self, number: int | None) -> str:
        """A level or band as it is spoken of."""
        if number is None:
            return "no level"
        return (
            f"level {number}, {self.rung_name(number)}"
            if self.assessment.edition.uses_levels
            else self.rung_name(number)
        )

    @property
    def level_name(self) -> str:
        return self.called(self.level)

    @property
    def best_name(self) -> str:
        """What the level could be if every unanswered question were fully met; empty if that changes nothing."""
        best = self.score.whole.outcomes[self.assessment.rule].best
        return "" if best == self.level else self.called(best)
