"""Checks: facts about a criterion that pipelines report. They stand beside answers, and no figure is made of them."""

import datetime
import difflib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from .accounts import User
from .api_keys import ApiKey
from .edition_parts import Criterion
from .frameworks import Framework
from .journal import Event
from .refusals import Refused
from .results import Result
from .teams import Team
from .writing import writing

#: How long a fact may count at most, and if its program does not say.
LONGEST = datetime.timedelta(days=400)
USUAL = datetime.timedelta(days=30)
#: Facts in one call.
MOST_FACTS = 500
#: Clocks differ: a fact may come from so far in the future. A later one would keep every following fact out.
AHEAD = datetime.timedelta(minutes=5)
#: How many keys are named if one is not known.
NEAR = 3

_is_web_address = URLValidator(schemes=["http", "https"])


class CheckOutcome(models.TextChoices):
    """What came of a check when it ran last."""

    PASSED = scoring.PASSED, gettext_lazy("Passed")
    FAILED = scoring.FAILED, gettext_lazy("Failed")
    UNKNOWN = "unknown", gettext_lazy("Unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a program found out about one criterion. `value` is what it read, for people; instants have a time zone."""

    criterion: str
    source: str
    outcome: str
    observed_at: datetime.datetime
    valid_until: datetime.datetime
    value: str = ""
    link: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """What there is one fact for, in a team and a framework."""
        return (self.criterion, self.source)

    def problems(self, now: datetime.datetime) -> Iterable[tuple[str, str]]:
        """(Field, sentence) for each value that cannot be taken."""
        if self.observed_at > now + AHEAD:
            yield "observed_at", _("This is in the future. Check the clock of the program.")
        elif self.observed_at < now - LONGEST:
            sentence = _("This was more than {count} days ago, so it does not count any more.")
            yield "observed_at", sentence.format(count=LONGEST.days)
        elif self.valid_until <= self.observed_at:
            yield "valid_until", _("A fact must count for a while after it was observed.")
        elif self.valid_until > self.observed_at + LONGEST:
            sentence = _("A fact counts for at most {count} days after it was observed.")
            yield "valid_until", sentence.format(count=LONGEST.days)
        if self.link and not _is_link(self.link):
            yield "link", _("Write an address that begins with https:// or http://.")


def _is_link(text: str) -> bool:
    try:
        _is_web_address(text)
    except ValidationError:
        return False
    return True


class FactsRefused(Refused):
    """None of these facts is stored. `problems` are (place such as `3.criterion`, sentence)."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(_("Some facts cannot be stored, so none of them is."))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """How many facts came, how many were newer than what was known, and how many of these have another outcome."""

    received: int
    stored: int
    changed: int


class CheckStateQuerySet(models.QuerySet["CheckState"]):
    def beside(self, team: Team | uuid.UUID, framework_id: int) -> Self:
        """What is known of a team in a framework, by criterion and source."""
        return self.filter(team=team, framework=framework_id).order_by("criterion", "source")

    def push(
        self, facts: Sequence[Fact], *, team: Team, framework: Framework, by: User | None, key: ApiKey | None = None
    ) -> Pushed:
        """Stores up to 500 facts, all or none. Of one criterion and source the newest that was observed stays.

        So a late, older fact changes nothing, and neither does the same one again. Raises FactsRefused.
        """
        _refuse_wrong(facts, framework)
        newest: dict[tuple[str, str], Fact] = {}
        for fact in facts:
            known = newest.get(fact.place)
            if known is None or fact.observed_at > known.observed_at:
                newest[fact.place] = fact
        with writing(by):
            locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            criteria = {criterion for criterion, _source in newest}
            stored = {row.place: row for row in self.beside(locked, framework.pk).filter(criterion__in=criteria)}
            rows: list[CheckState] = []
            changed: list[CheckState] = []
            for place, fact in newest.items():
                row = stored.get(place)
                if row is not None and fact.observed_at <= row.observed_at:
                    continue
                next_row = CheckState.after(row, fact, team=locked, framework=framework, key=key)
                rows.append(next_row)
                if row is None or row.outcome != fact.outcome:
                    changed.append(next_row)
            self._store(rows)
            CheckChange.objects.bulk_create(
                [CheckChange(check_state=row, outcome=row.outcome, at=row.observed_at) for row in changed]
            )
            if changed:
                Event.record("checks.changed", by=by, team=locked, framework=framework.key, changed=len(changed))
        return Pushed(received=len(facts), stored=len(rows), changed=len(changed))

    def _store(self, rows: Sequence["CheckState"]) -> None:
        """One statement for all of them; the rows have their keys afterwards."""
        CheckState.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["team", "framework", "criterion", "source"],
            update_fields=["outcome", "value", "link", "observed_at", "valid_until", "since", "key"],
        )


def _refuse_wrong(facts: Sequence[Fact], framework: Framework) -> None:
    if not 1 <= len(facts) <= MOST_FACTS:
        raise FactsRefused([("", _("Send 1 to {most} facts at a time.").format(most=MOST_FACTS))])
    now = timezone.now()
    problems = [
        (f"{number}.{field}", sentence) for number, fact in enumerate(facts) for field, sentence in fact.problems(now)
    ]
    named = {fact.criterion for fact in facts}
    asked = Criterion.objects.filter(edition__framework=framework).exclude(edition__status="draft")
    known = set(asked.filter(key__in=named).values_list("key", flat=True))
    if named - known:
        every = sorted(set(asked.values_list("key", flat=True)))
        told = {key: _unknown(key, every) for key in named - known}
        problems += [
            (f"{number}.criterion", told[fact.criterion]) for number, fact in enumerate(facts) if fact.criterion in told
        ]
    if problems:
        raise FactsRefused(problems)


def _unknown(key: str, every: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, every, n=NEAR, cutoff=0.5)
    if not near:
        return _("The framework has no criterion with this key.")
    sentence = _("The framework has no criterion with this key. Near to it are: {keys}.")
    return sentence.format(keys=", ".join(near))


class KnownOutcome(models.Model):
    """What is known of one check."""

    criterion = models.CharField("criterion key", max_length=120)
    source = models.CharField(max_length=80, help_text="The program that found it out.")
    outcome = models.CharField(max_length=7, choices=CheckOutcome)
    value = models.CharField(max_length=120, blank=True, help_text="What the program read, for people.")
    link = models.URLField(max_length=500, blank=True, help_text="Where it can be looked up.")
    observed_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.criterion}, {self.source}: {self.outcome}"

    @property
    def place(self) -> tuple[str, str]:
        """What there is one of, in a team and a framework, or in a result."""
        return (self.criterion, self.source)


class CheckState(KnownOutcome):
    """The newest fact of one source about one criterion of a team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="checks", db_index=False)
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    since = models.DateTimeField(help_text="When the check was first observed with this outcome.")
    key = models.ForeignKey(
        ApiKey, models.SET_NULL, null=True, blank=True, related_name="+", help_text="With which it was reported."
    )

    objects = CheckStateQuerySet.as_manager()

    class Meta:
        ordering = ["criterion", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "framework", "criterion", "source"],
                name="check_state_once",
                violation_error_message=gettext_lazy("There is already a fact of this source about this criterion."),
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=CheckOutcome.values),
                name="check_state_outcome",
                violation_error_message=gettext_lazy("A check has passed, has failed, or its outcome is unknown."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("observed_at")),
                name="check_state_valid_after_observed",
                violation_error_message=gettext_lazy("A fact must count for a while after it was observed."),
            ),
        ]

    @classmethod
    def after(
        cls, before: "CheckState | None", fact: Fact, *, team: Team, framework: Framework, key: ApiKey | None
    ) -> "CheckState":
        """The row that the fact leads to; not stored yet."""
        goes_on = before is not None and before.outcome == fact.outcome
        return cls(
            team=team,
            framework=framework,
            criterion=fact.criterion,
            source=fact.source,
            outcome=fact.outcome,
            value=fact.value,
            link=fact.link,
            observed_at=fact.observed_at,
            valid_until=fact.valid_until,
            since=before.since if before is not None and goes_on else fact.observed_at,
            key=key,
        )

    def is_valid_at(self, moment: datetime.datetime) -> bool:
        return moment < self.valid_until


class CheckChangeQuerySet(models.QuerySet["CheckChange"]):
    #: How long the trend of a check is kept.
    KEPT = datetime.timedelta(days=2 * 366)

    def old(self) -> Self:
        return self.filter(at__lt=timezone.now() - self.KEPT)


class CheckChange(models.Model):
    """A check was observed with another outcome than before, or for the first time."""

    check_state = models.ForeignKey(CheckState, models.CASCADE, related_name="changes")
    outcome = models.CharField(max_length=7, choices=CheckOutcome)
    at = models.DateTimeField(help_text="When it was observed.")

    objects = CheckChangeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=CheckOutcome.values),
                name="check_change_outcome",
                violation_error_message=gettext_lazy("A check has passed, has failed, or its outcome is unknown."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_state_id}: {self.outcome}"


class Rated(Protocol):
    """A criterion with the code of its rating, if it has one."""

    @property
    def rating(self) -> str | None: ...


class CheckAtClosingQuerySet(models.QuerySet["CheckAtClosing"]):
    def freeze(self, result: Result, criteria: Mapping[str, Rated], *, now: datetime.datetime | None = None) -> None:
        """Keeps what is known about what the result asks, so that it does not change its mind later.

        The result is stored already and nothing of it depends on this. `now` is the present unless it is said.
        """
        now = now or timezone.now()
        contents = result.edition.contents
        rows = []
        for state in CheckState.objects.beside(result.team, result.framework_id).filter(criterion__in=list(criteria)):
            criterion = contents.criterion_by_key[state.criterion]
            is_valid = state.is_valid_at(now)
            meaning = contents.check_meanings.get(state.place)
            rating = criteria[state.criterion].rating
            values = {code: choice.value for code, choice in criterion.scale.by_code.items()}
            rows.append(
                CheckAtClosing(
                    result=result,
                    criterion=state.criterion,
                    source=state.source,
                    outcome=state.outcome,
                    value=state.value,
                    link=state.link,
                    observed_at=state.observed_at,
                    valid_until=state.valid_until,
                    was_valid=is_valid,
                    days=days_between(state.since, now),
                    contradicts=is_valid and meaning is not None and meaning.contradicts(state.outcome, rating, values),
                )
            )
        CheckAtClosing.objects.bulk_create(rows)


class CheckAtClosing(KnownOutcome):
    """What was known of a check when a result was frozen."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="checks", db_index=False)
    was_valid = models.BooleanField(help_text="Whether the fact still counted.")
    days = models.PositiveIntegerField(help_text="For how many days the outcome had been the same.")
    contradicts = models.BooleanField(help_text="Whether it and the rating of the criterion disagreed.")

    objects = CheckAtClosingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "checks at closing"
        ordering = ["criterion", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "criterion", "source"],
                name="check_at_closing_once",
                violation_error_message=gettext_lazy("This result already has a fact of this source."),
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=CheckOutcome.values),
                name="check_at_closing_outcome",
                violation_error_message=gettext_lazy("A check has passed, has failed, or its outcome is unknown."),
            ),
        ]


def days_between(earlier: datetime.datetime, later: datetime.datetime) -> int:
    """Whole days from one instant to another; 0 if it is the other way round."""
    return max(0, (later - earlier).days)
