"""The last page of a questionnaire: agree or not, for each symptom."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .pages import SymptomQuestion

#: What a person says to a symptom, by the code in the form: agrees, does not, or no answer.
AGREES = {"yes": True, "no": False, "": None}
CODES = {agrees: code for code, agrees in AGREES.items()}
CHOICES = [("yes", _("Agree")), ("no", _("Disagree")), ("", _("No answer"))]


class SymptomsForm(forms.Form):
    def __init__(self, *args: Any, questions: Sequence[SymptomQuestion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[question.name] = forms.ChoiceField(
                label=question.symptom.statement,
                choices=CHOICES,
                widget=forms.RadioSelect,
                required=False,
                initial=CODES[question.agrees],
            )

    def answers(self) -> dict:
        """By symptom: agrees, does not, or None for no answer."""
        return {question.symptom: AGREES[self.cleaned_data[question.name]] for question in self.questions}
