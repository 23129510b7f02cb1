"""Facts of pipelines: reporting them, and reading what is known. They stand beside answers, and change no figure."""

import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import AwareDatetime, BeforeValidator, Field

from ..evidence.report_map import MapProblem
from ..evidence.reports import ReportKind, ReportProblem, facts_of
from ..models import CheckState, Edition, Fact, FactsRefused, Framework, Pushed, Team
from ..models.checks import MOST_FACTS, USUAL
from ..permissions.access import get_team
from ..permissions.roles import Permission
from .problems import ApiProblem
from .reading import OfFramework, router
from .replies import AfterNumber, IdempotencyKey, Limit, PageJson, carried_out, page_of
from .requests import CHECKS, ApiRequest
from .schemas import Key, Shown, Taken, written_as_number
from .writing import WRONG


def _written_as_instant(value: object) -> object:
    """With its time zone; numbers are no instants, though pydantic takes them for seconds since 1970."""
    if not isinstance(value, str) or "T" not in value:
        raise ValueError("Write an instant with its time zone, such as 2026-01-31T12:00:00Z.")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written_as_instant)]
Source = Annotated[
    str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="The program.")
]
Link = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$", description="Where it can be looked up.")]


class FactJson(Taken):
    """What a program found out about a criterion. The newest of each source and criterion counts."""

    criterion: Key
    source: Source
    outcome: Literal["passed", "failed", "unknown"]
    value: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$", description="What was read, for people.")] = ""
    link: Link = ""
    observed_at: Annotated[Instant | None, Field(description="Now, if left out.")] = None
    valid_until: Annotated[Instant | None, Field(description="30 days after it was observed, if left out.")] = None

    def fact(self, now: datetime.datetime) -> Fact:
        observed_at = self.observed_at or now
        return Fact(
            criterion=self.criterion,
            source=self.source,
            outcome=self.outcome,
            value=self.value,
            link=self.link,
            observed_at=observed_at,
            valid_until=self.valid_until or _later(observed_at, USUAL),
        )


def _later(moment: datetime.datetime, by: datetime.timedelta) -> datetime.datetime:
    """So much later; at the end of the calendar it stays there, and is refused as what it is."""
    try:
        return moment + by
    except OverflowError:
        return moment


class FactsJson(Taken):
    framework: Key
    facts: Annotated[list[FactJson], Field(min_length=1, max_length=MOST_FACTS)]


class ReportJson(Taken):
    """A report of another program, and what in it means what, a line for each: `Branch-Protection >= 8 -> key`."""

    framework: Key
    map: Annotated[str, Field(min_length=1, max_length=100_000, pattern=r"^[^\x00]*$")]
    text: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$", description="Up to 2 MB.")]
    source: Annotated[str, Field(max_length=80, pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")] = ""
    link: Link = ""
    valid_days: Annotated[int, Field(ge=1, le=400), BeforeValidator(written_as_number)] = 30


class PushedJson(Shown):
    """How many facts came, how many were newer than what was known, and how many of these have another outcome."""

    received: int
    stored: int
    changed: int

    @classmethod
    def of(cls, pushed: Pushed) -> "PushedJson":
        return cls(received=pushed.received, stored=pushed.stored, changed=pushed.changed)


class CheckJson(Shown):
    """What is known of one check. It counts until `valid_until`."""

    id: int
    framework: str
    criterion: str
    source: str
    outcome: str
    value: str
    link: str
    observed_at: datetime.datetime
    valid_until: datetime.datetime
    since: datetime.datetime

    @classmethod
    def of(cls, state: CheckState) -> "CheckJson":
        return cls(
            id=state.pk,
            framework=state.framework.key,
            criterion=state.criterion,
            source=state.source,
            outcome=state.outcome,
            value=state.value,
            link=state.link,
            observed_at=state.observed_at,
            valid_until=state.valid_until,
            since=state.since,
        )


@router.get(
    "/teams/{uuid:pk}/checks",
    response=PageJson[CheckJson],
    tags=["Checks"],
    summary="What pipelines reported",
    url_name="api-checks",
)
def checks(
    request: ApiRequest, pk: UUID, framework: OfFramework = None, limit: Limit = 50, after: AfterNumber = None
) -> HttpResponse:
    """For whoever may report them: a fact that people see before they answer would draw their answers."""
    team, _may = get_team(request, pk, may=Permission.RECORD_FIGURES)
    rows = team.checks.select_related("framework")
    if framework is not None:
        rows = rows.filter(framework__key=framework)
    return page_of(request, rows, limit=limit, after=after, item=CheckJson.of)


@router.post(
    "/teams/{uuid:pk}/checks",
    auth=CHECKS,
    response=PushedJson,
    tags=["Checks"],
    summary="Report facts",
    url_name="api-checks",
)
def push_checks(request: ApiRequest, pk: UUID, body: FactsJson, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """All or none. A fact that is older than what is known changes nothing, so that it may come late or twice."""
    team, _may = get_team(request, pk, may=Permission.RECORD_FIGURES)

    def do() -> PushedJson:
        now = timezone.now()
        return _pushed(request, team, body.framework, [fact.fact(now) for fact in body.facts], at="facts.")

    return carried_out(request, do)


@router.post(
    "/teams/{uuid:pk}/reports",
    auth=CHECKS,
    response=PushedJson,
    tags=["Checks"],
    summary="Report facts from a file of another program",
    url_name="api-reports",
)
def push_report(
    request: ApiRequest,
    pk: UUID,
    body: ReportJson,
    kind: Annotated[ReportKind, Query(description="What wrote the report.")],
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    """OpenSSF Scorecard, SARIF or JUnit. What the report does not tell is unknown, and contradicts no answer."""
    team, _may = get_team(request, pk, may=Permission.RECORD_FIGURES)

    def do() -> PushedJson:
        try:
            facts = facts_of(
                body.text,
                kind=kind,
                mapping=body.map,
                source=body.source,
                link=body.link,
                valid_for=datetime.timedelta(days=body.valid_days),
            )
        except (MapProblem, ReportProblem) as problem:
            at = "map" if isinstance(problem, MapProblem) else "text"
            raise ApiProblem(WRONG, _("This report cannot be stored."), errors=[(at, str(problem))]) from problem
        return _pushed(request, team, body.framework, facts, at="")

    return carried_out(request, do)


def _pushed(request: ApiRequest, team: Team, key: str, facts: list[Fact], *, at: str) -> PushedJson:
    published = Edition.objects.frozen().values("framework")
    framework = Framework.objects.filter(key=key, pk__in=published).first()
    if framework is None:
        problem = _("There is no framework with this key.")
        raise ApiProblem(WRONG, _("Some values do not fit what is there."), errors=[("framework", problem)])
    try:
        pushed = CheckState.objects.push(facts, team=team, framework=framework, by=request.user, key=request.key)
    except FactsRefused as refusal:
        errors = [(f"{at}{place}", sentence) for place, sentence in refusal.problems]
        raise ApiProblem(WRONG, str(refusal), errors=errors) from refusal
    return PushedJson.of(pushed)
