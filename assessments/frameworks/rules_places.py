"""Where a fault in the scoring or the adviser of a draft stands: what it is called, and the form that has it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from .format.document import Place

#: What is listed in the scoring and in the adviser, as one of it is called on pages.
ENTRIES = {
    ("scoring", "rules"): gettext_lazy("Rule “{name}”"),
    ("scoring", "bands"): gettext_lazy("Band “{name}”"),
    ("adviser", "inputs"): gettext_lazy("Question “{name}”"),
    ("adviser", "rules"): gettext_lazy("Rule of the adviser “{name}”"),
    ("adviser", "adjustments"): gettext_lazy("Adjustment of the adviser “{name}”"),
}
WHOLES = {"scoring": gettext_lazy("Scoring"), "adviser": gettext_lazy("Adviser")}
#: The fields of the form about scoring, by what they are called in the file.
SCORING_FIELDS = {
    "default_rule": "id_default",
    "discuss_when": "id_spread",
    "applicability_warning_below": "id_warning",
}


def rules_place_name(data: Mapping[str, Any], loc: Place) -> str:
    """What people call the place of a fault in the scoring or the adviser; empty for any other."""
    if not loc or loc[0] not in WHOLES:
        return ""
    entry = _entry(data, loc)
    if entry is not None:
        names = (entry.get(field) for field in ("name", "ask", "why"))
        return str(ENTRIES[str(loc[0]), str(loc[1])]).format(name=str(next(filter(None, names), ""))[:60])
    return str(WHOLES[str(loc[0])])


def _entry(data: Mapping[str, Any], loc: Place) -> Mapping[str, Any] | None:
    if len(loc) < 3 or (loc[0], loc[1]) not in ENTRIES:
        return None
    entry = data[str(loc[0])][loc[1]][loc[2]]
    return entry if isinstance(entry, Mapping) else None


def rules_address(data: Mapping[str, Any], loc: Place) -> str:
    """The form that has it, seen from the page of the rules, with the field."""
    if loc[0] == "adviser":
        entry = _entry(data, loc)
        if entry is not None:
            return f"adviser/{loc[1]}/at/{entry['key']}/"
        # Only the text has worked cases.
        return "adviser/" if len(loc) > 1 and loc[1] in ("question", "principle", "cautions", "confirm") else "text/"
    if len(loc) > 2 and loc[1] in ("rules", "bands"):
        field = loc[3] if len(loc) > 3 and loc[3] in ("name", "upto", "unit", "at", "below", "meaning") else "name"
        return f"scoring/#id_{loc[1]}-{loc[2]}-{field}"
    field = SCORING_FIELDS.get(str(loc[1]), "") if len(loc) > 1 else ""
    return f"scoring/#{field}" if field else "scoring/"
