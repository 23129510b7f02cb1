"""The framework file format: every field a file may have, its canonical form and its digest.

Cross references are checked in `checks`, together with the fields, so that one pass finds everything. Two files are
equal if their canonical forms are: layout, comments, the order of fields and fields at their default make no
difference; any change of wording, and any change of order in a list, does.
"""

import hashlib
import json
from fractions import Fraction
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from assessments import scoring as engine

from . import checks
from .fields import (
    MAX_ITEMS,
    Answer,
    CheckSource,
    Code,
    Conditions,
    Flag,
    FrameworkKey,
    Key,
    Label,
    Language,
    LevelNumber,
    Name,
    Number,
    Reference,
    References,
    Share,
    ShortName,
    Text,
    Texts,
    Weight,
    Whole,
    field_error,
)
from .problems import MAX_PROBLEMS

MAX_CRITERIA = 2_000
#: The context in which a framework is validated that was published already: it stays readable, whatever is asked since.
PUBLISHED = {"is_published": True}


class FileEntry(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_alias=True,
        validate_by_name=True,
        model_title_generator=lambda model: model.__name__.removesuffix("Entry"),
    )


class Head(FileEntry):
    key: FrameworkKey
    name: Name
    version: Label
    language: Language = "en"
    unit_of_assessment: Text | None = None
    purpose: Text | None = None
    method: Literal["levels", "min-of-sums", "rubric"]
    representation: tuple[Literal["staged", "continuous", "score"], ...] = ()


class ChoiceEntry(FileEntry):
    """A step of a scale; its points are `value / highest value`. In a rubric the value itself counts."""

    code: Code
    value: Whole
    name: Name
    anchor: Text | None = None


class OtherAnswer(FileEntry):
    """An answer that is not a rating: does not apply, or don't know."""

    code: Literal["NA", "DK"]
    name: Name
    needs_reason: Flag = False


class ScaleEntry(FileEntry):
    key: Key
    values: tuple[ChoiceEntry, ...]
    other_answers: tuple[OtherAnswer, ...] = ()


class ThresholdEntry(FileEntry):
    at_least: Share | None = None
    more_than: Share | None = None


class RuleEntry(FileEntry):
    key: Key
    name: Name
    unit: Literal["criterion", "cell"]
    at: ThresholdEntry
    below: ThresholdEntry


class BandEntry(FileEntry):
    """A range of section scores, up to and including `upto`."""

    upto: Number
    name: Name
    meaning: Text | None = None


class DiscussWhen(FileEntry):
    spread_min: Annotated[Whole, Field(ge=1)] = 2
    split_median: Flag = True


class Scoring(FileEntry):
    """How ratings become a result; the framework's method decides which fields are needed."""

    default_rule: Key | None = None
    rules: tuple[RuleEntry, ...] = ()
    section: Literal["sum"] | None = None
    result: Literal["min", "mean", "lowest"] | None = None
    bands: tuple[BandEntry, ...] = ()
    rater_aggregation: Literal["low-median"] = "low-median"
    unanswered: Literal["counts-as-zero"] = "counts-as-zero"
    discuss_when: DiscussWhen = DiscussWhen()
    discuss_order: Literal["lowest rwg first"] = "lowest rwg first"
    applicability_warning_below: Share = Fraction(7, 10)


class LevelEntry(FileEntry):
    """A step of the ladder. `from` is for rubrics: where it begins on the scale of the values."""

    level: LevelNumber
    start: Annotated[Number | None, Field(alias="from")] = None
    alias: Code | None = None
    name: Name
    also_called: Texts = ()
    summary: Text | None = None
    description: Text | None = None
    highlights: Texts = ()
    technology: Texts = ()
    fits: Text | None = None


class GroupEntry(FileEntry):
    key: Key
    name: Name
    about: Text | None = None


class DimensionEntry(FileEntry):
    key: Key
    name: Name
    group: Key | None = None
    about: Text | None = None
    weight: Weight = Fraction(1)


class CriterionEntry(FileEntry):
    """A practice that can be rated. `meaning` counts how often the meaning has changed under the same key.

    `name` is a few words for maps, tables and charts; `weight` is for rubrics.
    """

    key: Key
    dimension: Key
    level: LevelNumber | None = None
    scale: Key | None = None
    quick: Flag = False
    name: ShortName | None = None
    weight: Weight = Fraction(1)
    statement: Text
    evidence: Text | None = None
    next: Text | None = None
    na: Text | None = None
    source: Reference | None = None
    refs: References = ()
    meaning: Annotated[Whole, Field(ge=1, le=30_000)] = 1


class SymptomEntry(FileEntry):
    """A statement that describes a low level; it is asked and never scored."""

    key: Key
    level: LevelNumber
    statement: Text
    cleared_by: tuple[Key, ...] = ()
    refs: References = ()


class MetricEntry(FileEntry):
    """An outcome figure shown next to the levels."""

    key: Key
    name: Name
    kind: Literal["choice", "percent"]
    ask: Text
    values: dict[Annotated[int, Field(ge=0, le=1_000)], Text] | None = None


class CheckEntry(FileEntry):
    """What facts of a pipeline mean for the rating of a criterion; no figure is made of them.

    A rating above `failed_at_most` while the check of this source has failed, or below `passed_at_least` while it has
    passed, is pointed out.
    """

    criterion: Key
    source: CheckSource
    passed_at_least: Code | None = None
    failed_at_most: Code | None = None
    asks: Text | None = None


class AdviserInput(FileEntry):
    key: Key
    type: Literal["boolean", "integer", "choice"]
    min: Whole | None = None
    values: Texts = ()
    default: Answer | None = None
    ask: Text


class AdviserRuleEntry(FileEntry):
    key: Key
    when: Conditions
    level: LevelNumber
    basis: Text | None = None
    why: Text


class Adjustment(FileEntry):
    key: Key
    when: Conditions
    at_least: LevelNumber | None = None
    at_most: LevelNumber | None = None
    basis: Text | None = None
    why: Text


class Expected(FileEntry):
    level: LevelNumber
    rules: tuple[Key, ...] = ()
    next: LevelNumber | None = None
    stance: Literal["invest", "keep", "beyond"]


class AdviserCase(FileEntry):
    """A worked case: these answers and this level give that advice."""

    given: Annotated[dict[Key, Answer], Field(alias="in")]
    current: LevelNumber
    expect: Expected


class Confirmation(FileEntry):
    """What a team is asked to confirm if the advice is this level."""

    level: LevelNumber
    ask: Text


class Adviser(FileEntry):
    question: Text
    principle: Text | None = None
    inputs: tuple[AdviserInput, ...]
    normalize: Text | None = None
    rules: tuple[AdviserRuleEntry, ...]
    adjustments: tuple[Adjustment, ...] = ()
    outputs: Texts = ()
    cautions: Texts = ()
    confirm: tuple[Confirmation, ...] = ()
    cases: tuple[AdviserCase, ...] = ()


class Trace(FileEntry):
    """Where an item of a source is covered. `to` is for readers: it may name parts that later editions lack."""

    ref: Reference
    gist: Text
    to: Texts = ()


class SourceDifference(FileEntry):
    topic: Text
    note: Text


class SourceEntry(FileEntry):
    id: Key
    title: Text
    where: Text | None = None
    license: Text | None = None
    note: Text | None = None


class FrameworkFile(FileEntry):
    """One edition of a framework, complete and consistent."""

    format: Literal[1]
    framework: Head
    scales: Annotated[tuple[ScaleEntry, ...], Field(min_length=1)]
    scoring: Scoring
    levels: tuple[LevelEntry, ...] = ()
    groups: tuple[GroupEntry, ...] = ()
    dimensions: Annotated[tuple[DimensionEntry, ...], Field(min_length=1)]
    criteria: Annotated[tuple[CriterionEntry, ...], Field(min_length=1, max_length=MAX_CRITERIA)]
    symptoms: Annotated[tuple[SymptomEntry, ...], Field(max_length=MAX_ITEMS)] = ()
    metrics: tuple[MetricEntry, ...] = ()
    checks: Annotated[tuple[CheckEntry, ...], Field(max_length=MAX_ITEMS)] = ()
    adviser: Adviser | None = None
    traceability: tuple[Trace, ...] = ()
    source_differences: tuple[SourceDifference, ...] = ()
    sources: tuple[SourceEntry, ...] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _consistent(cls, data: Any, handler: Any, info: ValidationInfo) -> "FrameworkFile":
        """Runs the cross checks even if fields are wrong, so that everything is reported at once."""
        is_published = bool((info.context or {}).get("is_published"))
        framework: FrameworkFile | None = None
        errors: list[InitErrorDetails] = []
        try:
            framework = handler(data)
        except ValidationError as error:
            lines = (line for line in error.errors(include_url=False) if not _counts_faulty_entries(line))
            errors = [_repeated(line) for line in islice(lines, MAX_PROBLEMS + 1)]
        whole = framework._dump() if framework is not None else data
        wrong = {tuple(error["loc"]) for error in errors}
        errors += [
            InitErrorDetails(type=field_error(finding.message, finding.mend), loc=finding.place, input=None)
            for finding in checks.findings(whole, is_published=is_published)
            if finding.place not in wrong
        ]
        if errors or framework is None:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return framework

    def _dump(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def plain(self) -> dict[str, Any]:
        """Mappings, lists, text and whole numbers in the order of the format; fields at their default are left out."""
        plain = self._dump()
        if len(self.scales) == 1:
            # Naming the only scale is redundant.
            for criterion in plain["criteria"]:
                criterion.pop("scale", None)
        return plain

    def canonical(self) -> str:
        """Deterministic JSON of the whole framework. Fields added to the format later do not change it."""
        return json.dumps(self.plain(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """`sha256:` and the hexadecimal hash of the canonical form in UTF-8."""
        return f"sha256:{hashlib.sha256(self.canonical().encode()).hexdigest()}"

    def scale_of(self, criterion: CriterionEntry) -> ScaleEntry:
        """The scale a criterion is rated on: the one it names, else the first."""
        return next((scale for scale in self.scales if scale.key == criterion.scale), self.scales[0])

    def instrument(self) -> engine.Instrument:
        """What is asked and how it is scored, in the form that the scoring engine takes."""
        scales = {
            scale.key: engine.ScoredScale(
                key=scale.key,
                values={choice.code: choice.value for choice in scale.values},
                from_lowest=self.framework.method == engine.RUBRIC,
            )
            for scale in self.scales
        }
        plain = self.scoring.model_dump(mode="json", exclude_none=True)
        return engine.Instrument(
            method=self.framework.method,
            criteria=tuple(
                engine.ScoredCriterion(
                    key=c.key,
                    dimension=c.dimension,
                    level=c.level,
                    scale=scales[self.scale_of(c).key],
                    weight=engine.ONE if c.weight == 1 else c.weight,
                )
                for c in self.criteria
            ),
            dimensions=tuple(
                engine.ScoredDimension(key=d.key, group=d.group, weight=d.weight) for d in self.dimensions
            ),
            groups=tuple(group.key for group in self.groups),
            levels=tuple(level.level for level in self.levels),
            rules=tuple(engine.Rule.parsed(rule) for rule in plain["rules"]),
            default_rule=self.scoring.default_rule,
            bands=tuple(engine.Band.parsed(band) for band in plain["bands"]),
            rubric=self._rubric(),
            discuss_spread=self.scoring.discuss_when.spread_min,
            discuss_split=self.scoring.discuss_when.split_median,
            applicability_warning_below=self.scoring.applicability_warning_below,
        )

    def _rubric(self) -> engine.Rubric | None:
        if self.framework.method != engine.RUBRIC:
            return None
        levels = [(level.level, str(level.start) if level.start is not None else None) for level in self.levels]
        values = [choice.value for choice in self.scale_of(self.criteria[0]).values]
        return engine.Rubric.parsed(levels, values, self.scoring.result)


def _counts_faulty_entries(error: Any) -> bool:
    """Whether a list is called too short only because its entries, which are reported themselves, are faulty."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _repeated(error: Any) -> InitErrorDetails:
    """One of pydantic's errors, ready to be raised again together with others."""
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "framework":
        kind = PydanticCustomError("framework", "{message}", context)
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=context)
