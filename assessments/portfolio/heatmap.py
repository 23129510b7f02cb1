"""The heatmap of teams and dimensions as one HTML table, joined in Python: a template loop takes ten times as long."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from ..charts import level_step
from ..models import Edition, PartResult
from .rows import ASSESSED, OVERALL, Query, TeamRow, sort_by_dimension
from .viewer import Linked

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnHead:
    """The head of a column: `address` sorts by it, empty if that cannot be; `order` as `aria-sort` has it, or empty."""

    name: str
    kind: str
    address: str
    order: str


def headings(query: Query, without_sort: str) -> list[ColumnHead]:
    """One for each column; the one that is sorted by already leads to the other order. `without_sort` is an address.

    That of the team leads back to the order by name, which has no other.
    """
    uses_levels = query.edition.uses_levels
    by_name = "" if query.sort else "ascending"
    found = [ColumnHead(name=_("Team"), kind="", address=f"?{without_sort}#levels", order=by_name)]
    for kind, key, name in columns_of(query.edition):
        sort = "" if kind else OVERALL
        if kind == PartResult.Kind.DIMENSION.value and uses_levels:
            sort = sort_by_dimension(key)
        found.append(_heading(query, without_sort, name=name, kind=kind, sort=sort))
    found.append(_heading(query, without_sort, name=_("Assessed"), kind="", sort=ASSESSED))
    return found


def _heading(query: Query, without_sort: str, *, name: str, kind: str, sort: str) -> ColumnHead:
    order = ""
    if sort and sort == query.sorted_by:
        order = "descending" if query.is_descending else "ascending"
    wanted = f"-{sort}" if order == "ascending" else sort
    address = f"?{without_sort}&sort={wanted}#levels" if sort else ""
    return ColumnHead(name=name, kind=kind, address=address, order=order)


def heatmap(rows: Sequence[TeamRow], edition: Edition, linked: Linked, versions: dict[UUID, str]) -> SafeString:
    """A table body: one row per team, each with a result.

    `linked` are the teams whose page may be opened, `versions` those of editions.
    """
    return format_html_join("\n", "<tr>{}{}{}</tr>", _rows(rows, columns_of(edition), edition, linked, versions))


def _rows(
    rows: Iterable[TeamRow],
    columns: Sequence[Column],
    edition: Edition,
    linked: Linked,
    versions: dict[UUID, str],
) -> Iterator[tuple[SafeString, SafeString, SafeString]]:
    texts = _Texts(get_language() or "", edition.uses_levels)
    # Beside each cell stands what it is of, for a phone that shows no head; and where in a result that is.
    attributes = [escape(name) for _kind, _key, name in columns]
    anchors = [f"#answers-{escape(key)}" if kind == "dimension" else "" for kind, key, _name in columns]
    places = list(zip(columns, attributes, anchors, strict=True))
    top = edition.contents.top
    for row in rows:
        address = _url("result", row.newest.pk) if row.newest and row.team in linked else ""
        cells = [
            _cell(row, kind, key, top, texts, name=name, address=address and address + anchor)
            for (kind, key, _name), name, anchor in places
        ]
        yield _head(row, edition, linked, versions), mark_safe("".join(cells)), _age(row, linked)  # noqa: S308


@dataclass(frozen=True, slots=True)
class _Texts:
    """The words in cells. Each is made once for a language: there are thousands of cells."""

    language: str
    uses_levels: bool

    @lru_cache  # noqa: B019 there are as many of these as languages
    def change(self, by: int) -> str:
        """How a level or band changed since the result before, as a sign and in words; nothing if it did not."""
        if not by:
            return ""
        amount = f"+{by}" if by > 0 else f"−{-by}"
        if self.uses_levels:
            words = ngettext("{amount} level", "{amount} levels", abs(by))
        else:
            words = ngettext("{amount} band", "{amount} bands", abs(by))
        before, _amount, after = words.partition("{amount}")
        sign, kind = ("▲", "up") if by > 0 else ("▼", "down")
        return format_html(
            '<span class="move {}"><span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>{}'
            '<span class="visually-hidden">{}</span></span>',
            kind, sign, before, amount, after,
        )  # fmt: skip

    @lru_cache  # noqa: B019 there are as many of these as languages
    def target(self, level: int) -> str:
        flag = '<span aria-hidden="true">⚑</span><span class="visually-hidden">{} </span>'
        return format_html('<small class="aim"> ' + flag + "{}</small>", _("target:"), level)

    def nothing(self, kind: str, is_asked: bool) -> str:
        """Why a cell is empty."""
        if not is_asked:
            return _("not in its version")
        if kind and not self.uses_levels:
            return _("has a score, but no level")
        return _("nothing applies")


def _head(row: TeamRow, edition: Edition, linked: Linked, versions: dict[UUID, str]) -> SafeString:
    label: SafeString | str = row.team.name
    if row.team in linked:
        label = format_html('<a href="{}">{}</a>', _url("team", row.team.pk), row.team.name)
    chips = []
    used = row.newest.edition_id if row.newest else edition.pk
    if used != edition.pk:
        chips.append(_("version {version}").format(version=versions.get(used, "?")))
    if row.newest and row.newest.origin and row.team in linked:
        chips.append(_("imported from {origin}").format(origin=row.newest.origin))
    marks = format_html_join("", ' <span class="chip">{}</span>', ((chip,) for chip in chips))
    few = row.newest.few_responded if row.newest else ""
    if few:
        marks += format_html(' <span class="chip warning">{}</span>', few)
    return format_html('<th scope="row">{}{}</th>', label, marks)


def _url(name: str, pk: UUID) -> str:
    """The address of a team or result; `reverse` for each of many rows is what takes long."""
    return _pattern(name).replace(NOBODY, str(pk))


@lru_cache
def _pattern(name: str) -> str:
    return reverse(name, args=[NOBODY])


def levels_in_cell(row: TeamRow, kind: str, key: str) -> tuple[int | None, int | None, bool]:
    """Level now, level before, and whether this is asked at all."""
    if not kind:
        before = row.previous.level if row.previous else None
        return row.level, before, row.newest is not None
    part = (kind, key)
    return row.parts.get(part), row.parts_before.get(part), part in row.parts


def _cell(row: TeamRow, kind: str, key: str, top: int, texts: _Texts, *, name: str, address: str) -> str:
    """A cell as HTML; `name` and `address` are escaped already."""
    level, before, is_asked = levels_in_cell(row, kind, key)
    level_to_reach = None if kind == PartResult.Kind.GROUP.value else row.targets.get(key)
    target = texts.target(level_to_reach) if level_to_reach else ""
    whole = "" if kind else " whole"
    if level is None:
        reason = escape(texts.nothing(kind, is_asked))
        return f'<td class="cx{whole}" data-of="{name}">–<span class="visually-hidden"> {reason}</span>{target}</td>'
    change = "" if before is None else texts.change(level - before)
    shown = f"<b>{level}</b>{target}{change}"
    if address:
        shown = f'<a href="{address}">{shown}</a>'
    return f'<td class="l{level_step(level, top)}{whole}" data-of="{name}">{shown}</td>'


def _age(row: TeamRow, linked: Linked) -> SafeString:
    if row.newest is None:
        return mark_safe('<td class="age"></td>')
    day: SafeString | str = date_format(row.newest.date, "SHORT_DATE_FORMAT")
    if row.team in linked:
        day = format_html('<a href="{}">{}</a>', _url("result", row.newest.pk), day)
    if not row.is_stale:
        return format_html('<td class="age">{}</td>', day)
    age = ngettext("{months} month ago", "{months} months ago", row.months).format(months=row.months)
    return format_html('<td class="age">{}<br><small class="stale">{}</small></td>', day, age)
