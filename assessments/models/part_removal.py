"""Removing a criterion, dimension or level of a draft so that it can be put back with everything that was in it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from .accounts import User
from .edition_editing import AnyPart, Drafting, EditRefused

#: What can be put back.
REMEMBERED = ("criterion", "dimension", "level")
#: Set by the draft that it is put back into.
NOT_KEPT = {"edition_id"}


class PartRemoval(Drafting):
    class Meta:
        abstract = True

    def remove_for_now(self, part: AnyPart, *, by: User) -> dict[str, Any]:
        """Removes a criterion, or a dimension or level with its criteria.

        Returns all that was in it as plain values, for `put_back`.
        """
        with self.as_draft(by) as locked:
            stored = locked.stored(part)
            removed: dict[str, Any] = {"kind": stored.kind, "values": _values_of(stored), "criteria": []}
            if stored.kind == "criterion":
                removed |= locked._kept_of(stored)
            else:
                removed["criteria"] = locked._take_out_criteria(stored)
            if stored.kind == "level":
                removed["symptoms"] = [symptom.pk for symptom in locked.symptoms.filter(level=stored.number)]
            locked.remove(stored, by=by)
            return removed

    def _kept_of(self, criterion: AnyPart) -> dict[str, Any]:
        """What is in a criterion, its place among all of them, and which symptoms it clears."""
        return {
            "values": _values_of(criterion),
            "place": list(self.criteria.values_list("pk", flat=True)).index(criterion.pk),
            "symptoms": [symptom.pk for symptom in self.symptoms.all() if criterion.key in symptom.cleared_by],
            "checks": [check for check in self.blocks.get("checks", []) if check["criterion"] == criterion.key],
        }

    def _take_out_criteria(self, part: AnyPart) -> list[dict[str, Any]]:
        criteria = list(part.criteria.all())
        taken = [self._kept_of(criterion) for criterion in criteria]
        for criterion in criteria:
            self._forget_in_symptoms(criterion.key)
            self._take_out_checks(criterion.key)
        part.criteria.all().delete()
        return taken

    def put_back(self, removed: dict[str, Any], *, by: User) -> AnyPart:
        """Undoes a removal: the same keys, texts and places. Doing it twice puts it back once."""
        kind, values = removed["kind"], removed["values"]
        with self.as_draft(by) as locked:
            rows: Any = {"criterion": locked.criteria, "dimension": locked.dimensions, "level": locked.levels}[kind]
            existing = rows.filter(pk=values["id"]).first()
            if existing:
                return existing
            if kind == "criterion":
                part = locked._put_back_criteria([removed])
            elif kind == "dimension":
                part = locked._put_back_dimension(rows, values)
            else:
                part = locked._put_back_level(rows, values, removed["symptoms"])
            if removed["criteria"]:
                locked._put_back_criteria(removed["criteria"])
            locked._record("put-back", by=by, part=part)
            return part

    def _put_back_criteria(self, removed: Sequence[dict[str, Any]]) -> AnyPart:
        """Those with the lowest place first, so that each finds the ones before it; returns the last one."""
        ordered = list(self.criteria.select_related("level"))
        model: AnyPart = self.criteria.model
        criterion: AnyPart = None
        for kept in sorted(removed, key=lambda kept: kept["place"]):
            criterion = model(edition=self, **kept["values"])
            self._refuse_unless_belonging(criterion)
            _refuse_if_taken(criterion, ordered)
            criterion.save(force_insert=True)
            ordered.insert(kept["place"], criterion)
            for symptom in self.symptoms.filter(pk__in=kept["symptoms"]):
                symptom.cleared_by = [*symptom.cleared_by, criterion.key]
                symptom.save(update_fields=["cleared_by"])
            # A removal that was remembered by the version before has none.
            if checks := kept.get("checks"):
                self._keep_checks([*self.blocks.get("checks", []), *checks])
        self._number(ordered)
        return criterion

    def _refuse_unless_belonging(self, criterion: AnyPart) -> None:
        for name in ("dimension", "level", "scale"):
            row_id = getattr(criterion, f"{name}_id")
            model: Any = criterion._meta.get_field(name).related_model
            if row_id is not None and not model.objects.filter(edition=self.pk, pk=row_id).exists():
                raise EditRefused(_("What it belonged to has been removed."))

    def _put_back_dimension(self, rows: AnyPart, values: dict[str, Any]) -> AnyPart:
        others = list(rows.all())
        dimension = rows.model(edition=self, **values)
        _refuse_if_taken(dimension, others)
        if (
            dimension.group_id is not None
            and not dimension._meta.get_field("group")
            .related_model.objects.filter(edition=self.pk, pk=dimension.group_id)
            .exists()
        ):
            dimension.group_id = None
        dimension.save(force_insert=True)
        place = sum(other.order < values["order"] for other in others)
        for order, row in enumerate([*others[:place], dimension, *others[place:]]):
            if row.order != order:
                row.order = order
                row.save(update_fields=["order"])
        return dimension

    def _put_back_level(self, rows: AnyPart, values: dict[str, Any], symptoms: Sequence[int]) -> AnyPart:
        """In its place of the ladder: the levels from there on go up again, and so do their symptoms."""
        number = min(values["number"], self._next(self.levels, "number"))
        for level in rows.filter(number__gte=number).order_by("-number"):
            rows.filter(pk=level.pk).update(number=level.number + 1)
        for symptom in self.symptoms.filter(level__gte=number):
            symptom.level += 1
            symptom.save(update_fields=["level"])
        # Those of the level itself went down to the one below it.
        self.symptoms.filter(pk__in=symptoms, level=number - 1).update(level=number)
        level = rows.model(edition=self, **values | {"number": number})
        level.save(force_insert=True)
        self._mark_new_ladder()
        return level


def _refuse_if_taken(part: AnyPart, others: Sequence[AnyPart]) -> None:
    if any(other.key == part.key for other in others):
        raise EditRefused(_("Something that was added since then has its key, so it cannot be put back."))


def _values_of(part: AnyPart) -> dict[str, Any]:
    names = [field.attname for field in part._meta.concrete_fields if field.attname not in NOT_KEPT]
    return {name: getattr(part, name) for name in names}
