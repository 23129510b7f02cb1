"""Several links of one person lead to the same anonymous answers, without the server knowing that they do.

Every mail has its own link, and anonymous answers are found only by the token of the link with which their author
started. When they start, this token is sealed for the author's other links: each link has stored the public half of a
key derived from its own token, so that its holder can open the seal, and nobody else can, not even the server. This is
ElGamal's key agreement in the 2048-bit group of RFC 3526, with a pad made from the agreed key.
"""

import base64
import hashlib
import secrets

# RFC 3526, section 3.
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
GENERATOR = 2
_SIZE = 256


def opening_key(token: str) -> str:
    """The public half of the key of a link: anyone can seal with it, but only the token opens the seal."""
    return _encoded(pow(GENERATOR, _exponent(token), PRIME).to_bytes(_SIZE))


def seal(secret: str, key: str) -> str:
    """The secret, sealed so that only the token with this opening key opens it."""
    once = secrets.randbits(256)
    agreed = pow(int.from_bytes(_decoded(key)), once, PRIME)
    public = pow(GENERATOR, once, PRIME).to_bytes(_SIZE)
    return _encoded(public + _padded(secret.encode(), agreed))


def unseal(sealed: str, token: str) -> str:
    data = _decoded(sealed)
    agreed = pow(int.from_bytes(data[:_SIZE]), _exponent(token), PRIME)
    return _padded(data[_SIZE:], agreed).decode()


def _exponent(token: str) -> int:
    return int.from_bytes(hashlib.sha256(f"open{token}".encode()).digest())


def _padded(data: bytes, agreed: int) -> bytes:
    """The data combined with a pad of the same length; doing this twice restores the data."""
    pad = hashlib.shake_256(agreed.to_bytes(_SIZE)).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, pad, strict=True))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text)
