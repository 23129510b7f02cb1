"""Browsers that an account has signed in with before: other people's failed attempts do not slow them down.

The cookie holds a random number and a signature over it, the account and its password. So it reveals nothing about
the account, and stops counting when the password changes. It never signs anybody in.
"""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from ..models import User

LIFETIME = 60 * 60 * 24 * 365


def cookie_name() -> str:
    return "__Host-device" if settings.SECURE else "device"


def _signed(number: str, user: User) -> str:
    signature = salted_hmac("maturity.device", f"{number} {user.pk} {user.password}", algorithm="sha256").hexdigest()
    return f"{number}.{signature}"


def remember_device(response: HttpResponse, user: User) -> None:
    """Makes this browser known to the account, for a year or until the password changes."""
    response.set_cookie(
        cookie_name(),
        _signed(secrets.token_hex(16), user),
        max_age=LIFETIME,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def known_device(request: HttpRequest, user: User | None) -> str:
    """The name that attempts from this browser are counted under if the account knows it; empty if not."""
    cookie = request.COOKIES.get(cookie_name(), "")
    number = cookie.partition(".")[0]
    if user is None or not constant_time_compare(cookie, _signed(number, user)):
        return ""
    return f"device {number}"
