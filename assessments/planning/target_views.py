"""What a team wants to reach, and which level is right for it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from ..frameworks.adviser import Advice, NoRuleApplies, advise, confirmation
from ..frameworks.adviser_rules import NO_RULE_APPLIES
from ..models import AdviserAnswers, Target
from ..models.frameworks import Rung
from ..permissions.access import get_team
from ..web.dates import day
from ..web.saving import changed_meanwhile, is_stored
from .context import Aspiration
from .forms import GiveUpForm, TargetForm, TeamAdviserForm

#: Beside the answers: the level that the team has confirmed. No question has a key that begins like this.
CONFIRMED = "_confirmed"


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
    terms = {"team": team, "framework": about.framework, "rule": about.rule, "baseline": about.latest}
    if is_stored(form, lambda: Target.objects.set(by=request.user, **terms, **form.terms())):
        messages.success(request, "The target is set.")
        return redirect(page_of("team-targets", about))
    context = {"team": team, "may": may, "about": about, "form": form, "back": page_of("team-targets", about)}
    return render(request, "planning/targets.html", context, status=form.http_status)


@require_POST
@login_required
def give_up(request, pk, target):
    team, _ = get_team(request, pk, may="set targets")
    aim = team.targets.select_related("framework").filter(pk=target).first()
    if aim is None:
        raise Http404
    back = page_of("team-targets", Aspiration(team, aim.framework.key))
    form = GiveUpForm(request.POST)
    if not is_stored(form, lambda: aim.give_up(by=request.user, seen=form.seen())):
        what = f"Give up level {aim.level} by {day(aim.due)}?"
        return changed_meanwhile(request, form, what=what, back=back, overwrite="Give it up all the same")
    messages.success(request, "The target is given up.")
    return redirect(back)


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
    remembered = about.remembered
    answers = remembered.answers if remembered else {}
    no_advice = ""
    try:
        advice = _advice(about, answers)
    except NoRuleApplies:
        advice, no_advice = None, str(NO_RULE_APPLIES)
    to_confirm = confirmation(about.adviser, advice.level) if advice else ""

    known = {"team": team, "framework": about.framework, "by": request.user}
    if remembered and advice and to_confirm and request.POST.get(CONFIRMED) == str(advice.level):
        confirmed = {**answers, CONFIRMED: advice.level}
        AdviserAnswers.objects.remember(answers=confirmed, seen=remembered.revision, **known)
        return redirect(page_of("team-adviser", about) + "#advice")

    posted = request.POST if request.method == "POST" else None
    form = TeamAdviserForm(posted, block=about.adviser, remembered=remembered)
    if is_stored(form, lambda: AdviserAnswers.objects.remember(answers=form.answers(), seen=form.seen(), **known)):
        return redirect(page_of("team-adviser", about) + "#advice")

    context = {"team": team, "may": may, "about": about, "form": form, "advice": advice, "no_advice": no_advice}
    context["back"] = page_of("team-adviser", about)
    if advice:
        context |= {
            "to_confirm": to_confirm,
            "is_confirmed": not to_confirm or answers.get(CONFIRMED) == advice.level,
            "goal": _goal(about, advice),
        }
    return render(request, "planning/adviser.html", context, status=form.http_status)


def _advice(about: Aspiration, answers: dict[str, Any]) -> Advice | None:
    if not answers or about.adviser is None:
        return None
    current = about.latest.level if about.latest else None
    return advise(about.adviser, answers, current=current, floor=about.contents.rungs[0].number)


def _goal(about: Aspiration, advice: Advice) -> Rung | None:
    """What the team can set as a target now. Nothing, if it is beyond it or where everybody begins."""
    floor = about.contents.rungs[0].number
    if advice.stance == "beyond" or advice.goal == floor:
        return None
    return next(rung for rung in about.contents.rungs if rung.number == advice.goal)
