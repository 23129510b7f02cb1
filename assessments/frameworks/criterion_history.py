"""One criterion through the versions of its framework, with what changed from one to the next."""

from dataclasses import dataclass

from django.db.models import QuerySet

from ..models import Criterion, Edition
from .format.differences import CRITERION_TEXTS, TextChange, texts_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionStep:
    """The criterion in one version, and in the version before it, which is None for the first."""

    row: Criterion
    before: Criterion | None

    @property
    def texts(self) -> tuple[TextChange, ...]:
        return texts_changed(self.before, self.row, CRITERION_TEXTS) if self.before else ()

    @property
    def has_new_meaning(self) -> bool:
        return self.before is not None and self.before.meaning != self.row.meaning

    @property
    def keeps_meaning(self) -> bool:
        """Whether its meaning is known to be the same; that of a draft is counted when it is published."""
        return self.before is not None and not self.row.edition.is_draft and not self.has_new_meaning

    @property
    def is_relevelled(self) -> bool:
        """Whether it came from another level; False if it came from none."""
        if self.before is None or self.before.level is None:
            return False
        return self.row.level is None or self.before.level.number != self.row.level.number

    @property
    def is_moved(self) -> bool:
        return self.before is not None and self.before.dimension.key != self.row.dimension.key


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionHistory:
    """The steps, the newest first. `retired_in` is the first published version that no longer has the criterion."""

    key: str
    steps: list[CriterionStep]
    retired_in: Edition | None

    @classmethod
    def of(cls, key: str, editions: QuerySet[Edition]) -> "CriterionHistory | None":
        """In these versions of one framework; None if none of them has the criterion."""
        criteria = Criterion.objects.filter(edition__in=editions, key=key)
        criteria = criteria.select_related("edition__framework", "dimension", "level", "scale")
        rows = sorted(
            criteria.order_by("edition__version"),
            key=lambda row: (row.edition.is_draft, row.edition.publication or 0),
        )
        if not rows:
            return None

        steps = [CriterionStep(row=row, before=before) for before, row in zip([None, *rows], rows, strict=False)]
        last = max(row.edition.publication or 0 for row in rows)
        later = editions.filter(publication__gt=last).order_by("publication") if last else editions.none()
        return cls(key=key, steps=steps[::-1], retired_in=later.first())
