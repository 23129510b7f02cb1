from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from ..web.requests import Request


@require_safe
@login_required
def signed_in(request: Request) -> HttpResponse:
    """Where somebody lands who signed in again in a second tab, while answers wait in the first."""
    return render(request, "accounts/signed_in.html")


@require_safe
def favicon(request: Request) -> HttpResponse:
    return redirect(static("favicon.svg"))
