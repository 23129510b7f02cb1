"""Which texts of a page are in another language than the page, so that it can say so; and names of languages."""

from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, get_language_info

from ..models.framework_texts import MixedText


def foreign_language(text: str | None, own: str = "") -> str:
    """The language of a text if it is not that of the page, else nothing; `own` is for texts that do not know theirs.

    A page in English says nothing about a text in British English.
    """
    if not text:
        return ""
    language = getattr(text, "lang", "") or own
    page = (get_language() or "").lower()
    return "" if language.lower() == page or language.lower().startswith(f"{page}-") else language


def marked(text: str, own: str = "") -> str:
    """A text as HTML, with each piece of it that is not in the language of the page marked with its own.

    `own` is for texts that do not know their language.
    """
    if isinstance(text, MixedText):
        return format_html_join("", "{}", ((_marked(piece, language),) for piece, language in text.pieces))
    return _marked(text, own)


def language_of_all(text: str, own: str = "") -> str:
    """The language of a text if all of its words are in one that is not that of the page, else nothing.

    That is what can be said of an element, or an attribute, that holds no other.
    """
    if not isinstance(text, MixedText):
        return foreign_language(text, own)
    languages = {language for piece, language in text.pieces if any(map(str.isalpha, piece))}
    return foreign_language(text, languages.pop()) if len(languages) == 1 else ""


def _marked(text: str, own: str) -> str:
    language = foreign_language(text, own)
    return format_html('<span lang="{}" dir="auto">{}</span>', language, text) if language else text


def language_name(language: str) -> str:
    """What the people who speak a language call it; its code if that is not known."""
    try:
        return str(get_language_info(language.lower())["name_local"])
    except KeyError:
        return language
