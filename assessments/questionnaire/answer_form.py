"""The form that saves one answer."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from .. import scoring
from ..models import Answer, Criterion, PageMark
from ..web.form_fields import LinkField


class AnswerForm(forms.Form):
    """One answer to one criterion, with the marks that tell an older save from a newer one."""

    code = forms.CharField(required=False, max_length=20)
    reason = forms.CharField(required=False, max_length=500)
    comment = forms.CharField(required=False, max_length=4000, strip=True)
    evidence = LinkField(required=False, max_length=500)
    page = forms.CharField(max_length=40)
    sequence = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    who = forms.UUIDField()

    def __init__(self, data: Mapping[str, object], *, criterion: Criterion) -> None:
        self.criterion = criterion
        super().__init__(data)

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        allowed = {"", scoring.DK, *self.criterion.scale.by_code}
        if self.criterion.na:
            allowed.add(scoring.NA)
        if code not in allowed:
            raise forms.ValidationError(_("This is not one of the answers to this question."))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("code") == scoring.NA and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say in a few words why it does not apply. It is then saved."))
        return cleaned

    def answer(self) -> Answer:
        return Answer(
            code=self.cleaned_data["code"],
            reason=self.cleaned_data["reason"],
            comment=self.cleaned_data["comment"],
            evidence=self.cleaned_data["evidence"],
        )

    def mark(self) -> PageMark:
        return PageMark(
            page=self.cleaned_data["page"],
            sequence=self.cleaned_data["sequence"],
            version=self.cleaned_data["version"],
        )
