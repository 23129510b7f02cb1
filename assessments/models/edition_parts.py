"""What an edition of a framework is made of: levels, groups, dimensions, scales with choices, criteria, symptoms."""

from functools import cached_property
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from .edition_editing import Part
from .framework_texts import joined
from .revisions import Revised

if TYPE_CHECKING:
    from .frameworks import Edition


class Level(Revised, Part):
    """A step on the ladder. The lowest one has no criteria."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField()
    #: In a rubric, where it begins on the scale of the values, as an exact number; empty for its own number.
    start = models.CharField(max_length=24, blank=True, default="", db_default="")
    alias = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=120)
    also_called = models.JSONField(default=list, blank=True)
    summary = models.TextField(blank=True)
    description = models.TextField(blank=True)
    highlights = models.JSONField(default=list, blank=True)
    technology = models.JSONField(default=list, blank=True)
    fits = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "number"],
                name="level_number_unique",
                violation_error_message=gettext_lazy("This level already exists."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def begins_at(self) -> str:
        """Where it begins on the scale of the values; the lowest one of a rubric has no beginning."""
        return self.start or str(self.number)

    @property
    def also_called_together(self) -> str:
        return joined(", ", self.also_called)

    @property
    def is_counted_otherwise(self) -> bool:
        """Whether it is known by another number elsewhere, for example if people count from 1."""
        return self.alias not in ("", str(self.number))


class Ordered(Revised, Part):
    """A part of an edition with its own key and order."""

    key = models.CharField(max_length=120)
    order = models.PositiveIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key


class Group(Ordered):
    """Several dimensions that belong together."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="groups")
    name = models.CharField(max_length=120)
    about = models.TextField(blank=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"],
                name="group_key_unique",
                violation_error_message=gettext_lazy("This key is already in use."),
            )
        ]


class Dimension(Ordered):
    """An area of capability."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="dimensions")
    group = models.ForeignKey(Group, models.SET_NULL, null=True, blank=True, related_name="dimensions")
    name = models.CharField(max_length=120)
    about = models.TextField(blank=True)
    #: In a rubric, how much it counts, as an exact number; empty for 1.
    weight = models.CharField(max_length=24, blank=True, default="", db_default="")

    #: Its criteria; set by an edition's `contents`.
    asked: list["Criterion"]

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"],
                name="dimension_key_unique",
                violation_error_message=gettext_lazy("This key is already in use."),
            )
        ]


class Scale(Ordered):
    """Ordered choices for rating; `other_answers` are not ratings (does not apply, don't know)."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="scales")
    other_answers = models.JSONField(default=list, blank=True)
    editorial = models.BooleanField(gettext_lazy("changed without changing the meaning"), default=False)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"],
                name="scale_key_unique",
                violation_error_message=gettext_lazy("This key is already in use."),
            )
        ]

    @cached_property
    def by_code(self) -> dict[str, "Choice"]:
        return {choice.code: choice for choice in self.choices.all()}

    @cached_property
    def other_by_code(self) -> dict[str, dict]:
        return {answer["code"]: answer for answer in self.other_answers}


class Choice(Part):
    """A step of a scale; its points are `value / highest value`. The scale counts changes of its choices."""

    scale = models.ForeignKey(Scale, models.CASCADE, related_name="choices")
    code = models.CharField(max_length=20)
    value = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    anchor = models.TextField(blank=True)

    class Meta:
        ordering = ["value"]
        constraints = [
            models.UniqueConstraint(
                fields=["scale", "code"],
                name="choice_code_unique",
                violation_error_message=gettext_lazy("This code is already in use."),
            ),
            models.UniqueConstraint(
                fields=["scale", "value"],
                name="choice_value_unique",
                violation_error_message=gettext_lazy("This value is already in use."),
            ),
            models.CheckConstraint(
                condition=~Q(code__in=["NA", "DK"]),
                name="choice_code_not_reserved",
                violation_error_message=gettext_lazy("NA and DK are reserved, so they cannot be choices of a scale."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def in_edition(self) -> "Edition":
        return self.scale.edition


class Criterion(Ordered):
    """A practice that can be rated. The key stays the same across editions; `meaning` counts changes of meaning."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="criteria")
    dimension = models.ForeignKey(Dimension, models.CASCADE, related_name="criteria")
    level = models.ForeignKey(Level, models.CASCADE, null=True, blank=True, related_name="criteria")
    scale = models.ForeignKey(Scale, models.CASCADE, related_name="criteria")
    meaning = models.PositiveSmallIntegerField(default=1)
    editorial = models.BooleanField(gettext_lazy("changed without changing the meaning"), default=False)
    quick = models.BooleanField(default=False)
    #: A few words for it where its statement is too long.
    name = models.CharField(max_length=40, blank=True, default="", db_default="")
    #: In a rubric, how much it counts, as an exact number; empty for 1.
    weight = models.CharField(max_length=24, blank=True, default="", db_default="")
    statement = models.TextField()
    evidence = models.TextField(blank=True)
    next = models.TextField(gettext_lazy("next step"), blank=True)
    na = models.TextField(gettext_lazy("may not apply when"), blank=True)
    source = models.CharField(max_length=200, blank=True)
    refs = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["order"]
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"],
                name="criterion_key_unique",
                violation_error_message=gettext_lazy("This key is already in use."),
            )
        ]

    @property
    def title(self) -> str:
        """Its short name, or its statement if it has none."""
        return self.name or self.statement

    def answer_name(self, code: str) -> str:
        """The name for a code: that of the choice, or of an answer that is not a rating.

        A code of an earlier version that the scale no longer has is returned as it is; no code is "Not answered".
        """
        if choice := self.scale.by_code.get(code):
            return choice.name
        if other := self.scale.other_by_code.get(code):
            return other["name"]
        if code == scoring.NA:
            return _("Does not apply")
        if code == scoring.DK:
            return _("I do not know")
        return code or _("Not answered")


class Symptom(Ordered):
    """A statement that describes a low level; it is asked but never scored."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="symptoms")
    level = models.PositiveSmallIntegerField()
    statement = models.TextField()
    cleared_by = models.JSONField(default=list, blank=True)
    refs = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"],
                name="symptom_key_unique",
                violation_error_message=gettext_lazy("This key is already in use."),
            )
        ]
