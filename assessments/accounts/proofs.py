"""What somebody has shown in a session about who they are: how they signed in, their second factor, and when."""

import time
from typing import Any

from django.http import HttpRequest

from ..models import User

#: A second factor that was asked for here.
SECOND_FACTOR = "second_factor"
#: A passkey instead of a password: the device has asked for something else as well.
PASSKEY = "passkey"
#: What providers call signing in with more than a password, see RFC 8176.
MORE_THAN_A_PASSWORD = {"mfa", "mca", "otp", "hwk", "swk", "sc"}
#: What changes a second factor needs a proof that is not older, in seconds; a form that was opened in this time has
#: as long again.
RECENT = 10 * 60


def note(request: HttpRequest, person: User, method: str, **details: Any) -> None:
    """Keeps in the session that the person has shown this; `details` have to be JSON."""
    from allauth.account.internal.flows.login import record_authentication

    record_authentication(request, person, method, **details)


def forget(request: HttpRequest) -> None:
    from allauth.account.internal.flows.login import clear_authentication_records

    clear_authentication_records(request)


def _shown(request: HttpRequest, person: User) -> list[dict[str, Any]]:
    from allauth.account.internal.flows.login import get_authentication_records

    return get_authentication_records(request, person)


def has_shown_second_factor(request: HttpRequest, person: User) -> bool:
    """Here or at the provider by which they came, if that says so: `amr`."""
    return any(
        proof["method"] in {SECOND_FACTOR, PASSKEY}
        or (proof["method"] == "single_sign_on" and not MORE_THAN_A_PASSWORD.isdisjoint(proof.get("amr", [])))
        for proof in _shown(request, person)
    )


def is_recent(request: HttpRequest, person: User) -> bool:
    """Whether the person has shown who they are a short time ago."""
    longest = RECENT if request.method in {"GET", "HEAD"} else 2 * RECENT
    return any(0 <= time.time() - proof["at"] <= longest for proof in _shown(request, person))
