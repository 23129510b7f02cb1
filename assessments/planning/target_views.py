"""What a team wants to reach, and which level is right for it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from ..models import AdviserAnswers, Target
from ..permissions.access import get_team
from . import adviser as advising
from .context import Aspiration
from .forms import AdviserForm, TargetForm


def page_of(name: str, about: Aspiration) -> str:
    """The address of a team's page about this framework."""
    return f"{reverse(name, args=[about.team.pk])}?framework={about.framework.key}"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def targets(request, pk):
    """The targets with how they are doing; setting one needs the lead or the manager of the unit."""
    team, may = get_team(request, pk)
    if request.method == "POST" and not may("set targets"):
        raise PermissionDenied
    about = Aspiration(team, request.GET.get("framework", ""))
    posted = request.POST if request.method == "POST" else None
    initial = {"level": about.next_level, **request.GET.dict()}
    form = TargetForm(posted, team=team, contents=about.contents, initial=initial)
    if form.is_valid():
        terms = {"rule": about.rule, "baseline": about.latest, **form.terms()}
        Target.objects.set(team=team, framework=about.framework, by=request.user, **terms)
        messages.success(request, "The target is set.")
        return redirect(page_of("team-targets", about))
    context = {"team": team, "may": may, "about": about, "form": form}
    return render(request, "planning/targets.html", context)


@require_POST
@login_required
def give_up(request, pk, target):
    team, _ = get_team(request, pk, may="set targets")
    found = team.targets.select_related("framework").filter(pk=target).first()
    if found is None:
        raise Http404
    found.give_up(by=request.user)
    messages.success(request, "The target is given up.")
    return redirect(page_of("team-targets", Aspiration(team, found.framework.key)))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def adviser(request, pk):
    """The adviser's questions, what the team answered last, and what follows from it."""
    team, may = get_team(request, pk)
    if request.method == "POST" and not may("set targets"):
        raise PermissionDenied
    about = Aspiration(team, request.GET.get("framework", ""))
    if about.adviser is None:
        return render(request, "planning/no_adviser.html", {"team": team, "about": about})
    answers = about.remembered.answers if about.remembered else {}
    posted = request.POST if request.method == "POST" else None
    form = AdviserForm(posted, block=about.adviser, answers=answers)
    if form.is_valid():
        known = {"team": team, "framework": about.framework, "answers": form.answers()}
        AdviserAnswers.objects.remember(by=request.user, **known)
        return redirect(page_of("team-adviser", about) + "#advice")
    current = about.latest.level if about.latest else None
    floor = about.contents.rungs[0].number
    advice = advising.advise(about.adviser, answers, current=current, floor=floor) if answers else None
    context = {"team": team, "may": may, "about": about, "form": form, "advice": advice}
    return render(request, "planning/adviser.html", context)
