"""A team's roadmap of actions, and what if its ratings were different."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from ..models import Action, Team
from ..permissions.access import Permissions, get_team
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import changed_meanwhile, is_stored, made_once
from .context import Aspiration
from .forms import ActionForm, GoalForm, RoadmapFilter, StatusForm, proposed
from .roadmap import Roadmap
from .target_views import page_of
from .what_if import TryOn


def _back(request: Request, about: Aspiration) -> str:
    """Where planning came from: the what-if as it was, or the roadmap."""
    if "level" in request.GET:
        return f"{reverse('team-what-if', args=[about.team.pk])}?{request.GET.urlencode()}#needed"
    return page_of("team-roadmap", about)


@require_safe
@login_required
def roadmap(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    about = Aspiration.of(team, request.GET.get("framework", ""))
    response = render(request, "planning/roadmap.html", _roadmap(request, team, may, about))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _roadmap(request: Request, team: Team, may: Permissions, about: Aspiration) -> dict[str, Any]:
    """What the page and its fragment show, filtered as the address says."""
    form = RoadmapFilter(request.GET, team=team)
    chosen = form.cleaned_data if form.is_valid() else {}
    plan = Roadmap.of(about, owner=chosen.get("owner"), until=chosen.get("until"))
    return {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "roadmap": plan,
        "as_list": chosen.get("view") == "list",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: Request, pk: UUID, criterion: str) -> HttpResponse:
    """Makes an action for a criterion; the framework's next step is proposed as its text."""
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    about = Aspiration.of(team, request.GET.get("framework", ""))
    practice = about.contents.criterion_by_key.get(criterion)
    if practice is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = ActionForm(posted, team=team, initial={"text": proposed(practice)})

    def plan() -> Action:
        return Action.objects.plan(
            team=team, framework=about.framework, criterion=criterion, by=request.user, **form.values()
        )

    if made_once(request, form, Action, plan):
        messages.success(request, _("Action planned."))
        return redirect(_back(request, about))
    context = {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "criterion": practice,
        "back": _back(request, about),
    }
    return render(request, "planning/action.html", context, status=form.http_status)


def _action_or_404(team: Team, pk: int) -> Action:
    action = team.actions.select_related("team", "framework").filter(pk=pk).first()
    if action is None:
        raise Http404
    return action


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: Request, pk: UUID, action: int) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    planned = _action_or_404(team, action)
    about = Aspiration.of(team, planned.framework.key)
    posted = request.POST if request.method == "POST" else None
    form = ActionForm(posted, team=team, instance=_action_or_404(team, action))
    if is_stored(form, lambda: planned.change(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, _("Action saved."))
        return redirect(page_of("team-roadmap", about))
    context = {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "criterion": about.contents.criterion_by_key.get(planned.criterion),
        "action": planned,
        # In a conflict, what is stored is on this page; otherwise the way back leads to the roadmap.
        "back": request.path if form.conflict else page_of("team-roadmap", about),
    }
    return render(request, "planning/action.html", context, status=form.http_status)


@require_POST
@login_required
def status(request: Request, pk: UUID, action: int) -> HttpResponse:
    """Moves an action on the board."""
    team, may = get_team(request, pk, may=Permission.PLAN_ACTIONS)
    planned = _action_or_404(team, action)
    about = Aspiration.of(team, planned.framework.key)
    form = StatusForm(request.POST)
    if not is_stored(form, lambda: planned.change(by=request.user, seen=form.seen(), reason="", **form.values())):
        return _not_moved(request, about, planned, form)
    message = _moved_message(form.stored)
    if request.htmx:
        context = _roadmap(request, team, may, about) | {"message": message}
        response = render(request, "planning/_roadmap.html", context)
        patch_vary_headers(response, ["HX-Request"])
        return reswap(retarget(response, "#roadmap"), "outerHTML")
    messages.success(request, message)
    return redirect(_filtered(request, about))


def _moved_message(action: Action) -> str:
    """What was just done on the board, one message for each status."""
    sentences = {
        Action.Status.OPEN: _("“{action}” is open again."),
        Action.Status.DOING: _("“{action}” is in progress."),
        Action.Status.DONE: _("“{action}” is done."),
    }
    return sentences[Action.Status(action.status)].format(action=action)


def _filtered(request: Request, about: Aspiration) -> str:
    """The roadmap as it was filtered."""
    query = request.GET.copy()
    query["framework"] = about.framework.key
    return f"{reverse('team-roadmap', args=[about.team.pk])}?{query.urlencode()}"


def _not_moved(request: Request, about: Aspiration, planned: Action, form: StatusForm) -> HttpResponse:
    back = _filtered(request, about)
    if form.conflict is None:
        messages.error(request, _("That status is not available here. To cancel an action, edit it and say why."))
        return HttpResponseClientRedirect(back) if request.htmx else redirect(back)
    return changed_meanwhile(request, form, what=str(planned), back=back)


@require_safe
@login_required
def what_if(request: Request, pk: UUID) -> HttpResponse:
    """The smallest set of changes that gives a level, and other ratings to try. Nothing is stored."""
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    about = Aspiration.of(team, request.GET.get("framework", ""))
    context = {"team": team, "may": may, "about": about}
    if about.latest is None or about.recalled is None:
        return render(request, "planning/what_if.html", context)
    contents = about.latest.edition.contents
    usual = {"part": "", "level": min(contents.top, about.next_level)}
    form = GoalForm(usual | request.GET.dict(), contents=contents)
    chosen = form.cleaned_data if form.is_valid() else {}
    context["form"] = form
    context["trying"] = TryOn(
        about,
        about.recalled,
        request.GET,
        goal=chosen.get("level"),
        part=chosen.get("part", ""),
    )
    return render(request, "planning/what_if.html", context)
