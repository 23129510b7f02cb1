"""Fields of forms that several pages use: a day, a link, a person with an account."""

import datetime
from typing import Any

from django import forms
from django.core.validators import URLValidator, validate_email
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import User
from ..models.names import validate_visible
from .dates import day
from .foreign_texts import language_of_all


class FrameworkSelect(forms.Select):
    """A choice between texts of a framework, each of which says its language."""

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **kwargs)
        if language := language_of_all(label):
            option["attrs"] |= {"lang": language, "dir": "auto"}
        return option


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


#: Days can be up to this many years ahead.
AHEAD = 10
FIRST_DAY = datetime.date(2000, 1, 1)


class DayField(forms.DateField):
    """A day in a range that makes sense: a typo in the year is reported, not stored."""

    widget = DateInput

    def validate(self, value: Any) -> None:
        super().validate(value)
        last = datetime.date(timezone.localdate().year + AHEAD, 12, 31)
        if value and not FIRST_DAY <= value <= last:
            sentence = _("Choose a day between {first} and {last}.")
            raise forms.ValidationError(sentence.format(first=day(FIRST_DAY), last=day(last)))


class LinkField(forms.URLField):
    """A link to a page; https if it has no scheme."""

    default_validators = [URLValidator(schemes=["http", "https"])]
    default_error_messages = {"invalid": gettext_lazy("Enter a link that begins with https:// or http://.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


class AccountField(forms.EmailField):
    """The email of an account. The cleaned value is the person, or None if the field is empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}), **kwargs)

    def clean(self, value: Any) -> Any:
        address = super().clean(value)
        if not address:
            return None
        person = User.objects.with_email(address).filter(is_active=True).first()
        if person is None:
            raise forms.ValidationError(_("Nobody has an account with this email."))
        return person


class PersonField(forms.EmailField):
    """The email of someone who has an account or will get one."""

    default_validators = [validate_email, validate_visible]

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"label": gettext_lazy("Email"), "max_length": 254, **kwargs}
        super().__init__(widget=forms.EmailInput(attrs={"autocomplete": "off"}), **kwargs)
