"""Links by which people come in: what a token leads to, and what is said of one that leads nowhere."""

from functools import wraps

from django.http import Http404
from django.shortcuts import render

from ..models import Assessment, Invitation, InvitationLink, LinkGuess


class LinkProblem(Exception):
    """A link that leads nowhere; `.template` says so."""

    def __init__(self, template: str, status: int, invitation: Invitation | None = None):
        self.template, self.status, self.invitation = template, status, invitation

    def response(self, request):
        return render(request, self.template, {"invitation": self.invitation}, status=self.status)


def open_link(request, token: str) -> Invitation:
    """The usable invitation that a token belongs to. Opening it changes nothing.

    A token that was never made is a 404 like any other, and counts against the network it comes from. Raises
    LinkProblem for anyone who guesses too often, and for the holder of a link that was genuine once. A genuine token is
    never refused because of guesses: nobody guesses 256 bits, and an office shares its address.
    """
    invitation = Invitation.objects.genuine(token)
    if invitation is None:
        _refuse_unknown(request, token)
    elif invitation.lets_in:
        leave_session_alone(request, invitation.assessment)
        return invitation
    raise LinkProblem("invitations/gone.html", 404, invitation)


def link_problems(view):
    """Decorator: turns a LinkProblem into its page."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except LinkProblem as problem:
            return problem.response(request)

    return wrapped


def leave_session_alone(request, assessment: Assessment) -> None:
    """Neither tells nor takes messages in an anonymous assessment.

    They are kept in the session, and its row would then be written anew at the moment of an answer.
    """
    if assessment.anonymous and hasattr(request, "_messages"):
        del request._messages


def _refuse_unknown(request, token: str):
    """A token without an invitation: a guess, unless it was genuine once, which is never held against anyone."""
    if InvitationLink.was_genuine(token):
        return
    if request.client_network and not LinkGuess.objects.record(request.client_network):
        raise LinkProblem("invitations/too_many.html", 429)
    raise Http404
