"""Switching off mails by the link in each of them, without signing in."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ..models import MailStop
from ..web.requests import Request


# A mail program sends the POST by itself (RFC 8058), so it has no token against forgery: the signed link is the proof.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: Request, token: str) -> HttpResponse:
    """A GET changes nothing, because programs that look for dangerous links open it. A POST stops, or resumes."""
    mails = MailStop.by_token(token)
    if mails is None:
        raise Http404
    if request.method == "POST":
        if "again" in request.POST:
            mails.end()
        else:
            mails.begin()
    return render(request, "accounts/stop_mails.html", {"mails": mails, "was_changed": request.method == "POST"})
