"""The way from a gap to a kept promise: a team's actions, and trying ratings on."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Action
from ..permissions.access import get_team
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
    form = RoadmapFilter(request.GET, team=team)
    chosen = form.cleaned_data if form.is_valid() else {}
    plan = Roadmap(about, owner=chosen.get("owner"), until=chosen.get("until"))
    context = {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "roadmap": plan,
        "as_list": chosen.get("view") == "list",
    }
    return render(request, "planning/roadmap.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request, pk, criterion):
    """Makes an action of a criterion; its next step is proposed as the text."""
    team, may = get_team(request, pk, may="plan actions")
    about = Aspiration(team, request.GET.get("framework", ""))
    found = about.contents.criterion_by_key.get(criterion)
    if found is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = ActionForm(posted, team=team, initial={"text": proposed(found)})
    if form.is_valid():
        terms = {"team": team, "framework": about.framework, "criterion": criterion, **form.cleaned_data}
        Action.objects.plan(by=request.user, **terms)
        messages.success(request, "Planned.")
        return redirect(_back(request, about))
    context = {"team": team, "may": may, "about": about, "form": form, "criterion": found}
    context["back"] = _back(request, about)
    return render(request, "planning/action.html", context)


def _action_or_404(team, pk) -> Action:
    action = team.actions.select_related("team", "framework").filter(pk=pk).first()
    if action is None:
        raise Http404
    return action


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request, pk, action):
    team, may = get_team(request, pk, may="plan actions")
    found = _action_or_404(team, action)
    about = Aspiration(team, found.framework.key)
    form = ActionForm(request.POST if request.method == "POST" else None, team=team, instance=found)
    if form.is_valid():
        found.change(by=request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect(page_of("team-roadmap", about))
    criterion = about.contents.criterion_by_key.get(found.criterion)
    context = {"team": team, "may": may, "about": about, "form": form, "criterion": criterion, "action": found}
    context["back"] = page_of("team-roadmap", about)
    return render(request, "planning/action.html", context)


@require_POST
@login_required
def status(request, pk, action):
    """Moves an action on the board."""
    team, _ = get_team(request, pk, may="plan actions")
    found = _action_or_404(team, action)
    form = StatusForm(request.POST)
    if form.is_valid():
        found.change(by=request.user, status=form.cleaned_data["status"], reason="")
        messages.success(request, f"“{found}” is {found.Status(form.cleaned_data['status']).label.lower()}.")
    else:
        messages.error(request, "An action is open, doing or done. To drop one, edit it and say why.")
    return redirect(page_of("team-roadmap", Aspiration(team, found.framework.key)))


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
