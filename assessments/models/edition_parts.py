"""What an edition of a framework is made of: levels, groups, dimensions, scales with choices, criteria, symptoms."""

from functools import cached_property

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from .. import scoring
from .edition_editing import Part
from .revisions import Revised


class Level(Revised, Part):
    """A step on the ladder. The lowest one is the floor and has no criteria."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField()
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
                violation_error_message="This level exists already.",
            )
        ]

    def __str__(self):
        return f"{self.number} {self.name}"

    @property
    def is_counted_otherwise(self) -> bool:
        """Whether it has another number where people count from 1, for example."""
        return self.alias not in ("", str(self.number))


class Ordered(Revised, Part):
    """What stands in an edition under a key of its own and in an order of its own."""

    key = models.CharField(max_length=120)
    order = models.PositiveIntegerField()

    class Meta:
        abstract = True

    def __str__(self):
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
                fields=["edition", "key"], name="group_key_unique", violation_error_message="This key is taken."
            )
        ]


class Dimension(Ordered):
    """An area of capability."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="dimensions")
    group = models.ForeignKey(Group, models.SET_NULL, null=True, blank=True, related_name="dimensions")
    name = models.CharField(max_length=120)
    about = models.TextField(blank=True)

    #: Its criteria, where the dimension comes from an edition's `contents`.
    asked: list["Criterion"]

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"], name="dimension_key_unique", violation_error_message="This key is taken."
            )
        ]


class Scale(Ordered):
    """Ordered choices for rating; `other_answers` are those that are not ratings (does not apply, does not know)."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="scales")
    other_answers = models.JSONField(default=list, blank=True)
    editorial = models.BooleanField("changed without changing the meaning", default=False)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"], name="scale_key_unique", violation_error_message="This key is taken."
            )
        ]

    @cached_property
    def by_code(self) -> dict[str, "Choice"]:
        return {choice.code: choice for choice in self.choices.all()}

    @cached_property
    def other_by_code(self) -> dict[str, dict]:
        return {answer["code"]: answer for answer in self.other_answers}


class Choice(Part):
    """A step of a scale; points are `value / highest value`. Its scale counts the changes."""

    scale = models.ForeignKey(Scale, models.CASCADE, related_name="choices")
    code = models.CharField(max_length=20)
    value = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    anchor = models.TextField(blank=True)

    class Meta:
        ordering = ["value"]
        constraints = [
            models.UniqueConstraint(
                fields=["scale", "code"], name="choice_code_unique", violation_error_message="This code is taken."
            ),
            models.UniqueConstraint(
                fields=["scale", "value"], name="choice_value_unique", violation_error_message="This value is taken."
            ),
            models.CheckConstraint(
                condition=~Q(code__in=["NA", "DK"]),
                name="choice_code_not_reserved",
                violation_error_message="NA and DK are answers, not choices of a scale.",
            ),
        ]

    def __str__(self):
        return self.name

    def in_edition(self):
        return self.scale.edition


class Criterion(Ordered):
    """A practice that can be rated. The key stays the same across editions; `meaning` counts changes of meaning."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="criteria")
    dimension = models.ForeignKey(Dimension, models.CASCADE, related_name="criteria")
    level = models.ForeignKey(Level, models.CASCADE, null=True, blank=True, related_name="criteria")
    scale = models.ForeignKey(Scale, models.CASCADE, related_name="criteria")
    meaning = models.PositiveSmallIntegerField(default=1)
    editorial = models.BooleanField("changed without changing the meaning", default=False)
    quick = models.BooleanField(default=False)
    statement = models.TextField()
    evidence = models.TextField(blank=True)
    next = models.TextField("next step", blank=True)
    na = models.TextField("may not apply when", blank=True)
    source = models.CharField(max_length=200, blank=True)
    refs = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["order"]
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"], name="criterion_key_unique", violation_error_message="This key is taken."
            )
        ]

    def answer_name(self, code: str) -> str:
        """What a code is called: the choice's name, or that of an answer which is not a rating.

        A code of an earlier version that the scale no longer has stands for itself; no code is "Not answered".
        """
        if choice := self.scale.by_code.get(code):
            return choice.name
        if other := self.scale.other_by_code.get(code):
            return other["name"]
        names = {scoring.NA: _("Does not apply"), scoring.DK: _("I don't know"), "": _("Not answered")}
        return names.get(code, code)


class Symptom(Ordered):
    """A statement that describes a low level; asked, never scored."""

    edition = models.ForeignKey("assessments.Edition", models.CASCADE, related_name="symptoms")
    level = models.PositiveSmallIntegerField()
    statement = models.TextField()
    cleared_by = models.JSONField(default=list, blank=True)
    refs = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"], name="symptom_key_unique", violation_error_message="This key is taken."
            )
        ]
