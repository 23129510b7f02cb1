"""What a result says in a sentence or two, made from its figures, and the facts beside it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import scoring
from ..models import Result
from ..models.framework_texts import filled
from ..models.results import as_fraction
from ..web.dates import apart_from, day, shifted
from .report import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSum:
    """The credit on each level as (number of the level, figure), and what they add up to; `is_rounded` if not quite."""

    parts: tuple[tuple[int, str], ...]
    total: str
    is_rounded: bool


class ResultInWords:
    """The first thing that pages say of a result. `earlier` are results of its line, oldest first, it among them."""

    def __init__(self, standing: Standing, earlier: Sequence[Result]) -> None:
        self.standing = standing
        self.earlier = earlier

    # ------------------------------------------------------------------ the sentence

    @property
    def headline(self) -> str:
        """The level, how it changed and if few answered: `Level 2 of 4, Automated training, up from 1 a year ago.`"""
        few = self.standing.result.few_responded
        if not few:
            return self._stands
        return filled(_("{stands} Only {few}."), stands=self._stands, few=few)

    @property
    def _stands(self) -> str:
        result = self.standing.result
        if result.level is None:
            return _("No level: nothing applies to the team.")
        if self.standing.uses_levels:
            stands = _("Level {number} of {top}, {name}")
        else:
            stands = _("{name}, band {number} of {top}")
        stands = filled(stands, number=result.level, top=self.standing.contents.top, name=self.standing.level_name)
        return self._with_change(stands)

    def _with_change(self, stands: str) -> str:
        now = self.standing.result.level
        then = self._a_year_ago
        if then and then.level is not None and now is not None:
            if now > then.level:
                sentence = _("{stands}, up from {before} a year ago.")
            elif now < then.level:
                sentence = _("{stands}, down from {before} a year ago.")
            else:
                sentence = _("{stands}, the same as a year ago.")
            return filled(sentence, stands=stands, before=self._named(then))
        then = self._previous
        if then and then.level is not None and now is not None:
            if then.date == self.standing.result.date:
                # Nothing happened since that day: it is one more result of the same.
                if now == then.level:
                    sentence = _("{stands}, the same as in another result of this day.")
                elif now > then.level:
                    sentence = _("{stands}, up from {before} in another result of this day.")
                else:
                    sentence = _("{stands}, down from {before} in another result of this day.")
            elif now > then.level:
                sentence = _("{stands}, up from {before} since {date}.")
            elif now < then.level:
                sentence = _("{stands}, down from {before} since {date}.")
            else:
                sentence = _("{stands}, unchanged since {date}.")
            date = apart_from(then.date, self.standing.result.date)
            return filled(sentence, stands=stands, before=self._named(then), date=date)
        return filled(_("{stands}."), stands=stands)

    def _named(self, result: Result) -> str:
        return str(result.level) if self.standing.uses_levels else result.level_name

    @property
    def _a_year_ago(self) -> Result | None:
        """What counted a year ago today; None for a result that is no longer the newest, or is older than that."""
        if not self.standing.is_newest:
            return None
        result = self.standing.result
        last_day = shifted(result.team.today(), -12)
        if result.date <= last_day:
            return None
        counted = [other for other in self.earlier if other.date <= last_day]
        return counted[-1] if counted and counted[-1].is_on_the_ladder_of(result) else None

    @property
    def _previous(self) -> Result | None:
        previous = self.standing.previous
        return previous if previous and previous.is_on_the_ladder_of(self.standing.result) else None

    # ------------------------------------------------------------------ what is missing, what the target is

    @property
    def to_next(self) -> str:
        """How many criteria are missing: `9 criteria to level 3, most of them in Monitoring.`; empty without any."""
        count = len(self.standing.blockers)
        if not count:
            return ""
        rung = self.standing.next_number_or_name
        if self.standing.uses_levels:
            missing = ngettext("{count} criterion to level {rung}", "{count} criteria to level {rung}", count)
        else:
            missing = ngettext(
                "{count} criterion keeps the team from {rung}", "{count} criteria keep the team from {rung}", count
            )
        missing = filled(missing, count=count, rung=rung)
        by_dimension = Counter(settled.criterion.dimension.name for settled in self.standing.blockers)
        (dimension, most), *others = by_dimension.most_common(2)
        if count == 1:
            sentence = _("{missing}, in {dimension}.")
        elif most == count:
            sentence = _("{missing}, all of them in {dimension}.")
        elif 2 * most > count:
            sentence = _("{missing}, most of them in {dimension}.")
        elif most > others[0][1]:
            sentence = _("{missing}, {most} of them in {dimension}.")
        else:
            sentence = _("{missing}.")
        return filled(sentence, missing=missing, most=most, dimension=dimension)

    @property
    def target(self) -> str:
        """The target level of the whole and how it is doing; empty without a target."""
        graded = self.standing.targets.get("")
        if graded is None:
            return ""
        if graded.is_met:
            sentence = _("Target met: {rung} by {date}.")
        elif graded.is_missed and graded.reached_late is None:
            sentence = _("Target missed: {rung} by {date}.")
        elif graded.is_missed:
            sentence = _("Target reached late: {rung} by {date}.")
        else:
            sentence = _("Target: {rung} by {date}.")
        rung = graded.level_name
        if graded.uses_levels:
            rung = _("level {number}").format(number=graded.target.level)
        return filled(sentence, rung=rung, date=day(graded.target.due))

    # ------------------------------------------------------------------ facts

    @property
    def index(self) -> str:
        """`Index 2.53 of 4`, or the section score that decides on the band."""
        words = _("Index {index} of {top}") if self.standing.uses_levels else _("Score {index} of {top}")
        return words.format(index=self.standing.index or scoring.DASH, top=self.standing.top_score)

    @property
    def index_sum(self) -> IndexSum | None:
        """What the index is made of; None where there is none, or its levels are not of equal worth."""
        standing = self.standing
        index = as_fraction(standing.result.index_exact)
        if index is None or not standing.contents.edition.has_criteria_by_level:
            return None
        cells = [
            (level.number, as_fraction(standing.result.cells.get(str(level.number), "")))
            for level in standing.contents.levels[1:]
        ]
        shares = [(number, share) for number, share in cells if share is not None]
        if sum((share for _number, share in shares), Fraction(0)) != index:
            return None
        read, total, adds_up = standing.contents.index_scale.sum_in_parts([share for _number, share in shares], index)
        parts = tuple((number, text) for (number, _share), text in zip(shares, read, strict=True))
        return IndexSum(parts=parts, total=total, is_rounded=not adds_up)

    @property
    def coverage(self) -> str:
        """How many questions are left open."""
        left = self.standing.result.asked - self.standing.result.settled
        if not left:
            return _("Nothing left open")
        return ngettext("{count} question left open", "{count} questions left open", left).format(count=left)

    @property
    def age(self) -> str:
        """How old the newest result is, in days; empty for one that is no longer the newest."""
        if not self.standing.is_newest:
            return ""
        days = (self.standing.result.team.today() - self.standing.result.date).days
        if days <= 0:
            return _("from today")
        return ngettext("{count} day old", "{count} days old", days).format(count=days)
