"""Level and index while single ratings change: as if everything were counted anew, at the cost of one cell."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import scoring
from assessments.scoring import NA, Tally, Threshold
from assessments.scoring.smallest_changes import Raise, smallest_changes, steps, tally_of

from ..examples import examples
from ..instruments import make_instrument
from .strategies import by_levels, instruments, ratings

pytestmark = pytest.mark.slow


def everything(tally: Tally, instrument):
    levels = instrument.levels[1:]
    return (
        tally.index,
        {rule: tally.level(rule) for rule in instrument.rule_keys},
        [(tally.applies(level), tally.level_mean(level)) for level in levels],
    )


@examples(200)
@given(data=st.data())
def test_rating_one_after_the_other_comes_to_what_counting_anew_does(data):
    instrument = data.draw(instruments())
    now = data.draw(ratings(instrument))
    tally = tally_of(instrument, now)
    for _ in range(data.draw(st.integers(1, 6))):
        criterion = data.draw(st.sampled_from(instrument.criteria))
        code = data.draw(st.sampled_from([None, NA, *criterion.scale.codes]))
        now = {**now, criterion.key: code}
        tally.rate(criterion.key, criterion.scale.points_of(code))
        assert everything(tally, instrument) == everything(tally_of(instrument, now), instrument)


@examples(200)
@given(data=st.data())
def test_a_tally_gives_the_figures_of_a_score(data):
    instrument = data.draw(instruments())
    now = data.draw(ratings(instrument))
    whole = scoring.score(instrument, [now]).whole
    index, levels, _ = everything(tally_of(instrument, now), instrument)
    assert (index, levels) == (whole.index, {rule: outcome.level for rule, outcome in whole.outcomes.items()})


@examples(100)
@given(data=st.data())
def test_every_step_of_the_smallest_changes_is_what_a_score_of_it_says(data):
    instrument = data.draw(by_levels())
    now = data.draw(ratings(instrument))
    rule = data.draw(st.sampled_from(instrument.rule_keys))
    changes = smallest_changes(instrument, now, rule=rule, goal=2) or ()
    start = scoring.score(instrument, [now]).whole.index or 0
    so_far = dict(now)
    for step in steps(instrument, now, changes, rule=rule):
        key, code = step.change.key, step.change.after
        alone = scoring.score(instrument, [{**now, key: code}]).whole
        so_far[key] = code
        together = scoring.score(instrument, [so_far]).whole
        assert step.adds == (alone.index or 0) - start
        assert (step.index, step.level) == (together.index, together.outcomes[rule].level)
        # The index is linear, so that what each adds by itself comes to what all of them add.
        assert step.adds_exactly


def comparisons(criteria: int, changes: int, monkeypatch) -> int:
    """How often points are held against a threshold for the steps of that many changes."""
    made = 0
    met_by = Threshold.met_by

    def counting(self, points: Fraction) -> bool:
        nonlocal made
        made += 1
        return met_by(self, points)

    rows = [f"c{n} {'XYZ'[n % 3]} {1 + n % 3}" for n in range(criteria)]
    instrument = make_instrument(rows)
    raised = [Raise(key=f"c{n}", before="N", after="F", steps=3) for n in range(changes)]
    with monkeypatch.context() as patched:
        patched.setattr(Threshold, "met_by", counting)
        steps(instrument, dict.fromkeys(instrument_keys(instrument), "N"), raised, rule="largely")
    return made


def instrument_keys(instrument) -> list[str]:
    return [criterion.key for criterion in instrument.criteria]


def test_a_change_costs_the_same_however_large_the_framework_is(monkeypatch):
    small, large = ([comparisons(size, n, monkeypatch) for n in (0, 10, 20)] for size in (90, 900))
    assert small[2] - small[1] == small[1] - small[0]
    assert large[2] - large[1] == large[1] - large[0] == small[1] - small[0]
