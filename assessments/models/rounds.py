"""Rounds: many teams assessed at once, with the same version and days.

A round is a draft until its teams are chosen. Each team is started in a transaction of its own, which also says so in
the row of the team, so a round that stops half-way goes on with the others and starts none of them twice. Closing a
round changes no assessment.
"""

import datetime
import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .assessments import Assessment
from .frameworks import Edition, Questionnaire
from .journal import Event
from .names import NameField
from .outbox import Mail
from .refusals import PersonGone, Refused
from .revisions import Revised
from .round_dates import AHEAD, Repeats, later, next_name
from .teams import Membership, Team, Unit
from .webhooks import Delivery, Webhook
from .writing import writing

log = logging.getLogger("maturity")

DUE_TOO_EARLY = gettext_lazy("The due date cannot be before the day on which the round opens.")
ALREADY_STARTED = gettext_lazy("This round has already started.")
NOT_RUNNING = gettext_lazy("This round is not under way.")
DISCARDED = gettext_lazy("This round was discarded, so nothing was saved.")


class RoundQuerySet(models.QuerySet["Round"]):
    def visible_to(self, user: User) -> Self:
        """All for an administrator; for managers those of their units, and others in which teams of theirs are."""
        if user.is_administrator:
            return self.all()
        managed = Unit.objects.managed_by(user)
        if not managed:
            return self.none()
        return self.filter(unit__in=managed) | self.with_teams_in(managed)

    def drafts(self) -> Self:
        return self.filter(state=Round.State.DRAFT)

    def running(self) -> Self:
        return self.filter(state=Round.State.RUNNING)

    def unfinished(self) -> Self:
        return self.exclude(state=Round.State.CLOSED)

    def for_portfolio(self, framework: int, today: datetime.date) -> Self:
        """Those with this framework that are under way, or were closed in the last three months."""
        closed_lately = Q(state=Round.State.CLOSED, closed_on__gte=later(today, -3, day=today.day))
        return self.filter(Q(state=Round.State.RUNNING) | closed_lately, edition__framework=framework)

    def with_teams_in(self, units: Iterable[int]) -> Self:
        """Those that have a team directly in one of these units."""
        return self.filter(Exists(RoundTeam.objects.filter(round=OuterRef("pk"), team__unit__in=set(units))))

    def with_counts(self, user: User) -> Self:
        """Each with the numbers of teams in it that this person may see. Newest first.

        `.teams` are all, `.teams_closed` those that have closed, `.teams_over` also those that have discarded,
        `.teams_waiting_for_lead` those whose due date is over, by the calendar of the server.
        """
        seen = Q(entries__team__in=Team.objects.visible_to(user))
        is_closed = Q(entries__assessment__status=Assessment.Status.CLOSED)
        is_discarded = Q(entries__started_on__isnull=False, entries__assessment=None)
        is_late = Q(
            entries__assessment__status__in=[Assessment.Status.OPEN, Assessment.Status.REVIEW],
            entries__assessment__due__lt=timezone.localdate(),
        )
        rows = self.annotate(
            teams=Count("entries", filter=seen),
            teams_closed=Count("entries", filter=seen & is_closed),
            teams_over=Count("entries", filter=seen & (is_closed | is_discarded)),
            teams_waiting_for_lead=Count("entries", filter=seen & is_late),
        )
        # Counting rows of another table loses the order of the model.
        return rows.order_by("-opens", "name", "pk")

    def draft(self, *, by: User, **terms: Any) -> "Round":
        """A new round, without teams yet; `terms` are its fields."""
        with writing(by):
            row = self.model(drafted_by=by, day=terms["opens"].day, **terms)
            row.refuse_unless_possible()
            row.save(force_insert=True)
            row.record("round.drafted", by)
        return row

    def draft_next(self, today: datetime.date) -> "list[Round]":
        """Drafts the next round of each that repeats and whose next one opens within a week; returns the new ones.

        Each has one next round at most, so doing it twice drafts nothing twice. If nobody looked after it for longer
        than a period, only the latest is drafted.
        """
        repeating = self.exclude(state=Round.State.DRAFT).exclude(repeats=Repeats.ONCE).filter(next=None)
        return [new for row in repeating.select_related("edition") if (new := row.draft_next(today))]


class Round(Revised):
    """Assessments of many teams of a unit, or of the whole organisation, at once."""

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        RUNNING = "running", gettext_lazy("Under way")
        CLOSED = "closed", gettext_lazy("Closed")

    #: Leads may extend by so many days if nothing else is chosen.
    LEEWAY = 7
    #: A limit on the days between opening and the due date, and on the leeway.
    LONGEST = 366

    #: Set by `with_counts`.
    teams: int
    teams_closed: int
    teams_over: int
    teams_waiting_for_lead: int

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    #: None is the whole organisation.
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, blank=True, related_name="rounds")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="rounds")
    name = NameField(max_length=60)
    opens = models.DateField(gettext_lazy("opens"))
    due = models.DateField(gettext_lazy("due date"))
    leeway = models.PositiveSmallIntegerField(
        default=LEEWAY, help_text="By how many days leads may extend the due date of their team."
    )
    questionnaire = models.CharField(max_length=5, choices=Questionnaire, default=Questionnaire.FULL)
    anonymous = models.BooleanField(default=False)
    message = models.TextField(max_length=1000, blank=True, default="")
    repeats = models.CharField(max_length=11, choices=Repeats, default=Repeats.ONCE)
    day = models.PositiveSmallIntegerField(
        editable=False, help_text="The day of the month on which it repeats, which shorter months may not have."
    )
    #: The round that this one repeats.
    follows = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="next")
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT)
    drafted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    closed_on = models.DateField(null=True, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-opens", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(due__gte=F("opens")),
                name="round_due_after_opening",
                violation_error_message=DUE_TOO_EARLY,
            ),
            models.CheckConstraint(
                condition=Q(day__gte=1, day__lte=31),
                name="round_day_of_month",
                violation_error_message=gettext_lazy("A month has no such day."),
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_on__isnull=False) | (~Q(state="closed") & Q(closed_on=None)),
                name="round_closed_has_day",
                violation_error_message=gettext_lazy("A closed round needs the day on which it was closed."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("round", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def is_closed(self) -> bool:
        return self.state == self.State.CLOSED

    @property
    def is_short(self) -> bool:
        return self.questionnaire == Questionnaire.SHORT

    @property
    def is_ahead(self) -> bool:
        """Whether it is started, and the day on which it opens is still to come."""
        return self.is_running and self.opens > timezone.localdate()

    @property
    def can_be_closed(self) -> bool:
        """Whether nothing is left to wait for in any team that `with_counts` has counted."""
        return self.is_running and 0 < self.teams == self.teams_over

    @property
    def state_name(self) -> str:
        return _("Not open yet") if self.is_ahead else str(self.get_state_display())

    @property
    def latest_due(self) -> datetime.date:
        """The last day to which leads may extend the due date of their team."""
        return self.due + datetime.timedelta(days=self.leeway)

    @property
    def next_opens(self) -> datetime.date | None:
        """When the next round opens; None if it does not repeat."""
        months = Repeats(self.repeats).months
        return later(self.opens, months, day=self.day) if months else None

    @property
    def next_name(self) -> str:
        return next_name(self.name, Repeats(self.repeats).months)

    @property
    def next_drafted_on(self) -> datetime.date | None:
        return self.next_opens - AHEAD if self.next_opens else None

    def teams_to_choose(self) -> models.QuerySet[Team]:
        """The teams of its unit and of the units below it, by unit and name."""
        teams = Team.objects.select_related("unit").order_by("unit__name", "name")
        return teams.filter(unit__in=Unit.objects.subtree_ids([self.unit_id])) if self.unit_id else teams

    def record(self, kind: str, actor: User | None, **data: Any) -> None:
        """An entry in the journal about this round; the caller holds the actor."""
        Event.record(kind, by=actor, round=str(self.pk), **data)

    def refuse_unless_possible(self) -> None:
        if self.edition.status != Edition.Status.PUBLISHED:
            raise Refused(_("Only a published version can be used."))
        if self.questionnaire == Questionnaire.SHORT and not self.edition.contents.quick_keys:
            raise Refused(_("This version has no short questionnaire."))
        if self.due < self.opens:
            raise Refused(DUE_TOO_EARLY)

    def _lock(self) -> "Round":
        """The row as it is now, locked until the transaction ends. Raises Refused if it is gone."""
        locked = Round.objects.select_for_update(no_key=True, of=("self",)).filter(pk=self.pk).first()
        if locked is None:
            raise Refused(DISCARDED)
        return locked

    # ------------------------------------------------------------------ drafting

    def change(self, *, by: User, seen: int | None, **values: Any) -> None:
        """Stores other terms of a draft. Raises Conflict if it was changed since the revision `seen`."""
        with writing(by):
            locked = self._lock()
            if not locked.is_draft:
                raise Refused(ALREADY_STARTED)
            if changed := locked.take(values, seen=seen):
                if "opens" in changed:
                    locked.day = locked.opens.day
                locked.refuse_unless_possible()
                locked.save()
                locked.record("round.changed", by)

    def discard(self, *, by: User) -> None:
        """Deletes a draft, once. The round that it would have repeated repeats no more."""
        with writing(by):
            locked = Round.objects.select_for_update(no_key=True, of=("self",)).filter(pk=self.pk).first()
            if locked is None:
                return
            if not locked.is_draft:
                raise Refused(ALREADY_STARTED)
            if locked.follows_id:
                Round.objects.filter(pk=locked.follows_id).update(repeats=Repeats.ONCE, revision=F("revision") + 1)
            locked.record("round.discarded", by)
            locked.delete()

    def draft_next(self, today: datetime.date) -> "Round | None":
        """The draft of the next round with the newest version of the framework; None if it is not time for it yet.

        The person who started this round gets a mail about it.
        """
        months = Repeats(self.repeats).months
        opens, name = self.next_opens, self.next_name
        if opens is None or opens - AHEAD > today:
            return None
        while (further := later(opens, months, day=self.day)) <= today:
            opens, name = further, next_name(name, months)
        newest = self.edition
        if not newest.is_published:
            newest = Edition.objects.published().filter(framework=newest.framework_id).first() or newest
        by = self.started_by
        with writing(by):
            locked = self._lock()
            draft, is_new = Round.objects.get_or_create(
                follows=locked,
                defaults={
                    "unit_id": locked.unit_id,
                    "edition": newest,
                    "name": name,
                    "opens": opens,
                    "due": opens + (locked.due - locked.opens),
                    "leeway": locked.leeway,
                    "questionnaire": locked.questionnaire,
                    "anonymous": locked.anonymous,
                    "message": locked.message,
                    "repeats": locked.repeats,
                    "day": locked.day,
                    "drafted_by": by,
                },
            )
            if not is_new:
                return None
            draft.record("round.drafted", None, follows=str(locked.pk))
            if by is not None:
                Mail.objects.queue_notice([by], Mail.Kind.ROUND_DRAFTED, about=draft, day=today)
        return draft

    # ------------------------------------------------------------------ starting

    def start(self, *, by: User, teams: Iterable[Team]) -> None:
        """Takes these teams into the round; `resume` starts them. Starting it again changes nothing.

        Raises Refused if no team is among them.
        """
        chosen = list(teams)
        with writing(by):
            locked = self._lock()
            if not locked.is_draft:
                return
            if not chosen:
                raise Refused(_("Choose at least one team."))
            locked.refuse_unless_possible()
            locked.state, locked.started_by = self.State.RUNNING, by
            locked.save(update_fields=["state", "started_by"])
            RoundTeam.objects.bulk_create([RoundTeam(round=locked, team=team) for team in chosen])
            locked.record("round.started", by, teams=len(chosen))
            happening = Webhook.Happening.ROUND_STARTED
            Delivery.objects.report(happening, team=None, key=f"round:{self.pk}", round=str(self.pk), teams=len(chosen))

    def resume(self, *, goes_on: Callable[[], bool] = lambda: True) -> int:
        """Starts the teams that wait, each by itself, as long as `goes_on` says yes; returns how many it started.

        A team that cannot be started waits on with the reason. Teams start on the day of opening by their own clock.
        """
        started = 0
        for entry in self.entries.waiting().select_related("team").order_by("team__name", "pk"):
            if not goes_on():
                break
            if self.opens <= entry.team.today():
                started += self._start_team(entry)
        return started

    def _start_team(self, entry: "RoundTeam") -> bool:
        """Whether it is started now; if not, its row says why."""
        team, by = entry.team, self.started_by
        everyone = team.people_who_answer()
        people = [person for person in everyone if person.is_active]
        try:
            with writing(by, *everyone):
                # Before the rows of the round, as merging does.
                if not Team.objects.select_for_update(no_key=True).filter(pk=team.pk).first():
                    return False
                locked = self._lock()
                # From memory: the texts of an edition are long, and it never changes.
                locked.edition = self.edition
                waiting = RoundTeam.objects.select_for_update(no_key=True, of=("self",)).waiting()
                if not locked.is_running or not waiting.filter(pk=entry.pk, team=team).first():
                    return False
                if reason := locked.why_not(team):
                    return entry.wait(reason)
                assessment = Assessment.objects.start(
                    team=team,
                    by=by,
                    edition=locked.edition,
                    date=locked.opens,
                    due=max(locked.due, locked.opens),
                    questionnaire=locked.questionnaire,
                    rule=locked.edition.contents.default_rule,
                    anonymous=locked.anonymous,
                    message=locked.message,
                    people=people,
                )
                assessment.invite(by=by, members=people)
                day = team.today()
                Mail.objects.queue_notice(team.leads(), Mail.Kind.ROUND, about=assessment, day=day, team=team, by=by)
                entry.start_with(assessment)
        except PersonGone:
            # Somebody was erased at this moment. The next look at the team is without them.
            return False
        except Refused:
            return entry.wait(RoundTeam.Reason.REFUSED)
        return True

    def why_not(self, team: Team) -> "RoundTeam.Reason | None":
        """Why this team cannot be started now, as far as that can be known before."""
        if not team.memberships.filter(role=Membership.Role.LEAD, user__is_active=True).exists():
            return RoundTeam.Reason.NO_LEAD
        if team.assessments.unfinished().filter(edition__framework=self.edition.framework_id).exists():
            return RoundTeam.Reason.UNDER_WAY
        return None if self.edition.is_published else RoundTeam.Reason.RETIRED

    # ------------------------------------------------------------------ while it is under way

    def assessments(self) -> models.QuerySet[Assessment]:
        return Assessment.objects.filter(round_entry__round=self)

    def remind(self, *, by: User) -> int:
        """Queues reminders in every open assessment; returns in how many of them.

        Nothing tells how many people were reminded: in anonymous assessments nobody may know.
        """
        if not self.is_running:
            raise Refused(NOT_RUNNING)
        reminded = 0
        for assessment in Assessment.objects.filter(pk__in=self.assessments()).open().select_related("team"):
            try:
                assessment.remind(by=by)
            except Refused:
                # Its answering ended at this moment.
                continue
            reminded += 1
        with writing(by):
            self.record("round.reminded", by, teams=reminded)
        return reminded

    def remind_leads(self, *, by: User) -> int:
        """Queues a mail to the leads of each team that only waits for them, once a day; returns how many teams.

        Raises Refused if the round is not under way.
        """
        if not self.is_running:
            raise Refused(NOT_RUNNING)
        unfinished = Assessment.objects.filter(pk__in=self.assessments()).unfinished().select_related("team")
        waiting = [assessment for assessment in unfinished if assessment.waits_for_lead]
        with writing(by):
            for assessment in waiting:
                team = assessment.team
                day = team.today()
                kind = Mail.Kind.ROUND_WAITS
                Mail.objects.queue_notice(team.leads(), kind, about=assessment, day=day, team=team, by=by)
            self.record("round.leads-reminded", by, teams=len(waiting))
        return len(waiting)

    def extend(self, due: datetime.date, *, by: User) -> int:
        """A later due date for the round and for each unfinished assessment with an earlier one; returns how many."""
        with writing(by):
            locked = self._lock()
            if not locked.is_running:
                raise Refused(NOT_RUNNING)
            if due < locked.due:
                raise Refused(_("Choose a day after the present due date. A round can only be extended."))
            if locked.take({"due": due}, seen=None):
                locked.save(update_fields=["due", "revision"])
                locked.record("round.extended", by, due=due.isoformat())
        extended = 0
        earlier = Q(due=None) | Q(due__lt=due)
        unfinished = Assessment.objects.filter(earlier, pk__in=self.assessments()).unfinished().select_related("team")
        for assessment in unfinished:
            try:
                assessment.set_due(due, by=by, seen=None)
            except Refused:
                # It was closed or discarded at this moment.
                continue
            extended += 1
        return extended

    def close(self, *, by: User) -> None:
        """Ends the round, once: no more teams are started. Every assessment stays as it is."""
        with writing(by):
            locked = self._lock()
            if locked.is_closed:
                return
            if locked.is_draft:
                raise Refused(NOT_RUNNING)
            locked.state, locked.closed_on = self.State.CLOSED, timezone.localdate()
            locked.save(update_fields=["state", "closed_on"])
            locked.record("round.closed", by)


class RoundTeamQuerySet(models.QuerySet["RoundTeam"]):
    def waiting(self) -> Self:
        """Teams that are not started yet."""
        return self.filter(started_on=None)


class RoundTeam(models.Model):
    """A team in a round: its assessment, or why it has none yet."""

    class Reason(models.TextChoices):
        NO_LEAD = "no-lead", gettext_lazy("It has no lead.")
        UNDER_WAY = "under-way", gettext_lazy("Another assessment with this framework is under way.")
        RETIRED = "retired", gettext_lazy("The version of the framework is no longer published.")
        REFUSED = "refused", gettext_lazy("It could not be started. It is tried again.")

    round = models.ForeignKey(Round, models.CASCADE, related_name="entries")
    team = models.ForeignKey(Team, models.CASCADE, related_name="round_entries")
    #: None before the start, and if the assessment was discarded since.
    assessment = models.OneToOneField(Assessment, models.SET_NULL, null=True, blank=True, related_name="round_entry")
    started_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=10, choices=Reason, blank=True)

    objects = RoundTeamQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "team"],
                name="round_has_team_once",
                violation_error_message=gettext_lazy("This team is already in the round."),
            ),
            models.CheckConstraint(
                condition=Q(started_on__isnull=False, reason="") | Q(started_on=None, assessment=None),
                name="round_team_started_or_waiting",
                violation_error_message=gettext_lazy("A team that has started has no reason to wait."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round}, {self.team}"

    @property
    def is_waiting(self) -> bool:
        return self.started_on is None

    @property
    def is_discarded(self) -> bool:
        return not self.is_waiting and self.assessment_id is None

    def wait(self, reason: "RoundTeam.Reason") -> bool:
        """Stores why it is not started: it is not."""
        if self.reason != reason:
            self.reason = reason
            RoundTeam.objects.waiting().filter(pk=self.pk).update(reason=reason)
        return False

    def start_with(self, assessment: Assessment) -> None:
        """Stores that it is started; the caller holds its lock."""
        self.assessment, self.started_on, self.reason = assessment, self.team.today(), ""
        self.save(update_fields=["assessment", "started_on", "reason"])
