"""Names of people, teams and units are one line of visible letters.

A direction mark reverses the text around a name; an invisible letter makes two names, or two emails, that look the
same.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext as _

#: Line breaks, tabs and every kind of space.
GAPS = {"Cc", "Zl", "Zp", "Zs"}
#: Direction marks, zero-width letters, half of a letter, letters of private use.
UNSEEN = {"Cf", "Cs", "Co"}
#: Letters and marks that are drawn as nothing, and the ranges reserved for them.
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
    """The text on one line, with single spaces and without invisible letters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    seen = [letter for letter in text if not _is_unseen(letter)]
    return " ".join("".join(" " if unicodedata.category(letter) in GAPS else letter for letter in seen).split())


def validate_visible(email: str) -> None:
    """Rejects an email with invisible characters."""
    if email.split() != [email] or plain_name(email) != email:
        raise ValidationError(_("This email contains an invisible character. Type it again."))


class PlainNameField(forms.CharField):
    """A name in a form."""

    def to_python(self, value: object) -> str:
        return plain_name(super().to_python(value) or "")


class NameField(models.CharField):
    """A name in the database, made plain however it gets there; the column is like any other."""

    def to_python(self, value: object) -> str:
        return plain_name(super().to_python(value) or "")

    def get_prep_value(self, value: object) -> object:
        value = super().get_prep_value(value)
        return plain_name(value) if isinstance(value, str) else value

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"form_class": PlainNameField, **kwargs})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class VisibleEmailField(models.EmailField):
    """An email without invisible characters."""

    default_validators = [validate_email, validate_visible]

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs
