"""Measurements: outcome figures of a team, month by month. They stand beside levels, and no level is made of them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from .accounts import User
from .frameworks import Framework
from .journal import Event
from .revisions import Conflict, RevisedOnceMade
from .teams import Team
from .writing import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of one metric in one month. `framework` is the one that defines the metric, None if built in.

    `month` is the first day of the month, else ValueError; the value is in the unit of the metric.
    """

    framework: Framework | None
    metric: str
    month: datetime.date
    value: Decimal
    link: str = ""

    def __post_init__(self) -> None:
        # Here, as SQLite's own functions cannot tell the day: a constraint with Django's keeps other programs, such as
        # VACUUM, from the file.
        if self.month.day != 1:
            message = "A month is stored as its first day."
            raise ValueError(message)

    @property
    def place(self) -> tuple[int | None, str, datetime.date]:
        """What there is one value for in a team."""
        return (self.framework.pk if self.framework else None, self.metric, self.month)


class MeasurementQuerySet(models.QuerySet["Measurement"]):
    def beside(self, framework: int | None = None) -> Self:
        """Those of built-in metrics and of one framework, oldest first."""
        return self.filter(Q(framework=None) | Q(framework=framework)).order_by("metric", "month")

    def at(self, measured: Measured, *, team: Team) -> "Measurement | None":
        rows = self.filter(team=team, framework=measured.framework)
        return rows.filter(metric=measured.metric, month=measured.month).first()

    def record(
        self, measured: Measured, *, team: Team, by: User, source: str = "", seen: int | None = 0
    ) -> "Measurement":
        """Stores what was measured; what stood for this month is replaced, and stays in the journal.

        `seen` is the revision of the measurement that is replaced, 0 if there was none. Raises Conflict if there is
        another one by now.
        """
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            stored = self.at(measured, team=team) or Measurement.of(measured, team=team)
            before = None if stored._state.adding else stored.value
            if stored.take({"value": measured.value, "link": measured.link}, seen=seen):
                stored.source = source or Measurement.Source.HAND
                stored.by, stored.at = by, timezone.now()
                stored.save()
                Event.objects.bulk_create([stored.event(before, by=by)])
        return stored

    def record_many(self, several: Iterable[Measured], *, team: Team, by: User, source: str) -> int:
        """The same for any number, all or none, whatever stood there; returns how many are new or differ.

        Of two for the same month the later one counts.
        """
        wanted = {measured.place: measured for measured in several}
        new: list[Measurement] = []
        changed: list[Measurement] = []
        events: list[Event] = []
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
            there = {row.place: row for row in self.filter(team=team)}
            for place, measured in wanted.items():
                row = there.get(place) or Measurement.of(measured, team=team)
                before = None if row._state.adding else row.value
                if not row.take({"value": measured.value, "link": measured.link}, seen=None):
                    continue
                row.source, row.by, row.at = source, by, timezone.now()
                (new if before is None else changed).append(row)
                events.append(row.event(before, by=by))
            Measurement.objects.bulk_create(new)
            Measurement.objects.bulk_update(changed, ["value", "link", "source", "by", "at", "revision"])
            Event.objects.bulk_create(events)
        return len(events)


class Measurement(RevisedOnceMade):
    """A value of one metric of a team in one month."""

    class Source(models.TextChoices):
        HAND = "hand", gettext_lazy("by hand")
        FILE = "file", gettext_lazy("from a file")
        API = "api", gettext_lazy("by a program")

    team = models.ForeignKey(Team, models.CASCADE, related_name="measurements", db_index=False)
    framework = models.ForeignKey(
        Framework,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The one that defines the metric; empty for a metric that comes with the product.",
    )
    metric = models.CharField("metric key", max_length=120)
    month = models.DateField(help_text="The first day of the month.")
    value = models.DecimalField(max_digits=13, decimal_places=3, help_text="In the unit of the metric.")
    source = models.CharField(max_length=4, choices=Source, default=Source.HAND)
    link = models.URLField(max_length=500, blank=True, help_text="Where the value can be looked up.")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = MeasurementQuerySet.as_manager()

    class Meta:
        ordering = [F("framework").asc(nulls_first=True), "metric", "month"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "framework", "metric", "month"],
                name="measurement_once_a_month",
                violation_error_message=gettext_lazy("There is already a value for this month."),
            ),
            models.UniqueConstraint(
                fields=["team", "metric", "month"],
                condition=Q(framework=None),
                name="measurement_built_in_once_a_month",
                violation_error_message=gettext_lazy("There is already a value for this month."),
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0),
                name="measurement_not_negative",
                violation_error_message=gettext_lazy("A value cannot be negative."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.month:%Y-%m}: {self.value}"

    @classmethod
    def of(cls, measured: Measured, *, team: Team) -> Self:
        """A new one without a value."""
        return cls(revision=0, team=team, framework=measured.framework, metric=measured.metric, month=measured.month)

    @property
    def place(self) -> tuple[int | None, str, datetime.date]:
        """What there is one value for in a team."""
        return (self.framework_id, self.metric, self.month)

    def event(self, before: Decimal | None, *, by: User) -> Event:
        """An entry that it was recorded, or corrected if there was a value before; not stored yet."""
        kind = "measurement.recorded" if before is None else "measurement.corrected"
        data: dict[str, Any] = {"metric": self.metric, "month": f"{self.month:%Y-%m}", "value": str(self.value)}
        if self.framework:
            data["framework"] = self.framework.key
        if before is not None:
            data["before"] = str(before)
        return Event(kind=kind, actor=by, team=self.team, data=data)

    def remove(self, *, by: User, seen: int | None) -> None:
        """Deletes it, once; the journal keeps a record. Raises Conflict if it changed since the revision `seen`."""
        with writing(by):
            Team.objects.select_for_update(no_key=True).get(pk=self.team_id)
            stored = Measurement.objects.filter(pk=self.pk).first()
            if stored is None:
                return
            if seen is not None and stored.revision != seen:
                raise Conflict(stored)
            month, value = f"{stored.month:%Y-%m}", str(stored.value)
            Event.record("measurement.removed", by=by, team=self.team, metric=stored.metric, month=month, value=value)
            stored.delete()
