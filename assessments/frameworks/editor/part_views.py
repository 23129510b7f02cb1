"""Editing a draft: the framework's head, its levels, groups, dimensions, scales and criteria; saved as one types."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ...models import Edition, Refused, Scale, User
from ...models.edition_editing import AnyPart
from ...models.part_removal import REMEMBERED
from ...permissions.access import get_edition, site_permission
from ...permissions.roles import Permission
from ...web.requests import Request
from ...web.saving import is_stored, made_once
from ..part_names import PART_NAMES
from .forms import NEW_CHOICES, ChoiceFormSet, HeadForm, PartForm, ScaleForm, choices_of
from .grid import Grid
from .grid_answers import changed, changed_cells, is_on_grid, place_of, remember_removed, removed_from
from .kinds import KINDS


def editing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """For administrators: passes the draft. Answers with 409 if its state forbids what was asked."""

    @site_permission(Permission.EDIT_FRAMEWORKS)
    @wraps(view)
    def wrapped(request: Request, key: str, pk: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        edition = get_edition(request, key, pk)
        try:
            edition.refuse_unless_draft()
            return view(request, edition, *args, **kwargs)
        except Refused as refusal:
            return refused(request, edition, refusal)

    return wrapped


def refused(request: Request, edition: Edition, sentence: object) -> HttpResponse:
    """409: the state of the edition forbids it. Says why and leads back."""
    back = edition.get_editor_url() if edition.is_draft else edition.get_absolute_url()
    context = {"edition": edition, "sentence": str(sentence), "back": back}
    template = "frameworks/editor/_refused.html" if request.htmx else "frameworks/editor/refused.html"
    return render(request, template, context, status=409)


def get_part(edition: Edition, kind: str, pk: int) -> AnyPart:
    part: AnyPart = KINDS[kind].model.objects.filter(edition=edition, pk=pk).first()
    if part is None:
        raise Http404
    part.edition = edition
    return part


def answer_to_save(
    request: Request, edition: Edition, form: PartForm, template: str, context: dict[str, Any], back: str
) -> HttpResponse:
    """What a save is answered with: a fragment that says how it went, or the page."""
    is_saved = form.stored is not None
    revision = form.data.get("revision") or form.instance.revision
    if is_saved:
        revision = form.stored.revision
    context |= {"edition": edition, "form": form, "saved": is_saved, "revision": revision, "back": request.path}
    if request.htmx:
        response = render(request, "frameworks/editor/_status.html", context, status=form.http_status)
        patch_vary_headers(response, ["HX-Request"])
        return response
    if is_saved:
        messages.success(request, _("Saved."))
        return redirect(back)
    return render(request, template, context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def head(request: Request, edition: Edition) -> HttpResponse:
    context: dict = {"removed": removed_from(request, edition)}
    if not request.htmx:
        context["grid"] = Grid.of(edition)
    if request.method == "POST":
        form = HeadForm(request.POST, instance=get_edition(request, edition.framework.key, edition.pk), edition=edition)
        is_stored(form, lambda: edition.change_head(by=request.user, seen=form.seen(), **form.values()))
        return answer_to_save(request, edition, form, "frameworks/editor/head.html", context, edition.get_editor_url())
    form = HeadForm(instance=edition, edition=edition)
    context |= {"edition": edition, "form": form, "revision": edition.revision}
    return render(request, "frameworks/editor/head.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def part(request: Request, edition: Edition, kind: str, part: int) -> HttpResponse:
    row = get_part(edition, kind, part)
    if kind == "scale":
        return _scale(request, edition, row)
    words = KINDS[kind]
    grid = None if request.htmx else Grid.of(edition)
    context: dict = {"edition": edition, "part": row, "kind": kind, "words": words, "grid": grid}
    context["heading"] = _heading(row)
    context["goes_along"] = row.criteria.count() if kind in ("dimension", "level") and grid else 0
    if kind == "dimension":
        context["row"] = grid.row_of(row.pk) if grid else None
        context["here"] = row.pk
        context["removed"] = removed_from(request, edition)
    elif kind == "criterion":
        context["here"] = row.dimension_id
    if request.method == "POST":
        form = words.form(request.POST, instance=get_part(edition, kind, part), edition=edition, grid=grid)
        is_stored(form, lambda: edition.change(row, by=request.user, seen=form.seen(), **form.values()))
        if kind == "criterion" and form.stored is not None and is_on_grid(request):
            context |= changed_cells(Grid.of(edition), {place_of(row), place_of(form.stored)})
        return answer_to_save(request, edition, form, "frameworks/editor/part.html", context, edition.url_of(row))
    form = words.form(instance=row, edition=edition, grid=grid)
    template = "frameworks/editor/_panel.html" if request.htmx else "frameworks/editor/part.html"
    response = render(request, template, context | {"form": form, "revision": row.revision})
    patch_vary_headers(response, ["HX-Request"])
    return response


def _heading(part: AnyPart) -> str:
    if part.kind in ("criterion", "symptom"):
        return str(PART_NAMES[part.kind])
    if part.kind == "level":
        return _("Level {number}").format(number=part.number)
    return part.label


def _scale(request: Request, edition: Edition, scale: Scale) -> HttpResponse:
    """A scale is saved as a whole, with a button, because its choices only make sense together."""
    posted = request.POST if request.method == "POST" else None
    choices = ChoiceFormSet(posted, prefix="choices", initial=choices_of(scale))
    choices.from_zero = not edition.is_rubric
    form = ScaleForm(posted, instance=scale, edition=edition, choices=choices)
    if is_stored(form, lambda: edition.change_scale(scale, by=request.user, **form.terms())):
        messages.success(request, _("Saved."))
        return redirect(edition.url_of(scale))
    context = {
        "edition": edition,
        "part": scale,
        "kind": "scale",
        "words": KINDS["scale"],
        "grid": Grid.of(edition),
        "form": form,
        "choices": choices,
        "revision": scale.revision if posted is None else posted.get("revision", 0),
        "back": request.path,
    }
    return render(request, "frameworks/editor/scale.html", context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def new(request: Request, edition: Edition, kind: str) -> HttpResponse:
    words = KINDS[kind]
    posted = request.POST if request.method == "POST" else None
    grid = Grid.of(edition)
    choices = None
    if kind == "scale":
        choices = ChoiceFormSet(posted, prefix="choices", initial=NEW_CHOICES)
        choices.from_zero = not edition.is_rubric
        form = words.new_form(posted, edition=edition, grid=grid, choices=choices)
    else:
        initial = {name: request.GET[name] for name in ("dimension", "level") if name in request.GET}
        form = words.new_form(posted, edition=edition, grid=grid, initial=initial)

    part = made_once(request, form, words.model, lambda: _made(edition, kind, form, by=request.user))
    if part is not None:
        messages.success(request, _("Added."))
        return redirect(edition.url_of(part))
    context = {"edition": edition, "kind": kind, "words": words, "grid": grid, "form": form, "choices": choices}
    return render(request, "frameworks/editor/new.html", context, status=form.http_status)


def _made(edition: Edition, kind: str, form: PartForm, *, by: User) -> AnyPart:
    if isinstance(form, ScaleForm):
        scale = Scale(edition=edition, key=form.cleaned_data["name"], other_answers=form.other_answers())
        return edition.add(scale, by=by, choices=form.choices.choices())
    part = KINDS[kind].model(edition=edition, **form.values())
    if kind == "criterion" and part.scale_id is None:
        part.scale = edition.scales.first()
    return edition.add(part, by=by)


@require_POST
@editing
def move(request: Request, edition: Edition, kind: str, part: int) -> HttpResponse:
    row = get_part(edition, kind, part)
    direction = "up" if request.POST.get("direction") == "up" else "down"
    edition.move(row, by=request.user, direction=direction)
    if request.htmx and kind == "criterion":
        return changed(request, edition, [place_of(row)])
    return redirect(f"{_list_with(edition, row)}#{kind}-{row.pk}")


@require_POST
@editing
def remove(request: Request, edition: Edition, kind: str, part: int) -> HttpResponse:
    row = get_part(edition, kind, part)
    back = _list_with(edition, row)
    if kind in REMEMBERED:
        remember_removed(request, row, edition.remove_for_now(row, by=request.user))
        if request.htmx and kind == "criterion":
            return changed(request, edition, [place_of(row)], is_removed=True)
    else:
        edition.remove(row, by=request.user)
    messages.success(request, _("Removed."))
    return redirect(back)


def _list_with(edition: Edition, part: AnyPart) -> str:
    """The page that lists this part: its dimension for a criterion, the rules for a symptom, else the whole draft."""
    if part.kind == "criterion":
        return edition.url_of(part.dimension)
    return edition.get_rules_url() if part.kind == "symptom" else edition.get_editor_url()
