"""Which criteria are worth a team's time: those that could change its level, and among them the least agreed."""

from collections.abc import Collection, Mapping, Sequence

from .agreement import CriterionScore
from .instrument import Instrument
from .whole import LevelIf


def decisive_first(
    instrument: Instrument,
    settled: Mapping[str, CriterionScore],
    rule: str,
    codes: Mapping[str, Sequence[str]],
    *,
    open_questions: Collection[str],
) -> tuple[list[str], int]:
    """Keys of the criteria, and how many of them, from the front, could change the level by themselves.

    `codes` are the ratings that each can be given. Only `open_questions` can be in front: what nobody doubts is not
    going to change. Among each kind the least agreed comes first: no vote at all is the least, and a single one, which
    agrees with nothing, the most. What is alike stays in the order of the framework.
    """
    level_if = LevelIf(instrument, settled, rule)
    decisive = {key for key in open_questions if any(level_if(key, code) != level_if.now for code in codes[key])}

    def rank(key: str) -> tuple:
        criterion = settled[key]
        is_single = criterion.rwg is None and criterion.rating is not None
        return key not in decisive, is_single, criterion.rwg or 0

    return sorted(codes, key=rank), len(decisive)
