"""Forms around results: which two to compare, and why one fell back."""

from django import forms

from ..models import Result


class ResultChoice(forms.ModelChoiceField):
    def label_from_instance(self, result):
        generation = "" if result.is_current else f", generation {result.generation}"
        short = ", short" if result.is_short else ""
        return f"{result.date:%-d %B %Y} · {result.edition}{short}{generation}"


class CompareForm(forms.Form):
    """Two results of one team; by address any generation, in the lists the current ones."""

    earlier = ResultChoice(Result.objects.none(), empty_label=None)
    later = ResultChoice(Result.objects.none(), empty_label=None)

    def __init__(self, data, *, team):
        super().__init__(data)
        self.results = team.results.select_related("edition__framework", "assessment").defer("outcomes", "cells")
        for field in self.fields.values():
            field.queryset = self.results
        listed = self.results.filter(is_current=True)
        for field in self.fields.values():
            field.choices = [(result.pk, field.label_from_instance(result)) for result in listed]

    def clean(self):
        cleaned = super().clean() or {}
        earlier, later = cleaned.get("earlier"), cleaned.get("later")
        if earlier and later and earlier.framework_id != later.framework_id:
            raise forms.ValidationError("Choose two results of the same framework; others have nothing in common.")
        return cleaned


class SetbackForm(forms.Form):
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        label="Why did it fall back?",
        help_text="It stays with the result; everyone who sees the team can read it.",
    )
