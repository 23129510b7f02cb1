"""What a team looks at in its review: the agenda, and one criterion with its votes, in a picture and in words.

Nothing here carries a name: it is made for a screen that everybody sees.
"""

from dataclasses import dataclass
from functools import cached_property
from random import SystemRandom

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import charts, scoring
from ..evidence.beside import Checks, FactBeside
from ..models import AgreedRating, Assessment, Criterion, Rating
from ..models.framework_texts import filled, joined
from ..web.figures import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What somebody wrote, without who and without their vote."""

    reason: str
    comment: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeableValue:
    """A value that the group can agree on, and the level that the whole would then have."""

    code: str
    name: str
    level: int | None
    changes: bool
    checked: bool


class Item:
    """One criterion of the review."""

    def __init__(self, agenda: "Agenda", criterion: Criterion) -> None:
        self.agenda = agenda
        self.criterion = criterion
        self.settled = agenda.settled[criterion.key]
        self.agreed: AgreedRating | None = agenda.agreed.get(criterion.pk)

    @property
    def is_settled(self) -> bool:
        return self.agreed is not None

    @cached_property
    def facts(self) -> list[FactBeside]:
        """What pipelines reported, beside what the criterion comes to now."""
        return self.agenda.checks.beside(self.criterion, self.settled.rating)

    @cached_property
    def contradicts(self) -> bool:
        """Whether a check disagrees with what the criterion comes to now."""
        return self.agenda.checks.contradict(self.criterion, self.settled.rating)

    @property
    def is_unanswered(self) -> bool:
        """Whether no vote counts and nothing is agreed."""
        return self.settled.rating is None

    @property
    def has_too_few_votes(self) -> bool:
        """Whether it counts as unanswered because fewer than four people voted anonymously; the group may agree."""
        return self.agenda.assessment.anonymous and not self.settled.votes

    @cached_property
    def median(self) -> str:
        """The code that the votes lead to; empty if nobody voted."""
        votes = [code for code, number in self.settled.votes.items() for _vote in range(number)]
        return scoring.settle(votes, self.agenda.scales[self.criterion.key]).rating or ""

    @property
    def median_name(self) -> str:
        return self.criterion.answer_name(self.median)

    @property
    def agreed_name(self) -> str:
        """What the group decided, in words."""
        if self.agreed is None:
            return ""
        if self.agreed.keeps_median:
            return filled(_("keep the median, {answer}"), answer=self.median_name)
        return self.criterion.answer_name(self.agreed.code)

    @cached_property
    def rows(self) -> list[tuple[str, int, bool]]:
        """(Answer, people who gave it, whether it is the median), every choice of the scale and the other answers."""
        votes = self.settled.votes
        others = [code for code in (scoring.NA, scoring.DK) if votes.get(code)]
        codes = [*reversed(self.criterion.scale.by_code), *others]
        return [(self.criterion.answer_name(code), votes.get(code, 0), code == self.median) for code in codes]

    @property
    def chart(self) -> charts.Votes:
        return charts.votes(self.rows)

    @property
    def in_words(self) -> str:
        """The same in sentences: `Largely 3, Partly 1; the median is Largely. People are up to 2 steps apart.`"""
        votes = joined(", ", (filled("{name} {number}", name=name, number=n) for name, n, _is_median in self.rows if n))
        if not votes:
            return _("Nobody voted on this.")
        if not self.median:
            return filled(_("{votes}; there is no median."), votes=votes)
        sentence = filled(_("{votes}; the median is {answer}."), votes=votes, answer=self.median_name)
        return joined(" ", filter(None, (sentence, apart(self.settled))))

    @property
    def agreement(self) -> str:
        """rwg in percent; empty below two votes."""
        return "" if self.settled.rwg is None else percent(self.settled.rwg)

    @cached_property
    def options(self) -> list[AgreeableValue]:
        """Every value that can be agreed, with what it would do to the level."""
        codes = list(self.criterion.scale.by_code)
        if self.criterion.na:
            codes.append(scoring.NA)
        return [self._option(code) for code in codes]

    def _option(self, code: str) -> AgreeableValue:
        level = self.agenda.level_if(self.criterion, code)
        return AgreeableValue(
            code=code,
            name=self.criterion.answer_name(code),
            level=level,
            changes=level != self.agenda.level,
            checked=self.agreed is not None and self.agreed.code == code,
        )

    @property
    def can_change_the_level(self) -> bool:
        return any(option.changes for option in self.options)

    @cached_property
    def remarks(self) -> list[Remark]:
        """Comments, reasons and evidence, in an order that says nothing."""
        if self.has_too_few_votes or self.agenda.hides_comments:
            return []
        rows = Rating.objects.filter(assessment=self.agenda.assessment, criterion=self.criterion)
        remarks = []
        for reason, comment, evidence in rows.values_list("reason", "comment", "evidence"):
            if reason and self.agenda.assessment.anonymous:
                # Shown like any comment: marked as a reason, it would be a vote with words to it.
                remarks.append(Remark(reason="", comment=reason, evidence=""))
                reason = ""
            if reason or comment or evidence:
                remarks.append(Remark(reason=reason, comment=comment, evidence=evidence))
        SystemRandom().shuffle(remarks)
        return remarks

    def own_answer(self, ratings: QuerySet[Rating]) -> str:
        """The answer of the person whose ratings these are; empty without one."""
        rating = ratings.filter(criterion=self.criterion).select_related("choice").first()
        if rating is None or not rating.answer:
            return ""
        return self.criterion.answer_name(rating.code)


def apart(settled: scoring.CriterionScore) -> str:
    """How far the ratings lie apart; a single one has nothing to differ from."""
    if settled.spread is None:
        return ""
    ratings = sum(number for code, number in settled.votes.items() if code not in {scoring.NA, scoring.DK})
    if ratings == 1:
        return _("Only one person rated it.")
    if settled.spread == 0:
        return _("Everyone who rated it agrees.")
    sentence = ngettext("People are up to {count} step apart.", "People are up to {count} steps apart.", settled.spread)
    return sentence.format(count=settled.spread)


class Agenda:
    """What to talk about, the least agreed first; everything else after it, in the order of the framework."""

    def __init__(
        self,
        assessment: Assessment,
        *,
        settled: dict[str, scoring.CriterionScore],
        agreed: list[AgreedRating],
        hides_comments: bool,
        only_decisive: bool = False,
    ) -> None:
        self.assessment = assessment
        self.only_decisive = only_decisive
        self.contents = assessment.edition.contents
        self.hides_comments = hides_comments
        self.settled = settled
        self.instrument = assessment.instrument()
        self.scales = {criterion.key: criterion.scale for criterion in self.instrument.criteria}
        self.agreed = {rating.criterion_id: rating for rating in agreed}

    @classmethod
    def of(cls, assessment: Assessment, *, hides_comments: bool = False, only_decisive: bool = False) -> "Agenda":
        """Settles the answers as they are now, and fetches what has been agreed.

        With `only_decisive`, `listed`, `next` and `previous` leave out what cannot change the level.
        """
        agreed = list(assessment.agreed_ratings.select_related("choice"))
        return cls(
            assessment,
            settled=assessment.settled(),
            agreed=agreed,
            hides_comments=hides_comments,
            only_decisive=only_decisive,
        )

    @cached_property
    def checks(self) -> Checks:
        """What pipelines reported about the team. One query."""
        return Checks.of(self.assessment.team_id, self.contents)

    @cached_property
    def items(self) -> list[Item]:
        """What to talk about.

        What people see differently, what checks disagree with, then what only the group can still give a value.
        """
        return self.differing + self.contradicted + self.without_votes

    @cached_property
    def decisive(self) -> list[Item]:
        """What of it could change the level."""
        return [item for item in self.items if item.can_change_the_level]

    @property
    def listed(self) -> list[Item]:
        """The agenda as it is asked for: all of it, or what could change the level."""
        return self.decisive if self.only_decisive else self.items

    @cached_property
    def differing(self) -> list[Item]:
        """Worth talking about: `discuss` of the scoring document, lowest agreement first."""
        items = [item for item in self._all if item.settled.discuss]
        return sorted(items, key=lambda item: 1 if item.settled.rwg is None else item.settled.rwg)

    @cached_property
    def contradicted(self) -> list[Item]:
        """What people see alike, or have agreed on, and a check disagrees with."""
        return [item for item in self._all if item.contradicts and not item.settled.discuss]

    @cached_property
    def without_votes(self) -> list[Item]:
        """Criteria of an anonymous assessment that fewer than four people voted on, agreed since or not."""
        rest = [item for item in self._all if item.has_too_few_votes and not item.settled.discuss]
        return [item for item in rest if not item.contradicts]

    @cached_property
    def others(self) -> list[Item]:
        on_agenda = {item.criterion.pk for item in self.items}
        return [item for item in self._all if item.criterion.pk not in on_agenda]

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
    def is_done(self) -> bool:
        return self.done == len(self.items)

    @property
    def unanswered(self) -> list[Item]:
        """What counts as zero, as no vote counts and nothing is agreed."""
        return [item for item in self._all if item.is_unanswered]

    @property
    def can_compare(self) -> bool:
        """Whether two people rated the same question anywhere: otherwise they can neither agree nor differ."""
        return any(item.settled.rwg is not None for item in self._all)

    def item(self, criterion_pk: int | None) -> Item | None:
        return next((item for item in self._all if item.criterion.pk == criterion_pk), None)

    def next(self, item: Item | None) -> Item | None:
        """The one after this; the first one if none is on the screen."""
        return next(iter(self._after(item)), None)

    def previous(self, item: Item | None) -> Item | None:
        if item is None:
            return None
        before = [other for other in self.ordered[: self._index(item)] if self._is_listed(other)]
        return before[-1] if before else None

    def next_open(self, item: Item) -> Item | None:
        """Where to go on once this one is decided: the next that is not, at the end those that were left out.

        None leads back to the agenda: all of it is decided.
        """
        if item not in self.items:
            return self.next(item)
        following = [other for other in self._after(item) if other in self.listed]
        rest = following + [other for other in self.listed if other not in following and other is not item]
        return next((other for other in rest if not other.is_settled), None)

    def _after(self, item: Item | None) -> list[Item]:
        following = self.ordered if item is None else self.ordered[self._index(item) + 1 :]
        return [other for other in following if self._is_listed(other)]

    def _is_listed(self, item: Item) -> bool:
        return not self.only_decisive or item in self.decisive

    def _index(self, item: Item) -> int:
        return self.ordered.index(item)

    # ------------------------------------------------------------------ levels

    @cached_property
    def score(self) -> scoring.Score:
        """The figures of all parts, without the agreement of everybody on everything."""
        return scoring.of_settled(self.instrument, self.settled)

    @cached_property
    def _outcome(self) -> scoring.Outcome:
        return scoring.figures_of_whole(self.instrument, self.settled).outcomes[self.assessment.rule]

    @property
    def level(self) -> int | None:
        return self._outcome.level

    @cached_property
    def _level_if(self) -> scoring.LevelIf:
        return scoring.LevelIf(self.instrument, self.settled, self.assessment.rule)

    def level_if(self, criterion: Criterion, code: str) -> int | None:
        return self._level_if(criterion.key, code)

    def levels_of_part(self, dimension: str) -> scoring.LevelIf:
        """The level of a dimension, by its key."""
        return scoring.LevelIf(self.instrument, self.settled, self.assessment.rule, dimension=dimension)

    def called(self, number: int | None) -> str:
        """A level or band, to stand by itself: `Level 2, Repeatable`."""
        if number is None:
            return _("No level")
        if not self.assessment.edition.uses_levels:
            return self.contents.rung_name(number)
        return filled(_("Level {number}, {name}"), number=number, name=self.contents.rung_name(number))

    @property
    def level_name(self) -> str:
        return self.called(self.level)

    @property
    def best_name(self) -> str:
        """The level if every unanswered question were fully met; empty if that changes nothing."""
        best = self._outcome.best
        return "" if best == self.level else self.called(best)
