"""A person's seat in an assessment: who answers there, what they may do, and under which addresses.

Members have one by their account, at /assessments/…. Everyone else, and everyone in an anonymous assessment, has one
by a personal link, at /i/…, which works on any device.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from ..invitations.links import keep_link, leave_session_alone, link_problems, open_link
from ..models import Assessment, Guest, Participation, Rating
from ..models.addresses import kept_address
from ..models.participation import Answerer, link_to
from ..models.ratings import RatingQuerySet
from ..permissions import roles
from ..permissions.access import Permissions, get_answering
from ..web.requests import Request

SOMEONE_ELSE = gettext_lazy("Someone else opened this page and has signed out since. Reload the page to answer.")


class Seat:
    """`who` is an account or a Guest; `token` is empty for an account."""

    def __init__(self, assessment: Assessment, may: Permissions, who: Answerer, *, token: str = "") -> None:
        self.assessment = assessment
        self.may = may
        self.who = who
        self.token = token

    @property
    def is_guest(self) -> bool:
        return bool(self.token)

    @property
    def needs_link(self) -> bool:
        """Whether this person may answer, but only by personal link."""
        return self.assessment.anonymous and not self.is_guest

    @property
    def has_checks(self) -> bool:
        """Whether pipelines reported anything about the team. No query: it came with the assessment."""
        return bool(self.assessment.has_checks)

    @property
    def mark(self) -> str:
        """Marks a page, so that it saves nothing for anyone who signed in since."""
        return str(self.assessment.pk if self.is_guest else self.who.pk)

    def url(self, name: str, *args: str) -> str:
        """The address of a page of the questionnaire, by its name for members."""
        if self.is_guest:
            return reverse(f"guest-{name}", args=[self.token, *args])
        return kept_address(name, self.assessment.pk, *args)

    def ratings(self) -> RatingQuerySet:
        """This person's answers."""
        assessment = self.assessment
        mine = assessment.respondents.of(self.who, anonymous=assessment.anonymous)
        return Rating.objects.filter(respondent__in=mine)

    @property
    def link(self) -> str:
        """The absolute personal link, for the person to keep."""
        return link_to(self.token)

    @property
    def sees_result(self) -> bool:
        """Whether the person's link shows what the assessment came to.

        Whoever was asked by the lead sees it. Anyone else has the shared link, and sees it for having answered, or
        for having submitted in an anonymous assessment, where nobody can know who has answered.
        """
        if not self.assessment.is_closed or not self.may(roles.Permission.SEE_OWN_RESULT):
            return False
        if not isinstance(self.who, Guest) or self.who.invitation.addressee:
            return True
        participation = self.participation
        if participation is not None and participation.is_submitted:
            return True
        return not self.assessment.anonymous and self.ratings().given().exists()

    @property
    def participation(self) -> Participation | None:
        return self.assessment.participation_of(self.who)


def _guest_seat(request: Request, token: str) -> Seat | None:
    """None if the link has not been accepted yet."""
    invitation = open_link(request, token)
    if invitation.is_shared or invitation.state_now in {None, Participation.State.ASKED}:
        return None
    who = Guest(invitation, invitation.token)
    invitation.assessment.has_checks = invitation.has_checks
    return Seat(invitation.assessment, Permissions({roles.GUEST}), who, token=invitation.token)


def seated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: gives the view the seat of the person who asks, by account (`pk`) or by personal link (`token`)."""

    @link_problems
    @wraps(view)
    def wrapped(request: Request, *args: Any, pk: UUID | None = None, token: str = "", **kwargs: Any) -> HttpResponse:
        if token:
            seat = _guest_seat(request, token)
            if seat is None:
                return redirect("link", token)
            response = view(request, seat, *args, **kwargs)
            if not request.htmx:
                keep_link(response, token)
            return response
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if pk is None:
            raise Http404
        assessment, may = get_answering(request, pk)
        leave_session_alone(request, assessment)
        return view(request, Seat(assessment, may, request.user), *args, **kwargs)

    return wrapped
