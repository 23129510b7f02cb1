"""Importing and exporting framework files in the browser. An import always begins with a preview of what it does."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe
from pydantic import ValidationError

from ..models import EditRefused
from ..permissions.access import get_edition, site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from .editor.part_views import refused
from .format.files import FrameworkFileError, reads, write
from .format.problems import Problem
from .import_forms import FILE_LOST, ConfirmForm, UploadForm, packed
from .import_plan import PartialImport, Plan, plan
from .importers import NAMES, adapt, sources_of
from .storing import VersionTaken, file_of


def _plan(form: Any) -> Plan:
    """What the given file would do; raises FrameworkFileError, VersionTaken or EditRefused."""
    name, content = form.given()
    kind = form.cleaned_data["kind"]
    options = form.options()
    if kind in NAMES:
        return plan(adapt(kind, sources_of(kind, name, content), options))
    return plan(reads(content, name=name, version=options.version))


# Looking for the token reads the whole file, so it is only looked for once an administrator is known to send it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.EDIT_FRAMEWORKS)
@csrf_protect
def import_framework(request: Request) -> HttpResponse:
    if "packed" in request.POST:
        return _carry_out(request)
    if request.method != "POST":
        kind = request.GET.get("kind")
        form = UploadForm(initial={"kind": kind} if kind in NAMES else None)
        return render(request, "frameworks/import.html", {"form": form})

    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "frameworks/import.html", {"form": form}, status=422)
    try:
        preview = _plan(form)
    except (FrameworkFileError, VersionTaken, EditRefused) as error:
        return _not_imported(request, form, error)
    confirm = ConfirmForm(initial=_carried(form) | {"levels": preview.levels_in_words})
    context = {"form": form, "plan": preview, "confirm": confirm}
    return render(request, "frameworks/import.html", context)


def _not_imported(request: Request, form: UploadForm, error: Exception) -> HttpResponse:
    """422 with what is wrong: the problems of the file, or one sentence about what stands in the way."""
    context: dict[str, Any] = {"form": form}
    if isinstance(error, FrameworkFileError):
        context["problems"] = [shown(problem) for problem in error.problems]
    else:
        context["refusal"] = str(error)
    return render(request, "frameworks/import.html", context, status=422)


def shown(problem: Problem) -> dict[str, str]:
    """A problem as the page shows it: where it is, and what to do."""
    where = problem.file
    if problem.line is not None:
        where = _("{file}, line {line}").format(file=problem.file, line=problem.line)
    sentence = problem.message
    if problem.mend:
        sentence = _("{problem}; {remedy}").format(problem=problem.message, remedy=problem.mend)
    return {"where": where, "path": problem.path, "sentence": sentence}


def _carried(form: UploadForm) -> dict[str, str]:
    """What the preview sends again when the import is confirmed."""
    form.cleaned_data["file"].seek(0)
    name, content = form.given()
    return {
        "name": name[-255:],
        "packed": packed(content),
        "kind": form.cleaned_data["kind"],
        "label": form.cleaned_data["label"],
    }


def _carry_out(request: Request) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        context = {"form": UploadForm(), "refusal": FILE_LOST}
        return render(request, "frameworks/import.html", context, status=422)
    preview: Plan | None = None
    try:
        preview = _plan(form)
        if "again" in request.POST:
            return render(request, "frameworks/import.html", {"form": UploadForm(), "plan": preview, "confirm": form})
        stored = preview.carry_out(by=request.user, partial=form.cleaned_data["partial"])
    except PartialImport:
        form.add_error("partial", _("Select this to import without the rest."))
        context = {"form": UploadForm(), "plan": preview, "confirm": form}
        return render(request, "frameworks/import.html", context, status=422)
    except (FrameworkFileError, VersionTaken, EditRefused) as error:
        if isinstance(error, FrameworkFileError) and form.cleaned_data["levels"]:
            return _levels_refused(request, form, error)
        return _not_imported(request, UploadForm(), error)

    edition = stored.edition
    if stored.is_new:
        message = _("Imported {version} as a draft. {summary}")
        messages.success(request, message.format(version=edition, summary=preview.summary))
    else:
        messages.success(request, _("{version} exists already.").format(version=edition))
    return redirect(edition.get_editor_url() if edition.is_draft else edition)


def _levels_refused(request: Request, form: ConfirmForm, error: FrameworkFileError) -> HttpResponse:
    """422 with the file still there: it could be read before levels were chosen."""
    form.add_error("levels", capfirst(shown(error.problems[0])["sentence"]))
    try:
        context = {"form": UploadForm(), "plan": _plan(form), "confirm": form}
    except (FrameworkFileError, VersionTaken, EditRefused) as still:
        return _not_imported(request, UploadForm(), still)
    return render(request, "frameworks/import.html", context, status=422)


@require_safe
@login_required
def export(request: Request, key: str, pk: UUID) -> HttpResponse:
    """The version as a file."""
    edition = get_edition(request, key, pk)
    try:
        text = write(file_of(edition))
    except ValidationError:
        sentence = _("This draft is not complete yet. “Publish” shows what is missing.")
        return refused(request, edition, EditRefused(sentence))
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    name = "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in f"{key}-{edition.version}")
    name = name.encode("ascii", "replace").decode()
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return response
