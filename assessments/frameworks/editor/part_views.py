"""Editing a draft: the framework's head, its levels, groups, dimensions, scales and criteria; saved as one goes."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST

from ...models import EditRefused, StaleEdit
from ...models.edition_editing import Part
from ...permissions.access import get_edition, site_permission
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
        except EditRefused as refusal:
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
    """What a save is answered with: a fragment that says how it went, or the page. `form` was valid and stored where
    it has `.stored`; `.conflict` is the row that somebody else has saved meanwhile."""
    stored, conflict = getattr(form, "stored", None), getattr(form, "conflict", None)
    status = 200 if stored is not None else 409 if conflict is not None else 422
    revision = stored.revision if stored is not None else form.data.get("revision") or form.instance.revision
    context |= {
        "edition": edition,
        "form": form,
        "conflict": conflict,
        "saved": stored is not None,
        "revision": revision,
    }
    context["differences"] = _differences(form, conflict) if conflict is not None else []
    if request.htmx:
        response = render(request, "frameworks/editor/_status.html", context, status=status)
        patch_vary_headers(response, ["HX-Request"])
        return response
    if stored is not None:
        messages.success(request, "Saved.")
        return redirect(back)
    return render(request, template, context, status=status)


def _differences(form, conflict) -> list[tuple]:
    """What is stored now, by label, where it is not what was posted."""
    values = form.values()
    return [
        (field.label, _in_words(getattr(conflict, field.name)))
        for field in form.visible()
        if getattr(conflict, field.name) != values[field.name]
    ]


def _in_words(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(value)
    return value.label if isinstance(value, Part) else str(value or "")


def saved(form, save) -> bool:
    """Stores a valid form; marks the form with what was stored, or with what stood in the way."""
    if not form.is_valid():
        return False
    try:
        form.stored = save()
    except StaleEdit as stale:
        form.conflict = stale.stored
        return False
    except EditRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def head(request, edition):
    context: dict = {"grid": Grid.of(edition)} if not request.htmx else {}
    if request.method == "POST":
        form = HeadForm(request.POST, instance=get_edition(request, edition.framework.key, edition.pk), edition=edition)
        saved(form, lambda: edition.change_head(by=request.user, seen=form.seen(), **form.values()))
        return answer_to_save(request, edition, form, "frameworks/editor/head.html", context, edition.get_editor_url())
    form = HeadForm(instance=edition, edition=edition, initial={"revision": edition.revision})
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
        saved(form, lambda: edition.change(found, by=request.user, seen=form.seen(), **form.values()))
        return answer_to_save(request, edition, form, "frameworks/editor/part.html", context, edition.url_of(found))
    form = FORMS[kind](instance=found, edition=edition, grid=grid, initial={"revision": found.revision})
    return render(request, "frameworks/editor/part.html", context | {"form": form, "revision": found.revision})


def _scale(request, edition, scale):
    """A scale is saved as a whole, with a button: its choices only make sense together."""
    posted = request.POST if request.method == "POST" else None
    form = ScaleForm(posted, instance=scale, edition=edition, initial={"revision": scale.revision})
    choices = ChoiceFormSet(posted, prefix="choices", initial=choices_of(scale))
    status = 200
    if posted is not None:
        both = {"choices": choices.choices, "other_answers": form.other_answers}
        if choices.is_valid() & form.is_valid() and saved(
            form,
            lambda: edition.change_scale(scale, by=request.user, seen=form.seen(), **{k: v() for k, v in both.items()}),
        ):
            messages.success(request, "Saved.")
            return redirect(edition.url_of(scale))
        status = 409 if hasattr(form, "conflict") else 422
    context = {
        "edition": edition,
        "part": scale,
        "kind": "scale",
        "grid": Grid.of(edition),
        "form": form,
        "choices": choices,
        "conflict": getattr(form, "conflict", None),
        "revision": scale.revision,
    }
    return render(request, "frameworks/editor/scale.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def new(request, edition, kind):
    form_class = {"criterion": NewCriterionForm, "scale": NewScaleForm}.get(kind, FORMS[kind])
    posted, grid = request.POST if request.method == "POST" else None, Grid.of(edition)
    initial = {name: request.GET[name] for name in ("dimension", "level") if name in request.GET}
    form = form_class(posted, edition=edition, grid=grid, initial=initial)
    choices = ChoiceFormSet(posted, prefix="choices", initial=NEW_CHOICES) if kind == "scale" else None
    if form.is_valid() and (choices is None or choices.is_valid()):
        part = _made(edition, kind, form)
        edition.add(part, by=request.user, choices=choices.choices() if choices is not None else [])
        messages.success(request, "Added.")
        return redirect(edition.url_of(part))
    context = {"edition": edition, "kind": kind, "grid": grid, "form": form, "choices": choices}
    return render(request, "frameworks/editor/new.html", context, status=422 if posted is not None else 200)


def _made(edition, kind, form):
    if kind == "scale":
        return MODELS[kind](edition=edition, key=form.cleaned_data["name"], other_answers=form.other_answers())
    part = MODELS[kind](edition=edition, **form.values())
    if kind == "criterion" and part.scale_id is None:
        part.scale = edition.scales.first()
    return part


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
