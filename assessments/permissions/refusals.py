"""How pages show that a command was refused."""

from functools import wraps

from django.shortcuts import render

from ..models import PersonGone, Refused
from .access import get_assessment


def refusal_told(view):
    """Decorator: if the assessment refuses what the view does, answers 409, says why and links back."""

    @wraps(view)
    def wrapped(request, pk, *args, **kwargs):
        try:
            return view(request, pk, *args, **kwargs)
        except PersonGone:
            raise
        except Refused as refusal:
            assessment, _ = get_assessment(request, pk, may="see team")
            context = {"assessment": assessment, "sentence": str(refusal)}
            return render(request, "lifecycle/refused.html", context, status=409)

    return wrapped
