"""What a group settles on for one criterion."""

from typing import Any

from django import forms

from .. import scoring
from ..models import AgreedRating
from ..web.revised_forms import RevisedForm

MEDIAN = "median"


class AgreeForm(RevisedForm):
    code = forms.ChoiceField(widget=forms.RadioSelect, label="We agree on")
    reason = forms.CharField(
        max_length=500, required=False, label="Why it does not apply", help_text="Only for “does not apply”."
    )
    note = forms.CharField(
        max_length=4000, required=False, label="Note", widget=forms.Textarea(attrs={"rows": 2}), strip=True
    )

    def __init__(self, *args, item, **kwargs):
        agreed = item.agreed
        stored = {"revision": 0} if agreed is None else {**self._said_by(agreed), "revision": agreed.revision}
        super().__init__(*args, **{"initial": stored, **kwargs})
        keep = [(MEDIAN, f"Keep the median: {item.median_name}")] if item.median else []
        self.fields["code"].choices = keep + [(option.code, self._label(item, option)) for option in item.options]
        if not item.criterion.na:
            del self.fields["reason"]

    @staticmethod
    def _said_by(agreed: AgreedRating) -> dict[str, str]:
        code = MEDIAN if agreed.keeps_median else agreed.code
        return {"code": code, "reason": agreed.reason, "note": agreed.note}

    def values_of(self, row: AgreedRating) -> dict[str, Any]:
        return self._said_by(row)

    @staticmethod
    def _label(item, option) -> str:
        if not option.changes:
            return option.name
        return f"{option.name} (then {item.agenda.called(option.level)})"

    def clean(self):
        cleaned = super().clean() or {}
        if cleaned.get("code") == scoring.NA and not cleaned.get("reason"):
            self.add_error("reason", "Say in a few words why it does not apply.")
        return cleaned

    def terms(self) -> dict:
        """What Review.agree takes; an empty code keeps the median."""
        values = self.values()
        return {**values, "code": "" if values["code"] == MEDIAN else values["code"], "seen": self.seen()}
