"""What the parts of a framework and their fields are called on pages."""

from django.utils.translation import gettext_lazy as _

#: Names of parts by their kind.
PART_NAMES = {
    "framework": _("Framework"),
    "level": _("Level"),
    "meaning": _("Meaning"),
    "group": _("Group"),
    "dimension": _("Dimension"),
    "criterion": _("Criterion"),
    "scale": _("Scale"),
    "symptom": _("Symptom"),
    "check": _("Check"),
    "scoring": _("Scoring rules"),
}
#: Names of fields by their key in the framework file, the same for every kind of part.
FIELD_NAMES = {
    "about": _("About"),
    "alias": _("Number in other sources"),
    "also_called": _("Also called"),
    "anchor": _("Meaning"),
    "asks": _("What the check asks"),
    "choices": _("Choices"),
    "cleared_by": _("Cleared by"),
    "description": _("Description"),
    "dimension": _("Dimension"),
    "evidence": _("How to check"),
    "failed_at_most": _("At most, if it failed"),
    "fits": _("Good for"),
    "group": _("Group"),
    "highlights": _("Highlights"),
    "language": _("Language"),
    "level": _("Level"),
    "meaning": _("Meaning"),
    "method": _("Method"),
    "na": _("May not apply"),
    "name": _("Name"),
    "next": _("Next step"),
    "other answers": _("Other answers"),
    "passed_at_least": _("At least, if it passed"),
    "purpose": _("Purpose"),
    "quick": _("Short questionnaire"),
    "refs": _("References"),
    "representation": _("Representation"),
    "scale": _("Scale"),
    "source": _("Source"),
    "start": _("Begins at"),
    "statement": _("Statement"),
    "summary": _("Summary"),
    "technology": _("Technology"),
    "unit_of_assessment": _("What is assessed"),
    "version": _("Version"),
    "weight": _("Weight"),
}


def field_name(field: str) -> str:
    """What a field is called; the key as words if it has no name of its own."""
    return str(FIELD_NAMES.get(field, field.replace("_", " ")))
