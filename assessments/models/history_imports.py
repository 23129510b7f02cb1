"""Earlier assessments that come in from a file: closed, with frozen results, and removable together."""

import datetime
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Count, Max, Min, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import scoring
from .accounts import User
from .assessments import Assessment
from .badges import Badge
from .frameworks import Edition, Questionnaire
from .journal import Event
from .plans import Action, SetbackReason, Target
from .ratings import AgreedRating, Answer, Rating, Respondent
from .refusals import Refused
from .results import CriterionResult, PartResult, Result, ResultQuerySet, ResultRows
from .sealed import Provenance
from .sharing import ShareLink
from .teams import Team
from .writing import writing

#: So many rows go to the database in one statement.
ROWS_AT_ONCE = 1_000
#: So many sentences say what builds on a batch.
MOST_SENTENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAssessment:
    """What a file says of one team on one day: the answers of each respondent, and what they agreed on.

    Both are by the key of the criterion. Respondents have no name here. The team may be one that is not stored yet.
    """

    team: Team
    date: datetime.date
    votes: Sequence[Mapping[str, Answer]]
    agreed: Mapping[str, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """The history that a whole file belongs to: one framework, one rule, one questionnaire."""

    edition: Edition
    rule: str
    questionnaire: str

    def results(self) -> dict[str, object]:
        """What filters results of this line."""
        return {"framework": self.edition.framework_id, "rule": self.rule, "questionnaire": self.questionnaire}


class HistoryImportQuerySet(models.QuerySet["HistoryImport"]):
    def with_counts(self) -> Self:
        """Each with `.teams_count`, `.assessments_count`, `.first_day` and `.last_day`."""
        return self.annotate(
            teams_count=Count("provenances__team", distinct=True),
            assessments_count=Count("provenances"),
            first_day=Min("provenances__assessment__date"),
            last_day=Max("provenances__assessment__date"),
        )

    def known(self, earlier: Iterable[EarlierAssessment], line: HistoryLine) -> "HistoryImport | None":
        """The batch in which these very assessments came in before, None if they did not."""
        return self.filter(digest=digest_of(earlier, line)).first()

    def take_in(
        self, earlier: Sequence[EarlierAssessment], line: HistoryLine, *, origin: str, by: User | None
    ) -> "HistoryImport":
        """Stores earlier assessments as closed ones with frozen results, all of them or none, and returns the batch.

        Teams that are not stored yet are created. `origin` is the name of the file. Raises Refused if the same
        assessments are here already, if one lies in the future, and if a team has another one of that framework and
        day.
        """
        if not earlier:
            raise ValueError("nothing to take in")
        digest = digest_of(earlier, line)
        # Calculating takes longest, and needs no lock.
        batch = HistoryImport(
            name=origin, digest=digest, edition=line.edition, rule=line.rule, questionnaire=line.questionnaire, by=by
        )
        rows = _Rows.of(earlier, line, batch)
        with writing(by):
            teams = {one.team.pk: one.team for one in earlier}
            for team in teams.values():
                if team._state.adding:
                    team.add(by=by)
            list(Team.objects.filter(pk__in=teams).order_by("pk").select_for_update(no_key=True))
            if self.filter(digest=digest).exists():
                raise Refused(_("These assessments were imported before. Nothing was changed."))
            for sentence in hindrances(earlier, line):
                raise Refused(sentence)
            batch.save(force_insert=True)
            rows.number()
            rows.save(by=by)
            Event.record(
                "history.imported", by=by, batch=str(batch.pk), digest=digest, assessments=len(rows.assessments)
            )
        return batch


def hindrances(earlier: Iterable[EarlierAssessment], line: HistoryLine) -> Iterator[str]:
    """Why these cannot stand beside what is stored, in sentences."""
    earlier = list(earlier)
    taken = days_taken({one.team.pk for one in earlier}, line.edition)
    for one in earlier:
        if (one.team.pk, one.date) in taken:
            sentence = _("{team} already has an assessment of {date}.")
            yield sentence.format(team=one.team, date=date_format(one.date))
        if one.date > one.team.today():
            yield _("The {date} lies in the future.").format(date=date_format(one.date))


def days_taken(teams: Iterable[uuid.UUID], edition: Edition) -> set[tuple[uuid.UUID, datetime.date]]:
    """The days of which these teams have an assessment of the framework, however far it is."""
    rows = Assessment.objects.filter(team__in=list(teams), edition__framework=edition.framework_id)
    return set(rows.order_by().values_list("team", "date"))


def digest_of(earlier: Iterable[EarlierAssessment], line: HistoryLine) -> str:
    """The same for the same assessments, whatever file and order they come in."""
    said = [
        [
            one.team.unit_id,
            one.team.name.lower(),
            one.date.isoformat(),
            sorted(json.dumps(_plain(votes)) for votes in one.votes),
            _plain(one.agreed),
        ]
        for one in earlier
    ]
    said.sort(key=lambda row: row[:3])
    whole = json.dumps([line.edition.digest, line.rule, line.questionnaire, said])
    return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"


def _plain(answers: Mapping[str, Answer]) -> list[tuple[str, dict[str, str]]]:
    return [(key, asdict(answers[key])) for key in sorted(answers)]


class _Rows:
    """Everything that is stored of a batch, made before it is stored."""

    def __init__(self, batch: "HistoryImport") -> None:
        self.batch = batch
        self.assessments: list[Assessment] = []
        self.results: list[ResultRows] = []
        self.respondents: list[Respondent] = []
        self.ratings: list[Rating] = []
        self.agreed: list[AgreedRating] = []
        self.provenances: list[Provenance] = []

    @classmethod
    def of(cls, earlier: Iterable[EarlierAssessment], line: HistoryLine, batch: "HistoryImport") -> Self:
        rows = cls(batch)
        for one in sorted(earlier, key=lambda one: (one.team.name, str(one.team.pk), one.date)):
            rows.add(one, line)
        return rows

    def add(self, one: EarlierAssessment, line: HistoryLine) -> None:
        now = timezone.now()
        assessment = Assessment(
            team=one.team,
            edition=line.edition,
            date=one.date,
            questionnaire=line.questionnaire,
            rule=line.rule,
            status=Assessment.Status.CLOSED,
            created_by=self.batch.by,
            closed_at=now,
        )
        criteria = {criterion.key: criterion for criterion in assessment.criteria_asked()}
        votes = []
        for answers in one.votes:
            respondent = Respondent(assessment=assessment)
            self.respondents.append(respondent)
            for key, answer in answers.items():
                rating = Rating(assessment=assessment, respondent=respondent, criterion=criteria[key], version=1)
                rating.take(answer)
                self.ratings.append(rating)
            votes.append({key: answer.code for key, answer in answers.items() if answer.code})
        for key, answer in one.agreed.items():
            # Nobody who has an account here agreed on it.
            row = AgreedRating(assessment=assessment, criterion=criteria[key], reason=answer.reason, by=None)
            row.choice = None if answer.code == scoring.NA else criteria[key].scale.by_code[answer.code]
            row.note = "\n".join(part for part in (answer.comment, answer.evidence) if part)
            self.agreed.append(row)
        counting = [said for said in votes if said]
        agreed = {key: answer.code for key, answer in one.agreed.items()}
        score = scoring.score(assessment.instrument(), counting, agreed)
        self.assessments.append(assessment)
        self.results.append(
            ResultRows.of(
                assessment,
                score,
                by=self.batch.by,
                closing=0,
                created_at=now,
                respondents=len(counting),
                participants=len(one.votes),
            )
        )
        self.provenances.append(
            Provenance(
                assessment=assessment,
                team=one.team,
                source=assessment.pk,
                digest=self.batch.digest,
                origin=self.batch.name,
                batch=self.batch,
            )
        )

    def number(self) -> None:
        """Gives running numbers after those of each team; the caller holds the locks of the teams."""
        teams = {assessment.team_id for assessment in self.assessments}
        numbers = _last(Assessment.objects.filter(team__in=teams), "number")
        closings = _last(Result.objects.filter(team__in=teams), "closing")
        # In the order of days within a team, as they are in the lists.
        for assessment, rows in zip(self.assessments, self.results, strict=True):
            team = assessment.team_id
            numbers[team] = assessment.number = numbers.get(team, 0) + 1
            closings[team] = rows.result.closing = closings.get(team, 0) + 1

    def save(self, *, by: User | None) -> None:
        stored: list[tuple[type[models.Model], list[Any]]] = [
            (Assessment, self.assessments),
            (Respondent, self.respondents),
            (Rating, self.ratings),
            (AgreedRating, self.agreed),
            (Result, [rows.result for rows in self.results]),
            (PartResult, [part for rows in self.results for part in rows.parts]),
            (CriterionResult, [criterion for rows in self.results for criterion in rows.criteria]),
            (Provenance, self.provenances),
        ]
        for kind, some in stored:
            kind._default_manager.bulk_create(some, batch_size=ROWS_AT_ONCE)
        Event.objects.bulk_create(
            [
                Event(
                    kind="history.assessment_imported",
                    actor=by,
                    team_id=assessment.team_id,
                    assessment=assessment,
                    data={"batch": str(self.batch.pk), "result": str(rows.result.pk)},
                )
                for assessment, rows in zip(self.assessments, self.results, strict=True)
            ]
        )


def _last(rows: models.QuerySet, field: str) -> dict[uuid.UUID, int]:
    """The highest number of each team."""
    return dict(rows.order_by().values_list("team").annotate(last=Max(field)))


class HistoryImport(models.Model):
    """A batch: the earlier assessments of one file, all in the same framework, rule and questionnaire."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, help_text="Of the file.")
    digest = models.CharField(max_length=71, help_text="Of what the file says, so that it comes in once.")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    rule = models.CharField(max_length=80, blank=True)
    questionnaire = models.CharField(max_length=5, choices=Questionnaire)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    #: Set by `with_counts`.
    teams_count: int
    assessments_count: int
    first_day: datetime.date
    last_day: datetime.date

    objects = HistoryImportQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["digest"],
                name="history_import_once",
                violation_error_message=gettext_lazy("These assessments were imported before."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("history-batch", args=[self.pk])

    @property
    def line(self) -> HistoryLine:
        return HistoryLine(edition=self.edition, rule=self.rule, questionnaire=self.questionnaire)

    def results(self) -> ResultQuerySet:
        return Result.objects.filter(assessment__provenance__batch=self)

    def remove(self, *, by: User | None) -> None:
        """Deletes its assessments with answers and results; teams stay, also those that came with it.

        Raises Refused with the sentences of `what_builds_on_it`. Nothing happens if it has been removed already.
        """
        with writing(by):
            teams = list(self.provenances.order_by().values_list("team", flat=True).distinct())
            list(Team.objects.filter(pk__in=teams).order_by("pk").select_for_update(no_key=True))
            if HistoryImport.objects.select_for_update().filter(pk=self.pk).first() is None:
                return
            # Whoever makes something that refers to one of them is let finish, and then nothing new can.
            list(self.results().order_by("pk").select_for_update(of=("self",)).values_list("pk"))
            if sentences := self.what_builds_on_it():
                raise Refused(" ".join(sentences))
            assessments = list(self.provenances.values_list("assessment", flat=True))
            for start in range(0, len(assessments), ROWS_AT_ONCE):
                self._delete(assessments[start : start + ROWS_AT_ONCE])
            Event.record("history.removed", by=by, batch=str(self.pk), assessments=len(assessments))
            HistoryImport.objects.filter(pk=self.pk).delete()

    @staticmethod
    def _delete(assessments: list[uuid.UUID]) -> None:
        # The many rows first and at once: a cascade would read every one of them.
        CriterionResult.objects.filter(result__assessment__in=assessments).delete()
        PartResult.objects.filter(result__assessment__in=assessments).delete()
        Rating.objects.filter(assessment__in=assessments).delete()
        AgreedRating.objects.filter(assessment__in=assessments).delete()
        Assessment.objects.filter(pk__in=assessments).delete()

    # ------------------------------------------------------------------ what builds on it

    def what_builds_on_it(self) -> list[str]:
        """Sentences that say why it cannot be removed any more; empty if nothing stands in the way."""
        sentences = [
            *self._merged(),
            *self._baselines(),
            *self._later_results(),
            *self._explained(),
            *self._shared(),
            *self._planned(),
        ]
        sentences = list(dict.fromkeys(sentences))
        more = len(sentences) - MOST_SENTENCES
        if more <= 0:
            return sentences
        sentence = ngettext("{number} more thing builds on it.", "{number} more things build on it.", more)
        return [*sentences[:MOST_SENTENCES], sentence.format(number=more)]

    def _merged(self) -> Iterator[str]:
        for result in self.results().exclude(former_team="").select_related("team"):
            sentence = _("{former} was merged into {team}, which keeps its results.")
            yield sentence.format(former=result.former_team, team=result.team)

    def _baselines(self) -> Iterator[str]:
        for target in Target.objects.filter(baseline__in=self.results()).select_related("team", "baseline"):
            sentence = _("{team} has a target due {due} that starts from the result of {date}.")
            yield sentence.format(
                team=target.team,
                due=date_format(target.due),
                date=date_format(target.baseline.date) if target.baseline else "",
            )

    def _later_results(self) -> Iterator[str]:
        """Results that were made here since, and whose result before is one of these."""
        made_here = Result.objects.current_only().filter(
            assessment__provenance=None, created_at__gt=self.at, **self.line.results()
        )
        before = Result.objects.current_only().filter(
            team=OuterRef("team"), date__lte=OuterRef("date"), **self.line.results()
        )
        before = before.exclude(pk=OuterRef("pk")).newest_first()
        own = self.results().values("pk")
        rows = made_here.annotate(before=Subquery(before.values("pk")[:1])).filter(before__in=own)
        for result in rows.select_related("team"):
            sentence = _("{team} closed an assessment of {date} that is compared with an imported one.")
            yield sentence.format(team=result.team, date=date_format(result.date))

    def _explained(self) -> Iterator[str]:
        for reason in SetbackReason.objects.filter(result__in=self.results()).select_related("result__team"):
            sentence = _("{team} said why the result of {date} went down.")
            yield sentence.format(team=reason.result.team, date=date_format(reason.result.date))

    def _shared(self) -> Iterator[str]:
        links = ShareLink.objects.filter(result__in=self.results(), revoked_on=None)
        for link in links.filter(expires_on__gte=timezone.localdate()).select_related("result__team"):
            if link.result:
                sentence = _("A share link shows the result of {team} of {date}.")
                yield sentence.format(team=link.result.team, date=date_format(link.result.date))

    def _planned(self) -> Iterator[str]:
        """Actions that were planned, and badges that are shown, while one of these was the newest result."""
        newest = self._newest_of_teams()
        actions = Action.objects.filter(
            team__in=newest, framework=self.edition.framework_id, created_at__gt=self.at
        ).select_related("team")
        for action in actions:
            sentence = _("{team} planned an action from it: {action}")
            yield sentence.format(team=action.team, action=action)
        for badge in Badge.objects.usable().filter(team__in=newest, **self.line.results()).select_related("team"):
            yield _("A badge of {team} shows an imported result.").format(team=badge.team)

    def _newest_of_teams(self) -> list[uuid.UUID]:
        """Teams of which the newest result of the framework is one of these."""
        of_team = Result.objects.current_only().filter(team=OuterRef("pk"), framework=self.edition.framework_id)
        newest = Subquery(of_team.newest_first().values("assessment__provenance__batch")[:1])
        teams = Team.objects.filter(Q(results__in=self.results())).distinct()
        return list(teams.annotate(newest_batch=newest).filter(newest_batch=self.pk).values_list("pk", flat=True))
