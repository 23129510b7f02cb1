"""Results: the figures of an assessment, frozen when it is closed. Dashboards read these and never the ratings.

Exact fractions are stored as text ("5/3"), next to a decimal for sorting and charts.
"""

import datetime
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Max, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from .accounts import User
from .edition_parts import Dimension, Group
from .frameworks import Contents, Edition, Framework, Questionnaire, published_contents
from .teams import Team

if TYPE_CHECKING:
    from .assessments import Assessment
    from .plans import TargetQuerySet


def as_text(value: Fraction | None) -> str:
    """An exact figure such as "5/3"; in hexadecimal if it has more digits than Python writes in decimal."""
    if value is None:
        return ""
    try:
        return str(value)
    except ValueError:
        return f"{value.numerator:#x}/{value.denominator:#x}"


def as_decimal(value: Fraction | None) -> Decimal | None:
    return None if value is None else Decimal(scoring.rounded(value, 4))


@lru_cache(maxsize=8192)
def as_fraction(text: str) -> Fraction | None:
    if not text:
        return None
    numerator, _slash, denominator = text.partition("/")
    return Fraction(int(numerator, 0), int(denominator or "1", 0))


def few_responded(*, responded: int, asked: int) -> str:
    """`1 of 4 responded`, if so few stand behind figures that it has to be said beside them; else empty.

    Few is under half of the people who were asked, or one of several.
    """
    is_few = 2 * responded < asked or (responded == 1 and asked > 1)
    return _("{responded} of {asked} responded").format(responded=responded, asked=asked) if is_few else ""


#: The order of a team's results. It uses no clock: one that is set back would swap two results of the same day.
IN_TIME = ("date", "closing", "pk")


class Figures(models.Model):
    """The figures of a whole, a group or a dimension: level by its own rule and every other one, index, coverage."""

    level = models.PositiveSmallIntegerField(null=True)
    best = models.PositiveSmallIntegerField(null=True)
    outcomes = models.JSONField(default=dict, help_text="By rule: level, best case, vacuous levels, blockers.")
    index_exact = models.TextField(blank=True)
    index = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    index_best_exact = models.TextField(blank=True)
    index_best = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    cells = models.JSONField(default=dict, help_text="By level: mean points of what applies, as an exact fraction.")
    answered = models.PositiveIntegerField()
    not_applicable = models.PositiveIntegerField()
    asked = models.PositiveIntegerField()
    agreement_exact = models.TextField(blank=True)
    agreement = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    discuss = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @staticmethod
    def values_of(part: scoring.PartScore, rule: str) -> dict:
        """Field values for one part of a score; `rule` is the assessment's own."""
        own = part.outcomes[rule]
        return {
            "level": own.level,
            "best": own.best,
            "outcomes": {
                key: {"level": o.level, "best": o.best, "vacuous": list(o.vacuous), "blockers": list(o.blockers)}
                for key, o in part.outcomes.items()
            },
            "index_exact": as_text(part.index),
            "index": as_decimal(part.index),
            "index_best_exact": as_text(part.index_best),
            "index_best": as_decimal(part.index_best),
            "cells": {str(level): as_text(points) for level, points in part.cells.items()},
            "answered": part.answered,
            "not_applicable": part.not_applicable,
            "asked": part.asked,
            "agreement_exact": as_text(part.agreement),
            "agreement": as_decimal(part.agreement),
            "discuss": part.discuss,
        }

    @property
    def settled(self) -> int:
        """Criteria that pages and files call answered: rated, or do not apply."""
        return self.answered + self.not_applicable

    @property
    def coverage(self) -> Fraction:
        """Share of what was asked that is answered, 0 to 1."""
        return Fraction(self.settled, self.asked) if self.asked else Fraction(0)

    @property
    def could_be(self) -> int | None:
        """The best case if it is above the level, else None."""
        return self.best if self.best is not None and self.best != self.level else None


class ResultQuerySet(models.QuerySet["Result"]):
    def current_only(self) -> Self:
        """What counts today: the newest generation of each assessment, without those of a team that was merged."""
        return self.filter(is_current=True, former_team="")

    def of_merged_teams(self) -> Self:
        """Results of teams that were merged into this one, as they were frozen, newest first."""
        return self.filter(is_current=True).exclude(former_team="").newest_first()

    def current(self) -> "Result | None":
        """The result that counts, or None before the first closing."""
        return self.filter(is_current=True).first()

    def next_closing(self, team: Team | uuid.UUID) -> int:
        """The number of the team's next closing. Two at the same time may share it, as they are of two frameworks."""
        last = self.filter(team=team).aggregate(last=Max("closing"))["last"]
        return (last or 0) + 1

    def visible_to(self, user: User) -> Self:
        return self.filter(team__in=Team.objects.visible_to(user))

    def in_line_with(self, result: "Result") -> Self:
        """Results of the same team that may be joined in one history: same framework, rule and questionnaire."""
        return self.filter(
            team=result.team_id,
            framework=result.framework_id,
            rule=result.rule,
            questionnaire=result.questionnaire,
            former_team=result.former_team,
        )

    def wired(self) -> "list[Result]":
        """The results with edition and framework from memory, because reading their long texts for each one is slow."""
        results: list[Result] = list(self)
        for result in results:
            result.edition = published_contents(result.edition_id).edition
            result.framework = result.edition.framework
        return results

    def chronological(self) -> Self:
        """The oldest first; results of the same day in the order in which their assessments were first closed."""
        return self.order_by(*IN_TIME)

    def newest_first(self) -> Self:
        """The same in reverse."""
        return self.order_by(*(f"-{field}" for field in IN_TIME))

    def before(self, result: "Result") -> Self:
        """The results that come before a result in `chronological` order."""
        same_day = Q(date=result.date) & (Q(closing__lt=result.closing) | Q(closing=result.closing, pk__lt=result.pk))
        return self.filter(Q(date__lt=result.date) | same_day)


class Result(Figures):
    """One generation of the figures of an assessment. Exactly one per assessment is current."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey("assessments.Assessment", models.CASCADE, related_name="results")
    generation = models.PositiveSmallIntegerField()
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    closing = models.PositiveIntegerField(
        help_text="A running number of the team's closings, at the first one: orders results of the same day."
    )
    closed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    # Copied from the assessment, where they can no longer change, so that dashboards need no joins.
    team = models.ForeignKey(Team, models.CASCADE, related_name="results")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="results")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="results")
    rule = models.CharField(max_length=80, blank=True)
    questionnaire = models.CharField(max_length=5, choices=Questionnaire)
    date = models.DateField()
    former_team = models.CharField(
        max_length=120,
        blank=True,
        editable=False,
        help_text="The name of the team that it was frozen for, if that team was merged into this one since.",
    )

    #: Status of the assessment; set by the history.
    state: str
    #: What it was imported from, None if it was made here; set by the history.
    origin: str | None

    alpha_exact = models.TextField(blank=True)
    alpha = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    respondents = models.PositiveIntegerField(help_text="People with at least one answer.")
    participants = models.PositiveIntegerField(help_text="People who were asked.")
    warnings = models.JSONField(
        default=list, help_text="Levels where fewer criteria apply than the share that the framework sets."
    )
    left_out = models.PositiveIntegerField(
        default=0,
        help_text="Criteria of an anonymous assessment with fewer than four votes, which count as unanswered.",
    )
    semantics = models.PositiveSmallIntegerField(
        default=scoring.SEMANTICS,
        db_default=scoring.FIRST_SEMANTICS,
        help_text="How ratings became figures when it was frozen: what is calculated again keeps to that.",
    )
    worked_out_again = models.BooleanField(
        default=False, help_text="Frozen when such votes still counted, and recalculated without them."
    )

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = [f"-{field}" for field in IN_TIME]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(is_current=True),
                name="result_one_current",
                violation_error_message=gettext_lazy("An assessment can only have one current result."),
            ),
            models.UniqueConstraint(
                fields=["assessment", "generation"],
                name="result_generation_unique",
                violation_error_message=gettext_lazy("This generation already exists."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["framework", "rule", "questionnaire", "team", "-date", "-closing"],
                condition=Q(is_current=True),
                name="result_line",
            ),
            models.Index(fields=["team", "-date"], condition=Q(is_current=True), name="result_team_date"),
        ]

    def __str__(self) -> str:
        return f"{self.team_name}, {date_format(self.date)}"

    def get_absolute_url(self) -> str:
        return self._address

    @property
    def team_name(self) -> str:
        """Of the team that it was frozen for."""
        return self.former_team or self.team.name

    @property
    def can_be_reopened(self) -> bool:
        """Whether its assessment is closed, was made here, for this team, and still has its answers."""
        return self.assessment.is_closed and not self.assessment.why_not_reopened and not self.former_team

    def targets_beside(self) -> "TargetQuerySet":
        """Targets of the team in this framework; none for a result of a team that was merged into it."""
        targets: TargetQuerySet = self.team.targets.filter(framework=self.framework_id)
        return targets.none() if self.former_team else targets

    @cached_property
    def _address(self) -> str:
        # The page of a team links to each of its results several times.
        return reverse("result", args=[self.pk])

    @classmethod
    def freeze(cls, assessment: "Assessment", score: scoring.Score, *, by: User) -> "Result":
        """Stores the score of an assessment that is being closed. Earlier generations stay, no longer current."""
        assessment.results.filter(is_current=True).update(is_current=False)
        before = assessment.results.aggregate(generation=Max("generation"), closing=Max("closing"))
        rows = ResultRows.of(
            assessment,
            score,
            by=by,
            generation=(before["generation"] or 0) + 1,
            closing=before["closing"] or Result.objects.next_closing(assessment.team_id),
            respondents=len(assessment.counting_votes()),
            participants=assessment.participations.count(),
        )
        return rows.save()

    def previous(self) -> "Result | None":
        """The latest current result before this one in the same history."""
        others = Result.objects.filter(is_current=True).in_line_with(self).exclude(assessment=self.assessment_id)
        return others.before(self).newest_first().first()

    @property
    def place_in_time(self) -> tuple[datetime.date, int, uuid.UUID]:
        """The key that `chronological` orders by."""
        return self.date, self.closing, self.pk

    def is_on_the_ladder_of(self, other: "Result") -> bool:
        """Whether levels mean the same in both results: no edition between theirs began a new ladder."""
        return published_contents(self.edition_id).ladder == published_contents(other.edition_id).ladder

    @property
    def responded(self) -> str:
        """`3 of 4 responded`. History that came in as agreed ratings has nobody behind it."""
        if not self.participants:
            return _("Without single answers")
        return _("{responded} of {asked} responded").format(responded=self.respondents, asked=self.participants)

    @property
    def few_responded(self) -> str:
        """What to say beside its level if few people stand behind it; else empty."""
        return few_responded(responded=self.respondents, asked=self.participants)

    @property
    def is_short(self) -> bool:
        return self.questionnaire == Questionnaire.SHORT

    @property
    def index_scale(self) -> scoring.IndexScale:
        return self.edition.contents.index_scale

    @property
    def index_text(self) -> str:
        """The index, or the smallest section score, as it is shown."""
        return self.index_scale.text(as_fraction(self.index_exact))

    def index_compares_to(self, other: "Result") -> bool:
        """Whether the indexes of the two are on scales that end at the same top."""
        own, others = published_contents(self.edition_id), published_contents(other.edition_id)
        return own.index_scale.is_comparable_to(others.index_scale)

    @property
    def is_at_the_top(self) -> bool:
        """Whether the highest level that applies, or the best band, is reached; only then are there no blockers."""
        if self.level is None:
            return False
        vacuous = self.outcomes[self.rule]["vacuous"]
        higher = [rung.number for rung in self.edition.contents.rungs if rung.number > self.level]
        return all(number in vacuous for number in higher)

    @property
    def level_name(self) -> str:
        """The name of the level or band in the edition."""
        return self.edition.contents.rung_name(self.level)


class ResultRows:
    """The rows of one result before they are stored, so that many results can be stored in bulk."""

    def __init__(self, result: Result, parts: "list[PartResult]", criteria: "list[CriterionResult]") -> None:
        self.result = result
        self.parts = parts
        self.criteria = criteria

    @classmethod
    def of(
        cls, assessment: "Assessment", score: scoring.Score, *, by: User | None, generation: int = 1, **known: Any
    ) -> Self:
        """`known` overrides what would be read or generated: id, created_at, closing, respondents, participants."""
        contents = assessment.edition.contents
        rule = assessment.rule
        result = Result(
            assessment=assessment,
            generation=generation,
            closed_by=by,
            team_id=assessment.team_id,
            framework_id=contents.edition.framework_id,
            edition_id=assessment.edition_id,
            rule=rule,
            questionnaire=assessment.questionnaire,
            date=assessment.date,
            alpha_exact=as_text(score.alpha),
            alpha=as_decimal(score.alpha),
            warnings=list(score.applicability_warnings),
            left_out=score.whole.unanswered if assessment.anonymous else 0,
            **Figures.values_of(score.whole, rule),
            **known,
        )
        return cls(result, list(cls._parts(result, contents, score)), list(cls._criteria(result, contents, score)))

    def save(self) -> Result:
        """Stores the rows of this result, which is new."""
        self.result.save(force_insert=True)
        PartResult.objects.bulk_create(self.parts)
        CriterionResult.objects.bulk_create(self.criteria)
        return self.result

    @staticmethod
    def _parts(result: Result, contents: Contents, score: scoring.Score) -> "Iterator[PartResult]":
        kinds: list[tuple[PartResult.Kind, Sequence[Group | Dimension], Mapping[str, scoring.PartScore]]] = [
            (PartResult.Kind.GROUP, contents.groups, score.groups),
            (PartResult.Kind.DIMENSION, contents.dimensions, score.dimensions),
        ]
        for kind, things, figures in kinds:
            for order, thing in enumerate(things):
                if thing.key in figures:
                    values = Figures.values_of(figures[thing.key], result.rule)
                    yield PartResult(result=result, kind=kind, key=thing.key, order=order, **values)

    @staticmethod
    def _criteria(result: Result, contents: Contents, score: scoring.Score) -> "Iterator[CriterionResult]":
        blockers = {key: rank for rank, key in enumerate(score.whole.outcomes[result.rule].blockers)}
        for order, criterion in enumerate(contents.criteria):
            if criterion.key not in score.criteria:
                continue
            settled = score.criteria[criterion.key]
            yield CriterionResult(
                result=result,
                key=criterion.key,
                meaning=criterion.meaning,
                dimension=criterion.dimension.key,
                level=criterion.level.number if criterion.level else None,
                order=order,
                rating=settled.rating or "",
                is_agreed=settled.agreed,
                points_exact=as_text(settled.points),
                points=as_decimal(settled.points),
                votes=dict(settled.votes),
                share_exact=as_text(settled.share),
                spread=settled.spread,
                rwg_exact=as_text(settled.rwg),
                rwg=as_decimal(settled.rwg),
                split=settled.split,
                discuss=settled.discuss,
                blocker=blockers.get(criterion.key),
            )


class PartResult(Figures):
    """The figures of one group or dimension in a result."""

    class Kind(models.TextChoices):
        GROUP = "group", gettext_lazy("Group")
        DIMENSION = "dimension", gettext_lazy("Dimension")

    result = models.ForeignKey(Result, models.CASCADE, related_name="parts", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    key = models.CharField(max_length=120)
    order = models.PositiveIntegerField()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "kind", "key"],
                name="part_once_per_result",
                violation_error_message=gettext_lazy("This part already exists."),
            )
        ]
        indexes = [
            # For the portfolio, which counts the levels of many parts with an index-only scan.
            models.Index(fields=["result", "kind", "key", "level"], name="part_levels")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.level}"


class CriterionResult(models.Model):
    """The outcome of one criterion: code, points, spread of the votes, agreed rating or median."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="criteria", db_index=False)
    key = models.CharField(max_length=120)
    meaning = models.PositiveSmallIntegerField()
    dimension = models.CharField(max_length=120)
    level = models.PositiveSmallIntegerField(null=True)
    order = models.PositiveIntegerField()
    rating = models.CharField(max_length=20, blank=True, help_text="Code of the choice, NA, or empty if unanswered.")
    is_agreed = models.BooleanField(default=False)
    points_exact = models.TextField(blank=True)
    points = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    votes = models.JSONField(default=dict)
    share_exact = models.TextField(blank=True)
    spread = models.PositiveSmallIntegerField(null=True)
    rwg_exact = models.TextField(blank=True)
    rwg = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    split = models.BooleanField(default=False)
    discuss = models.BooleanField(default=False)
    blocker = models.PositiveSmallIntegerField(
        null=True, help_text="Rank among the blockers of the next level, from 0."
    )

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["result", "key"],
                name="criterion_once_per_result",
                violation_error_message=gettext_lazy("This criterion already exists."),
            ),
        ]
        indexes = [
            # Blockers are counted over every team with an index-only scan; there are few of them.
            models.Index(
                fields=["result", "dimension", "key"], condition=Q(blocker__isnull=False), name="criterion_blockers"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.rating or '-'}"


def latest_by_team(teams: Iterable[Team]) -> "dict[uuid.UUID, Result]":
    """The newest current result of each team, by team id, with what a line of a list says of it. Two queries."""
    newest = Result.objects.current_only().filter(team=OuterRef("pk")).newest_first().values("pk")[:1]
    chosen = Team.objects.filter(pk__in=[team.pk for team in teams]).annotate(newest=Subquery(newest))
    rows = Result.objects.filter(pk__in=list(chosen.order_by().values_list("newest", flat=True))).order_by()
    rows = rows.only(
        "team", "edition", "framework", "questionnaire", "date", "level", "index_exact", "respondents", "participants"
    )
    return {result.team_id: result for result in rows.wired()}
