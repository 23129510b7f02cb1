"""Merging one unit or team into another: choose the other one, read what happens, confirm."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ..models import Team, Unit
from ..web.requests import Request
from ..web.saving import is_stored
from .forms import MergeForm


def merge_page(
    request: Request,
    merged: Unit | Team,
    form: MergeForm,
    *,
    template: str,
    what_happens: Callable[[Any], dict[str, Any]],
    leads_to: str = "",
) -> HttpResponse:
    """`what_happens` is the context about the chosen one. Afterwards it leads to that one if nothing else is named."""
    name = str(merged)
    into = form.cleaned_data["into"] if form.is_valid() else None
    if into is not None and form.is_confirmed:
        other = into
        if is_stored(form, lambda: merged.merge_into(other, by=request.user)):
            messages.success(request, _("Merged {name} into {other}.").format(name=name, other=other))
            return redirect(leads_to or other)
        into = None
    context = {"merged": merged, "form": form, "into": into, "was_changed": False}
    if into is not None:
        forbidden = merged.what_forbids_merging(into)
        context |= {"was_changed": form.was_changed, "forbidden": forbidden, **what_happens(into)}
    status = 409 if context["was_changed"] else 200
    if form.errors:
        status = 422
    return render(request, template, context, status=status)
