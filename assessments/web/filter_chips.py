"""Filters as chips: each opens its choices, and each choice is an address, so that it applies at once and stays."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChoice:
    """A value of a filter: what it is called, the query that has it, and whether it is the present one."""

    label: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChip:
    """A filter with its choices; `is_set` says that it is not as it is without a choice."""

    name: str
    label: str
    shown: str
    is_set: bool
    choices: tuple[FilterChoice, ...]

    @classmethod
    def of(
        cls,
        name: str,
        label: str,
        choices: Iterable[tuple[str, str]],
        *,
        current: str,
        usual: str,
        query_of: Callable[[str], str],
    ) -> "FilterChip":
        """`choices` are pairs of value and label, `usual` is the value without a choice.

        `query_of` makes the query of the page with a value.
        """
        # A label that is a text already may know its language.
        pairs = [(str(value), named if isinstance(named, str) else str(named)) for value, named in choices]
        return cls(
            name=name,
            label=label,
            shown=dict(pairs).get(current, ""),
            is_set=current != usual,
            choices=tuple(
                FilterChoice(label=named, query=query_of(value), is_current=value == current) for value, named in pairs
            ),
        )
