"""What a notice says, before it becomes a mail; and what several notices say in the same way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _

from ..models import Mail, Result
from ..web.letters import Fact, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """What a template is given; `subject` may name facts: `{team}: a round has started`."""

    subject: str
    template: str
    links: Mapping[str, Link | None] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)


def link_to(path: str, label: str) -> Link:
    return Link(settings.SITE_URL + path, label)


def key_of(mail: Mail) -> str:
    """The key of the row that a notice is about."""
    return mail.about.partition(":")[2]


def level_in_words(result: Result) -> str:
    """The level or band, with what it could be if something is unanswered; empty if nothing applies to the team.

    It never says anything about people: not how many there were, nor how much they agree.
    """
    if result.level is None:
        return ""
    contents = result.edition.contents
    values = {"number": result.level, "name": result.level_name, "best": result.could_be}
    if not contents.edition.uses_levels:
        return _("band {name}").format_map(values)
    if result.could_be is not None:
        return _("level {number} {name}, could be {best}").format_map(values)
    return _("level {number} {name}").format_map(values)
