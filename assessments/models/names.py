"""What the names of people, teams and units consist of: one line of letters that can be seen.

A direction mark turns the text around a name; a letter that nobody sees makes two names, or two emails of one mailbox,
that look the same.
"""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

#: Line breaks, tabs and every kind of space.
GAPS = {"Cc", "Zl", "Zp", "Zs"}
#: Direction marks, zero-width letters, half of a letter, letters of private use.
UNSEEN = {"Cf", "Cs", "Co"}
#: Letters and marks that are drawn as nothing, and ranges of them that are set aside for such.
BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0}
BLANK_RANGES = [(0x180B, 0x180F), (0xFE00, 0xFE0F), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)]


def _is_unseen(letter: str) -> bool:
    code = ord(letter)
    return (
        unicodedata.category(letter) in UNSEEN
        or code in BLANK
        or any(first <= code <= last for first, last in BLANK_RANGES)
    )


def plain_name(text: str) -> str:
    """The text on one line, with single spaces, without what nobody sees."""
    seen = [letter for letter in text if not _is_unseen(letter)]
    return " ".join("".join(" " if unicodedata.category(letter) in GAPS else letter for letter in seen).split())


def validate_visible(email: str) -> None:
    """Refuses an email in which there is more than can be seen."""
    if email.split() != [email] or plain_name(email) != email:
        raise ValidationError("This email contains a letter that cannot be seen. Type it anew.")


class PlainNameField(forms.CharField):
    """A name in a form."""

    def to_python(self, value: object) -> str:
        return plain_name(super().to_python(value) or "")


class NameField(models.CharField):
    """A name in the database, plain whichever way it comes there; a column like any other."""

    def to_python(self, value: object) -> str:
        return plain_name(super().to_python(value) or "")

    def get_prep_value(self, value: object) -> object:
        value = super().get_prep_value(value)
        return plain_name(value) if isinstance(value, str) else value

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": PlainNameField, **kwargs})

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class VisibleEmailField(models.EmailField):
    """An email that reads as what it is."""

    default_validators = [validate_email, validate_visible]

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs
