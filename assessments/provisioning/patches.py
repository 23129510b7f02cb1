"""What a PATCH asks for, in every form that Entra and Okta have for it.

Entra writes "Replace" with a capital, a switch as a word ("False") and one path for each value. Okta leaves out the
path and sends an object. Attributes that nothing here knows, such as phone numbers, are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from .errors import ScimError, invalid_value, too_large
from .filters import attribute_name, parse_filter

#: Values that one request changes. Entra and Okta send a few, and those of groups name all members of a step at once.
MOST_CHANGES = 1_000
_IN_BRACKETS = re.compile(r"^(?P<name>[^\[\]]+)\[(?P<filter>[^\]]*)\](?P<rest>\.\w+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchChange:
    """One value that changes. `name` is in small letters; `chosen` are the words in brackets, such as a type."""

    kind: str
    name: str
    chosen: dict[str, Any]
    value: Any


def changes_of(body: Any) -> list[PatchChange]:
    """The changes that a body of a PATCH asks for, in their order. Raises ScimError."""
    operations = value_of(body, "Operations") if isinstance(body, dict) else None
    if not isinstance(operations, list):
        raise ScimError(400, _("“Operations” has to be a list."), kind="invalidSyntax")
    changes = list(islice((change for operation in operations for change in _changes(operation)), MOST_CHANGES + 1))
    if len(changes) > MOST_CHANGES:
        sentence = _("More than {most} changes in one request: send them in several.")
        raise too_large(sentence.format(most=MOST_CHANGES))
    return changes


def value_of(data: dict[str, Any], name: str) -> Any:
    """The value of an attribute, whose name is the same in any case; None if there is none."""
    wanted = name.lower()
    return next((value for known, value in data.items() if attribute_name(known) == wanted), None)


def _changes(operation: Any) -> Iterator[PatchChange]:
    kind = value_of(operation, "op") if isinstance(operation, dict) else None
    if not isinstance(kind, str) or kind.lower() not in {"add", "replace", "remove"}:
        raise ScimError(400, _("“op” has to be “add”, “replace” or “remove”."), kind="invalidSyntax")
    kind = kind.lower()
    path, value = value_of(operation, "path"), value_of(operation, "value")
    if path is None or path == "":
        if kind == "remove":
            raise ScimError(400, _("“remove” needs a “path”."), kind="noTarget")
        if not isinstance(value, dict):
            raise invalid_value(_("Without a “path”, “value” has to be an object."))
        for name, one in value.items():
            yield from _at(kind, name, one)
        return
    if not isinstance(path, str):
        raise ScimError(400, _("“path” has to be a text."), kind="invalidPath")
    yield from _at(kind, path, value)


def _at(kind: str, path: str, value: Any) -> Iterator[PatchChange]:
    chosen: dict[str, Any] = {}
    if "[" in path:
        match = _IN_BRACKETS.match(path)
        if match is None:
            raise ScimError(400, _("This “path” cannot be read."), kind="invalidPath")
        chosen = {condition.name: condition.value for condition in parse_filter(match["filter"])}
        path = match["name"] + (match["rest"] or "")
    name = attribute_name(path)
    if name == "name" and isinstance(value, dict):
        for part, one in value.items():
            yield PatchChange(kind=kind, name=f"name.{part.lower()}", chosen={}, value=one)
    else:
        yield PatchChange(kind=kind, name=name, chosen=chosen, value=value)
