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
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from ..models import User

log = logging.getLogger("maturity")

#: So long a browser has for its answer at sign-in, in seconds.
ANSWERED_WITHIN = 10 * 60
_SALT = "maturity.passkey"
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


def to_show_one(person: User) -> str:
    """What the browser is asked for to show a passkey of this person, as JSON. The session keeps the question."""
    from allauth.mfa.webauthn.internal import auth

    return json.dumps(auth.begin_authentication(person))


def shown(answer: Any, person: User) -> Authenticator:
    """The passkey of this person that answered. Raises NotAPasskey."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_authentication_response(answer)
        return auth.complete_authentication(person, answer)
    except _NONSENSE as error:
        raise _refused(error) from error


def ask_anybody() -> HttpResponse:
    """What a browser is asked for to show any passkey, as JSON; whose it is comes out by it.

    Who only looks at the page writes nothing here: the browser keeps the question, signed, in a cookie.
    """
    from allauth.mfa.webauthn.internal import auth
    from fido2.webauthn import UserVerificationRequirement

    required = UserVerificationRequirement.REQUIRED
    question, state = auth.get_server().authenticate_begin(credentials=[], user_verification=required)
    response = HttpResponse(json.dumps(dict(question)), content_type="application/json")
    response.set_cookie(
        _cookie_name(),
        signing.dumps(state, salt=_SALT),
        max_age=ANSWERED_WITHIN,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def shown_by_anybody(request: HttpRequest, answer: Any) -> tuple[User, Authenticator]:
    """Whose passkey answered, and which. A question is answered once. Raises NotAPasskey."""
    from allauth.mfa.webauthn.internal import auth

    try:
        state = signing.loads(request.COOKIES.get(_cookie_name(), ""), salt=_SALT, max_age=ANSWERED_WITHIN)
        response = auth.parse_authentication_response(answer)
        if not response.response.authenticator_data.is_user_verified():
            raise NotAPasskey
        owner = auth.extract_user_from_response(answer)
        shown = auth.get_server().authenticate_complete(state, auth.get_credentials(owner), answer)
        row = auth.get_authenticator_by_credential_id(owner, shown.credential_id)
    except (*_NONSENSE, signing.BadSignature) as error:
        raise _refused(error) from error
    # Noted in the database, where every process sees it.
    if row is None or not cache.add(f"passkey-{state['challenge']}", 1, 2 * ANSWERED_WITHIN):
        raise NotAPasskey
    assert isinstance(owner, User)
    return owner, row


def forget_question(response: HttpResponse) -> None:
    response.delete_cookie(_cookie_name(), samesite="Lax")


def _cookie_name() -> str:
    return "__Host-passkey" if settings.SECURE else "passkey"


def _refused(error: Exception) -> NotAPasskey:
    log.info("A passkey was refused: %s", error.__class__.__name__)
    return NotAPasskey()
