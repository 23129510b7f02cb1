"""Ed25519 keys of sealed files. This installation's own key follows from SECRET_KEY: all its servers have the same."""

import base64
import binascii
import hashlib
import hmac
import json
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.conf import settings

from ..models import SealKey, TrustedKey

#: Tells this use of SECRET_KEY from every other one.
PURPOSE = b"maturity.sealed.ed25519.1"


def _own_key() -> Ed25519PrivateKey:
    seed = hmac.new(settings.SECRET_KEY.encode(), PURPOSE, hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def own_public_key() -> str:
    """The public key of this installation in base64, as a sealed file names it."""
    raw = _own_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def known_keys() -> list[str]:
    """The public keys of this installation: its own key now, then those that it signed with before."""
    own = own_public_key()
    return [own, *SealKey.objects.exclude(public=own).order_by("-pk").values_list("public", flat=True)]


def installations_by_key() -> dict[str, str]:
    """The public keys whose files may come in, each with the address of its installation: other ones' and our own."""
    others = dict(TrustedKey.objects.values_list("public", "installation"))
    return others | dict.fromkeys(known_keys(), settings.SITE_URL)


def own_signature(data: bytes) -> str:
    """The signature of this installation in base64."""
    return base64.b64encode(_own_key().sign(data)).decode()


def is_signed_by(key: str, data: bytes, signature: str) -> bool:
    """Whether this signature over the data was made with this key; texts that are no key or signature fail."""
    raw, value = _decoded(key, 32), _decoded(signature, 64)
    if raw is None or value is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(value, data)
    except InvalidSignature:
        return False
    return True


def _decoded(text: str, size: int) -> bytes | None:
    """The bytes of a base64 text of this size, written as every encoder writes it."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if len(data) == size and base64.b64encode(data).decode() == text else None


def as_pem(key: str) -> str:
    """A public key in the form that openssl reads."""
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def keys_in(path: Path) -> set[str]:
    """The public keys in a file: a PEM file, or the maturity-keys.json of an installation.

    Raises ValueError if it is neither, and OSError if it cannot be read.
    """
    data = path.read_bytes()
    if data.lstrip().startswith(b"{"):
        try:
            keys = {str(entry["key"]) for entry in json.loads(data)["keys"]}
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("no list of keys") from error
        if any(_decoded(key, 32) is None for key in keys):
            raise ValueError("no list of Ed25519 keys")
        return keys
    try:
        public = load_pem_public_key(data)
    except UnsupportedAlgorithm as error:
        raise ValueError("no Ed25519 key") from error
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError("no Ed25519 key")
    return {base64.b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()}
