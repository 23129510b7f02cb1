"""What a group agrees on for one criterion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import scoring
from ..models import AgreedRating
from ..models.framework_texts import filled
from ..web.revised_forms import RevisedForm
from .agenda import AgreeableValue, Item

MEDIAN = "median"
#: The key that keeps the median; the others are 1, 2, 3 … in the order of the scale.
MEDIAN_KEY = "m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One way to decide, with the key that takes it."""

    radio: BoundWidget
    key: str


class AgreeForm(RevisedForm):
    code = forms.ChoiceField(widget=forms.RadioSelect, label=gettext_lazy("We agree on"))
    reason = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Why it does not apply"),
        help_text=gettext_lazy("Only for “does not apply”."),
    )
    note = forms.CharField(
        max_length=4000,
        required=False,
        label=gettext_lazy("Note"),
        widget=forms.Textarea(attrs={"rows": 2}),
        strip=True,
    )

    def __init__(self, data: Mapping[str, object] | None = None, *, item: Item) -> None:
        stored: dict[str, object] = {"revision": 0}
        if item.agreed is not None:
            stored = self.values_of(item.agreed)
            stored["revision"] = item.agreed.revision
        super().__init__(data, initial=stored)

        self.keys = {option.code: str(number) for number, option in enumerate(item.options, start=1)}
        self.keys[MEDIAN] = MEDIAN_KEY
        # From top to bottom as in the picture of the votes beside them.
        scale = [option for option in reversed(item.options) if option.code != scoring.NA]
        others = [option for option in item.options if option.code == scoring.NA]
        choices = [(option.code, self._label(item, option)) for option in scale + others]
        if item.median:
            label = filled(_("Keep the median: {answer}"), answer=item.median_name)
            choices.append((MEDIAN, label))
        self.fields["code"].choices = choices
        if not item.criterion.na:
            del self.fields["reason"]

    def values_of(self, row: AgreedRating) -> dict[str, object]:
        code = MEDIAN if row.keeps_median else row.code
        return {"code": code, "reason": row.reason, "note": row.note}

    def decisions(self) -> list[Decision]:
        return [Decision(radio=radio, key=self.keys[radio.data["value"]]) for radio in self["code"]]

    @staticmethod
    def _label(item: Item, option: AgreeableValue) -> str:
        if not option.changes:
            return option.name
        return filled(_("{answer} (result then: {level})"), answer=option.name, level=item.agenda.called(option.level))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("code") == scoring.NA and not cleaned.get("reason"):
            self.add_error("reason", _("Say in a few words why it does not apply."))
        return cleaned

    def terms(self) -> dict:
        """What Review.agree takes; an empty code keeps the median."""
        terms = self.values()
        if terms["code"] == MEDIAN:
            terms["code"] = ""
        terms["seen"] = self.seen()
        return terms
