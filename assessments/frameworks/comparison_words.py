"""A comparison of two versions in words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .format.differences import Comparison, CriterionChange, PartChange
from .part_names import PART_NAMES

#: What happened to a criterion, by the property of its change.
CHANGES = {
    "moved": gettext_lazy("Moved"),
    "relevelled": gettext_lazy("New level"),
    "reworded": gettext_lazy("New wording"),
    "rescaled": gettext_lazy("New choices"),
    "advice": gettext_lazy("New advice"),
    "references": gettext_lazy("New references"),
    "meaning_raised": gettext_lazy("New meaning"),
}
PART_CHANGES = {
    "added": gettext_lazy("Added"),
    "removed": gettext_lazy("Removed"),
    "changed": gettext_lazy("Changed"),
    "reordered": gettext_lazy("Reordered"),
}


def kinds_of_change(change: CriterionChange) -> list[str]:
    return [str(name) for kind, name in CHANGES.items() if getattr(change, kind)]


def part_kind(part: PartChange) -> str:
    return str(PART_NAMES[part.kind])


def part_title(part: PartChange) -> str:
    """What tells the part from others of its kind; nothing for scoring, which there is once."""
    return "" if part.kind == "scoring" else part.name


def part_change(part: PartChange) -> str:
    return str(PART_CHANGES[part.how])


def all_sentences(comparison: Comparison) -> list[str]:
    """How many criteria were added and removed, then how those in both versions changed."""
    added = len(comparison.added)
    removed = len(comparison.removed)
    return [
        ngettext("{count} criterion added.", "{count} criteria added.", added).format(count=added),
        ngettext("{count} criterion removed.", "{count} criteria removed.", removed).format(count=removed),
        *change_sentences(comparison),
    ]


def change_sentences(comparison: Comparison) -> list[str]:
    """How many criteria may mean something else, how many only read differently, and how many moved."""
    sentences = []

    meaning = sum(change.may_change_meaning for change in comparison.changed)
    if meaning:
        sentences.append(
            ngettext(
                "{count} criterion may have a new meaning.", "{count} criteria may have a new meaning.", meaning
            ).format(count=meaning)
        )
    else:
        sentences.append(_("No criterion has a new meaning."))

    reworded = len(comparison.reworded)
    if reworded:
        sentences.append(
            ngettext("{count} has new wording.", "{count} have new wording.", reworded).format(count=reworded)
        )
    rescaled = len(comparison.rescaled)
    if rescaled:
        sentences.append(
            ngettext("{count} has new choices.", "{count} have new choices.", rescaled).format(count=rescaled)
        )
    advice = len(comparison.advice)
    if advice:
        sentences.append(
            ngettext(
                "{count} has the same meaning and new advice.", "{count} have the same meaning and new advice.", advice
            ).format(count=advice)
        )
    references = len(comparison.references)
    if references:
        sentences.append(
            ngettext("{count} has new references only.", "{count} have new references only.", references).format(
                count=references
            )
        )
    moved = len(comparison.moved)
    if moved:
        sentences.append(
            ngettext("{count} moved to another dimension.", "{count} moved to another dimension.", moved).format(
                count=moved
            )
        )
    relevelled = len(comparison.relevelled)
    if relevelled:
        sentences.append(
            ngettext("{count} moved to another level.", "{count} moved to another level.", relevelled).format(
                count=relevelled
            )
        )
    return sentences
