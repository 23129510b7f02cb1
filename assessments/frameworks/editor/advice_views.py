"""The adviser of a draft: what it is about, its questions and its rules, each in a form of its own."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ...models import Edition, EditRefused
from ...web.requests import Request
from ...web.saving import is_stored, made_once
from .advice_forms import (
    KINDS_OF_ADVICE,
    QUESTIONS,
    Adviser,
    EntryForm,
    SubjectForm,
    adviser_of,
    asked_by,
    entry_of,
    moved,
    without,
)
from .grid import Grid
from .part_views import editing


def refuse_without_levels(edition: Edition) -> None:
    """Advice is a level."""
    if not edition.uses_levels:
        raise EditRefused(_("A framework scored by sums has no levels, so it has no adviser."))


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def adviser(request: Request, edition: Edition) -> HttpResponse:
    refuse_without_levels(edition)
    form = SubjectForm(request.POST if request.method == "POST" else None, edition=edition)
    if is_stored(form, lambda: edition.change_adviser(by=request.user, seen=form.seen(), change=form.change)):
        messages.success(request, _("Saved."))
        return redirect(f"{edition.get_rules_url()}#adviser")
    return _page(request, "frameworks/editor/adviser.html", edition, form)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def new(request: Request, edition: Edition, kind: str) -> HttpResponse:
    refuse_without_levels(edition)
    words = KINDS_OF_ADVICE[kind]
    form = words.form(request.POST if request.method == "POST" else None, edition=edition)

    def make() -> Edition:
        return edition.change_adviser(by=request.user, seen=None, change=form.change)

    if made_once(request, form, Edition, make) is not None:
        messages.success(request, _("Added."))
        return redirect(f"{edition.get_rules_url()}#{kind}")
    return _page(request, "frameworks/editor/advice.html", edition, form, kind=kind, words=words, is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def advice(request: Request, edition: Edition, kind: str, advice: str) -> HttpResponse:
    entry = _entry(edition, kind, advice)
    words = KINDS_OF_ADVICE[kind]
    form = words.form(request.POST if request.method == "POST" else None, edition=edition, key=advice)
    if is_stored(form, lambda: edition.change_adviser(by=request.user, seen=form.seen(), change=form.change)):
        messages.success(request, _("Saved."))
        return redirect(f"{edition.get_rules_url()}#{kind}")
    context = {"kind": kind, "words": words, "entry": entry, "cases": len(adviser_of(edition).get("cases", []))}
    return _page(request, "frameworks/editor/advice.html", edition, form, **context)


def _entry(edition: Edition, kind: str, key: str) -> dict:
    entry = entry_of(adviser_of(edition), kind, key)
    if entry is None:
        raise Http404
    return entry


@require_POST
@editing
def move(request: Request, edition: Edition, kind: str, advice: str) -> HttpResponse:
    _entry(edition, kind, advice)
    direction = "up" if request.POST.get("direction") == "up" else "down"

    def change(stored: Adviser | None) -> Adviser | None:
        return moved(stored, kind, advice, direction) if stored else stored

    edition.change_adviser(by=request.user, seen=None, change=change)
    return redirect(f"{edition.get_rules_url()}#{kind}-{advice}")


@require_POST
@editing
def remove(request: Request, edition: Edition, kind: str, advice: str) -> HttpResponse:
    _entry(edition, kind, advice)

    def change(stored: Adviser | None) -> Adviser | None:
        if stored is None:
            return None
        count = asked_by(stored, advice) if kind == QUESTIONS else 0
        if count:
            sentence = ngettext(
                "{count} rule has a condition on this question. Take it out there first.",
                "{count} rules have a condition on this question. Take it out there first.",
                count,
            )
            raise EditRefused(sentence.format(count=count))
        return without(stored, kind, advice)

    edition.change_adviser(by=request.user, seen=None, change=change)
    messages.success(request, _("Removed."))
    return redirect(f"{edition.get_rules_url()}#{kind}")


@require_POST
@editing
def remove_adviser(request: Request, edition: Edition) -> HttpResponse:
    edition.change_adviser(by=request.user, seen=None, change=lambda stored: None)
    messages.success(request, _("Removed."))
    return redirect(edition.get_rules_url())


def _page(
    request: Request, template: str, edition: Edition, form: SubjectForm | EntryForm, **more: object
) -> HttpResponse:
    context = {
        "edition": edition,
        "form": form,
        "grid": Grid.of(edition),
        "revision": form.data.get("revision", edition.revision),
        "back": request.path,
        "has_adviser": "adviser" in edition.blocks,
        **more,
    }
    return render(request, template, context, status=form.http_status)
