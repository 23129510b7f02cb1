"""Where a criterion stands in its framework, in words."""

from django.utils.translation import gettext as _

from ..models import Criterion, Level
from ..models.framework_texts import filled


def place_of(criterion: Criterion) -> str:
    """The dimension, and the level if the framework has levels: `Testing · level 2`."""
    if criterion.level is None:
        return criterion.dimension.name
    return filled(_("{dimension} · level {number}"), dimension=criterion.dimension.name, number=criterion.level.number)


def level_of(level: Level) -> str:
    """A level by its number, as it stands within a sentence: `level 2`."""
    return _("level {number}").format(number=level.number)
