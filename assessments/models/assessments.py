"""Assessments: who is asked, what was answered, and how it is opened, closed and reopened.

This module is the one place that turns rows into the input of `scoring`.
"""

import uuid
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from .. import scoring
from .accounts import User
from .frameworks import Choice, Criterion, Edition
from .journal import Event
from .teams import Membership, Team

TOO_EARLY = "Answers cannot be wanted before the date of the assessment."


class Refused(Exception):
    """The state of an assessment forbids what was asked; str() is the sentence to show."""


class StaleAnswer(Refused):
    """Another page has stored a different answer meanwhile; `.stored` is that rating."""

    def __init__(self, stored):
        super().__init__("This answer was changed on another page meanwhile.")
        self.stored = stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a respondent says to one criterion. `code` is a choice's code, NA, DK, or empty for no answer."""

    code: str = ""
    reason: str = ""
    comment: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMark:
    """Which page saved, its running number, and the version of the rating that the page had seen."""

    page: str
    sequence: int
    version: int


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user):
        return self.filter(team__in=Team.objects.visible_to(user))

    def open(self):
        return self.filter(status=Assessment.Status.OPEN)

    def unfinished(self):
        return self.exclude(status=Assessment.Status.CLOSED)

    def closed(self):
        return self.filter(status=Assessment.Status.CLOSED)

    def asking(self, user):
        """Open assessments that wait for this person's answers, the most urgent first."""
        return self.open().filter(participations__user=user).order_by(models.F("due").asc(nulls_last=True), "date")

    def for_person(self, user):
        """Each with `.my_state`: how far this person's participation is, None where they are not asked."""
        mine = Participation.objects.filter(assessment=OuterRef("pk"), user=user).values("state")[:1]
        return self.annotate(my_state=Subquery(mine))

    def start(self, *, team, by, edition, date, due=None, questionnaire="full", rule=""):
        """Opens a new assessment and asks everybody in the team who answers.

        Raises Refused where the edition cannot be used, or the team has an unfinished one with the same framework.
        """
        contents = edition.contents
        if edition.status != Edition.Status.PUBLISHED:
            raise Refused("Only a published edition can be used.")
        if rule not in (contents.rules or {""}):
            raise Refused("This framework has no such scoring rule.")
        if questionnaire == Assessment.Questionnaire.SHORT and not contents.quick_keys:
            raise Refused("This edition has no short questionnaire.")
        if due and due < date:
            raise Refused(TOO_EARLY)
        with transaction.atomic():
            Team.objects.select_for_update().get(pk=team.pk)
            if self.unfinished().filter(team=team, edition__framework=edition.framework_id).exists():
                raise Refused(f"An assessment with {edition.name} is under way already. Close or discard it first.")
            assessment = self.create(
                team=team,
                edition=edition,
                date=date,
                due=due,
                questionnaire=questionnaire,
                rule=rule,
                status=Assessment.Status.OPEN,
                created_by=by,
                opened_at=timezone.now(),
            )
            asked = team.memberships.answering().values_list("user_id", flat=True)
            Participation.objects.bulk_create([Participation(assessment=assessment, user_id=user) for user in asked])
            Event.record("assessment.opened", by=by, team=team, assessment=assessment, edition=str(edition.pk))
        return assessment


class Assessment(models.Model):
    """One dated round of questions for one team, pinned to one edition for good."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        REVIEW = "review", "In review"
        CLOSED = "closed", "Closed"

    class Questionnaire(models.TextChoices):
        FULL = "full", "Full questionnaire"
        SHORT = "short", "Short questionnaire"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="assessments")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="assessments")
    date = models.DateField()
    due = models.DateField("answers wanted by", null=True, blank=True)
    questionnaire = models.CharField(max_length=5, choices=Questionnaire, default=Questionnaire.FULL)
    rule = models.CharField("scoring rule", max_length=80, blank=True)
    anonymous = models.BooleanField(default=False)
    status = models.CharField(max_length=6, choices=Status, default=Status.DRAFT)
    facilitator = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-opened_at"]
        indexes = [models.Index(fields=["team", "status"], name="assessment_team_status")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False),
                name="assessment_closed_has_time",
                violation_error_message="A closed assessment needs the time of closing.",
            ),
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(due__gte=models.F("date")),
                name="assessment_due_after_date",
                violation_error_message=TOO_EARLY,
            ),
        ]

    def __str__(self):
        return f"{self.team}, {self.date:%-d %B %Y}"

    def get_absolute_url(self):
        return reverse("assessment", args=[self.pk])

    # ------------------------------------------------------------------ what is asked

    @property
    def is_open(self):
        return self.status == self.Status.OPEN

    @property
    def is_closed(self):
        return self.status == self.Status.CLOSED

    @property
    def is_short(self):
        return self.questionnaire == self.Questionnaire.SHORT

    @property
    def is_overdue(self):
        return self.is_open and self.due is not None and self.due < self.team.today()

    def criteria_asked(self) -> list[Criterion]:
        """The criteria of the questionnaire in the order of the framework."""
        contents = self.edition.contents
        return [c for c in contents.criteria if not self.is_short or c.quick]

    def rule_name(self):
        return self.edition.contents.rules.get(self.rule, "")

    # ------------------------------------------------------------------ people

    def ask(self, user):
        """Puts a person on the list of those who are asked."""
        Participation.objects.get_or_create(assessment=self, user=user)

    def unask(self, user):
        """Takes a person off the list, unless they have begun to answer: what was said stays."""
        Participation.objects.filter(assessment=self, user=user, state=Participation.State.ASKED).delete()

    def respondent_of(self, user) -> "Respondent | None":
        return self.respondents.filter(user=user).first()

    def answered_keys(self, respondent) -> set[str]:
        """Keys of the criteria that this respondent has answered, be it with `I do not know`."""
        if respondent is None:
            return set()
        return set(Rating.objects.filter(respondent=respondent).given().values_list("criterion__key", flat=True))

    def answered_by_user(self) -> dict[uuid.UUID, int]:
        """Number of criteria answered, by user id."""
        rows = self.ratings.given().order_by().values_list("respondent__user").annotate(n=Count("pk"))
        return dict(rows)

    def unanswered_criteria(self) -> list[Criterion]:
        """Criteria that nobody has rated and the team has not agreed on so far; at closing they count as zero."""
        rated = self.ratings.filter(answer__in=[Rating.Kind.RATED, Rating.Kind.NA]).values_list("criterion_id")
        known = {pk for (pk,) in rated.union(self.agreed_ratings.values_list("criterion_id"))}
        return [criterion for criterion in self.criteria_asked() if criterion.pk not in known]

    # ------------------------------------------------------------------ writing

    def _lock(self):
        """The row as it is now, held against every other writer until the transaction ends."""
        return Assessment.objects.select_for_update(no_key=True, of=("self",)).get(pk=self.pk)

    def _refuse_unless(self, *statuses):
        if self.status in statuses:
            return
        if self.is_closed:
            since = timezone.localtime(self.closed_at).strftime("%-d %B %Y, %H:%M")
            raise Refused(f"This assessment has been closed since {since}. Nothing in it can be changed.")
        raise Refused(f"This cannot be done while the assessment is {self.get_status_display().lower()}.")

    def save_rating(self, *, by, criterion, answer: Answer, mark: PageMark) -> "Rating":
        """Stores one person's answer to one criterion and returns the rating as it is stored afterwards.

        A save that is older than what the same page has stored already changes nothing. Raises StaleAnswer where
        another page has changed the answer meanwhile, Refused where the assessment is not open or the person no
        longer answers for the team.
        """
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(self.Status.OPEN)
            respondent_id = locked._answering(by) or locked._begin(by).pk
            return Rating.objects.store(self.pk, respondent_id, criterion, answer, mark)

    def _answering(self, user) -> uuid.UUID | None:
        """Id of this person's respondent, None before the first answer. Raises Refused for who no longer answers.

        A query of its own, after the lock: what is read in the locking statement itself may be from before the wait.
        """
        respondent = Respondent.objects.filter(assessment=self, user=user).values("pk")[:1]
        members = Membership.objects.answering().filter(team=self.team_id, user=user)
        found = members.values_list(Subquery(respondent), "pk").first()
        if found is None:
            raise Refused("You no longer answer for this team.")
        return found[0]

    def _begin(self, user) -> "Respondent":
        started = {"state": Participation.State.STARTED}
        Participation.objects.update_or_create(assessment=self, user=user, defaults=started)
        return Respondent.objects.create(assessment=self, user=user)

    def submit(self, *, by):
        """Marks that this person is done. Answers may still be changed while the assessment is open."""
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(self.Status.OPEN)
            respondent = locked.respondent_of(by)
            if not locked.answered_keys(respondent):
                raise Refused("Answer at least one question before you submit.")
            done = {"state": Participation.State.SUBMITTED, "submitted_at": timezone.now()}
            Participation.objects.update_or_create(assessment=self, user=by, defaults=done)
            Event.record("assessment.submitted", by=by, team=self.team, assessment=self)

    def set_due(self, due, *, by):
        """Moves the day by which answers are wanted."""
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(self.Status.DRAFT, self.Status.OPEN, self.Status.REVIEW)
            if due and due < locked.date:
                raise Refused(TOO_EARLY)
            Assessment.objects.filter(pk=self.pk).update(due=due)
            Event.record("assessment.due", by=by, team=self.team, assessment=self, due=due and due.isoformat())

    def close(self, *, by):
        """Freezes the answers into a result and returns it; closing again leads to the result there is.

        Raises Refused where nobody has answered anything.
        """
        from .results import Result

        with transaction.atomic():
            locked = self._lock()
            if locked.is_closed:
                return locked.results.current()
            locked._refuse_unless(self.Status.OPEN, self.Status.REVIEW)
            score = locked.score()
            if not score.whole.answered + score.whole.not_applicable:
                raise Refused("Nobody has answered yet, so there is nothing to close. Discard the assessment instead.")
            locked.status, locked.closed_at = self.Status.CLOSED, timezone.now()
            locked.save(update_fields=["status", "closed_at"])
            result = Result.freeze(locked, score, by=by)
            data = {"result": str(result.pk), "generation": result.generation}
            Event.record("assessment.closed", by=by, team=locked.team, assessment=locked, **data)
        return result

    def reopen(self, *, by, reason):
        """Lets people answer again. The result stays current, under revision, until the next closing."""
        with transaction.atomic():
            locked = self._lock()
            if not locked.is_closed:
                raise Refused("This assessment is open already.")
            if locked.anonymous:
                raise Refused("An anonymous assessment cannot be opened for answers again.")
            Reopening.objects.create(assessment=locked, result=locked.results.current(), by=by, reason=reason)
            locked.status, locked.closed_at = self.Status.OPEN, None
            locked.save(update_fields=["status", "closed_at"])
            Event.record("assessment.reopened", by=by, team=locked.team, assessment=locked)

    def discard(self, *, by):
        """Deletes an assessment that has no result yet, with every answer in it."""
        with transaction.atomic():
            locked = self._lock()
            if locked.results.exists():
                raise Refused("This assessment has a result; what has a result is kept.")
            Event.record("assessment.discarded", by=by, team=locked.team, discarded=str(self.pk))
            locked.delete()

    # ------------------------------------------------------------------ scoring

    def instrument(self) -> scoring.Instrument:
        """What is asked here, as the scoring engine takes it."""
        instrument = instrument_of(self.edition)
        return instrument.restricted_to(self.edition.contents.quick_keys) if self.is_short else instrument

    def votes(self) -> dict[uuid.UUID, dict[str, str]]:
        """Every respondent's codes by criterion key; what is not there is unanswered."""
        votes: dict[uuid.UUID, dict[str, str]] = {}
        rows = self.ratings.given().values_list("respondent_id", "criterion__key", "answer", "choice__code")
        for respondent, key, answer, code in rows:
            votes.setdefault(respondent, {})[key] = code if answer == Rating.Kind.RATED else answer
        return votes

    def score(self) -> scoring.Score:
        """The figures as they would be if the assessment closed now."""
        rows = self.agreed_ratings.values_list("criterion__key", "choice__code")
        agreed = {key: code or scoring.NA for key, code in rows}
        return scoring.score(self.instrument(), list(self.votes().values()), agreed)


def instrument_of(edition) -> scoring.Instrument:
    """An edition's rows as the scoring engine's plain values."""
    contents, rules = edition.contents, edition.scoring
    scales = {
        s.pk: scoring.Scale(key=s.key, values={c.code: c.value for c in s.choices.all()}) for s in contents.scales
    }
    discuss = rules.get("discuss_when") or {}
    return scoring.Instrument(
        method=edition.method,
        criteria=tuple(
            scoring.Criterion(
                key=c.key, dimension=c.dimension.key, level=c.level and c.level.number, scale=scales[c.scale_id]
            )
            for c in contents.criteria
        ),
        dimensions=tuple(scoring.Dimension(key=d.key, group=d.group and d.group.key) for d in contents.dimensions),
        groups=tuple(group.key for group in contents.groups),
        levels=tuple(level.number for level in contents.levels),
        rules=tuple(scoring.Rule.parsed(rule) for rule in rules.get("rules", [])),
        default_rule=rules.get("default_rule"),
        bands=tuple(scoring.Band.parsed(band) for band in rules.get("bands", [])),
        discuss_spread=discuss.get("spread_min", 2),
        discuss_split=discuss.get("split_median", True),
        applicability_warning_below=scoring.exact(rules.get("applicability_warning_below", "0.7")),
    )


class Invitation(models.Model):
    """A way in without an account, or to one person by mail; the token itself is never stored."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="invitations")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="invitations")
    email = models.EmailField(max_length=254, blank=True)
    token_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - unique when set
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"],
                condition=Q(user__isnull=False),
                name="invitation_once_per_person",
                violation_error_message="This person is invited already.",
            )
        ]

    def __str__(self):
        return f"invitation {self.pk}"


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def not_submitted(self):
        return self.exclude(state=Participation.State.SUBMITTED)

    def by_state(self) -> dict[str, int]:
        return dict(self.order_by().values_list("state").annotate(n=Count("pk")))


class Participation(models.Model):
    """Whether somebody who is asked has answered; never what. No key leads from here to a respondent."""

    class State(models.TextChoices):
        ASKED = "asked", "Not started"
        STARTED = "started", "Started"
        SUBMITTED = "submitted", "Submitted"

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="participations")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="participations")
    invitation = models.OneToOneField(Invitation, models.CASCADE, null=True, blank=True, related_name="participation")
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"],
                condition=Q(user__isnull=False),
                name="participation_once_per_person",
                violation_error_message="This person is asked already.",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(invitation__isnull=True),
                name="participation_person_or_invitation",
                violation_error_message="A participation belongs to a person or to an invitation, not to both.",
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", submitted_at__isnull=False) | ~Q(state="submitted"),
                name="participation_submitted_has_time",
                violation_error_message="A submitted participation needs its time.",
            ),
        ]

    def __str__(self):
        return f"{self.user_id or self.invitation_id}: {self.state}"


class Respondent(models.Model):
    """Who answers, as far as that may be known: a user, or only a secret that the person alone holds."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="respondents")
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="respondents")
    secret_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - unique when set

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "user"],
                condition=Q(user__isnull=False),
                name="respondent_once_per_person",
                violation_error_message="This person answers already.",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(secret_hash__isnull=True),
                name="respondent_known_or_secret",
                violation_error_message="A respondent is known by account or by secret, not by both.",
            ),
        ]

    def __str__(self):
        return str(self.pk)


class RatingQuerySet(models.QuerySet["Rating"]):
    def given(self):
        """Ratings that are an answer, be it `I do not know`; a comment alone is none."""
        return self.exclude(answer=Rating.Kind.NONE)

    def store(self, assessment_id, respondent_id, criterion, answer: Answer, mark: PageMark) -> "Rating":
        """Inserts or updates the one rating of this respondent for this criterion.

        The caller holds the assessment's lock, so nothing can come between reading and writing.
        """
        stored: Rating | None = self.filter(respondent_id=respondent_id, criterion=criterion).first()
        if stored is None:
            stored = Rating(assessment_id=assessment_id, respondent_id=respondent_id, criterion=criterion)
        elif stored.page == mark.page:
            if mark.sequence <= stored.sequence:
                return stored
        elif stored.version != mark.version:
            raise StaleAnswer(stored)
        # The criterion that was passed in brings its scale along; the stored row would fetch it again.
        stored.criterion = criterion
        stored.take(answer)
        stored.page, stored.sequence, stored.version = mark.page, mark.sequence, stored.version + 1
        stored.saved_at = timezone.now()
        stored.save(force_insert=stored._state.adding, force_update=not stored._state.adding)
        return stored


class Rating(models.Model):
    """A respondent's answer to a criterion. No answer, I do not know, does not apply and a choice are kept apart."""

    class Kind(models.TextChoices):
        NONE = "", "No answer"
        RATED = "rated", "Rated"
        NA = scoring.NA, "Does not apply"
        DK = scoring.DK, "I do not know"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="ratings", db_index=False)
    respondent = models.ForeignKey(Respondent, models.CASCADE, related_name="ratings", db_index=False)
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="ratings")
    answer = models.CharField(max_length=5, choices=Kind, blank=True)
    choice = models.ForeignKey(Choice, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    comment = models.TextField(blank=True, max_length=4000)
    evidence = models.URLField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=0)
    page = models.CharField(max_length=40, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)

    objects = RatingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["respondent", "criterion"],
                name="rating_once_per_criterion",
                violation_error_message="This respondent has rated this criterion already.",
            ),
            models.CheckConstraint(
                condition=Q(answer="rated", choice__isnull=False) | (~Q(answer="rated") & Q(choice__isnull=True)),
                name="rating_choice_when_rated",
                violation_error_message="A rating needs a choice; any other answer has none.",
            ),
            models.CheckConstraint(
                condition=~Q(answer="NA") | ~Q(reason=""),
                name="rating_na_has_reason",
                violation_error_message="“Does not apply” needs a reason.",
            ),
        ]
        indexes = [models.Index(fields=["assessment", "criterion"], name="rating_assessment_criterion")]

    def __str__(self):
        return f"{self.criterion_id}: {self.answer or '-'}"

    def take(self, answer: Answer):
        scale = self.criterion.scale
        rated = answer.code not in {"", scoring.NA, scoring.DK}
        self.answer = self.Kind.RATED if rated else answer.code
        self.choice = scale.by_code[answer.code] if rated else None
        self.reason = answer.reason if answer.code == scoring.NA else ""
        self.comment, self.evidence = answer.comment, answer.evidence

    @property
    def code(self) -> str:
        return self.choice.code if self.choice else self.answer


class AgreedRating(models.Model):
    """The value a team settles on together for a criterion: a choice, or that it does not apply, with a reason."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="agreed_ratings")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    choice = models.ForeignKey(Choice, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "criterion"],
                name="agreed_once_per_criterion",
                violation_error_message="There is an agreed rating for this criterion already.",
            ),
            models.CheckConstraint(
                condition=Q(choice__isnull=False) | ~Q(reason=""),
                name="agreed_na_has_reason",
                violation_error_message="“Does not apply” needs a reason.",
            ),
        ]

    def __str__(self):
        return f"{self.criterion_id} agreed"


class Reopening(models.Model):
    """Why a closed assessment was opened again, and which result was current then."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="reopenings")
    result = models.ForeignKey("assessments.Result", models.CASCADE, related_name="reopenings")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(max_length=1000)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="reopening_has_reason",
                violation_error_message="Reopening needs a reason.",
            )
        ]

    def __str__(self):
        return f"{self.assessment_id} reopened at {self.at:%F %T}"
