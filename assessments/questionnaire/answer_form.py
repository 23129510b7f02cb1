"""The form that saves one answer."""

from django import forms

from .. import scoring
from ..models import Answer, PageMark
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

    def __init__(self, data, *, criterion):
        self.criterion = criterion
        super().__init__(data)

    def clean_code(self):
        code, scale = self.cleaned_data["code"], self.criterion.scale
        allowed = {"", *scale.by_code, scoring.DK} | ({scoring.NA} if self.criterion.na else set())
        if code not in allowed:
            raise forms.ValidationError("This is not one of the answers to this question.")
        return code

    def clean(self):
        cleaned = super().clean() or {}
        if cleaned.get("code") == scoring.NA and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say in a few words why it does not apply; then it is saved.")
        return cleaned

    def answer(self) -> Answer:
        return Answer(**{name: self.cleaned_data[name] for name in ("code", "reason", "comment", "evidence")})

    def mark(self) -> PageMark:
        return PageMark(**{name: self.cleaned_data[name] for name in ("page", "sequence", "version")})
