"""Sealed files: the keys that this installation signed with, and which assessments came from another installation."""

import datetime
from collections.abc import Callable
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
    score: scoring.Score


class ProvenanceQuerySet(models.QuerySet["Provenance"]):
    def take_in(
        self, foreign: ForeignResult, *, team: Team, edition: Callable[[], Edition], by: User | None
    ) -> tuple["Provenance", bool]:
        """Stores a foreign result as a closed assessment of the team; the same file again changes nothing.

        Returns where it came from, and whether it is new. `edition` finds or stores the edition; it is called in the
        same transaction. Raises Refused for a date in the future, and if another result of the same assessment is here
        already.
        """
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            known = self.filter(team=team, source=foreign.source).select_related("assessment").first()
            if known is not None and known.digest == foreign.digest:
                return known, False
            if known is not None or Assessment.objects.filter(team=team, pk=foreign.source).exists():
                raise Refused(_("The team already has a result of this assessment, so nothing was imported."))
            if foreign.date > team.today():
                raise Refused(_("The date of this result lies in the future, so nothing was imported."))
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
                installation=foreign.installation,
            )
            return provenance, True


class Provenance(models.Model):
    """Where an assessment came from that was not made here. It has a result and no answers, and is never reopened."""

    assessment = models.OneToOneField(Assessment, models.CASCADE, related_name="provenance")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    source = models.UUIDField(help_text="The assessment's id in the other installation.")
    digest = models.CharField(max_length=71, help_text="Of the payload of the sealed file.")
    installation = models.CharField(max_length=200)
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
        return f"{self.assessment_id} from {self.installation}"
