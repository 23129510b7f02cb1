"""The outside view: asking people who are not the team, and opening their links. Opening one changes nothing."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ..models import OutsideInvitation, OutsideView, Refused
from ..models.assessments import minutes
from ..models.participation import Pledge
from ..permissions.access import get_assessment
from ..permissions.refusals import refusal_told
from ..permissions.roles import Permission
from ..web.requests import Request
from .forms import OutsideForm
from .links import link_problems
from .outside_links import open_outside
from .views import invite_page


@require_POST
@login_required
@refusal_told
def invite(request: Request, pk: UUID) -> HttpResponse:
    """Emails of people outside the team, each of whom gets a link of their own."""
    assessment, may = get_assessment(request, pk, may=Permission.INVITE)
    has_begun = OutsideView.objects.of(assessment) is not None
    form = OutsideForm(request.POST, assessment=assessment, has_begun=has_begun)
    if not form.is_valid():
        return invite_page(request, assessment, may, outside_form=form, status=422)
    number = assessment.invite_outsiders(by=request.user, **form.terms())
    messages.success(request, _what_happens_now(number, is_draft=assessment.is_draft))
    return redirect("assessment-invite", pk)


def _what_happens_now(number: int, *, is_draft: bool) -> str:
    if not settings.MAIL_ENABLED:
        return _("Email is not set up here, so nothing was sent. Give people the link for outside the team instead.")
    if is_draft:
        sentence = ngettext(
            "Invited 1 person outside the team. The message is sent when you open the assessment.",
            "Invited {count} people outside the team. The messages are sent when you open the assessment.",
            number,
        )
    else:
        sentence = ngettext(
            "Invited 1 person outside the team. The message is on its way.",
            "Invited {count} people outside the team. The messages are on their way.",
            number,
        )
    return sentence.format(count=number)


@require_POST
@login_required
@refusal_told
def share(request: Request, pk: UUID) -> HttpResponse:
    """Makes the one link for everyone outside the team; the invite page shows it from then on."""
    assessment, _may = get_assessment(request, pk, may=Permission.INVITE)
    assessment.share_outside(by=request.user, questionnaire=request.POST.get("questionnaire", ""))
    return redirect("assessment-invite", pk)


@require_POST
@login_required
@refusal_told
def revoke(request: Request, pk: UUID, invitation: int) -> HttpResponse:
    """Ends a link and deletes its email, even long after closing."""
    assessment, _may = get_assessment(request, pk, may=Permission.INVITE)
    row = OutsideInvitation.objects.filter(pk=invitation, view__assessment=assessment).first()
    if row is None:
        raise Http404
    assessment.revoke_outsider(row, by=request.user)
    messages.success(request, _("Revoked the link. Answers saved by it still count."))
    return redirect("assessment-invite", pk)


# ---------------------------------------------------------------------- by link


@require_safe
@link_problems
def link(request: Request, token: str) -> HttpResponse:
    """Whom the person speaks about, and what becomes of their answers."""
    seat = open_outside(request, token)
    total = len(seat.view.criteria_asked())
    context = {
        "seat": seat,
        "assessment": seat.assessment,
        "token": token,
        "pledge": Pledge.make() if seat.is_shared else "",
        "total": total,
        "minutes": minutes(total),
    }
    return render(request, "invitations/outside_link.html", context)


@require_POST
@link_problems
def accept(request: Request, token: str) -> HttpResponse:
    """Starts answering; anyone who comes by the shared link gets one of their own."""
    seat = open_outside(request, token)
    if not seat.is_shared:
        return redirect("outside-answer", token)
    own = Pledge.redeem(request.POST.get("pledge", ""))
    if own is None:
        return redirect("outside", token)
    try:
        seat.assessment.enter_from_outside(seat, token=own)
    except Refused as refusal:
        context = {"assessment": seat.assessment, "sentence": str(refusal)}
        return render(request, "invitations/refused.html", context, status=409)
    return redirect("outside-answer", own)
