"""Geometry of the charts, for templates to draw as SVG. Pure: plain values in, frozen dataclasses out.

Coordinates are SVG user units, rounded to a tenth. Levels and indexes are drawn on one scale, from 0 to its top.
"""

from .drawing import LEVEL_COLOURS, RIM_COLOURS, Number, level_step
from .level_strip import LevelStrip, StripPart, level_strip
from .measured import MeasuredChart, MeasuredPoint, measured
from .movement import DayColumn, Flow, LevelBox, Movement, Passage, movement
from .profile_bar import ProfileBar, Segment, profile_bar
from .radar import Label, Radar, RadarPoint, RadarSeries, Shape, radar
from .timeline import Aim, DayTick, Dot, History, HistoryPoint, HistoryRow, Mark, Tick, history
from .vote_dots import VoteDot, VoteDots, vote_dots
from .vote_lanes import LaneDot, VoteLane, VoteLanes, vote_lanes
from .votes import VoteBar, Votes, votes

__all__ = [
    "LEVEL_COLOURS",
    "RIM_COLOURS",
    "Aim",
    "DayColumn",
    "DayTick",
    "Dot",
    "Flow",
    "History",
    "HistoryPoint",
    "HistoryRow",
    "Label",
    "LaneDot",
    "LevelBox",
    "LevelStrip",
    "Mark",
    "MeasuredChart",
    "MeasuredPoint",
    "Movement",
    "Number",
    "Passage",
    "ProfileBar",
    "Radar",
    "RadarPoint",
    "RadarSeries",
    "Segment",
    "Shape",
    "StripPart",
    "Tick",
    "VoteBar",
    "VoteDot",
    "VoteDots",
    "VoteLane",
    "VoteLanes",
    "Votes",
    "history",
    "level_step",
    "level_strip",
    "measured",
    "movement",
    "profile_bar",
    "radar",
    "vote_dots",
    "vote_lanes",
    "votes",
]
