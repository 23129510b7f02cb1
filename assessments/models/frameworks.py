"""Frameworks and their editions, as rows. A published edition never changes."""

import uuid
from collections.abc import Iterable
from functools import cached_property, lru_cache

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from .. import scoring
from .contents import Contents
from .edition_editing import Drafting, Frozen, Part, Revised


class Framework(models.Model):
    """A maturity model; its content lives in editions."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def default_edition(self):
        """The newest published edition, own ones before built-in ones; None while there is only a draft."""
        return self.editions.published().first()


class EditionQuerySet(models.QuerySet["Edition"]):
    def published(self):
        return self.filter(status=Edition.Status.PUBLISHED)

    def same_version(self, edition):
        """Other editions that have this one's version label."""
        return self.filter(framework=edition.framework_id, origin=edition.origin, version=edition.version).exclude(
            pk=edition.pk
        )

    def visible_to(self, user):
        """Everybody sees what is or was published; drafts are for administrators."""
        return self.all() if user.is_administrator else self.exclude(status=Edition.Status.DRAFT)

    def new_ladders(self):
        """Those that are or were published and begin a new ladder of levels."""
        return self.frozen().filter(new_ladder=True)

    def frozen(self):
        """Those that are or were published: what results may stand on."""
        return self.exclude(status=Edition.Status.DRAFT)

    def drafts(self):
        return self.filter(status=Edition.Status.DRAFT)

    def usable(self):
        """One edition per framework to offer first: the default one."""
        editions: dict[int, Edition] = {}
        for edition in self.published().select_related("framework"):
            editions.setdefault(edition.framework_id, edition)
        return sorted(editions.values(), key=lambda edition: edition.framework.name.lower())

    def to_offer_first(self, team, *, framework: str = "") -> "Edition | None":
        """The default edition of the framework with this key, else of the one that the team used last, else the newest.

        None without any.
        """
        usable = self.usable()
        used = team.assessments.order_by("-date", "-opened_at").values_list("edition__framework__key", flat=True)
        key = framework or used.first()
        same = [edition for edition in usable if edition.framework.key == key]
        return max(same or usable, key=lambda edition: edition.published_at, default=None)


class Edition(Drafting, Revised):
    """One version of a framework: a draft that can be edited, or published and frozen under its digest."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    class Origin(models.TextChoices):
        BUILT_IN = "builtin", "Built in"
        IMPORTED = "imported", "Imported"
        OWN = "own", "Own"

    class Method(models.TextChoices):
        LEVELS = "levels", "Levels"
        SUMS = "min-of-sums", "Smallest section score"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="editions")
    version = models.CharField(max_length=40)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.OWN)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    based_on = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="successors")
    new_ladder = models.BooleanField(
        default=False, help_text="Levels were added, removed or reordered: level history breaks here."
    )
    digest = models.CharField(max_length=80, blank=True, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    name = models.CharField(max_length=120)
    language = models.CharField(max_length=20, default="en")
    unit_of_assessment = models.TextField(blank=True)
    purpose = models.TextField(blank=True)
    method = models.CharField(max_length=12, choices=Method, default=Method.LEVELS)
    representation = models.JSONField(default=list, blank=True)
    scoring = models.JSONField(default=dict, help_text="Rules or bands and their parameters, as in the framework file.")
    blocks = models.JSONField(
        default=dict, blank=True, help_text="Metrics, adviser, traceability, sources: kept as in the file."
    )

    objects = EditionQuerySet.as_manager()

    class Meta:
        # Own before imported before built-in: an organisation's own edition stays its default.
        ordering = ["-origin", "-published_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["framework", "origin", "version"],
                name="edition_version_unique",
                violation_error_message="This framework has an edition with this version and origin already.",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | (~Q(digest="") & Q(published_at__isnull=False)),
                name="edition_published_has_digest",
                violation_error_message="A published edition needs its digest and the time of publishing.",
            ),
        ]

    def __str__(self):
        return f"{self.name} {self.version}"

    def save(self, *args, **kwargs):
        """Refuses to store anything of a published edition but that it is retired."""
        retiring = set(kwargs.get("update_fields") or ()) == {"status"}
        if not self._state.adding and not self.is_draft and not retiring and not self._being_published():
            raise Frozen
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("edition", args=[self.framework.key, self.pk])

    def delete(self, *args, **kwargs):
        self.refuse_unless_draft()
        return super().delete(*args, **kwargs)

    def get_editor_url(self):
        return reverse("draft-edit", args=[self.framework.key, self.pk])

    def url_of(self, part):
        """Where a part of this draft is edited."""
        return reverse("draft-part", args=[self.framework.key, self.pk, part.kind, part.pk])

    def publish(self, *, digest: str):
        """Freezes the edition under the digest of its canonical form."""
        self.digest, self.status, self.published_at = digest, self.Status.PUBLISHED, timezone.now()
        self.save(update_fields=["digest", "status", "published_at"])

    def _being_published(self):
        stored = Edition.objects.filter(pk=self.pk).values_list("status", flat=True).first()
        return stored == self.Status.DRAFT

    @property
    def is_published(self):
        return self.status == self.Status.PUBLISHED

    def on_its_ladder(self, editions: Iterable["Edition"]) -> list["Edition"]:
        """Those of the frozen editions of its framework whose levels mean the same: no new ladder began between."""
        begun = [each.published_at for each in editions if each.new_ladder and each.published_at]

        def ladder(edition: Edition) -> int:
            at = edition.published_at
            return sum(at is not None and start <= at for start in begun)

        return [each for each in editions if ladder(each) == ladder(self)]

    @property
    def uses_levels(self):
        return self.method == self.Method.LEVELS

    @property
    def contents(self) -> Contents:
        """Everything inside the edition. That of a published one is kept in memory, as it can never change."""
        return Contents(self) if self.status == self.Status.DRAFT else published_contents(self.pk)


class Level(Revised, Part):
    """A step on the ladder. The lowest one is the floor and has no criteria."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="levels")
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

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="groups")
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

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="dimensions")
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

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="scales")
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

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="criteria")
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
        return {scoring.NA: "Does not apply", scoring.DK: "I do not know"}.get(code, code or "Not answered")


class Symptom(Ordered):
    """A statement that describes a low level; asked, never scored."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="symptoms")
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


@lru_cache(maxsize=64)
def published_contents(edition_id) -> Contents:
    """The contents of an edition that is not a draft, from memory once it was read; with it edition and framework."""
    contents = Contents(Edition.objects.select_related("framework").get(pk=edition_id))
    # Which editions came before it can never change either.
    before = Edition.objects.new_ladders().filter(framework=contents.edition.framework_id)
    before = before.filter(published_at__lte=contents.edition.published_at)
    contents.ladder = before.aggregate(last=models.Max("published_at"))["last"]
    return contents
