"""Badges: the picture itself, and turning it on and off."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ..models import Badge
from ..models.participation import Pledge
from ..permissions.access import get_result
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import refusal_as_message
from .badge_drawing import badge_drawing
from .links import badge_address
from .maker_views import share_page
from .rights import makers_with_right

#: Other sites show it, ask again after five minutes, and can run nothing in it.
BADGE_HEADERS = {
    "Cache-Control": "max-age=300",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Robots-Tag": "noindex",
}


@require_safe
def badge(request: Request, token: str) -> HttpResponse:
    """The picture. Every reason why there is none is the same 404."""
    shown = Badge.objects.genuine(token)
    if shown is None or shown.made_by_id not in makers_with_right([shown], of=shown.team):
        raise Http404
    result = shown.newest_result()
    if result is None:
        raise Http404
    drawing = badge_drawing(result)
    response = render(request, "sharing/badge.svg", {"drawing": drawing}, content_type="image/svg+xml")
    for name, value in BADGE_HEADERS.items():
        response.headers[name] = value
    return response


@require_POST
@login_required
def make(request: Request, pk: UUID) -> HttpResponse:
    """Makes a badge and shows its address, this once; the badge before stops working."""
    result, may = get_result(request, pk, may=Permission.SHARE_RESULT)
    token = Pledge.redeem(request.POST.get("pledge", ""))
    if token is None:
        messages.error(request, _("This page is too old. Try again."))
        return redirect("result-share", pk)
    with refusal_as_message(request):
        Badge.objects.make(result, by=request.user, token=token)
        return share_page(request, result, may, badge_address=badge_address(token))
    return redirect("result-share", pk)


@require_POST
@login_required
def turn_off(request: Request, pk: UUID) -> HttpResponse:
    result, _may = get_result(request, pk, may=Permission.SHARE_RESULT)
    made = Badge.objects.of_result(result)
    if made is not None:
        made.revoke(by=request.user)
    messages.success(request, _("Turned the badge off. Its address shows nothing any more."))
    return redirect("result-share", pk)
