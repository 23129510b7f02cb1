"""Which texts of a page are in another language than the page, so that it can say so; and names of languages."""

from django.utils.translation import get_language, get_language_info


def foreign_language(text: str | None, own: str = "") -> str:
    """The language of a text if it is not that of the page, else nothing; `own` is for texts that do not know theirs.

    A page in English says nothing about a text in British English.
    """
    if not text:
        return ""
    language = getattr(text, "lang", "") or own
    page = (get_language() or "").lower()
    return "" if language.lower() == page or language.lower().startswith(f"{page}-") else language


def language_name(language: str) -> str:
    """What the people who speak a language call it; its code if that is not known."""
    try:
        return str(get_language_info(language.lower())["name_local"])
    except KeyError:
        return language
