"""How pages show that a command was refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from ..models import PersonGone, Refused
from ..web.requests import Request
from .access import get_assessment
from .roles import Permission


def refusal_told(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: if the assessment refuses what the view does, answers 409, says why and links back."""

    @wraps(view)
    def wrapped(request: Request, pk: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, pk, *args, **kwargs)
        except PersonGone:
            raise
        except Refused as refusal:
            assessment, _ = get_assessment(request, pk, may=Permission.SEE_TEAM)
            context = {"assessment": assessment, "sentence": str(refusal)}
            return render(request, "lifecycle/refused.html", context, status=409)

    return wrapped
