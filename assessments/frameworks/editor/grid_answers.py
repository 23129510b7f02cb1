"""What a change in the grid is answered with, and what the session remembers of removed criteria."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from ...models import Criterion, Edition
from ...web.requests import Request
from .grid import Grid, Place

#: Where the session keeps what was removed and can be put back, the newest last.
REMOVED = "removed_criteria"
MAX_REMOVED = 10


def place_of(criterion: Criterion) -> Place:
    """The cell of a criterion: the ids of its dimension and level."""
    return criterion.dimension_id, criterion.level_id


def removed_from(request: Request, edition: Edition) -> dict[str, Any] | None:
    """What was removed from this draft last and can be put back."""
    for removed in reversed(request.session.get(REMOVED, [])):
        if removed["draft"] == str(edition.pk):
            return removed["criterion"]
    return None


def remember_removed(request: Request, edition: Edition, criterion: dict[str, Any]) -> None:
    kept = [*request.session.get(REMOVED, []), {"draft": str(edition.pk), "criterion": criterion}]
    request.session[REMOVED] = kept[-MAX_REMOVED:]


def is_on_grid(request: Request) -> bool:
    """Whether the page that sent this shows the grid."""
    return urlsplit(request.htmx.current_url or "").path.endswith("/edit/grid/")


def changed_cells(grid: Grid, places: Iterable[Place]) -> dict[str, Any]:
    """What a fragment needs to put these cells, and the counts of their rows, in their places."""
    wanted = set(places)
    rows = [row for row in grid.rows if row.dimension.pk in {dimension for dimension, _level in wanted}]
    cells = [cell for row in rows for cell in row.cells if cell.place in wanted]
    return {"rows": rows, "cells": cells}


def changed(
    request: Request, edition: Edition, places: Iterable[Place], *, status: int = 200, **context: Any
) -> HttpResponse:
    """To htmx: the cells that have changed, each put in its place. To others: the way back to the grid."""
    if not request.htmx:
        if refusal := context.get("refusal"):
            messages.error(request, refusal)
        return redirect(f"{edition.get_grid_url()}#{context.get('anchor', 'board')}")
    context |= changed_cells(Grid.of(edition), places)
    context |= {"edition": edition, "removed": removed_from(request, edition)}
    response = render(request, "frameworks/editor/_changed.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
