"""Links that people join by: what a token leads to, and what a page says if it leads nowhere."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from ..models import Assessment, Invitation, InvitationLink, LinkGuess
from ..web.requests import Request


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
        _refuse_unknown(request, token)
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


def leave_session_alone(request: Request, assessment: Assessment) -> None:
    """Keeps messages out of an anonymous assessment.

    Messages are stored in the session, so its row would be rewritten at the moment of an answer.
    """
    if assessment.anonymous and hasattr(request, "_messages"):
        del request._messages


def _refuse_unknown(request: Request, token: str) -> None:
    """Counts a token without an invitation as a guess, unless it was genuine once."""
    if InvitationLink.was_genuine(token):
        return
    if request.client_network and not LinkGuess.objects.record(request.client_network):
        raise LinkProblem("invitations/too_many.html", 429)
    raise Http404
