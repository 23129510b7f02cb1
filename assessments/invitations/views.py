"""Inviting people to an assessment, and following who has answered."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models.participation import Pledge, link_to
from ..permissions.access import get_assessment, get_followed
from ..permissions.refusals import refusal_told
from .forms import InviteForm
from .qr_code import qr_code
from .tracking import Following


def _page(request, assessment, may, *, form=None, status=200, **context):
    following = Following(assessment, may)
    context |= {
        "assessment": assessment,
        "may": may,
        "form": form or InviteForm(assessment=assessment, picked=following.not_invited()),
        "following": following,
        "pledge": Pledge.make(),
        "shared": assessment.invitations.shared().usable().first(),
        "mail_enabled": settings.MAIL_ENABLED,
        "undelivered": assessment.mails.undelivered(),
    }
    return render(request, "invitations/invite.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def invite(request, pk):
    """Members to pick, addresses to paste, one link to share; and every invitation there is."""
    assessment, may = get_assessment(request, pk, may="invite")
    if request.method != "POST":
        return _page(request, assessment, may)
    form = InviteForm(request.POST, assessment=assessment)
    if not form.is_valid():
        return _page(request, assessment, may, form=form, status=422)
    number = assessment.invite(by=request.user, **form.people())
    messages.success(request, _told(number, assessment))
    return redirect("assessment-invite", pk)


def _told(number: int, assessment) -> str:
    people = "1 person is" if number == 1 else f"{number} people are"
    if not settings.MAIL_ENABLED:
        return f"{people} on the list. Mail is not set up here, so nothing was sent; share the link instead."
    when = "The mails go out when you open the assessment." if assessment.is_draft else "The mails are on their way."
    return f"{people} invited. {when}"


@require_POST
@login_required
@refusal_told
def share(request, pk):
    """Makes a new shared link and shows it, this once, with its QR code; the one before stops working."""
    assessment, may = get_assessment(request, pk, may="invite")
    token = Pledge.redeem(request.POST.get("pledge", "")) or ""
    link = link_to(assessment.share(by=request.user, token=token))
    return _page(request, assessment, may, link=link, qr=qr_code(link))


def _invitation_or_404(assessment, pk):
    row = assessment.invitations.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@require_POST
@login_required
def forget(request, pk, invitation):
    """Removes name, address and comments of a guest, also long after the closing."""
    assessment, _ = get_assessment(request, pk, may="invite")
    assessment.forget(_invitation_or_404(assessment, invitation), by=request.user)
    messages.success(request, "Name, address and comments are removed. What was rated counts.")
    return redirect("assessment-invite", pk)


@require_POST
@login_required
@refusal_told
def revoke(request, pk, invitation):
    assessment, _ = get_assessment(request, pk, may="invite")
    row = _invitation_or_404(assessment, invitation)
    assessment.revoke(row, by=request.user)
    messages.success(request, "The link does not work any more. What was saved by it counts.")
    return redirect("assessment-invite", pk)


@require_POST
@login_required
@refusal_told
def remind(request, pk):
    assessment, _ = get_assessment(request, pk, may="invite")
    number = assessment.remind(by=request.user)
    if not settings.MAIL_ENABLED:
        messages.warning(request, "Mail is not set up here, so nobody was reminded.")
    elif assessment.anonymous:
        # A number would tell how many have not submitted, and whether one person has.
        messages.success(request, "Everyone who has not submitted is reminded by mail, at most once a day.")
    elif not number:
        messages.info(request, "Nobody was reminded: everyone who has not submitted got a mail about it today.")
    else:
        people = "1 person is" if number == 1 else f"{number} people are"
        messages.success(request, f"{people} reminded by mail.")
    return redirect(assessment)


@require_safe
@login_required
def participation(request, pk):
    """Who has answered so far, as a fragment; 204 if that is as the page has it. One query unless it changed.

    Always 204 while people answer anonymously: nobody may watch them.
    """
    assessment, may = get_followed(request, pk)
    if assessment.anonymous and assessment.is_open:
        return HttpResponse(status=204)
    if request.GET.get("seen") == assessment.pulse:
        return HttpResponse(status=204)
    waits_for_answers = "waits" in request.GET
    if waits_for_answers and not assessment.too_few():
        # The whole page, as answering can be ended now.
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"assessment": assessment, "may": may, "following": Following(assessment, may)}
    context["waits_for_answers"] = waits_for_answers
    return render(request, "invitations/_participation.html", context)
