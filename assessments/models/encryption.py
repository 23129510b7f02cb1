"""Secrets of other programs, encrypted at rest. The key follows from SECRET_KEY: all servers have the same one."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

#: Tells this use of SECRET_KEY from every other one.
PURPOSE = b"maturity.encrypted.1"


class Unreadable(Exception):
    """It was encrypted with another SECRET_KEY, or changed since."""


def encrypted(text: str) -> str:
    """The text as it may be stored; another one each time."""
    return _cipher().encrypt(text.encode()).decode()


def decrypted(stored: str) -> str:
    """The text of what `encrypted` returned. Raises Unreadable."""
    try:
        return _cipher().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _cipher() -> Fernet:
    key = hmac.new(settings.SECRET_KEY.encode(), PURPOSE, hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
