"""A draft as a whole: made, looked at for what it changes and does, published, discarded."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...models import EditRefused
from ...permissions.access import get_edition, site_permission
from .. import impact as impacts
from ..publishing import Readiness
from ..publishing import publish as publish_draft
from .part_views import editing, get_part


@require_POST
@site_permission("edit frameworks")
def make(request, key, pk):
    """From a published edition to the draft of the next; an existing one is gone on with."""
    edition = get_edition(request, key, pk)
    draft = edition if edition.is_draft else edition.make_draft(by=request.user)
    return redirect(draft.get_editor_url())


@require_POST
@editing
def discard(request, edition):
    edition.discard(by=request.user)
    messages.success(request, f"The draft {edition.version} is discarded.")
    return redirect("frameworks")


@require_safe
@editing
def changes(request, edition):
    readiness = Readiness.of(edition)
    context = {"edition": edition, "readiness": readiness, "comparison": readiness.comparison}
    return render(request, "frameworks/editor/changes.html", context)


def _number(text: str, *, without: int = 0) -> int:
    """What an address or a form has; Python reads no more than some thousand digits, nobody means more than eight."""
    return int(text) if text.isdecimal() and len(text) < 9 else without


@require_POST
@editing
def meaning(request, edition, kind, part):
    """The author's word on a changed text: editorial, or another meaning."""
    if kind not in ("criterion", "scale"):
        raise Http404
    found = get_part(edition, kind, part)
    editorial, seen = request.POST.get("editorial") == "yes", _number(request.POST.get("revision", ""), without=-1)
    edition.say_editorial(found, by=request.user, seen=seen, editorial=editorial)
    if request.htmx:
        found.editorial = editorial
        response = render(request, "frameworks/editor/_meaning.html", {"edition": edition, "part": found})
        patch_vary_headers(response, ["HX-Request"])
        return response
    return redirect(f"{edition.get_editor_url()}changes/#meaning-{kind}-{found.pk}")


@require_safe
@editing
def impact(request, edition):
    """What the last results would come to, a hundred teams at a time."""
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
def publish(request, edition):
    refusal = ""
    if request.method == "POST":
        try:
            published = publish_draft(edition, by=request.user, seen=request.POST.get("digest", ""))
        except EditRefused as error:
            refusal = str(error)
        else:
            messages.success(request, f"{published} is published. From now on it never changes.")
            return redirect(published)
    readiness = Readiness.of(edition)
    context = {
        "edition": edition,
        "readiness": readiness,
        "comparison": readiness.comparison,
        "refusal": refusal,
        "teams": impacts.last_results(edition).count(),
        "meanings": sum(map(readiness.changes_meaning, readiness.comparison.changed)) if readiness.comparison else 0,
    }
    return render(request, "frameworks/editor/publish.html", context, status=409 if refusal else 200)
