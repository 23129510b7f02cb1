"""Where somebody is signed in, and ending that: by the person, and all of it by an administrator."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ..models import BrowserSession, User
from ..models.sessions import longest, longest_idle
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from .sign_in_views import sign_out


@require_safe
@login_required
def own_sessions(request: Request) -> HttpResponse:
    """The browsers in which the person is signed in: this one, then those that were used last."""
    own = sorted(request.user.sessions.in_use(), key=lambda each: (each.used_at, each.begun_at), reverse=True)
    current = [session for session in own if session.pk == request.session.hashed_key]
    context = {
        "current": current,
        "others": [session for session in own if session not in current],
        "idle": in_words(int(longest_idle().total_seconds()) // 3600),
        "longest": in_words(int(longest().total_seconds()) // 3600),
    }
    return render(request, "accounts/sessions.html", context)


def in_words(hours: int) -> str:
    """So many hours, in days if they are whole ones."""
    days, rest = divmod(hours, 24)
    if days and not rest:
        return ngettext("{count} day", "{count} days", days).format(count=days)
    return ngettext("{count} hour", "{count} hours", hours).format(count=hours)


@require_POST
@login_required
def end_own_session(request: Request, session: str) -> HttpResponse:
    """Signs the person out in one browser."""
    if session == request.session.hashed_key:
        return sign_out(request)
    if not request.user.sessions.filter(pk=session).exists():
        raise Http404
    if BrowserSession.objects.end_those_of(request.user, by=request.user, only=session):
        messages.success(request, _("You are signed out in that browser."))
    return redirect("sessions")


@require_POST
@login_required
def end_other_sessions(request: Request) -> HttpResponse:
    """Signs the person out everywhere but here."""
    BrowserSession.objects.end_those_of(request.user, by=request.user, but=request.session.hashed_key)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("sessions")


@require_POST
@site_permission(Permission.MANAGE_ACCOUNTS)
def end_sessions(request: Request, pk: UUID) -> HttpResponse:
    """Lets an administrator sign somebody out everywhere; of oneself, the session that does it stays."""
    person = User.objects.filter(pk=pk).first()
    if person is None:
        raise Http404
    own = request.session.hashed_key if person == request.user else ""
    BrowserSession.objects.end_those_of(person, by=request.user, but=own)
    if own:
        messages.success(request, _("You are signed out everywhere else."))
    else:
        messages.success(request, _("{person} is signed out everywhere.").format(person=person))
    return redirect("account-edit", pk)
