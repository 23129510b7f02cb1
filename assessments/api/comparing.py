"""Two results of a team beside each other, as the page that compares them shows it."""

from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpResponse
from ninja import Query
from pydantic import Field

from ..models import Result
from ..permissions.access import get_team
from ..permissions.roles import Permission
from ..results.comparison import Beside
from ..results.forms import CompareForm
from ..scoring.comparison import Kind, Number, PartChange, Split
from ..scoring.shown import change_number
from .problems import ApiProblem
from .reading import router
from .replies import shown
from .requests import ApiRequest
from .schemas import Index, Shown
from .writing import WRONG


class SplitFigureJson(Shown):
    """A figure before and after. Its change is the sum of what comes from answers, from the version, and from criteria
    that only one of the two asks; all are null if the two cannot be compared."""

    before: Index
    after: Index
    change: float | None
    from_answers: float | None
    from_version: float | None
    from_scope: float | None

    @classmethod
    def of_level(cls, split: Split) -> "SplitFigureJson":
        values: dict[str, Any] = {"before": split.before, "after": split.after}
        return cls(**values, **cls._changes(split))

    @classmethod
    def of_index(cls, split: Split, beside: Beside) -> "SplitFigureJson":
        before, after = beside.old.index_scale.number(split.before), beside.new.index_scale.number(split.after)
        values: dict[str, Any] = {"before": before, "after": after}
        return cls(**values, **cls._changes(split))

    @staticmethod
    def _changes(split: Split) -> dict[str, float | None]:
        return {
            "change": _number(split.total),
            "from_answers": _number(split.team),
            "from_version": _number(split.edition),
            "from_scope": _number(split.scope),
        }


def _number(change: Number | None) -> float | None:
    told = change_number(change)
    return None if told is None else float(told)


class ComparedPartJson(Shown):
    """The whole, with an empty key, or a dimension."""

    key: str
    level: SplitFigureJson
    index: SplitFigureJson

    @classmethod
    def of(cls, part: PartChange, beside: Beside) -> "ComparedPartJson":
        level, index = SplitFigureJson.of_level(part.level), SplitFigureJson.of_index(part.index, beside)
        return cls(key=part.key, level=level, index=index)


class ComparedCriterionJson(Shown):
    """What became of a criterion; `before` and `after` are codes, `NA`, or null without an answer."""

    key: str
    dimension: str
    kind: Annotated[str, Field(json_schema_extra={"enum": [kind.value for kind in Kind]})]
    before: str | None
    after: str | None


class ComparisonJson(Shown):
    """Two results; levels are compared under the rule of the later one, and only on the same ladder."""

    earlier: UUID
    later: UUID
    framework: str
    rule: str
    same_version: bool
    same_ladder: bool
    same_scale: bool
    same_questionnaire: bool
    whole: ComparedPartJson
    dimensions: list[ComparedPartJson]
    criteria: list[ComparedCriterionJson]

    @classmethod
    def of(cls, beside: Beside) -> "ComparisonJson":
        compared = beside.comparison
        values: dict[str, Any] = {
            "earlier": beside.old.pk,
            "later": beside.new.pk,
            "framework": beside.new.edition.framework.key,
            "rule": beside.rule,
            "same_version": beside.same_edition,
            "same_ladder": beside.same_ladder,
            "same_scale": beside.same_scale,
            "same_questionnaire": beside.same_questionnaire,
        }
        return cls(
            **values,
            whole=ComparedPartJson.of(compared.whole, beside),
            dimensions=[ComparedPartJson.of(part, beside) for part in compared.dimensions],
            criteria=[
                ComparedCriterionJson(
                    key=change.key,
                    dimension=change.dimension,
                    kind=change.kind.value,
                    before=change.before,
                    after=change.after,
                )
                for change in compared.criteria
            ],
        )


@router.get(
    "/teams/{uuid:pk}/compare",
    response=ComparisonJson,
    tags=["Results"],
    summary="Two results beside each other",
)
def compare(
    request: ApiRequest,
    pk: UUID,
    earlier: Annotated[UUID, Query(description="The result to compare with.")],
    later: Annotated[UUID, Query(description="The result whose rule counts.")],
) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.SEE_RESULT)
    results = Result.objects.filter(team=team).select_related("edition__framework", "assessment__provenance")
    results = results.defer("outcomes", "cells")
    if results.filter(pk__in=[earlier, later]).count() < len({earlier, later}):
        raise Http404
    form = CompareForm({"earlier": str(earlier), "later": str(later)}, results=results, listed=[])
    if not form.is_valid():
        raise ApiProblem(WRONG, " ".join(str(sentence) for sentence in form.non_field_errors()))
    beside = Beside(form.cleaned_data["earlier"], form.cleaned_data["later"])
    return shown(request, ComparisonJson.of(beside))
