"""Markdown in texts of frameworks: as HTML that is safe to show, and as plain text to go on writing with. Pure."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False})
TAGS = {"p", "ul", "ol", "li", "em", "strong", "code", "pre", "blockquote", "a", "br", "h3", "h4", "h5", "h6"}


# The same few texts of frameworks are shown again and again; parsing one takes 0.1 to 0.3 ms.
@lru_cache(maxsize=512)
def as_html(text: str) -> str:
    """Sanitised: a script, an attribute or a style in the text comes out as text or not at all."""
    html = _markdown.render(text)
    return nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})


def as_plain(text: str) -> str:
    """The same words without marks: items begin with a dash or their number, a link has its address behind it."""
    return _Plain().of(_markdown.parse(text))


class _Plain:
    def __init__(self) -> None:
        self.blocks: list[str] = []
        #: Of each list that is open: the number of its next item, None where items have a dash.
        self.lists: list[int | None] = []
        self.marker = ""

    def of(self, tokens: Iterable[Token]) -> str:
        for token in tokens:
            self._take(token)
        return "".join(self.blocks).strip()

    def _take(self, token: Token) -> None:
        if token.type == "bullet_list_open":
            self.lists.append(None)
        elif token.type == "ordered_list_open":
            self.lists.append(int(token.attrs.get("start", 1)))
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            self.lists.pop()
        elif token.type == "list_item_open":
            number = self.lists[-1]
            self.marker = "- " if number is None else f"{number}. "
            self.lists[-1] = None if number is None else number + 1
        elif token.type in {"fence", "code_block"}:
            self._add(token.content.rstrip("\n"))
        elif token.type == "inline":
            self._add("".join(_words(token.children or [])))

    def _add(self, text: str) -> None:
        """A block of its own; items of a list follow each other without an empty line."""
        indent = "  " * max(0, len(self.lists) - 1)
        gap = "\n" if self.marker and self.blocks else "\n\n"
        self.blocks.append(f"{gap}{indent}{self.marker}{text}")
        self.marker = ""


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    address, said = "", ""
    for token in tokens:
        if token.type == "link_open":
            address, said = str(token.attrs.get("href", "")), ""
        elif token.type == "link_close":
            yield "" if said == address else f" ({address})"
        else:
            text = {"softbreak": " ", "hardbreak": "\n"}.get(token.type, token.content)
            said += text
            yield text
