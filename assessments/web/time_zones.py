"""Choosing a time zone: the usual ones first, all others by typing a part of their name."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

#: Where most software is made, from west to east.
USUAL = [
    "UTC",
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Phoenix",
    "America/Chicago",
    "America/Mexico_City",
    "America/New_York",
    "America/Toronto",
    "America/Bogota",
    "America/Halifax",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Berlin",
    "Europe/Zurich",
    "Europe/Rome",
    "Europe/Stockholm",
    "Europe/Warsaw",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Europe/Athens",
    "Europe/Kyiv",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Europe/Istanbul",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Brisbane",
    "Australia/Sydney",
    "Pacific/Auckland",
]
#: Regions that name places; the others are old names and offsets, which are understood but not offered.
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
#: So many are named when several match.
NAMED = 5


def offered() -> list[str]:
    """The usual ones, then every place by name."""
    places = sorted(zone for zone in available_timezones() if zone.startswith(REGIONS) and "/" in zone)
    known = available_timezones()
    usual = [zone for zone in USUAL if zone in known]
    return usual + [zone for zone in places if zone not in usual]


def matching(words: str) -> list[str]:
    """The zones that these words may mean: one that is named in full or by its city, else all that contain them."""
    wanted = "_".join(words.lower().split())
    if not wanted:
        return []
    zones = available_timezones()
    exact = [zone for zone in zones if zone.lower() == wanted]
    if exact:
        return exact
    candidates = offered()
    by_city = [zone for zone in candidates if zone.lower().rsplit("/", 1)[-1] == wanted]
    return by_city or [zone for zone in candidates if wanted in zone.lower()]


class TimeZoneInput(forms.TextInput):
    """A text field with the zones as suggestions, which browsers search without script."""

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "Europe/Berlin"})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        list_id = f"{name}-offered"
        field = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        options = format_html_join("", '<option value="{}">', ((zone,) for zone in offered()))
        return format_html('{}<datalist id="{}">{}</datalist>', field, list_id, options)


class TimeZoneField(forms.CharField):
    """A time zone by its name, its city or a part of it; the cleaned value is the full name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, widget=TimeZoneInput, **kwargs)

    def clean(self, value: Any) -> Any:
        words = super().clean(value)
        if not words:
            return words
        zones = matching(words)
        if len(zones) == 1:
            return zones[0]
        if not zones:
            sentence = _("No time zone is called “{words}”. Type a large city in the same zone, such as Berlin.")
            raise forms.ValidationError(sentence.format(words=words))
        sentence = _("Several time zones match “{words}”: {zones}. Type one of them.")
        names = ", ".join(zones[:NAMED]) + (", …" if len(zones) > NAMED else "")
        raise forms.ValidationError(sentence.format(words=words, zones=names))
