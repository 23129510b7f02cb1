"""A secret in a backup, encrypted with a passphrase.

The key is made from the passphrase with scrypt, which takes 64 MB of memory a try. The secret is combined with a pad
made from this key, and signed with HMAC-SHA256. Each sealing has a salt of its own, so no pad is used twice.
"""

import base64
import hashlib
import hmac
import secrets

_SALT, _SIGNATURE = 16, 32
#: A shorter one is guessed.
SHORTEST = 12


class WrongPassphrase(Exception):
    """The passphrase is another one, or the secret was changed."""


def seal_with(passphrase: str, secret: str) -> str:
    """The secret, encrypted and signed, as text."""
    salt = secrets.token_bytes(_SALT)
    pad_key, signing_key = _keys(passphrase, salt)
    hidden = _combined(secret.encode(), pad_key)
    signature = hmac.digest(signing_key, salt + hidden, "sha256")
    return base64.b64encode(salt + signature + hidden).decode()


def open_with(passphrase: str, sealed: str) -> str:
    """The secret again. Raises WrongPassphrase."""
    data = base64.b64decode(sealed)
    salt, signature, hidden = data[:_SALT], data[_SALT : _SALT + _SIGNATURE], data[_SALT + _SIGNATURE :]
    pad_key, signing_key = _keys(passphrase, salt)
    if not hmac.compare_digest(signature, hmac.digest(signing_key, salt + hidden, "sha256")):
        raise WrongPassphrase
    return _combined(hidden, pad_key).decode()


def _keys(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    both = hashlib.scrypt(passphrase.encode(), salt=salt, n=2**16, r=8, p=1, maxmem=2**27, dklen=64)
    return both[:32], both[32:]


def _combined(data: bytes, key: bytes) -> bytes:
    """The data combined with a pad of the same length; doing this twice restores it."""
    pad = hashlib.shake_256(key).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, pad, strict=True))
