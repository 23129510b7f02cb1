"""Mails as plain text, from a template, in which only links that are meant to be links look like links."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from ..models import Mail

#: What mail programs go by when they make a link of a word: a dot before a letter, an @, two slashes.
LINK_MARKS = re.compile(r"((?<=\S)[.。．｡](?=[^\W\d_])|(?<=\S)[@＠](?=\S)|//+(?=\S))")


def without_links(text: str) -> str:
    """The text in one line, with a space wherever a mail program would see a link or an email.

    A space and no invisible letter: mail programs and browsers read past those.
    """
    return LINK_MARKS.sub(r"\1 ", " ".join(text.split()))


def write_letter(
    mail: Mail, *, to: str, subject: str, template: str, verbatim: dict[str, str], **facts: str | int
) -> EmailMessage:
    """A mail as it goes out. Of `facts`, such as names, no mail program makes a link; `verbatim` stays as it is."""
    plain = {name: without_links(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    text = render_to_string(template, {**plain, **verbatim}).strip() + "\n"
    # The same for each try of one mail. From SITE_URL, as the name of this machine is nobody's business.
    host = urlsplit(settings.SITE_URL).hostname
    headers = {
        "Message-ID": f"<{mail.key}.{mail.pk}@{host}>",
        # Out-of-office answers to a machine help nobody.
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(subject.format(**plain), text, to=[to], headers=headers)
