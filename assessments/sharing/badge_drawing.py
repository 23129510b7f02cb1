"""What a badge says and how it is drawn: the level and the date of a result, in grey when it is old."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..charts import LEVEL_COLOURS, level_step
from ..models import Result
from ..models.frameworks import published_contents
from ..web.dates import is_stale, short_month

#: What a letter takes at this size in the widest of the usual fonts, and the room on both sides of a text.
LETTER, ROOM = 6.6, 12
#: The longest text of a badge; the name of a band can be longer.
MOST_LETTERS = 60
INK, PAPER, GREY = "#1a2029", "#ffffff", "#5f6671"
#: The last step of the colours that takes dark text.
LAST_LIGHT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeText:
    """One half of a badge: where it begins, how wide it is, and its colours."""

    text: str
    x: float
    ground: str
    ink: str

    @property
    def width(self) -> float:
        return self.text_width + ROOM

    @property
    def text_width(self) -> float:
        return round(len(self.text) * LETTER, 1)

    @property
    def text_x(self) -> float:
        return self.x + ROOM / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeDrawing:
    label: BadgeText
    value: BadgeText

    @property
    def width(self) -> float:
        return round(self.label.width + self.value.width, 1)

    @property
    def halves(self) -> tuple[BadgeText, BadgeText]:
        return self.label, self.value

    @property
    def words(self) -> str:
        return f"{self.label.text}: {self.value.text}"


def badge_drawing(result: Result) -> BadgeDrawing:
    """The badge of a result; grey if it is too old to be relied on."""
    contents = published_contents(result.edition_id)
    stale = is_stale(result.date, result.team.today())
    label = BadgeText(text=_("maturity"), x=0, ground=INK, ink=PAPER)
    step = level_step(result.level or 0, contents.top)
    ground, ink = LEVEL_COLOURS[step], INK if step <= LAST_LIGHT else PAPER
    if stale:
        ground, ink = GREY, PAPER
    text = _in_words(result, stale=stale)[:MOST_LETTERS]
    return BadgeDrawing(label=label, value=BadgeText(text=text, x=label.width, ground=ground, ink=ink))


def _in_words(result: Result, *, stale: bool) -> str:
    contents = published_contents(result.edition_id)
    if result.level is None:
        level = _("no level")
    elif contents.edition.uses_levels:
        level = _("level {number} of {top}").format(number=result.level, top=contents.top)
    else:
        level = contents.rung_name(result.level)
    sentence = _("{level}, {month}, stale") if stale else _("{level}, {month}")
    return sentence.format(level=level, month=short_month(result.date))
