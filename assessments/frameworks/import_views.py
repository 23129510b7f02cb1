"""Framework files up and down in the browser. Importing always shows first what it would do."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe
from pydantic import ValidationError

from ..models import EditRefused
from ..permissions.access import get_edition, site_permission
from .editor.part_views import refused
from .format.files import FrameworkFileError, reads, write
from .import_forms import ConfirmForm, UploadForm
from .import_plan import PartialImport, Plan, plan
from .importers import NAMES, adapt, sources_of
from .storing import VersionTaken, file_of


def _plan(form) -> Plan:
    """What the given file would do; raises FrameworkFileError, VersionTaken or EditRefused."""
    name, content = form.given()
    kind, version = form.cleaned_data["kind"], form.cleaned_data["label"]
    if kind in NAMES:
        return plan(adapt(kind, sources_of(kind, name, content), version=version))
    return plan(reads(content, name=name, version=version))


# To look for the token is to read the file, so it is looked for once it is known that an administrator sends it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@site_permission("edit frameworks")
@csrf_protect
def import_framework(request):
    if "packed" in request.POST:
        return _carry_out(request)
    form = UploadForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    status = 200
    context: dict = {"form": form}
    if form.is_bound and not form.is_valid():
        status = 422
    elif form.is_bound:
        try:
            context["plan"] = _plan(form)
        except (FrameworkFileError, VersionTaken, EditRefused) as error:
            context["problems"], status = getattr(error, "problems", [error]), 422
        else:
            context["confirm"] = ConfirmForm(initial=_carried(form))
    return render(request, "frameworks/import.html", context, status=status)


def _carried(form) -> dict:
    form.cleaned_data["file"].seek(0)
    name, content = form.given()
    kept = {name: form.cleaned_data[name] for name in ("kind", "label")}
    return {"name": name[-255:], "packed": ConfirmForm.pack(content), **kept}


def _carry_out(request):
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        context = {"form": UploadForm(), "problems": ["The file did not come through. Choose it again."]}
        return render(request, "frameworks/import.html", context, status=422)
    found: Plan | None = None
    try:
        found = _plan(form)
        stored = found.carry_out(by=request.user, partial=form.cleaned_data["partial"])
    except PartialImport:
        form.add_error("partial", "Tick this to import it all the same.")
        context = {"form": UploadForm(), "plan": found, "confirm": form}
        return render(request, "frameworks/import.html", context, status=422)
    except (FrameworkFileError, VersionTaken, EditRefused) as error:
        context = {"form": UploadForm(), "problems": getattr(error, "problems", [error])}
        return render(request, "frameworks/import.html", context, status=422)
    edition = stored.edition
    if stored.is_new:
        messages.success(request, f"{edition} is imported as a draft. {found.summary}")
    else:
        messages.success(request, f"{edition} was there already.")
    return redirect(edition.get_editor_url() if edition.is_draft else edition)


@require_safe
@login_required
def export(request, key, pk):
    """The edition as a file."""
    edition = get_edition(request, key, pk)
    try:
        text = write(file_of(edition))
    except ValidationError:
        return refused(
            request, edition, EditRefused("This draft is not a whole framework yet; see what is missing first.")
        )
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    safe = "".join(c if c.isalnum() or c in "-._" else "-" for c in f"{key}-{edition.version}")
    response.headers["Content-Disposition"] = f'attachment; filename="{safe.encode("ascii", "replace").decode()}.yaml"'
    return response
