"""The way from a gap to a kept promise: a team's actions, and trying ratings on."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from ..models import Action
from ..permissions.access import get_team
from ..web.saving import changed_meanwhile, is_stored, made_once
from .context import Aspiration
from .forms import ActionForm, GoalForm, RoadmapFilter, StatusForm, proposed
from .roadmap import Roadmap
from .target_views import page_of
from .what_if import TryOn


def _back(request, about: Aspiration) -> str:
    """Where planning came from: what is tried on, as it was, or the roadmap."""
    if "level" in request.GET:
        return f"{reverse('team-what-if', args=[about.team.pk])}?{request.GET.urlencode()}#needed"
    return page_of("team-roadmap", about)


@require_safe
@login_required
def roadmap(request, pk):
    team, may = get_team(request, pk, may="see result")
    about = Aspiration(team, request.GET.get("framework", ""))
    response = render(request, "planning/roadmap.html", _roadmap(request, team, may, about))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _roadmap(request, team, may, about: Aspiration) -> dict[str, Any]:
    """What the page and its fragment show, filtered as the address says."""
    form = RoadmapFilter(request.GET, team=team)
    chosen = form.cleaned_data if form.is_valid() else {}
    plan = Roadmap(about, owner=chosen.get("owner"), until=chosen.get("until"))
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
def new(request, pk, criterion):
    """Makes an action of a criterion; its next step is proposed as the text."""
    team, may = get_team(request, pk, may="plan actions")
    about = Aspiration(team, request.GET.get("framework", ""))
    practice = about.contents.criterion_by_key.get(criterion)
    if practice is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = ActionForm(posted, team=team, initial={"text": proposed(practice)})
    terms = {"team": team, "framework": about.framework, "criterion": criterion, "by": request.user}
    if made_once(request, form, Action, lambda: Action.objects.plan(**terms, **form.values())):
        messages.success(request, "Planned.")
        return redirect(_back(request, about))
    context = {"team": team, "may": may, "about": about, "form": form, "criterion": practice}
    context["back"] = _back(request, about)
    return render(request, "planning/action.html", context, status=form.http_status)


def _action_or_404(team, pk) -> Action:
    action = team.actions.select_related("team", "framework").filter(pk=pk).first()
    if action is None:
        raise Http404
    return action


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request, pk, action):
    team, may = get_team(request, pk, may="plan actions")
    planned = _action_or_404(team, action)
    about = Aspiration(team, planned.framework.key)
    posted = request.POST if request.method == "POST" else None
    form = ActionForm(posted, team=team, instance=_action_or_404(team, action))
    if is_stored(form, lambda: planned.change(by=request.user, seen=form.seen(), **form.values())):
        messages.success(request, "Saved.")
        return redirect(page_of("team-roadmap", about))
    criterion = about.contents.criterion_by_key.get(planned.criterion)
    context = {"team": team, "may": may, "about": about, "form": form, "criterion": criterion, "action": planned}
    # In a conflict “theirs” is on this page, else the way back leads to the roadmap.
    context["back"] = request.path if form.conflict else page_of("team-roadmap", about)
    return render(request, "planning/action.html", context, status=form.http_status)


@require_POST
@login_required
def status(request, pk, action):
    """Moves an action on the board."""
    team, may = get_team(request, pk, may="plan actions")
    planned = _action_or_404(team, action)
    about = Aspiration(team, planned.framework.key)
    form = StatusForm(request.POST)
    if not is_stored(form, lambda: planned.change(by=request.user, seen=form.seen(), reason="", **form.values())):
        return _not_moved(request, about, planned, form)
    said = f"“{planned}” is {form.stored.get_status_display().lower()}."
    if request.htmx:
        context = _roadmap(request, team, may, about) | {"said": said}
        response = render(request, "planning/_roadmap.html", context)
        patch_vary_headers(response, ["HX-Request"])
        return reswap(retarget(response, "#roadmap"), "outerHTML")
    messages.success(request, said)
    return redirect(_filtered(request, about))


def _filtered(request, about: Aspiration) -> str:
    """The roadmap as it was filtered."""
    query = request.GET.copy()
    query["framework"] = about.framework.key
    return f"{reverse('team-roadmap', args=[about.team.pk])}?{query.urlencode()}"


def _not_moved(request, about: Aspiration, planned: Action, form: StatusForm):
    back = _filtered(request, about)
    if form.conflict is None:
        messages.error(request, "An action is open, doing or done. To drop one, edit it and say why.")
        return HttpResponseClientRedirect(back) if request.htmx else redirect(back)
    return changed_meanwhile(request, form, what=str(planned), back=back)


@require_safe
@login_required
def what_if(request, pk):
    """The smallest set of changes to a wanted level, and ratings to try on. Nothing is stored."""
    team, may = get_team(request, pk, may="see result")
    about = Aspiration(team, request.GET.get("framework", ""))
    context = {"team": team, "may": may, "about": about}
    if about.latest is None:
        return render(request, "planning/what_if.html", context)
    contents = about.latest.edition.contents
    form = GoalForm({"part": "", "level": min(contents.top, about.next_level), **request.GET.dict()}, contents=contents)
    goal = form.cleaned_data if form.is_valid() else {}
    context["form"] = form
    context["trying"] = TryOn(about, request.GET, wanted=goal.get("level"), part=goal.get("part", ""))
    return render(request, "planning/what_if.html", context)
