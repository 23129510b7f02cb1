"""Inviting people to an assessment, and seeing who has answered."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Assessment, Invitation, OutsideView, Participation, User
from ..models.participation import Pledge, link_to
from ..permissions.access import Permissions, get_assessment, get_followed
from ..permissions.refusals import refusal_told
from ..permissions.roles import Permission
from ..web.qr_code import qr_code
from ..web.requests import Request
from .forms import InviteForm, OutsideForm
from .tracking import Following


def invite_page(
    request: Request,
    assessment: Assessment,
    may: Permissions,
    *,
    form: InviteForm | None = None,
    status: int = 200,
    link: str = "",
    links: list[tuple[Participation, str]] | None = None,
    outside_form: OutsideForm | None = None,
) -> HttpResponse:
    """`link` is the shared one, right after it was created, `links` are personal ones."""
    following = Following(assessment, may)
    outside = OutsideView.objects.with_people().of(assessment)
    context = {
        "assessment": assessment,
        "may": may,
        "form": form or InviteForm.of(assessment, picked=following.not_invited()),
        "following": following,
        "pledge": Pledge.make(),
        "shared": assessment.invitations.shared().usable().first(),
        "mail_enabled": settings.MAIL_ENABLED,
        "link": link,
        "qr": qr_code(link) if link else "",
        "outside": outside,
        "outside_form": outside_form or OutsideForm(assessment=assessment, has_begun=outside is not None),
        "outside_link": outside.shared_link if outside else None,
        "links": links or [],
        "all_links": "\n".join(f"{person.who}\t{address}" for person, address in links or []),
    }
    return render(request, "invitations/invite.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def invite(request: Request, pk: UUID) -> HttpResponse:
    """Members to choose, emails to paste, a link to share, and the list of invitations."""
    assessment, may = get_assessment(request, pk, may=Permission.INVITE)
    if request.method != "POST":
        return invite_page(request, assessment, may)
    form = InviteForm.of(assessment, request.POST)
    if not form.is_valid():
        return invite_page(request, assessment, may, form=form, status=422)
    number = assessment.invite(by=request.user, **form.people())
    messages.success(request, _what_happens_now(number, assessment))
    return redirect("assessment-invite", pk)


def _what_happens_now(number: int, assessment: Assessment) -> str:
    if not settings.MAIL_ENABLED:
        sentence = ngettext(
            "Added 1 person. Email is not set up here, so nothing was sent. Share the link instead.",
            "Added {count} people. Email is not set up here, so nothing was sent. Share the link instead.",
            number,
        )
    elif assessment.is_draft:
        sentence = ngettext(
            "Invited 1 person. The message is sent when you open the assessment.",
            "Invited {count} people. The messages are sent when you open the assessment.",
            number,
        )
    else:
        sentence = ngettext(
            "Invited 1 person. The message is on its way.",
            "Invited {count} people. The messages are on their way.",
            number,
        )
    return sentence.format(count=number)


@require_POST
@login_required
@refusal_told
def share(request: Request, pk: UUID) -> HttpResponse:
    """Creates a shared link and shows it once, with its QR code; the previous one stops working."""
    assessment, may = get_assessment(request, pk, may=Permission.INVITE)
    token = Pledge.redeem(request.POST.get("pledge", "")) or ""
    link = link_to(assessment.share(by=request.user, token=token))
    return invite_page(request, assessment, may, link=link)


def personal_links(assessment: Assessment, *, by: User) -> list[tuple[Participation, str]]:
    """Everyone who has not started, with the address of a link that is shown now and not stored."""
    return [(person, link_to(token)) for person, token in assessment.show_links(by=by)]


@require_POST
@login_required
@refusal_told
def show_links(request: Request, pk: UUID) -> HttpResponse:
    """Shows a personal link of everyone who has not started, as often as the lead asks for it."""
    assessment, may = get_assessment(request, pk, may=Permission.INVITE)
    links = personal_links(assessment, by=request.user)
    if not links:
        messages.info(request, _("Everyone has opened their link, so there is none to show."))
    return invite_page(request, assessment, may, links=links)


def _invitation_or_404(assessment: Assessment, pk: int) -> Invitation:
    row = assessment.invitations.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@require_POST
@login_required
def forget(request: Request, pk: UUID, invitation: int) -> HttpResponse:
    """Deletes the name, email and comments of a guest, even long after closing."""
    assessment, _may = get_assessment(request, pk, may=Permission.INVITE)
    assessment.forget(_invitation_or_404(assessment, invitation), by=request.user)
    messages.success(request, _("Deleted the name, email and comments. The ratings still count."))
    return redirect("assessment-invite", pk)


@require_POST
@login_required
@refusal_told
def revoke(request: Request, pk: UUID, invitation: int) -> HttpResponse:
    assessment, _may = get_assessment(request, pk, may=Permission.INVITE)
    row = _invitation_or_404(assessment, invitation)
    assessment.revoke(row, by=request.user)
    messages.success(request, _("Revoked the link. Answers saved by it still count."))
    return redirect("assessment-invite", pk)


@require_POST
@login_required
@refusal_told
def remind(request: Request, pk: UUID) -> HttpResponse:
    assessment, _may = get_assessment(request, pk, may=Permission.INVITE)
    number = assessment.remind(by=request.user)
    if not settings.MAIL_ENABLED:
        messages.warning(request, _("Email is not set up here, so nobody was reminded."))
    elif assessment.anonymous:
        # A number would reveal how many have not submitted, and whether one person has.
        messages.success(request, _("Everyone who has not submitted gets a reminder by email, at most once a day."))
    elif not number:
        messages.info(request, _("Nobody was reminded: everyone who has not submitted has had a message today."))
    else:
        sentence = ngettext("1 person is reminded by email.", "{count} people are reminded by email.", number)
        messages.success(request, sentence.format(count=number))
    return redirect(assessment)


@require_safe
@login_required
def participation(request: Request, pk: UUID) -> HttpResponse:
    """Who has answered so far, as a fragment; 204 if nothing changed since the page was loaded. One query then.

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
