"""What a team wants to reach and what it does for it. Both refer to a framework's keys, never to rows of an edition."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .accounts import User
from .frameworks import Framework
from .results import Result
from .teams import Team


class Target(models.Model):
    """A level that a team wants to reach by a date, overall (empty dimension) or in one dimension."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="targets")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    dimension = models.CharField("dimension key", max_length=120, blank=True)
    level = models.PositiveSmallIntegerField()
    due = models.DateField()
    why = models.TextField(blank=True)
    baseline = models.ForeignKey(Result, models.PROTECT, null=True, blank=True, related_name="+")
    set_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["due"]

    def __str__(self):
        return f"{self.dimension or 'overall'}: level {self.level} by {self.due}"


class Action(models.Model):
    """A piece of work towards a criterion."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DOING = "doing", "Doing"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    team = models.ForeignKey(Team, models.CASCADE, related_name="actions")
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="+")
    criterion = models.CharField("criterion key", max_length=120)
    text = models.TextField()
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="actions")
    due = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.OPEN)
    reason = models.TextField(blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["due", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="dropped") | ~Q(reason=""),
                name="action_dropped_has_reason",
                violation_error_message="Say why the action is dropped.",
            )
        ]

    def __str__(self):
        return self.text[:60]
