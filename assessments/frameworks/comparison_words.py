"""A comparison of two versions in words."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from .format.differences import CriterionDifference, EditionComparison, PartDifference
from .part_names import PART_NAMES

#: What happened to a criterion, by the property of its change.
CHANGES = {
    "moved": gettext_lazy("Moved"),
    "relevelled": gettext_lazy("New level"),
    "reworded": gettext_lazy("New wording"),
    "rescaled": gettext_lazy("New choices"),
    "advice": gettext_lazy("New advice"),
    "references": gettext_lazy("New short name, weight or references"),
    "meaning_raised": gettext_lazy("New meaning"),
}
PART_CHANGES = {
    "added": gettext_lazy("Added"),
    "removed": gettext_lazy("Removed"),
    "changed": gettext_lazy("Changed"),
    "reordered": gettext_lazy("Reordered"),
}


def kinds_of_change(change: CriterionDifference) -> list[str]:
    return [str(name) for kind, name in CHANGES.items() if getattr(change, kind)]


def part_kind(part: PartDifference) -> str:
    return str(PART_NAMES[part.kind])


def part_title(part: PartDifference) -> str:
    """What tells the part from others of its kind; nothing for scoring, which there is once."""
    return "" if part.kind == "scoring" else part.name


def part_change(part: PartDifference) -> str:
    return str(PART_CHANGES[part.how])


def all_sentences(comparison: EditionComparison) -> list[str]:
    """How many criteria were added and removed, and how those in both versions changed."""
    counts = [
        (len(comparison.added), ngettext_lazy("{count} criterion added.", "{count} criteria added.", "count")),
        (len(comparison.removed), ngettext_lazy("{count} criterion removed.", "{count} criteria removed.", "count")),
    ]
    return [*_sentences(counts), *_changes(comparison)]


def change_sentences(comparison: EditionComparison) -> list[str]:
    """How many criteria may mean something else, and how those in both versions changed."""
    meaning = sum(change.may_change_meaning for change in comparison.changed)
    if not meaning:
        return [_("No criterion has a new meaning."), *_changes(comparison)]
    sentence = ngettext(
        "{count} criterion may have a new meaning.", "{count} criteria may have a new meaning.", meaning
    )
    return [sentence.format(count=meaning), *_changes(comparison)]


def _changes(comparison: EditionComparison) -> list[str]:
    counts = [
        (
            len(comparison.reworded),
            ngettext_lazy("{count} criterion has new wording.", "{count} criteria have new wording.", "count"),
        ),
        (
            len(comparison.rescaled),
            ngettext_lazy("{count} criterion has new choices.", "{count} criteria have new choices.", "count"),
        ),
        (
            len(comparison.advice),
            ngettext_lazy(
                "{count} criterion has the same meaning and new advice.",
                "{count} criteria have the same meaning and new advice.",
                "count",
            ),
        ),
        (
            len(comparison.references),
            ngettext_lazy(
                "{count} criterion has only a new short name, weight or references.",
                "{count} criteria have only a new short name, weight or references.",
                "count",
            ),
        ),
        (
            len(comparison.moved),
            ngettext_lazy(
                "{count} criterion moved to another dimension.", "{count} criteria moved to another dimension.", "count"
            ),
        ),
        (
            len(comparison.relevelled),
            ngettext_lazy(
                "{count} criterion moved to another level.", "{count} criteria moved to another level.", "count"
            ),
        ),
    ]
    return _sentences(counts)


def _sentences(counts: list[tuple[int, Any]]) -> list[str]:
    """A sentence for each number that is not 0."""
    return [sentence.format(count=count) for count, sentence in counts if count]
