"""The kinds of single values in a framework file."""

import re
from fractions import Fraction
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from .numbers import exact_number, number_text

MAX_ITEMS = 2_000
MAX_ANSWER = 10**15
#: Characters that a database or UTF-8 cannot hold, and invisible control characters.
UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _speakable(text: str) -> str:
    """The text with uniform line ends; raises if it holds characters that cannot be seen or stored."""
    text = text.replace("\r\n", "\n")
    match = UNSPEAKABLE.search(text)
    if match:
        message = _("there is a control character (U+{code}) in this text").format(code=f"{ord(match[0]):04X}")
        raise field_error(message, _("remove it"))
    return text


def field_error(message: str, mend: str) -> PydanticCustomError:
    return PydanticCustomError("framework", "{message}", {"message": message, "mend": mend})


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _number(value: Any) -> Fraction:
    number = exact_number(value)
    if number is None:
        raise field_error(_("this is not a number from 0 up"), _("write it as 0.85 or as 2/3"))
    return number


def _positive(value: Fraction) -> Fraction:
    if not value:
        raise field_error(_("this must be more than 0"), _("write a number such as 2 or 0.5, or leave it out for 1"))
    return value


def _share(value: Fraction) -> Fraction:
    if value > 1:
        message = _("{number} is not between 0 and 1").format(number=number_text(value))
        raise field_error(message, _("write a share such as 2/3 or 0.85"))
    return value


def _answer(value: Any) -> Any:
    """A possible answer to an adviser's question: yes or no, a whole number or a word."""
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) <= MAX_ANSWER):
        return value
    if isinstance(value, str) and value.strip():
        return _speakable(value.strip())
    raise field_error(_("this is not an answer"), _("write true or false, a whole number, or a word"))


def _condition(value: Any) -> Any:
    return tuple(_answer(item) for item in value) if isinstance(value, list | tuple) else _answer(value)


def _text(max_length: int | None = None, pattern: str | None = None) -> StringConstraints:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=max_length, pattern=pattern)


SPEAKABLE = AfterValidator(_speakable)
AS_TEXT, TEXT_OR_NUMBER = BeforeValidator(_number_as_text), WithJsonSchema({"type": ["string", "integer"]})

Text = Annotated[str, _text(), SPEAKABLE]
Name = Annotated[str, _text(120), SPEAKABLE]
ShortName = Annotated[str, _text(40), SPEAKABLE]
Language = Annotated[str, _text(20), SPEAKABLE]
Key = Annotated[str, _text(120, r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), SPEAKABLE]
CheckSource = Annotated[str, _text(80, r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), SPEAKABLE]
FrameworkKey = Annotated[str, _text(80, r"^[a-z0-9][a-z0-9_-]*$"), SPEAKABLE]
# People often write these as a bare number: a version, an alias, a code, a reference.
Label = Annotated[str, _text(40), SPEAKABLE, AS_TEXT, TEXT_OR_NUMBER]
Code = Annotated[str, _text(20), SPEAKABLE, AS_TEXT, TEXT_OR_NUMBER]
Reference = Annotated[str, _text(200), SPEAKABLE, AS_TEXT, TEXT_OR_NUMBER]
Whole = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
LevelNumber = Annotated[int, Field(strict=True, ge=0, le=100)]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[
    Fraction,
    BeforeValidator(_number),
    PlainSerializer(number_text, return_type=str),
    WithJsonSchema({"type": ["string", "number"]}),
]
Share = Annotated[Number, AfterValidator(_share)]
Weight = Annotated[Number, AfterValidator(_positive)]
Texts = Annotated[tuple[Text, ...], Field(max_length=MAX_ITEMS)]
References = Annotated[tuple[Reference, ...], Field(max_length=MAX_ITEMS)]
ANSWER_TYPES = ["boolean", "integer", "string"]
Answer = Annotated[Any, AfterValidator(_answer), WithJsonSchema({"type": ANSWER_TYPES})]
#: Conditions by input: `production: false`, `models_min: 3`, `change: [rare, regular]`.
Conditions = dict[Key, Annotated[Any, AfterValidator(_condition), WithJsonSchema({"type": [*ANSWER_TYPES, "array"]})]]
