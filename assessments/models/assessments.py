"""Assessments: what they ask, and how they are opened, reviewed, closed and reopened.

Only this module turns rows into the input of `scoring`.
"""

import datetime
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from ..scoring import anonymity
from . import unlinking
from .accounts import User
from .answering import Answering
from .checks import CheckAtClosing
from .edition_parts import Criterion
from .frameworks import Contents, Edition, Questionnaire
from .inviting import Inviting
from .journal import Event
from .outside import AskingOutside
from .participation import Participation
from .ratings import Rating
from .refusals import Refused
from .results import Result
from .revisions import Revised
from .rooms import end_room, go_on_in_review
from .teams import Membership, Team
from .transitions import CLOSED, DRAFT, OPEN, REVIEW
from .webhooks import Delivery, Webhook
from .writing import writing

if TYPE_CHECKING:
    from .rounds import Round

TOO_EARLY = gettext_lazy("The due date cannot be before the date of the assessment.")
NO_ANSWERS = gettext_lazy(
    "Nobody has answered yet, so there is nothing to close. To end it without a result, discard it."
)
TOO_FEW_PEOPLE = gettext_lazy(
    "At least four members of the team or people invited by email must submit their answers first. People who use the "
    "shared link do not count towards the four, because anyone can use it more than once."
)
TOO_FEW = gettext_lazy(
    "No question has answers from four people who count yet. An anonymous assessment only counts questions with four: "
    "with fewer people, the result would reveal who said what."
)

NOT_REOPENED = gettext_lazy("This result was imported, so its assessment cannot be reopened.")
ANSWERS_REMOVED = gettext_lazy("Its answers were removed on {day}, so this assessment cannot be reopened.")

COMMENTS_FROM_BEFORE = gettext_lazy(
    "You joined after this assessment was closed, so you do not see its comments, and whoever leads the review would. "
    "Ask a lead who sees them to choose the facilitator."
)


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(team__in=Team.objects.visible_to(user))

    def held(self) -> "list[Assessment]":
        """These as they are now, locked against other writers until the transaction ends."""
        return list(self.select_for_update(no_key=True, of=("self",)).order_by("pk"))

    def open(self) -> Self:
        return self.filter(status=Assessment.Status.OPEN)

    def gathering(self) -> Self:
        """Assessments to which people can be added: open ones and drafts."""
        return self.filter(status__in=[Assessment.Status.DRAFT, Assessment.Status.OPEN])

    def unfinished(self) -> Self:
        return self.exclude(status=Assessment.Status.CLOSED)

    def closed(self) -> Self:
        return self.filter(status=Assessment.Status.CLOSED)

    def asking(self, user: User) -> Self:
        """Open assessments that ask this person, the most urgent first."""
        return self.open().filter(participations__user=user).order_by(models.F("due").asc(nulls_last=True), "date")

    def led_by(self, user: User) -> Self:
        """Unfinished assessments of teams that this person leads, or whose review they were asked to lead.

        Each has `.is_led`: whether the person leads the team. The most urgent first.
        """
        teams = Membership.objects.filter(user=user, role=Membership.Role.LEAD).values("team")
        is_led = models.Case(models.When(team__in=teams, then=models.Value(True)), default=models.Value(False))
        rows = self.unfinished().filter(Q(team__in=teams) | Q(facilitator=user)).annotate(is_led=is_led)
        return rows.order_by(models.F("due").asc(nulls_last=True), "date")

    def with_lacks_answers(self) -> Self:
        """Each with `.lacks_answers`: whether answering cannot end yet, as `too_few` says it of one that is open."""
        votes = Rating.objects.votes().filter(assessment=OuterRef("pk"))
        people = Participation.objects.submitted().filter(assessment=OuterRef("pk"), counts=True).order_by()
        count = Coalesce(Subquery(people.values("assessment").annotate(n=Count("pk")).values("n")), 0)
        lacks = Q(~Exists(votes), anonymous=False) | Q(anonymous=True, people_submitted__lt=anonymity.LEAST)
        case = models.Case(models.When(lacks, then=models.Value(True)), default=models.Value(False))
        return self.alias(people_submitted=count).annotate(lacks_answers=case)

    def with_pulse(self) -> Self:
        """Each with `.pulse`, a short text that changes whenever a page that follows the assessment has something new.

        For an anonymous one this is the status alone: nobody may watch when people arrive, answer and submit.
        """

        def count(rows: models.QuerySet) -> Subquery:
            return Subquery(rows.order_by().values("assessment").annotate(n=Count("pk")).values("n"))

        people = Participation.objects.filter(assessment=OuterRef("pk"), assessment__anonymous=False)
        begun = people.exclude(state=Participation.State.ASKED)
        answers = Rating.objects.filter(assessment=OuterRef("pk"), assessment__anonymous=False)
        counts = [count(people), count(begun), count(people.submitted()), count(answers)]
        parts = [Coalesce(Cast(n, models.CharField()), models.Value("0")) for n in counts]
        dashes = [part for n in parts for part in (models.Value("-"), n)]
        return self.annotate(pulse=Concat("status", *dashes, output_field=models.CharField()))

    def for_person(self, user: User) -> Self:
        """Each with `.my_state`: how far this person's participation is, None if they are not asked."""
        mine = Participation.objects.filter(assessment=OuterRef("pk"), user=user).values("state")[:1]
        return self.annotate(my_state=Subquery(mine))

    def next_number(self, team: Team) -> int:
        """The number of the team's next assessment; the caller holds the lock of the team."""
        last = self.filter(team=team).aggregate(last=models.Max("number"))["last"]
        return (last or 0) + 1

    def start(
        self,
        *,
        team: Team,
        by: User | None,
        edition: Edition,
        date: datetime.date,
        questionnaire: str = "full",
        rule: str = "",
        as_draft: bool = False,
        people: Iterable[User] | None = None,
        **terms: Any,
    ) -> "Assessment":
        """Creates an assessment, open or as a draft, and asks everybody in the team who answers, or only some `people`.

        `terms` are further fields: due, anonymous, hides_hints, facilitator, message. Raises Refused if the edition
        cannot be used, or if the team has an unfinished assessment with the same framework.
        """
        contents = edition.contents
        if edition.status != Edition.Status.PUBLISHED:
            raise Refused(_("Only a published version can be used."))
        if rule not in (contents.rules or {""}):
            raise Refused(_("This framework does not have this scoring rule."))
        if questionnaire == Questionnaire.SHORT and not contents.quick_keys:
            raise Refused(_("This version has no short questionnaire."))
        due = terms.get("due")
        if due and due < date:
            raise Refused(TOO_EARLY)
        with writing(by, terms.get("facilitator"), *team.people_who_answer()):
            Team.objects.lock(team.pk)
            if self.unfinished().filter(team=team, edition__framework=edition.framework_id).exists():
                message = _("An assessment with {framework} is already under way. Close or discard it first.")
                raise Refused(message.format(framework=edition.name))
            assessment = self.create(
                team=team,
                number=self.next_number(team),
                edition=edition,
                date=date,
                questionnaire=questionnaire,
                rule=rule,
                status=DRAFT if as_draft else OPEN,
                created_by=by,
                opened_at=None if as_draft else timezone.now(),
                **terms,
            )
            answering = team.memberships.answering()
            if people is not None:
                answering = answering.filter(user__in=list(people))
            asked = list(answering.values_list("user_id", flat=True))
            Participation.objects.bulk_create([Participation(assessment=assessment, user_id=user) for user in asked])
            if assessment.anonymous:
                assessment._expect_by_link(asked)
            kind = "assessment.drafted" if as_draft else "assessment.opened"
            Event.record(kind, by=by, team=team, assessment=assessment, edition=str(edition.pk))
            if not as_draft:
                assessment._report_opened()
        return assessment


class Assessment(Answering, Inviting, AskingOutside, Revised):
    """One dated round of questions for one team, always with the same edition."""

    class Status(models.TextChoices):
        DRAFT = DRAFT, gettext_lazy("Draft")
        OPEN = OPEN, gettext_lazy("Open")
        REVIEW = REVIEW, gettext_lazy("In review")
        CLOSED = CLOSED, gettext_lazy("Closed")

    #: Set by `with_pulse`.
    pulse: str
    #: How far the participation of a person is; set by `for_person`.
    my_state: str | None
    #: Whether a person leads its team; set by `led_by`.
    is_led: bool
    #: Whether pipelines reported anything about its team; set where people answer.
    has_checks: bool
    #: Set by `with_lacks_answers`.
    lacks_answers: bool

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="assessments")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="assessments")
    date = models.DateField()
    due = models.DateField(gettext_lazy("due date"), null=True, blank=True)
    questionnaire = models.CharField(max_length=5, choices=Questionnaire, default=Questionnaire.FULL)
    rule = models.CharField(gettext_lazy("scoring rule"), max_length=80, blank=True)
    anonymous = models.BooleanField(default=False)
    hides_hints = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether a question shows its level and the last answer only once it has an answer.",
    )
    status = models.CharField(max_length=6, choices=Status, default=Status.DRAFT)
    facilitator = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    #: What the lead says in every invitation.
    message = models.TextField(max_length=1000, blank=True, default="", db_default="")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    number = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="A running number within the team, which orders assessments of the same day.",
    )
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    #: When what people wrote, and when their answers, were removed below the result: see `forget_comments`.
    comments_removed_on = models.DateField(null=True, blank=True, editable=False)
    answers_removed_on = models.DateField(null=True, blank=True, editable=False)
    has_traces = models.BooleanField(
        default=False,
        editable=False,
        help_text="Anonymous answering has ended, and traces of its old rows must still be cleared from the database.",
    )

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-number"]
        indexes = [models.Index(fields=["team", "status"], name="assessment_team_status")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False),
                name="assessment_closed_has_time",
                violation_error_message=gettext_lazy("A closed assessment needs a closing time."),
            ),
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(due__gte=models.F("date")),
                name="assessment_due_after_date",
                violation_error_message=TOO_EARLY,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}, {date_format(self.date)}"

    def get_absolute_url(self) -> str:
        return reverse("assessment", args=[self.pk])

    # ------------------------------------------------------------------ what is asked

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @property
    def is_in_review(self) -> bool:
        return self.status == self.Status.REVIEW

    @property
    def is_short(self) -> bool:
        return self.questionnaire == Questionnaire.SHORT

    @property
    def why_not_reopened(self) -> str:
        """Why it stays closed, although somebody may reopen assessments; empty if nothing stands in the way."""
        if self.is_imported:
            return str(NOT_REOPENED)
        if self.answers_removed_on:
            return ANSWERS_REMOVED.format(day=date_format(self.answers_removed_on))
        return ""

    @property
    def is_imported(self) -> bool:
        """Whether its result was not made here; `provenance` says where it came from."""
        return hasattr(self, "provenance")

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due is not None and self.due < self.team.today()

    @property
    def waits_for_lead(self) -> bool:
        """Whether its due date is over and only a lead can go on with it, by ending answering or closing it."""
        is_over = self.due is not None and self.due < self.team.today()
        return is_over and (self.is_open or self.is_in_review)

    def criteria_asked(self) -> list[Criterion]:
        """The criteria of the questionnaire in the order of the framework."""
        contents = self.edition.contents
        return [criterion for criterion in contents.criteria if criterion.quick or not self.is_short]

    def rule_name(self) -> str:
        return self.edition.contents.rules.get(self.rule, "")

    # ------------------------------------------------------------------ moves: the table is in `transitions`

    def open(self, *, by: User) -> None:
        """Opens a draft so that people can answer; its queued mails are sent."""
        with writing(by):
            locked = self._lock()
            locked._move("open", by=by, edition=str(locked.edition_id))
            type(self).objects.filter(pk=self.pk).update(opened_at=timezone.now())
            locked._report_opened()

    def _report_opened(self) -> None:
        key = f"opened:{self.pk}"
        Delivery.objects.report(Webhook.Happening.OPENED, team=self.team, assessment=self, key=key)

    def end_answering(self, *, by: User) -> None:
        """Ends answering, so that the team can review its answers. Saved answers count, submitted or not."""
        with writing(by, *self._people_to_write_anew()):
            locked = self._lock()
            locked._refuse_unless(OPEN)
            locked._refuse_without_answers()
            locked._move("end answering", by=by)
            locked._unlink()
            locked._end_outside_view()
            go_on_in_review(locked)

    def answer_again(self, *, by: User) -> None:
        with writing(by, *self.team.people_who_answer()):
            locked = self._lock()
            if locked.anonymous:
                raise Refused(
                    _(
                        "An anonymous assessment takes no more answers once they have been shown: "
                        "anyone could compare before and after and see what was added."
                    )
                )
            locked._move("answer again", by=by)
            end_room(locked)
            locked._ask_as_the_team_is_now()

    def close(self, *, by: User) -> Result:
        """Freezes the answers into a result and returns it; closing again returns the same result.

        Raises Refused if nobody has answered, or if an anonymous assessment has too few respondents.
        """
        with writing(by, *self._people_to_write_anew()):
            locked = self._lock()
            if locked.is_closed:
                return locked.results.get(is_current=True)
            locked._refuse_unless(OPEN, REVIEW)
            locked._refuse_without_answers()
            if locked.is_open:
                locked._unlink()
                locked._end_outside_view()
            end_room(locked)
            score = locked.score()
            result = Result.freeze(locked, score, by=by)
            CheckAtClosing.objects.freeze(result, score.criteria)
            locked._freeze_outside_view(result, score)
            locked._move("close", by=by, result=str(result.pk), generation=result.generation)
            key = f"closed:{result.pk}"
            Delivery.objects.report(Webhook.Happening.CLOSED, team=self.team, assessment=locked, result=result, key=key)
        return result

    def forget_comments(self) -> bool:
        """Deletes what people wrote below the result: comments, evidence, reasons and notes. Every figure stays.

        Returns whether that was still to do. Nothing happens while the assessment is not closed.
        """
        with transaction.atomic():
            locked = self._lock()
            if not locked.is_closed or locked.comments_removed_on:
                return False
            locked._forget_words()
            locked.comments_removed_on = timezone.localdate()
            locked.save(update_fields=["comments_removed_on"])
            Event.record("assessment.comments-removed", by=None, team=locked.team, assessment=locked)
        return True

    def forget_answers(self) -> bool:
        """Deletes every single answer below the result, and what people wrote. Every figure stays, as it is frozen.

        Afterwards the assessment cannot be reopened. Returns whether that was still to do.
        """
        with transaction.atomic():
            locked = self._lock()
            if not locked.is_closed or locked.answers_removed_on:
                return False
            locked._forget_words()
            locked.room_votes.all().delete()
            # With their ratings and answers to symptoms.
            locked.respondents.all().delete()
            locked.answers_removed_on = locked.comments_removed_on = timezone.localdate()
            locked.save(update_fields=["answers_removed_on", "comments_removed_on"])
            Event.record("assessment.answers-removed", by=None, team=locked.team, assessment=locked)
        return True

    def _forget_words(self) -> None:
        self.ratings.forget_words()
        self.agreed_ratings.update(note="")
        self.agreed_ratings.exclude(reason="").update(reason="(removed)")

    def reopen(self, *, by: User, reason: str, to: str = OPEN) -> "Reopening":
        """Reopens for answers or for review. The result stays current, marked as under revision, until then."""
        with writing(by, *self.team.people_who_answer()):
            locked = self._lock()
            if not locked.is_closed:
                raise Refused(_("This assessment is not closed, so there is nothing to reopen."))
            if locked.why_not_reopened:
                raise Refused(locked.why_not_reopened)
            if locked.results.exclude(former_team="").exists():
                raise Refused(_("This is of a team that was merged into this one. It stays as it is."))
            if locked.anonymous and to != REVIEW:
                raise Refused(_("An anonymous assessment can only be reopened for review, not for answers."))
            result = locked.results.get(is_current=True)
            reopening = Reopening.objects.create(assessment=locked, result=result, by=by, reason=reason)
            # What is written from now on is kept as long as after the first closing.
            locked.comments_removed_on = None
            locked.save(update_fields=["comments_removed_on"])
            locked._move("reopen", by=by, to=to)
            if to == OPEN:
                locked._ask_as_the_team_is_now()
        return reopening

    def _ask_as_the_team_is_now(self) -> None:
        """Asks people who have joined since. People who left cannot get in; those who had not started are removed."""
        answering = {member.user for member in self.team.memberships.answering().select_related("user")}
        for user in answering:
            self.ask(user)
        gone = self.participations.filter(state=Participation.State.ASKED, user__isnull=False)
        gone.exclude(user__in=answering).delete()
        links = self.invitations.filter(user__isnull=False, revoked_on=None)
        links.exclude(user__in=answering).update(revoked_on=timezone.localdate())

    def discard(self, *, by: User) -> None:
        """Deletes an assessment that has no result yet, with every answer in it."""
        with writing(by):
            locked = self._lock()
            if locked.results.exists():
                raise Refused(_("This assessment has a result, so it cannot be discarded."))
            locked._move("discard", by=by)
            end_room(locked)
            locked.delete()

    def _refuse_without_answers(self) -> None:
        if too_few := self.too_few():
            raise Refused(too_few)
        if self.anonymous and self.is_open and not self.counting_votes():
            raise Refused(TOO_FEW)

    def too_few(self) -> str:
        """Why answering cannot end yet, as pages show it; empty once there is a vote.

        While an anonymous assessment is open, this reveals only whether four people who count have submitted. Whether
        any question has enough votes would reveal when somebody has just answered, so only ending says it.
        """
        if not self.anonymous:
            return "" if self.ratings.votes().exists() else str(NO_ANSWERS)
        if not self.is_open:
            return ""
        submitted = self.participations.submitted().filter(counts=True).count()
        return str(TOO_FEW_PEOPLE) if submitted < anonymity.LEAST else ""

    def _people_to_write_anew(self) -> list[User]:
        """The people that rows refer to which are rewritten when answering ends."""
        if not (self.anonymous and self.is_open):
            return []
        asked = Q(participations__assessment=self) | Q(invitations__assessment=self)
        inviting = self.invitations.values("created_by")
        return list(User.objects.filter(asked | Q(pk__in=inviting)).distinct())

    def _unlink(self) -> None:
        """Breaks every link from an anonymous answer to a person when answering ends."""
        if self.anonymous:
            unlinking.unlink(self.pk)
            type(self).objects.filter(pk=self.pk).update(has_traces=True)
            unlinking.clear_soon(type(self).objects.all())

    def set_due(self, due: datetime.date | None, *, by: User, seen: int | None) -> None:
        """Changes the due date; reminders about the old one do not count for the new one.

        Raises Conflict if the assessment was changed since the revision `seen`.
        """
        with writing(by):
            locked = self._lock()
            locked._refuse_unless(DRAFT, OPEN, REVIEW)
            if due and due < locked.date:
                raise Refused(TOO_EARLY)
            if beyond := locked.beyond_its_round(due):
                raise Refused(beyond)
            if locked.take({"due": due}, seen=seen):
                locked.save(update_fields=["due", "revision"])
                Event.record("assessment.due", by=by, team=self.team, assessment=self, due=due and due.isoformat())

    def in_round(self) -> "Round | None":
        """The round under way that it is part of."""
        entry = getattr(self, "round_entry", None)
        return entry.round if entry is not None and entry.round.is_running else None

    def beyond_its_round(self, due: datetime.date | None) -> str:
        """Why this due date is too late for the round that it is part of; empty if it is not."""
        round_ = self.in_round()
        if round_ is None or (due and due <= round_.latest_due):
            return ""
        sentence = _("This assessment is part of the round {round}. Choose a due date until {day}.")
        return sentence.format(round=round_, day=date_format(round_.latest_due))

    def set_facilitator(self, user: User | None, *, by: User, seen: int | None) -> None:
        """Sets the facilitator of the review; None leaves it to the lead.

        Raises Conflict if the assessment was changed since the revision `seen`, Refused if the facilitator would read
        comments that are hidden from whoever chooses them.
        """
        with writing(by, user):
            locked = self._lock()
            locked._refuse_unless(DRAFT, OPEN, REVIEW)
            if user is not None and locked._hides_comments_from(by):
                raise Refused(COMMENTS_FROM_BEFORE)
            if locked.take({"facilitator": user}, seen=seen):
                locked.save(update_fields=["facilitator", "revision"])
                person = user and str(user.pk)
                Event.record("assessment.facilitator", by=by, team=self.team, assessment=self, person=person)

    def _hides_comments_from(self, lead: User) -> bool:
        """Whether this lead joined after the assessment was closed for the first time, and was shown no comments."""
        closed_at = self.first_closed_at
        if closed_at is None:
            return False
        return self.team.memberships.filter(user=lead, reads_comments_since__gt=closed_at).exists()

    @property
    def first_closed_at(self) -> datetime.datetime | None:
        """When it was closed for the first time, however often it was reopened since."""
        return self.results.order_by("generation").values_list("created_at", flat=True).first()

    # ------------------------------------------------------------------ scoring

    def instrument(self) -> scoring.Instrument:
        """What is asked here, in the form that the scoring engine takes."""
        instrument = instrument_of(self.edition)
        return instrument.restricted_to(self.edition.contents.quick_keys) if self.is_short else instrument

    def score(self) -> scoring.Score:
        """The figures as they would be if the assessment closed now."""
        return scoring.score(self.instrument(), self.counting_votes(), self._agreed_codes())

    def settled(self) -> dict[str, scoring.CriterionScore]:
        """What each criterion comes to now, by key; cheaper than the whole score."""
        return scoring.settled_criteria(self.instrument(), self.counting_votes(), self._agreed_codes())

    def _agreed_codes(self) -> dict[str, str]:
        rows = self.agreed_ratings.agreed().values_list("criterion__key", "choice__code")
        return {key: code or scoring.NA for key, code in rows}


def instrument_of(edition: Edition, contents: Contents | None = None) -> scoring.Instrument:
    """An edition's rows as the scoring engine's plain values; pass `contents` if they have already been read."""
    contents = contents or edition.contents
    rules = edition.scoring
    scales = {}
    rubric = contents.rubric
    for scale in contents.scales:
        values = {choice.code: choice.value for choice in scale.choices.all()}
        scales[scale.pk] = scoring.ScoredScale(key=scale.key, values=values, from_lowest=rubric is not None)
    discuss = rules.get("discuss_when") or {}
    return scoring.Instrument(
        method=edition.method,
        criteria=tuple(
            scoring.ScoredCriterion(
                key=c.key,
                dimension=c.dimension.key,
                level=c.level.number if c.level else None,
                scale=scales[c.scale_id],
                weight=scoring.exact(c.weight) if rubric and c.weight else scoring.ONE,
            )
            for c in contents.criteria
        ),
        dimensions=tuple(
            scoring.ScoredDimension(
                key=d.key,
                group=d.group.key if d.group else None,
                weight=scoring.exact(d.weight) if rubric and d.weight else scoring.ONE,
            )
            for d in contents.dimensions
        ),
        groups=tuple(group.key for group in contents.groups),
        levels=tuple(level.number for level in contents.levels),
        rules=tuple(scoring.Rule.parsed(rule) for rule in rules.get("rules", [])),
        default_rule=rules.get("default_rule"),
        bands=tuple(scoring.Band.parsed(band) for band in rules.get("bands", [])),
        rubric=rubric,
        discuss_spread=discuss.get("spread_min", 2),
        discuss_split=discuss.get("split_median", True),
        applicability_warning_below=scoring.exact(rules.get("applicability_warning_below", "0.7")),
    )


class Reopening(models.Model):
    """Why a closed assessment was reopened, and which result was current then."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="reopenings")
    result = models.ForeignKey("assessments.Result", models.CASCADE, related_name="reopenings")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(max_length=1000)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="reopening_has_reason",
                violation_error_message=gettext_lazy("Reopening needs a reason."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} reopened at {self.at:%F %T}"


def minutes(questions: int) -> int:
    """How many minutes this many questions take: about 22 seconds each, to the nearest five minutes."""
    return max(5, (questions * 22 + 150) // 300 * 5)
