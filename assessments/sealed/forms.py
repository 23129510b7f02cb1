"""What goes into a sealed file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy


class SealForm(forms.Form):
    """`votes` is there only for people who may put them into a file, if there are votes of several people."""

    team = forms.BooleanField(label=gettext_lazy("Name the team in the file"), required=False, initial=True)
    votes = forms.BooleanField(
        label=gettext_lazy("Include how the votes are spread"),
        help_text=gettext_lazy(
            "Per criterion the number of votes for each answer. Agreement can only be checked with them."
        ),
        required=False,
    )

    def __init__(self, *args: Any, may_include_votes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_include_votes:
            del self.fields["votes"]
