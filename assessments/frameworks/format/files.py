"""Reading framework files into the schema, and writing them."""

import io
import re
import textwrap
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, get_args

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import FoldedScalarString

from .document import MAX_BYTES, Document, Place, parse_document, read_document
from .problems import ADD_THE_VERSION, FrameworkFileError, Problem, did_you_mean, not_as_expected, shortened, what_is
from .schema import FrameworkFile

__all__ = ["FrameworkFileError", "Problem", "read", "reads", "write"]

TEXT_WIDTH = 100
#: Words with single spaces between them.
FOLDABLE = re.compile(r"[!-~\u00a1-\u1fff]+( [!-~\u00a1-\u1fff]+)*")


def read(path: str | Path, *, version: str = "") -> FrameworkFile:
    """The framework in a file; raises FrameworkFileError with what is wrong with it.

    `version` replaces the one in the file.
    """
    return _framework(read_document(path), version)


def reads(text: str | bytes, *, name: str, version: str = "") -> FrameworkFile:
    """The same from text or uploaded bytes; `name` is what problems call the file."""
    return _framework(parse_document(text, name=name), version)


def write(framework_file: FrameworkFile) -> str:
    """YAML text that reads back to the same digest."""
    return yaml_text(framework_file.plain())


def yaml_text(value: dict[str, Any]) -> str:
    """Plain values as the text of a file."""
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    # The emitter loses spaces if it wraps quoted text, so it must not; `folded` wraps what is safe.
    yaml.width = MAX_BYTES
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(folded(value), stream)
    return stream.getvalue()


def folded(value: Any) -> Any:
    """The same value, with long plain text marked to be wrapped."""
    if isinstance(value, dict):
        return {key: folded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [folded(item) for item in value]
    if not isinstance(value, str) or len(value) <= TEXT_WIDTH or not FOLDABLE.fullmatch(value):
        return value
    text = FoldedScalarString(value)
    lines = textwrap.wrap(value, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
    text.fold_pos = [end - 1 for end in accumulate(len(line) + 1 for line in lines[:-1])]
    return text


def _framework(document: Document, version: str) -> FrameworkFile:
    if not isinstance(document.value, dict):
        message = _("a framework file has fields at its top, but this one has {given}")
        message = message.format(given=what_is(document.value))
        raise FrameworkFileError([document.problem((), message, _("begin with 'format: 1' and 'framework:'"))])
    if version and isinstance(document.value.get("framework"), dict):
        document.value["framework"]["version"] = version
    try:
        return FrameworkFile.model_validate(document.value)
    except ValidationError as error:
        lines = error.errors(include_url=False)
        raise FrameworkFileError(problem_of(document, line) for line in lines) from None


def problem_of(document: Document, error: Any) -> Problem:
    """One of pydantic's errors in the words of the file."""
    place: Place = tuple(step for step in error["loc"] if step != "[key]")
    context = error.get("ctx", {})
    given = error["input"]
    if error["type"] == "framework":
        return document.problem(place, context["message"], context["mend"])
    if error["type"] == "extra_forbidden":
        missing = [name for name in _fields(place[:-1]) if name not in _mapping_at(document, place[:-1])]
        message = _("there is no field '{name}' here").format(name=shortened(place[-1]))
        return document.problem(place, message, did_you_mean(place[-1], missing))
    message, mend = _sentence(error["type"], context, given)
    if place == ("framework", "version") and error["type"] == "missing":
        mend = str(ADD_THE_VERSION)
    return document.problem(place, message, mend)


def _sentence(kind: str, context: dict[str, Any], given: Any) -> tuple[str, str]:
    if kind == "missing":
        return _("this field is missing"), _("add it")
    if kind == "literal_error":
        choices = [part.strip("'\"") for part in context["expected"].replace(" or ", ", ").split(", ")]
        return _("'{value}' is not allowed here").format(value=shortened(given)), did_you_mean(given, choices)
    if kind.startswith("string_pattern"):
        message = _("'{value}' is not a key").format(value=shortened(given))
        return message, _("use only letters without accents, digits, '.', '_' and '-'")
    if kind == "string_too_short":
        return _("this text is empty"), _("write it, or leave the field out if it is not needed")
    if kind == "string_unicode":
        return _("this text has half a character, which UTF-8 cannot hold"), _("write the character itself")
    if kind == "string_too_long":
        message = _("this has more than {limit} characters").format(limit=f"{context['max_length']:,}")
        return message, _("shorten it")
    if kind == "too_long":
        message = _("this has more than {limit} entries").format(limit=f"{context['max_length']:,}")
        return message, _("shorten it")
    if kind == "too_short":
        return _("this list is empty"), _("add an entry")
    if kind in ("greater_than_equal", "less_than_equal"):
        message = _("{number} is out of range").format(number=shortened(given))
        if "ge" in context:
            return message, _("write a number that is at least {limit}").format(limit=f"{context['ge']:,}")
        return message, _("write a number that is at most {limit}").format(limit=f"{context['le']:,}")
    return _wrong_kind(kind, given)


#: For each kind of error, what is expected and how to write it.
EXPECTED = {
    "string_type": (gettext_lazy("text"), gettext_lazy("put it in quotes")),
    "int_type": (gettext_lazy("a whole number"), gettext_lazy("write only digits, without quotes")),
    "int_parsing": (gettext_lazy("a whole number"), gettext_lazy("write only digits")),
    "bool_type": (gettext_lazy("true or false"), gettext_lazy("write true or false")),
    "tuple_type": (gettext_lazy("a list"), gettext_lazy("begin each entry with '- '")),
    "dict_type": (gettext_lazy("a mapping"), gettext_lazy("write lines of the form 'name: value'")),
    "model_type": (gettext_lazy("a mapping"), gettext_lazy("write lines of the form 'name: value'")),
}
SOMETHING_ELSE = (gettext_lazy("something else"), gettext_lazy("see how the built-in frameworks write it"))


def _wrong_kind(kind: str, given: Any) -> tuple[str, str]:
    expected, mend = (str(text) for text in EXPECTED.get(kind, SOMETHING_ELSE))
    if given is None:
        message = _("this is empty, but {expected} is expected").format(expected=expected)
        return message, _("write it, or leave the field out if it is not needed")
    if kind == "string_type" and isinstance(given, dict | list):
        mend = _("write plain text")
    return not_as_expected(given, expected), mend


def _mapping_at(document: Document, place: Place) -> dict:
    value = document.value
    for step in place:
        value = value[step]
    return value


def _fields(place: Place) -> list[str]:
    """The fields that the schema knows at a place."""
    part: type[BaseModel] | None = FrameworkFile
    for step in place:
        if isinstance(step, str) and part is not None:
            field = next((f for name, f in part.model_fields.items() if step in (name, f.alias)), None)
            part = next(_parts(field.annotation), None) if field else None
    return [field.alias or name for name, field in part.model_fields.items()] if part else []


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    """The schema's classes inside a type such as `tuple[Level, ...]` or `Adviser | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)
