"""The issue tracker of a team: setting it up and ending it, and asking for an issue. None of it sends."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from ..models import Issue, Team, Tracker
from ..permissions.access import get_team
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored, refusal_as_message
from .forms import AttemptForm, TrackerForm


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("account", "token")
@login_required
def tracker(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.EDIT_TEAM)
    row = Tracker.objects.filter(team=team).select_related("token_by").first()
    form = TrackerForm(request.POST if request.method == "POST" else None, tracker=row)
    if is_stored(form, lambda: Tracker.objects.set(team=team, by=request.user, **form.terms())):
        messages.success(request, _("Saved."))
        return redirect("team-tracker", team.pk)
    back = request.path if form.conflict else team.get_absolute_url()
    context = {"team": team, "may": may, "tracker": row, "form": form, "back": back}
    return render(request, "trackers/tracker.html", context, status=form.http_status)


def _team_and_tracker(request: Request, pk: UUID) -> tuple[Team, Tracker | None]:
    """The team and its tracker, for people who may set it up; None if another click has removed it."""
    team, _may = get_team(request, pk, may=Permission.EDIT_TEAM)
    return team, Tracker.objects.filter(team=team).first()


@require_POST
@login_required
def remove(request: Request, pk: UUID) -> HttpResponse:
    team, row = _team_and_tracker(request, pk)
    if row is not None:
        row.remove(by=request.user)
    messages.success(request, _("The team has no issue tracker any more."))
    return redirect("team-tracker", team.pk)


@require_POST
@login_required
def remove_token(request: Request, pk: UUID) -> HttpResponse:
    team, row = _team_and_tracker(request, pk)
    if row is not None:
        row.remove_token(by=request.user)
    messages.success(request, _("Deleted the token. Delete it in the tracker too, so that nobody can use it."))
    return redirect("team-tracker", team.pk)


@require_POST
@login_required
def create_issue(request: Request, pk: UUID, action: int) -> HttpResponse:
    """Queues an issue for an action. `attempt` is how often that was tried before, so two clicks make one issue."""
    team, _may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    planned = get_object_or_404(team.actions, pk=action)
    form = AttemptForm(request.POST)
    attempt = form.cleaned_data["attempt"] if form.is_valid() else 0
    with refusal_as_message(request):
        Issue.objects.ask_for(planned, attempt=attempt or 0, by=request.user)
    return redirect("action-edit", team.pk, planned.pk)
