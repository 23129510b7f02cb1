"""Mails as plain text from a template, in which nothing looks like a link except the links that are meant."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ..models import Mail

#: What makes mail programs turn a word into a link: a dot before a letter, an @, two slashes.
LINK_MARKS = re.compile(r"((?<=\S)[.。．｡](?=[^\W\d_])|(?<=\S)[@＠](?=\S)|//+(?=\S))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A mail that did not arrive, as pages list it. `reply` is the code of the mail server, `url` the person's page."""

    who: str
    email: str
    problem: str
    reply: str
    advice: str
    url: str = ""


def without_links(text: str) -> str:
    """The text in one line, with a space wherever a mail program would see a link or an email.

    A space and not an invisible letter, because mail programs and browsers ignore those.
    """
    return LINK_MARKS.sub(r"\1 ", " ".join(text.split()))


def write_letter(
    mail: Mail, *, to: str, subject: str, template: str, verbatim: dict[str, str], **facts: str | int
) -> EmailMessage:
    """The mail to send. `facts`, such as names, never become links in a mail program; `verbatim` stays as it is."""
    plain = {name: without_links(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    name = plain.get("name")
    greeting = _("Hello {name},").format(name=name) if name else _("Hello,")
    text = render_to_string(template, {**plain, **verbatim, "greeting": greeting}).strip() + "\n"
    # The same for each try of one mail. From SITE_URL, so that the name of this machine stays private.
    host = urlsplit(settings.SITE_URL).hostname
    headers = {
        "Message-ID": f"<{mail.key}.{mail.pk}@{host}>",
        # Keeps out-of-office replies away.
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(subject.format(**plain), text, to=[to], headers=headers)
