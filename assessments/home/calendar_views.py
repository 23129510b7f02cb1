"""The calendar of what is due: the file for calendar programs, and the page on which its address is made."""

import datetime
import hashlib

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..accounts import proofs
from ..accounts.second_factor_views import confirm_first
from ..models import CalendarFeed, LinkGuess
from ..models.participation import Pledge
from ..web.calendar_files import CALENDAR_TYPE
from ..web.requests import Request
from ..web.saving import refusal_as_message
from .calendar_feed import calendar_of, file_of

#: When the entries are said to be made where only their content counts.
_ANY_MOMENT = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Disposition": 'inline; filename="maturity.ics"',
}


@require_safe
def feed(request: Request, token: str) -> HttpResponse:
    """The file, for anyone who has its address. Who is signed in makes no difference.

    Every reason why there is none is the same 404. Anyone who guesses too often gets 429; a token that is or was
    genuine is no guess.
    """
    calendar = CalendarFeed.objects.genuine(token)
    if calendar is None:
        is_guess = not CalendarFeed.objects.was_genuine(token)
        if is_guess and request.client_network and not LinkGuess.objects.record(request.client_network):
            return HttpResponse("Too many addresses that do not exist.\n", status=429, content_type="text/plain")
        raise Http404
    calendar.note_reading()
    days = calendar_of(calendar.user)
    etag = f'"{hashlib.sha256(file_of(days, made_at=_ANY_MOMENT)).hexdigest()}"'
    unchanged = get_conditional_response(request, etag=etag)
    response = unchanged or HttpResponse(file_of(days, made_at=timezone.now()), content_type=CALENDAR_TYPE)
    for name, value in {**HEADERS, "ETag": etag}.items():
        response.headers[name] = value
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def own(request: Request) -> HttpResponse:
    """Makes an address and shows it, this once; the one before stops working."""
    if request.method != "POST":
        return _page(request)
    if not proofs.is_recent(request, request.user):
        return confirm_first(request.path)
    token = Pledge.redeem(request.POST.get("pledge", ""))
    if token is None:
        messages.error(request, _("This page is too old. Try again."))
        return redirect("calendar")
    with refusal_as_message(request):
        CalendarFeed.objects.make(by=request.user, token=token)
        return _page(request, address=settings.SITE_URL + reverse("calendar-feed", args=[token]))
    return redirect("calendar")


def _page(request: Request, *, address: str = "") -> HttpResponse:
    context = {
        "calendar": CalendarFeed.objects.of(request.user),
        "address": address,
        "pledge": Pledge.make(),
        "may_make": proofs.is_recent(request, request.user),
    }
    return render(request, "home/calendar.html", context)


@require_POST
@login_required
def revoke(request: Request) -> HttpResponse:
    CalendarFeed.objects.revoke(request.user, by=request.user)
    messages.success(request, _("Revoked the address. Calendars that use it get nothing any more."))
    return redirect("calendar")
