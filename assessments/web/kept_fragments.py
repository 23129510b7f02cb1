"""Names for pieces of pages that are drawn once and kept.

Results are frozen, so what is drawn from them alone stays the same. A template keeps such a piece with Django's
`{% cache None "what it is" digest %}`. The digest is of everything that the piece is drawn from, with the roles of
whoever looks: a change gives another digest, so nothing has to be thrown away, and no piece crosses rights. The cache
`template_fragments` has a bound; without it, pages are the same and slower.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, TypeVar, cast

from django.core.cache import caches
from django.utils.translation import get_language

from ..models.reading import reader
from ..models.replica import is_asking_replica

Figure = TypeVar("Figure")


def fragment_digest(*drawn_from: object) -> str:
    """The same for the same values in the same language. The values are plain ones: texts, numbers, days, lists.

    It is another one for a reader who may see the texts of frameworks in another language, or in another state.
    """
    reads = reader()
    seen = repr((get_language(), reads and reads.key(), drawn_from))
    return blake2b(seen.encode(), digest_size=16).hexdigest()


def kept(name: str, digest: str, work_out: Callable[[], Figure]) -> Figure:
    """A figure that is worked out from the same things, kept beside the pieces of pages."""
    figure: Any = caches["template_fragments"].get_or_set(f"{name}.{digest}", work_out, timeout=None)
    return cast(Figure, figure)


def kept_while(
    name: str,
    digest: str,
    digest_now: Callable[[], str],
    work_out: Callable[[], Figure],
    *,
    may_keep: Callable[[Figure], bool] = lambda figure: True,
) -> Figure:
    """The same for what is worked out after its digest: kept only if that still holds afterwards, and if it may be."""
    cache = caches["template_fragments"]
    figure: Any = cache.get(f"{name}.{digest}")
    if figure is None:
        figure = work_out()
        # What a replica told may be older than a digest, of which a part may come from the database itself.
        if may_keep(figure) and not is_asking_replica() and digest_now() == digest:
            cache.set(f"{name}.{digest}", figure, timeout=None)
    return cast(Figure, figure)
