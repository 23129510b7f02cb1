"""Bringing earlier assessments in from a file: see what it would do, confirm; and removing them together."""

from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from ..frameworks.import_forms import FILE_LOST, packed
from ..models import HistoryImport, Refused
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from .forms import ChooseHistoryForm, ConfirmHistoryForm
from .lines import HistoryFileError
from .plan import HistoryPlan
from .reading import read_history

#: So many problems the page lists.
SHOWN = 200


def plan_of(form: ChooseHistoryForm | ConfirmHistoryForm, name: str, content: bytes) -> HistoryPlan:
    """What the given file would do; raises HistoryFileError."""
    line = form.history_line()
    given = read_history(name, content, about=form.about(), contents=line.edition.contents)
    return HistoryPlan(given, line, new_teams_in=form.cleaned_data["new_teams_in"])


# Looking for the token reads the whole file, so it is only looked for once an administrator is known to send it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.IMPORT_HISTORY)
@csrf_protect
def import_history(request: Request) -> HttpResponse:
    """The form and what came in before; on POST what the file would do; on POST of that the import."""
    if request.method != "POST":
        return _page(request, form=ChooseHistoryForm())
    if "packed" in request.POST:
        return _confirmed(request)
    form = ChooseHistoryForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    name, content = form.given()
    try:
        plan = plan_of(form, name, content)
    except HistoryFileError as error:
        form.add_error("file", str(error))
        return _page(request, form=form, status=422)
    return _preview(request, form, plan, name=name, content=content)


def _preview(
    request: Request,
    form: ChooseHistoryForm | ConfirmHistoryForm,
    plan: HistoryPlan,
    *,
    name: str,
    content: bytes,
    notice: str = "",
    status: int = 0,
) -> HttpResponse:
    carried = form.carried()
    confirm = None
    if plan.is_possible:
        confirm = ConfirmHistoryForm(initial=carried | {"name": name, "packed": packed(content), "seen": plan.digest})
    return _page(
        request,
        form=ChooseHistoryForm(initial=carried),
        plan=plan,
        name=name,
        problems=plan.problems[:SHOWN],
        more=max(0, len(plan.problems) - SHOWN),
        confirm=confirm,
        notice=notice,
        status=status or (200 if plan.is_possible else 422),
    )


def _confirmed(request: Request) -> HttpResponse:
    form = ConfirmHistoryForm(request.POST)
    if not form.is_valid():
        return _page(request, form=ChooseHistoryForm(), notice=FILE_LOST, status=422)
    name, content = form.given()
    try:
        plan = plan_of(form, name, content)
    except HistoryFileError as error:
        return _page(request, form=ChooseHistoryForm(), notice=str(error), status=422)
    if plan.known:
        # A double click makes one batch.
        messages.success(request, _("These assessments were imported before. Nothing was changed."))
        return redirect(plan.known)
    if form.cleaned_data["seen"] != plan.digest or not plan.is_possible:
        notice = _("What is stored changed after this preview. Check it again, then confirm.")
        return _preview(request, form, plan, name=name, content=content, notice=notice, status=409)
    try:
        stored = plan.carry_out(origin=name, by=request.user)
    except (Refused, IntegrityError):
        # Somebody else did the same, or something that it cannot stand beside, at this moment.
        again = plan_of(form, name, content)
        if again.known:
            return redirect(again.known)
        notice = _("Somebody else changed the same teams just now. Check the preview again, then confirm.")
        return _preview(request, form, again, name=name, content=content, notice=notice, status=409)
    told = ngettext("Imported {number} assessment.", "Imported {number} assessments.", len(plan.earlier))
    messages.success(request, told.format(number=len(plan.earlier)))
    return redirect(stored)


def _page(request: Request, *, status: int = 200, **context: object) -> HttpResponse:
    batches = HistoryImport.objects.with_counts().select_related("edition", "by")
    return render(request, "history_import/import.html", {"batches": batches, **context}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.IMPORT_HISTORY)
def batch(request: Request, pk: UUID) -> HttpResponse:
    """What came in together; on POST it is removed, unless something builds on it."""
    stored = HistoryImport.objects.with_counts().select_related("edition__framework", "by").filter(pk=pk).first()
    if stored is None and request.method == "POST":
        messages.success(request, _("This import was removed before."))
        return redirect("history-import")
    if stored is None:
        raise Http404
    refusal = ""
    if request.method == "POST":
        try:
            stored.remove(by=request.user)
        except (Refused, IntegrityError):
            refusal = _("Something builds on these assessments, so nothing was removed.")
        else:
            told = ngettext("Removed {number} assessment.", "Removed {number} assessments.", stored.assessments_count)
            messages.success(request, told.format(number=stored.assessments_count))
            return redirect("history-import")
    results = stored.results().current_only().select_related("team").order_by("team__name", "team", "date")
    context = {
        "batch": stored,
        "results": results.defer("outcomes", "cells").wired(),
        "builds_on_it": stored.what_builds_on_it(),
        "rule_name": stored.edition.contents.rules.get(stored.rule, ""),
        "refusal": refusal,
    }
    return render(request, "history_import/batch.html", context, status=409 if refusal else 200)
