"""Canonical JSON (RFC 8785) of values without fractions, and reading it within limits.

One value has exactly one text: keys in order, no spaces, no character escaped that need not be. `jq -cS` writes the
same text, so that a signature over it can be checked without this program. Keys have to be ASCII and numbers whole,
because there the two agree on order and form.
"""

import json
from typing import Any, NoReturn

MAX_BYTES = 5_000_000
MAX_DEPTH = 40
MAX_VALUES = 400_000
#: Of one list or object. Each entry too many costs what it takes to say what is wrong with it.
MAX_ENTRIES = 5_000
#: Whole numbers beyond this are not exact in every reader.
MAX_NUMBER = 10**15


class NotCanonical(ValueError):
    """Not the canonical text of a value, or beyond the limits; the message says what is wrong."""


def canonical(value: Any) -> bytes:
    """The one text of a value; raises NotCanonical for what has none: fractions, huge numbers, keys beyond ASCII."""
    _check(value, depth=0)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("It has half a character.") from None


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotCanonical("It is nested too deeply.")
    if isinstance(value, dict | list | tuple) and len(value) > MAX_ENTRIES:
        raise NotCanonical(f"It has more than {MAX_ENTRIES:,} entries in one list or object.")
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise NotCanonical("It has a key with other characters than ASCII.")
            _check(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, float):
        raise NotCanonical("It has a number with a fraction.")
    elif isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise NotCanonical("It has a number that is too large.")


def value_of_canonical(data: bytes) -> Any:
    """The value of a canonical text; raises NotCanonical for any other text, however little it differs."""
    if len(data) > MAX_BYTES:
        raise NotCanonical(f"It is larger than {MAX_BYTES // 1_000_000} MB.")
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES:
        raise NotCanonical("It has too many values.")
    try:
        value = json.loads(data.decode(), parse_float=_no_fraction, parse_constant=_no_fraction, parse_int=_whole)
    except RecursionError:
        raise NotCanonical("It is nested too deeply.") from None
    except UnicodeDecodeError:
        raise NotCanonical("It is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise NotCanonical(f"It is not JSON: {error}.") from None
    if canonical(value) != data:
        raise NotCanonical("It is not written in the canonical form, so something in it was changed.")
    return value


def _no_fraction(text: str) -> NoReturn:
    raise NotCanonical("It has a number with a fraction.")


def _whole(text: str) -> int:
    if len(text) > len(str(MAX_NUMBER)) + 1:
        raise NotCanonical("It has a number that is too large.")
    return int(text)
