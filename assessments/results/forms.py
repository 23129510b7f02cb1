"""Forms around results: which two to compare, and why one went down."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Result
from ..models.framework_texts import joined
from ..web.dates import day


class ResultChoice(forms.ModelChoiceField):
    def label_from_instance(self, result: Result) -> str:
        parts = [day(result.date), result.edition.titled]
        if result.is_short:
            parts.append(_("short"))
        if not result.is_current:
            parts.append(_("generation {number}").format(number=result.generation))
        return joined(" · ", parts)


class CompareForm(forms.Form):
    """Two results of one team; by address any generation, in the lists the current ones."""

    earlier = ResultChoice(Result.objects.none(), empty_label=None, label=gettext_lazy("Earlier"))
    later = ResultChoice(Result.objects.none(), empty_label=None, label=gettext_lazy("Later"))

    def __init__(self, data: Mapping[str, object], *, results: QuerySet[Result], listed: Iterable[Result]) -> None:
        """`results` are all that may be compared, `listed` the ones to choose from."""
        super().__init__(data)
        for field in self.fields.values():
            field.queryset = results
            field.choices = [(result.pk, field.label_from_instance(result)) for result in listed]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        earlier = cleaned.get("earlier")
        later = cleaned.get("later")
        if earlier and later and earlier.framework_id != later.framework_id:
            raise forms.ValidationError(_("Choose two results of the same framework. Others have nothing in common."))
        return cleaned


class SetbackForm(forms.Form):
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        label=gettext_lazy("Why did the result go down?"),
        help_text=gettext_lazy("It stays with the result. Everyone who sees the team can read it."),
    )
