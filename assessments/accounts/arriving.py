"""The one way in: whoever has shown who they are comes through `sign_in`, however they showed it."""

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from ..models import User
from ..web.requests import Request
from . import proofs
from .known_devices import remember_device


def sign_in(request: Request, user: User, *, method: str, next_url: str = "", **details: Any) -> HttpResponse:
    """Signs in a person who has shown by this method who they are, and leads to the page that was asked for.

    If their account has a second factor, or needs one, they are only led to the page that asks for it or sets it up,
    and are not signed in yet.
    `details` are kept in the session with the method and the time; they have to be JSON.
    """
    from allauth.account.internal.flows.login import perform_login
    from allauth.account.models import Login

    if request.user.is_authenticated:
        # Nothing of somebody who was signed in here before comes along.
        logout(request)
    # What was shown before somebody began to sign in again counts no more.
    proofs.forget(request)
    # Nobody who knew the key of the session before comes along either.
    request.session.cycle_key()
    proofs.note(request, user, method, **details)
    return perform_login(request, Login(user=user, redirect_url=allowed_page(request, next_url)))


def allowed_page(request: HttpRequest, address: str) -> str:
    """The address, if it is a page of this installation; empty if not."""
    is_allowed = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if address and is_allowed else ""


def arrived(user: User, page: str | None) -> HttpResponse:
    """The answer once somebody is signed in."""
    response = redirect(page or settings.LOGIN_REDIRECT_URL)
    remember_device(response, user)
    forget_pages(response)
    return response


def forget_pages(response: HttpResponse) -> None:
    """Makes the browser forget pages that it kept to ask if they changed, see `web.unchanged_pages`.

    At sign-in as well: whoever was signed in before may have left by closing the browser, or their time ran out.
    """
    response.headers["Clear-Site-Data"] = '"cache"'
