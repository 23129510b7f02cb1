"""A frozen result: ladder, profile, blockers, and the answers behind each criterion."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..access import get_result
from ..progress_charts import radar_chart
from ..standing import Standing
from ..voices import notes_behind, voices_behind


@require_safe
@login_required
def result(request, pk):
    result, may = get_result(request, pk)
    standing = Standing.of(result)
    context = {
        "result": result,
        "team": result.team,
        "may": may,
        "standing": standing,
        "radar": radar_chart(standing),
        "generations": result.assessment.results.order_by("generation").defer("outcomes", "cells"),
        "reopenings": result.assessment.reopenings.select_related("by"),
        "voices": voices_behind(result, request.user, names=may("see names")) if may("see votes") else {},
        "notes": notes_behind(result) if may("see votes") else {},
    }
    return render(request, "results/result.html", context)
