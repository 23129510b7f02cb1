"""The level if one criterion were rated otherwise is what a score with that rating says, however often it is asked."""

from hypothesis import given
from hypothesis import strategies as st

from assessments import scoring

from .strategies import instruments, ratings


@given(st.data())
def test_every_answer_is_that_of_a_score_with_it(data):
    instrument = data.draw(instruments())
    codes = data.draw(ratings(instrument))
    rule = instrument.default_rule or scoring.NO_RULE
    settled = scoring.settled_criteria(instrument, [codes])
    level_if = scoring.LevelIf(instrument, settled, rule)
    before = level_if.now
    for criterion in instrument.criteria:
        for code in criterion.scale.values:
            changed = scoring.score(instrument, [{**codes, criterion.key: code}])
            assert level_if(criterion.key, code) == changed.whole.outcomes[rule].level
    assert level_if.now == before
