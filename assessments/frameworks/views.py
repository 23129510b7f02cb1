"""Reading frameworks: every level, dimension and criterion."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe
from pydantic import ValidationError

from ..models import Criterion, Edition, Framework
from ..permissions import roles
from ..permissions.access import get_edition, site_permission
from .adviser import NoRuleApplies, advise, conditions, confirmation
from .adviser_form import AdviserForm
from .format.differences import compare as compare_files
from .storing import file_of


@require_safe
@site_permission("see frameworks")
def frameworks(request):
    may_edit = may_edit_frameworks(request)
    drafts = Edition.objects.drafts().select_related("framework").order_by("name", "version") if may_edit else []
    context = {"editions": Edition.objects.usable(), "drafts": drafts, "may_edit": may_edit}
    return render(request, "frameworks/frameworks.html", context)


def may_edit_frameworks(request) -> bool:
    return roles.may_in_site(is_administrator=request.user.is_administrator, action="edit frameworks")


@require_safe
@login_required
def framework(request, key):
    """The default edition of a framework."""
    edition = get_object_or_404(Framework, key=key).default_edition()
    if edition is None:
        raise Http404
    return redirect(edition)


@require_safe
@login_required
def edition(request, key, pk):
    edition = get_edition(request, key, pk)
    context = {
        "edition": edition,
        "contents": edition.contents,
        "others": edition.framework.editions.published().exclude(pk=edition.pk),
        "may_edit": may_edit_frameworks(request),
    }
    if block := edition.blocks.get("adviser"):
        context |= _adviser(request, block, floor=edition.contents.rungs[0].number)
    return render(request, "frameworks/edition.html", context)


def _adviser(request, block: dict[str, Any], *, floor: int) -> dict[str, Any]:
    """The questions, and what follows from answers in the address. Nothing is stored, and nobody needs a team."""
    is_asked = any(question["key"] in request.GET for question in block["inputs"])
    form = AdviserForm(request.GET if is_asked else None, block=block, answers={})
    context: dict[str, Any] = {"adviser": block, "adviser_form": form}
    context["adviser_rules"] = [
        (rule, conditions(block, rule["when"])) for rule in [*block["rules"], *(block.get("adjustments") or ())]
    ]
    if form.is_valid():
        try:
            advice = advise(block, form.answers(), current=None, floor=floor)
        except NoRuleApplies as error:
            return context | {"no_advice": str(error)}
        context |= {"advice": advice, "to_confirm": confirmation(block, advice.level)}
    return context


@require_safe
@login_required
def compare(request, key, pk):
    """What is different against another edition, by default the one that this one was based on."""
    edition = get_edition(request, key, pk)
    others = edition.framework.editions.visible_to(request.user).exclude(pk=edition.pk)
    offered = list(others.select_related("framework"))
    wanted = request.GET.get("with") or str(edition.based_on_id)
    other = next((each for each in offered if str(each.pk) == wanted), offered[0] if offered else None)
    context = {"edition": edition, "offered": offered, "other": other, "comparison": None}
    if other and not (edition.is_draft or other.is_draft):
        frozen = [each for each in [edition, *offered] if not each.is_draft]
        context["new_ladder"] = other not in edition.on_its_ladder(frozen)
    try:
        context["comparison"] = compare_files(file_of(other), file_of(edition)) if other else None
    except ValidationError:
        context["unfinished"] = True
    return render(request, "frameworks/compare.html", context)


@require_safe
@login_required
def criterion(request, key, criterion):
    """One criterion through the editions, the newest first, with what changed from one to the next."""
    editions = Edition.objects.visible_to(request.user).filter(framework__key=key)
    rows = Criterion.objects.filter(edition__in=editions, key=criterion)
    found = list(rows.select_related("edition__framework", "dimension", "level", "scale").order_by("edition__version"))
    if not found:
        raise Http404
    ordered = sorted(found, key=lambda row: (row.edition.is_draft, row.edition.publication or 0))
    steps = list(zip(ordered, [None, *ordered], strict=False))
    last = max(row.edition.publication or 0 for row in ordered)
    retired_in = editions.filter(publication__gt=last).order_by("publication").first() if last else None
    context = {"steps": steps[::-1], "framework": ordered[-1].edition.framework, "retired_in": retired_in}
    return render(request, "frameworks/criterion.html", context)
