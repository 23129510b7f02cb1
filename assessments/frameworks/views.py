"""Reading frameworks: every level, dimension and criterion."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe
from pydantic import ValidationError

from ..models import Criterion, Edition, Framework
from ..models.frameworks import Contents, Rung
from ..permissions import roles
from ..permissions.access import get_edition, site_permission, teams_where
from ..permissions.roles import Permission
from ..web.requests import Request
from .adviser import NoRuleApplies, advise, confirmation
from .adviser_form import AdviserForm
from .adviser_rules import NO_RULE_APPLIES, rules_in_words
from .criterion_history import CriterionHistory
from .format.differences import compare as compare_files
from .gallery import BROUGHT, gallery, start_url, teams_to_start, use_url
from .rubric_grid import rubric_grid
from .storing import file_of


@require_safe
@site_permission(Permission.SEE_FRAMEWORKS)
def frameworks(request: Request) -> HttpResponse:
    may_edit = may_edit_frameworks(request)
    drafts = Edition.objects.drafts().select_related("framework").order_by("name", "version") if may_edit else []
    entries = gallery(Edition.objects.usable(), user=request.user)
    context = {
        "own": [entry for entry in entries if not entry.is_built_in],
        "built_in": [entry for entry in entries if entry.is_built_in],
        "brought": BROUGHT,
        "drafts": drafts,
        "may_edit": may_edit,
    }
    return render(request, "frameworks/frameworks.html", context)


@require_safe
@login_required
def use(request: Request, key: str, pk: UUID) -> HttpResponse:
    """Which team to start an assessment for; with one team there is nothing to choose."""
    edition = get_edition(request, key, pk)
    if not edition.is_published:
        raise Http404
    teams = list(teams_where(request.user, may=Permission.START))
    if not teams:
        raise PermissionDenied
    if len(teams) == 1:
        return redirect(start_url(edition, teams[0]))
    choices = [(team, start_url(edition, team)) for team in teams]
    return render(request, "frameworks/use.html", {"edition": edition, "choices": choices})


def may_edit_frameworks(request: Request) -> bool:
    return roles.may_in_site(is_administrator=request.user.is_administrator, action=Permission.EDIT_FRAMEWORKS)


@require_safe
@login_required
def framework(request: Request, key: str) -> HttpResponse:
    """The default edition of a framework."""
    edition = get_object_or_404(Framework, key=key).default_edition()
    if edition is None:
        raise Http404
    return redirect(edition)


@require_safe
@login_required
def edition(request: Request, key: str, pk: UUID) -> HttpResponse:
    edition = get_edition(request, key, pk)
    contents = edition.contents
    blocks = contents.edition.blocks
    context = {
        "edition": edition,
        "contents": contents,
        "grid": rubric_grid(contents),
        "others": edition.framework.editions.published().exclude(pk=edition.pk),
        "may_edit": may_edit_frameworks(request),
        "use_url": use_url(edition, teams_to_start(request.user)),
        "checks": _checks(contents),
        "has_sources": blocks.get("sources") or blocks.get("source_differences") or contents.is_counted_otherwise,
    }
    if block := blocks.get("adviser"):
        context |= _adviser(request, block, rungs=contents.rungs)
    return render(request, "frameworks/edition.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckShown:
    """What a pipeline can report about a criterion, and the ratings that it would agree with, in words."""

    criterion: Criterion
    source: str
    asks: str
    if_passed: str
    if_failed: str


def _checks(contents: Contents) -> list[CheckShown]:
    """In the order of the file; a draft may name criteria that there are not."""
    shown = []
    for (key, source), meaning in contents.check_meanings.items():
        if criterion := contents.criterion_by_key.get(key):
            passed, failed = meaning.passed_at_least, meaning.failed_at_most
            shown.append(
                CheckShown(
                    criterion=criterion,
                    source=source,
                    asks=meaning.asks,
                    if_passed=criterion.answer_name(passed) if passed else "",
                    if_failed=criterion.answer_name(failed) if failed else "",
                )
            )
    return shown


def _adviser(request: Request, block: dict[str, Any], *, rungs: list[Rung]) -> dict[str, Any]:
    """The questions, and what follows from answers in the address. Nothing is stored, and nobody needs a team."""
    is_asked = any(question["key"] in request.GET for question in block["inputs"])
    form = AdviserForm(request.GET if is_asked else None, block=block, answers={})
    context: dict[str, Any] = {"adviser": block, "adviser_form": form, "adviser_rules": rules_in_words(block)}
    if not form.is_valid():
        return context
    try:
        advice = advise(block, form.answers(), current=None, floor=rungs[0].number)
    except NoRuleApplies:
        return context | {"no_advice": NO_RULE_APPLIES}
    advised = next(rung for rung in rungs if rung.number == advice.level)
    return context | {"advice": advice, "advised": advised, "to_confirm": confirmation(block, advice.level)}


@require_safe
@login_required
def compare(request: Request, key: str, pk: UUID) -> HttpResponse:
    """What is different from another version, by default the one that this one was based on."""
    edition = get_edition(request, key, pk)
    others = edition.framework.editions.visible_to(request.user).exclude(pk=edition.pk)
    offered = list(others.select_related("framework"))
    other = _chosen(offered, request.GET.get("with") or str(edition.based_on_id))
    context = {"edition": edition, "offered": offered, "other": other, "comparison": None}
    if other is None:
        return render(request, "frameworks/compare.html", context)

    if not (edition.is_draft or other.is_draft):
        frozen = [candidate for candidate in [edition, *offered] if not candidate.is_draft]
        context["new_ladder"] = other not in edition.on_its_ladder(frozen)
    try:
        context["comparison"] = compare_files(file_of(other), file_of(edition))
    except ValidationError:
        context["unfinished"] = True
    return render(request, "frameworks/compare.html", context)


def _chosen(offered: list[Edition], pk: str) -> Edition | None:
    """The version with this key, else the first one; None if there is none."""
    for candidate in offered:
        if str(candidate.pk) == pk:
            return candidate
    return offered[0] if offered else None


@require_safe
@login_required
def criterion(request: Request, key: str, criterion: str) -> HttpResponse:
    """One criterion through the versions, the newest first, with what changed from one to the next."""
    editions = Edition.objects.visible_to(request.user).filter(framework__key=key)
    history = CriterionHistory.of(criterion, editions)
    if history is None:
        raise Http404
    framework = history.steps[0].row.edition.framework
    return render(request, "frameworks/criterion.html", {"history": history, "framework": framework})
