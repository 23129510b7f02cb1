"""Figures of a team month by month, as the page of its figures shows and records them."""

import datetime
from typing import Annotated
from uuid import UUID

from django.http import Http404, HttpResponse
from ninja import Path, Query
from pydantic import BeforeValidator, Field

from ..measurements.definitions import MOST, MetricDefinition
from ..measurements.forms import FigureForm
from ..measurements.reading import as_entered
from ..measurements.team_figures import metrics_for
from ..models import Measurement, Team
from ..permissions.access import get_team
from ..permissions.roles import Permission
from .reading import OfFramework, router
from .replies import AfterNumber, IdempotencyKey, Limit, PageJson, carried_out, page_of, require_unchanged, shown
from .requests import METRICS, ApiRequest
from .schemas import Shown, Taken, written_as_number
from .writing import saved, sent

MetricKey = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,120}$", description="The key of the metric.")]
MonthText = Annotated[str, Path(pattern=r"^2[0-9]{3}-(0[1-9]|1[0-2])$", description="A month such as 2026-10.")]
DefinedBy = Annotated[
    str | None,
    Query(max_length=120, pattern=r"^[^\x00]*$", description="The framework that defines it; none if built in."),
]


class MetricJson(Shown):
    """What can be recorded for a team; `framework` is null for a metric that comes with the product."""

    key: str
    framework: str | None
    name: str
    about: str
    unit: str
    more_is_better: bool

    @classmethod
    def of(cls, metric: MetricDefinition) -> "MetricJson":
        return cls(
            key=metric.key,
            framework=metric.framework.key if metric.framework else None,
            name=str(metric.name),
            about=str(metric.about),
            unit=metric.unit.value,
            more_is_better=metric.more_is_better,
        )


class MeasurementJson(Shown):
    """What was measured in one month, in the unit of the metric."""

    id: int
    metric: str
    framework: str | None
    month: str
    value: float
    link: str
    source: Measurement.Source

    @classmethod
    def of(cls, row: Measurement) -> "MeasurementJson":
        return cls(
            id=row.pk,
            metric=row.metric,
            framework=row.framework.key if row.framework else None,
            month=f"{row.month:%Y-%m}",
            value=float(row.value),
            link=row.link,
            source=Measurement.Source(row.source),
        )


class NewMeasurement(Taken):
    """A value in the unit of the metric, rounded to three decimals, and where it can be looked up."""

    value: Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False), BeforeValidator(written_as_number)]
    link: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


@router.get("/teams/{uuid:pk}/metrics", response=PageJson[MetricJson], tags=["Figures"], summary="What can be recorded")
def metrics(request: ApiRequest, pk: UUID) -> HttpResponse:
    """The built-in metrics, and those of the frameworks that the team is or was assessed in; always one part."""
    team, _may = get_team(request, pk, may=Permission.SEE_RESULT)
    items = [MetricJson.of(metric) for metric in metrics_for(team)]
    return shown(request, PageJson[MetricJson](items=items))


@router.get(
    "/teams/{uuid:pk}/measurements", response=PageJson[MeasurementJson], tags=["Figures"], summary="Figures of a team"
)
def measurements(
    request: ApiRequest,
    pk: UUID,
    metric: Annotated[str | None, Query(max_length=120, pattern=r"^[^\x00]*$", description="Only of this one.")] = None,
    framework: OfFramework = None,
    limit: Limit = 50,
    after: AfterNumber = None,
) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.SEE_RESULT)
    rows = team.measurements.select_related("framework")
    if metric is not None:
        rows = rows.filter(metric=metric)
    if framework is not None:
        rows = rows.filter(framework__key=framework)
    return page_of(request, rows, limit=limit, after=after, item=MeasurementJson.of)


def _stored(team: Team, *, key: str, framework: str | None, month: str) -> Measurement | None:
    day = datetime.date.fromisoformat(f"{month}-01")
    rows = team.measurements.select_related("framework").filter(metric=key, month=day)
    return rows.filter(framework__key=framework).first() if framework else rows.filter(framework=None).first()


@router.get(
    "/teams/{uuid:pk}/metrics/{str:key}/{str:month}",
    response=MeasurementJson,
    tags=["Figures"],
    summary="The figure of a month",
)
def measurement(
    request: ApiRequest, pk: UUID, key: MetricKey, month: MonthText, framework: DefinedBy = None
) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.SEE_RESULT)
    row = _stored(team, key=key, framework=framework, month=month)
    if row is None:
        raise Http404
    return shown(request, MeasurementJson.of(row))


@router.put(
    "/teams/{uuid:pk}/metrics/{str:key}/{str:month}",
    auth=METRICS,
    response=MeasurementJson,
    tags=["Figures"],
    summary="Record the figure of a month",
)
def record_measurement(
    request: ApiRequest,
    pk: UUID,
    key: MetricKey,
    month: MonthText,
    body: NewMeasurement,
    framework: DefinedBy = None,
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    """Replaces what stood there; the journal keeps it. With `If-Match`, only what you have read."""
    team, _may = get_team(request, pk, may=Permission.RECORD_FIGURES)

    def do() -> MeasurementJson:
        there = _stored(team, key=key, framework=framework, month=month)
        if there is not None or "If-Match" in request.headers:
            require_unchanged(request, MeasurementJson.of(there) if there else None)
        values = {
            "metric": f"{framework}/{key}" if framework else key,
            "month": month,
            "value": as_entered(body.value),
            "link": body.link,
            "revision": there.revision if there else 0,
        }
        form = FigureForm(sent(values), metrics=metrics_for(team), today=team.today())
        row = saved(
            form,
            lambda: Measurement.objects.record(
                form.measured(), team=team, by=request.user, source=Measurement.Source.API, seen=form.seen()
            ),
            {"metric": "key"},
        )
        return MeasurementJson.of(row)

    return carried_out(request, do)


@router.delete(
    "/teams/{uuid:pk}/metrics/{str:key}/{str:month}",
    auth=METRICS,
    response={204: None},
    tags=["Figures"],
    summary="Remove the figure of a month",
)
def remove_measurement(
    request: ApiRequest,
    pk: UUID,
    key: MetricKey,
    month: MonthText,
    framework: DefinedBy = None,
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.RECORD_FIGURES)

    def do() -> None:
        row = _stored(team, key=key, framework=framework, month=month)
        if row is None:
            raise Http404
        require_unchanged(request, MeasurementJson.of(row))
        row.remove(by=request.user, seen=row.revision)

    return carried_out(request, do)
