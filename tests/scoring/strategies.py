"""Small made-up instruments and ratings for property tests."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from assessments.scoring import (
    NA,
    Band,
    Instrument,
    Rubric,
    Rule,
    ScoredCriterion,
    ScoredDimension,
    ScoredScale,
    Threshold,
)

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


#: All of them end at the same values, as in every rubric.
RUBRIC_SCALES = (
    ScoredScale(key="tier", values={"1": 1, "2": 2, "3": 3, "4": 4}, from_lowest=True),
    ScoredScale(key="ends", values={"low": 1, "high": 4}, from_lowest=True),
    ScoredScale(key="bent", values={"a": 1, "b": 3, "c": 4}, from_lowest=True),
)
WEIGHTS = (Fraction(1), Fraction(1), Fraction(2), Fraction(1, 3), Fraction(5, 2))


@st.composite
def by_rubric(draw, **options):
    drawn = draw(criteria(levels=(), **options))
    weighted = (
        replace(c, scale=draw(st.sampled_from(RUBRIC_SCALES)), weight=draw(st.sampled_from(WEIGHTS))) for c in drawn
    )
    edges = draw(st.sampled_from([{2: 2, 3: 3, 4: 4}, {2: "1.4", 3: "8/3", 4: "3.9"}, {2: 1, 3: 2, 4: 3}]))
    return Instrument(
        method="rubric",
        criteria=tuple(weighted),
        dimensions=tuple(ScoredDimension(key=key, weight=draw(st.sampled_from(WEIGHTS))) for key in "XY"),
        levels=(1, 2, 3, 4),
        rubric=Rubric(
            edges={number: Fraction(edge) for number, edge in edges.items()},
            lowest=Fraction(1),
            highest=Fraction(4),
            result=draw(st.sampled_from(["mean", "lowest"])),
        ),
    )


def instruments(**options):
    return st.one_of(by_levels(**options), by_sums(), by_rubric())


@st.composite
def ratings(draw, instrument):
    """At least one criterion is answered, as in every result."""
    given = {c.key: draw(st.sampled_from([None, NA, *c.scale.codes])) for c in instrument.criteria}
    if not any(given.values()):
        first = instrument.criteria[0]
        given[first.key] = first.scale.codes[0]
    return given
