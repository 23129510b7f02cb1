"""The draft as a grid of dimensions and levels: criteria are added, moved, copied, removed and put back there."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from ...models import Criterion, Edition, Refused
from ...web.requests import Request
from ...web.saving import is_stored, made_once
from .grid import Grid
from .grid_answers import REMOVED, changed, forget_removed, is_on_grid, place_of, removed_from
from .grid_forms import CellForm, CriteriaForm
from .part_views import editing, get_part


@require_safe
@editing
def grid(request: Request, edition: Edition) -> HttpResponse:
    context = {"edition": edition, "grid": Grid.of(edition), "removed": removed_from(request, edition)}
    return render(request, "frameworks/editor/grid.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def paste(request: Request, edition: Edition, part: int) -> HttpResponse:
    """A list of criteria for one dimension: shown as it is read, then added as a whole."""
    dimension = get_part(edition, "dimension", part)
    posted = request.POST if request.method == "POST" else None
    form = CriteriaForm(posted, edition=edition, dimension=dimension)
    found = form.read() if form.is_valid() else None
    context = {"edition": edition, "dimension": dimension, "form": form, "found": found}
    context["top"] = form.levels[-1].number if form.levels else 0
    if found is not None and "preview" not in request.POST:
        if found.problems:
            form.add_error("text", _("Nothing was added. Correct the lines named below."))
        else:
            rows = form.criteria(found)
            last = made_once(request, form, Criterion, lambda: edition.add_criteria(rows, by=request.user))
            if last is not None:
                return _added(request, edition, form, last, found.count)
    if request.htmx and request.POST.get("here"):
        # What was typed stays in the cell.
        sentences = [str(error) for error in (*form.non_field_errors(), *form.errors.get("text", []))]
        if found is not None and found.problems:
            sentences = [problem.sentence for problem in found.problems]
        return changed(request, edition, [], status=form.http_status, refusal=" ".join(sentences))
    template = "frameworks/editor/_paste.html" if request.htmx else "frameworks/editor/paste.html"
    response = render(request, template, context, status=form.http_status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _added(request: Request, edition: Edition, form: CriteriaForm, last: Criterion, count: int) -> HttpResponse:
    sentence = ngettext("Added {count} criterion.", "Added {count} criteria.", count).format(count=count)
    if not request.htmx:
        messages.success(request, sentence)
    levels: list[int | None] = [level.pk for level in form.levels] or [None]
    if form.cleaned_data.get("here"):
        levels = [last.level_id]
    cell = (form.dimension.pk, last.level_id)
    context: dict[str, Any] = {
        "said": sentence,
        "anchor": f"cell-{form.dimension.pk}-{last.level_id or 0}",
        "fresh": cell,
    }
    return changed(request, edition, [(form.dimension.pk, level) for level in levels], **context)


@require_POST
@editing
def place(request: Request, edition: Edition) -> HttpResponse:
    form = CellForm(request.POST, edition=edition)
    if not form.is_valid():
        return changed(request, edition, [], status=422, refusal=_("This cannot be moved there."))
    criterion = form.cleaned_data["criterion"]
    before = place_of(criterion)
    values = {name: form.cleaned_data[name] for name in ("dimension", "level", "before")}
    is_stored(form, lambda: edition.place(criterion, by=request.user, seen=form.seen(), **values))
    after = (values["dimension"].pk, values["level"].pk if values["level"] else None)
    refusal = " ".join(map(str, form.non_field_errors()))
    if form.conflict is not None:
        refusal = _("Someone else changed this after you opened the page. It is shown as it is now; move it again.")
    places = {before, after, place_of(form.conflict or criterion)}
    anchor = f"criterion-{criterion.pk}"
    return changed(request, edition, places, status=form.http_status, refusal=refusal, anchor=anchor)


@require_POST
@editing
def duplicate(request: Request, edition: Edition, part: int) -> HttpResponse:
    criterion = get_part(edition, "criterion", part)
    form = CellForm({}, edition=edition)
    form.fields.clear()
    copy = made_once(request, form, Criterion, lambda: edition.duplicate(criterion, by=request.user))
    if copy is None:
        return changed(
            request, edition, [], status=form.http_status, refusal=" ".join(map(str, form.non_field_errors()))
        )
    return changed(
        request, edition, [place_of(copy)], said=_("Duplicated."), anchor=f"criterion-{copy.pk}", focus=copy.pk
    )


@require_POST
@editing
def undo(request: Request, edition: Edition) -> HttpResponse:
    """Puts back what was removed, by its kind and key; the second of two clicks finds it done."""
    kept = forget_removed(request, edition, request.POST.get("kind", "criterion"), request.POST.get("key", ""))
    if kept is None:
        return changed(request, edition, [])
    try:
        part = edition.put_back(kept["removed"], by=request.user)
    except Refused as refusal:
        request.session[REMOVED] = [*request.session[REMOVED], kept]
        return changed(request, edition, [], status=409, refusal=str(refusal))
    if part.kind != "criterion" or (request.htmx and not is_on_grid(request)):
        # Rows or columns come back, or the page is no grid: it is drawn anew.
        messages.success(request, _("Put back."))
        return HttpResponseClientRefresh() if request.htmx else redirect(edition.get_grid_url())
    return changed(
        request,
        edition,
        [place_of(part)],
        anchor=f"criterion-{part.pk}",
        focus=part.pk,
        said=_("Put back."),
    )
