"""The heatmap of teams and dimensions as one HTML table, joined in Python: a template loop takes ten times as long."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from ..charts import level_step
from ..models import Edition, PartResult
from .rows import Row

#: What a column is of: kind and key, as parts are stored; the whole has neither.
Column = tuple[str, str, str]
WHOLE: tuple[str, str] = ("", "")
NOBODY = "00000000-0000-0000-0000-000000000000"


def columns_of(edition: Edition) -> list[Column]:
    """Whole, groups and dimensions as (kind, key, name)."""
    contents = edition.contents
    return [
        (*WHOLE, "Overall"),
        *((PartResult.Kind.GROUP.value, group.key, group.name) for group in contents.groups),
        *((PartResult.Kind.DIMENSION.value, dimension.key, dimension.name) for dimension in contents.dimensions),
    ]


def heatmap(rows: Sequence[Row], edition: Edition, linked: frozenset, versions: dict) -> SafeString:
    """A table body: one row per team. `linked` are the teams whose page may be opened, `versions` those of editions."""
    return format_html_join("\n", "<tr>{}{}{}</tr>", _rows(rows, columns_of(edition), edition, linked, versions))


def _rows(rows, columns, edition, linked, versions) -> Iterator[tuple]:
    top, step = edition.contents.top, "level" if edition.uses_levels else "band"
    for row in rows:
        cells = format_html_join("", "{}", ((_cell(row, kind, key, top, step),) for kind, key, _ in columns))
        yield _head(row, edition, linked, versions), cells, _age(row, linked)


def _head(row: Row, edition: Edition, linked: frozenset, versions: dict) -> SafeString:
    name = row.team.name
    label = format_html('<a href="{}">{}</a>', _url("team", row.team.pk), name) if row.team.pk in linked else name
    used = row.newest.edition_id if row.newest else edition.pk
    mark = format_html(' <span class="chip">edition {}</span>', versions.get(used, "?")) if used != edition.pk else ""
    return format_html('<th scope="row">{}{}</th>', label, mark)


def _url(name: str, pk) -> str:
    """The address of a team or result; `reverse` for each of many rows is what takes long."""
    return _pattern(name).replace(NOBODY, str(pk))


@lru_cache
def _pattern(name: str) -> str:
    return reverse(name, args=[NOBODY])


def _levels(row: Row, kind: str, key: str) -> tuple[int | None, int | None, bool]:
    """Level now, level before, and whether this is asked at all."""
    if not kind:
        return row.level, row.previous.level if row.previous else None, row.newest is not None
    part = (kind, key)
    return row.parts.get(part), row.parts_before.get(part), part in row.parts


def _cell(row: Row, kind: str, key: str, top: int, step: str) -> SafeString:
    level, before, asked = _levels(row, kind, key)
    target = row.targets.get(key) if kind != PartResult.Kind.GROUP.value else None
    wanted = _wanted(target) if target else ""
    if level is None:
        said = "nothing applies" if asked else "not in its edition" if row.newest else "no result"
        return format_html('<td class="cx">–<span class="visually-hidden"> {}</span>{}</td>', said, wanted)
    change = "" if before is None else _change(level - before, step)
    return format_html('<td class="l{}"><b>{}</b>{}{}</td>', level_step(level, top), level, wanted, change)


@lru_cache
def _wanted(target: int) -> SafeString:
    flag = mark_safe('<span aria-hidden="true">⚑</span><span class="visually-hidden">wanted: </span>')
    return format_html('<small class="aim"> {}{}</small>', flag, target)


@lru_cache
def _change(by: int, step: str) -> SafeString:
    """What became of a level (or band) since the result before, in words and sign."""
    steps = step if abs(by) == 1 else f"{step}s"
    said = f"{'+' if by > 0 else '−'}{abs(by)} {steps}" if by else "same"
    return format_html('<small class="change{}">{}</small>', " moved" if by else "", said)


def _age(row: Row, linked: frozenset) -> SafeString:
    if row.newest is None:
        said = f"only a {row.only_other} result" if row.only_other else "no result yet"
        return format_html('<td class="age">{}</td>', said)
    day = f"{row.newest.date:%-d %b %Y}"
    if row.team.pk in linked:
        label: SafeString | str = format_html('<a href="{}">{}</a>', _url("result", row.newest.pk), day)
    else:
        label = day
    stale = format_html('<br><small class="stale">{} months ago</small>', row.months) if row.is_stale else ""
    return format_html('<td class="age">{}{}</td>', label, stale)
