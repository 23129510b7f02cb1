"""Geometry of the charts, for templates to draw as SVG. Pure: plain values in, frozen dataclasses out.

Coordinates are SVG user units, rounded to a tenth. Levels and indexes are drawn on one scale, from 0 to its top.
"""

from .drawing import LEVEL_COLOURS, RIM_COLOURS, Number, level_step
from .profile_bar import ProfileBar, Segment, profile_bar
from .radar import Label, Radar, RadarPoint, RadarSeries, Shape, radar
from .stacked_bars import Bar, Slice, Stack, stack
from .timeline import Aim, DayTick, Dot, History, HistoryPoint, HistoryRow, Mark, Tick, history
from .vote_dots import VoteDot, VoteDots, vote_dots
from .votes import VoteBar, Votes, votes

__all__ = [
    "LEVEL_COLOURS",
    "RIM_COLOURS",
    "Aim",
    "Bar",
    "DayTick",
    "Dot",
    "History",
    "HistoryPoint",
    "HistoryRow",
    "Label",
    "Mark",
    "Number",
    "ProfileBar",
    "Radar",
    "RadarPoint",
    "RadarSeries",
    "Segment",
    "Shape",
    "Slice",
    "Stack",
    "Tick",
    "VoteBar",
    "VoteDot",
    "VoteDots",
    "Votes",
    "history",
    "level_step",
    "profile_bar",
    "radar",
    "stack",
    "vote_dots",
    "votes",
]
