"""Fields of forms that several pages use: a day, a link, a person with an account."""

import datetime
from typing import Any

from django import forms
from django.core.validators import URLValidator, validate_email
from django.utils import timezone

from ..models import User
from ..models.names import validate_visible
from .dates import day


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


#: Years ahead of today up to which a day can be meant, and the first day of all.
AHEAD, FIRST_DAY = 10, datetime.date(2000, 1, 1)


class DayField(forms.DateField):
    """A day that somebody can mean: a slip in the year is told, not stored."""

    widget = DateInput

    def validate(self, value: Any) -> None:
        super().validate(value)
        last = datetime.date(timezone.localdate().year + AHEAD, 12, 31)
        if value and not FIRST_DAY <= value <= last:
            raise forms.ValidationError(f"Choose a day between {day(FIRST_DAY)} and {day(last)}.")


class LinkField(forms.URLField):
    """A link to a page; without a scheme it is one with https."""

    default_validators = [URLValidator(schemes=["http", "https"])]
    default_error_messages = {"invalid": "Enter a link that begins with https:// or http://."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


class AccountField(forms.EmailField):
    """The address of an account; the cleaned value is the person, or None where it was left empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}), **kwargs)

    def clean(self, value: Any) -> Any:
        address = super().clean(value)
        if not address:
            return None
        person = User.objects.with_email(address).filter(is_active=True).first()
        if person is None:
            raise forms.ValidationError("Nobody has an account with this address.")
        return person


class PersonField(forms.EmailField):
    """An address at which somebody is known or will be."""

    default_validators = [validate_email, validate_visible]

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"label": "Address", "max_length": 254, **kwargs}
        super().__init__(widget=forms.EmailInput(attrs={"autocomplete": "off"}), **kwargs)
