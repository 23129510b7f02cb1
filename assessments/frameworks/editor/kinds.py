"""The kinds of parts that the editor edits: the model, the forms and the words of each."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ...models import Criterion, Dimension, Group, Level, Scale, Symptom
from ...models.edition_editing import AnyPart
from .forms import (
    CriterionForm,
    DimensionForm,
    GroupForm,
    LevelForm,
    NewCriterionForm,
    NewScaleForm,
    PartForm,
    ScaleForm,
)
from .symptom_form import SymptomForm

ONLY_THIS_DRAFT = _("Only this draft changes.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartKind:
    """`new` and `remove` are titles; `removal` says what removing a part does."""

    model: type[AnyPart]
    form: type[PartForm]
    new_form: type[PartForm]
    new: Promise | str
    remove: Promise | str
    removal: Promise | str = ONLY_THIS_DRAFT


KINDS = {
    "level": PartKind(
        model=Level,
        form=LevelForm,
        new_form=LevelForm,
        new=_("New level"),
        remove=_("Remove this level"),
    ),
    "group": PartKind(
        model=Group,
        form=GroupForm,
        new_form=GroupForm,
        new=_("New group"),
        remove=_("Remove this group"),
    ),
    "dimension": PartKind(
        model=Dimension,
        form=DimensionForm,
        new_form=DimensionForm,
        new=_("New dimension"),
        remove=_("Remove this dimension"),
    ),
    "criterion": PartKind(
        model=Criterion,
        form=CriterionForm,
        new_form=NewCriterionForm,
        new=_("New criterion"),
        remove=_("Remove this criterion"),
        removal=_("Teams see it as removed. Their answers to it stay in their results."),
    ),
    "scale": PartKind(
        model=Scale,
        form=ScaleForm,
        new_form=NewScaleForm,
        new=_("New scale"),
        remove=_("Remove this scale"),
    ),
    "symptom": PartKind(
        model=Symptom,
        form=SymptomForm,
        new_form=SymptomForm,
        new=_("New symptom"),
        remove=_("Remove this symptom"),
    ),
}
