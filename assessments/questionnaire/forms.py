"""The last page of a questionnaire: agree or not, for each symptom."""

from django import forms

AGREES = {"yes": True, "no": False}


class SymptomsForm(forms.Form):
    def __init__(self, *args, questions, **kwargs):
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            said = {True: "yes", False: "no"}.get(question.agrees, "")
            self.fields[question.name] = forms.ChoiceField(
                label=question.symptom.statement,
                choices=[("yes", "Agree"), ("no", "Do not agree"), ("", "No answer")],
                widget=forms.RadioSelect,
                required=False,
                initial=said,
            )

    def answers(self) -> dict:
        """By symptom: agrees, does not, or None for no answer."""
        return {q.symptom: AGREES.get(self.cleaned_data[q.name]) for q in self.questions}
