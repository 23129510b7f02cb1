"""A team's targets, and the adviser on which level is right for it."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..frameworks.adviser import Advice, Answer, NoRuleApplies, advise, confirmation
from ..frameworks.adviser_rules import NO_RULE_APPLIES
from ..models import AdviserAnswers, Target
from ..models.frameworks import Rung
from ..permissions.access import get_team
from ..permissions.roles import Permission
from ..web.dates import day
from ..web.requests import Request
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
def targets(request: Request, pk: UUID) -> HttpResponse:
    """The targets and their progress. Only the team's lead or the manager of its unit can set one."""
    team, may = get_team(request, pk)
    if request.method == "POST" and not may(Permission.SET_TARGETS):
        raise PermissionDenied
    about = Aspiration.of(team, request.GET.get("framework", ""))
    posted = request.POST if request.method == "POST" else None
    initial = {"level": about.next_level} | request.GET.dict()
    form = TargetForm(posted, team=team, contents=about.contents, initial=initial)

    def set_target() -> Target:
        return Target.objects.set(
            team=team,
            framework=about.framework,
            rule=about.rule,
            baseline=about.latest,
            by=request.user,
            **form.terms(),
        )

    if is_stored(form, set_target):
        messages.success(request, _("Target set."))
        return redirect(page_of("team-targets", about))
    context = {"team": team, "may": may, "about": about, "form": form, "back": page_of("team-targets", about)}
    return render(request, "planning/targets.html", context, status=form.http_status)


@require_POST
@login_required
def give_up(request: Request, pk: UUID, target: int) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.SET_TARGETS)
    aim = team.targets.select_related("framework").filter(pk=target).first()
    if aim is None:
        raise Http404
    back = page_of("team-targets", Aspiration.of(team, aim.framework.key))
    form = GiveUpForm(request.POST)
    if not is_stored(form, lambda: aim.give_up(by=request.user, seen=form.seen())):
        question = _("Remove the target of level {level} by {date}?").format(level=aim.level, date=day(aim.due))
        return changed_meanwhile(request, form, what=question, back=back, overwrite=_("Remove it anyway"))
    messages.success(request, _("Target removed."))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def adviser(request: Request, pk: UUID) -> HttpResponse:
    """The adviser's questions, the team's last answers, and the advice that follows."""
    team, may = get_team(request, pk)
    if request.method == "POST" and not may(Permission.SET_TARGETS):
        raise PermissionDenied
    about = Aspiration.of(team, request.GET.get("framework", ""))
    if about.adviser is None:
        return render(request, "planning/no_adviser.html", {"team": team, "may": may, "about": about})
    remembered = about.remembered
    answers = remembered.answers if remembered else {}
    no_advice = ""
    try:
        advice = _advice(about, answers)
    except NoRuleApplies:
        advice = None
        no_advice = str(NO_RULE_APPLIES)
    to_confirm = confirmation(about.adviser, advice.level) if advice else ""

    def remember(answers: dict[str, Answer], seen: int | None) -> AdviserAnswers:
        return AdviserAnswers.objects.remember(
            team=team, framework=about.framework, answers=answers, by=request.user, seen=seen
        )

    if remembered and advice and to_confirm and request.POST.get(CONFIRMED) == str(advice.level):
        remember(answers | {CONFIRMED: advice.level}, remembered.revision)
        return redirect(page_of("team-adviser", about) + "#advice")

    posted = request.POST if request.method == "POST" else None
    form = TeamAdviserForm(posted, block=about.adviser, remembered=remembered)
    if is_stored(form, lambda: remember(form.answers(), form.seen())):
        return redirect(page_of("team-adviser", about) + "#advice")

    context = {
        "team": team,
        "may": may,
        "about": about,
        "form": form,
        "advice": advice,
        "no_advice": no_advice,
        "back": page_of("team-adviser", about),
    }
    if advice:
        goal = _goal(about, advice)
        context |= {
            "advised": about.rung(advice.level),
            "to_confirm": to_confirm,
            "is_confirmed": not to_confirm or answers.get(CONFIRMED) == advice.level,
            "goal": goal,
            "target_address": _target_address(about, goal, advice) if goal else "",
        }
    return render(request, "planning/adviser.html", context, status=form.http_status)


def _advice(about: Aspiration, answers: dict[str, Answer]) -> Advice | None:
    if not answers or about.adviser is None:
        return None
    current = about.latest.level if about.latest else None
    return advise(about.adviser, answers, current=current, floor=about.contents.rungs[0].number)


def _goal(about: Aspiration, advice: Advice) -> Rung | None:
    """The level to offer as a target; None if the team is beyond it, or if it is the one everyone starts at."""
    floor = about.contents.rungs[0].number
    if advice.stance == "beyond" or advice.goal == floor:
        return None
    return about.rung(advice.goal)


def _target_address(about: Aspiration, goal: Rung, advice: Advice) -> str:
    """The page of targets with the form filled in as advised."""
    query = {"framework": about.framework.key, "level": goal.number, "why": advice.why}
    return f"{reverse('team-targets', args=[about.team.pk])}?{urlencode(query)}"
