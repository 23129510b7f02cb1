"""The figures of a sealed file: the same plain values from a frozen result and from a score calculated again."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import scoring
from ..models import CriterionResult, PartResult, Result
from ..models.results import Figures, as_text

#: What a part has in the file, and the field that it is stored in.
PART = {
    "level": "level",
    "best": "best",
    "outcomes": "outcomes",
    "index": "index_exact",
    "index_best": "index_best_exact",
    "cells": "cells",
    "answered": "answered",
    "not_applicable": "not_applicable",
    "asked": "asked",
}
#: What follows from the votes alone.
PART_BY_VOTES = {"agreement": "agreement_exact", "discuss": "discuss"}
BY_VOTES = {"share": "share_exact", "spread": "spread", "rwg": "rwg_exact", "split": "split", "discuss": "discuss"}


def frozen_figures(result: Result, criteria: Iterable[CriterionResult], *, votes: bool) -> dict[str, Any]:
    """The figures as they were frozen when the assessment was closed."""
    parts: dict[str, dict[str, Any]] = {kind: {} for kind in PartResult.Kind.values}
    for row in result.parts.all():
        parts[row.kind][row.key] = _part(vars(row), votes)
    names = {"points": "points_exact", **(BY_VOTES if votes else {})}
    return {
        "whole": _part(vars(result), votes),
        "groups": parts[PartResult.Kind.GROUP],
        "dimensions": parts[PartResult.Kind.DIMENSION],
        "criteria": {row.key: {name: getattr(row, field) for name, field in names.items()} for row in criteria},
        "warnings": result.warnings,
        "left_out": result.left_out,
        **({"alpha": result.alpha_exact} if votes else {}),
    }


def scored_figures(score: scoring.Score, rule: str, *, votes: bool, anonymous: bool) -> dict[str, Any]:
    """The same figures of a score under a rule.

    In an anonymous assessment, what is unanswered may have votes, but fewer than four: it is counted as left out.
    """

    def parts(of: Mapping[str, scoring.PartScore]) -> dict[str, Any]:
        return {key: _part(Figures.values_of(part, rule), votes) for key, part in of.items()}

    return {
        "whole": _part(Figures.values_of(score.whole, rule), votes),
        "groups": parts(score.groups),
        "dimensions": parts(score.dimensions),
        "criteria": {key: _criterion(settled, votes) for key, settled in score.criteria.items()},
        "warnings": list(score.applicability_warnings),
        "left_out": score.whole.unanswered if anonymous else 0,
        **({"alpha": as_text(score.alpha)} if votes else {}),
    }


def _part(values: Mapping[str, Any], votes: bool) -> dict[str, Any]:
    return {name: values[field] for name, field in (PART | (PART_BY_VOTES if votes else {})).items()}


def _criterion(settled: scoring.CriterionScore, votes: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"points": as_text(settled.points)}
    if votes:
        values |= {"share": as_text(settled.share), "spread": settled.spread, "rwg": as_text(settled.rwg)}
        values |= {"split": settled.split, "discuss": settled.discuss}
    return values


def differences(given: Any, expected: Any, path: str = "figures") -> Iterator[str]:
    """Where two values differ, as `figures.whole.level: 3 in the file, 2 calculated`."""
    if isinstance(given, dict) and isinstance(expected, dict):
        for key in sorted(given.keys() | expected.keys()):
            yield from differences(given.get(key), expected.get(key), f"{path}.{key}")
    elif given != expected or type(given) is not type(expected):
        yield f"{path}: {given} in the file, {expected} calculated"
