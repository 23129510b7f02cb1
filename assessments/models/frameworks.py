"""Frameworks and their editions, as rows. A published edition never changes."""

import uuid
from collections.abc import Container, Iterable
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from .. import scoring
from .accounts import User
from .criteria_arranging import CriteriaArranging
from .edition_editing import Drafting, Frozen, Part
from .edition_parts import Criterion, Dimension
from .framework_texts import FrameworkText, filled, put_texts, source_texts
from .installation import Installation, current_generation
from .part_removal import PartRemoval
from .reading import reader
from .replica import asking_replica
from .teams import Team
from .translations import Translation

#: The key of the framework that comes with the product and is offered before the others that do.
FIRST_BUILT_IN = "mlops"


class FrameworkQuerySet(models.QuerySet["Framework"]):
    def update(self, **values: Any) -> int:
        """Servers keep frameworks in memory, with the editions of each."""
        with transaction.atomic():
            changed = super().update(**values)
            Installation.objects.renew()
        return changed


class Framework(models.Model):
    """A maturity model; its content lives in editions."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)

    objects = FrameworkQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A changed name counts on every server from its next request on."""
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if not is_new:
                Installation.objects.renew()

    @property
    def title(self) -> str:
        """Its name, which knows the language it is in: that of its reader where there is a checked translation."""
        edition = _editions_in_use(current_generation()).get(self.pk)
        if edition is None:
            return self.name
        title = edition.title
        return title if edition.name == self.name else FrameworkText(self.name, edition.language)

    def default_edition(self) -> "Edition | None":
        """The newest published edition, own ones before built-in ones; None if there are only drafts."""
        return self.editions.published().first()


class Rung:
    """A step that a result can reach: a level, or a band of a min-of-sums framework."""

    __slots__ = ("description", "name", "number")

    def __init__(self, number: int, name: str, description: str) -> None:
        self.number = number
        self.name = name
        self.description = description


class Contents:
    """An edition with everything in it, read with six queries and linked together; read-only.

    `ladder` is the publication that began its ladder of levels: editions with the same ladder can be compared by level.
    It is 0 before the first new ladder, and in drafts.
    """

    ladder = 0

    def __init__(self, edition: "Edition") -> None:
        self.edition = edition
        self.levels = list(edition.levels.all())
        self.groups = list(edition.groups.all())
        self.dimensions = list(edition.dimensions.all())
        self.scales = list(edition.scales.prefetch_related("choices"))
        self.criteria = list(edition.criteria.all())
        self.symptoms = list(edition.symptoms.all())
        levels = {level.pk: level for level in self.levels}
        groups = {group.pk: group for group in self.groups}
        scales = {scale.pk: scale for scale in self.scales}
        dimensions = {dimension.pk: dimension for dimension in self.dimensions}
        for dimension in self.dimensions:
            dimension.group = groups[dimension.group_id] if dimension.group_id else None
            dimension.asked = []
        for criterion in self.criteria:
            criterion.edition = edition
            criterion.level = levels[criterion.level_id] if criterion.level_id else None
            criterion.scale = scales[criterion.scale_id]
            criterion.dimension = dimensions[criterion.dimension_id]
            criterion.dimension.asked.append(criterion)
        for level in self.levels:
            level.edition = edition

    @cached_property
    def criterion_by_key(self) -> dict[str, Criterion]:
        return {criterion.key: criterion for criterion in self.criteria}

    @cached_property
    def criterion_by_pk(self) -> dict[int, Criterion]:
        return {criterion.pk: criterion for criterion in self.criteria}

    @cached_property
    def dimension_by_key(self) -> dict[str, Dimension]:
        return {dimension.key: dimension for dimension in self.dimensions}

    @cached_property
    def rungs(self) -> list[Rung]:
        """The steps from the lowest to the highest: levels, or bands where there are no levels."""
        if self.edition.uses_levels:
            return [Rung(level.number, level.name, level.summary) for level in self.levels]
        return [Rung(i, band["name"], band.get("meaning", "")) for i, band in enumerate(self.edition.scoring["bands"])]

    def rung_name(self, number: int | None) -> str:
        """The name of a level or band; empty for None and for a number that this edition does not have."""
        return next((rung.name for rung in self.rungs if rung.number == number), "")

    @property
    def named_rungs(self) -> list[tuple[int, str]]:
        return [(rung.number, rung.name) for rung in self.rungs]

    @property
    def is_counted_otherwise(self) -> bool:
        """Whether its levels are known by other numbers elsewhere, such as 1 to 5 for 0 to 4."""
        return any(level.is_counted_otherwise for level in self.levels)

    @property
    def top(self) -> int:
        return self.rungs[-1].number

    @cached_property
    def index_scale(self) -> scoring.IndexScale:
        """The scale on which indexes, or section scores, of this edition are shown."""
        if self.rubric:
            return scoring.IndexScale.of_rubric(self.rubric)
        if self.edition.uses_levels:
            return scoring.IndexScale.of_levels([level.number for level in self.levels])
        return scoring.IndexScale.of_bands([scoring.Band.parsed(band) for band in self.edition.scoring["bands"]])

    @cached_property
    def rubric(self) -> scoring.Rubric | None:
        """Where the levels begin, if answers are levels; None for every other method."""
        if self.edition.method != scoring.RUBRIC or not self.levels or not self.scales:
            return None
        scale = self.criteria[0].scale if self.criteria else self.scales[0]
        levels = [(level.number, level.start) for level in self.levels]
        values = [choice.value for choice in scale.choices.all()]
        return scoring.Rubric.parsed(levels, values, self.edition.scoring.get("result"))

    def index_at(self, level: int | None) -> Fraction | int | None:
        """The index from which on a level is drawn: in a rubric where the level begins."""
        if self.rubric is None or level is None:
            return level
        return self.rubric.edges.get(level, self.rubric.lowest)

    @property
    def has_answers_by_criterion(self) -> bool:
        """Whether criteria have answers of their own, which describe levels."""
        return self.edition.is_rubric and len(self.scales) > 1

    @cached_property
    def rules(self) -> dict[str, str]:
        """Names of the scoring rules by key; empty unless the method is `levels`."""
        return {rule["key"]: rule["name"] for rule in self.edition.scoring.get("rules", [])}

    @property
    def default_rule(self) -> str:
        return self.edition.scoring.get("default_rule") or ""

    @cached_property
    def check_meanings(self) -> dict[tuple[str, str], scoring.CheckMeaning]:
        """What facts of pipelines mean for ratings, by criterion and source."""
        entries = self.edition.blocks.get("checks", [])
        return {(entry["criterion"], entry["source"]): scoring.CheckMeaning(**entry) for entry in entries}

    @cached_property
    def quick_keys(self) -> set[str]:
        """Criteria of the short questionnaire; empty where the edition marks none."""
        return {criterion.key for criterion in self.criteria if criterion.quick}


class Questionnaire(models.TextChoices):
    """Which of the criteria of an edition are asked: all, or those that are marked as quick."""

    FULL = "full", gettext_lazy("Full questionnaire")
    SHORT = "short", gettext_lazy("Short questionnaire")


class EditionQuerySet(models.QuerySet["Edition"]):
    def published(self) -> Self:
        return self.filter(status=Edition.Status.PUBLISHED)

    def same_version(self, edition: Drafting) -> Self:
        """Other editions that have this one's version label."""
        return self.filter(framework=edition.framework_id, origin=edition.origin, version=edition.version).exclude(
            pk=edition.pk
        )

    def visible_to(self, user: User) -> Self:
        """Everybody sees what is or was published; drafts are for administrators."""
        return self.all() if user.is_administrator else self.exclude(status=Edition.Status.DRAFT)

    def languages_to_read(self) -> set[str]:
        """Those that some published framework can be read in, its own or a checked translation."""
        published = self.published().order_by()
        checked = Translation.objects.filter(is_checked=True, edition__in=published).order_by()
        return {*published.values_list("language", flat=True), *checked.values_list("language", flat=True)}

    def new_ladders(self) -> Self:
        """Editions that are or were published and begin a new ladder of levels."""
        return self.frozen().filter(new_ladder=True)

    def last_publication(self) -> int:
        """The publication number of the newest edition; 0 if none is or was published."""
        return self.aggregate(last=models.Max("publication"))["last"] or 0

    def frozen(self) -> Self:
        """Editions that are or were published, so that results can refer to them."""
        return self.exclude(status=Edition.Status.DRAFT)

    def drafts(self) -> Self:
        return self.filter(status=Edition.Status.DRAFT)

    def most_used(self) -> "Edition | None":
        """The published one that most assessments have, else the one to offer first; None without any."""
        used = self.published().filter(assessments__isnull=False).annotate(used=models.Count("assessments"))
        return used.order_by("-used", "-publication").first() or _newest(self.usable())

    def usable(self) -> "list[Edition]":
        """One edition per framework to offer first: the default one."""
        editions: dict[int, Edition] = {}
        for edition in self.published().select_related("framework"):
            editions.setdefault(edition.framework_id, edition)
        return sorted(editions.values(), key=lambda edition: edition.framework.name.lower())

    def to_offer_first(self, team: Team, *, framework: str = "", under_way: Container[int] = ()) -> "Edition | None":
        """The default edition of the framework with this key, else of the one the team used last, else the newest.

        One of the organisation's own counts as newer than what comes with the product, and there MLOps comes first.
        Without a key, frameworks with an id in `under_way` come last. None if there is no published edition.
        """
        usable = self.usable()
        used = team.assessments.values_list("edition__framework__key", flat=True)
        key = framework or used.first()
        same = [edition for edition in usable if edition.framework.key == key]
        first = _newest(same or usable)
        if framework or first is None or first.framework_id not in under_way:
            return first
        return _newest([edition for edition in usable if edition.framework_id not in under_way]) or first


def _newest(editions: Iterable["Edition"]) -> "Edition | None":
    return max(editions, key=_newness, default=None)


def _newness(edition: "Edition") -> tuple[bool, bool, int]:
    """An update of the product may bring further frameworks; that must not change what a team is offered first."""
    is_built_in = edition.origin == Edition.Origin.BUILT_IN
    return (not is_built_in, edition.framework.key == FIRST_BUILT_IN, edition.publication or 0)


class Edition(CriteriaArranging, PartRemoval):
    """One version of a framework: a draft that can be edited, or published and frozen under its digest."""

    class Status(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        PUBLISHED = "published", gettext_lazy("Published")
        RETIRED = "retired", gettext_lazy("Retired")

    class Origin(models.TextChoices):
        BUILT_IN = "builtin", gettext_lazy("Built in")
        IMPORTED = "imported", gettext_lazy("Imported")
        OWN = "own", gettext_lazy("Own")

    class Method(models.TextChoices):
        LEVELS = "levels", gettext_lazy("Levels")
        SUMS = "min-of-sums", gettext_lazy("Smallest section score")
        RUBRIC = "rubric", gettext_lazy("Rubric")

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
    publication = models.PositiveIntegerField(
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text="A running number of publications. Editions are ordered by it, because a clock can be set back.",
    )

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

    #: Which translation its texts are in, and in which state of it; empty for its own language.
    read_as = ""

    objects = EditionQuerySet.as_manager()

    class Meta:
        # Own before imported before built-in: an organisation's own edition stays its default.
        ordering = ["-origin", "-publication"]
        constraints = [
            models.UniqueConstraint(
                fields=["framework", "origin", "version"],
                name="edition_version_unique",
                violation_error_message=gettext_lazy("This framework already has this version with this origin."),
            ),
            models.CheckConstraint(
                condition=Q(status="draft")
                | (~Q(digest="") & Q(published_at__isnull=False, publication__isnull=False)),
                name="edition_published_has_digest",
                violation_error_message=gettext_lazy("A published version needs a digest and a publication time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def title(self) -> str:
        """Its name, which knows the language it is in: that of its reader where there is a checked translation."""
        reads = reader()
        if reads and not self.is_draft and reads.translation_of(self.pk, self.language):
            return published_contents(self.pk).edition.name
        return FrameworkText(self.name, self.language)

    @property
    def titled(self) -> str:
        """The same with the version."""
        return filled("{name} {version}", name=self.title, version=self.version)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuses every change to a published edition except retiring it."""
        retiring = set(kwargs.get("update_fields") or ()) == {"status"}
        if not self._state.adding and not self.is_draft and not retiring and not self._being_published():
            raise Frozen
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("edition", args=[self.framework.key, self.pk])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self.refuse_unless_draft()
        return super().delete(*args, **kwargs)

    def get_editor_url(self) -> str:
        return reverse("draft-edit", args=[self.framework.key, self.pk])

    def get_grid_url(self) -> str:
        return reverse("draft-grid", args=[self.framework.key, self.pk])

    def get_rules_url(self) -> str:
        return reverse("draft-rules", args=[self.framework.key, self.pk])

    def url_of(self, part: Part) -> str:
        """The page on which a part of this draft is edited."""
        return reverse("draft-part", args=[self.framework.key, self.pk, part.kind, part.pk])

    def publish(self, *, digest: str) -> None:
        """Freezes the edition under the digest of its canonical form."""
        with transaction.atomic():
            # One publication at a time, so that no two have the same number.
            list(Framework.objects.order_by("pk").select_for_update(no_key=True).values_list("pk"))
            self.publication = Edition.objects.last_publication() + 1
            self.digest = digest
            self.status = self.Status.PUBLISHED
            self.published_at = timezone.now()
            self.save(update_fields=["digest", "status", "published_at", "publication"])
            # The name of the framework may be in another language from now on.
            Installation.objects.renew()
            if previous := self.based_on or self._published_before():
                Translation.objects.take_over(self, of=previous, places=lambda: source_texts(Contents(self)))

    def _published_before(self) -> "Edition | None":
        return self.framework.editions.frozen().exclude(pk=self.pk).order_by("-publication").first()

    def retire(self) -> None:
        """Stays for the results that have it, and is offered for no other."""
        with transaction.atomic():
            self.status = self.Status.RETIRED
            self.save(update_fields=["status"])
            Installation.objects.renew()

    def _being_published(self) -> bool:
        stored = Edition.objects.filter(pk=self.pk).values_list("status", flat=True).first()
        return stored == self.Status.DRAFT

    @property
    def is_published(self) -> bool:
        return self.status == self.Status.PUBLISHED

    def on_its_ladder(self, editions: Iterable["Edition"]) -> list["Edition"]:
        """Of these frozen editions of its framework, the ones whose levels mean the same: no new ladder in between."""
        starts = [edition.publication for edition in editions if edition.new_ladder and edition.publication]

        def ladder(edition: Edition) -> int:
            return sum(start <= (edition.publication or 0) for start in starts)

        return [edition for edition in editions if ladder(edition) == ladder(self)]

    @property
    def uses_levels(self) -> bool:
        """Whether results reach levels, as against bands."""
        return self.method != self.Method.SUMS

    @property
    def is_rubric(self) -> bool:
        """Whether each answer is a level itself."""
        return self.method == self.Method.RUBRIC

    @property
    def rubric_result(self) -> str:
        """How the score of a rubric follows from its dimensions: `mean` or `lowest`."""
        return self.scoring.get("result") or scoring.MEAN

    @rubric_result.setter
    def rubric_result(self, result: str) -> None:
        self.scoring = {**self.scoring, "result": result}

    @property
    def has_criteria_by_level(self) -> bool:
        """Whether each criterion belongs to a level. In a rubric each is answered with one."""
        return self.method == self.Method.LEVELS

    @property
    def contents(self) -> Contents:
        """Everything inside the edition, in the language of the reader where there is a checked translation.

        A published edition never changes, so its contents are kept in memory.
        """
        return Contents(self) if self.status == self.Status.DRAFT else published_contents(self.pk)

    @property
    def source(self) -> Contents:
        """The same in the language of the edition, whoever reads: what its file and its digest are made of."""
        return Contents(self) if self.status == self.Status.DRAFT else source_contents(self.pk)


def published_contents(edition_id: uuid.UUID) -> Contents:
    """The contents of an edition that is not a draft, with edition and framework, as its reader reads them.

    A page asks for them many times. What they are read from is never the replica: it may not have what the generation
    stands for yet, and what is kept stays.
    """
    source = source_contents(edition_id)
    reads = reader()
    translation = reads and reads.translation_of(edition_id, source.edition.language)
    if not translation:
        return source
    generation = current_generation()
    return _translated_contents(edition_id, translation.pk, translation.revision, generation) or source


def source_contents(edition_id: uuid.UUID) -> Contents:
    """The contents of an edition that is not a draft in its own language; kept in memory once read.

    They never change, but the name of the framework may, and an edition can be retired.
    """
    return _source_contents(edition_id, current_generation())


@lru_cache(maxsize=64)
@asking_replica(False)
def _source_contents(edition_id: uuid.UUID, generation: uuid.UUID | None) -> Contents:
    contents = _read(edition_id)
    put_texts(contents, {}, language=contents.edition.language)
    # The editions that came before it can never change either.
    before = Edition.objects.new_ladders().filter(framework=contents.edition.framework_id)
    before = before.filter(publication__lte=contents.edition.publication)
    contents.ladder = before.last_publication()
    return contents


@lru_cache(maxsize=64)
@asking_replica(False)
def _translated_contents(
    edition_id: uuid.UUID, translation_id: int, revision: int, generation: uuid.UUID | None
) -> Contents | None:
    """The same in another language: a translation in one state never changes. None if it is gone.

    A newer state may be read under an older number, if it is stored in between: the next page asks for the newer one.
    """
    translation = Translation.objects.filter(pk=translation_id, is_checked=True).first()
    if translation is None:
        return None
    contents = _read(edition_id)
    put_texts(contents, translation.current(source_texts(contents)), language=translation.language)
    contents.edition.read_as = f"{translation.language}.{translation_id}.{revision}"
    contents.ladder = source_contents(edition_id).ladder
    return contents


def _read(edition_id: uuid.UUID) -> Contents:
    """Rows of its own, so that texts can be put in place of others."""
    return Contents(Edition.objects.select_related("framework").get(pk=edition_id))


@lru_cache(maxsize=4)
@asking_replica(False)
def _editions_in_use(generation: uuid.UUID | None) -> dict[int, Edition]:
    """The edition that each framework offers first, by the id of the framework, without its contents."""
    editions: dict[int, Edition] = {}
    for edition in Edition.objects.published().only("framework_id", "name", "language", "status"):
        editions.setdefault(edition.framework_id, edition)
    return editions


def contents_in_use(framework_id: int) -> Contents | None:
    """The contents of the edition that a framework offers first; None if all of its editions are retired."""
    newest = Edition.objects.published().filter(framework=framework_id).values_list("pk", flat=True).first()
    return published_contents(newest) if newest else None
