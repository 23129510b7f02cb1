"""Which answers count in an anonymous assessment: pure functions over answers."""

from collections import Counter
from collections.abc import Iterable, Mapping

from .instrument import DK

#: The fewest votes with which a criterion counts.
LEAST = 4

#: One person's answers: a code by criterion key. "I do not know" is not a vote.
Said = Mapping[str, str]


def counting_criteria(respondents: Iterable[Said]) -> set[str]:
    """Keys of the criteria that at least four of these people voted on."""
    votes = Counter(key for said in respondents for key, code in said.items() if code != DK)
    return {key for key, number in votes.items() if number >= LEAST}


def without_few_votes(respondents: Iterable[Said], counting: set[str]) -> list[dict[str, str]]:
    """The votes on counting criteria alone; people without any are left out.

    All that is worked out, kept and shown starts from here, so none of it depends on the other votes. Who does not
    know is left out too: beside the number of people, that would tell of fewer than four.
    """
    votes = [{key: code for key, code in said.items() if key in counting and code != DK} for said in respondents]
    return [kept for kept in votes if kept]
