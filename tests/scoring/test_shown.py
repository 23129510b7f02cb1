"""How figures are read: never better than they are, and the same everywhere."""

import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assessments import scoring
from assessments.scoring import Band, IndexScale

ROOT = Path(__file__).parents[2]
LEVELS = IndexScale.of_levels([0, 1, 2, 3, 4])
BANDS = IndexScale.of_bands([Band(upto=Fraction(upto), name=str(upto)) for upto in (0, 1, 2, 3, 5, 7)])
INDEXES = st.fractions(0, 4, max_denominator=10_000)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 202, "0"),
        (1, 202, "1"),
        (1, 1000, "1"),
        (101, 202, "50"),
        (1, 3, "33"),
        (1, 8, "13"),
        (201, 202, "99"),
        (1999, 2000, "99"),
        (202, 202, "100"),
    ],
)
def test_percent(part, whole, shown):
    assert scoring.percent(Fraction(part, whole)) == shown


@given(st.fractions(0, 1))
def test_a_hundred_percent_are_all_and_nought_percent_none(share):
    assert (scoring.percent(share) == "100") == (share == 1)
    assert (scoring.percent(share) == "0") == (share == 0)


@pytest.mark.parametrize(
    ("change", "shown", "direction"),
    [
        ("1/4", "+0.25", 1),
        ("-1", "−1.00", -1),
        ("0", "±0.00", 0),
        ("0.004", "±0.00", 0),
        ("-0.004", "±0.00", 0),
        ("0.005", "+0.01", 1),
        ("-0.005", "−0.01", -1),
    ],
)
def test_a_change_has_its_sign_unless_it_rounds_to_nothing(change, shown, direction):
    change = Fraction(change)
    assert LEVELS.change(change) == scoring.signed(change, 2) == shown
    assert LEVELS.direction(change) == direction


@given(st.fractions(-4, 4))
def test_a_change_reads_as_what_it_counts_as(change):
    signs = {"+": 1, "±": 0, "−": -1}
    assert signs[LEVELS.change(change)[0]] == LEVELS.direction(change)
    assert LEVELS.direction(-change) == -LEVELS.direction(change)


@given(INDEXES, INDEXES)
@example(Fraction(1), Fraction("1.005"))
@example(Fraction(1), Fraction("1.00499"))
@example(Fraction(2), Fraction(2))
def test_a_figure_reads_lower_if_the_change_reads_as_worse(now, before):
    assert LEVELS.reads_lower(now, before) == (LEVELS.direction(now - before) < 0)


@given(st.lists(st.integers(0, 4)))
@example([])
@example([1, 2])
def test_the_median_of_counts_is_that_of_the_values(values):
    assert scoring.low_median_of_counts(Counter(values)) == scoring.low_median(values)


@pytest.mark.parametrize(
    ("index", "shown"),
    [
        ("5/3", "1.67"),
        ("2", "2.00"),
        ("1.994", "1.99"),
        ("1.995", "1.995"),
        ("1.998", "1.998"),
        ("1.99996", "1.99996"),
        ("2.004", "2.00"),
        ("3.9999", "3.9999"),
        ("4", "4.00"),
        ("0.004", "0.00"),
    ],
)
def test_an_index_below_a_level_does_not_read_like_it(index, shown):
    assert LEVELS.text(Fraction(index)) == shown


@given(INDEXES)
@example(Fraction(9999, 5000))
def test_an_index_stays_on_its_side_of_every_level(index):
    shown = Fraction(LEVELS.text(index))
    assert [shown >= level for level in range(5)] == [index >= level for level in range(5)]
    assert abs(shown - index) <= Fraction(1, 200)


@pytest.mark.parametrize(
    ("score", "shown"), [("2", "2.0"), ("2.04", "2.04"), ("2.001", "2.001"), ("1.96", "2.0"), ("2.05", "2.1")]
)
def test_a_section_score_above_the_limit_of_a_band_does_not_read_as_in_it(score, shown):
    assert BANDS.text(Fraction(score)) == shown


def test_what_is_not_there_is_a_dash():
    assert (LEVELS.text(None), LEVELS.change(None), LEVELS.number(None), scoring.percent(None)) == (
        "–",
        "–",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("index", "number"),
    [("10", "10"), ("5/3", "1.6667"), ("1.5", "1.5"), ("0", "0"), ("39999999/10000000", "3.9999999")],
)
def test_a_number_in_a_file_has_no_exponent_and_no_empty_decimals(index, number):
    assert f"{LEVELS.number(Fraction(index)):f}" == number


def test_figures_that_do_not_add_up_as_shown():
    third = Fraction(1, 3)
    assert scoring.add_up([Fraction(1, 4), Fraction(1, 4)], Fraction(1, 2), 2)
    assert not scoring.add_up([third, third, third], Fraction(1), 2)
    assert not scoring.add_up([Fraction("0.004"), Fraction("0.004")], Fraction("0.008"), 2)


def test_only_scales_with_the_same_end_are_compared():
    assert LEVELS.is_comparable_to(IndexScale.of_levels([0, 2, 4]))
    assert not LEVELS.is_comparable_to(IndexScale.of_levels([0, 1, 2]))
    assert LEVELS.text_of_top(Fraction(3)) == "3.00 of 4"
    assert BANDS.text_of_top(Fraction(3)) == "3.0 of 7"


#: What formats a figure by itself. Coordinates of charts are rounded to a tenth, the demo makes numbers up, and the
#: doctor tells times and sizes of a machine.
BY_ITSELF = re.compile(r"(?<!def )(?<![.\w])round\(|quantize|floatformat|intcomma|:\.\d+[fg%]|\* 100\b|\brounded\(")
ALLOWED = (
    "scoring/shown.py",
    "scoring/as_json.py",
    "charts/drawing.py",
    "sharing/badge_drawing.py",
    "demo/",
    "models/results.py",
    # A measurement is no figure of a score: it is stored and shown as it was given.
    "measurements/",
    "rounds/progress.py",
    "operations/examination.py",
)


def test_no_other_module_formats_a_figure_by_itself():
    found = []
    for folder in (ROOT / "assessments", ROOT / "templates"):
        for path in [*folder.rglob("*.py"), *folder.rglob("*.html")]:
            name = str(path.relative_to(folder))
            if not name.startswith(ALLOWED):
                found += [f"{name}: {line.strip()}" for line in path.read_text().splitlines() if BY_ITSELF.search(line)]
    assert found == []
