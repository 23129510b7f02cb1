"""Which answers the preview of a result is made of."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models.frameworks import Contents
from .made_up import answer_steps, answers_at, random_answers

RANDOM = "random"
MOST_SEED = 9999


class AnswersForm(forms.Form):
    """Every question answered alike, or by chance; by chance if nothing else is asked."""

    answers = forms.ChoiceField(label=gettext_lazy("Made-up answers"))
    seed = forms.IntegerField(required=False, min_value=1, max_value=MOST_SEED, widget=forms.HiddenInput)

    def __init__(self, *args: Any, contents: Contents, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contents = contents
        steps = [
            (str(number), _("Everywhere: {answer}").format(answer=name))
            for number, name in enumerate(answer_steps(contents))
        ]
        self.fields["answers"].choices = [(RANDOM, _("At random")), *steps]

    @property
    def step(self) -> int | None:
        """The answer to every question, counted from 0; None if they are answered by chance."""
        chosen = self.cleaned_data.get("answers", RANDOM) if self.is_valid() else RANDOM
        return None if chosen == RANDOM else int(chosen)

    @property
    def seed_now(self) -> int:
        return (self.cleaned_data.get("seed") or 1) if self.is_valid() else 1

    @property
    def next_seed(self) -> int:
        return self.seed_now % MOST_SEED + 1

    def codes(self) -> dict[str, str]:
        """Of the answers, by key of the criterion."""
        if self.step is None:
            return random_answers(self.contents, self.seed_now)
        return answers_at(self.contents, self.step)
