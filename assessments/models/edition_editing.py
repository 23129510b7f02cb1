"""Editing a draft edition: one verb, one transaction, one event. A save from an older page raises Conflict."""

import copy
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .accounts import User
from .journal import Event
from .refusals import Refused
from .revisions import Conflict, Revised
from .writing import writing

if TYPE_CHECKING:
    from .edition_parts import Criterion, Dimension, Level, Scale, Symptom
    from .frameworks import Edition, Framework


#: Texts of a criterion that say what is rated: after a change its author states again whether the meaning is the same.
MEANING_TEXTS = {"statement", "evidence", "na"}
UP = "up"
SYMPTOM_TEXTS = ("level", "statement", "cleared_by", "refs")


#: One of the models of `edition_parts`. What they have differs: the verbs ask for the kind first.
AnyPart = Any


class EditRefused(Refused):
    """The command cannot be carried out in the state that the edition is in."""


class Frozen(EditRefused):
    def __init__(self) -> None:
        super().__init__(_("A published version cannot be changed. Create a new version instead."))


class Part(models.Model):
    """A part of an edition, which can be changed only while the edition is a draft."""

    edition: Any  # each part has its own foreign key

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.in_edition().refuse_unless_draft()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self.in_edition().refuse_unless_draft()
        return super().delete(*args, **kwargs)

    def in_edition(self) -> "Edition":
        return self.edition

    @property
    def label(self) -> str:
        """What a part is called in lists, even while it has no name yet."""
        return getattr(self, "statement", "") or getattr(self, "name", "") or getattr(self, "key", "")

    @property
    def kind(self) -> str:
        return str(self._meta.model_name)


class Drafting(Revised):
    """The verbs of an edition that is a draft."""

    if TYPE_CHECKING:
        # What the edition has, besides these verbs: its fields, and its managers of parts.
        status: models.CharField[str, str]
        origin: models.CharField[str, str]
        version: models.CharField[str, str]
        scoring: Any  # as in a framework file
        blocks: Any
        framework: models.ForeignKey[Framework, Framework]
        framework_id: int
        levels: models.QuerySet[Level]
        dimensions: models.QuerySet[Dimension]
        criteria: models.QuerySet[Criterion]
        symptoms: models.QuerySet[Symptom]
        Status: type[Edition.Status]
        Origin: type[Edition.Origin]

        @property
        def has_criteria_by_level(self) -> bool: ...

    class Meta:
        abstract = True

    def refuse_unless_draft(self) -> None:
        if not self.is_draft:
            raise Frozen

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @contextmanager
    def as_draft(self, by: User | None) -> Iterator[Self]:
        """The edition as it is now, locked against other writers. Raises EditRefused if it is not a draft."""
        with writing(by):
            rows = type(self)._default_manager.select_related("framework", "based_on__framework")
            locked = rows.select_for_update(no_key=True, of=("self",)).filter(pk=self.pk).first()
            if locked is None:
                raise EditRefused(_("This draft has been discarded."))
            locked.refuse_unless_draft()
            yield locked

    def _record(self, verb: str, *, by: User, part: AnyPart = None, **data: Any) -> None:
        if part is not None:
            data |= {"part": part.kind, "id": part.pk}
        Event.record(f"draft.{verb}", by=by, edition=str(self.pk), **data)

    # ------------------------------------------------------------------ the head

    def change_head(self, *, by: User, seen: int | None, **values: Any) -> Self:
        """Changes the text of the framework itself. Raises Conflict if it was changed since revision `seen`."""
        with self.as_draft(by) as stored:
            if stored.take(values, seen=seen):
                if stored.framework.editions.same_version(stored).exists():
                    raise EditRefused(_("This framework already has this version."))
                stored.save()
                stored._record("changed", by=by)
            return stored

    def change_rules(
        self, *, by: User, seen: int | None, scoring: dict, adviser: dict | None, symptoms: Sequence[dict]
    ) -> Self:
        """Changes how results come about, and what is noticed and advised, all as in a framework file.

        Raises Conflict if the head or one of these was changed since revision `seen`.
        """
        with self.as_draft(by) as stored:
            wanted = [{"cleared_by": [], "refs": [], **symptom} for symptom in symptoms]
            has_symptoms = list(stored.symptoms.values("key", *SYMPTOM_TEXTS)) == wanted
            if stored._take_rules(scoring, adviser, seen=seen, is_same=has_symptoms):
                if not has_symptoms:
                    stored._take_symptoms(wanted)
                stored._record("changed", by=by)
            return stored

    def change_scoring(self, *, by: User, seen: int | None, scoring: dict) -> Self:
        """Changes how results come about. Raises Conflict as `change_rules` does."""
        with self.as_draft(by) as stored:
            if stored._take_rules(scoring, stored.blocks.get("adviser"), seen=seen):
                stored._record("changed", by=by)
            return stored

    def change_adviser(self, *, by: User, seen: int | None, change: Callable[[dict | None], dict | None]) -> Self:
        """Changes what is advised: `change` gets a copy of it as it is stored, and returns it as it is to be.

        None stands for no adviser. Raises Conflict as `change_rules` does.
        """
        with self.as_draft(by) as stored:
            adviser = change(copy.deepcopy(stored.blocks.get("adviser")))
            if stored._take_rules(stored.scoring, adviser, seen=seen):
                stored._record("changed", by=by)
            return stored

    def _take_rules(self, scoring: dict, adviser: dict | None, *, seen: int | None, is_same: bool = True) -> bool:
        """Stores these, and says whether something is different now; it is too unless the rest `is_same`."""
        blocks = {name: block for name, block in self.blocks.items() if name != "adviser"}
        if adviser is not None:
            blocks["adviser"] = adviser
        if is_same and self.scoring == scoring and self.blocks == blocks:
            return False
        if seen is not None and self.revision != seen:
            raise Conflict(self)
        self.scoring = scoring
        self.blocks = blocks
        self.revision += 1
        self.save()
        return True

    def _take_symptoms(self, wanted: Sequence[dict]) -> None:
        """Stores these symptoms in place of those that are there; one that keeps its key stays the same row."""
        existing = {symptom.key: symptom for symptom in self.symptoms.all()}
        model: AnyPart = self.symptoms.model
        for order, values in enumerate(wanted):
            row = existing.pop(values["key"], None) or model(edition=self, key=values["key"])
            row.take({name: values[name] for name in SYMPTOM_TEXTS}, seen=None)
            row.order = order
            row.save()
        for row in existing.values():
            row.delete()

    def _rules_changed(self, part: AnyPart) -> None:
        """Counts a change of a symptom for those who have the rules before them as a whole."""
        if part.kind == "symptom":
            self.revision += 1
            self.save(update_fields=["revision"])

    # ------------------------------------------------------------------ parts

    def change(self, part: AnyPart, *, by: User, seen: int | None, **values: Any) -> AnyPart:
        """Changes a level, group, dimension, criterion or symptom, and returns the stored row."""
        with self.as_draft(by) as locked:
            stored = locked.stored(part)
            changed = stored.take(values, seen=seen)
            if changed:
                if part.kind == "criterion" and MEANING_TEXTS & changed:
                    stored.editorial = False
                stored.save()
                if part.kind == "criterion" and {"dimension", "level"} & changed:
                    locked._place(stored)
                locked._rules_changed(stored)
                locked._record("changed", by=by, part=stored)
            return stored

    def _place(self, criterion: "Criterion") -> None:
        """Puts a criterion after the last one of its dimension and level, so that questions stay in order of level."""
        self._place_all([criterion])

    def _place_all(self, criteria: "Sequence[Criterion]") -> None:
        placed = {criterion.pk for criterion in criteria}
        ordered = list(self.criteria.select_related("level").exclude(pk__in=placed))
        for criterion in criteria:
            ordered.insert(_position(criterion, ordered), criterion)
        self._number(ordered)

    def _number(self, ordered: "Sequence[Criterion]") -> None:
        """Stores this order of all criteria."""
        moved = [row for order, row in enumerate(ordered) if row.order != order]
        for order, row in enumerate(ordered):
            row.order = order
        self.criteria.bulk_update(moved, ["order"])

    def stored(self, part: AnyPart) -> AnyPart:
        row = type(part).objects.filter(edition=self, pk=part.pk).first()
        if row is None:
            raise EditRefused(_("This has already been removed."))
        return row

    def change_scale(
        self, scale: "Scale", *, by: User, seen: int | None, choices: list[dict], other_answers: list[dict]
    ) -> AnyPart:
        """Changes the choices of a scale; `choices` are rows with code, value, name and anchor, lowest value first."""
        with self.as_draft(by) as locked:
            stored = locked.stored(scale)
            before = list(stored.choices.values("code", "value", "name", "anchor"))
            if before == choices and stored.other_answers == other_answers:
                return stored
            if stored.revision != seen:
                raise Conflict(stored)
            stored.choices.all().delete()
            stored.choices.bulk_create([stored.choices.model(scale=stored, **choice) for choice in choices])
            stored.other_answers = other_answers
            stored.editorial = False
            stored.revision += 1
            stored.save()
            locked._record("changed", by=by, part=stored)
            return stored

    def add(self, part: AnyPart, *, by: User, choices: Sequence[dict] = ()) -> AnyPart:
        """Adds a new level (at the top), group, dimension, scale (with its choices), criterion or symptom (at the end).

        It gets a key that no edition of the framework has used.
        """
        with self.as_draft(by) as locked:
            part.edition = locked
            if part.kind == "level":
                part.number = locked._next(locked.levels, "number")
                locked._mark_new_ladder()
            else:
                part.order = locked._next(type(part).objects.filter(edition=locked), "order")
                part.key = locked._new_key(part)
            part.save(force_insert=True)
            if part.kind == "criterion":
                locked._place(part)
            if choices:
                part.choices.bulk_create([part.choices.model(scale=part, **choice) for choice in choices])
            locked._rules_changed(part)
            locked._record("added", by=by, part=part)
            return part

    @staticmethod
    def _next(rows: models.QuerySet, field: str) -> int:
        highest = rows.aggregate(highest=Max(field))["highest"]
        return 0 if highest is None else highest + 1

    def _new_key(self, part: AnyPart) -> str:
        """A key from the words of the part that no edition has used, so that it gets no other part's history."""
        base = key_of(part.label or part.kind) or part.kind
        if part.kind == "criterion":
            base = f"{part.dimension.key}.{base}"[:100].strip("-.")
        rows = type(part).objects.filter(edition__framework=self.framework_id, key__startswith=base)
        taken = set(rows.values_list("key", flat=True))
        key = base
        n = 1
        while key in taken:
            n += 1
            key = f"{base}-{n}"
        return key

    def move(self, part: AnyPart, *, by: User, direction: str) -> None:
        """Swaps a part with the one before it ("up") or after it; a criterion within its dimension and level."""
        with self.as_draft(by) as locked:
            stored = locked.stored(part)
            if stored.kind == "level":
                locked._swap_levels(stored, direction)
            else:
                neighbour = locked._neighbour(stored, "order", direction)
                if neighbour is None:
                    return
                stored.order, neighbour.order = neighbour.order, stored.order
                stored.save(update_fields=["order"])
                neighbour.save(update_fields=["order"])
                locked._rules_changed(stored)
            locked._record("moved", by=by, part=stored, direction=direction)

    def _neighbour(self, part: AnyPart, field: str, direction: str) -> AnyPart:
        rows = type(part).objects.filter(edition=self)
        if part.kind == "criterion":
            rows = rows.filter(dimension=part.dimension_id, level=part.level_id)
        here = getattr(part, field)
        if direction == UP:
            return rows.filter(**{f"{field}__lt": here}).order_by(f"-{field}").first()
        return rows.filter(**{f"{field}__gt": here}).order_by(field).first()

    def _swap_levels(self, level: "Level", direction: str) -> None:
        other = self._neighbour(level, "number", direction)
        if other is None:
            return
        if self.has_criteria_by_level and 0 in (level.number, other.number):
            raise EditRefused(_("The lowest level cannot be moved, because it has no criteria."))
        # Numbers are unique, so the other level moves out of the way first.
        free = self._next(self.levels, "number")
        level.number, other.number = other.number, level.number
        # Where a level begins stays with its place.
        level.start, other.start = other.start, level.start
        self.levels.filter(pk=other.pk).update(number=free)
        level.save(update_fields=["number", "start"])
        other.save(update_fields=["number", "start"])
        moved = {level.number: other.number, other.number: level.number}
        for symptom in self.symptoms.filter(level__in=moved):
            symptom.level = moved[symptom.level]
            symptom.save(update_fields=["level"])
        self._mark_new_ladder()

    def remove(self, part: AnyPart, *, by: User) -> None:
        """Removes a part. Raises EditRefused while something else still belongs to it."""
        with self.as_draft(by) as locked:
            stored = locked.stored(part)
            data = {"key": getattr(stored, "key", "")}
            if stored.kind == "criterion":
                locked._forget_in_symptoms(stored.key)
                locked._take_out_checks(stored.key)
            elif stored.kind not in ("group", "symptom") and (count := stored.criteria.count()):
                message = ngettext(
                    "{count} criterion belongs to this. Move or remove it first.",
                    "{count} criteria belong to this. Move or remove them first.",
                    count,
                )
                raise EditRefused(message.format(count=count))
            if stored.kind == "level":
                if not locked.levels.filter(number__lt=stored.number).exists():
                    raise EditRefused(_("The lowest level cannot be removed."))
                locked._record("removed", by=by, part=stored, number=stored.number)
                number = stored.number
                stored.delete()
                for level in locked.levels.filter(number__gt=number).order_by("number"):
                    locked.levels.filter(pk=level.pk).update(number=F("number") - 1)
                locked.symptoms.filter(level__gte=number).update(level=F("level") - 1)
                locked._mark_new_ladder()
                return
            locked._record("removed", by=by, part=stored, **data)
            stored.delete()
            locked._rules_changed(stored)

    def _forget_in_symptoms(self, key: str) -> None:
        for symptom in self.symptoms.all():
            if key in symptom.cleared_by:
                symptom.cleared_by = [other for other in symptom.cleared_by if other != key]
                symptom.save(update_fields=["cleared_by"])

    def _take_out_checks(self, key: str) -> list[dict]:
        """Removes what facts mean for a criterion, and returns it as in a framework file."""
        checks = self.blocks.get("checks", [])
        taken = [check for check in checks if check["criterion"] == key]
        if taken:
            self._keep_checks([check for check in checks if check["criterion"] != key])
        return taken

    def _keep_checks(self, checks: list[dict]) -> None:
        rest = {name: block for name, block in self.blocks.items() if name != "checks"}
        self.blocks = rest | {"checks": checks} if checks else rest
        self.save()

    def _mark_new_ladder(self) -> None:
        self.framework.editions.filter(pk=self.pk).update(new_ladder=True)

    def say_editorial(self, part: AnyPart, *, by: User, seen: int, editorial: bool) -> None:
        """The author states whether changed texts of a criterion or scale keep their meaning; until then they do not.

        This is about the text of revision `seen`. Raises Conflict if that was changed in the meantime.
        """
        with self.as_draft(by) as locked:
            stored = locked.stored(part)
            if stored.revision != seen:
                raise Conflict(stored)
            stored.editorial = editorial
            stored.save(update_fields=["editorial"])
            locked._record("meaning", by=by, part=stored, editorial=editorial)

    # ------------------------------------------------------------------ the draft as a whole

    def make_draft(self, *, by: User) -> "Edition":
        """A draft of the next edition with everything that is in this one; the existing draft if there is one."""
        with writing(by):
            framework = type(self.framework).objects.select_for_update().get(pk=self.framework_id)
            existing = framework.editions.filter(based_on=self.pk, status=self.Status.DRAFT).first()
            if existing:
                return existing
            draft = framework.editions.get(pk=self.pk)
            draft.pk = draft._meta.pk.default()
            draft._state.adding = True
            draft.status = self.Status.DRAFT
            draft.origin = self.Origin.OWN
            draft.based_on_id = self.pk
            draft.digest = ""
            draft.published_at = None
            draft.publication = None
            draft.new_ladder = False
            draft.revision = 0
            draft.version = next_version(set(framework.editions.values_list("version", flat=True)), self.version)
            draft.save(force_insert=True)
            _copy_parts(self, draft)
            Event.record("draft.made", by=by, edition=str(draft.pk), based_on=str(self.pk))
        return draft

    def discard(self, *, by: User) -> None:
        """Deletes a draft with everything in it."""
        with self.as_draft(by) as locked:
            Event.record("draft.discarded", by=by, edition=str(self.pk))
            locked.delete()


def _position(criterion: "Criterion", others: "Sequence[Criterion]") -> int:
    """Where a criterion belongs among the others: after the last one of its dimension and level."""

    def comes_before(other: "Criterion") -> bool:
        return criterion.level is None or (other.level is not None and other.level.number <= criterion.level.number)

    in_dimension = [i for i, other in enumerate(others) if other.dimension_id == criterion.dimension_id]
    before = [i for i in in_dimension if comes_before(others[i])]
    if before:
        return before[-1] + 1
    return in_dimension[0] if in_dimension else len(others)


#: Which parts a part of each kind refers to.
REFERENCES = {"dimension": ["group"], "criterion": ["dimension", "level", "scale"]}


def _copy_parts(source: Drafting, draft: "Edition") -> None:
    """Copies every row of an edition into a draft; the copies refer to each other."""
    copies: dict[tuple, models.Model] = {}
    for name in ("levels", "groups", "dimensions", "scales", "criteria", "symptoms"):
        made = []
        for row in getattr(source, name).all():
            old = (row.kind, row.pk)
            row.pk = None
            row._state.adding = True
            row.edition = draft
            row.revision = 0
            for reference in REFERENCES.get(row.kind, []):
                target = getattr(row, f"{reference}_id")
                setattr(row, reference, copies[reference, target] if target else None)
            if hasattr(row, "editorial"):
                row.editorial = False
            copies[old] = row
            made.append(row)
        getattr(source, name).model.objects.bulk_create(made)
    choices = []
    choice_model: Any = draft.scales.model.choices.rel.related_model  # importing it here would make a circle
    for choice in choice_model.objects.filter(scale__edition=source.pk):
        choice.pk = None
        choice._state.adding = True
        choice.scale = copies["scale", choice.scale_id]
        choices.append(choice)
    choice_model.objects.bulk_create(choices)


def next_version(taken: set[str], version: str) -> str:
    """The next free version: raises the second number of `1.2.0`, and appends a number to anything else."""
    numbers = re.fullmatch(r"(\d{1,6})\.(\d{1,6})((?:\.\d{1,6})*)", version)
    n = 0
    while True:
        n += 1
        if numbers:
            rest = "".join(".0" for _ in numbers[3].split(".")[1:])
            candidate = f"{numbers[1]}.{int(numbers[2]) + n}{rest}"
        else:
            candidate = f"{version[:35]}-{n + 1}"
        if candidate not in taken:
            return candidate


def key_of(words: str) -> str:
    """A key made of the first words of a text."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:6])[:60].strip("-")
