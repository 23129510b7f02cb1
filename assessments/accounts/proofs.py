"""What somebody has shown in a session about who they are: how they signed in, their second factor, and when."""

import time
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..models import User
from ..web.requests import Request

#: A second factor that was asked for here.
SECOND_FACTOR = "second_factor"
#: A passkey instead of a password: the device has asked for something else as well.
PASSKEY = "passkey"
#: At a provider, see `sso_views`.
SINGLE_SIGN_ON = "single_sign_on"
#: A proxy says who uses the browser, see REMOTE_USER_HEADER.
REMOTE_USER = "remote_user"
#: What RFC 8176 calls methods, by what the person needs for them: something they know, have, or are.
KINDS_OF_METHODS = (
    {"pwd", "pin", "kba"},
    {"otp", "hwk", "swk", "sc", "sms", "tel", "pop"},
    {"face", "fpt", "iris", "retina", "vbm"},
)
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
        or (proof["method"] == SINGLE_SIGN_ON and are_two_factors(proof.get("amr", [])))
        for proof in _shown(request, person)
    )


def are_two_factors(methods: Iterable[str]) -> bool:
    """Whether a provider says by `amr` that it asked for two factors: so, or by methods of two kinds.

    One alone, such as a code, may have been all that it asked for.
    """
    said = set(methods)
    return "mfa" in said or sum(not kind.isdisjoint(said) for kind in KINDS_OF_METHODS) > 1


def is_recent(request: HttpRequest, person: User) -> bool:
    """Whether the person has shown who they are a short time ago."""
    longest = RECENT if request.method in {"GET", "HEAD"} else 2 * RECENT
    return any(0 <= time.time() - _shown_at(proof) <= longest for proof in _shown(request, person))


def ask_before_link(request: Request, form: Any) -> None:
    """Refuses a form that adds a person by `email`, if a link would be shown by which somebody else could come in.

    Without a recent proof only. The page keeps what was entered and asks for one, see `asks_for_proof`.
    """
    if not request.user.is_shown_links or is_recent(request, request.user) or not form.is_valid():
        return
    person = User.objects.at_address(form.cleaned_data["email"])
    if person is None or not person.has_usable_password():
        form.asks_for_proof = True
        sentence = _("This shows a link that lets somebody in. Confirm in the new tab that it is you, then save here.")
        form.add_error(None, sentence)


def _shown_at(proof: dict[str, Any]) -> float:
    """When the person did something themselves, in seconds since 1970; 0 if nobody says.

    Coming back from a provider does not mean that: whoever is signed in there is sent back without a question.
    """
    at: float = proof["at"]
    if proof["method"] == SINGLE_SIGN_ON:
        return min(at, proof.get("auth_time", 0))
    return 0 if proof["method"] == REMOTE_USER else at
