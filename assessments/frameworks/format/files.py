"""Reading framework files into the schema, and writing them."""

import io
import re
import textwrap
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import FoldedScalarString

from .document import MAX_BYTES, Document, Place, parse_document, read_document
from .problems import ADD_THE_VERSION, FrameworkFileError, Problem, did_you_mean, shortened, what_is
from .schema import FrameworkFile

__all__ = ["FrameworkFileError", "Problem", "read", "reads", "write"]

TEXT_WIDTH = 100
#: Words with single spaces between them.
FOLDABLE = re.compile(r"[!-~\u00a1-\u1fff]+( [!-~\u00a1-\u1fff]+)*")


def read(path: str | Path, *, version: str = "") -> FrameworkFile:
    """The framework in a file; raises FrameworkFileError with what is wrong with it.

    `version` is to be used instead of the one in the file.
    """
    return _framework(read_document(path), version)


def reads(text: str | bytes, *, name: str, version: str = "") -> FrameworkFile:
    """The same from text or uploaded bytes; `name` is what problems call the file."""
    return _framework(parse_document(text, name=name), version)


def write(framework_file: FrameworkFile) -> str:
    """YAML text that reads back to the same digest."""
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    # The emitter loses spaces where it breaks quoted text itself, so it never does; `_folded` breaks what is safe.
    yaml.width = MAX_BYTES
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(_folded(framework_file.plain()), stream)
    return stream.getvalue()


def _folded(value: Any) -> Any:
    """The same value, with long plain text marked to be written over several lines."""
    if isinstance(value, dict):
        return {key: _folded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_folded(item) for item in value]
    if not isinstance(value, str) or len(value) <= TEXT_WIDTH or not FOLDABLE.fullmatch(value):
        return value
    text = FoldedScalarString(value)
    lines = textwrap.wrap(value, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
    text.fold_pos = [end - 1 for end in accumulate(len(line) + 1 for line in lines[:-1])]
    return text


def _framework(document: Document, version: str) -> FrameworkFile:
    if not isinstance(document.value, dict):
        message = f"a framework file holds fields at its top, this one {what_is(document.value)}"
        raise FrameworkFileError([document.problem((), message, "begin with 'format: 1' and 'framework:'")])
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
    context, given = error.get("ctx", {}), error["input"]
    if error["type"] == "framework":
        return document.problem(place, context["message"], context["mend"])
    if error["type"] == "extra_forbidden":
        missing = [name for name in _fields(place[:-1]) if name not in _mapping_at(document, place[:-1])]
        return document.problem(
            place, f"there is no field '{shortened(place[-1])}' here", did_you_mean(place[-1], missing)
        )
    message, mend = _sentence(error["type"], context, given)
    if place == ("framework", "version") and error["type"] == "missing":
        mend = ADD_THE_VERSION
    return document.problem(place, message, mend)


def _sentence(kind: str, context: dict[str, Any], given: Any) -> tuple[str, str]:
    if kind == "missing":
        return "this field is missing", "add it"
    if kind == "literal_error":
        choices = [part.strip("'\"") for part in context["expected"].replace(" or ", ", ").split(", ")]
        return f"'{shortened(given)}' is not allowed here", did_you_mean(given, choices)
    if kind.startswith("string_pattern"):
        return f"'{shortened(given)}' is not a key", "use letters without accents, digits, '.', '_' and '-' only"
    if kind == "string_too_short":
        return "this text is empty", "write it, or leave the field out where it is not needed"
    if kind == "string_unicode":
        return "there is half a character in this text, which UTF-8 cannot hold", "write the character itself"
    if kind in ("string_too_long", "too_long"):
        what = "letters" if kind == "string_too_long" else "entries"
        return f"this has more than {context['max_length']:,} {what}", "shorten it"
    if kind == "too_short":
        return "this list is empty", "add an entry"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']:,}" if "ge" in context else f"at most {context['le']:,}"
        return f"{shortened(given)} is out of range", f"write a number that is {bound}"
    return _wrong_kind(kind, given)


WANTED = {
    "string_type": ("text", "put it in quotes"),
    "int_type": ("a whole number", "write digits only, without quotes"),
    "int_parsing": ("a whole number", "write digits only"),
    "bool_type": ("true or false", "write true or false"),
    "tuple_type": ("a list", "begin each entry with '- '"),
    "dict_type": ("a mapping", "write lines of the form 'name: value'"),
    "model_type": ("a mapping", "write lines of the form 'name: value'"),
}


def _wrong_kind(kind: str, given: Any) -> tuple[str, str]:
    wanted, mend = WANTED.get(kind, ("something else", "see how the built-in frameworks write it"))
    if given is None:
        return f"this is empty where {wanted} is expected", "write it, or leave the field out where it is not needed"
    if kind == "string_type" and isinstance(given, dict | list):
        mend = "write plain text"
    return f"this is {what_is(given)} where {wanted} is expected", mend


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
