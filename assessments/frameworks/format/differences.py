"""The differences between two editions of a framework, matched by key. Pure: two files in, one comparison out."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from .numbers import number_text
from .schema import CheckEntry, CriterionEntry, FrameworkFile, ScaleEntry

#: Texts of a criterion that say what is rated; the others are advice, and where it comes from.
MEANING_TEXTS = ("statement", "evidence", "na")
ADVICE_TEXTS = ("next",)
CRITERION_TEXTS = (*MEANING_TEXTS, *ADVICE_TEXTS, "name", "weight", "source", "refs")
LEVEL_TEXTS = ("name", "start", "alias", "also_called", "summary", "description", "highlights", "technology", "fits")
CHECK_TEXTS = ("passed_at_least", "failed_at_most", "asks")
HEAD_TEXTS = ("name", "language", "unit_of_assessment", "purpose", "method", "representation")
#: Kinds of changes. A criterion that moved and was reworded has two kinds; the last two exclude changes of meaning.
KINDS = ("added", "removed", "moved", "relevelled", "reworded", "rescaled", "advice", "references")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """One field of one thing, before and after; lists are lines of text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionDifference:
    """A criterion that is in both editions but differs between them."""

    before: CriterionEntry
    after: CriterionEntry
    moved: bool
    relevelled: bool
    texts: tuple[TextChange, ...]
    rescaled: bool

    @property
    def key(self) -> str:
        return self.after.key

    def _has_other(self, fields: Collection[str]) -> bool:
        return any(text.field in fields for text in self.texts)

    @property
    def reworded(self) -> bool:
        """Whether a text that says what is rated changed, so that its author must state whether the meaning did."""
        return self._has_other(MEANING_TEXTS)

    @property
    def may_change_meaning(self) -> bool:
        return self.rescaled or self.reworded

    @property
    def advice(self) -> bool:
        """Whether the advice changed, but not what is rated."""
        return self._has_other(ADVICE_TEXTS) and not self.may_change_meaning

    @property
    def references(self) -> bool:
        """Whether only short name, weight, references and origin changed, and not what is rated."""
        return bool(self.texts) and not self._has_other(ADVICE_TEXTS) and not self.may_change_meaning

    @property
    def is_minor(self) -> bool:
        """Whether only advice and references changed."""
        return not (self.may_change_meaning or self.moved or self.relevelled or self.meaning_raised)

    @property
    def meaning_raised(self) -> bool:
        return self.after.meaning != self.before.meaning

    @property
    def asks_for_meaning(self) -> bool:
        """Whether its author has to say if the new wording means the same."""
        return self.reworded and not self.meaning_raised

    @property
    def keeps_meaning(self) -> bool:
        return not self.may_change_meaning and not self.meaning_raised


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDifference:
    """A level, group, dimension, scale or symptom, or the framework's head, that is new, gone or different."""

    kind: str
    key: str
    name: str
    how: str
    texts: tuple[TextChange, ...] = ()

    @property
    def is_rescaled(self) -> bool:
        """Whether it is a scale with other choices, so that its author has to say if answers mean the same."""
        return self.kind == "scale" and self.how == "changed"


@dataclass(frozen=True, kw_only=True)
class EditionComparison:
    """Everything that differs in `after`; criteria in the order of their edition."""

    before: FrameworkFile
    after: FrameworkFile
    added: tuple[CriterionEntry, ...]
    removed: tuple[CriterionEntry, ...]
    changed: tuple[CriterionDifference, ...]
    parts: tuple[PartDifference, ...]
    new_ladder: bool

    def _those(self, what: str) -> tuple[CriterionDifference, ...]:
        return tuple(change for change in self.changed if getattr(change, what))

    @cached_property
    def moved(self) -> tuple[CriterionDifference, ...]:
        return self._those("moved")

    @cached_property
    def relevelled(self) -> tuple[CriterionDifference, ...]:
        return self._those("relevelled")

    @cached_property
    def reworded(self) -> tuple[CriterionDifference, ...]:
        return self._those("reworded")

    @cached_property
    def rescaled(self) -> tuple[CriterionDifference, ...]:
        return self._those("rescaled")

    @cached_property
    def advice(self) -> tuple[CriterionDifference, ...]:
        return self._those("advice")

    @cached_property
    def references(self) -> tuple[CriterionDifference, ...]:
        return self._those("references")

    @cached_property
    def major(self) -> tuple[CriterionDifference, ...]:
        return tuple(change for change in self.changed if not change.is_minor)

    @cached_property
    def minor(self) -> tuple[CriterionDifference, ...]:
        return tuple(change for change in self.changed if change.is_minor)

    @property
    def summary(self) -> str:
        """How many criteria may mean something else, and how many others only read differently."""
        both = len(self.after.criteria) - len(self.added)
        meaning = len(self._those("may_change_meaning"))
        message = _(
            "Of {both} criteria in both versions, {meaning} may mean something else: {reworded} with a different "
            "question, {rescaled} with different choices. Apart from these, {advice} only have different advice and "
            "{references} only a different short name, weight or references."
        )
        return message.format(
            both=both,
            meaning=meaning,
            reworded=len(self.reworded),
            rescaled=len(self.rescaled),
            advice=len(self.advice),
            references=len(self.references),
        )

    @cached_property
    def by_key(self) -> dict[str, CriterionDifference]:
        return {change.key: change for change in self.changed}

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.parts)

    def keys(self) -> dict[str, list[str]]:
        """Keys of the criteria by kind of change."""
        return {kind: [criterion.key for criterion in getattr(self, kind)] for kind in KINDS}


def compare(before: FrameworkFile, after: FrameworkFile) -> EditionComparison:
    old = {criterion.key: criterion for criterion in before.criteria}
    new = {criterion.key: criterion for criterion in after.criteria}
    scales_before = {scale.key: scale for scale in before.scales}
    scales_after = {scale.key: scale for scale in after.scales}
    different = {
        (b, a): not same_choices(scales_before[b], scales_after[a]) for b in scales_before for a in scales_after
    }
    changes = (
        CriterionDifference(
            before=old[key],
            after=criterion,
            moved=old[key].dimension != criterion.dimension,
            relevelled=old[key].level != criterion.level,
            texts=texts_changed(old[key], criterion, CRITERION_TEXTS),
            rescaled=different[before.scale_of(old[key]).key, after.scale_of(criterion).key],
        )
        for key, criterion in new.items()
        if key in old
    )
    return EditionComparison(
        before=before,
        after=after,
        added=tuple(criterion for criterion in after.criteria if criterion.key not in old),
        removed=tuple(criterion for criterion in before.criteria if criterion.key not in new),
        changed=tuple(c for c in changes if c.moved or c.relevelled or c.texts or c.rescaled or c.meaning_raised),
        parts=tuple(_parts(before, after)),
        new_ladder=is_new_ladder([level.name for level in before.levels], [level.name for level in after.levels]),
    )


def is_new_ladder(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether levels were added, removed or reordered; renaming a level does not count."""
    if len(before) != len(after):
        return True
    stayed = set(before) & set(after)
    return any(before.index(name) != list(after).index(name) for name in stayed)


def same_choices(before: ScaleEntry, after: ScaleEntry) -> bool:
    """Whether an answer means the same on both scales."""
    return before.values == after.values


def texts_changed(before: Any, after: Any, fields: Iterable[str]) -> tuple[TextChange, ...]:
    pairs = ((field, as_text(getattr(before, field)), as_text(getattr(after, field))) for field in fields)
    return tuple(TextChange(field=field, before=b, after=a) for field, b, a in pairs if b != a)


def as_text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "\n".join(map(str, value))
    if isinstance(value, Fraction):
        return number_text(value)
    return "" if value is None else str(value)


def _parts(before: FrameworkFile, after: FrameworkFile) -> Iterable[PartDifference]:
    head = texts_changed(before.framework, after.framework, HEAD_TEXTS)
    if head:
        yield PartDifference(
            kind="framework", key=after.framework.key, name=after.framework.name, how="changed", texts=head
        )
    yield from _kind("level", before.levels, after.levels, lambda x: str(x.level), LEVEL_TEXTS)
    yield from _kind("group", before.groups, after.groups, lambda x: x.key, ("name", "about"))
    yield from _kind(
        "dimension", before.dimensions, after.dimensions, lambda x: x.key, ("name", "group", "about", "weight")
    )
    yield from _kind("scale", before.scales, after.scales, lambda x: x.key, ())
    yield from _kind("symptom", before.symptoms, after.symptoms, lambda x: x.key, ("level", "statement", "cleared_by"))
    yield from _kind(
        "check", before.checks, after.checks, lambda x: f"{x.criterion} {x.source}", CHECK_TEXTS, in_order=False
    )
    if before.scoring != after.scoring:
        yield PartDifference(kind="scoring", key="scoring", name=_("Scoring rules"), how="changed")


def _kind(
    kind: str, before: Any, after: Any, key: Callable[[Any], str], texts: Iterable[str], *, in_order: bool = True
) -> Iterable[PartDifference]:
    old = {key(part): part for part in before}
    new = {key(part): part for part in after}
    for name, part in new.items():
        if name not in old:
            yield PartDifference(kind=kind, key=name, name=_name(part), how="added")
            continue
        changes = _scale_texts(old[name], part) if kind == "scale" else texts_changed(old[name], part, texts)
        if changes:
            yield PartDifference(kind=kind, key=name, name=_name(part), how="changed", texts=changes)
    for name, part in old.items():
        if name not in new:
            yield PartDifference(kind=kind, key=name, name=_name(part), how="removed")
    shared = [name for name in new if name in old]
    if in_order and shared != [name for name in old if name in new]:
        yield PartDifference(kind=kind, key="", name="", how="reordered")


def _name(part: Any) -> str:
    if isinstance(part, CheckEntry):
        return f"{part.criterion} – {part.source}"
    return getattr(part, "name", "") or getattr(part, "statement", "") or getattr(part, "key", "")


def _scale_texts(before: ScaleEntry, after: ScaleEntry) -> tuple[TextChange, ...]:
    def lines(scale: ScaleEntry) -> dict[str, str]:
        choices = (f"{c.code} = {c.value}: {c.name}{f'. {c.anchor}' if c.anchor else ''}" for c in scale.values)
        others = (f"{other.code}: {other.name}" for other in scale.other_answers)
        return {"choices": "\n".join(choices), "other answers": "\n".join(others)}

    old, new = lines(before), lines(after)
    return tuple(TextChange(field=f, before=old[f], after=new[f]) for f in old if old[f] != new[f])
