"""A secret in a backup, encrypted with a passphrase: AES-256-GCM with a key that scrypt makes, using 64 MB a try."""

import base64
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_SALT, _NONCE = 16, 12
#: A shorter one is guessed.
SHORTEST = 12


class WrongPassphrase(Exception):
    """The passphrase is another one, or the secret was changed."""


def seal_with(passphrase: str, secret: str) -> str:
    """The secret as text that only the passphrase opens, and that nobody can change unnoticed."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    hidden = AESGCM(_key(passphrase, salt)).encrypt(nonce, secret.encode(), None)
    return base64.b64encode(salt + nonce + hidden).decode()


def open_with(passphrase: str, sealed: str) -> str:
    """The secret again. Raises WrongPassphrase."""
    try:
        data = base64.b64decode(sealed)
        salt, nonce, hidden = data[:_SALT], data[_SALT : _SALT + _NONCE], data[_SALT + _NONCE :]
        return AESGCM(_key(passphrase, salt)).decrypt(nonce, hidden, None).decode()
    except (InvalidTag, ValueError) as error:
        raise WrongPassphrase from error


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=2**16, r=8, p=1, maxmem=2**27, dklen=32)
