"""Links that people join by: what a token leads to, and what a page says if it leads nowhere."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from ..models import Assessment, Invitation, InvitationLink, LinkGuess
from ..web.requests import Request

#: How long a browser keeps a personal link, for the live room: a day with a meeting.
KEPT_FOR = timedelta(hours=12)


class LinkProblem(Exception):
    """A link that leads nowhere; `.template` says so."""

    def __init__(self, template: str, status: int, invitation: Invitation | None = None) -> None:
        self.template = template
        self.status = status
        self.invitation = invitation

    def response(self, request: Request) -> HttpResponse:
        return render(request, self.template, {"invitation": self.invitation}, status=self.status)


def open_link(request: Request, token: str) -> Invitation:
    """The usable invitation that a token belongs to. Opening it changes nothing.

    A token that never existed is a 404 and counts against the network it comes from. Raises LinkProblem for anyone who
    guesses too often, and for anyone whose link was genuine once. A genuine token is never refused because of guesses:
    nobody can guess 256 bits, and a whole office shares one address.
    """
    invitation = Invitation.objects.genuine(token)
    if invitation is None:
        refuse_unknown(request, token)
    elif invitation.lets_in:
        leave_session_alone(request, invitation.assessment)
        return invitation
    raise LinkProblem("invitations/gone.html", 404, invitation)


def link_problems(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator that turns a LinkProblem into its page."""

    @wraps(view)
    def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except LinkProblem as problem:
            return problem.response(request)

    return wrapped


def keep_link(response: HttpResponse, token: str) -> None:
    """Lets the browser keep the personal link that it opened, for `kept_link` alone: no other page gets the cookie."""
    response.set_cookie(
        _kept_as(),
        token,
        max_age=KEPT_FOR,
        path=reverse("room-join"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def kept_link(request: Request, assessment: Assessment) -> str | None:
    """The personal link to this assessment that this browser opened last, if it still works.

    Whoever scans the code of a live room comes from the camera, and so without the link.
    """
    token = request.COOKIES.get(_kept_as(), "")
    invitation = Invitation.objects.genuine(token) if token else None
    if invitation is None or invitation.assessment_id != assessment.pk or not invitation.lets_in:
        return None
    # On a machine that people share, nobody gets to the answers of the one before.
    if invitation.is_shared or invitation.is_for_somebody_else(request.user):
        return None
    return token


def _kept_as() -> str:
    return "__Secure-link" if settings.SESSION_COOKIE_SECURE else "link"


def leave_session_alone(request: Request, assessment: Assessment) -> None:
    """Keeps messages out of an anonymous assessment, and that the session is used.

    Both are stored with the session, so its row would be rewritten at the moment of an answer.
    """
    if not assessment.anonymous:
        return
    request.session.is_left_alone = True
    if hasattr(request, "_messages"):
        del request._messages


def refuse_unknown(request: Request, token: str) -> None:
    """Counts a token without an invitation as a guess, unless it was genuine once."""
    if InvitationLink.was_genuine(token):
        return
    if request.client_network and not LinkGuess.objects.record(request.client_network):
        raise LinkProblem("invitations/too_many.html", 429)
    raise Http404
