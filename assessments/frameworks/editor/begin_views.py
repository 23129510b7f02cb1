"""Beginning a new framework: blank, as a copy of another one, or from a table with a preview of what it becomes."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ...models import Edition
from ...permissions.access import site_permission
from ...permissions.roles import Permission
from ...web.requests import Request
from ...web.saving import made_once
from ..storing import begin
from .begin_forms import BeginForm, BlankForm, CopyForm, TableForm


def _begun(request: Request, form: BeginForm) -> HttpResponse | None:
    """The way to the draft that this form has made; None if it cannot make one."""
    draft = made_once(request, form, Edition, lambda: begin(form.data_to_store(), by=request.user))
    if draft is None:
        return None
    messages.success(request, _("The draft of {framework} has begun.").format(framework=draft.name))
    return redirect(draft.get_grid_url())


def _page(request: Request, form: BeginForm, **context: Any) -> HttpResponse:
    return render(request, "frameworks/editor/begin.html", {"form": form, **context}, status=form.http_status)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.EDIT_FRAMEWORKS)
def begin_blank(request: Request) -> HttpResponse:
    form = BlankForm(request.POST if request.method == "POST" else None)
    return _begun(request, form) or _page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.EDIT_FRAMEWORKS)
def begin_copy(request: Request) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = CopyForm(posted, initial={"edition": request.GET.get("edition", "")})
    return _begun(request, form) or _page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.EDIT_FRAMEWORKS)
def begin_table(request: Request) -> HttpResponse:
    """Nothing is stored before its preview has been shown, and nothing is left out unless that was confirmed."""
    form = TableForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form)
    table = form.read()
    context = {"table": table, "hash": form.hash()}
    is_confirmed = "create" in request.POST and form.cleaned_data["shown"] == context["hash"] and table.criteria
    if is_confirmed and table.problems and not form.cleaned_data["without"]:
        form.add_error("without", _("Tick this, or correct the table first."))
    elif is_confirmed and (response := _begun(request, form)):
        return response
    return _page(request, form, **context)
