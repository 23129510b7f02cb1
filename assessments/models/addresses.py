"""Addresses of pages that are shown on many others."""

import uuid
from functools import lru_cache

from django.urls import get_script_prefix, reverse


def kept_address(name: str, *args: uuid.UUID | str) -> str:
    """The address of a page, looked up once: Django takes 25 µs each time, and a page of questions shows seven.

    Not for addresses with a secret, as it would stay in memory.
    """
    return _address(get_script_prefix(), name, *args)


@lru_cache(maxsize=4096)
def _address(prefix: str, name: str, *args: uuid.UUID | str) -> str:
    """`prefix` is the path under which the application is installed, which `reverse` puts before the address."""
    return reverse(name, args=args)
