"""Passkeys: what the browser is asked for, and whether its answer is right. Imported late: the library takes memory.

A passkey lets in without a password, because the device asks for a finger, a face or a PIN first: so it has to be of a
kind that remembers whose it is, and has to say that it asked.
"""

import ipaddress
import json
import logging
import struct
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ..models import User

log = logging.getLogger("maturity")

#: What an answer that is no answer raises, wherever in it the nonsense is.
_NONSENSE = (
    ValidationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
)


class NotAPasskey(Exception):
    """The answer of the browser is not one to the question, or not by a passkey that is known."""


def host_of(request: HttpRequest) -> str:
    """The name for which passkeys are made; they work under no other one."""
    host = request.get_host()
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def are_possible(request: HttpRequest) -> bool:
    """Browsers know passkeys only where the address has a name and the connection is safe."""
    host = host_of(request)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost" or host.endswith(".localhost")
    return False


def to_make_one(person: User) -> str:
    """What the browser is asked for to make a passkey, as JSON. The session keeps the question."""
    from allauth.mfa.webauthn.internal import auth

    return json.dumps(auth.begin_registration(person, passwordless=True))


def made(answer: Any) -> dict[str, Any]:
    """The passkey to store: no secret is in it. Raises NotAPasskey."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_registration_response(answer)
        binding = auth.complete_registration(answer)
    except _NONSENSE as error:
        raise _refused(error) from error
    if not binding.is_user_verified():
        raise NotAPasskey
    return {"type": answer["type"], **{name: answer[name] for name in ("id", "rawId", "response") if name in answer}}


def to_show_one(person: User | None = None) -> str:
    """What the browser is asked for to show a passkey of this person, or any: then the person is found by it."""
    from allauth.mfa.webauthn.internal import auth

    return json.dumps(auth.begin_authentication(person))


def shown(answer: Any, person: User | None = None) -> tuple[User, Authenticator]:
    """Whose passkey answered, and which. Of this person if one is named. Raises NotAPasskey."""
    from allauth.mfa.webauthn.internal import auth

    try:
        response = auth.parse_authentication_response(answer)
        if person is None and not response.response.authenticator_data.is_user_verified():
            raise NotAPasskey
        owner = person or auth.extract_user_from_response(answer)
        row = auth.complete_authentication(owner, answer)
    except _NONSENSE as error:
        raise _refused(error) from error
    assert isinstance(owner, User)
    return owner, row


def _refused(error: Exception) -> NotAPasskey:
    log.info("A passkey was refused: %s", error.__class__.__name__)
    return NotAPasskey()
