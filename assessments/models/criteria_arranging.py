"""Verbs of a draft about many criteria at once, or about where one stands: adding a list, moving, copying."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .accounts import User
from .edition_editing import AnyPart, Drafting

if TYPE_CHECKING:
    from .edition_parts import Criterion, Dimension, Level


class CriteriaArranging(Drafting):
    class Meta:
        abstract = True

    def add_criteria(self, criteria: Sequence[AnyPart], *, by: User) -> "Criterion":
        """Adds these in the order given, each at the end of its dimension and level, and returns the last one.

        All of them or none. Each gets a key that no edition of the framework has used.
        """
        with self.as_draft(by) as locked:
            last = locked._next(locked.criteria, "order")
            for order, criterion in enumerate(criteria, start=last):
                criterion.edition = locked
                criterion.order = order
                criterion.key = locked._new_key(criterion)
                criterion.save(force_insert=True)
            locked._place_all(criteria)
            locked._record("added", by=by, part=criteria[-1], count=len(criteria))
            return criteria[-1]

    def place(
        self,
        criterion: "Criterion",
        *,
        by: User,
        seen: int,
        dimension: "Dimension",
        level: "Level | None",
        before: int | None = None,
    ) -> "Criterion":
        """Moves a criterion to a dimension and level, in front of the criterion with the id `before`, or to the end.

        Raises Conflict if it would change and was changed since revision `seen`.
        """
        with self.as_draft(by) as locked:
            stored = locked.stored(criterion)
            if stored.take({"dimension": dimension, "level": level}, seen=seen):
                stored.save()
            cell = locked.criteria.filter(dimension=dimension, level=level).exclude(pk=stored.pk)
            next_one = cell.filter(pk=before).first() if before is not None else None
            if next_one is None:
                locked._place(stored)
            else:
                others = list(locked.criteria.select_related("level").exclude(pk=stored.pk))
                position = [other.pk for other in others].index(next_one.pk)
                locked._number([*others[:position], stored, *others[position:]])
            locked._record("moved", by=by, part=stored)
            return stored

    def duplicate(self, criterion: "Criterion", *, by: User) -> "Criterion":
        """A copy right after it, with a key of its own, so that it has no history."""
        with self.as_draft(by) as locked:
            copy = locked.stored(criterion)
            others = list(locked.criteria.select_related("level"))
            position = [other.pk for other in others].index(copy.pk) + 1
            copy.key = locked._new_key(copy)
            copy.pk = None
            copy._state.adding = True
            copy.revision = 0
            copy.meaning = 1
            copy.editorial = False
            copy.save(force_insert=True)
            locked._number([*others[:position], copy, *others[position:]])
            locked._record("added", by=by, part=copy)
            return copy
