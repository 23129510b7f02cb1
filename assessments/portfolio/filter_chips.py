"""The filters of the portfolio as chips: each opens its choices, and each choice is an address."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from django import forms

from ..web.filter_chips import FilterChip
from .forms import SHOWN, PortfolioForm

#: What means something else under another framework, and is left out of its address.
OF_ONE_FRAMEWORK = ("edition", "rule", "sort")


def filter_chips(form: PortfolioForm, address: Callable[..., str]) -> list[FilterChip]:
    """Of every field that has something to choose from. `address` makes the query of the page with other values."""
    chips = []
    for name in ("framework", "unit", "edition", "rule", "questionnaire", "sort"):
        field = form.fields.get(name)
        if not isinstance(field, forms.ChoiceField):
            continue
        # The form fills them in as pairs.
        offered = cast("Iterable[tuple[str, str]]", field.choices)
        choices = list(offered)
        if len(choices) < 2:
            continue
        usual = form.usual.get(name, "")
        chosen = form.cleaned_data.get(name)
        current = usual if chosen in ("", None) else str(chosen)
        # Without a framework in the address the one that most teams use is shown, which may be another.
        left_out = "" if name == "framework" else usual
        chip = FilterChip.of(
            name,
            str(field.label),
            choices,
            current=current,
            usual=usual,
            query_of=partial(_portfolio_query, address, name, left_out),
        )
        chips.append(chip)
    return chips


def _portfolio_query(address: Callable[..., str], name: str, left_out: str, value: str) -> str:
    return address(**_changes(name, "" if value == left_out else value))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonChip:
    """Shows the teams that need attention for a reason, and all of them again where it is current."""

    label: str
    count: int
    query: str
    is_current: bool


def reason_chips(current: str, counts: Mapping[str, int], address: Callable[..., str]) -> list[ReasonChip]:
    """Of every reason that a team has, and the one shown (`current`); `counts` are of teams by reason."""
    return [
        ReasonChip(
            label=str(label),
            count=counts.get(kind, 0),
            query=address(show="" if kind == current else kind),
            is_current=kind == current,
        )
        for kind, label in SHOWN
        if kind and (counts.get(kind) or kind == current)
    ]


def _changes(name: str, value: str) -> dict[str, str]:
    others = dict.fromkeys(OF_ONE_FRAMEWORK, "") if name == "framework" else {}
    return {**others, name: value}
