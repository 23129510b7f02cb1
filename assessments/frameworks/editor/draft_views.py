"""A draft as a whole: creating it, seeing what it changes and does to results, publishing and discarding it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...models import Edition, EditRefused
from ...permissions.access import get_edition, site_permission
from ...permissions.roles import Permission
from ...web.requests import Request
from .. import impact as impacts
from ..publishing import Readiness
from ..publishing import publish as publish_draft
from .part_views import editing, get_part


@require_POST
@site_permission(Permission.EDIT_FRAMEWORKS)
def make(request: Request, key: str, pk: UUID) -> HttpResponse:
    """Creates a draft of the version after a published one, or continues with the draft that exists."""
    edition = get_edition(request, key, pk)
    draft = edition if edition.is_draft else edition.make_draft(by=request.user)
    return redirect(draft.get_editor_url())


@require_POST
@editing
def discard(request: Request, edition: Edition) -> HttpResponse:
    edition.discard(by=request.user)
    messages.success(request, _("Discarded the draft of {version}.").format(version=edition))
    return redirect("frameworks")


@require_safe
@editing
def changes(request: Request, edition: Edition) -> HttpResponse:
    readiness = Readiness.of(edition)
    context = {"edition": edition, "readiness": readiness, "comparison": readiness.comparison}
    return render(request, "frameworks/editor/changes.html", context)


def _number(text: str, *, without: int = 0) -> int:
    """A number from an address or a form, of up to eight digits: Python refuses to read some thousands."""
    return int(text) if text.isdecimal() and len(text) < 9 else without


@require_POST
@editing
def meaning(request: Request, edition: Edition, kind: str, part: int) -> HttpResponse:
    """Stores what the author says about a changed text: editorial, or a new meaning."""
    if kind not in ("criterion", "scale"):
        raise Http404
    row = get_part(edition, kind, part)
    editorial = request.POST.get("editorial") == "yes"
    seen = _number(request.POST.get("revision", ""), without=-1)
    edition.say_editorial(row, by=request.user, seen=seen, editorial=editorial)
    if request.htmx:
        row.editorial = editorial
        response = render(request, "frameworks/editor/_meaning.html", {"edition": edition, "part": row})
        patch_vary_headers(response, ["HX-Request"])
        return response
    return redirect(f"{edition.get_editor_url()}changes/#meaning-{kind}-{row.pk}")


@require_safe
@editing
def impact(request: Request, edition: Edition) -> HttpResponse:
    """How the latest results would change, a hundred teams at a time."""
    readiness = Readiness.of(edition)
    context = {"edition": edition, "readiness": readiness}
    if readiness.file is not None and ("from" in request.GET or not request.htmx):
        context["step"] = impacts.step(readiness, start=_number(request.GET.get("from", "")))
    template = "frameworks/editor/_impact_step.html" if request.htmx else "frameworks/editor/impact.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def publish(request: Request, edition: Edition) -> HttpResponse:
    refusal = ""
    if request.method == "POST":
        try:
            published = publish_draft(edition, by=request.user, seen=request.POST.get("digest", ""))
        except EditRefused as error:
            refusal = str(error)
        else:
            sentence = _("Published {version}. It cannot be changed any more.")
            messages.success(request, sentence.format(version=published))
            return redirect(published)
    readiness = Readiness.of(edition)
    comparison = readiness.comparison
    context = {
        "edition": edition,
        "readiness": readiness,
        "comparison": comparison,
        "refusal": refusal,
        "teams": impacts.last_results(edition).count(),
        "meanings": sum(readiness.changes_meaning(change) for change in comparison.changed) if comparison else 0,
    }
    return render(request, "frameworks/editor/publish.html", context, status=409 if refusal else 200)
