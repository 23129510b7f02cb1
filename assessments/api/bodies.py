"""Bodies of requests: JSON, without characters that no database stores."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

#: How JSON writes a NUL, and halves of letters, of which it writes two for one letter.
_ESCAPED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
#: What no database stores: a NUL, and half of a letter alone.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    return not _UNSTORABLE.search(text)


def read_json(body: bytes) -> Any:
    """Raises ValueError if it is not JSON, or has a text that no database stores."""
    data = json.loads(body)
    if _ESCAPED.search(body) and not all(map(is_storable, _texts(data))):
        raise ValueError("a character that cannot be stored")
    return data


def _texts(data: Any) -> Iterator[str]:
    """Every text in it, names of fields included."""
    rest = [data]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            rest += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            rest += value


class BodyParser(Parser):
    """Refuses such a body with 400, like one that is not JSON."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body)
