"""The form that saves one answer."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from .. import scoring
from ..models import Answer, Criterion, PageMark
from ..web.form_fields import LinkField

#: What a page sends for each question, with the number of the question behind it: `code-12`.
PER_QUESTION = ("code", "reason", "comment", "evidence", "version", "shown")


def fingerprint(*, code: str, reason: str, comment: str, evidence: str) -> str:
    """Of an answer: the same for the same content, however a browser sends its lines."""
    content = (" ".join(part.split()) for part in (code, reason, comment, evidence))
    return blake2b("\x1f".join(content).encode(), digest_size=6).hexdigest()


def changed_by_question(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What was changed on a whole page, by the number of the question, with the names of AnswerForm; in its order.

    Without script a page is saved once, so its running number is always 1.
    """
    of_page = {"page": data.get("page", ""), "who": data.get("who", ""), "sequence": "1"}
    changed = {}
    for number in (name.removeprefix("shown-") for name in data if name.startswith("shown-")):
        entered = {name: data.get(f"{name}-{number}", "") for name in PER_QUESTION}
        answer = {name: entered[name] for name in ("code", "reason", "comment", "evidence")}
        if fingerprint(**answer) != entered["shown"]:
            changed[number] = of_page | entered
    return changed


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
