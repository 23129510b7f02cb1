"""A score as plain values for JSON: pure, and the same whether it comes from a file or from a stored assessment."""

from fractions import Fraction
from typing import Any

from .. import scoring

PLACES, ALPHA_PLACES = 2, 3


def score_as_json(instrument: scoring.Instrument, score: scoring.Score, rule: str) -> dict[str, Any]:
    """Every figure under one rule: fractions as text with two decimals (alpha three), undefined ones None.

    `rule` is the key of a rule of the instrument, or scoring.NO_RULE where there are none.
    """
    return _sums(instrument, score) if instrument.method == scoring.SUMS else _levels(instrument, score, rule)


def _text(value: Fraction | None) -> str | None:
    return scoring.rounded(value, PLACES)


def _levels(instrument: scoring.Instrument, score: scoring.Score, rule: str) -> dict[str, Any]:
    outcome = score.whole.outcomes[rule]
    return {
        **_figures(score.whole, rule),
        "coverage": _text(score.whole.coverage),
        "vacuous": list(outcome.vacuous),
        "dimensions": {key: _figures(part, rule) for key, part in score.dimensions.items()},
        "groups": {key: _figures(part, rule) for key, part in score.groups.items()},
        "blockers": list(outcome.blockers),
        **_people(score),
    }


def _figures(part: scoring.PartScore, rule: str) -> dict[str, Any]:
    outcome = part.outcomes[rule]
    return {
        "level": outcome.level,
        "level_best": outcome.best,
        "index": _text(part.index),
        "index_best": _text(part.index_best),
    }


def _sums(instrument: scoring.Instrument, score: scoring.Score) -> dict[str, Any]:
    outcome = score.whole.outcomes[scoring.NO_RULE]
    names = [band.name for band in instrument.bands]
    return {
        "sections": {key: _text(part.index) for key, part in score.dimensions.items()},
        "sections_best": {key: _text(part.index_best) for key, part in score.dimensions.items()},
        "result": _text(score.whole.index),
        "result_best": _text(score.whole.index_best),
        "band": None if outcome.level is None else names[outcome.level],
        "band_best": None if outcome.best is None else names[outcome.best],
        "coverage": _text(score.whole.coverage),
        "blockers": list(outcome.blockers),
        **_people(score),
    }


def _people(score: scoring.Score) -> dict[str, Any]:
    """What each criterion was rated, and how far people agreed."""
    return {
        "criteria": {
            key: {
                "rating": criterion.rating,
                "votes": dict(criterion.votes),
                "share": _text(criterion.share),
                "spread": criterion.spread,
                "rwg": _text(criterion.rwg),
                "split": criterion.split,
                "discuss": criterion.discuss,
            }
            for key, criterion in score.criteria.items()
        },
        "alpha": scoring.rounded(score.alpha, ALPHA_PLACES),
    }
