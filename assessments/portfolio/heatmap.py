"""The heatmap of teams and dimensions as one HTML table, joined in Python: a template loop takes ten times as long."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from ..charts import level_step
from ..models import Edition, PartResult
from .rows import TeamRow

#: What a column is of: kind and key, as parts are stored; the whole has neither.
Column = tuple[str, str, str]
WHOLE: tuple[str, str] = ("", "")
NOBODY = "00000000-0000-0000-0000-000000000000"


def columns_of(edition: Edition) -> list[Column]:
    """Whole, groups and dimensions as (kind, key, name)."""
    contents = edition.contents
    return [
        (*WHOLE, _("Overall")),
        *((PartResult.Kind.GROUP.value, group.key, group.name) for group in contents.groups),
        *((PartResult.Kind.DIMENSION.value, dimension.key, dimension.name) for dimension in contents.dimensions),
    ]


def heatmap(
    rows: Sequence[TeamRow], edition: Edition, linked: frozenset[UUID], versions: dict[UUID, str]
) -> SafeString:
    """A table body: one row per team. `linked` are the teams whose page may be opened, `versions` those of editions."""
    return format_html_join("\n", "<tr>{}{}{}</tr>", _rows(rows, columns_of(edition), edition, linked, versions))


def _rows(
    rows: Iterable[TeamRow],
    columns: Sequence[Column],
    edition: Edition,
    linked: frozenset[UUID],
    versions: dict[UUID, str],
) -> Iterator[tuple[SafeString, SafeString, SafeString]]:
    texts = _Texts(get_language() or "", edition.uses_levels)
    for row in rows:
        cells = [(_cell(row, kind, key, edition.contents.top, texts),) for kind, key, _name in columns]
        yield _head(row, edition, linked, versions), format_html_join("", "{}", cells), _age(row, linked)


@dataclass(frozen=True, slots=True)
class _Texts:
    """The words in cells. Each is made once for a language: there are thousands of cells."""

    language: str
    uses_levels: bool

    @lru_cache  # noqa: B019 there are as many of these as languages
    def change(self, by: int) -> SafeString:
        """How a level or band changed since the result before, in words and sign."""
        if not by:
            return format_html('<small class="change">{}</small>', _("same"))
        amount = f"+{by}" if by > 0 else f"−{-by}"
        if self.uses_levels:
            words = ngettext("{amount} level", "{amount} levels", abs(by))
        else:
            words = ngettext("{amount} band", "{amount} bands", abs(by))
        return format_html('<small class="change moved">{}</small>', words.format(amount=amount))

    @lru_cache  # noqa: B019 there are as many of these as languages
    def target(self, level: int) -> SafeString:
        flag = '<span aria-hidden="true">⚑</span><span class="visually-hidden">{} </span>'
        return format_html('<small class="aim"> ' + flag + "{}</small>", _("target:"), level)

    def nothing(self, row: TeamRow, kind: str, is_asked: bool) -> str:
        """Why a cell is empty."""
        if row.newest is None:
            return _("no result")
        if not is_asked:
            return _("not in its version")
        if kind and not self.uses_levels:
            return _("has a score, but no level")
        return _("nothing applies")


def _head(row: TeamRow, edition: Edition, linked: frozenset[UUID], versions: dict[UUID, str]) -> SafeString:
    label: SafeString | str = row.team.name
    if row.team.pk in linked:
        label = format_html('<a href="{}">{}</a>', _url("team", row.team.pk), row.team.name)
    used = row.newest.edition_id if row.newest else edition.pk
    if used == edition.pk:
        return format_html('<th scope="row">{}</th>', label)
    version = _("version {version}").format(version=versions.get(used, "?"))
    return format_html('<th scope="row">{} <span class="chip">{}</span></th>', label, version)


def _url(name: str, pk: UUID) -> str:
    """The address of a team or result; `reverse` for each of many rows is what takes long."""
    return _pattern(name).replace(NOBODY, str(pk))


@lru_cache
def _pattern(name: str) -> str:
    return reverse(name, args=[NOBODY])


def _levels(row: TeamRow, kind: str, key: str) -> tuple[int | None, int | None, bool]:
    """Level now, level before, and whether this is asked at all."""
    if not kind:
        before = row.previous.level if row.previous else None
        return row.level, before, row.newest is not None
    part = (kind, key)
    return row.parts.get(part), row.parts_before.get(part), part in row.parts


def _cell(row: TeamRow, kind: str, key: str, top: int, texts: _Texts) -> SafeString:
    level, before, is_asked = _levels(row, kind, key)
    level_to_reach = None if kind == PartResult.Kind.GROUP.value else row.targets.get(key)
    target = texts.target(level_to_reach) if level_to_reach else ""
    if level is None:
        reason = texts.nothing(row, kind, is_asked)
        return format_html('<td class="cx">–<span class="visually-hidden"> {}</span>{}</td>', reason, target)
    change = "" if before is None else texts.change(level - before)
    return format_html('<td class="l{}"><b>{}</b>{}{}</td>', level_step(level, top), level, target, change)


def _age(row: TeamRow, linked: frozenset[UUID]) -> SafeString:
    if row.newest is None:
        return format_html('<td class="age">{}</td>', _why_no_result(row))
    day: SafeString | str = date_format(row.newest.date, "SHORT_DATE_FORMAT")
    if row.team.pk in linked:
        day = format_html('<a href="{}">{}</a>', _url("result", row.newest.pk), day)
    if not row.is_stale:
        return format_html('<td class="age">{}</td>', day)
    age = ngettext("{months} month ago", "{months} months ago", row.months).format(months=row.months)
    return format_html('<td class="age">{}<br><small class="stale">{}</small></td>', day, age)


def _why_no_result(row: TeamRow) -> str:
    if row.only_other == "short":
        return _("only a short result")
    if row.only_other == "full":
        return _("only a full result")
    return _("no result yet")
