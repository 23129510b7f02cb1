"""Opening a link to a report: what a token leads to, and who has given the password."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpResponse
from django.urls import reverse

from ..models import ShareLink
from ..web.requests import Request
from .rights import may_still_be_shared

#: The cookie that says that the password was given. It is sent to the addresses of its link only, so all of them can
#: share a name.
COOKIE = "share"
#: For how many seconds nobody is asked for the password again.
UNLOCKED_FOR = 60 * 60
_SALT = "maturity.share"


def share_address(token: str) -> str:
    """The absolute address of a link, from SITE_URL and never from a request."""
    return settings.SITE_URL + reverse("share", args=[token])


def badge_address(token: str) -> str:
    """The absolute address of a badge."""
    return settings.SITE_URL + reverse("badge", args=[token])


def open_share(token: str) -> ShareLink:
    """The link of this token, if it opens now. Every reason why it does not is the same 404."""
    link = ShareLink.objects.genuine(token)
    if link is None or not may_still_be_shared(link):
        raise Http404
    return link


def is_unlocked(request: Request, link: ShareLink) -> bool:
    """Whether the link needs no password, or this browser gave it a moment ago."""
    if not link.has_password:
        return True
    try:
        given = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=UNLOCKED_FOR)
    except signing.BadSignature:
        return False
    return given == _key(link)


def unlock(response: HttpResponse, link: ShareLink, token: str) -> None:
    """Remembers in the browser, for a while and for this link only, that the password was given."""
    response.set_cookie(
        COOKIE,
        signing.dumps(_key(link), salt=_SALT),
        max_age=UNLOCKED_FOR,
        path=reverse("share", args=[token]),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def _key(link: ShareLink) -> list[object]:
    """Another one for each link and password."""
    return [link.pk, hashlib.sha256(link.password.encode()).hexdigest()]


def leaves_no_trace(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: no search engine keeps the page, and no other site learns its address."""

    @wraps(view)
    def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return wrapped
