"""Editing a draft: the framework's head, its levels, groups, dimensions, scales and criteria; saved as one goes."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST

from ...models import Refused
from ...permissions.access import get_edition, site_permission
from ...web.saving import is_stored, made_once
from .forms import (
    FORMS,
    MODELS,
    NEW_CHOICES,
    ChoiceFormSet,
    HeadForm,
    NewCriterionForm,
    NewScaleForm,
    ScaleForm,
    choices_of,
)
from .grid import Grid


def editing(view):
    """For administrators: passes the draft. What its state forbids is told with 409."""

    @site_permission("edit frameworks")
    @wraps(view)
    def wrapped(request, key, pk, *args, **kwargs):
        edition = get_edition(request, key, pk)
        try:
            edition.refuse_unless_draft()
            return view(request, edition, *args, **kwargs)
        except Refused as refusal:
            return refused(request, edition, refusal)

    return wrapped


def refused(request, edition, sentence):
    """409: the state of the edition forbids it. Says why and leads back."""
    context = {"edition": edition, "sentence": str(sentence)}
    template = "frameworks/editor/_refused.html" if request.htmx else "frameworks/editor/refused.html"
    return render(request, template, context, status=409)


def get_part(edition, kind, pk):
    part = MODELS[kind].objects.filter(edition=edition, pk=pk).first()
    if part is None:
        raise Http404
    part.edition = edition
    return part


def answer_to_save(request, edition, form, template, context, back):
    """What a save is answered with: a fragment that says how it went, or the page."""
    is_saved = form.stored is not None
    revision = form.stored.revision if is_saved else form.data.get("revision") or form.instance.revision
    context |= {"edition": edition, "form": form, "saved": is_saved, "revision": revision, "back": request.path}
    if request.htmx:
        response = render(request, "frameworks/editor/_status.html", context, status=form.http_status)
        patch_vary_headers(response, ["HX-Request"])
        return response
    if is_saved:
        messages.success(request, "Saved.")
        return redirect(back)
    return render(request, template, context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def head(request, edition):
    context: dict = {"grid": Grid.of(edition)} if not request.htmx else {}
    if request.method == "POST":
        form = HeadForm(request.POST, instance=get_edition(request, edition.framework.key, edition.pk), edition=edition)
        is_stored(form, lambda: edition.change_head(by=request.user, seen=form.seen(), **form.values()))
        return answer_to_save(request, edition, form, "frameworks/editor/head.html", context, edition.get_editor_url())
    form = HeadForm(instance=edition, edition=edition)
    context |= {"edition": edition, "form": form, "revision": edition.revision}
    return render(request, "frameworks/editor/head.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def part(request, edition, kind, part):
    found = get_part(edition, kind, part)
    if kind == "scale":
        return _scale(request, edition, found)
    grid = None if request.htmx else Grid.of(edition)
    context: dict = {"edition": edition, "part": found, "kind": kind, "grid": grid}
    context["row"] = grid.row_of(found.pk) if grid and kind == "dimension" else None
    if request.method == "POST":
        form = FORMS[kind](request.POST, instance=get_part(edition, kind, part), edition=edition, grid=grid)
        is_stored(form, lambda: edition.change(found, by=request.user, seen=form.seen(), **form.values()))
        return answer_to_save(request, edition, form, "frameworks/editor/part.html", context, edition.url_of(found))
    form = FORMS[kind](instance=found, edition=edition, grid=grid)
    return render(request, "frameworks/editor/part.html", context | {"form": form, "revision": found.revision})


def _scale(request, edition, scale):
    """A scale is saved as a whole, with a button: its choices only make sense together."""
    posted = request.POST if request.method == "POST" else None
    choices = ChoiceFormSet(posted, prefix="choices", initial=choices_of(scale))
    form = ScaleForm(posted, instance=scale, edition=edition, choices=choices)
    if is_stored(form, lambda: edition.change_scale(scale, by=request.user, **form.terms())):
        messages.success(request, "Saved.")
        return redirect(edition.url_of(scale))
    context = {
        "edition": edition,
        "part": scale,
        "kind": "scale",
        "grid": Grid.of(edition),
        "form": form,
        "choices": choices,
        "revision": scale.revision if posted is None else posted.get("revision", 0),
        "back": request.path,
    }
    return render(request, "frameworks/editor/scale.html", context, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def new(request, edition, kind):
    form_class = {"criterion": NewCriterionForm, "scale": NewScaleForm}.get(kind, FORMS[kind])
    posted, grid = request.POST if request.method == "POST" else None, Grid.of(edition)
    initial = {name: request.GET[name] for name in ("dimension", "level") if name in request.GET}
    choices = ChoiceFormSet(posted, prefix="choices", initial=NEW_CHOICES) if kind == "scale" else None
    with_choices = {"choices": choices} if kind == "scale" else {}
    form = form_class(posted, edition=edition, grid=grid, initial=initial, **with_choices)
    part = made_once(request, form, MODELS[kind], lambda: _made(edition, kind, form, by=request.user))
    if part is not None:
        messages.success(request, "Added.")
        return redirect(edition.url_of(part))
    context = {"edition": edition, "kind": kind, "grid": grid, "form": form, "choices": choices}
    return render(request, "frameworks/editor/new.html", context, status=form.http_status)


def _made(edition, kind, form, *, by):
    if kind == "scale":
        scale = MODELS[kind](edition=edition, key=form.cleaned_data["name"], other_answers=form.other_answers())
        return edition.add(scale, by=by, choices=form.choices.choices())
    part = MODELS[kind](edition=edition, **form.values())
    if kind == "criterion" and part.scale_id is None:
        part.scale = edition.scales.first()
    return edition.add(part, by=by)


@require_POST
@editing
def move(request, edition, kind, part):
    found = get_part(edition, kind, part)
    edition.move(found, by=request.user, direction="up" if request.POST.get("direction") == "up" else "down")
    back = edition.url_of(found.dimension) if kind == "criterion" else edition.get_editor_url()
    return redirect(f"{back}#{kind}-{found.pk}")


@require_POST
@editing
def remove(request, edition, kind, part):
    found = get_part(edition, kind, part)
    back = edition.url_of(found.dimension) if kind == "criterion" else edition.get_editor_url()
    edition.remove(found, by=request.user)
    messages.success(request, "Removed.")
    return redirect(back)
