"""What a team wants to reach and what it does for it. Both refer to a framework's keys, never to rows of an edition."""

import uuid

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from .accounts import User
from .frameworks import Edition, Framework
from .journal import Event
from .results import Result
from .revisions import Conflict, Revised, RevisedOnceMade
from .teams import Team
from .writing import writing


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user):
        return self.filter(team__in=Team.objects.visible_to(user))

    def for_grading(self):
        """With everything that tells how they are doing, `.edition_now` and `.ladder_since` among it."""
        editions = Edition.objects.filter(framework=OuterRef("framework"))
        ladders = editions.filter(new_ladder=True, publication__gt=OuterRef("publication")).order_by("publication")
        related = self.select_related("team", "framework", "set_by", "baseline")
        return related.annotate(
            edition_now=Subquery(editions.published().values("pk")[:1]),
            ladder_since=Subquery(ladders.values("publication")[:1]),
        )

    def on_the_ladder_in_use(self):
        """Without those that a new ladder asks for again."""
        editions = Edition.objects.filter(framework=OuterRef("framework"), new_ladder=True)
        return self.exclude(Exists(editions.filter(publication__gt=OuterRef("publication"))))

    def set(self, *, team, framework, level, due, why, by, dimension="", rule="", baseline=None, seen=0) -> "Target":
        """Sets what a team wants to reach; there is one target for each part and day.

        `seen` is the revision of the one for this part and day that is to be replaced, 0 if there was none. Raises
        Conflict if there is another by now.
        """
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            this = {"team": team, "framework": framework, "dimension": dimension, "due": due}
            target = self.filter(**this).first() or Target(revision=0, **this)
            values = {"level": level, "why": why, "rule": rule, "baseline_id": baseline and baseline.pk}
            is_of_old_ladder = target.pk and not self.on_the_ladder_in_use().filter(pk=target.pk).exists()
            if not target.take(values, seen=seen) and not is_of_old_ladder:
                return target
            target.set_by, target.set_at = by, timezone.now()
            target.publication = framework.editions.last_publication()
            target.save()
            Event.record("target.set", by=by, team=team, target=target.pk, level=level, due=due.isoformat())
        return target


class Target(RevisedOnceMade):
    """A level (or band) that a team wants to reach by a date, overall (empty dimension) or in one dimension."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="targets")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    dimension = models.CharField("dimension key", max_length=120, blank=True)
    level = models.PositiveSmallIntegerField()
    rule = models.CharField("scoring rule", max_length=80, blank=True)
    due = models.DateField()
    why = models.TextField(blank=True)
    baseline = models.ForeignKey(Result, models.PROTECT, null=True, blank=True, related_name="+")
    set_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    publication = models.PositiveIntegerField(
        default=0,
        help_text="The newest publication of the framework when it was set: a later ladder asks for it again.",
    )

    #: From `for_grading`: the edition to name things by, and the publication of another ladder since.
    edition_now: uuid.UUID | None
    ladder_since: int | None

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering = ["due", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__gte=1),
                name="target_above_lowest",
                violation_error_message="The lowest level is reached from the start; choose a higher one.",
            ),
            models.UniqueConstraint(
                fields=["team", "framework", "dimension", "due"],
                name="target_once_per_part_and_day",
                violation_error_message="There is a target for this part and this day already.",
            ),
        ]

    def __str__(self):
        return f"{self.dimension or 'overall'}: level {self.level} by {self.due}"

    def give_up(self, *, by, seen: int | None):
        """Takes the target away, once; the journal keeps that it was there.

        Raises Conflict if it was changed since the revision `seen`.
        """
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=self.team_id)
            stored = Target.objects.filter(pk=self.pk).first()
            if stored is None:
                return
            if seen is not None and stored.revision != seen:
                raise Conflict(stored)
            Event.record("target.given_up", by=by, team=self.team, target=self.pk, level=stored.level)
            stored.delete()


class ActionQuerySet(models.QuerySet["Action"]):
    def pending(self):
        return self.filter(status__in=Action.PENDING)

    def plan(self, *, team, framework, criterion, by, **values) -> "Action":
        """Makes a piece of work out of what is missing; `values` are text, owner, due, status, reason."""
        with writing(by, values.get("owner")):
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            action = self.create(team=team, framework=framework, criterion=criterion, created_by=by, **values)
            Event.record("action.planned", by=by, team=team, action=action.pk, criterion=criterion)
        return action


class Action(Revised):
    """A piece of work towards a criterion."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DOING = "doing", "Doing"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    PENDING = [Status.OPEN, Status.DOING]
    LONGEST = 2000

    team = models.ForeignKey(Team, models.CASCADE, related_name="actions")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    criterion = models.CharField("criterion key", max_length=120)
    text = models.TextField("what is to be done", max_length=LONGEST)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="actions")
    due = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.OPEN)
    status_at = models.DateTimeField(default=timezone.now, editable=False)
    reason = models.TextField("why it is dropped", blank=True, max_length=1000)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = [models.F("due").asc(nulls_last=True), "pk"]
        indexes = [models.Index(fields=["team", "status"], name="action_team_status")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="dropped") | ~Q(reason=""),
                name="action_dropped_has_reason",
                violation_error_message="Say why the action is dropped.",
            )
        ]

    def __str__(self):
        return self.text[:60]

    @property
    def is_pending(self):
        return self.status in self.PENDING

    def change(self, *, by, seen: int | None, **values) -> "Action":
        """Stores new values of text, owner, due, status and reason; raises Conflict if it was changed since `seen`."""
        with writing(by, values.get("owner")):
            locked = Action.objects.select_for_update(no_key=True, of=("self",)).get(pk=self.pk)
            changed = locked.take(values, seen=seen)
            if "status" in changed:
                locked.status_at = timezone.now()
            if changed:
                locked.save()
                Event.record("action.changed", by=by, team=self.team, action=self.pk, status=str(locked.status))
        return locked


class AdviserAnswersQuerySet(models.QuerySet["AdviserAnswers"]):
    def remember(self, *, team, framework, answers, by, seen=0) -> "AdviserAnswers":
        """Keeps what a team answers. Raises Conflict if it has answered otherwise since the revision `seen`."""
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            this = {"team": team, "framework": framework}
            row = self.filter(**this).first() or AdviserAnswers(revision=0, **this)
            if row.take({"answers": answers}, seen=seen):
                row.by, row.at = by, timezone.now()
                row.save()
                Event.record("adviser.answered", by=by, team=team, framework=framework.key)
        return row


class AdviserAnswers(RevisedOnceMade):
    """What a team told the adviser of a framework, by the keys of its inputs."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="adviser_answers")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    answers = models.JSONField(default=dict)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = AdviserAnswersQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "adviser answers"
        constraints = [
            models.UniqueConstraint(
                fields=["team", "framework"],
                name="adviser_answers_once_per_framework",
                violation_error_message="This team has answered this adviser already.",
            )
        ]

    def __str__(self):
        return f"{self.team_id} {self.framework_id}"


class SetbackReasonQuerySet(models.QuerySet["SetbackReason"]):
    def of(self, result):
        """Those of the whole assessment: a reason outlives that it was opened and closed again."""
        return self.filter(result__assessment=result.assessment_id).select_related("by")

    def tell(self, *, result, text, by) -> "SetbackReason":
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=result.team_id)
            row = self.create(result=result, text=text, by=by)
            assessment, team = result.assessment, result.team
            Event.record("setback.explained", by=by, team=team, assessment=assessment, result=str(result.pk))
        return row


class SetbackReason(models.Model):
    """Why a result is worse than the one before it, told afterwards; it stays with the result."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="setback_reasons")
    text = models.TextField(max_length=1000)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = SetbackReasonQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="setback_reason_not_empty",
                violation_error_message="Say why it fell back.",
            )
        ]

    def __str__(self):
        return self.text[:60]
