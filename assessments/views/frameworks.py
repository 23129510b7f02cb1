"""Reading frameworks: every level, dimension and criterion."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from ..access import get_edition, site_permission
from ..models import Edition, Framework


@require_safe
@site_permission("see frameworks")
def frameworks(request):
    return render(request, "frameworks/frameworks.html", {"editions": Edition.objects.usable()})


@require_safe
@login_required
def framework(request, key):
    """The default edition of a framework."""
    edition = get_object_or_404(Framework, key=key).default_edition()
    if edition is None:
        raise Http404
    return redirect(edition)


@require_safe
@login_required
def edition(request, key, pk):
    edition = get_edition(request, key, pk)
    context = {
        "edition": edition,
        "contents": edition.contents,
        "others": edition.framework.editions.published().exclude(pk=edition.pk),
    }
    return render(request, "frameworks/edition.html", context)
