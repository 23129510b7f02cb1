"""Mails from a template, as text and as HTML, in which nothing looks like a link except the links that are meant.

There is one template for both, of plain paragraphs: the HTML is made from the text, so that both say the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..models import Mail

#: What makes mail programs turn a word into a link: a dot before a letter, an @, two slashes.
LINK_MARKS = re.compile(r"((?<=\S)[.。．｡](?=[^\W\d_])|(?<=\S)[@＠](?=\S)|//+(?=\S))")
#: What divides the letter from the small print that says why one gets it, as in every mail program.
SMALL_PRINT = "\n-- \n"
BULLET = "- "

#: What a template is given beside the links: names and figures, and lists of lines.
Fact = str | int | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A mail that did not arrive, as pages list it. `reply` is the code of the mail server, `url` the person's page."""

    who: str
    email: str
    problem: str
    reply: str
    advice: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is meant; `label` is what its button says in HTML."""

    url: str
    label: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph as HTML shows it: a button, a list, or lines."""

    lines: list[str] = field(default_factory=list)
    link: Link | None = None
    is_list: bool = False
    is_heading: bool = False


def without_links(text: str) -> str:
    """The text in one line, with a space wherever a mail program would see a link or an email.

    A space and not an invisible letter, because mail programs and browsers ignore those.
    """
    return LINK_MARKS.sub(r"\1 ", " ".join(text.split()))


def blocks_of(text: str, links: Mapping[str, Link]) -> list[Block]:
    """The paragraphs of a text. `links` are those that are meant, by their addresses; each stands in its own."""
    blocks: list[Block] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        if len(lines) == 1 and lines[0] in links:
            blocks.append(Block(link=links[lines[0]]))
        elif all(line.startswith(BULLET) for line in lines):
            if blocks and not blocks[-1].link and not blocks[-1].is_list:
                blocks[-1] = Block(lines=blocks[-1].lines, is_heading=True)
            blocks.append(Block(lines=[line.removeprefix(BULLET) for line in lines], is_list=True))
        else:
            blocks.append(Block(lines=lines))
    return blocks


def write_letter(
    mail: Mail,
    *,
    to: str,
    subject: str,
    template: str,
    links: Mapping[str, Link | None],
    facts: Mapping[str, Fact],
    verbatim: Mapping[str, str] | None = None,
) -> EmailMessage:
    """The mail to send. `facts`, such as names, never become links in a mail program; `verbatim` stays as it is.

    Mails of a kind that can be switched off say how, in their small print and in headers for mail programs (RFC 8058).
    """
    plain = {name: _without_links(fact) for name, fact in facts.items()}
    name = plain.get("name")
    greeting = _("Hello {name},").format(name=name) if name else _("Hello,")
    stop = Link(mail.stop_link, _("Stop these mails")) if mail.stop_link else None
    account = None
    if stop and mail.has_account:
        account = Link(settings.SITE_URL + reverse("account"), _("Choose which mails you get"))
    known = {**links, "stop": stop, "account": account}
    context = {**plain, **(verbatim or {}), **known, "greeting": greeting, "site": settings.SITE_URL}
    text = render_to_string(template, context).strip() + "\n"
    # A paragraph that is left out leaves empty lines.
    text = re.sub(r"\n{3,}", "\n\n", text)
    # The same for each try of one mail. From SITE_URL, so that the name of this machine stays private.
    host = urlsplit(settings.SITE_URL).hostname
    headers = {
        "Message-ID": f"<{mail.key}.{mail.pk}@{host}>",
        # Keeps out-of-office replies away.
        "Auto-Submitted": "auto-generated",
    }
    if stop:
        headers |= {"List-Unsubscribe": f"<{stop.url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    title = subject.format(**plain)
    letter = EmailMultiAlternatives(title, text, to=[to], headers=headers)
    letter.attach_alternative(_as_html(title, text, known), "text/html")
    return letter


def _without_links(fact: Fact) -> Fact:
    if isinstance(fact, list):
        return [without_links(line) for line in fact]
    return without_links(fact) if isinstance(fact, str) else fact


def _as_html(title: str, text: str, links: Mapping[str, Link | None]) -> str:
    by_address = {link.url: link for link in links.values() if link}
    letter, _mark, small_print = text.partition(SMALL_PRINT)
    return render_to_string(
        "mail/letter.html",
        {
            "title": title,
            "language": get_language(),
            "blocks": blocks_of(letter, by_address),
            "small_print": blocks_of(small_print, by_address),
        },
    )
