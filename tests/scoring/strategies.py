"""Small made-up instruments and ratings for property tests."""

from fractions import Fraction

from hypothesis import strategies as st

from assessments.scoring import NA, Band, Instrument, Rule, ScoredCriterion, ScoredDimension, ScoredScale, Threshold

RULES = (
    Rule(
        key="largely",
        unit="criterion",
        at=Threshold(kind="at_least", value=Fraction(2, 3)),
        below=Threshold(kind="at_least", value=Fraction(2, 3)),
    ),
    Rule(
        key="cells",
        unit="cell",
        at=Threshold(kind="more_than", value=Fraction(1, 2)),
        below=Threshold(kind="more_than", value=Fraction(85, 100)),
    ),
    Rule(
        key="upside-down",
        unit="criterion",
        at=Threshold(kind="at_least", value=Fraction(1)),
        below=Threshold(kind="more_than", value=Fraction(0)),
    ),
)
SCALES = (
    ScoredScale(key="nplf", values={"N": 0, "P": 1, "L": 2, "F": 3}),
    ScoredScale(key="yes", values={"no": 0, "yes": 1}),
    ScoredScale(key="odd", values={"one": 1, "two": 2, "five": 5}),
)


@st.composite
def criteria(draw, *, most=5, keys="abcdefgh", levels=(1, 2, 3)):
    chosen = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=most, unique=True))
    return tuple(
        ScoredCriterion(
            key=key,
            dimension=draw(st.sampled_from("XY")),
            level=draw(st.sampled_from(levels)) if levels else None,
            scale=draw(st.sampled_from(SCALES)),
        )
        for key in chosen
    )


@st.composite
def by_levels(draw, **options):
    return Instrument(
        method="levels",
        criteria=draw(criteria(**options)),
        dimensions=(ScoredDimension(key="X"), ScoredDimension(key="Y")),
        levels=(0, 1, 2, 3),
        rules=RULES,
        default_rule="largely",
    )


@st.composite
def by_sums(draw):
    return Instrument(
        method="min-of-sums",
        criteria=draw(criteria(levels=())),
        dimensions=(ScoredDimension(key="X"), ScoredDimension(key="Y")),
        bands=(
            Band(upto=Fraction(0), name="none"),
            Band(upto=Fraction(1), name="some"),
            Band(upto=Fraction(9), name="much"),
        ),
    )


def instruments(**options):
    return st.one_of(by_levels(**options), by_sums())


@st.composite
def ratings(draw, instrument):
    """At least one criterion is answered, as in every result."""
    given = {c.key: draw(st.sampled_from([None, NA, *c.scale.codes])) for c in instrument.criteria}
    if not any(given.values()):
        first = instrument.criteria[0]
        given[first.key] = first.scale.codes[0]
    return given
