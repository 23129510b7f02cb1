"""Targets and actions of a team. Both refer to a framework's keys, never to rows of an edition."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .frameworks import Edition, Framework
from .journal import Event
from .refusals import Refused
from .results import Result
from .revisions import Conflict, Revised, RevisedOnceMade
from .teams import Team
from .trackers import Issue
from .writing import writing


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(team__in=Team.objects.visible_to(user))

    def for_grading(self) -> Self:
        """With everything needed to grade their progress, including `.edition_now` and `.ladder_since`."""
        editions = Edition.objects.filter(framework=OuterRef("framework"))
        ladders = editions.filter(new_ladder=True, publication__gt=OuterRef("publication")).order_by("publication")
        related = self.select_related("team", "framework", "set_by", "baseline")
        return related.annotate(
            edition_now=Subquery(editions.published().values("pk")[:1]),
            ladder_since=Subquery(ladders.values("publication")[:1]),
        )

    def on_the_ladder_in_use(self) -> Self:
        """Without targets that have to be set again, because a new ladder has begun since."""
        editions = Edition.objects.filter(framework=OuterRef("framework"), new_ladder=True)
        return self.exclude(Exists(editions.filter(publication__gt=OuterRef("publication"))))

    def set(
        self,
        *,
        team: Team,
        framework: Framework,
        level: int,
        due: datetime.date,
        why: str,
        by: User,
        dimension: str = "",
        rule: str = "",
        baseline: Result | None = None,
        seen: int | None = 0,
    ) -> "Target":
        """Sets a target of a team; there is one for each part and date.

        `seen` is the revision of the target for this part and date that is replaced, 0 if there was none. Raises
        Conflict if there is another one by now.
        """
        with writing(by):
            Team.objects.lock(team.pk)
            this = {"team": team, "framework": framework, "dimension": dimension, "due": due}
            target = self.filter(**this).first() or Target(revision=0, **this)
            values = {"level": level, "why": why, "rule": rule, "baseline_id": baseline and baseline.pk}
            is_of_old_ladder = target.pk and not self.on_the_ladder_in_use().filter(pk=target.pk).exists()
            if not target.take(values, seen=seen) and not is_of_old_ladder:
                return target
            target.set_by = by
            target.set_at = timezone.now()
            target.publication = framework.editions.last_publication()
            target.save()
            Event.record("target.set", by=by, team=team, target=target.pk, level=level, due=due.isoformat())
        return target

    def set_with_actions(
        self,
        *,
        team: Team,
        framework: Framework,
        level: int,
        due: datetime.date,
        why: str,
        by: User,
        rule: str,
        baseline: Result | None,
        texts: Mapping[str, str],
    ) -> "PlannedPath":
        """Sets a target for the whole and plans the actions that lead to it, or neither.

        `texts` are what to do, by the key of the criterion. A criterion with an action that is not done gets no other
        one, and a target that is there stays; so the same once more changes nothing. Raises Refused if there is a
        target of another level for this date.
        """
        with writing(by):
            Team.objects.lock(team.pk)
            there: Target | None = self.filter(team=team, framework=framework, dimension="", due=due).first()
            is_in_use = there is not None and self.on_the_ladder_in_use().filter(pk=there.pk).exists()
            if there is not None and is_in_use and there.level != level:
                raise Refused(
                    _("There is already a target of another level for this date. Choose another date, or remove it.")
                )
            if there is not None and is_in_use:
                target = there
            else:
                target = self.set(
                    team=team,
                    framework=framework,
                    level=level,
                    due=due,
                    why=why,
                    by=by,
                    rule=rule,
                    baseline=baseline,
                    seen=there.revision if there else 0,
                )
            pending = Action.objects.pending().filter(team=team, framework=framework)
            planned = set(pending.values_list("criterion", flat=True))
            missing = {criterion: text for criterion, text in texts.items() if criterion not in planned}
            actions = Action.objects.plan_several(team=team, framework=framework, texts=missing, by=by, due=due)
        return PlannedPath(target=target, actions=actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPath:
    """A target, and the actions that were planned for it."""

    target: "Target"
    actions: list["Action"]


class Target(RevisedOnceMade):
    """A level (or band) that a team wants to reach by a date, overall (empty dimension) or in one dimension."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="targets")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    dimension = models.CharField("dimension key", max_length=120, blank=True)
    level = models.PositiveSmallIntegerField()
    rule = models.CharField(gettext_lazy("scoring rule"), max_length=80, blank=True)
    due = models.DateField()
    why = models.TextField(blank=True)
    baseline = models.ForeignKey(Result, models.PROTECT, null=True, blank=True, related_name="+")
    set_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    publication = models.PositiveIntegerField(
        default=0,
        help_text="The newest publication of the framework when it was set. A later ladder means setting it again.",
    )

    #: Set by `for_grading`: the edition that names things, and the publication of a new ladder since.
    edition_now: uuid.UUID | None
    ladder_since: int | None

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering = ["due", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__gte=1),
                name="target_above_lowest",
                violation_error_message=gettext_lazy("Every team starts at the lowest level. Choose a higher one."),
            ),
            models.UniqueConstraint(
                fields=["team", "framework", "dimension", "due"],
                name="target_once_per_part_and_day",
                violation_error_message=gettext_lazy("There is already a target for this part and date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dimension or 'overall'}: level {self.level} by {self.due}"

    def give_up(self, *, by: User, seen: int | None) -> None:
        """Removes the target, once; the journal keeps a record.

        Raises Conflict if it was changed since the revision `seen`.
        """
        with writing(by):
            Team.objects.lock(self.team_id)
            stored = Target.objects.filter(pk=self.pk).first()
            if stored is None:
                return
            if seen is not None and stored.revision != seen:
                raise Conflict(stored)
            Event.record("target.given_up", by=by, team=self.team, target=self.pk, level=stored.level)
            stored.delete()


class ActionQuerySet(models.QuerySet["Action"]):
    def pending(self) -> Self:
        return self.filter(status__in=Action.PENDING)

    def plan(self, *, team: Team, framework: Framework, criterion: str, by: User, **values: Any) -> "Action":
        """Creates an action; `values` are text, owner, due, status, reason, link."""
        with writing(by, values.get("owner")):
            Team.objects.lock(team.pk)
            action = Action(team=team, framework=framework, criterion=criterion, created_by=by, **values)
            action.note_owner(by)
            action.save()
            if action.link:
                Issue.objects.follow(action)
            Event.record("action.planned", by=by, team=team, action=action.pk, criterion=criterion)
        return action

    def plan_several(
        self, *, team: Team, framework: Framework, texts: Mapping[str, str], by: User, **values: Any
    ) -> "list[Action]":
        """Creates one action for each criterion, all or none; `texts` are by its key, `values` owner and due of all."""
        with writing(by, values.get("owner")):
            return [
                self.plan(team=team, framework=framework, criterion=key, by=by, text=text, **values)
                for key, text in texts.items()
            ]


class Action(Revised):
    """Work towards meeting a criterion."""

    class Status(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        DOING = "doing", gettext_lazy("In progress")
        DONE = "done", gettext_lazy("Done")
        DROPPED = "dropped", gettext_lazy("Cancelled")

    PENDING = [Status.OPEN, Status.DOING]
    LONGEST = 2000
    LONGEST_LINK = 500

    team = models.ForeignKey(Team, models.CASCADE, related_name="actions")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    criterion = models.CharField("criterion key", max_length=120)
    text = models.TextField(gettext_lazy("what to do"), max_length=LONGEST)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="actions")
    due = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.OPEN)
    status_at = models.DateTimeField(default=timezone.now, editable=False)
    #: When somebody else made its owner the owner; empty if they took it themselves.
    assigned_at = models.DateTimeField(null=True, blank=True, editable=False)
    reason = models.TextField(gettext_lazy("why it is cancelled"), blank=True, max_length=1000)
    link = models.CharField(
        max_length=LONGEST_LINK, blank=True, default="", db_default="", help_text="Its issue in a tracker, or a page."
    )
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
                violation_error_message=gettext_lazy("Say why the action is cancelled."),
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_pending(self) -> bool:
        return self.status in self.PENDING

    @property
    def issue_in_words(self) -> str:
        """What its tracker says about the issue that its link leads to; empty if that is not known."""
        issue = getattr(self, "issue", None)
        return issue.in_words if issue else ""

    @property
    def link_name(self) -> str:
        """The link as people say it: without https://, its middle left out if it is long."""
        name = self.link.partition("://")[2].rstrip("/")
        return name if len(name) <= 50 else f"{name[:24]}…{name[-25:]}"

    @property
    def is_overdue(self) -> bool:
        """Whether it is still to be done though its due date is over where the team is."""
        return self.is_pending and self.due is not None and self.due < self.team.today()

    def note_owner(self, by: User) -> None:
        """Notes when the owner got it from somebody else."""
        is_given = self.owner_id is not None and self.owner_id != by.pk
        self.assigned_at = timezone.now() if is_given else None

    def change(self, *, by: User, seen: int | None, **values: Any) -> "Action":
        """Stores new values of text, owner, due, status, reason and link.

        Raises Conflict if it was changed since the revision `seen`.
        """
        with writing(by, values.get("owner")):
            locked = Action.objects.select_for_update(no_key=True, of=("self",)).get(pk=self.pk)
            changed = locked.take(values, seen=seen)
            if "status" in changed:
                locked.status_at = timezone.now()
            if "owner" in changed:
                locked.note_owner(by)
            if changed:
                locked.save()
                if "link" in changed:
                    Issue.objects.follow(locked)
                Event.record("action.changed", by=by, team=self.team, action=self.pk, status=str(locked.status))
        return locked


class AdviserAnswersQuerySet(models.QuerySet["AdviserAnswers"]):
    def remember(
        self, *, team: Team, framework: Framework, answers: dict[str, Any], by: User, seen: int | None = 0
    ) -> "AdviserAnswers":
        """Stores a team's answers. Raises Conflict if it has given other answers since the revision `seen`."""
        with writing(by):
            Team.objects.lock(team.pk)
            this = {"team": team, "framework": framework}
            row = self.filter(**this).first() or AdviserAnswers(revision=0, **this)
            if row.take({"answers": answers}, seen=seen):
                row.by = by
                row.at = timezone.now()
                row.save()
                Event.record("adviser.answered", by=by, team=team, framework=framework.key)
        return row


class AdviserAnswers(RevisedOnceMade):
    """A team's answers to the adviser of a framework, by the keys of its inputs."""

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
                violation_error_message=gettext_lazy("This team has already answered this adviser."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.framework_id}"


class SetbackReasonQuerySet(models.QuerySet["SetbackReason"]):
    def of(self, result: Result) -> Self:
        """Reasons for any result of the same assessment: they stay when it is reopened and closed again."""
        return self.filter(result__assessment=result.assessment_id).select_related("by")

    def tell(self, *, result: Result, text: str, by: User) -> "SetbackReason":
        with writing(by):
            Team.objects.lock(result.team_id)
            row = self.create(result=result, text=text, by=by)
            Event.record(
                "setback.explained", by=by, team=result.team, assessment=result.assessment, result=str(result.pk)
            )
        return row


class SetbackReason(models.Model):
    """Why a result is worse than the one before it, added afterwards; it stays with the result."""

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
                violation_error_message=gettext_lazy("Say why the result went down."),
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]
