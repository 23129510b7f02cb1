import datetime
import re
from fractions import Fraction
from itertools import combinations, pairwise

import pytest

from assessments import charts
from assessments.charts import HistoryPoint, RadarSeries
from assessments.scoring import IndexScale
from assessments.web.chart_words import (
    column_in_words,
    day_label,
    history_in_words,
    last_moves_in_words,
    moves_in_words,
    note_of,
    profile_in_words,
    radar_in_words,
    strip_in_words,
)
from assessments.web.drawings import movement_drawing

AXES = ["People", "Data and features", "Training", "Experiments and model management"]


SCALE = IndexScale.of_levels(range(5))


def point(day, level=1, index=Fraction(3, 2), **fields):
    fields = {"title": f"on {day}", "url": f"/results/{day}/", "scale": SCALE, **fields}
    return HistoryPoint(date=datetime.date.fromisoformat(day), level=level, index=index, **fields)


def drawn(*points, **options):
    return charts.history(points, **options)


def coordinates(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)]


def numbers(path):
    return list(map(float, re.findall(r"-?[\d.]+", path)))


# Steps


@pytest.mark.parametrize("top", range(1, 11))
def test_each_level_has_a_colour_of_its_own_the_same_on_every_ladder(top):
    assert [charts.level_step(number, top) for number in range(top + 1)] == list(range(top + 1))


def test_a_ladder_longer_than_the_colours_is_spread_over_them():
    steps = [charts.level_step(number, 20) for number in range(21)]
    assert (steps[0], steps[-1]) == (0, len(charts.LEVEL_COLOURS) - 1)
    assert steps == sorted(steps)


def test_a_ladder_of_one_rung_has_a_colour():
    assert charts.level_step(0, 0) == 0


# Radar


def test_radar_needs_three_axes():
    assert charts.radar(["a", "b"], [RadarSeries("Now", "now", [1, 2])], scale=SCALE) is None


def test_values_lie_on_their_spokes_in_proportion():
    radar = charts.radar(AXES, [RadarSeries("Now", "now", [4, 2, 0, Fraction(1)])], scale=SCALE, radius=100)
    [shape] = radar.shapes
    assert coordinates(shape.outline) == [(0, -100), (50, 0), (0, 0), (-25, 0)]
    assert radar.spokes == ((0, -100), (100, 0), (0, 100), (-100, 0))
    assert shape.closed
    assert shape.outline.endswith("Z")


def test_rings_stand_at_the_levels():
    radar = charts.radar(AXES, [], scale=SCALE, radius=100)
    assert [coordinates(ring)[0] for ring in radar.rings] == [(0, -25), (0, -50), (0, -75), (0, -100)]


def test_a_missing_value_opens_the_outline_and_is_not_drawn_as_zero():
    radar = charts.radar(AXES, [RadarSeries("Now", "now", [4, None, 2, 4])], scale=SCALE, radius=100)
    [shape] = radar.shapes
    assert not shape.closed
    assert "Z" not in shape.outline
    assert coordinates(shape.outline) == [(0, 50), (-100, 0), (0, -100)]
    assert shape.outline.count("M") == 1


def test_a_value_between_two_gaps_is_a_dot():
    radar = charts.radar(AXES, [RadarSeries("Now", "now", [4, None, 2, None])], scale=SCALE, radius=100)
    [shape] = radar.shapes
    assert shape.outline == ""
    assert sorted(shape.dots) == [(0, -100), (0, 50)]


def test_a_series_without_values_draws_nothing():
    radar = charts.radar(AXES, [RadarSeries("Now", "now", [None] * 4)], scale=SCALE)
    [shape] = radar.shapes
    assert (shape.outline, shape.dots) == ("", ())
    assert radar.rows[0] == ("People", ("–",))


@pytest.mark.parametrize("count", [3, 4, 7, 8, 12])
def test_no_label_is_clipped_by_the_view(count):
    axes = [f"Integration and governance number {n}" for n in range(count)]
    radar = charts.radar(axes, [], scale=SCALE)
    left, over, width, height = map(float, radar.view_box.split())
    for label in radar.labels:
        assert left <= label.left
        assert label.right <= left + width
        assert over <= label.top
        assert label.bottom <= over + height
        assert " ".join(label.lines) == label.whole


NAMES = {
    "long": "Experiments, model management and reproducibility number {}",
    "one long word": "Responsibilitiesandobligations{}",
    "short": "D{}",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", range(3, 25))
def test_labels_touch_neither_each_other_nor_the_circle(count, name):
    labels = charts.radar([NAMES[name].format(n) for n in range(count)], [], scale=SCALE, radius=100).labels
    for one, other in combinations(labels, 2):
        apart = one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
        assert apart, (one, other)
    for label in labels:
        across = max(0, label.left, -label.right)
        down = max(0, label.top, -label.bottom)
        assert across**2 + down**2 > 100**2, label


def test_labels_of_mixed_lengths_do_not_touch():
    axes = ["A", "Responsibilities and obligations of everybody", "B", "C", "Data", "Legal and compliance"] * 3
    labels = charts.radar(axes, [], scale=SCALE).labels
    for one, other in combinations(labels, 2):
        assert one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top


def test_rings_say_what_they_stand_for():
    radar = charts.radar(AXES, [], scale=SCALE, radius=100)
    assert [number for _x, _y, number in radar.ring_numbers] == ["1", "2", "3", "4"]
    bands = charts.radar(AXES, [], scale=IndexScale.of_levels(range(9)))
    assert [number for _x, _y, number in bands.ring_numbers] == ["2", "4", "6", "8"]


def test_points_say_their_values_and_lead_to_what_is_behind():
    series = [RadarSeries("Now", "now", [1, None, 3, 4])]
    radar = charts.radar(AXES, series, scale=SCALE, urls=["#a", "#b", "#c", "#d"])
    assert [(point.axis, point.value, point.url) for point in radar.points] == [
        ("People", "1.00", "#a"),
        ("Training", "3.00", "#c"),
        ("Experiments and model management", "4.00", "#d"),
    ]


@pytest.mark.parametrize("place", range(4))
def test_one_long_label_fits_on_whichever_side_it_stands(place):
    axes = ["A", "B", "C", "D"]
    axes[place] = "Responsibilities" * 2
    radar = charts.radar(axes, [], scale=SCALE)
    left, _, width, _ = map(float, radar.view_box.split())
    assert left <= radar.labels[place].left
    assert radar.labels[place].right <= left + width


def test_the_circle_stands_in_the_middle_of_the_view():
    left, _, width, _ = map(float, charts.radar(AXES, [], scale=SCALE).view_box.split())
    assert left == -width / 2


def test_radar_has_its_figures_as_rows():
    series = [RadarSeries("Now", "now", [1, 2, 3, 4]), ("May 2026", "previous", [0, None, 3, 4])]
    radar = charts.radar(AXES, series, scale=SCALE)
    assert radar.rows[1] == ("Data and features", ("2.00", "–"))
    assert "Training 3.00" in radar_in_words(radar)


# History


def test_no_results_no_history():
    assert drawn() is None


def test_days_are_spaced_as_they_are_in_time():
    chart = drawn(point("2025-01-01"), point("2025-01-11"), point("2025-04-11"))
    first, second, third = [dot.x for dot in chart.dots]
    assert (third - second) / (second - first) == pytest.approx(9, rel=0.01)


def test_values_are_measured_from_the_bottom():
    chart = drawn(point("2025-01-01", index=0), point("2025-02-01", index=2), point("2025-03-01", index=4))
    low, middle, high = [dot.y for dot in chart.dots]
    assert low == chart.bottom
    assert high == chart.y_ticks[-1].at
    assert middle == pytest.approx((low + high) / 2, abs=0.1)
    assert [tick.label for tick in chart.y_ticks] == ["0", "1", "2", "3", "4"]


def test_level_holds_until_the_next_result():
    chart = drawn(point("2025-01-01", level=1), point("2025-07-01", level=3))
    start, one, until, three, end = numbers(chart.steps)
    assert (start, until) == (chart.dots[0].x, chart.dots[1].x)
    assert [one, three] == [chart.y_ticks[1].at, chart.y_ticks[3].at]
    assert until < end <= chart.right


def test_a_result_without_level_breaks_the_steps():
    chart = drawn(point("2025-01-01"), point("2025-04-01", level=None), point("2025-07-01"), point("2025-10-01"))
    assert chart.steps.count("M") == 2
    assert chart.area.count("Z") == 2
    starts = [x for x, _ in coordinates(chart.steps)]
    assert starts == [chart.dots[0].x, chart.dots[2].x]
    first_stretch = numbers(chart.steps.split(" M")[0])
    assert first_stretch[-1] == chart.dots[1].x


def test_a_result_without_index_breaks_the_line():
    chart = drawn(*(point(f"2025-0{n}-01", index=None if n == 3 else n) for n in range(1, 6)))
    assert chart.line.count("M") == 2
    assert len(coordinates(chart.line)) == 4


def test_the_other_questionnaire_has_its_mark_and_is_not_joined():
    chart = drawn(
        point("2025-01-01", index=1), point("2025-02-01", level=4, index=4, beside=True), point("2025-03-01", index=2)
    )
    assert [dot.beside for dot in chart.dots] == [False, True, False]
    assert len(coordinates(chart.line)) == 2
    assert chart.dots[1].x not in numbers(chart.steps)
    assert chart.has_beside
    assert note_of(chart.rows[1]) == "other questionnaire"


def test_one_result_stands_in_the_middle_with_its_day():
    chart = drawn(point("2025-03-09"))
    assert chart.dots[0].x == (chart.left + chart.right) / 2
    assert [day_label(tick) for tick in chart.x_ticks] == ["9 Mar 25"]
    assert chart.line == ""
    assert chart.steps
    assert history_in_words(chart) == "One result. on 2025-03-09."


def test_two_results_on_one_day_are_drawn():
    chart = drawn(point("2025-03-09", index=1), point("2025-03-09", index=2))
    assert len({dot.x for dot in chart.dots}) == 1
    assert len({dot.y for dot in chart.dots}) == 2


@pytest.mark.parametrize("days", [0, 1, 6, 29, 45, 100, 365, 900, 3000, 9000, 20000])
@pytest.mark.parametrize("count", [1, 2, 4, 40])
def test_labels_of_dates_do_not_touch_and_stay_inside(days, count):
    first = datetime.date(2024, 11, 14)
    dates = sorted({first + datetime.timedelta(days=days * n // max(1, count - 1)) for n in range(count)})
    chart = drawn(*(point(day.isoformat()) for day in dates))
    assert chart.x_ticks
    for left, right in pairwise(chart.x_ticks):
        assert right.at - left.at >= 6 * (len(day_label(left)) + len(day_label(right))) / 2
    for tick in chart.x_ticks:
        half = 3 * len(day_label(tick))
        assert half <= tick.at <= chart.width - half


def test_ticks_stand_at_the_day_they_name():
    chart = drawn(point("2025-01-01"), point("2026-01-01"))
    assert day_label(chart.x_ticks[0]) == "Jan 25"
    assert chart.x_ticks[0].at == chart.dots[0].x
    assert day_label(chart.x_ticks[-1]) == "Jan 26"
    assert chart.x_ticks[-1].at == chart.dots[1].x


@pytest.mark.parametrize("top", [1, 4, 7, 10, 30, 100])
def test_labels_of_levels_do_not_touch(top):
    chart = drawn(point("2025-01-01", index=top, scale=IndexScale.of_levels(range(top + 1))))
    assert all(low.at - high.at >= 12 for low, high in pairwise(chart.y_ticks))


def test_marks_can_be_reached_without_touching_a_neighbour():
    chart = drawn(*(point(f"2025-01-{n:02}", index=1) for n in range(1, 31)))
    for here, there in pairwise(chart.dots):
        assert here.reach + there.reach <= there.x - here.x + 0.2
    assert drawn(point("2025-01-01")).dots[0].reach == 12


def test_small_charts_keep_the_scale_and_leave_out_dates():
    chart = drawn(point("2025-01-01", index=0), point("2025-07-01", index=4), small=True, width=220, height=70)
    assert chart.x_ticks == ()
    assert chart.line.startswith(f"M10.0,{chart.bottom} ")
    assert 0 < float(chart.line.rpartition(",")[2]) < chart.bottom < 70
    assert chart.dots == chart.rows == ()


def test_history_has_its_figures_as_rows():
    chart = drawn(point("2025-01-01", level=None, index=None), point("2025-04-01", under_revision=True))
    rows = [(row.level, row.index, note_of(row)) for row in chart.rows]
    assert rows == [("–", "–", ""), ("1", "1.50", "under revision")]
    assert len(chart.dots) == 1


# Profile


SHARES = [(1, Fraction(9, 10)), (2, Fraction(1)), (3, Fraction(1, 2)), (4, Fraction(1, 100))]


def test_segments_are_solid_up_to_the_level_and_hatched_above_it():
    bar = charts.profile_bar(SHARES, reached=1, top=4)
    assert [segment.is_reached for segment in bar.segments] == [True, False, False, False]
    # A whole segment above the level is credit all the same, and a little credit can be seen.
    assert [segment.credit for segment in bar.segments] == [0, 55.5, 27.8, 3]
    assert bar.segments[1].x == 61.5


@pytest.mark.parametrize(("reached", "step"), [(0, 0), (1, 1), (3, 3), (None, 0)])
def test_a_bar_has_the_colour_of_the_level_that_is_reached(reached, step):
    bar = charts.profile_bar(SHARES, reached=reached, top=4)
    assert (bar.step, bar.colour) == (step, charts.LEVEL_COLOURS[step])
    assert sum(segment.is_reached for segment in bar.segments) == (reached or 0)


def test_a_segment_where_nothing_applies_is_neither_solid_nor_credit():
    bar = charts.profile_bar([(1, Fraction(1)), (2, None), (3, Fraction(1))], reached=3, top=3)
    assert [(segment.applies, segment.is_reached, segment.credit) for segment in bar.segments] == [
        (True, True, 0),
        (False, False, 0),
        (True, True, 0),
    ]


def test_the_target_stands_after_its_segment():
    bar = charts.profile_bar(SHARES, reached=2, top=4, target=3)
    third, fourth = bar.segments[2:]
    assert third.x + third.width < bar.aim < fourth.x
    assert charts.profile_bar(SHARES, reached=2, top=4, target=4).aim == 239
    assert charts.profile_bar(SHARES, reached=2, top=4).aim is None


def test_a_bar_says_in_words_what_it_shows():
    bar = charts.profile_bar(SHARES[:2], reached=1, top=2, target=2)
    assert profile_in_words(bar) == "Level 1 reached. Credit on level 1: 90%, level 2: 100%. Target: level 2."
    assert profile_in_words(charts.profile_bar([(1, None)], reached=None, top=1)) == (
        "No level. Credit on level 1: no figure."
    )


def test_profile_without_levels_has_no_segments():
    assert charts.profile_bar([], reached=None, top=5).segments == ()


# What happened on the way, and what is wanted


def test_a_mark_stands_on_its_day_and_shares_it():
    marks = [
        charts.Mark(date=datetime.date(2026, 2, 1), letter="R", title="opened again"),
        charts.Mark(date=datetime.date(2026, 2, 1), letter="E", title="another edition"),
        charts.Mark(date=datetime.date(2020, 2, 1), letter="R", title="long before"),
    ]
    chart = drawn(point("2026-01-01"), point("2026-03-01"), marks=marks)
    (flag,) = chart.flags
    assert (flag.letter, flag.title) == ("RE", "opened again; another edition")
    first, last = chart.dots
    assert first.x < flag.x < last.x


def test_a_target_runs_at_its_level_until_it_is_due_and_stretches_the_axis():
    aim = charts.Aim(level=3, since=datetime.date(2026, 2, 1), due=datetime.date(2026, 12, 31), title="level 3")
    chart = drawn(point("2026-01-01"), point("2026-03-01"), aims=[aim])
    (line,) = chart.aims
    assert line.left < chart.dots[1].x < line.right
    assert line.y < chart.dots[0].y


def test_a_target_that_was_due_before_the_period_is_left_out():
    aim = charts.Aim(level=3, since=datetime.date(2020, 2, 1), due=datetime.date(2020, 12, 31), title="level 3")
    assert drawn(point("2026-01-01"), point("2026-03-01"), aims=[aim]).aims == ()


def test_a_new_ladder_breaks_the_steps_and_not_the_index():
    chart = drawn(point("2026-01-01"), point("2026-02-01", level=3, breaks=True), point("2026-03-01", level=3))
    assert chart.steps.count("M") == 2
    assert chart.line.count("M") == 1


def test_notes_stand_in_the_table():
    chart = drawn(point("2026-01-01", notes=("fell back: a move",)))
    assert note_of(chart.rows[0]) == "fell back: a move"


# Movement between levels

LADDER = [(0, "Low"), (1, "Middle"), (2, "High")]
JANUARY, APRIL = datetime.date(2026, 1, 1), datetime.date(2026, 4, 1)


def moving(before, after, moves, **options):
    """Two days with these numbers of teams by level, and what moved between them."""
    return charts.movement([(JANUARY, before), (APRIL, after)], [moves], LADDER, top=2, **options)


def kinds(passage):
    return {(flow.before, flow.after): flow.kind for flow in passage.flows}


def test_boxes_are_as_tall_as_their_teams_with_the_highest_level_on_top():
    chart = moving({0: 2, 2: 6}, {0: 1, 2: 7}, {(0, 0): 1, (0, 2): 1, (2, 2): 6})
    first, second = chart.columns
    assert [(box.number, box.teams) for box in first.boxes] == [(2, 6), (0, 2)]
    assert first.boxes[0].height == pytest.approx(3 * first.boxes[1].height, abs=0.2)
    assert first.boxes[0].y < first.boxes[1].y
    assert (first.counts, first.total, second.counts, second.total) == ((2, 0, 6), 8, (1, 0, 7), 8)
    grounds = {round(column.boxes[-1].y + column.boxes[-1].height) for column in chart.columns}
    assert len(grounds) == 1


def test_days_before_the_first_team_are_left_out_as_long_as_some_remain():
    days = [datetime.date(2026, month, 1) for month in range(1, 9)]

    def drawn(first):
        counts = [{1: 2} if place >= first else {} for place in range(8)]
        moves = [{(1, 1): 2} if place >= first else {} for place in range(7)]
        return charts.movement(list(zip(days, counts, strict=True)), moves, LADDER, top=2)

    assert [column.date for column in drawn(0).columns] == days
    assert [column.date for column in drawn(3).columns] == days[3:]
    assert [passage.since for passage in drawn(3).passages] == days[3:-1]
    assert [column.date for column in drawn(7).columns] == days[4:]


def test_a_narrow_chart_has_the_newest_days_with_the_moves_between_them():
    days = [datetime.date(2026, month, 1) for month in range(1, 5)]
    counts = [{0: 3}, {0: 2, 1: 1}, {1: 3}, {1: 1, 2: 2}]
    moves = [{(0, 0): 2, (0, 1): 1}, {(0, 1): 2, (1, 1): 1}, {(1, 1): 1, (1, 2): 2}]
    chart = charts.movement(list(zip(days, counts, strict=True)), moves, LADDER, top=2, newest=3, width=330)
    assert [column.date for column in chart.columns] == days[1:]
    assert [(passage.since, passage.up) for passage in chart.passages] == [(days[1], 2), (days[2], 2)]
    assert max(column.x for column in chart.columns) < 330 - 60
    assert charts.movement([(days[0], {0: 1}), (days[1], {})], [{}], LADDER, top=2, newest=1) is None


def test_bands_say_who_went_up_and_down_and_who_is_new_or_gone():
    moves = {(0, 1): 2, (2, 1): 1, (1, 1): 3}
    (passage,) = moving({0: 2, 1: 3, 2: 2}, {1: 6, 2: 1}, moves).passages
    assert kinds(passage) == {(0, 1): "up", (2, 1): "down", (1, 1): "stayed"}
    assert (passage.up, passage.down, passage.stayed, passage.new, passage.gone) == (2, 1, 3, 1, 1)
    assert passage.said == "2 → 1: 1 · 0 → 1: 2"


def test_bands_fill_the_boxes_that_they_leave_and_enter():
    chart = moving({0: 3, 2: 3}, {1: 3, 2: 3}, {(0, 1): 1, (0, 2): 2, (2, 1): 2, (2, 2): 1})
    left, right = chart.columns
    starts, ends = {}, {}
    for flow in chart.passages[0].flows:
        # M x,y C .. .. until,end V under C .. .. x,y Z
        found = numbers(flow.path)
        starts.setdefault(flow.before, []).append((found[1], found[-1]))
        ends.setdefault(flow.after, []).append((found[7], found[8]))
    for column, sides in ((left, starts), (right, ends)):
        for box in column.boxes:
            spans = sorted(sides[box.number])
            assert spans[0][0] == pytest.approx(box.y, abs=0.2)
            assert spans[-1][1] == pytest.approx(box.y + box.height, abs=0.3)
            for (_, under), (over, _) in pairwise(spans):
                assert under == pytest.approx(over, abs=0.2)


def test_what_has_no_place_on_the_ladder_stands_apart_below_and_moves_neither_way():
    chart = moving({0: 1, -1: 2}, {1: 3}, {(0, 1): 1, (-1, 1): 2}, apart=(-1, "elsewhere"))
    first, second = chart.columns
    assert [box.step for box in first.boxes] == [0, None]
    assert (first.counts, first.total, second.counts, chart.apart) == ((1, 0, 0, 2), 3, (0, 3, 0, 0), "elsewhere")
    assert kinds(chart.passages[0])[-1, 1] == "apart"
    assert (chart.passages[0].up, chart.passages[0].down) == (1, 0)
    assert moving({0: 1}, {0: 1}, {(0, 0): 1}, apart=(-1, "elsewhere")).apart == ""


def test_one_team_of_thousands_is_seen_and_has_no_number():
    chart = moving({0: 1, 1: 5000}, {1: 5001}, {(0, 1): 1, (1, 1): 5000})
    assert [(box.label, box.height >= 2) for box in chart.columns[0].boxes] == [("5000", True), ("", True)]


def test_days_and_moves_are_said_in_words():
    chart = moving({0: 1, 2: 2, -1: 1}, {1: 2, 2: 1, 0: 1}, {(0, 1): 1, (2, 1): 1, (-1, 2): 1}, apart=(-1, "elsewhere"))
    assert [column_in_words(chart, column) for column in chart.columns] == [
        "1 January 2026: 1 at 0, 2 at 2, 1 on other levels",
        "1 April 2026: 1 at 0, 2 at 1, 1 at 2",
    ]
    assert moves_in_words(chart, chart.passages[0]) == (
        "1 team from 2 to 1, 1 team from 0 to 1, 1 team from other levels to 2, 1 team is new, "
        "1 team has no level any more"
    )
    assert last_moves_in_words(chart) == (
        "Since 1 January 2026, 1 team went up, 1 team went down and 0 stayed where they were."
    )
    quiet = moving({1: 2}, {1: 2}, {(1, 1): 2})
    assert moves_in_words(quiet, quiet.passages[0]) == "no change"
    assert last_moves_in_words(quiet) == "No team has moved since 1 January 2026."


def test_moves_are_not_denied_where_no_team_was_there_to_move():
    begins = moving({}, {1: 2}, {})
    assert last_moves_in_words(begins) == "No team had a level on 1 January 2026 yet."
    others = moving({0: 1}, {1: 2}, {})
    assert last_moves_in_words(others) == "No team has a level on both 1 January 2026 and 1 April 2026."


def test_a_drawing_of_its_own_has_every_flow_and_every_box():
    chart = moving({0: 2, 2: 2}, {1: 2, 2: 2}, {(0, 1): 2, (2, 1): 0, (2, 2): 2})
    drawing = movement_drawing(chart)
    assert drawing.content.count("<path") == 2
    assert drawing.content.count("<rect") == 4
    assert "▲ 2" in drawing.content
    assert "▼" not in drawing.content
    assert drawing.words == "Movement between levels from Jan 2026 to Apr 2026. In the end: 2 at 1, 2 at 2."


def test_without_a_team_nothing_moves():
    assert moving({}, {}, {}) is None


# Strips of levels


@pytest.mark.parametrize("counts", [{0: 1}, {0: 1, 1: 9}, {0: 1, 1: 5000, 2: 1}, dict.fromkeys(range(11), 3)])
def test_a_strip_is_as_wide_as_its_place_and_nobody_is_too_narrow_to_be_seen(counts):
    strip = charts.level_strip(counts, top=10)
    assert strip.parts[-1].x + strip.parts[-1].width == pytest.approx(strip.width, abs=0.5)
    assert all(part.width >= 4 for part in strip.parts)
    assert strip.counts == tuple(counts.items())


def test_a_strip_has_shares_in_proportion_and_numbers_where_there_is_room():
    strip = charts.level_strip({0: 1, 1: 3, 2: 0, 3: 6}, top=3)
    narrow, middle, wide = strip.parts
    assert middle.width == pytest.approx(3 * narrow.width, abs=0.2)
    assert wide.width == pytest.approx(6 * narrow.width, abs=0.3)
    assert [(part.step, part.label) for part in strip.parts] == [(0, "1"), (1, "3"), (3, "6")]
    assert [part.label for part in charts.level_strip({0: 1, 1: 800}, top=3).parts] == ["", "800"]
    assert charts.level_strip({0: 0}, top=3) is None


def test_a_strip_says_its_teams_by_level_or_band():
    strip = charts.level_strip({0: 1, 2: 3}, top=3)
    assert strip_in_words(strip) == "1 at level 0, 3 at level 2"
    assert strip_in_words(strip, {0: "Poor", 2: "Good"}) == "1 in “Poor”, 3 in “Good”"
