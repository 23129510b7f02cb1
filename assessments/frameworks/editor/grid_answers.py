"""What a change in the grid is answered with, and what the session remembers of removed criteria."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from ...models import Criterion, Edition
from ...models.edition_editing import AnyPart
from ...web.requests import Request
from .grid import Grid, Place

#: Where the session keeps what was removed and can be put back, the newest last.
REMOVED = "removed_parts"
MAX_REMOVED = 10
#: All of it together has at most so many criteria, so that a session stays small; the newest is kept anyway.
MAX_CRITERIA = 300


def place_of(criterion: Criterion) -> Place:
    """The cell of a criterion: the ids of its dimension and level."""
    return criterion.dimension_id, criterion.level_id


def removed_from(request: Request, edition: Edition) -> dict[str, Any] | None:
    """What was removed from this draft last and can be put back: its `kind`, `key`, `label` and how many criteria."""
    for kept in reversed(request.session.get(REMOVED, [])):
        if kept["draft"] == str(edition.pk):
            return kept
    return None


def remember_removed(request: Request, part: AnyPart, removed: dict[str, Any]) -> None:
    """`removed` is what `remove_for_now` returned for this part."""
    kept = {
        "draft": str(part.edition_id),
        "kind": part.kind,
        "key": str(part.number) if part.kind == "level" else part.key,
        "label": part.label[:120],
        "count": len(removed["criteria"]),
        "removed": removed,
    }
    others = request.session.get(REMOVED, [])[1 - MAX_REMOVED :]
    while others and sum(other["count"] for other in others) + kept["count"] > MAX_CRITERIA:
        others = others[1:]
    request.session[REMOVED] = [*others, kept]


def forget_removed(request: Request, edition: Edition, kind: str, key: str) -> dict[str, Any] | None:
    """Takes the newest of this kind and key out of the session and returns it, if there is one."""
    others = request.session.get(REMOVED, [])
    wanted = (str(edition.pk), kind, key)
    for kept in reversed(others):
        if (kept["draft"], kept["kind"], kept["key"]) == wanted:
            request.session[REMOVED] = [other for other in others if other is not kept]
            return kept
    return None


def is_on_grid(request: Request) -> bool:
    """Whether the page that sent this shows the grid."""
    return urlsplit(request.htmx.current_url or "").path.endswith("/edit/grid/")


def changed_cells(grid: Grid, places: Iterable[Place]) -> dict[str, Any]:
    """What a fragment needs to put these cells, and the counts of their rows, in their places."""
    wanted = set(places)
    rows = [row for row in grid.rows if row.dimension.pk in {dimension for dimension, _level in wanted}]
    cells = [cell for row in rows for cell in row.cells if cell.place in wanted]
    return {"rows": rows, "cells": cells, "whole": grid}


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
