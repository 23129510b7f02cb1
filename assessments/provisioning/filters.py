"""Filters of SCIM, as far as directories use them: attributes that equal values, all of them."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .errors import ScimError

#: Before names of attributes, if a directory writes them in full.
URNS = (
    "urn:ietf:params:scim:schemas:core:2.0:user:",
    "urn:ietf:params:scim:schemas:core:2.0:group:",
)
_ATTRIBUTE = r"[A-Za-z][\w.:$-]*"
_ONE = re.compile(
    rf'\s*(?P<name>{_ATTRIBUTE}(?:\[[^\]"]*"[^"]*"\])?(?:\.\w+)?)\s+eq\s+'
    r'(?P<value>"(?:[^"\\]|\\.)*"|true|false|null|-?\d+(?:\.\d+)?)\s*',
    re.IGNORECASE,
)
_AND = re.compile(r"and\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equals:
    """An attribute, in small letters and without what stands in brackets, and the value that it has to have."""

    name: str
    value: Any


def attribute_name(name: str) -> str:
    """An attribute as all filters and paths are compared: in small letters, without the name of its schema."""
    name = name.lower()
    for urn in URNS:
        name = name.removeprefix(urn)
    return re.sub(r"\[[^\[\]]*\]", "", name)


def parse_filter(text: str) -> list[Equals]:
    """Its conditions, all of which have to hold. Raises ScimError for anything else that SCIM can say."""
    conditions = []
    at = 0
    while True:
        one = _ONE.match(text, at)
        if one is None:
            raise unknown_filter()
        try:
            value = json.loads(one["value"] if one["value"][0] == '"' else one["value"].lower())
        except ValueError:
            raise unknown_filter() from None
        conditions.append(Equals(name=attribute_name(one["name"]), value=value))
        at = one.end()
        if at == len(text):
            return conditions
        also = _AND.match(text, at)
        if also is None:
            raise unknown_filter()
        at = also.end()


def unknown_filter() -> ScimError:
    sentence = _("This filter is not supported. Compare attributes by “eq”, and join comparisons by “and”.")
    return ScimError(400, sentence, kind="invalidFilter")
