"""What must hold for every framework and all ratings. Examples are drawn the same way in every run."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import scoring

from ..examples import examples
from ..instruments import NPLF, RULES, make_instrument

pytestmark = [pytest.mark.any_database, pytest.mark.slow]

settings.register_profile("repeatable", examples(100, derandomize=True, database=None))
settings.load_profile("repeatable")

TOP = 4
CODES = ["N", "P", "L", "F"]
ANSWERS = [*CODES, "NA", "DK", None]

thresholds = st.tuples(st.sampled_from(["at_least", "more_than"]), st.fractions(0, 1, max_denominator=12))
any_rule = st.builds(
    lambda unit, at, below: scoring.Rule(
        key="any",
        unit=unit,
        at=scoring.Threshold(kind=at[0], value=at[1]),
        below=scoring.Threshold(kind=below[0], value=below[1]),
    ),
    st.sampled_from(["criterion", "cell"]),
    thresholds,
    thresholds,
)


@st.composite
def instruments(draw):
    """Up to a dozen criteria in three dimensions, two groups and four levels, under the three rules and a fourth."""
    places = draw(st.lists(st.tuples(st.sampled_from("XYZ"), st.integers(1, TOP)), min_size=1, max_size=12))
    rows = [f"c{n} {dimension} {level}" for n, (dimension, level) in enumerate(places)]
    groups = {"X": "left", "Y": "left", "Z": "right"}
    return make_instrument(rows, top=TOP, rules=(*RULES, draw(any_rule)), groups=groups)


@st.composite
def sums(draw):
    """A framework of sections whose points are added up."""
    criteria = [
        scoring.ScoredCriterion(key=f"c{n}", dimension=draw(st.sampled_from("XYZ")), level=None, scale=NPLF)
        for n in range(draw(st.integers(1, 9)))
    ]
    ends = draw(st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True))
    return scoring.Instrument(
        method=scoring.SUMS,
        criteria=tuple(criteria),
        dimensions=tuple(scoring.ScoredDimension(key=key) for key in "XYZ"),
        bands=tuple(scoring.Band(upto=Fraction(end), name=f"up to {end}") for end in sorted([*ends, 9])),
    )


def people_of(instrument, answers=ANSWERS, *, least=0, most=4):
    one = st.fixed_dictionaries({c.key: st.sampled_from(answers) for c in instrument.criteria})
    return st.lists(one, min_size=least, max_size=most)


def cases(strategy=None, **options):
    """An instrument with what several people said."""
    strategy = instruments() if strategy is None else strategy
    return strategy.flatmap(lambda instrument: st.tuples(st.just(instrument), people_of(instrument, **options)))


def parts(score):
    return [score.whole, *score.groups.values(), *score.dimensions.values()]


def as_number(value) -> Fraction:
    """No level and no index count below every other, so that they can be compared."""
    return Fraction(-1) if value is None else Fraction(value)


@given(cases(answers=CODES, least=1, most=1), st.data())
def test_raising_one_rating_lowers_no_level_and_no_index(case, data):
    instrument, [person] = case
    raised = data.draw(st.sampled_from([c.key for c in instrument.criteria]))
    higher = data.draw(st.sampled_from(CODES[CODES.index(person[raised]) :]))
    before, after = scoring.score(instrument, [person]), scoring.score(instrument, [person | {raised: higher}])
    for old, new in zip(parts(before), parts(after), strict=True):
        assert new.index >= old.index
        for rule in instrument.rule_keys:
            assert new.outcomes[rule].level >= old.outcomes[rule].level


@given(cases(least=1), st.data())
def test_raising_one_vote_among_several_lowers_nothing(case, data):
    instrument, people = case
    voted = [(n, key) for n, person in enumerate(people) for key, code in person.items() if code in CODES]
    if not voted:
        return
    n, key = data.draw(st.sampled_from(voted))
    higher = data.draw(st.sampled_from(CODES[CODES.index(people[n][key]) :]))
    changed = [person | {key: higher} if place == n else person for place, person in enumerate(people)]
    before, after = scoring.score(instrument, people), scoring.score(instrument, changed)
    for old, new in zip(parts(before), parts(after), strict=True):
        assert as_number(new.index) >= as_number(old.index)
        assert as_number(new.index_best) >= as_number(old.index_best)
        for rule in instrument.rule_keys:
            assert as_number(new.outcomes[rule].level) >= as_number(old.outcomes[rule].level)
            assert as_number(new.outcomes[rule].best) >= as_number(old.outcomes[rule].best)


@given(cases(sums(), answers=[*CODES, None], least=1, most=1), st.data())
def test_raising_one_rating_lowers_no_sum_and_no_band(case, data):
    instrument, [person] = case
    key = data.draw(st.sampled_from([c.key for c in instrument.criteria]))
    higher = data.draw(st.sampled_from(CODES[CODES.index(person[key] or "N") :]))
    before, after = scoring.score(instrument, [person]).whole, scoring.score(instrument, [person | {key: higher}]).whole
    assert as_number(after.index) >= as_number(before.index)
    old, new = before.outcomes[scoring.NO_RULE].level, after.outcomes[scoring.NO_RULE].level
    assert as_number(new) >= as_number(old)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_people_and_of_their_answers_does_not_matter(case, chance):
    instrument, people = case
    shuffled = [dict(shuffle(person.items(), chance)) for person in shuffle(people, chance)]
    assert scoring.score(instrument, shuffled) == scoring.score(instrument, people)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_criteria_does_not_matter(case, chance):
    """But for the order in which blockers of the same level and shortfall are listed."""
    instrument, people = case
    criteria = tuple(shuffle(instrument.criteria, chance))
    other = scoring.score(replace(instrument, criteria=criteria), people)
    first = scoring.score(instrument, people)
    assert (other.alpha, other.criteria) == (first.alpha, first.criteria)
    for one, two in zip(parts(first), parts(other), strict=True):
        assert (one.index, one.index_best, one.cells, one.coverage) == (
            two.index,
            two.index_best,
            two.cells,
            two.coverage,
        )
        for rule in instrument.rule_keys:
            old, new = one.outcomes[rule], two.outcomes[rule]
            assert (old.level, old.best, old.vacuous) == (new.level, new.best, new.vacuous)
            assert sorted(old.blockers) == sorted(new.blockers)


@given(cases())
def test_every_figure_stays_within_its_bounds(case):
    instrument, people = case
    score = scoring.score(instrument, people)
    for part in parts(score):
        assert 0 <= part.coverage <= 1
        for index in (part.index, part.index_best):
            assert index is None or 0 <= index <= TOP
        assert part.agreement is None or 0 <= part.agreement <= 1
        for outcome in part.outcomes.values():
            assert outcome.level is None or 0 <= outcome.level <= TOP
            assert outcome.best is None or 0 <= outcome.best <= TOP
            assert outcome.level is None or outcome.level not in outcome.vacuous
    for settled in score.criteria.values():
        assert settled.rwg is None or 0 <= settled.rwg <= 1
        assert settled.share is None or 0 < settled.share <= 1
        assert settled.points is None or 0 <= settled.points <= 1
    assert score.alpha is None or score.alpha <= 1


@given(cases())
def test_the_best_case_is_never_below_and_is_the_same_when_nothing_is_unanswered(case):
    instrument, people = case
    score = scoring.score(instrument, people)
    for part in parts(score):
        assert as_number(part.index_best) >= as_number(part.index)
        for outcome in part.outcomes.values():
            assert as_number(outcome.best) >= as_number(outcome.level)
        if part.coverage == 1:
            assert part.index_best == part.index
            assert all(outcome.best == outcome.level for outcome in part.outcomes.values())


@given(cases(sums(), answers=[*CODES, "DK", None]))
def test_the_best_case_of_sums_is_never_below(case):
    instrument, people = case
    score = scoring.score(instrument, people)
    outcome = score.whole.outcomes[scoring.NO_RULE]
    assert as_number(score.whole.index_best) >= as_number(score.whole.index)
    assert as_number(outcome.best) >= as_number(outcome.level)
    if score.whole.index is not None:
        assert score.whole.index == min(part.index for part in score.dimensions.values())


@given(cases(answers=["NA"], least=1))
def test_where_nothing_applies_there_is_no_level(case):
    instrument, people = case
    for part in parts(scoring.score(instrument, people)):
        assert (part.index, part.coverage) == (None, 1)
        assert {(outcome.level, outcome.best) for outcome in part.outcomes.values()} == {(None, None)}


@given(cases())
def test_the_staged_level_is_above_no_dimension_in_which_that_level_applies(case):
    instrument, people = case
    score = scoring.score(instrument, people)
    for rule in instrument.rule_keys:
        level = score.whole.outcomes[rule].level
        for part in [*score.dimensions.values(), *score.groups.values()]:
            own = part.outcomes[rule]
            if level and level not in own.vacuous and own.level is not None:
                assert own.level >= level


@given(cases())
def test_there_are_blockers_exactly_where_a_higher_level_can_be_claimed(case):
    instrument, people = case
    for part in parts(scoring.score(instrument, people)):
        for outcome in part.outcomes.values():
            if outcome.level is None:
                assert outcome.blockers == ()
                continue
            higher = [k for k in instrument.levels if k > outcome.level and k not in outcome.vacuous]
            assert bool(outcome.blockers) == bool(higher)


@given(cases(answers=CODES, least=1, most=1))
def test_clearing_every_blocker_leads_to_the_next_level(case):
    instrument, [person] = case
    whole = scoring.score(instrument, [person]).whole
    for rule in instrument.rules:
        outcome = whole.outcomes[rule.key]
        # No rating earns more than all of the points.
        if outcome.blockers and rule.at.met_by(scoring.ONE) and rule.below.met_by(scoring.ONE):
            cleared = scoring.score(instrument, [person | dict.fromkeys(outcome.blockers, "F")]).whole
            assert cleared.outcomes[rule.key].level > outcome.level


@given(st.lists(st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=4, max_size=4), min_size=2, max_size=6))
def test_alpha_is_one_where_all_agree_and_does_not_ask_who_is_who(rows):
    alpha = scoring.krippendorff_alpha(rows)
    assert scoring.krippendorff_alpha(rows[::-1]) == alpha
    assert scoring.krippendorff_alpha([row[::-1] for row in rows]) == alpha
    same = scoring.krippendorff_alpha([rows[0]] * len(rows))
    assert same == (1 if len(set(rows[0]) - {None}) > 1 else None)


@pytest.mark.parametrize("places", [0, 1, 2, 3])
@given(st.fractions(-5, 5))
def test_a_shown_figure_is_at_most_half_a_step_from_the_exact_one(places, value):
    shown = Fraction(scoring.rounded(value, places))
    assert abs(shown - value) <= Fraction(1, 2 * 10**places)


def shuffle(items, chance: random.Random) -> list:
    mixed = list(items)
    chance.shuffle(mixed)
    return mixed
