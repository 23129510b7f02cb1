"""What is known of checks, beside an answer: one sentence for each source, and whether the two disagree."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import CheckAtClosing, CheckOutcome, CheckState, Criterion, Result, Team
from ..models.checks import days_between
from ..models.framework_texts import filled
from ..models.frameworks import Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class FactBeside:
    """A fact as it stands beside an answer. `asks` is what its check asks, if the framework says so.

    `outcome` is in a word, and says if it is out of date.
    """

    source: str
    outcome: str
    sentence: str
    contradicts: bool
    asks: str
    value: str
    link: str


class Checks:
    """What is known now of a team in one version of a framework."""

    def __init__(self, states: Iterable[CheckState], contents: Contents, now: datetime.datetime) -> None:
        self._contents = contents
        self._now = now
        self._by_criterion: dict[str, list[CheckState]] = {}
        for state in states:
            self._by_criterion.setdefault(state.criterion, []).append(state)

    @classmethod
    def of(cls, team: Team | UUID, contents: Contents, criteria: Iterable[Criterion] | None = None) -> "Checks":
        """Of all criteria, or of these alone. One query."""
        states = CheckState.objects.beside(team, contents.edition.framework_id)
        if criteria is not None:
            states = states.filter(criterion__in=[criterion.key for criterion in criteria])
        return cls(states, contents, timezone.now())

    def beside(self, criterion: Criterion, rating: str | None) -> list[FactBeside]:
        """The facts about a criterion beside the code of an answer to it, what disagrees first."""
        facts = [self._fact(state, criterion, rating) for state in self._by_criterion.get(criterion.key, ())]
        return sorted(facts, key=lambda fact: not fact.contradicts)

    def contradict(self, criterion: Criterion, rating: str | None) -> bool:
        states = self._by_criterion.get(criterion.key, ())
        return any(self._contradicts(state, criterion, rating) for state in states)

    def _contradicts(self, state: CheckState, criterion: Criterion, rating: str | None) -> bool:
        meaning = self._contents.check_meanings.get(state.place)
        if meaning is None or not state.is_valid_at(self._now):
            return False
        return meaning.contradicts(state.outcome, rating, values_of(criterion))

    def _fact(self, state: CheckState, criterion: Criterion, rating: str | None) -> FactBeside:
        contradicts = self._contradicts(state, criterion, rating)
        sentence = _sentence(
            state,
            is_valid=state.is_valid_at(self._now),
            days=days_between(state.since, self._now),
            said=criterion.answer_name(rating or "") if contradicts else "",
        )
        meaning = self._contents.check_meanings.get(state.place)
        asks = meaning.asks if meaning else ""
        return FactBeside(
            source=state.source,
            outcome=_outcome(state, is_valid=state.is_valid_at(self._now)),
            sentence=sentence,
            contradicts=contradicts,
            asks=asks,
            value=state.value,
            link=state.link,
        )


def values_of(criterion: Criterion) -> Mapping[str, int]:
    """The values of its choices by code."""
    return {code: choice.value for code, choice in criterion.scale.by_code.items()}


def frozen_beside(result: Result, contents: Contents, rated: Mapping[str, str]) -> dict[str, list[FactBeside]]:
    """What was known when a result was frozen, by criterion; `rated` has the codes of its criteria. One query."""
    facts: dict[str, list[FactBeside]] = {}
    for row in CheckAtClosing.objects.filter(result=result).order_by("-contradicts", "criterion", "source"):
        criterion = contents.criterion_by_key[row.criterion]
        said = criterion.answer_name(rated.get(row.criterion, "")) if row.contradicts else ""
        meaning = contents.check_meanings.get(row.place)
        fact = FactBeside(
            source=row.source,
            outcome=_outcome(row, is_valid=row.was_valid),
            sentence=_sentence(row, is_valid=row.was_valid, days=row.days, said=said),
            contradicts=row.contradicts,
            asks=meaning.asks if meaning else "",
            value=row.value,
            link=row.link,
        )
        facts.setdefault(row.criterion, []).append(fact)
    return facts


def _outcome(known: CheckState | CheckAtClosing, *, is_valid: bool) -> str:
    return str(CheckOutcome(known.outcome).label) if is_valid else _("Out of date")


def _sentence(known: CheckState | CheckAtClosing, *, is_valid: bool, days: int, said: str) -> str:
    """`said` is the answer that the fact contradicts, in words; empty if it does not."""
    if not is_valid:
        sentence = _("The check “{source}” is out of date: it was last seen on {day}.")
        return filled(sentence, source=known.source, day=date_format(timezone.localdate(known.observed_at)))
    if known.outcome == CheckOutcome.UNKNOWN:
        return filled(_("The check “{source}” could not tell."), source=known.source)
    failed = known.outcome == CheckOutcome.FAILED
    if said:
        return filled(_contradiction(days, failed=failed), answer=said, source=known.source, count=days)
    return filled(_agreement(days, failed=failed), source=known.source, count=days)


def _contradiction(days: int, *, failed: bool) -> str:
    if not days:
        if failed:
            return _("Said {answer}, but the check “{source}” failed within the last day.")
        return _("Said {answer}, but the check “{source}” passed within the last day.")
    if failed:
        return ngettext(
            "Said {answer}, but the check “{source}” has failed for {count} day.",
            "Said {answer}, but the check “{source}” has failed for {count} days.",
            days,
        )
    return ngettext(
        "Said {answer}, but the check “{source}” has passed for {count} day.",
        "Said {answer}, but the check “{source}” has passed for {count} days.",
        days,
    )


def _agreement(days: int, *, failed: bool) -> str:
    if not days:
        if failed:
            return _("The check “{source}” failed within the last day.")
        return _("The check “{source}” passed within the last day.")
    if failed:
        return ngettext(
            "The check “{source}” has failed for {count} day.",
            "The check “{source}” has failed for {count} days.",
            days,
        )
    return ngettext(
        "The check “{source}” has passed for {count} day.", "The check “{source}” has passed for {count} days.", days
    )
