"""Sealed files: the keys that this installation signed with, and which assessments came from another installation."""

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from .accounts import User
from .assessments import Assessment
from .frameworks import Edition
from .journal import Event
from .refusals import Refused
from .results import Result, ResultRows
from .teams import Team
from .writing import writing


class SealKeyQuerySet(models.QuerySet["SealKey"]):
    def note(self, public: str) -> None:
        """Keeps a public key that something was signed with, so that it stays known after the secret key changes."""
        self.get_or_create(public=public)


class SealKey(models.Model):
    """A public key that this installation has sealed files with. The private half is stored nowhere."""

    public = models.CharField(max_length=44, unique=True, help_text="Ed25519, in base64.")
    first_used = models.DateField(default=timezone.localdate)

    objects = SealKeyQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.public


class TrustedKeyQuerySet(models.QuerySet["TrustedKey"]):
    def trust(self, public: str, *, installation: str, by: User | None) -> "TrustedKey":
        """Takes a public key for that of another installation from now on; one that is trusted already stays."""
        with writing(by):
            trusted, is_new = self.get_or_create(public=public, defaults={"installation": installation})
            if is_new:
                Event.record("key.trusted", by=by, key=trusted.pk)
        return trusted


class TrustedKey(models.Model):
    """A public key that an administrator takes for that of another installation, so that its results may come in."""

    public = models.CharField(max_length=44, unique=True, help_text="Ed25519, in base64.")
    installation = models.CharField(max_length=200, help_text="Its address, as its sealed files name it.")
    since = models.DateField(default=timezone.localdate)

    objects = TrustedKeyQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.installation}: {self.public}"


@dataclass(frozen=True, kw_only=True)
class ForeignResult:
    """A result of another installation, calculated again here: its `score` is nobody's word."""

    source: UUID
    digest: str
    installation: str
    date: datetime.date
    questionnaire: str
    rule: str
    anonymous: bool
    asked: int
    responded: int
    semantics: int
    score: scoring.Score


class ProvenanceQuerySet(models.QuerySet["Provenance"]):
    def holding(self, foreign: ForeignResult, *, team: Team) -> "Provenance | None":
        """Where this very file came in before, None if it did not."""
        known = self.filter(team=team, source=foreign.source, digest=foreign.digest)
        return known.select_related("assessment").first()

    def origins(self, results: Iterable[Result]) -> dict[UUID, str]:
        """What these results were imported from, by the id of their assessment; of those made here nothing."""
        rows = self.filter(assessment__in={result.assessment_id for result in results})
        return dict(rows.order_by().values_list("assessment", "origin"))

    def hindrances(self, foreign: ForeignResult, *, team: Team) -> Iterator[str]:
        """Why this result cannot come into the history of the team, in sentences."""
        is_of_known = self.filter(team=team, source=foreign.source).exists()
        if is_of_known or Assessment.objects.filter(team=team, pk=foreign.source).exists():
            yield _("The team already has a result of this assessment, so nothing was imported.")
        if foreign.date > team.today():
            yield _("The date of this result lies in the future, so nothing was imported.")

    def take_in(
        self, foreign: ForeignResult, *, team: Team, edition: Callable[[], Edition], by: User | None
    ) -> tuple["Provenance", bool]:
        """Stores a foreign result as a closed assessment of the team; the same file again changes nothing.

        Returns where it came from, and whether it is new. `edition` finds or stores the edition; it is called in the
        same transaction. Raises Refused for a date in the future, and if another result of the same assessment is here
        already.
        """
        with writing(by):
            Team.objects.lock(team.pk)
            if known := self.holding(foreign, team=team):
                return known, False
            for sentence in self.hindrances(foreign, team=team):
                raise Refused(sentence)
            assessment = Assessment.objects.create(
                team=team,
                number=Assessment.objects.next_number(team),
                edition=edition(),
                date=foreign.date,
                questionnaire=foreign.questionnaire,
                rule=foreign.rule,
                anonymous=foreign.anonymous,
                status=Assessment.Status.CLOSED,
                created_by=by,
                closed_at=timezone.now(),
            )
            rows = ResultRows.of(
                assessment,
                foreign.score,
                by=by,
                closing=Result.objects.next_closing(team),
                respondents=foreign.responded,
                participants=foreign.asked,
                semantics=foreign.semantics,
            )
            result = rows.save()
            Event.record(
                "assessment.imported",
                by=by,
                team=team,
                assessment=assessment,
                result=str(result.pk),
                digest=foreign.digest,
            )
            provenance = self.create(
                assessment=assessment,
                team=team,
                source=foreign.source,
                digest=foreign.digest,
                origin=foreign.installation,
            )
            return provenance, True


class Provenance(models.Model):
    """Where an assessment came from that was not made here, and is never reopened.

    From a sealed file it has a result and no answers; from a file of earlier assessments, a `batch`, it has both.
    """

    assessment = models.OneToOneField(Assessment, models.CASCADE, related_name="provenance")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    source = models.UUIDField(help_text="The assessment's id in the other installation; its own if it came in a batch.")
    digest = models.CharField(max_length=71, help_text="Of the payload of the sealed file, or of the batch.")
    origin = models.CharField(max_length=200, help_text="The other installation, or the name of a file.")
    batch = models.ForeignKey(
        "assessments.HistoryImport", models.CASCADE, null=True, editable=False, related_name="provenances"
    )
    at = models.DateTimeField(default=timezone.now)

    objects = ProvenanceQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "source"],
                name="provenance_once_per_team",
                violation_error_message=gettext_lazy("The team already has a result of this assessment."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} from {self.origin}"

    @property
    def in_words(self) -> str:
        """Where it came from, and what that means, as pages and reports say it."""
        if self.batch_id:
            sentence = _("Imported from {origin}: the answers stood in that file, and nobody gave them here.")
        else:
            sentence = _(
                "Imported from {origin}, from a sealed file. Every figure was calculated again here; the answers "
                "behind it stayed there."
            )
        return sentence.format(origin=self.origin)
