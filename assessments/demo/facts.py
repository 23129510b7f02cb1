"""What the pipelines of some demo teams report: what the team says of itself, but for one check of each."""

import datetime
from dataclasses import dataclass
from zlib import crc32

from django.utils import timezone

from .. import scoring
from ..models import CheckAtClosing, CheckChange, CheckOutcome, CheckState, Edition, Fact, Result, Team

LINK = "https://ci.demo.example/runs/{number}"
VALID = datetime.timedelta(days=90)
#: What reports call it, by criterion; the others come from the pipeline itself, which reads no value.
SCORECARD = {
    "quality.unit-tests": "CI-Tests",
    "release.automated-build": "Packaging",
    "experiment.beyond-notebooks": "Code-Review",
    "integration.automated-policy": "Branch-Protection",
    "training.managed-environment": "Pinned-Dependencies",
}
JUNIT = {"quality.unit-tests": "tests.unit.*", "quality.integration-tests": "tests.integration.*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPipeline:
    """A team, the sources that report about it, and for how many days a check had failed before its newest result.

    That check is about `surprise`, unless the team says itself that it does little of it.
    """

    team: str
    sources: tuple[str, ...]
    failed_for: int
    surprise: str


PIPELINES = [
    # One has just closed, one is in review, and one answers.
    DemoPipeline(
        team="Search ranking", sources=("scorecard", "junit", "ci"), failed_for=12, surprise="quality.unit-tests"
    ),
    DemoPipeline(team="Pricing", sources=("scorecard", "junit"), failed_for=20, surprise="experiment.beyond-notebooks"),
    DemoPipeline(
        team="Recommendations",
        sources=("scorecard", "junit", "ci", "monitoring"),
        failed_for=34,
        surprise="training.pipeline",
    ),
    DemoPipeline(team="Fraud detection", sources=("ci", "monitoring"), failed_for=5, surprise="monitoring.alerting"),
]


def write_facts(*, today: datetime.date, edition: Edition) -> None:
    """Up to the day before today; the newest result of each team keeps what was known when it was frozen."""
    yesterday = _morning(today - datetime.timedelta(days=1))
    for pipeline in PIPELINES:
        team = Team.objects.get(is_demo=True, name=pipeline.team)
        result = Result.objects.current_only().filter(team=team, edition=edition).order_by("closing").last()
        if result is None:
            continue
        ratings = dict(result.criteria.values_list("key", "rating"))
        meanings = [
            meaning for (_key, source), meaning in edition.contents.check_meanings.items() if source in pipeline.sources
        ]
        # The first of them, if several reports speak of what is the surprise.
        surprising = sorted(meanings, key=lambda meaning: meaning.criterion != pipeline.surprise)
        odd = next((meaning for meaning in surprising if _is_above(edition, meaning, ratings)), None)
        since = _morning(timezone.localdate(result.created_at) - datetime.timedelta(days=pipeline.failed_for))
        outcomes = [_outcome(edition, meaning, ratings, is_odd=meaning is odd) for meaning in meanings]
        # As they are, not as a program would report them now: the day of a demo may be any.
        states = CheckState.objects.bulk_create(
            CheckState.after(
                None,
                _fact(meaning, outcome, observed_at=since),
                team=team,
                framework=edition.framework,
                key=None,
            )
            for meaning, outcome in zip(meanings, outcomes, strict=True)
        )
        CheckChange.objects.bulk_create(
            CheckChange(check_state=state, outcome=state.outcome, at=state.observed_at) for state in states
        )
        criteria = {criterion.key: criterion for criterion in result.criteria.all()}
        CheckAtClosing.objects.freeze(result, criteria, now=result.created_at)
        for state in states:
            state.observed_at, state.valid_until = yesterday, yesterday + VALID
            state.link = _link(state.source, yesterday)
        CheckState.objects.bulk_update(states, ["observed_at", "valid_until", "link"])


def _morning(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(6)))


def _is_above(edition: Edition, meaning: scoring.CheckMeaning, ratings: dict[str, str]) -> bool:
    """Whether a failed check would contradict what the team says."""
    return meaning.contradicts(scoring.FAILED, ratings.get(meaning.criterion), _values(edition, meaning))


def _values(edition: Edition, meaning: scoring.CheckMeaning) -> dict[str, int]:
    criterion = edition.contents.criterion_by_key[meaning.criterion]
    return {code: choice.value for code, choice in criterion.scale.by_code.items()}


def _outcome(edition: Edition, meaning: scoring.CheckMeaning, ratings: dict[str, str], *, is_odd: bool) -> CheckOutcome:
    """What agrees with the team, except for the one that does not."""
    if is_odd:
        return CheckOutcome.FAILED
    rating = ratings.get(meaning.criterion)
    agrees = not meaning.contradicts(scoring.PASSED, rating, _values(edition, meaning))
    return CheckOutcome.PASSED if agrees else CheckOutcome.FAILED


def _fact(meaning: scoring.CheckMeaning, outcome: CheckOutcome, *, observed_at: datetime.datetime) -> Fact:
    failed = outcome == CheckOutcome.FAILED
    value = ""
    if meaning.source == "scorecard":
        value = f"{SCORECARD[meaning.criterion]}: {3 if failed else 9} of 10"
    elif meaning.source == "junit" and meaning.criterion in JUNIT:
        value = f"{JUNIT[meaning.criterion]}: {4 if failed else 0} of 214 failed"
    return Fact(
        criterion=meaning.criterion,
        source=meaning.source,
        outcome=outcome,
        value=value,
        link=_link(meaning.source, observed_at),
        observed_at=observed_at,
        valid_until=observed_at + VALID,
    )


def _link(source: str, observed_at: datetime.datetime) -> str:
    """One for each run of a program."""
    return LINK.format(number=crc32(f"{source} {observed_at:%Y-%m-%d}".encode()) % 9000 + 1000)
