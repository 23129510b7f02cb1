"""The issue tracker of a team: setting it up, and ending it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..models import Tracker
from ..permissions.access import get_team
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored
from .forms import TrackerForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tracker(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.EDIT_TEAM)
    row = Tracker.objects.filter(team=team).first()
    form = TrackerForm(request.POST if request.method == "POST" else None, tracker=row)
    if is_stored(form, lambda: Tracker.objects.set(team=team, by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, _("Saved."))
        return redirect("team-tracker", team.pk)
    back = request.path if form.conflict else team.get_absolute_url()
    context = {"team": team, "may": may, "tracker": row, "form": form, "back": back}
    return render(request, "trackers/tracker.html", context, status=form.http_status)


@require_POST
@login_required
def remove(request: Request, pk: UUID) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.EDIT_TEAM)
    row = Tracker.objects.filter(team=team).first()
    if row is not None:
        row.remove(by=request.user)
    messages.success(request, _("The team has no issue tracker any more."))
    return redirect("team-tracker", team.pk)
