"""The journal: what changed, who changed it and when. It holds only ids and codes, and is only appended to."""

from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from .accounts import User
    from .teams import Team
    from .transitions import Moving


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The journal is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The journal is append-only.")


class Event(models.Model):
    """One entry. `data` holds ids and codes, never names, emails or free text, so that a person can be erased."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    team = models.ForeignKey("assessments.Team", models.SET_NULL, null=True, related_name="events")
    assessment = models.ForeignKey("assessments.Assessment", models.SET_NULL, null=True, related_name="events")
    data = models.JSONField(default=dict)

    # The plain manager stays the base manager: the database clears `actor` when a person is erased.
    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["team", "at"], name="event_team_at")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The journal is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The journal is append-only.")

    @classmethod
    def record(
        cls,
        kind: str,
        *,
        by: "User | None",
        team: "Team | None" = None,
        assessment: "Moving | None" = None,
        **data: Any,
    ) -> "Event":
        """Appends an entry; `by` is the person who did it, or None for the system."""
        actor = by if by is not None and by.is_authenticated else None
        return cls.objects.create(
            kind=kind, actor=actor, team=team, assessment_id=assessment.pk if assessment else None, data=data
        )
