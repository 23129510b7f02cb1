"""In which languages somebody reads the texts of frameworks.

A page is made for one reader: the middleware says who. Texts follow from that wherever they are drawn, so that no view
asks. Commands and mails have no reader unless they name one; they use the framework's own language.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, lru_cache

from django.utils.translation.trans_real import parse_accept_lang_header

from .installation import current_generation
from .replica import asking_replica
from .translations import Stamp, Translation

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def normal(language: str) -> str:
    """A language as it is usually written: `pt-BR`, `zh-Hans`; empty for what is not the name of one."""
    if len(language) > 20 or not LANGUAGE.fullmatch(language):
        return ""
    first, *rest = language.split("-")
    parts = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest]
    return "-".join([first.lower(), *parts])


def accepted(header: str) -> list[str]:
    """The languages in an `Accept-Language` header, the best first."""
    return [language for language, _weight in parse_accept_lang_header(header) if language != "*"]


def nearness(wanted: str, offered: str) -> int:
    """2 for the same language, 1 for another form of it (`de` and `de-AT`), 0 for another one."""
    wanted, offered = wanted.lower(), offered.lower()
    if wanted == offered:
        return 2
    return int(wanted.partition("-")[0] == offered.partition("-")[0])


class FrameworkReader:
    """One reader, for the time of one page. `languages` is asked once, when a text could be in another language."""

    def __init__(self, languages: Callable[[], list[str]]) -> None:
        self._languages = languages

    @cached_property
    def languages(self) -> list[str]:
        """The best first."""
        return self._languages()

    @property
    def _stamps(self) -> dict[uuid.UUID, list[Stamp]]:
        return checked_translations(current_generation())

    @property
    def was_asked(self) -> bool:
        """Whether what was made depends on the languages of this reader."""
        return "languages" in self.__dict__

    def translation_of(self, edition: uuid.UUID, own: str) -> Stamp | None:
        """The checked translation that this reader prefers to the edition's own language; None for the own one."""
        for wanted in self.languages:
            if nearness(wanted, own) == 2:
                return None
            offered = self._stamps.get(edition, [])
            best = max(offered, key=lambda stamp: nearness(wanted, stamp.language), default=None)
            near = nearness(wanted, best.language) if best else 0
            if nearness(wanted, own) >= max(near, 1):
                return None
            if near:
                return best
        return None

    def key(self) -> str:
        """Different wherever texts may be: for pieces of pages that are kept."""
        stamps = (stamp for of_edition in self._stamps.values() for stamp in of_edition)
        return repr((self.languages, sorted((stamp.pk, stamp.revision) for stamp in stamps)))


@lru_cache(maxsize=4)
@asking_replica(False)
def checked_translations(generation: uuid.UUID | None) -> dict[uuid.UUID, list[Stamp]]:
    """Those that readers see, by their editions."""
    stamps: dict[uuid.UUID, list[Stamp]] = {}
    for stamp in Translation.objects.stamps():
        stamps.setdefault(stamp.edition, []).append(stamp)
    return stamps


_reader: ContextVar[FrameworkReader | None] = ContextVar("reader", default=None)


def reader() -> FrameworkReader | None:
    """Who the page is made for; None if nobody in particular."""
    return _reader.get()


@contextmanager
def read_by(reader: FrameworkReader | None) -> Iterator[None]:
    """Makes everything inside for this reader."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)
