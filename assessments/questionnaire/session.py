"""A person's place in an assessment: who answers there, what they may do, and under which addresses.

Members sit there by their account, at /assessments/…; everybody else, and everybody in an anonymous assessment, by a
personal link, at /i/…, which works on any device.
"""

from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse

from ..models import Assessment, Guest, Invitation, InvitationLink, LinkGuess, Participation, Rating
from ..models.participation import link_to
from ..permissions import roles
from ..permissions.access import Permissions, get_answering


class Seat:
    """`who` is an account or a Guest; `token` is empty for an account."""

    def __init__(self, assessment: Assessment, may: Permissions, who: Any, *, token: str = ""):
        self.assessment, self.may, self.who, self.token = assessment, may, who, token

    @property
    def is_guest(self) -> bool:
        return bool(self.token)

    @property
    def needs_link(self) -> bool:
        """Whether this person may answer, but by personal link only."""
        return self.assessment.anonymous and not self.is_guest

    @property
    def mark(self) -> str:
        """What a page is marked with, so that it does not save for somebody who signed in since."""
        return str(self.assessment.pk if self.is_guest else self.who.pk)

    def url(self, name: str, *args) -> str:
        """The address of a page of the questionnaire, by the name that it has for members."""
        if self.is_guest:
            return reverse(f"guest-{name}", args=[self.token, *args])
        return reverse(name, args=[self.assessment.pk, *args])

    def ratings(self):
        """What this person has answered."""
        assessment = self.assessment
        mine = assessment.respondents.of(self.who, anonymous=assessment.anonymous)
        return Rating.objects.filter(respondent__in=mine)

    @property
    def link(self) -> str:
        """The absolute personal link, for the person to keep."""
        return link_to(self.token)

    @property
    def participation(self) -> Participation | None:
        return self.assessment.participation_of(self.who)


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
        _leave_session_alone(request, invitation.assessment)
        return invitation
    raise LinkProblem("invitations/gone.html", 404, invitation)


def _leave_session_alone(request, assessment: Assessment) -> None:
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


def _guest_seat(request, token: str) -> Seat | None:
    """None where the link has still to be accepted."""
    invitation = open_link(request, token)
    if invitation.is_shared or invitation.state_now in {None, Participation.State.ASKED}:
        return None
    who = Guest(invitation, invitation.token)
    return Seat(invitation.assessment, Permissions({roles.GUEST}), who, token=invitation.token)


def link_problems(view):
    """Decorator: turns a LinkProblem into its page."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except LinkProblem as problem:
            return problem.response(request)

    return wrapped


def seated(view):
    """Decorator: gives the view the seat of whoever asks, by account (`pk`) or by personal link (`token`)."""

    @link_problems
    @wraps(view)
    def wrapped(request, *args, pk=None, token="", **kwargs):
        if token:
            seat = _guest_seat(request, token)
            return view(request, seat, *args, **kwargs) if seat else redirect("link", token)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        assessment, may = get_answering(request, pk)
        _leave_session_alone(request, assessment)
        return view(request, Seat(assessment, may, request.user), *args, **kwargs)

    return wrapped
