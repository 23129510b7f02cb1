"""Contrast of the colours in static/css/tokens.css, by the formula of WCAG 2.2, in both schemes."""

import re
from pathlib import Path

import pytest

from assessments import charts

CSS = Path(__file__).parent.parent.parent / "static" / "css"
TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
TOKENS = {name: {"light": light, "dark": dark} for name, light, dark in TOKEN.findall((CSS / "tokens.css").read_text())}

TEXT = [
    *((text, ground) for text in ("ink", "muted", "accent") for ground in ("paper", "surface", "accent-soft")),
    *((text, ground) for text in ("up", "down") for ground in ("paper", "surface", "accent-soft", "warn-soft")),
    ("ink", "warn-soft"),
    *((text, ground) for text in ("warn", "ink") for ground in ("surface", "warn-soft")),
    *((text, "down-soft") for text in ("down", "ink")),
    ("accent", "warn-soft"),
    ("muted", "warn-soft"),
    ("ink", "track"),
    ("muted", "track"),
    ("up", "track"),
    ("on-accent", "accent"),
    *((f"on-{step}", f"level-{step}") for step in range(len(charts.LEVEL_COLOURS))),
]
GRAPHICS = [
    *(("edge", ground) for ground in ("paper", "surface")),
    *(("accent", ground) for ground in ("paper", "surface", "accent-soft", "track")),
    *((f"rim-{step}", ground) for step in range(len(charts.LEVEL_COLOURS)) for ground in ("surface", "track")),
]


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_formula_gives_the_known_ends():
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(text, ground, scheme):
    assert contrast(TOKENS[text][scheme], TOKENS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), GRAPHICS)
def test_borders_and_marks_can_be_seen(mark, ground, scheme):
    assert contrast(TOKENS[mark][scheme], TOKENS[ground][scheme]) >= 3


def test_charts_fall_back_to_the_light_level_colours():
    assert tuple(TOKENS[f"level-{step}"]["light"] for step in range(len(charts.LEVEL_COLOURS))) == charts.LEVEL_COLOURS
    assert tuple(TOKENS[f"rim-{step}"]["light"] for step in range(len(charts.LEVEL_COLOURS))) == charts.RIM_COLOURS


def test_no_rule_names_a_colour_outside_the_tokens():
    for sheet in ("base.css", "layout.css", "components.css"):
        assert not re.findall(r"#[0-9a-f]{3,8}\b(?=[^{]*})", (CSS / sheet).read_text()), sheet
