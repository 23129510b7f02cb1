"""A score from counted votes is the score from the people who gave them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from assessments import scoring
from assessments.scoring.rescoring import KeptCriterion, rescore

from ..examples import examples
from .strategies import by_levels


@st.composite
def answered(draw):
    instrument = draw(by_levels())
    codes = {c.key: [None, "NA", "DK", *c.scale.codes] for c in instrument.criteria}
    person = st.fixed_dictionaries({key: st.sampled_from(choices) for key, choices in codes.items()})
    agreed = st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(["NA", *choices[3:]]) for key, choices in codes.items()}
    )
    return instrument, draw(st.lists(person, max_size=4)), draw(agreed)


@given(answered())
@examples(60)
def test_counted_votes_give_the_same_score(given_answers):
    instrument, people, agreed = given_answers
    score = scoring.score(instrument, people, agreed)
    kept = {
        c.key: KeptCriterion(
            rating=score.criteria[c.key].rating,
            is_agreed=score.criteria[c.key].agreed,
            votes=Counter(person[c.key] for person in people if person[c.key] is not None),
        )
        for c in instrument.criteria
    }
    assert rescore(instrument, kept, by_votes=True) == score
    by_ratings = rescore(instrument, kept, by_votes=False)
    for part, other in [
        (score.whole, by_ratings.whole),
        *zip(score.dimensions.values(), by_ratings.dimensions.values(), strict=True),
    ]:
        assert (part.outcomes, part.index, part.cells) == (other.outcomes, other.index, other.cells)
        assert (other.agreement, other.discuss) == (None, 0)
