"""Joining by link. Opening a link changes nothing; only accepting it, a POST, does."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from ..models import Assessment, Guest, Invitation, Participation, Refused, Room
from ..models.assessments import minutes
from ..web.requests import Request
from .forms import AcceptForm
from .links import link_problems, open_link


@require_safe
@link_problems
def link(request: Request, token: str) -> HttpResponse:
    """What the link is for. Anyone who has started goes back to where they were, and a member to their own pages."""
    invitation = open_link(request, token)
    if own := _own_page(request, invitation):
        return own
    if not invitation.is_shared and invitation.state_now not in {None, Participation.State.ASKED}:
        return redirect(_where_they_were(invitation), invitation.token)
    return _landing(request, invitation, token, AcceptForm(invitation=invitation, user=request.user))


def _where_they_were(invitation: Invitation) -> str:
    """The name of the page where someone who has started continues; before their first answer, the introduction."""
    is_submitted = invitation.state_now == Participation.State.SUBMITTED
    return "guest-answer-done" if is_submitted else "guest-answer"


def _own_page(request: Request, invitation: Invitation) -> HttpResponse | None:
    """In a named assessment, a signed-in member answers by account and not a second time by link."""
    assessment = invitation.assessment
    user = request.user
    if assessment.anonymous or not user.is_authenticated or invitation.is_for_somebody_else(user):
        return None
    if not assessment.team.memberships.answering().filter(user=user).exists():
        return None
    return redirect("answer", assessment.pk)


def _landing(
    request: Request, invitation: Invitation, token: str, form: AcceptForm, *, status: int = 200
) -> HttpResponse:
    assessment = invitation.assessment
    count = len(assessment.criteria_asked())
    context = {
        "invitation": invitation,
        "assessment": assessment,
        "token": token,
        "form": form,
        "is_for_somebody_else": invitation.is_for_somebody_else(request.user),
        "total": count,
        "minutes": minutes(count),
    }
    return render(request, "invitations/link.html", context, status=status)


@require_POST
@link_problems
def accept(request: Request, token: str) -> HttpResponse:
    """Starts answering. A link for another email than the one that is signed in has to be confirmed first."""
    invitation = open_link(request, token)
    form = AcceptForm(request.POST, invitation=invitation, user=request.user)
    if not form.is_valid():
        return _landing(request, invitation, token, form, status=422)
    assessment = invitation.assessment
    try:
        if not invitation.is_shared:
            assessment.accept(Guest(invitation, invitation.token))
            # They have just read the introduction, and have their link already.
            is_live = Room.objects.running().filter(assessment=assessment).exists()
            return redirect("guest-answer" if is_live else "guest-answer-next", token)
        own_token = form.cleaned_data["pledge"]
        _come_in(request, assessment, invitation, own_token, form.cleaned_data.get("name", ""))
    except Refused as refusal:
        context = {"invitation": invitation, "assessment": assessment, "sentence": str(refusal)}
        return render(request, "invitations/refused.html", context, status=409)
    return redirect("guest-answer", own_token)


def _come_in(request: Request, assessment: Assessment, shared: Invitation, token: str, name: str) -> None:
    """Joins by the shared link: as themselves if they are already asked, otherwise as a new guest."""
    invited = assessment.invitation_of(request.user) if request.user.is_authenticated else None
    if request.user.is_authenticated and assessment.participations.filter(user=request.user).exists():
        assessment.take_link(request.user, token=token)
    elif invited is not None:
        assessment.enter_as_invited(invited, request.user, token=token)
    else:
        assessment.enter(shared, token=token, name=name)
