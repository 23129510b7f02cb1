"""Forms of the live room, which its own pages fill in."""

from collections.abc import Mapping
from typing import Any

from django import forms

from ..models import Criterion, Room
from ..web.revised_forms import MOST


class PlaceForm(forms.Form):
    """Which round of which question the page showed: what is asked of another one has no effect."""

    criterion = forms.IntegerField(min_value=1, max_value=MOST)
    round = forms.IntegerField(min_value=1, max_value=MOST)

    def __init__(self, data: Mapping[str, Any], *, room: Room, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.room = room

    def clean_criterion(self) -> Criterion:
        contents = self.room.assessment.edition.contents
        criterion = contents.criterion_by_pk.get(self.cleaned_data["criterion"])
        if criterion is None or criterion.pk not in self.room.order:
            raise forms.ValidationError("unknown")
        return criterion


class VoteForm(PlaceForm):
    code = forms.CharField(max_length=20)

    def clean_code(self) -> str:
        """An answer to the question that is asked with it: by the time it is stored, that one may be on the screen."""
        code = self.cleaned_data["code"]
        criterion = self.cleaned_data.get("criterion")
        if criterion is not None and code not in self.room.codes_for(criterion):
            raise forms.ValidationError("unknown")
        return code
